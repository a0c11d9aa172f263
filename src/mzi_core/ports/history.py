"""What was changed of records: which fields, from what to what, when, and by what."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

import attrs

from mzi_core.values import RecordKey


class ChangeKind(StrEnum):
    """What was done to a record that was stored already."""

    UPDATED = "UPDATED"
    DELETED = "DELETED"
    RESTORED = "RESTORED"
    """It came again after it was deleted; its fields may differ or not."""


class Causer(StrEnum):
    """What can change records."""

    PROGRAM = "program"
    """A program that uses mzi, and said no more of itself."""

    REQUEST = "request"
    """A request to the service; `id` is that of its API key or source, where it had one."""

    RUN = "run"
    """A file that was synchronised, or a pull; `id` is the run's."""

    EVENT = "event"
    """What a source told; `id` is the newest event's about the record."""

    PUSH = "push"
    """Something was made or found on the other side, and its id kept here."""

    PERSON = "person"
    """Somebody decided it who was asked; `id` says who, as far as that is known."""

    DELIVERY = "delivery"
    """What a delivery between Zoho and Moodle has read again or was acknowledged."""


class CausedBy(NamedTuple):
    """What changed a record, and which one of these it was."""

    what: Causer
    id: str = ""


PROGRAM = CausedBy(Causer.PROGRAM)


class ValueChange(NamedTuple):
    """What a field was and is, as JSON has it: amounts as text, times in ISO 8601, rows as objects."""

    before: object
    after: object


@attrs.frozen(kw_only=True)
class HistoryEntry:
    """One change of one record."""

    module: str
    key: RecordKey
    kind: ChangeKind
    changed_at: datetime
    caused_by: CausedBy
    fields: Mapping[str, ValueChange] = attrs.field(factory=dict)
    """By name, in the order of the declaration; `extra.` before a tenant's own."""

    number: int = attrs.field(default=0, eq=False)
    """Given by the store, rising with every change it keeps; 0 before it is kept."""


class RecordHistory(Protocol):
    """The part of a session that is about what was changed. Not promised: that an entry stays for ever."""

    async def keep_history(self, entries: Sequence[HistoryEntry]) -> None:
        """Keep what was changed, in this order."""
        ...

    async def history(
        self, module: str, key: RecordKey, before: int | None, limit: int
    ) -> Sequence[HistoryEntry]:
        """The changes of a record, the newest first: those before the one of this number."""
        ...

    async def forget_history(self, until: datetime, limit: int) -> int:
        """Forget at most so many changes from before a moment, the oldest first; how many it were."""
        ...
