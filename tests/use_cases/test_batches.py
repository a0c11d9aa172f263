"""A batch is one transaction: records, and whatever is written with them, are kept together or not at all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.use_cases.test_sync import contents, enrollment, student, sync

from mzi_adapters.memory import MemoryStore
from mzi_adapters.memory.store import MemorySession
from mzi_adapters.testing.harness import Harness
from mzi_core.errors import StoreRefused, StoreUnavailable
from mzi_core.modules import CLASSES, ENROLLMENTS, STUDENTS
from mzi_core.ports import Session, StoredResponse
from mzi_core.values import DEFAULT_TENANT, RecordKey, TenantId, ZohoId


def note(mzi: Harness, key: str) -> StoredResponse:
    """Something that is written beside the records, as the end of an event would be."""
    return StoredResponse(key=key, digest="d", body="done", answered_at=mzi.clock.now())


async def noted(mzi: Harness, key: str) -> bool:
    async with mzi.store.read(DEFAULT_TENANT) as session:
        return await session.response(key) is not None


async def test_what_is_written_beside_the_records_is_kept_with_them() -> None:
    mzi = Harness()
    async with mzi.use_cases.batches.open(DEFAULT_TENANT, STUDENTS) as batch:
        result = await batch.take([student(1)])
        await batch.session.keep_response(note(mzi, "event 1"), forget_before=mzi.clock.now())
    assert [outcome.state.value for outcome in result.outcomes] == ["NEW"]
    assert await noted(mzi, "event 1")


async def test_an_error_after_the_records_takes_them_back() -> None:
    mzi = Harness()
    before = await contents(mzi)

    batch = mzi.use_cases.batches.open(DEFAULT_TENANT, STUDENTS)

    async def failing() -> None:
        async with batch:
            await batch.take([student(1)])
            await batch.session.keep_response(note(mzi, "event 1"), forget_before=mzi.clock.now())
            raise LookupError

    with pytest.raises(LookupError):
        await failing()
    with pytest.raises(RuntimeError, match="not open"):
        batch.changes()
    assert await contents(mzi) == before
    assert not await noted(mzi, "event 1")


async def test_nothing_of_a_discarded_batch_is_kept() -> None:
    mzi = Harness()
    before = await contents(mzi)
    async with mzi.use_cases.batches.open(DEFAULT_TENANT, STUDENTS, discard=True) as batch:
        await batch.take([student(1)])
        assert len(list(batch.changes())) == 1
    assert await contents(mzi) == before


async def test_what_is_written_beside_records_that_somebody_waits_for_is_kept_too() -> None:
    """To unpark the waiting enrolment the batch needs further locks, so it begins again by itself."""
    mzi = Harness()
    await sync(mzi, "classes", {"id": "7", "Class_Name": "C7"})
    await sync(mzi, "enrollments", enrollment(9, 1, 7))
    async with mzi.use_cases.batches.open(DEFAULT_TENANT, STUDENTS) as batch:
        result = await batch.take([student(1)])
        await batch.session.keep_response(note(mzi, "event 1"), forget_before=mzi.clock.now())
        changes = list(batch.changes())
    assert [outcome.key for outcome in result.released] == ["9"]
    assert [(each.module, each.before is None, each.after.key) for each in changes] == [
        (STUDENTS, True, "1"),
        (ENROLLMENTS, True, "9"),
    ]
    assert await noted(mzi, "event 1")


class Vanishing(MemoryStore):
    """A store that is there for so many transactions, and then is not."""

    left = 10**6

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        self.left -= 1
        if self.left < 0:
            raise StoreUnavailable("It went away.")
        async with super().begin(tenant, discard=discard) as session:
            yield session


async def test_a_store_that_is_gone_when_a_batch_begins_again_is_told_and_nothing_is_kept() -> None:
    store = Vanishing()
    mzi = Harness(store=store)
    await sync(mzi, "classes", {"id": "7", "Class_Name": "C7"})
    await sync(mzi, "enrollments", enrollment(9, 1, 7))
    before = await contents(mzi)
    store.left = 1
    with pytest.raises(StoreUnavailable):
        await sync(mzi, "students", student(1))
    store.left = 10**6
    assert await contents(mzi) == before


@pytest.mark.parametrize("earlier", ["take", "amend"])
async def test_a_batch_takes_once_and_first(earlier: str) -> None:
    """Or what was done before would be lost with the locks, where somebody waits for the records."""
    mzi = Harness()
    await sync(mzi, "students", student(1))
    async with mzi.use_cases.batches.open(DEFAULT_TENANT, STUDENTS) as batch:
        if earlier == "take":
            await batch.take([student(2)])
        else:
            await batch.amend({ZohoId("1"): {"city": "Irbid"}})
        with pytest.raises(RuntimeError, match="takes records once, before it amends any"):
            await batch.take([student(3)])
    assert set((await contents(mzi))["students"]) == ({"1", "2"} if earlier == "take" else {"1"})


async def test_a_batch_that_could_not_begin_again_is_open_no_more() -> None:
    """Whoever goes on after the error is told, rather than losing what is written then."""
    store = Vanishing()
    mzi = Harness(store=store)
    await sync(mzi, "classes", {"id": "7", "Class_Name": "C7"})
    await sync(mzi, "enrollments", enrollment(9, 1, 7))
    store.left = 1
    async with mzi.use_cases.batches.open(DEFAULT_TENANT, STUDENTS) as batch:
        with pytest.raises(StoreUnavailable):
            await batch.take([student(1)])
        with pytest.raises(RuntimeError, match="not open"):
            await batch.amend({})
        with pytest.raises(RuntimeError, match="not open"):
            _ = batch.session
        with pytest.raises(RuntimeError, match="not open"):
            batch.changes()


async def test_nothing_is_written_by_a_batch_that_has_ended() -> None:
    mzi = Harness()
    async with mzi.use_cases.batches.open(DEFAULT_TENANT, STUDENTS) as batch:
        await batch.take([student(1)])
    before = await contents(mzi)
    with pytest.raises(RuntimeError, match="not open"):
        await batch.amend({ZohoId("1"): {"city": "Irbid"}})
    with pytest.raises(RuntimeError, match="not open"):
        _ = batch.session
    assert await contents(mzi) == before
    assert [change.after.key for change in batch.changes()] == ["1"]


async def test_a_change_says_how_the_record_was_and_how_it_is() -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1, City="Amman"), student(2))
    async with mzi.use_cases.batches.open(DEFAULT_TENANT, STUDENTS) as batch:
        await batch.take([student(1, City="Irbid"), student(2), student(3)])
        changes = [(each.before, each.after) for each in batch.changes()]
    told = [(getattr(b, "city", None), a.key, getattr(a, "city", None)) for b, a in changes]
    assert told == [("Amman", "1", "Irbid"), (None, "3", None)]


async def test_two_versions_of_a_record_in_one_page_are_one_change_from_what_was_stored() -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1, City="Amman"))
    async with mzi.use_cases.batches.open(DEFAULT_TENANT, STUDENTS) as batch:
        await batch.take([student(1, City="Irbid"), student(1, City="Zarqa")])
        changes = [(each.before, each.after) for each in batch.changes()]
    assert [(getattr(b, "city", None), getattr(a, "city", None)) for b, a in changes] == [("Amman", "Zarqa")]


async def test_a_record_that_is_back_from_a_deletion_was_not_there_before() -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1, City="Amman"))
    async with mzi.store.begin(DEFAULT_TENANT) as session:
        await session.delete(STUDENTS, [ZohoId("1")], mzi.clock.now())
    async with mzi.use_cases.batches.open(DEFAULT_TENANT, STUDENTS) as batch:
        await batch.take([student(1, City="Amman")])
        (change,) = batch.changes()
    assert (change.before, change.after.key) == (None, "1")


async def test_an_amendment_is_a_change_like_others() -> None:
    mzi = Harness()
    await sync(mzi, "classes", {"id": "7", "Class_Name": "C7"})
    async with mzi.use_cases.batches.open(DEFAULT_TENANT, CLASSES) as batch:
        (outcome,) = await batch.amend({ZohoId("7"): {"moodle_class_id": 70}, ZohoId("8"): {}})
        (change,) = batch.changes()
    assert (outcome.key, outcome.state.value) == ("7", "UPDATED")
    assert [getattr(each, "moodle_class_id", None) for each in (change.before, change.after)] == [None, 70]


async def test_an_amendment_that_is_refused_changes_nothing_and_parks_nothing() -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1, Student_Moodle_ID="70"), student(2))
    before = await contents(mzi)
    (outcome,) = await mzi.use_cases.amend(DEFAULT_TENANT, STUDENTS, {ZohoId("2"): {"moodle_userid": 70}})
    assert (outcome.state.value, [reason.code for reason in outcome.reasons]) == ("INVALID", ["duplicate"])
    assert await contents(mzi) == before


class RefusesTwo(MemorySession):
    """A session that cannot store student 2."""

    async def write(self, module: Any, rows: Any, at: Any) -> None:
        if any(row.entity.key == "2" for row in rows):
            raise StoreRefused("not this one")
        await super().write(module, rows, at)


class Refusing(MemoryStore):
    """Hands out sessions that cannot store student 2, once it is told to."""

    refuses = False

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        async with super().begin(tenant, discard=discard) as session:
            assert isinstance(session, MemorySession)
            yield RefusesTwo(session.tenant, session.tables, session.clock) if self.refuses else session


async def test_an_amendment_the_store_refuses_is_an_error_of_that_record_alone() -> None:
    store = Refusing()
    mzi = Harness(store=store)
    await sync(mzi, "students", student(1), student(2), student(3))
    store.refuses = True
    changes: dict[RecordKey, dict[str, str]] = {ZohoId(str(n)): {"city": "Irbid"} for n in (1, 2, 3)}
    outcomes = await mzi.use_cases.amend(DEFAULT_TENANT, STUDENTS, changes)
    assert [outcome.state.value for outcome in outcomes] == ["UPDATED", "ERROR", "UPDATED"]


async def test_a_stored_record_keeps_what_is_required_and_its_source_does_not_tell() -> None:
    """In the same transaction, so that nothing can change the field between the reading and the writing."""
    mzi = Harness()
    await sync(mzi, "students", student(1, City="Irbid"))
    partial = [{"id": str(n), "Name": f"A{n}", "City": "Amman"} for n in (1, 2)]
    result = await sync(mzi, "students", *partial, "no record", untold={"academic_email"})
    assert [outcome.state.value for outcome in result.outcomes] == ["UPDATED", "INVALID", "INVALID"]
    assert result.outcomes[0].changed_fields == ("city",)
    shown = await mzi.use_cases.show_record(DEFAULT_TENANT, STUDENTS, ZohoId("1"))
    assert shown.stored is not None
    assert shown.stored.entity.academic_email == "s1@b.example"
    told = await sync(mzi, "students", partial[0])
    assert [reason.path for reason in told.outcomes[0].reasons] == ["$.Academic_Email"]


RECORDS = st.builds(
    lambda n, city, mail: student(n, City=city, Academic_Email=f"{mail}@b.example"),
    st.integers(1, 4),
    st.sampled_from(["Amman", "Irbid", None]),
    st.sampled_from(["a", "b", "c", "d"]),
)


@given(st.lists(st.lists(RECORDS, max_size=5), max_size=5))
async def test_the_changes_lead_from_what_was_stored_to_what_is(batches: list[list[dict[str, Any]]]) -> None:
    """Whatever came in, in whichever lane it was judged; and nothing that was not told as news changed."""
    mzi = Harness()
    stored: dict[RecordKey, object] = {}
    for records in batches:
        async with mzi.use_cases.batches.open(DEFAULT_TENANT, STUDENTS) as batch:
            result = await batch.take(records)
            changes = list(batch.changes())
        for change in changes:
            assert change.before == stored.get(change.after.key)
            stored[change.after.key] = change.after
        news = {o.key for o in result.outcomes if o.state.value in ("NEW", "UPDATED")}
        assert {change.after.key for change in changes} == news
        now = {zoho_id: entity for zoho_id, (entity, _) in (await contents(mzi))["students"].items()}
        assert now == stored
