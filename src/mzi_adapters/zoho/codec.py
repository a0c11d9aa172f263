"""Zoho JSON to entities and back, derived from the declarations."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import attrs
from cattrs import Converter

from mzi_adapters import fast_json
from mzi_adapters.codecs.codec import DeclaredCodec
from mzi_adapters.zoho.storing import in_forms
from mzi_core.mapping import Overlay
from mzi_core.module import E, Kind, Module, Values
from mzi_core.ports import FieldForms


@attrs.frozen
class ZohoCodec(DeclaredCodec):
    """The codec for Zoho CRM v8 records, of every shape that reaches us."""

    def _teach(self, converter: Converter) -> None:
        converter.register_unstructure_hook(Decimal, _number)
        converter.register_unstructure_hook(datetime, partial(datetime.isoformat, timespec="seconds"))
        converter.register_unstructure_hook(date, date.isoformat)

    def plain_reader(
        self, module: Module[E], overlay: Overlay
    ) -> Callable[[Sequence[object]], Sequence[Values | None]] | None:
        """How to read plain records to their values; None without msgspec, which does half of it."""
        if fast_json.READ is None:
            return None
        from mzi_adapters.zoho.compiled_reader import plain_reader  # noqa: PLC0415  # it cannot be imported without

        def make() -> Callable[[Sequence[object]], Sequence[Values | None]]:
            readers = self._readers(module.fields, overlay)
            return plain_reader(module, readers, self._readers, overlay.extras)

        return self._once("plain", module, overlay, make)

    def writer(
        self, module: Module[E], overlay: Overlay, forms: FieldForms
    ) -> Callable[[E], Mapping[str, Any]]:
        """How to write the values of an entity by their names inside, in an organisation's own forms."""

        def write(entity: E) -> Mapping[str, Any]:
            return in_forms(module, self.encode(module, entity, overlay), overlay, forms)

        return write

    def _plain(self, kind: Kind, value: Any) -> object:
        if kind is Kind.LOOKUP:
            return None if value is None else {"id": value}
        if kind is Kind.LOOKUPS:
            return [{"id": item} for item in value]
        return super()._plain(kind, value)


def _number(value: Decimal) -> int | float | str:
    """A JSON number where it says exactly this amount, else its digits as text."""
    if value == value.to_integral_value():
        return int(value)
    short = float(value)
    return short if Decimal(repr(short)) == value else f"{value:f}"
