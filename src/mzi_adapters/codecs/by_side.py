"""One codec for the records of both sides: each module is read and written by the codec of its side."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from mzi_adapters import fast_json
from mzi_core import fingerprints
from mzi_core.mapping import Overlay
from mzi_core.module import AnyModule, E, Module, Side, Values
from mzi_core.ports import Codec, Decoded, FieldForms
from mzi_core.values import RecordKey


@attrs.frozen
class CodecBySide:
    """The codecs of the sides, each made when a record of its side is met first."""

    make: Mapping[Side, Callable[[], Codec]]
    _made: dict[Side, Codec] = attrs.field(init=False, factory=dict, repr=False, eq=False)

    def _of(self, module: AnyModule) -> Codec:
        if module.side not in self._made:
            self._made[module.side] = self.make[module.side]()
        return self._made[module.side]

    def decoder(self, module: Module[E], overlay: Overlay) -> Callable[[object], Decoded[E]]:
        """How to understand one record that was read."""
        return self._of(module).decoder(module, overlay)

    def plain_reader(
        self, module: Module[E], overlay: Overlay
    ) -> Callable[[Sequence[object]], Sequence[Values | None]] | None:
        """How to read plain records to their values; None where the side has no such way."""
        return self._of(module).plain_reader(module, overlay)

    def marker(
        self, module: Module[E], overlay: Overlay
    ) -> Callable[[Sequence[object]], tuple[list[RecordKey | None], list[str | None]]]:
        """How to mark what records say, word for word."""
        return self._of(module).marker(module, overlay)

    def keeper(self, module: AnyModule, overlay: Overlay) -> Callable[[object], object]:
        """How to take out of a record what is not to be kept."""
        return self._of(module).keeper(module, overlay)

    compact_json = staticmethod(fast_json.COMPACT or fingerprints.compact_json)

    def encode(self, module: Module[E], entity: E, overlay: Overlay) -> dict[str, object]:
        """The record as its side writes it."""
        return self._of(module).encode(module, entity, overlay)

    def writer(
        self, module: Module[E], overlay: Overlay, forms: FieldForms
    ) -> Callable[[E], Mapping[str, Any]]:
        """How to write the values of an entity in the forms of its side."""
        return self._of(module).writer(module, overlay, forms)
