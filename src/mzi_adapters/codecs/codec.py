"""Wire records to entities and back, derived from the declarations: what the codecs of both sides share.

A cattrs converter holds one hook per declared row class and how a side writes the scalars; a record is read
by the readers of its module, which collect every reason with its JSON path instead of stopping at the first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, ClassVar, TypeVar, cast

import attrs
from cattrs import Converter

from mzi_adapters import fast_json
from mzi_adapters.codecs import coerce
from mzi_adapters.codecs.coerce import ValueRefused
from mzi_adapters.codecs.criteria import read_criteria, written_criteria
from mzi_adapters.codecs.field_readers import (
    READ,
    FieldReader,
    ReadNotes,
    RowsRefused,
    field_reader,
    read_fields,
)
from mzi_adapters.codecs.keeping import keeper
from mzi_adapters.codecs.wire_digest import marker
from mzi_core import fingerprints
from mzi_core.mapping import ExtraField, Overlay
from mzi_core.module import AnyModule, E, Entity, Field, Kind, Module, Version, declared
from mzi_core.ports import Decoded
from mzi_core.values import Code, Reason, RecordKey

_NO_OBJECT = Reason(Code.NOT_AN_OBJECT, "$", "A record must be a JSON object.")


T = TypeVar("T")

MADE = 500
"""So many readers and the like are remembered: a module and a tenant's mapping have three."""


