"""Zoho JSON to entities and back, derived from the declarations.

A cattrs converter holds one hook per declared annotation and one per declared class; the class hooks collect
every reason with its JSON path instead of stopping at the first.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import attrs
from cattrs import Converter

from mzi_adapters.zoho import coerce
from mzi_adapters.zoho.coerce import Refused
from mzi_core.mapping import NO_OVERLAY, ExtraField, Overlay
from mzi_core.module import E, Entity, Field, Kind, Module, declared
from mzi_core.modules import CriterionText
from mzi_core.modules.units import TEMPLATE_ROWS
from mzi_core.ports import Decoded
from mzi_core.values import Code, Reason, ZohoId

MAIN_CRITERIA = {"P": 10, "M": 9, "D": 6}
"""How many criteria of each level the unit record itself has fields for; the others go into the subform."""

_CRITERION = re.compile(r"(?P<level>[PMD])(?P<number>[1-9][0-9]?)_description", re.IGNORECASE)
_LEVELS = "PMD"

_READ: Mapping[Kind, Callable[[object], object]] = {
    Kind.ID: coerce.record_id,
    Kind.TEXT: coerce.text,
    Kind.EMAIL: coerce.email,
    Kind.INTEGER: coerce.integer,
    Kind.DECIMAL: coerce.decimal,
    Kind.MONEY: coerce.money,
    Kind.DATE: coerce.day,
    Kind.DATETIME: coerce.moment,
    Kind.BOOLEAN: coerce.boolean,
    Kind.LOOKUP: coerce.lookup,
    Kind.LOOKUPS: coerce.lookups,
    Kind.MOODLE_ID: coerce.moodle_id,
    Kind.TEXTS: coerce.texts,
}


class _RecordRefused(ValueError):
    """Every reason why a record or a row is refused; paths start at the row."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("refused")


def _subpath(path: str, reason: Reason) -> Reason:
    return attrs.evolve(reason, path=f"{path}{reason.path.removeprefix('$')}")


def _found(record: Mapping[str, object], names: Iterable[str]) -> tuple[str | None, object]:
    """The first of `names` that carries a value; else the first that is there at all."""
    present = None
    for name in names:
        if name in record:
            value = record[name]
            if value is not None and value != "":
                return name, value
            present = present or (name, value)
    return present or (None, None)


def criterion_order(code: str) -> tuple[int, int]:
    """Pass, Merit, Distinction, each in the order of its numbers."""
    return _LEVELS.index(code[0]), int(code[1:])


@attrs.define
class _Reading:
    """The reasons and currency codes gathered while one record or row is read."""

    reasons: list[Reason] = attrs.field(factory=list)
    currencies: dict[str, str] = attrs.field(factory=dict)

    def refuse(self, code: Code, path: str, said: str) -> None:
        """Add a reason whose sentence starts with the field's name."""
        name = path.removeprefix("$.")
        self.reasons.append(Reason(code, path, f"`{name}` {said}"))


