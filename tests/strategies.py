"""Hypothesis strategies derived from the declarations: any legal entity of any module."""

import string
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import strategies as st

from mzi_adapters.codecs.criteria import CRITERION_FIELDS
from mzi_core.module import AnyModule, Field, Kind, declared
from mzi_core.modules import ZOHO_CATALOGUE, CriterionText
from mzi_core.values import FIRST_YEAR, LAST_YEAR

LEGIBLE = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
ADVERSARIAL = st.sampled_from(
    ["", "|", "a|b", "A|b", " a", "a ", "1", "0", "null", "true", "رنا", "s1:a", "-"]
)

ids = st.one_of(
    st.integers(10**18, 10**19 - 1).map(str), st.text(string.ascii_letters + "_-", min_size=1, max_size=8)
)
texts = st.one_of(ADVERSARIAL, st.text(LEGIBLE, max_size=12)).filter(lambda t: not t.strip().startswith("${"))
amounts = st.decimals(Decimal("0.01"), Decimal("999999999.99"), places=2)
emails = st.tuples(
    st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8),
    st.sampled_from(["a.example", "ب.مثال"]),
).map("@".join)

_MOMENTS = (
    datetime(FIRST_YEAR, 1, 1),  # noqa: DTZ001  # Hypothesis adds the zone
    datetime(LAST_YEAR, 12, 31, 23, 59, 59, 999_999),  # noqa: DTZ001  # as above
)

_BY_KIND: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.ID: ids,
    Kind.EMAIL: emails,
    Kind.INTEGER: st.integers(1, 10**9),
    Kind.DECIMAL: st.decimals(Decimal(0), Decimal(100), places=3),
    Kind.MONEY: amounts,
    Kind.DATE: st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)),
    Kind.DATETIME: st.datetimes(*_MOMENTS, timezones=st.just(UTC)),
    Kind.BOOLEAN: st.booleans(),
    Kind.LOOKUP: ids,
    Kind.MOODLE_ID: st.integers(1, 2**40),
    Kind.LOOKUPS: st.lists(ids, max_size=3, unique=True).map(lambda found: tuple(sorted(found))),
    Kind.TEXTS: st.lists(texts, max_size=3).map(tuple),
}


def _criteria() -> st.SearchStrategy[tuple[CriterionText, ...]]:
    codes = list(CRITERION_FIELDS.values())
    return st.dictionaries(st.sampled_from(codes), texts.filter(lambda t: bool(t.strip())), max_size=4).map(
        lambda found: tuple(CriterionText(c, found[c]) for c in codes if c in found)
    )


def _value(field: Field) -> st.SearchStrategy[Any]:
    if field.kind is Kind.CRITERIA:
        return _criteria()
    if field.kind is Kind.SUBFORM:
        assert field.row is not None
        return st.lists(rows(field.row), max_size=3).map(tuple)
    if field.kind is Kind.TEXT:
        kept = texts if field.default is None else texts.filter(lambda t: bool(t.strip()))
        return kept.map(field.wire.clean) if field.wire.clean else kept
    return _BY_KIND[field.kind]


def rows(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Any legal instance of a declared class."""
    given: dict[str, st.SearchStrategy[Any]] = {}
    for field in declared(cls):
        optional = not field.required and field.default is None
        given[field.name] = st.none() | _value(field) if optional else _value(field)
    return st.builds(cls, **given)


def entities(module: AnyModule, **fixed: object) -> st.SearchStrategy[Any]:
    """Any legal entity of `module`, completed as decoding completes it."""

    def made(entity: Any) -> Any:
        whole = attrs.evolve(entity, **fixed)
        said = {name: getattr(whole, link) for name, link in module.said_of_links.items()}
        return module.complete(attrs.evolve(whole, **{**said, **fixed}))

    return rows(module.entity).map(made)


modules = st.sampled_from(list(ZOHO_CATALOGUE))

extras = st.dictionaries(
    st.sampled_from(["note", "grade|x", "a"]),
    st.one_of(
        st.none(),
        texts,
        st.booleans(),
        st.integers(-5, 5),
        amounts,
        st.just(date(2026, 1, 1)),
        st.lists(texts, max_size=2).map(tuple),
    ),
    max_size=2,
)
