"""How the fields of a declared class are read: worked out once, then done for every record.

Records of 110 keys pass here a million times a night, so what does not depend on the record (names, checks,
defaults) is settled when a `FieldReader` is made, and a path is written down only when something is wrong.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs

from mzi_adapters.codecs import coerce
from mzi_adapters.codecs.coerce import ValueRefused
from mzi_core.module import Field, Kind, Wire
from mzi_core.values import Code, Reason

READ: Mapping[Kind, Callable[[object], Any]] = {
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

_CLOCKS_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_BEFORE_CLOCKS = "must not be before 1970: send the seconds since then, or 0 for none."

_MISSING = ValueRefused(Code.REQUIRED, "is missing, and a record cannot do without it.")


class RowsRefused(ValueError):
    """Every reason why a row, or rows, are refused; paths start at what was read."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("refused")


@attrs.define
class ReadNotes:
    """The reasons and currency codes gathered while one record or row is read."""

    reasons: list[Reason] = attrs.field(factory=list)
    currencies: dict[str, str] = attrs.field(factory=dict)

    def refuse(self, refused: ValueRefused, path: str) -> None:
        """Add a reason; its sentence starts with the field's name."""
        name = path.rpartition(".")[2]
        self.reasons.append(Reason(refused.code, path, f"`{name}` {refused.said}"))

    def refuse_rows(self, refused: RowsRefused, path: str) -> None:
        """Add the reasons of rows, each with the way to it."""
        self.reasons += [
            attrs.evolve(reason, path=f"{path}{reason.path.removeprefix('$')}") for reason in refused.reasons
        ]

    def amount(self, found: tuple[Decimal, str | None], path: str) -> Decimal:
        """The amount; a currency beside it is remembered with its place."""
        amount, currency = found
        if currency is not None:
            self.currencies[path] = currency
        return amount


@attrs.frozen(kw_only=True)
class FieldReader:
    """One field: where its value stands in a record, and how it becomes the value to keep."""

    name: str
    first: str
    further: tuple[str, ...]
    required: bool
    is_money: bool
    from_one: tuple[str, ...]
    none_yet: str | None
    read: Callable[[Any], Any]
    """From a value that is not None; None: there is nothing after all. Raises ValueRefused, RowsRefused."""


def field_reader(field: Field, names: tuple[str, ...], read: Callable[[Any], Any]) -> FieldReader:
    """The reader of `field` under `names`, with the checks of its declaration around `read`."""
    wire = field.wire
    if field.default is not None:
        read = _unless_blank(read)
    if wire.clean is not None:
        read = _cleaned(read, wire.clean)
    if (wire.minimum, wire.above, wire.maximum) != (None, None, None):
        read = _bounded(read, wire, is_money=field.kind is Kind.MONEY)
    if wire.by_clock:
        read = _by_clock(read)
    first, *further = names
    return FieldReader(
        name=field.name,
        first=first,
        further=tuple(further),
        required=field.required,
        is_money=field.kind is Kind.MONEY,
        from_one=wire.from_one,
        none_yet=wire.none_yet,
        read=read,
    )


def _unless_blank(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A field that must not be empty, or has a default, takes blank text for nothing."""

    def unless_blank(raw: object) -> Any:
        value = read(raw)
        return None if isinstance(value, str) and not value.strip() else value

    return unless_blank


def _cleaned(read: Callable[[Any], Any], clean: Callable[[str], str]) -> Callable[[Any], Any]:
    def cleaned(raw: object) -> Any:
        value = read(raw)
        return None if value is None else clean(value)

    return cleaned


def _bounded(read: Callable[[Any], Any], wire: Wire, *, is_money: bool) -> Callable[[Any], Any]:
    def bounded(raw: object) -> Any:
        value = read(raw)
        if value is not None:
            number = value[0] if is_money else value
            if wire.minimum is not None and number < wire.minimum:
                raise ValueRefused(Code.OUT_OF_RANGE, f"must not be less than {wire.minimum}.")
            if wire.above is not None and number <= wire.above:
                raise ValueRefused(Code.OUT_OF_RANGE, f"must be more than {wire.above}.")
            if wire.maximum is not None and number > wire.maximum:
                raise ValueRefused(Code.OUT_OF_RANGE, f"must not be more than {wire.maximum}.")
        return value

    return bounded


def _by_clock(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def by_clock(raw: object) -> Any:
        value = read(raw)
        if value is not None and value < _CLOCKS_BEGIN:
            raise ValueRefused(Code.OUT_OF_RANGE, _BEFORE_CLOCKS)
        return value

    return by_clock


def elsewhere(record: Mapping[str, object], reader: FieldReader, raw: object) -> tuple[str, object]:
    """The first further name that carries a value; else the first name that is there at all."""
    found = None if raw is None and reader.first not in record else (reader.first, raw)
    for name in reader.further:
        if name in record:
            value = record[name]
            if value is not None and value != "":
                return name, value
            found = found or (name, value)
    return found or (reader.first, None)


def _from_zero(record: Mapping[str, object], reader: FieldReader, name: str) -> int | None:
    """The number that `name` says counted from 1, counted from 0; None where it says none after all."""
    value = reader.read(record[name])
    if value == 0 and not _none_yet(record, reader):
        raise ValueRefused(
            Code.OUT_OF_RANGE, f"counts from 1, so it is never 0; `{reader.first}` counts from 0."
        )
    return None if value is None else max(value - 1, 0)


def _none_yet(record: Mapping[str, object], reader: FieldReader) -> bool:
    return reader.none_yet is not None and coerce.boolean(record.get(reader.none_yet)) is True


def read_fields(
    readers: Iterable[FieldReader], record: Mapping[str, object], reading: ReadNotes
) -> dict[str, Any]:
    """The fields that carry a value; the others are left to their declared defaults."""
    values: dict[str, Any] = {}
    for reader in readers:
        name = reader.first
        raw = record.get(name)
        if reader.further and (raw is None or raw == ""):
            name, raw = elsewhere(record, reader, raw)
        try:
            value = None if raw is None else reader.read(raw)
            if value is None and reader.from_one:
                for name in (each for each in reader.from_one if record.get(each) is not None):
                    value = _from_zero(record, reader, name)
        except ValueRefused as refused:
            reading.refuse(refused, f"$.{name}")
        except RowsRefused as refused:
            reading.refuse_rows(refused, f"$.{name}")
        else:
            if value is None:
                if reader.required:
                    reading.refuse(_MISSING, f"$.{name}")
            else:
                values[reader.name] = reading.amount(value, f"$.{name}") if reader.is_money else value
    return values