@attrs.frozen
class ZohoCodec:
    """The codec for Zoho CRM v8 records, of every shape that reaches us."""

    _converter: Converter = attrs.field(init=False, factory=Converter, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Teach the converter our declarations, and how Zoho writes the scalars."""
        converter = self._converter
        converter.register_structure_hook_factory(_is_declared, self._row_hook)
        converter.register_unstructure_hook(Decimal, _number)
        converter.register_unstructure_hook(datetime, datetime.isoformat)
        converter.register_unstructure_hook(date, date.isoformat)

    # reading

    def decode(self, module: Module[E], record: object, overlay: Overlay) -> Decoded[E]:
        """Understand one record; never raises, whatever `record` is."""
        if not isinstance(record, Mapping):
            reason = Reason(Code.NOT_AN_OBJECT, "$", "A record must be a JSON object.")
            return Decoded(zoho_id=None, entity=None, reasons=(reason,))
        reading = _Reading()
        values = self._values(module.fields, record, overlay, reading)
        extra = {e.name: v for e in overlay.extras if (v := self._extra(e, record, reading)) is not None}
        self._settle_currency(module, values, reading)
        zoho_id: ZohoId | None = values.get("zoho_id")
        if reading.reasons:
            return Decoded(zoho_id=zoho_id, entity=None, reasons=tuple(reading.reasons))
        entity = module.complete(module.entity(extra=extra, **values))
        return Decoded(zoho_id=zoho_id, entity=entity, reasons=tuple(_noticed(module, entity)))

    def _values(
        self, fields: Iterable[Field], record: Mapping[str, object], overlay: Overlay, reading: _Reading
    ) -> dict[str, Any]:
        """The fields that carry a value; the others are left to their declared defaults."""
        found = ((field.name, self._value(field, record, overlay, reading)) for field in fields)
        return {name: value for name, value in found if value is not None}

    def _value(self, field: Field, record: Mapping[str, object], overlay: Overlay, reading: _Reading) -> Any:
        names = field.names
        if field.name in overlay.names:
            names = (overlay.names[field.name], *names)
        if field.kind is Kind.CRITERIA:
            return _criteria(record, names[0], reading)
        name, raw = _found(record, names)
        path = f"$.{name or names[0]}"
        before = len(reading.reasons)
        value = self._read(field, raw, path, reading)
        failed = len(reading.reasons) > before
        if isinstance(value, str) and field.default is not None and not value.strip():
            value = None
        if value is None:
            if field.required and not failed:
                reading.refuse(Code.REQUIRED, path, "is missing, and a record cannot do without it.")
            return None
        _check_bounds(field, value, path, reading)
        return value

    def _read(self, field: Field, raw: object, path: str, reading: _Reading) -> Any:
        try:
            if field.kind is Kind.SUBFORM:
                return self._rows(field, raw, path, reading)
            value = _READ[field.kind](raw)
        except Refused as refused:
            reading.refuse(refused.code, path, refused.said)
            return None
        if isinstance(value, tuple) and field.kind is Kind.MONEY:
            value, currency = value
            if currency is not None:
                reading.currencies[path] = currency
        if field.wire.clean is not None and isinstance(value, str):
            value = field.wire.clean(value)
        return value

    def _rows(self, field: Field, raw: object, path: str, reading: _Reading) -> tuple[object, ...]:
        rows: list[object] = []
        for place, row in enumerate(coerce.many(raw)):
            try:
                rows.append(self._converter.structure(row, cast("type[object]", field.row)))
            except _RecordRefused as refused:
                reading.reasons += [_subpath(f"{path}[{place}]", reason) for reason in refused.reasons]
        return tuple(rows)

    def _row_hook(self, cls: type[Any], _: Converter) -> Callable[[Any, Any], Any]:
        fields = declared(cls)

        def structure(row: object, _: Any) -> Any:
            if not isinstance(row, Mapping):
                raise _RecordRefused([Reason(Code.NOT_AN_OBJECT, "$", "A row must be a JSON object.")])
            reading = _Reading()
            values = self._values(fields, row, NO_OVERLAY, reading)
            if reading.reasons:
                raise _RecordRefused(reading.reasons)
            return cls(**values)

        return structure

    def _extra(self, extra: ExtraField, record: Mapping[str, object], reading: _Reading) -> Any:
        path = f"$.{extra.zoho_name}"
        try:
            value = _READ[extra.kind](record.get(extra.zoho_name))
        except Refused as refused:
            reading.refuse(refused.code, path, refused.said)
            return None
        return value[0] if isinstance(value, tuple) and extra.kind is Kind.MONEY else value

    def _settle_currency(self, module: Module[E], values: dict[str, Any], reading: _Reading) -> None:
        """A currency written beside an amount counts for the record, and must not contradict it."""
        if "currency" not in module.field:
            return
        for path, currency in reading.currencies.items():
            if values.setdefault("currency", currency).upper() != currency:
                reading.refuse(
                    Code.CURRENCY_MISMATCH,
                    path,
                    f"is in {currency}, but the record is in another currency; make them agree.",
                )

    # writing

    def encode(self, module: Module[E], entity: E, overlay: Overlay) -> dict[str, object]:
        """The record as Zoho writes it, under the first name of each field; JSON-able."""
        record: dict[str, object] = {}
        for field in module.fields:
            value = getattr(entity, field.name)
            if field.kind is Kind.CRITERIA:
                record |= _criteria_fields(value, field.names[0])
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
        if kind is Kind.LOOKUP:
            return None if value is None else {"id": value}
        if kind is Kind.LOOKUPS:
            return [{"id": item} for item in value]
        return self._converter.unstructure(value)


def _is_declared(cls: Any) -> bool:
    return attrs.has(cls) and not issubclass(cls, Entity) and bool(declared(cls))


def _check_bounds(field: Field, value: Any, path: str, reading: _Reading) -> None:
    wire = field.wire
    if wire.minimum is not None and value < wire.minimum:
        reading.refuse(Code.OUT_OF_RANGE, path, f"must not be less than {wire.minimum}.")
    elif wire.above is not None and value <= wire.above:
        reading.refuse(Code.OUT_OF_RANGE, path, f"must be more than {wire.above}.")
    elif wire.maximum is not None and value > wire.maximum:
        reading.refuse(Code.OUT_OF_RANGE, path, f"must not be more than {wire.maximum}.")


def _noticed(module: Module[E], entity: E) -> Iterable[Reason]:
    for field in module.fields:
        value = getattr(entity, field.name)
        if field.kind is Kind.TEXT and value and coerce.mojibake(value):
            yield Reason(
                Code.MOJIBAKE,
                f"$.{field.names[0]}",
                f"`{field.names[0]}` looks like UTF-8 text that was read as cp1252; it is kept as it came.",
            )


def _criteria(record: Mapping[str, object], rows: str, reading: _Reading) -> tuple[CriterionText, ...]:
    """The criteria of a unit: of the record itself and of the rows of its subform; blank ones are none."""
    found: dict[str, str] = {}
    try:
        sources = [
            ("$", record),
            *((f"$.{rows}[{i}]", row) for i, row in enumerate(coerce.many(record.get(rows)))),
        ]
    except Refused as refused:
        reading.refuse(refused.code, f"$.{rows}", refused.said)
        return ()
    for path, source in sources:
        if not isinstance(source, Mapping):
            reading.reasons.append(Reason(Code.NOT_AN_OBJECT, path, "A row must be a JSON object."))
            continue
        for key, raw in source.items():
            named = _CRITERION.fullmatch(key)
            if named is None:
                continue
            try:
                said = coerce.text(raw)
            except Refused as refused:
                reading.refuse(refused.code, f"{path}.{key}", refused.said)
                continue
            if said is not None and said.strip():
                found.setdefault(f"{named['level'].upper()}{named['number']}", said)
    return tuple(CriterionText(code, found[code]) for code in sorted(found, key=criterion_order))


def _criteria_fields(criteria: Iterable[CriterionText], rows: str) -> dict[str, object]:
    main: dict[str, object] = {}
    further: dict[str, object] = {}
    for criterion in criteria:
        place = main if int(criterion.code[1:]) <= MAIN_CRITERIA[criterion.code[0]] else further
        place[f"{criterion.code}_description"] = criterion.description
    return {**main, rows: [further] if further else []}


def _number(value: Decimal) -> int | float | str:
    """A JSON number where it says exactly this amount, else its digits as text."""
    if value == value.to_integral_value():
        return int(value)
    short = float(value)
    return short if Decimal(repr(short)) == value else f"{value:f}"


__all__ = ["TEMPLATE_ROWS", "ZohoCodec", "criterion_order"]