@attrs.frozen
class DeclaredCodec:
    """What a codec does by the declarations alone; each side adds how it writes its values."""

    read: ClassVar[Mapping[Kind, Callable[[object], Any]]] = READ
    """How the values of each kind are read."""

    _converter: Converter = attrs.field(init=False, factory=Converter, repr=False, eq=False)
    _made: dict[tuple[str, AnyModule, str], Any] = attrs.field(init=False, factory=dict, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Teach the converter our declarations, and how the side writes the scalars."""
        self._converter.register_structure_hook_factory(_is_row, self._row_hook)
        self._teach(self._converter)

    def _teach(self, converter: Converter) -> None:
        """Teach the converter how the side writes the scalars."""

    # reading

    def _once(self, what: str, module: AnyModule, overlay: Overlay, make: Callable[[], T]) -> T:
        """What `make` gives for a module under a tenant's mapping, made once."""
        key = (what, module, overlay.version)
        if key not in self._made:
            if len(self._made) >= MADE:
                self._made.clear()
            self._made[key] = make()
        found: T = self._made[key]
        return found

    def decoder(self, module: Module[E], overlay: Overlay) -> Callable[[object], Decoded[E]]:
        """How to understand one record of `module`; it never raises, whatever the record is."""
        return self._once("decoder", module, overlay, partial(self._decoder, module, overlay))

    def _decoder(self, module: Module[E], overlay: Overlay) -> Callable[[object], Decoded[E]]:
        readers = self._readers(module.fields, overlay)
        extras = [(extra, _extra_reader(extra, self.read[extra.kind])) for extra in overlay.extras]
        families = [field for field in module.fields if field.kind is Kind.CRITERIA]
        has_currency = "currency" in module.field
        key_name = module.key_name
        parts = module.field[key_name].wire.parts
        themselves = [
            (field.name, self._itself(module, field)) for field in module.fields if field.wire.is_itself
        ]

        def decode(record: object) -> Decoded[E]:
            if type(record) is not dict and not isinstance(record, Mapping):
                return Decoded(key=None, entity=None, reasons=(_NO_OBJECT,))
            reading = ReadNotes()
            values = read_fields(readers, record, reading)
            for name, read_itself in themselves:
                values[name] = (*values.get(name, ()), *read_itself(record, values.get(name, ()), reading))
            if parts and all(part in values for part in parts):
                values[key_name] = "_".join(str(values[part]) for part in parts)
            for name, link in module.said_of_links.items():
                values[name] = values.get(link)
            for field in families:
                values[field.name] = read_criteria(record, field.names[0], reading)
            if has_currency and reading.currencies:
                _settle_currency(values, reading)
            extra = {e.name: v for e, read in extras if (v := read(record, reading)) is not None}
            self._check(values, reading)
            if reading.reasons:
                return Decoded(
                    key=values.get(key_name),
                    entity=None,
                    reasons=tuple(reading.reasons),
                    version=Version(values.get("modified_at"), values.get("event_number")),
                )
            entity = module.complete(module.entity(extra=extra, **values))
            entity = self._as_told(module, overlay, record, entity)
            return Decoded(key=entity.key, entity=entity, reasons=_noticed(module, values))

        return decode

    def _check(self, values: Mapping[str, Any], reading: ReadNotes) -> None:
        """Note what is wrong with the fields together."""

    def _as_told(self, module: Module[E], overlay: Overlay, record: Mapping[str, object], entity: E) -> E:
        """An entity, with what its record tells by naming it."""
        return entity

    def _readers(self, fields: Iterable[Field], overlay: Overlay | None = None) -> tuple[FieldReader, ...]:
        renamed = {} if overlay is None else overlay.names
        return tuple(
            field_reader(
                field,
                (renamed[field.name], *field.names) if field.name in renamed else field.names,
                self._rows(field) if field.kind is Kind.SUBFORM else self.read[field.kind],
            )
            for field in fields
            if field.kind is not Kind.CRITERIA and not field.wire.parts
        )

    def _rows(self, field: Field) -> Callable[[object], tuple[object, ...]]:
        cls = cast("type[object]", field.row)
        read_row = self._converter.get_structure_hook(cls)

        def read_rows(raw: object) -> tuple[object, ...]:
            rows = []
            reading = ReadNotes()
            for place, row in enumerate(coerce.many(raw)):
                try:
                    rows.append(read_row(row, cls))
                except RowsRefused as refused:
                    reading.refuse_rows(refused, f"$[{place}]")
            if reading.reasons:
                raise RowsRefused(reading.reasons)
            return tuple(rows)

        return read_rows

    def _itself(
        self, module: AnyModule, field: Field
    ) -> Callable[[Mapping[str, object], tuple[object, ...], ReadNotes], tuple[object, ...]]:
        """How a record is read as one row of its own table, where it tells a cell of it, be it as empty.

        Names that the record itself has, such as that of its time, tell none. Beside rows it is another one
        only if it says which, and none of them is that one.
        """
        cls = cast("type[object]", field.row)
        read_row = self._converter.get_structure_hook(cls)
        own = {name for each in module.fields for name in each.names}
        cells = {each.name: (*each.names, *each.wire.from_one) for each in declared(cls)}
        telling = tuple(name for names in cells.values() for name in names if name not in own)
        key_names = cells[field.row_key]
        key_of = attrgetter(field.row_key)

        def read_itself(
            record: Mapping[str, object], rows: tuple[object, ...], reading: ReadNotes
        ) -> tuple[object, ...]:
            if any(record.get(name) for name in field.names):
                tells = bool(rows) and any(record.get(name) is not None for name in key_names)
            else:
                tells = any(name in record for name in telling)
            if not tells:
                return ()
            try:
                row = read_row(record, cls)
            except RowsRefused as refused:
                reading.reasons += [each for each in refused.reasons if each not in reading.reasons]
                return ()
            return () if key_of(row) in map(key_of, rows) else (row,)

        return read_itself

    def _row_hook(self, cls: type[Any], _: Converter) -> Callable[[Any, Any], Any]:
        readers = self._readers(declared(cls))

        def structure(row: object, _: Any) -> Any:
            if not isinstance(row, Mapping):
                raise RowsRefused([Reason(Code.NOT_AN_OBJECT, "$", "A row must be a JSON object.")])
            reading = ReadNotes()
            values = read_fields(readers, row, reading)
            if reading.reasons:
                raise RowsRefused(reading.reasons)
            return cls(**values)

        return structure

    def marker(
        self, module: Module[E], overlay: Overlay
    ) -> Callable[[Sequence[object]], tuple[list[RecordKey | None], list[str | None]]]:
        """How to mark what records say, word for word."""
        return self._once("marker", module, overlay, partial(marker, module, overlay))

    def keeper(self, module: AnyModule, overlay: Overlay) -> Callable[[object], object]:
        """How to take out of a record what is not to be kept."""
        return self._once("keeper", module, overlay, partial(keeper, module, overlay))

    compact_json = staticmethod(fast_json.COMPACT or fingerprints.compact_json)

    # writing

    def encode(self, module: Module[E], entity: E, overlay: Overlay) -> dict[str, object]:
        """The record as its side writes it, under the first name of each field; JSON-able."""
        record: dict[str, object] = {}
        for field in module.fields:
            value = getattr(entity, field.name)
            if field.wire.parts:
                continue  # the fields that it is made of are written
            if field.kind is Kind.CRITERIA:
                record |= written_criteria(value, field.names[0])
            else:
                name = overlay.names.get(field.name, field.names[0])
                record[name] = self._wire(field, value)
        for extra in overlay.extras:
            if extra.name in entity.extra:
                record[extra.zoho_name] = self._plain(extra.kind, entity.extra[extra.name])
        return record

    def _wire(self, field: Field, value: Any) -> object:
        if field.kind is Kind.SUBFORM:
            return [
                {inner.names[0]: self._wire(inner, getattr(row, inner.name)) for inner in declared(type(row))}
                for row in value
            ]
        return self._plain(field.kind, value)

    def _plain(self, kind: Kind, value: Any) -> object:
        """A value as the side writes it."""
        return self._converter.unstructure(value)


def _is_row(cls: Any) -> bool:
    return attrs.has(cls) and not issubclass(cls, Entity) and bool(declared(cls))


def _extra_reader(
    extra: ExtraField, read: Callable[[object], Any]
) -> Callable[[Mapping[str, object], ReadNotes], Any]:
    path = f"$.{extra.zoho_name}"

    def read_extra(record: Mapping[str, object], reading: ReadNotes) -> Any:
        try:
            value = read(record.get(extra.zoho_name))
        except ValueRefused as refused:
            reading.refuse(refused, path)
            return None
        return value[0] if value is not None and extra.kind is Kind.MONEY else value

    return read_extra


def _settle_currency(values: dict[str, Any], reading: ReadNotes) -> None:
    """A currency written beside an amount counts for the record, and must not contradict it."""
    for path, currency in reading.currencies.items():
        if values.setdefault("currency", currency).upper() != currency:
            said = f"is in {currency}, but the record is in another currency; make them agree."
            reading.refuse(ValueRefused(Code.CURRENCY_MISMATCH, said), path)


def _noticed(module: Module[E], values: Mapping[str, Any]) -> tuple[Reason, ...]:
    """What is odd about the text of an accepted record."""
    foreign = [(name, v) for name, v in values.items() if isinstance(v, str) and not v.isascii()]
    odd = [name for name, v in foreign if coerce.mojibake(v)]
    return tuple(
        Reason(
            Code.MOJIBAKE,
            f"$.{name}",
            f"`{name}` looks like UTF-8 text that was read as cp1252; it is kept as it came.",
        )
        for name in (module.field[each].names[0] for each in odd)
    )
