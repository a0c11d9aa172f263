"""What Zoho deleted is marked deleted; what it has no trace of is told."""

import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.use_cases.pulling import PAGE, World, contents, killed_after, number, runs, student, world

from mzi_core.ports import ReadMethod
from mzi_core.use_cases.deletions import Seen
from mzi_core.use_cases.pull import DELETED, PruneDone, PullDone
from mzi_core.values import ZohoId


@pytest.fixture
async def college() -> AsyncIterator[World]:
    """An empty Zoho."""
    async with world() as made:
        yield made


async def test_what_zoho_deleted_is_marked_deleted_and_comes_back_when_it_is_restored(college: World) -> None:
    pupil, _ = college.students(1, 2)
    await college.pull()
    await college.later(hours=1)
    college.zoho.remove("BTEC_Students", pupil)
    drawn = await college.pull()
    assert drawn.done is not None
    assert drawn.done.deleted == 1
    assert (await runs(college))[0].counts[DELETED] == 1
    assert (await college.stored(pupil)).deleted_at == college.timer.now()
    await college.later(minutes=1)
    again = await college.pull()
    assert again.done is not None
    assert again.done.deleted == 0
    await college.later(hours=1)
    college.students(1)
    back = await college.pull()
    assert back.counts == {"UPDATED": 1}
    assert (await college.stored(pupil)).deleted_at is None


async def test_a_record_that_waited_for_its_parent_waits_no_more_when_it_is_deleted(college: World) -> None:
    (pupil,) = college.students(1)
    request = college.zoho.add("BTEC_Student_Requests", {"Name": "R", "Student": {"id": pupil}})
    await college.pull("requests")
    college.zoho.remove("BTEC_Student_Requests", request)
    await college.pull("requests")
    assert (await college.pull("students")).pages[0].result.released == ()


async def test_a_record_changed_after_its_deletion_is_not_marked(college: World) -> None:
    (pupil,) = college.students(1)
    await college.pull()
    college.zoho.remove("BTEC_Students", pupil)
    later = (college.timer.now() + timedelta(hours=1)).isoformat()
    await college.sync("students", student(1, City="Irbid", Modified_Time=later))
    drawn = await college.pull()
    assert drawn.done is not None
    assert drawn.done.deleted == 0
    assert (await college.stored(pupil)).deleted_at is None


@pytest.mark.parametrize("full", [True, False], ids=["read in this pull", "not read in this pull"])
async def test_a_record_that_was_restored_is_not_marked_by_an_older_list(college: World, full: bool) -> None:
    """Restoring leaves the moment of its last change as it was, and the list still names it."""
    pupil, gone = college.students(1, 2)
    (before,) = [college.zoho.records("BTEC_Students")[pupil]]
    await college.later(hours=1)
    await college.pull()
    await college.later(hours=1)
    college.zoho.remove("BTEC_Students", pupil)
    college.zoho.remove("BTEC_Students", gone)
    college.zoho.add("BTEC_Students", before)
    for dry_run in (True, False):
        drawn = await college.pull(full=full, dry_run=dry_run)
        assert drawn.done is not None
        assert (drawn.done.deleted, drawn.done.missing) == (1, ())
    assert (await college.stored(pupil)).deleted_at is None
    assert (await college.stored(gone)).deleted_at is not None


async def test_a_restored_record_that_waits_for_its_parent_goes_on_waiting(college: World) -> None:
    (pupil,) = college.students(1)
    request = college.zoho.add("BTEC_Student_Requests", {"Name": "R", "Student": {"id": pupil}})
    before = college.zoho.records("BTEC_Student_Requests")[request]
    college.zoho.remove("BTEC_Student_Requests", request)
    college.zoho.add("BTEC_Student_Requests", before)
    await college.pull("requests")
    freed = (await college.pull("students")).pages[0].result.released
    assert [each.key for each in freed] == [request]


async def test_a_record_that_is_deleted_after_it_was_read_is_marked_in_the_same_pull(college: World) -> None:
    pupil, *_ = college.students(*range(PAGE + 1))
    stream = college.use_cases.remote.pull(await college.plan(via=ReadMethod.RECORDS))
    await anext(stream)
    college.zoho.remove("BTEC_Students", pupil)
    async for _ in stream:
        pass
    assert (await college.stored(pupil)).deleted_at is not None


async def test_of_what_was_deleted_zoho_is_asked_once_for_a_hundred_and_not_for_what_is_marked(
    college: World,
) -> None:
    gone = college.students(*range(150))
    await college.pull()
    for each in gone[:100]:
        college.zoho.remove("BTEC_Students", each)
    for each in gone[100:]:
        college.zoho.remove("BTEC_Students", each, permanently=True)
    calls = []
    for _ in range(2):
        before = college.zoho.calls
        await college.pull()
        calls.append(college.zoho.calls - before)
    assert calls[0] == calls[1] + 1
    assert len(await contents(college)) == 0


async def test_a_pull_of_everything_tells_what_zoho_has_no_trace_of_and_only_prune_marks_it(
    college: World,
) -> None:
    college.students(1, 2)
    await college.sync("students", student(7), student(8))
    await college.later(minutes=1)
    drawn = await college.pull()
    assert drawn.done is not None
    assert sorted(drawn.done.missing) == [student(7)["id"], student(8)["id"]]
    assert (await college.stored(student(7)["id"])).deleted_at is None
    pruned = await college.use_cases.remote.prune(drawn.plan, drawn.done, insist=True)
    assert pruned == PruneDone(marked=2)
    assert (await college.stored(student(7)["id"])).deleted_at is not None
    assert (await college.stored(student(1)["id"])).deleted_at is None
    await college.later(minutes=1)
    again = await college.pull(full=True)
    assert again.done is not None
    assert again.done.missing == ()


