"""How what is parked of a record is written down, and understood again."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Generic, cast

import attrs

from mzi_core.decide import Parked, Refused, Waiting, missing_parent, parents_of
from mzi_core.mapping import Overlay
from mzi_core.module import E, Module
from mzi_core.ports import Codec, Decoded, ParkedRecord, decoded
from mzi_core.values import Reason, RecordKey, State


@attrs.frozen(kw_only=True)
class Parking(Generic[E]):
    """Between what is decided about the parked versions of a module's records, and what is kept of them."""

    module: Module[E]
    codec: Codec
    overlay: Overlay

    @property
    def decode(self) -> Callable[[object], Decoded[E]]:
        """How a record is understood."""
        return self.codec.decoder(self.module, self.overlay)

    def encode(self, entity: E) -> dict[str, object]:
        """A record as its side would write it."""
        return self.codec.encode(self.module, entity, self.overlay)

    def read(self, one: ParkedRecord) -> Parked[E]:
        """The versions that are parked. One that waits and cannot be understood any more is a refused one."""
        shown = decoded(self.decode, one.record, one.key)
        refused = Refused(
            record=one.record,
            reasons=one.reasons,
            state=one.state,
            version=shown.version if shown.entity is None else shown.entity.record_version,
        )
        record = one.record if one.waiting is None else one.waiting
        entity = shown.entity if one.waiting is None else decoded(self.decode, record, one.key).entity
        if one.waits_for is None or entity is None or not isinstance(record, Mapping):
            return Parked(refused=refused)
        waiting = Waiting(entity=entity, record=record, waits_for=one.waits_for)
        return Parked(waiting=waiting, refused=None if one.waiting is None else refused)

    def write(self, key: RecordKey, parked: Parked[E], at: datetime) -> ParkedRecord:
        """What is kept of it: only what is read of a record, and no secret."""
        keep = self.codec.keeper(self.module, self.overlay)
        waiting, refused = parked.waiting, parked.refused
        waits = None
        if waiting is not None:
            record = self.encode(waiting.entity) if waiting.record is None else waiting.record
            # It keeps only the reason it waits for: what else is missing now may have come by then.
            waits = Refused(record=keep(record), reasons=self._why(waiting), state=State.INVALID)
        shown = waits if refused is None else attrs.evolve(refused, record=keep(refused.record))
        assert shown is not None  # noqa: S101  # nothing is parked of a record otherwise
        return ParkedRecord(
            module=self.module.name,
            key=key,
            record=shown.record,
            state=shown.state,
            reasons=shown.reasons,
            waits_for=None if waiting is None else waiting.waits_for,
            parked_at=at,
            waiting=None if refused is None or waits is None else cast("Mapping[str, object]", waits.record),
        )

    def _why(self, waiting: Waiting[E]) -> tuple[Reason, ...]:
        parents = parents_of(self.module, waiting.entity)
        return tuple(missing_parent(self.module, *each) for each in parents if each[1] == waiting.waits_for)
