"""Any text that a database can hold survives being written and read."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.repetitions import often

from mzi_adapters.sql import open_store
from mzi_adapters.testing.contracts.fixtures import BEGAN, OURS, raises
from mzi_adapters.testing.contracts.samples import bare, changed, row
from mzi_core.errors import StoreRefused
from mzi_core.modules import REGISTRATIONS, STUDENTS, UNITS
from mzi_core.modules.units import CriterionText
from mzi_core.ports import ParkedRecord, Store
from mzi_core.values import Code, Reason, State, ZohoId

legal = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def one_url(request: pytest.FixtureRequest) -> str:
    """A database of each kind in which nothing is kept."""
    if request.param == "sqlite":
        return "sqlite:///:memory:"
    url: str = request.getfixturevalue("previews_url")
    return url


@pytest.fixture(scope="module")
async def one_store(one_url: str) -> AsyncIterator[Store]:
    """A store for all examples; every session in it is a preview."""
    async with open_store(one_url) as store:
        yield store


@given(text=legal, name=legal.filter(bool))
@settings(max_examples=often(40, gate=12))
async def test_any_text_survives(one_store: Store, text: str, name: str) -> None:
    """In a column, in a row of a list, in the tenant's own fields and their names, and as an id."""
    student = changed(STUDENTS, bare(STUDENTS, 1), zoho_id=ZohoId(name), city=text, extra={name: text})
    unit = changed(UNITS, bare(UNITS, 1), unit_name=text, criteria=(CriterionText("P1", text),))
    async with one_store.begin(OURS, discard=True) as session:
        await session.write(STUDENTS, [row(STUDENTS, student)], BEGAN)
        await session.write(UNITS, [row(UNITS, unit)], BEGAN)
        assert (await session.stored(STUDENTS, [student.zoho_id]))[student.zoho_id].entity == student
        assert (await session.stored(UNITS, [unit.zoho_id]))[unit.zoho_id].entity == unit


@given(record=json_values, said=legal)
@settings(max_examples=often(40, gate=12))
async def test_any_json_survives_being_held(one_store: Store, record: object, said: str) -> None:
    """Half characters, NULs and huge numbers included: just these are why a record is held."""
    held = ParkedRecord(
        module=REGISTRATIONS.name,
        key=ZohoId("1"),
        record=record,
        state=State.INVALID,
        reasons=(Reason(Code.TEXT_INVALID, f"$.{said}", said),),
        waits_for=None,
        parked_at=BEGAN,
    )
    async with one_store.begin(OURS, discard=True) as session:
        await session.park([held])
        assert await session.parked(REGISTRATIONS.name, [held.key]) == {held.key: held}


def _held(record: object) -> ParkedRecord:
    return ParkedRecord(
        module=REGISTRATIONS.name,
        key=ZohoId("1"),
        record=record,
        state=State.ERROR,
        reasons=(),
        waits_for=None,
        parked_at=BEGAN,
    )


async def test_amounts_read_as_decimals_are_held_by_their_digits(one_store: Store) -> None:
    """A caller's JSON reader may give Decimals; the codec reads the same amount from the text."""
    async with one_store.begin(OURS, discard=True) as session:
        await session.park([_held({"Amount": Decimal("9999999999.990")})])
        (found,) = (await session.parked(REGISTRATIONS.name, [ZohoId("1")])).values()
        assert found.record == {"Amount": "9999999999.990"}


async def test_what_is_no_json_is_refused(one_store: Store) -> None:
    """And the session goes on."""
    async with one_store.begin(OURS, discard=True) as session:
        with raises(StoreRefused):
            await session.park([_held({"When": object()})])
        assert await session.parked(REGISTRATIONS.name, [ZohoId("1")]) == {}
