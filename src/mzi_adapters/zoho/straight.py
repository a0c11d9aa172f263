"""The straight way through a record in which every value is of the plainest form, as nearly all are.

A nightly resync is a million records, and most of the time goes into asking of each value which of its many
forms it has. So a function is written for each declared class, as attrs and cattrs write theirs: it goes over
the fields in one line each, takes the plainest form of each kind, and gives up at anything else. The general
way in `reading` is then gone from the start. It alone says what is right; wherever this one does not give up
it comes to the same, which is held by a test over records of every kind.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from math import ceil, floor
from typing import Any, TypeVar

from mzi_adapters.zoho import coerce
from mzi_adapters.zoho.coerce import Refused
from mzi_adapters.zoho.reading import FieldReader, RowsRefused, elsewhere
from mzi_core.module import Field, Kind

T = TypeVar("T")

Straight = Callable[..., T | None]
"""Reads a record, or gives up with None."""

_SHORT_INTEGER = 18
"""Digits that fit into 64 bits for sure."""

_PLAIN_ID = "len({i}) <= MAX_ID and {i}.isascii() and {i}.isalnum()"
_ID = "type({i}) is str and " + _PLAIN_ID

_PLAIN: Mapping[Kind, Sequence[tuple[str, str]]] = {
    Kind.ID: ((_ID.format(i="{v}"), "pass"),),
    Kind.TEXT: (("type({v}) is str", "pass"),),
    Kind.EMAIL: (("type({v}) is str and len({v}) <= MAX_EMAIL and is_email({v})", "{v} = {v}.lower()"),),
    Kind.DATE: (("type({v}) is str and len({v}) == 10 and {v}[4] == {v}[7] == '-'", "{v} = read_date({v})"),),
    Kind.DATETIME: (
        (
            "type({v}) is str and len({v}) == 25 and {v}[4] == {v}[7] == '-' and {v}[10] == 'T'"
            " and {v}[13] == {v}[16] == {v}[22] == ':'",
            "{v} = read_moment({v}).astimezone(UTC)",
        ),
    ),
    Kind.BOOLEAN: (("type({v}) is bool", "pass"),),
    Kind.LOOKUP: (
        ("type({v}) is dict and type(i := {v}.get('id')) is str and " + _PLAIN_ID.format(i="i"), "{v} = i"),
        (_ID.format(i="{v}"), "pass"),
    ),
    Kind.MOODLE_ID: (
        ("type({v}) is int and 0 < {v} <= MAX_INTEGER", "pass"),
        (
            "type({v}) is str and {v}.isascii() and {v}.isdigit() and len({v}) <= SHORT and {v} > '0'",
            "{v} = int({v})",
        ),
    ),
    Kind.INTEGER: (("type({v}) is int and {least} <= {v} <= {most}", "pass"),),
    Kind.DECIMAL: (("type({v}) is int and {least} <= {v} <= {most}", "{v} = Decimal({v})"),),
    Kind.MONEY: (("type({v}) is int and {least} <= {v} <= {most}", "{v} = Decimal({v})"),),
}
"""By the kind of a field, the plainest forms of its values `{v}`, and what they become."""

_SAID = (Kind.ID, Kind.TEXT, Kind.EMAIL, Kind.LOOKUP)
"""The kinds that are held as text, about which something may have to be said."""


def _bounds(field: Field) -> tuple[int, int]:
    """The least and the greatest whole number a field takes."""
    wire = field.wire
    most = coerce.MAX_INTEGER if field.kind is Kind.INTEGER else int(coerce.MAX_MONEY) - 1
    least = -most
    if wire.minimum is not None:
        least = max(least, ceil(wire.minimum))
    if wire.above is not None:
        least = max(least, floor(wire.above) + 1)
    return least, most if wire.maximum is None else min(most, floor(wire.maximum))


def _lines(place: int, field: Field, reader: FieldReader) -> Iterator[str]:
    """The lines that read one field into the variable `v<place>`."""
    v = f"v{place}"
    least, most = _bounds(field)
    nothing = "return None" if field.required else f"{v} = d{place}"
    yield f"{v} = get({reader.first!r})"
    if reader.further:
        there = " or ".join(f"get({name!r}) is not None" for name in reader.further)
        yield f"if ({v} is None or {v} == '') and ({there}): {v} = elsewhere(record, reader{place}, {v})[1]"
    yield f"if {v} is None: {nothing}"
    if field.wire.clean is None:
        filled = f" and {v}.strip()" if field.kind is Kind.TEXT and field.default is not None else ""
        for condition, become in _PLAIN.get(field.kind, ()):
            yield f"elif {condition.format(v=v, least=least, most=most)}{filled}: {become.format(v=v)}"
    yield "else:"
    yield f"    {v} = read{place}({v})"
    yield f"    if {v} is None: {nothing}"
    if reader.is_money:
        yield f"    elif {v}[1] is not None and {v}[1] != get('Currency'): return None"
        yield f"    else: {v} = {v}[0]"


def straight(
    make: Callable[..., T], fields: Sequence[Field], readers: Sequence[FieldReader], *further: str
) -> Straight[T]:
    """How records of `make`, a declared class, are read straight; `readers` are those of its `fields`.

    `further` names arguments of `make` that are no fields: they are given to the reader after the record.
    """
    known: dict[str, Any] = {
        "make": make,
        "MAX_ID": coerce.MAX_ID,
        "MAX_EMAIL": coerce.MAX_EMAIL,
        "MAX_INTEGER": coerce.MAX_INTEGER,
        "SHORT": _SHORT_INTEGER,
        "UTC": UTC,
        "Decimal": Decimal,
        "is_email": coerce.is_email,
        "read_date": date.fromisoformat,
        "read_moment": datetime.fromisoformat,
        "legible": _legible,
        "elsewhere": elsewhere,
    }
    said: list[str] = []
    given = [f"{name}={name}" for name in further]
    body: list[str] = []
    for place, (field, reader) in enumerate(zip(fields, readers, strict=True)):
        known |= {
            f"d{place}": None if field.required else field.default,
            f"reader{place}": reader,
            f"read{place}": reader.read,
        }
        body += _lines(place, field, reader)
        given.append(f"{field.name}=v{place}")
        if field.kind in _SAID:
            said.append(f"v{place}")
    if said:
        body.append(f"if not legible(({', '.join(said)},)): return None")
    body.append(f"return make({', '.join(given)})")
    source = f"def read({', '.join(('record', *further))}):\n    get = record.get\n" + "".join(
        f"    {line}\n" for line in body
    )
    exec(compile(source, f"<straight reader of {make.__name__}>", "exec"), known)  # noqa: S102  # our own text
    read: Callable[..., T | None] = known["read"]

    def read_straight(record: Mapping[str, Any], *more: object) -> T | None:
        try:
            return read(record, *more)
        except (Refused, RowsRefused, ValueError, OverflowError):
            return None

    return read_straight


def _legible(texts: tuple[str | None, ...]) -> bool:
    """Whether nothing need be said about any of these texts."""
    joined = "\n".join(filter(None, texts))
    return "${" not in joined and "\x00" not in joined and (joined.isascii() or coerce.is_sound(joined))