async def test_what_zoho_deleted_is_not_told_twice(college: World) -> None:
    pupil, _ = college.students(1, 2)
    await college.pull()
    await college.later(hours=1)
    college.zoho.remove("BTEC_Students", pupil)
    for dry_run in (True, False):
        drawn = await college.pull(full=True, dry_run=dry_run)
        assert drawn.done is not None
        assert (drawn.done.deleted, drawn.done.missing) == (1, ())


async def test_a_record_that_came_another_way_while_the_pull_went_on_is_not_missing(college: World) -> None:
    college.students(1)
    await college.sync("students", student(2))
    stream = college.use_cases.remote.pull(await college.plan())
    await college.later(minutes=1)
    await anext(stream)
    await college.sync("students", student(9))
    last = [done async for done in stream][-1]
    assert last.missing == (student(2)["id"],)  # type: ignore[union-attr]  # the last step


async def test_a_resumed_pull_tells_only_of_what_stands_behind_its_beginning(college: World) -> None:
    await college.sync("students", student(1), student(2 * PAGE + 5))
    college.students(*range(2, 2 * PAGE + 2))
    await college.later(minutes=1)
    await killed_after(college, 1, via=ReadMethod.RECORDS)
    resumed = await college.pull(resume=True)
    assert resumed.done is not None
    assert resumed.done.missing == (student(2 * PAGE + 5)["id"],)


async def test_what_is_missing_is_found_however_much_is_stored(college: World) -> None:
    await college.sync("students", *(student(n) for n in range(2_500)))
    college.students(*range(0, 2_500, 2))
    await college.later(minutes=1)
    drawn = await college.pull()
    assert drawn.done is not None
    assert sorted(drawn.done.missing) == [number(n) for n in range(1, 2_500, 2)]
    pruned = await college.use_cases.remote.prune(drawn.plan, drawn.done, insist=True)
    assert pruned == PruneDone(marked=1_250)


@pytest.mark.parametrize(("gone", "marked"), [(0, 0), (1, 1), (10, 10), (11, 0)])
async def test_more_than_a_tenth_is_pruned_only_if_somebody_insists(
    college: World, gone: int, marked: int
) -> None:
    await college.sync("students", *(student(n) for n in range(100)))
    college.students(*range(gone, 100))
    await college.later(minutes=1)
    drawn = await college.pull()
    assert drawn.done is not None
    assert len(drawn.done.missing) == gone
    pruned = await college.use_cases.remote.prune(drawn.plan, drawn.done)
    held = () if gone == marked else (f"{gone} of 100 students would go, more than one in 10.",)
    assert pruned == PruneDone(marked=marked, held=held)
    assert len(await runs(college)) == 1
    if held:
        insisted = await college.use_cases.remote.prune(drawn.plan, drawn.done, insist=True)
        assert insisted == PruneDone(marked=gone)


async def test_nothing_is_pruned_when_fewer_records_came_than_were_counted(college: World) -> None:
    await college.sync("students", *(student(n) for n in range(100)))
    college.students(*range(100))
    await college.later(minutes=1)
    plan = await college.plan()
    college.zoho.organization.delete(
        college.zoho.organization.table("BTEC_Students"), int(number(7)), college.zoho.organization.person
    )
    college.zoho.organization.table("BTEC_Students").gone.clear()
    *_, done = [done async for done in college.use_cases.remote.pull(plan)]
    assert isinstance(done, PullDone)
    assert (done.came, done.missing) == (99, (number(7),))
    pruned = await college.use_cases.remote.prune(plan, done)
    assert pruned == PruneDone(held=("Zoho counted 100 students, and 99 came.",))


async def test_a_pull_that_goes_on_has_brought_what_is_left_of_what_was_counted(college: World) -> None:
    await college.sync("students", student(2 * PAGE + 5))
    college.students(*range(2 * PAGE))
    await college.later(minutes=1)
    await killed_after(college, 1, via=ReadMethod.RECORDS)
    resumed = await college.pull(resume=True)
    assert resumed.done is not None
    assert resumed.done.came == resumed.plan.records == PAGE
    assert await college.use_cases.remote.prune(resumed.plan, resumed.done) == PruneDone(marked=1)


@pytest.mark.parametrize("zoho_id", ["x", "9" * 20, "١٢"], ids=repr)
def test_an_id_that_is_none_of_zohos_is_never_missing(zoho_id: str) -> None:
    assert not Seen().lacks(ZohoId(zoho_id))


def test_ids_may_come_in_any_order() -> None:
    seen = Seen()
    seen.add(map(ZohoId, ["30", "10", "20", "10"]))
    assert [seen.lacks(ZohoId(each)) for each in ("10", "20", "30", "5", "40")] == [False] * 3 + [True] * 2
    seen.add([ZohoId("5")])
    assert not seen.lacks(ZohoId("5"))


def test_what_came_by_is_known_whatever_kind_of_id_it_has() -> None:
    seen = Seen()
    seen.add(map(ZohoId, ["30", "reg_1", "10", "0"]))
    assert [each in seen for each in map(ZohoId, ["10", "30", "reg_1", "0", "20", "reg_2"])] == [True] * 4 + [
        False
    ] * 2
    assert None not in seen
    assert len(seen) == 4


def test_two_hundred_thousand_ids_take_two_megabytes() -> None:
    """So many are remembered of a file, and a sync may take twenty in all."""
    ids = [ZohoId(str(5_000_000_000_000_000_000 + n)) for n in range(200_000)]
    tracemalloc.start()
    seen = Seen()
    seen.add(ids)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(seen) == 200_000
    assert taken < 2 * 2**20
