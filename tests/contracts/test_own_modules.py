"""Modules of a program's own in a database: their tables are made from their declarations, and keep them."""

from decimal import Decimal
from typing import Annotated

import attrs
import pytest

from mzi_adapters.sql import check, open_store, upgrade
from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.harness import Harness
from mzi_core.errors import StoreRefused, StoreUnavailable
from mzi_core.module import Module, ZohoEntity, lookup, money, zoho
from mzi_core.modules import CATALOGUE, STUDENTS, Catalogue
from mzi_core.ports import Query
from mzi_core.values import DEFAULT_TENANT, State, ZohoId


@attrs.frozen(kw_only=True)
class Locker(ZohoEntity):
    """A locker, with a number nobody else has."""

    number: Annotated[int, zoho("Number", unique=True)]
    deposit: Annotated[Decimal | None, money("Deposit")] = None
    place: Annotated[str | None, zoho("Place")] = None


@attrs.frozen(kw_only=True)
class Loan(ZohoEntity):
    """Who has a locker."""

    locker: Annotated[ZohoId, lookup("Locker")]
    student: Annotated[ZohoId, lookup("Student")]


LOCKERS = Module(name="lockers", singular="locker", remote_name="BTEC_Lockers", entity=Locker)
LOANS = Module(
    name="loans",
    singular="loan",
    remote_name="BTEC_Loans",
    entity=Loan,
    depends_on={"locker": "lockers", "student": "students"},
)
OURS = Catalogue((*CATALOGUE, LOCKERS, LOANS))
STUDENT = {"id": "2", "Name": "A2", "Academic_Email": "a2@college.example"}


async def test_modules_of_ones_own_are_kept_as_declared_ones_are(database_url: str) -> None:
    await upgrade(database_url, catalogue=OURS)
    await upgrade(database_url, catalogue=OURS)
    assert await check(database_url) == []
    async with open_store(database_url) as store:
        mzi = Harness(store=store, catalogue=OURS)
        sync = mzi.use_cases.sync
        loan = {"id": "9", "Locker": {"id": "1"}, "Student": {"id": "2"}}
        (waits,) = (await sync(DEFAULT_TENANT, LOANS, [loan])).outcomes
        assert waits.parked
        lockers = [
            {"id": "1", "Number": 1, "Deposit": "12.50", "Place": "first"},
            {"id": "3", "Number": 1},
            *({"id": str(n), "Number": n} for n in range(100, 400)),
        ]
        states = [each.state for each in (await sync(DEFAULT_TENANT, LOCKERS, lockers)).outcomes]
        assert states == [State.NEW, State.INVALID, *[State.NEW] * 300]
        (freed,) = (await sync(DEFAULT_TENANT, STUDENTS, [STUDENT])).released
        assert (freed.module, freed.state) == ("loans", State.NEW)
        changed = [{**lockers[0], "Deposit": "13"}, *lockers[2:]]
        states = [each.state for each in (await sync(DEFAULT_TENANT, LOCKERS, changed)).outcomes]
        assert states == [State.UPDATED, *[State.UNCHANGED] * 300]
        shown = await mzi.use_cases.show_record(DEFAULT_TENANT, LOCKERS, "1")
        assert shown.stored is not None
        assert (shown.stored.entity.deposit, shown.stored.entity.place) == (Decimal(13), "first")
        page = await mzi.use_cases.list_records(DEFAULT_TENANT, LOCKERS, Query(limit=7))
        assert len(page.items) == 7


async def test_a_new_field_of_ones_own_module_gets_its_column(database_url: str) -> None:
    @attrs.frozen(kw_only=True)
    class Wider(Locker):
        colour: Annotated[str | None, zoho("Colour")] = None
        tags: Annotated[tuple[str, ...], zoho("Tags")] = ()

    @attrs.frozen(kw_only=True)
    class Stricter(Locker):
        owner: Annotated[str, zoho("Owner_Name")]

    wider = attrs.evolve(LOCKERS, entity=Wider)
    before = Catalogue((*CATALOGUE, LOCKERS))
    await upgrade(database_url, catalogue=before)
    async with open_store(database_url) as store:
        sync = Harness(store=store, catalogue=before).use_cases.sync
        await sync(DEFAULT_TENANT, LOCKERS, [{"id": "2", "Number": 2}])
        mzi = Harness(store=store, catalogue=Catalogue((*CATALOGUE, wider)))
        with raises(StoreUnavailable) as caught:
            await mzi.use_cases.sync(DEFAULT_TENANT, wider, [{"id": "1", "Number": 1, "Colour": "red"}])
        assert "the table of the module lockers as it is declared" in caught.message
    await upgrade(database_url, catalogue=mzi.catalogue)
    async with open_store(database_url) as store:
        mzi = Harness(store=store, catalogue=mzi.catalogue)
        await mzi.use_cases.sync(DEFAULT_TENANT, wider, [{"id": "1", "Number": 1, "Colour": "red"}])
        shown = await mzi.use_cases.show_record(DEFAULT_TENANT, wider, "1")
        assert shown.stored is not None
        assert shown.stored.entity.colour == "red"
        older = await mzi.use_cases.show_record(DEFAULT_TENANT, wider, "2")
        assert older.stored is not None
        assert (older.stored.entity.colour, older.stored.entity.tags) == (None, ())
    with raises(StoreRefused) as refused:
        stricter = attrs.evolve(LOCKERS, entity=Stricter)
        await upgrade(database_url, catalogue=Catalogue((*CATALOGUE, stricter)))
    assert "`owner` that must have a value" in refused.message


async def test_a_module_without_a_table_is_told_with_what_makes_it(database_url: str) -> None:
    async with open_store(database_url) as store:
        mzi = Harness(store=store, catalogue=OURS)
        with raises(StoreUnavailable) as caught:
            await mzi.use_cases.sync(DEFAULT_TENANT, LOCKERS, [{"id": "1", "Number": 1}])
    assert "`upgrade` with the catalogue of the program makes it" in caught.message


@pytest.mark.parametrize("name", ["Rooms", "rooms; drop", "1rooms", "r" * 41, ""])
async def test_a_name_that_is_none_for_a_table_is_refused(name: str) -> None:
    module = attrs.evolve(LOCKERS, name=name)
    with raises(StoreRefused) as caught:
        async with open_store("sqlite:///:memory:", catalogue=Catalogue((*CATALOGUE, module))):
            pass
    assert "small letters, digits and underscores" in caught.message


async def test_a_field_called_like_a_word_of_sql_is_refused() -> None:
    @attrs.frozen(kw_only=True)
    class Ordered(Locker):
        order: Annotated[int | None, zoho("Order")] = None

    module = attrs.evolve(LOCKERS, entity=Ordered)
    with raises(StoreRefused) as caught:
        async with open_store("sqlite:///:memory:", catalogue=Catalogue((*CATALOGUE, module))):
            pass
    assert "`order` of lockers is a word of SQL" in caught.message


async def test_a_store_in_memory_has_the_tables_of_its_catalogue() -> None:
    async with open_store("sqlite:///:memory:", catalogue=OURS) as store:
        mzi = Harness(store=store, catalogue=OURS)
        result = await mzi.use_cases.sync(DEFAULT_TENANT, LOCKERS, [{"id": "1", "Number": 1}])
        assert [each.state for each in result.outcomes] == [State.NEW]
