"""A pull brings the store in line with Zoho: everything once, then what changed, and what was deleted."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import attrs
import pytest
from tests.use_cases.pulling import (
    PAGE,
    World,
    contents,
    killed_after,
    number,
    rename,
    runs,
    student,
    without,
    world,
)

from mzi_adapters.memory import MemoryStore
from mzi_core.errors import AuthRevoked, ClockSkew, RemoteNotFound, StoreUnavailable, UnknownTenant
from mzi_core.modules import CATALOGUE, STUDENTS
from mzi_core.ports import Cost, ReadMethod, RunStatus, Session
from mzi_core.use_cases.planning_pull import OVERLAP, PullScope, cheapest
from mzi_core.values import State, TenantId, ZohoId


@pytest.fixture
async def college() -> AsyncIterator[World]:
    """An empty Zoho."""
    async with world() as made:
        yield made


# what is pulled


async def test_the_first_pull_takes_everything_and_the_next_only_what_changed_since_it_began(
    college: World,
) -> None:
    college.students(1, 2, 3)
    await college.later(hours=1)
    begun = college.timer.now()
    first = await college.pull()
    assert (first.plan.scope, first.plan.since, first.counts) == (PullScope.EVERYTHING, None, {"NEW": 3})
    await college.later(hours=1)
    (changed,) = college.students(4)
    college.zoho.edit("BTEC_Students", number(2), {"City": "Irbid"})
    second = await college.pull()
    assert second.plan.scope is PullScope.CHANGES
    assert second.plan.since == begun - OVERLAP
    assert second.ids == [student(2)["id"], changed]
    assert second.counts == {"NEW": 1, "UPDATED": 1}
    await college.later(hours=1)
    assert (await college.pull()).counts == {"UNCHANGED": 2}  # they lie in the overlap
    await college.later(hours=1)
    assert (await college.pull()).ids == []


@pytest.mark.parametrize("ahead", [timedelta(minutes=4), timedelta(minutes=-4)], ids=str)
async def test_the_next_pull_begins_by_the_clock_of_zoho(college: World, ahead: timedelta) -> None:
    """Where ours is late, a change made between two pulls would not be in the second."""
    college.zoho.ahead = ahead
    await college.later(hours=1)
    begun = college.timer.now()
    await college.pull()
    await college.later(hours=1)
    (run,) = await runs(college)
    assert (run.started_at, run.watermark) == (begun, begun + ahead)
    assert (await college.plan()).since == begun + ahead - OVERLAP


async def test_where_zoho_tells_no_time_the_next_pull_begins_by_our_clock(college: World) -> None:
    """And after a run from before there were watermarks."""
    college.zoho.ahead = None
    begun = college.timer.now()
    await college.pull()
    await college.later(hours=1)
    assert [run.watermark for run in await runs(college)] == [None]
    assert (await college.plan()).since == begun - OVERLAP


async def test_a_pull_that_goes_on_keeps_the_watermark_with_which_it_began(college: World) -> None:
    college.students(*range(2 * PAGE))
    begun = college.timer.now()
    await killed_after(college, 1, via=ReadMethod.RECORDS)
    await college.later(hours=1)
    await college.pull(resume=True)
    assert [run.watermark for run in await runs(college)] == [begun]
    assert (await college.plan()).since == begun - OVERLAP


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(minutes=12), "12 minutes behind Zoho's"),
        (timedelta(hours=-3), "180 minutes ahead of Zoho's"),
    ],
    ids=str,
)
async def test_a_clock_that_differs_by_more_than_the_overlap_is_refused(
    college: World, ahead: timedelta, said: str
) -> None:
    college.zoho.ahead = ahead
    for full in (True, False):
        with pytest.raises(ClockSkew, match=f"^Our clock is {said}. Set this machine's clock"):
            await college.plan(full=full)
    assert await runs(college) == []
    college.zoho.ahead = OVERLAP
    assert (await college.pull()).counts == {}


async def test_a_change_made_while_a_pull_goes_on_is_in_the_next_one(college: World) -> None:
    college.students(*range(2 * PAGE))
    await college.later(hours=1)
    plan = await college.plan(via=ReadMethod.RECORDS)
    stream = college.use_cases.remote.pull(plan)
    await anext(stream)
    college.zoho.edit("BTEC_Students", number(1), {"City": "Irbid"})
    await college.later(minutes=20)
    async for _ in stream:
        pass
    assert (await college.stored(student(1)["id"])).entity.city is None
    assert (await college.pull()).ids == [student(1)["id"]]
    assert (await college.stored(student(1)["id"])).entity.city == "Irbid"


async def test_everything_is_taken_again_when_told_so(college: World) -> None:
    college.students(1, 2)
    await college.pull()
    await college.later(hours=1)
    again = await college.pull(full=True)
    assert (again.plan.scope, again.counts) == (PullScope.EVERYTHING, {"UNCHANGED": 2})


async def test_a_pull_since_a_chosen_moment_is_nothing_the_next_one_builds_on(college: World) -> None:
    await college.pull()
    began = college.timer.now()
    await college.later(hours=1)
    college.students(1)
    await college.later(hours=1)
    chosen = await college.pull(since=college.timer.now() - timedelta(minutes=1))
    assert (chosen.plan.scope, chosen.ids) == (PullScope.SINCE, [])
    await college.later(hours=1)
    after = await college.pull()
    assert (after.plan.since, after.counts) == (began - OVERLAP, {"NEW": 1})


async def test_every_way_brings_the_same(college: World) -> None:
    college.students(*range(5), City="إربد", Birth_Date="2001-02-03")
    ways = [await college.pull(full=True, via=via) for via in ReadMethod]
    assert [drawn.counts for drawn in ways] == [{"NEW": 5}, {"UNCHANGED": 5}, {"UNCHANGED": 5}]


async def test_a_job_for_what_changed_is_foreseen_for_the_whole_module(
    college: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mzi_adapters.zoho.bulk_read.MOST_RECORDS", 2)
    college.students(*range(5))
    await college.later(hours=1)
    await college.pull()
    await college.later(hours=1)
    plan = await college.plan(via=ReadMethod.BULK)
    assert (plan.records, plan.cost.calls) == (0, 3 * 3)


def test_the_way_with_the_fewest_calls_is_taken_and_of_equal_ones_the_cheaper() -> None:
    few, many = Cost(calls=2, credits=9), Cost(calls=3, credits=3)
    assert cheapest({ReadMethod.RECORDS: many, ReadMethod.BULK: few}) is ReadMethod.BULK
    dear, cheap = Cost(calls=3, credits=9), Cost(calls=3, credits=3)
    assert cheapest({ReadMethod.COQL: dear, ReadMethod.RECORDS: cheap}) is ReadMethod.RECORDS


async def test_beside_the_reading_a_pull_asks_for_names_for_a_count_and_for_what_was_deleted(
    college: World,
) -> None:
    college.students(1)
    college.zoho.bulk_read.polls = 0
    drawn = await college.pull(via=ReadMethod.BULK)
    assert drawn.plan.cost.calls == 3
    assert college.zoho.calls == drawn.plan.cost.calls + 4
    assert college.zoho.credits_used == drawn.plan.cost.credits + 1 + 1 + 1 + 2


async def test_rows_of_subforms_come_whole(college: World) -> None:
    (pupil,) = college.students(1)
    (unit,) = [college.zoho.add("BTEC", {"Name": "Unit 1"})]
    rows = [{"LO_Code": f"P{n}", "LO_Title": f"Criterion {n}", "LO_Score": "1"} for n in range(1, 9)]
    grade = college.zoho.add(
        "BTEC_Grades",
        {"Name": "G", "Student": {"id": pupil}, "Unit": {"id": unit}, "Learning_Outcomes_Assessm": rows},
    )
    for module in ("students", "units", "grades"):
        await college.pull(module)
    found = (await college.stored(grade, "grades")).entity
    assert [row.code for row in found.outcomes] == [row["LO_Code"] for row in rows]
    college.zoho.edit("BTEC_Grades", grade, {"Feedback": "Good."})
    await college.later(hours=1)
    again = await college.pull("grades", full=True)
    assert [o.changed_fields for page in again.pages for o in page.result.outcomes] == [("feedback",)]


async def test_a_child_pulled_before_its_parent_waits_for_it(college: World) -> None:
    (pupil,) = college.students(1)
    request = college.zoho.add("BTEC_Student_Requests", {"Name": "R", "Student": {"id": pupil}})
    early = await college.pull("requests")
    assert early.counts == {"INVALID": 1}
    parents = await college.pull("students")
    assert [o.key for page in parents.pages for o in page.result.released] == [request]


# going on


@attrs.define(slots=False)
class GoesAway(MemoryStore):
    """A store whose connection breaks while a certain student is being kept."""

    until: ZohoId | None = None

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        async with super().begin(tenant, discard=discard) as session:
            yield session
            if self.until is not None and await session.present(STUDENTS, [self.until]):
                self.until = None
                raise StoreUnavailable("The store went away.")


@pytest.mark.parametrize("via", [ReadMethod.RECORDS, ReadMethod.COQL, ReadMethod.BULK], ids=repr)
async def test_a_pull_that_was_killed_goes_on_behind_its_last_page(college: World, via: ReadMethod) -> None:
    size = {ReadMethod.RECORDS: PAGE}.get(via, 2_000)
    college.students(*range(2 * size + 7))
    done = await killed_after(college, 1, via=via)
    assert len(done) == size
    await college.later(minutes=1)
    resumed = await college.pull(via=via, resume=True)
    assert resumed.plan.resumed is not None
    assert resumed.plan.resumed.bookmark == done[-1]
    assert resumed.plan.records == size + 7
    assert len(set(resumed.ids) & set(done)) == 0
    async with world() as unbroken:
        unbroken.students(*range(2 * size + 7))
        await unbroken.pull(via=via)
        assert await contents(college) == await contents(unbroken)
    (kept,) = await runs(college)
    assert (kept.status, kept.cursor, kept.counts["NEW"]) == (RunStatus.COMPLETED, 2 * size + 7, 2 * size + 7)


async def test_a_page_whose_commit_was_lost_is_the_only_one_read_again() -> None:
    store = GoesAway(until=ZohoId(str(student(2 * PAGE + 1)["id"])))
    async with world(store) as college:
        college.students(*range(4 * PAGE))
        with pytest.raises(StoreUnavailable):
            await college.pull(via=ReadMethod.RECORDS)
        resumed = await college.pull(via=ReadMethod.RECORDS, resume=True)
        assert resumed.ids[0] == student(2 * PAGE)["id"]
        assert resumed.counts == {"NEW": 2 * PAGE}
        assert len(await contents(college)) == 4 * PAGE


async def test_what_changed_on_a_page_done_before_the_kill_is_in_the_next_pull(college: World) -> None:
    college.students(*range(3 * PAGE))
    await college.later(hours=1)
    await killed_after(college, 2, via=ReadMethod.RECORDS)
    await college.later(hours=1)
    college.zoho.edit("BTEC_Students", number(1), {"City": "Irbid"})
    await college.pull(resume=True)
    assert (await college.pull()).ids == [student(1)["id"]]


async def test_the_pull_to_go_on_with_is_the_latest_that_was_stopped(college: World) -> None:
    college.students(*range(2 * PAGE))
    await college.pull()
    await college.later(hours=1)
    await killed_after(college, 1, full=True, via=ReadMethod.RECORDS)
    resumed = await college.plan(resume=True)
    assert (resumed.scope, resumed.records) == (PullScope.EVERYTHING, PAGE)


async def test_a_pull_stopped_before_a_whole_one_is_not_gone_on_with(college: World) -> None:
    college.students(*range(2 * PAGE))
    await killed_after(college, 1, via=ReadMethod.RECORDS)
    await college.later(minutes=1)
    await college.pull(full=True)
    resumed = await college.plan(resume=True)
    assert (resumed.scope, resumed.resumed) == (PullScope.CHANGES, None)


async def test_a_pull_since_a_moment_goes_on_only_for_that_moment(college: World) -> None:
    college.students(*range(2 * PAGE))
    since = college.timer.now() - timedelta(days=1)
    await killed_after(college, 1, since=since, via=ReadMethod.RECORDS)
    other = await college.plan(since=since - timedelta(days=1), resume=True)
    same = await college.plan(since=since, resume=True)
    assert (other.resumed, same.resumed and same.resumed.cursor) == (None, PAGE)


async def test_credentials_withdrawn_on_the_way_end_the_run_and_keep_what_came(college: World) -> None:
    college.students(*range(3 * PAGE))
    plan = await college.plan(via=ReadMethod.RECORDS)
    stream = college.use_cases.remote.pull(plan)
    await anext(stream)
    college.zoho.accounts.revoke()
    with pytest.raises(AuthRevoked) as refused:
        async for _ in stream:
            pass
    (kept,) = await runs(college)
    assert (kept.status, kept.cursor, kept.message) == (RunStatus.FAILED, PAGE, str(refused.value))
    assert college.zoho.accounts.refresh_token not in kept.message
    assert len(await contents(college)) == PAGE


async def test_a_pull_has_not_reached_its_end_before_what_was_deleted_is_known(college: World) -> None:
    pupil, _ = college.students(1, 2)
    await college.pull()
    await college.later(hours=1)
    college.zoho.remove("BTEC_Students", pupil)
    stream = college.use_cases.remote.pull(await college.plan())
    await stream.aclose()
    plan = await college.plan()
    revoked = college.zoho.accounts
    revoked.scopes = ()
    with pytest.raises(Exception, match="scope"):
        async for _ in college.use_cases.remote.pull(plan):
            pass
    assert (await runs(college))[0].status is RunStatus.FAILED


# what cannot be


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda college: rename(college, "BTEC_Students", "Academic_Email", "Academic_Mail"),
            "BTEC_Students has no field `Academic_Email`, and a record cannot do without its "
            "`academic_email`. The nearest is `Academic_Mail`; if that is meant, give it the API name "
            "`Academic_Email` in Zoho.",
        ),
        (
            lambda college: without(college, "BTEC_Students", "Academic_Email"),
            "cannot do without its `academic_email`. Add it in Zoho, let mzi's account see it, or map "
            "another with `mzi fields`.",
        ),
    ],
    ids=["a misspelt field", "a field that is gone"],
)
async def test_a_field_no_record_can_do_without_stops_the_pull_with_its_remedy(
    college: World, change: Callable[[World], None], said: str
) -> None:
    change(college)
    with pytest.raises(Exception, match="BTEC_Students has no field") as refused:
        await college.plan()
    assert said in str(refused.value)
    assert await runs(college) == []


async def test_a_module_the_organisation_lacks_is_told_by_zoho(college: World) -> None:
    del college.zoho.organization.tables["BTEC_Students"]
    with pytest.raises(RemoteNotFound):
        await college.plan()


async def test_an_unknown_tenant_is_refused_before_zoho_is_asked(college: World) -> None:
    with pytest.raises(UnknownTenant):
        await college.use_cases.remote.plan_pull(TenantId("nobody"), CATALOGUE["students"])
    assert college.zoho.calls == 0


async def test_a_dry_run_answers_the_same_and_keeps_nothing(college: World) -> None:
    pupil, _ = college.students(1, 2)
    await college.pull()
    before = await contents(college), await runs(college)
    await college.later(hours=1)
    college.zoho.remove("BTEC_Students", pupil)
    college.zoho.edit("BTEC_Students", number(2), {"City": "Irbid"})
    preview = await college.pull(dry_run=True)
    assert (await college.stored(pupil)).deleted_at is None
    assert await runs(college) == before[1]
    real = await college.pull()
    assert (preview.counts, preview.done) == (real.counts, real.done)
    assert preview.counts == {State.UPDATED.value: 1}
