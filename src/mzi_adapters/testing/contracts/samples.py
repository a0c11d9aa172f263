"""Entities that fill every field of a module, derived from its declaration, and the rows to store them by."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import attrs

from mzi_core.decide import Write
from mzi_core.fingerprints import fingerprint
from mzi_core.module import AnyModule, E, Field, Kind, Module, Side, declared
from mzi_core.modules import CATALOGUE, STUDENTS
from mzi_core.values import Email, Extra, MoodleId, MoodleKey, RecordId, RecordKey, State, ZohoId

TEXTS = (
    "قسم إدارة الأعمال",
    "a|b||c",
    "MiXeD cAsE",
    "🎓 naïve Łódź",
    " blanks around ",
    "two\nlines\tand a tab",
    "'; DROP TABLE students; --",
    "",
)
"""Texts that careless keeping would change."""

AMOUNTS = (Decimal("0.1"), Decimal("9999999999.99"), Decimal("0.000000001"), Decimal("12.50"))
"""Amounts that a float would change."""

_MODULES = [module.name for module in CATALOGUE]


def key_of(module: AnyModule, n: int) -> Any:
    """The key of the n-th sample of a module: 19 digits, as a ZohoId or a MoodleKey."""
    kind = ZohoId if module.side is Side.ZOHO else MoodleKey
    return kind(str(5_600_000_000_000_000_001 + _MODULES.index(module.name) * 10_000_000 + n))


def record_id(of: RecordKey) -> RecordId:
    """Our own id of a sample: always the same one for a key."""
    return RecordId(str(uuid5(NAMESPACE_OID, of)))


def extra(n: int) -> Extra:
    """A tenant's own fields: one of every type they may hold."""
    return {
        "text": f"{TEXTS[0]} {n}",
        "empty": "",
        "nothing": None,
        "number": 2**70 + n,
        "amount": Decimal("0.10"),
        "tiny": Decimal("1E-9"),
        "flag": True,
        "off": False,
        "day": date(2024, 2, 29),
        "moment": datetime(2026, 2, 1, 9, 30, 0, 654321, tzinfo=timezone(timedelta(hours=3))),
        "names": ("b", "a|c", ""),
        "none_of_them": (),
    }


def _target(module: AnyModule, field: Field) -> AnyModule:
    name = {**module.refers_to, **module.depends_on}.get(field.name)
    return STUDENTS if name is None else CATALOGUE[name]


def _text(field: Field, n: int, place: int) -> str:
    if field.wire.unique:
        return f"{field.name}_{n}"
    text = TEXTS[(n + place) % len(TEXTS)]
    return text if field.wire.clean is None else field.wire.clean(text)


def _amount(field: Field, n: int, place: int) -> Decimal:
    return Decimal("33.333333333") if field.wire.maximum is not None else AMOUNTS[(n + place) % len(AMOUNTS)]


def _row(row: type[Any], n: int) -> Any:
    fields = enumerate(declared(row))
    return row(**{field.name: _PLAIN[field.kind](field, n, place) for place, field in fields})


def _rows(field: Field, n: int, place: int) -> object:
    assert field.row is not None
    return (_row(field.row, n), _row(field.row, n + place + 1), field.row())


def _criteria(field: Field, n: int, place: int) -> object:
    assert field.row is not None
    return tuple(field.row(code, f"{TEXTS[0]} {code} {n + place}") for code in ("P1", "P10", "M1", "D1"))


_PLAIN: Mapping[Kind, Callable[[Field, int, int], object]] = {
    Kind.TEXT: _text,
    Kind.EMAIL: lambda field, n, _: Email(f"{field.name}.{n}@college.example"),
    Kind.INTEGER: lambda field, n, place: 9_007_199_254_740_993 + n + place,
    Kind.DECIMAL: _amount,
    Kind.MONEY: _amount,
    Kind.DATE: lambda field, n, place: date(2024, 2, 28) + timedelta(days=n + place),
    Kind.DATETIME: lambda field, n, place: datetime(2026, 2, 1, 9, 0, 0, 123_457 + n, tzinfo=UTC),
    Kind.BOOLEAN: lambda field, n, place: n % 2 == 0,
    Kind.MOODLE_ID: lambda field, n, place: MoodleId(40_000 + n),
    Kind.LOOKUPS: lambda field, n, place: tuple(key_of(STUDENTS, i) for i in (n, 70, 80)),
    Kind.TEXTS: lambda field, n, place: ("b", "a|c", f"{n}"),
    Kind.SUBFORM: _rows,
    Kind.CRITERIA: _criteria,
}


def _value(module: AnyModule, field: Field, n: int, place: int) -> object:
    if field.kind is Kind.ID:
        return key_of(module, n)
    if field.kind is Kind.LOOKUP:
        return key_of(_target(module, field), n)
    return _PLAIN[field.kind](field, n, place)


def sample(module: Module[E], n: int) -> E:
    """The n-th entity of a module, every field of it filled; its lookups point at the n-th of their module.

    Different `n` differ in the id and in every unique field.
    """
    fields = enumerate(module.fields)
    values: dict[str, Any] = {field.name: _value(module, field, n, place) for place, field in fields}
    return module.entity(extra=extra(n), **values)


def bare(module: Module[E], n: int) -> E:
    """The n-th entity of a module with nothing but what it cannot do without."""
    whole = sample(module, n)
    needed = [field.name for field in module.fields if field.required]
    return module.entity(**{name: getattr(whole, name) for name in needed})


def row(module: Module[E], entity: E, *, state: State = State.NEW) -> Write[E]:
    """The row to store `entity` by: a new one for the state NEW, else one that replaces."""
    return Write(
        id=record_id(entity.key),
        entity=entity,
        fingerprint=fingerprint(module, entity),
        state=state,
        new=state is State.NEW,
    )


def changed(module: Module[E], entity: E, **fields: Any) -> E:
    """`entity` with other values in some fields, named by their declaration."""
    assert set(fields) <= {*module.field, "extra"}, fields
    return attrs.evolve(entity, **fields)
