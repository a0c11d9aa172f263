"""What a record says, as a digest and by its fields: equal digests exactly where no field differs."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from functools import cache, lru_cache
from hashlib import sha256
from operator import attrgetter, itemgetter
from typing import Any

import attrs

from mzi_core.module import E, Field, Kind, Module, Values, declared
from mzi_core.values import Extra


def _framed(tag: str, body: str) -> str:
    return f"{tag}{len(body)}:{body}"


_EXACT = Context(prec=1000)
"""Far more digits than any amount has: nothing is rounded while it is written down."""


@lru_cache(10_000)
def _digits(value: Decimal) -> str:
    """The shortest plain writing: 5 for 5.00, 100 for 1E+2, 0 for -0."""
    return f"{_EXACT.plus(value).normalize(_EXACT):f}"


def _moment(value: datetime) -> str:
    """The moment in UTC."""
    return value.astimezone(UTC).isoformat()


def _text(value: str) -> str:
    return f"s{len(value)}:{value}"


_CANONICAL: dict[type[Any], Callable[[Any], str]] = {
    type(None): lambda value: "-",
    str: _text,
    bool: lambda value: "t" if value else "f",
    int: lambda value: _framed("i", str(value)),
    Decimal: lambda value: _framed("n", _digits(value)),
    datetime: lambda value: _framed("m", _moment(value)),
    date: lambda value: f"d10:{value.isoformat()}",
    tuple: lambda value: _framed("l", "".join(map(_canonical, value))),
}


def _of_mapping(value: Mapping[str, Any]) -> str:
    return _framed("o", "".join(f"{_canonical(k)}{_canonical(value[k])}" for k in sorted(value)))


_WRITERS = dict(_CANONICAL)
"""The same, and for every other type that was met how it is written down."""


def _writer(kind: type[Any]) -> Callable[[Any], str]:
    """How values of a further type are written down."""
    if issubclass(kind, Mapping):
        return _of_mapping
    for base, write in _CANONICAL.items():
        if issubclass(kind, base):  # an enumeration, or somebody's own subclass
            return write
    raise TypeError(f"A field of a tenant's own cannot hold a {kind.__name__}.")


def _canonical(value: Any) -> str:
    """One text per value: equal values give equal texts, different ones different texts.

    Every part is framed by its type and its length, so no two neighbours can be read as another pair.
    """
    kind = type(value)
    write = _WRITERS.get(kind)  # pragma: no mutate  # it is found out again otherwise, and the same
    if write is None:
        write = _WRITERS[kind] = _writer(kind)
    return write(value)


FORMAT = 2
"""Part of every fingerprint. Raise it when values are written in another way: at its next sync each record is
then compared with the stored one field by field, once, and nothing but its fingerprint is written."""

Encode = Callable[[Sequence[object]], bytes]
"""Writes plain values as `compact_json` does, byte for byte."""


def compact_json(values: Sequence[object]) -> bytes:
    """Text, whole numbers, switches, days and None as a JSON array in UTF-8 without blanks."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), default=date.isoformat).encode()


def _rows_of(cls: type[Any]) -> Callable[[Any], object]:
    """How the rows of a subform are written: as arrays of their fields."""
    values_of = attrgetter(*(field.name for field in attrs.fields(cls)))
    written = [
        (place, write) for place, field in enumerate(declared(cls)) if (write := _writing(field)) is not None
    ]

    def write_rows(rows: Sequence[Any]) -> object:
        said = [[*values_of(row)] for row in rows]
        for place, write in written:
            for row in said:
                if row[place] is not None:
                    row[place] = write(row[place])
        return said

    return write_rows


def _writing(field: Field) -> Callable[[Any], object] | None:
    """How values of a field are written where JSON has no such kind, or several texts for one value."""
    if field.row is not None:
        return _rows_of(field.row)
    if field.kind in (Kind.DECIMAL, Kind.MONEY):
        return _digits
    return _moment if field.kind is Kind.DATETIME else None


@cache
def fingerprinter(module: Module[Any], encode: Encode = compact_json) -> Callable[[Values], str]:
    """How to take the fingerprint of the values of a record of `module`: SHA-256 (hex) of the compared ones.

    It is taken over a JSON array of the format, the module, each compared value in the order of the
    declaration, and the tenant's own fields. Equal for two records exactly when `changed_fields` finds
    nothing between them; so amounts are the same as 5 and 5.00, moments in any offset, while letter case,
    blanks, and null against empty text differ. Text must be encodable, as all decoded text is.
    """
    compared = itemgetter(*module.compared_places, -1)
    written = [
        (place, write)
        for place, field in enumerate(module.compared, start=2)
        if (write := _writing(field)) is not None
    ]

    def fingerprint_of(values: Values) -> str:
        row = [FORMAT, module.name, *compared(values)]
        for place, write in written:
            if row[place] is not None:
                row[place] = write(row[place])
        row[-1] = _canonical(row[-1]) if row[-1] else None  # pragma: no mutate  # of most tenants nothing
        return sha256(encode(row)).hexdigest()

    return fingerprint_of


def fingerprint(module: Module[E], entity: E) -> str:
    """The fingerprint of an entity; see `fingerprinter`."""
    return fingerprinter(module)(module.values_of(entity))


def changed_places(module: Module[Any], before: Values, after: Values) -> list[int]:
    """Where in the values the compared declared fields of two records differ, in order."""
    return [place for place in module.compared_places if before[place] != after[place]]


def changed_extras(before: Extra, after: Extra) -> tuple[str, ...]:
    """Which of a tenant's own fields differ, as `extra.<name>`, by name."""
    if not before and not after:
        return ()
    old, new = ({name: _canonical(value) for name, value in each.items()} for each in (before, after))
    return tuple(f"extra.{name}" for name in sorted({*old, *new}) if old.get(name) != new.get(name))


def changed_fields(module: Module[E], before: E, after: E) -> tuple[str, ...]:
    """The names of the compared fields that differ, in the order of the declaration; `extra.` ones last."""
    places = changed_places(module, module.values_of(before), module.values_of(after))
    return (*(module.fields[place].name for place in places), *changed_extras(before.extra, after.extra))
