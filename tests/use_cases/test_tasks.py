"""What is done by the clock: each task by one process at a time, and kept as a run."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import attrs
import pytest
from tests.use_cases.remotes import lost
from tests.use_cases.test_deliver import AtWork, at_work, mark
from tests.use_cases.test_deliver import TestGrades as Grades
from tests.use_cases.test_push import A, B, student

from mzi_core.errors import StoreUnavailable, UnknownTenant
from mzi_core.flows.rules import FlowName
from mzi_core.ports import DeliveryState, RunStatus
from mzi_core.use_cases.run_leases import SECONDS
from mzi_core.use_cases.tasks import SOURCE, STOPPED, GoesOn, TaskDone, TaskName
from mzi_core.values import DEFAULT_TENANT, TenantId

TASKS = [name for name in TaskName if name is not TaskName.NOTIFY]
"""Those of a college whose people are told nothing; `test_notify.py` is about the other one."""


def epoch(at: datetime) -> int:
    return int(at.timestamp())


async def settle(college: AtWork) -> dict[str, int]:
    """Run the task that settles grades; what it counted."""
    run = await college.use_cases.remote.run_task(DEFAULT_TENANT, TaskName.SETTLE_GRADES)
    assert run is not None
    assert (run.status, run.module, run.source) == (RunStatus.COMPLETED, "settle-grades", SOURCE)
    return dict(run.counts)


class TestSettling:
    """Grades that change though nobody does anything."""

    async def test_a_second_refer_becomes_double_with_the_next_settling_and_stays_so(self) -> None:
        grades = Grades()
        college = await grades.college()
        at = epoch(college.timer.now())
        await college.sync("moodle_marks", [mark("1", at=at - 200), mark("1", at=at - 100, attempt=1)])
        await college.delivered()
        assert grades.grade(college)["Grade"] == "R"
        assert await settle(college) == {"marks": 1, "due": 1}
        await college.delivered()
        assert grades.grade(college)["Grade"] == "RR"
        college.timer.jump(3600)
        assert await settle(college) == {"marks": 1, "due": 0}
        assert await college.delivered() in ({}, {DeliveryState.SETTLED: 1})
        assert grades.grade(college)["Grade"] == "RR"

    async def test_who_hands_in_nothing_until_the_deadline_gets_an_f_when_it_has_passed(self) -> None:
        grades = Grades()
        college = await grades.college()
        due = college.timer.now() + timedelta(hours=2)
        nothing = {**mark(None, at=epoch(college.timer.now())), "submissionstatus": "new"}
        await college.sync("moodle_marks", [{**nothing, "duedate": epoch(due)}])
        await college.delivered()
        assert await settle(college) == {"marks": 1, "due": 0}
        college.timer.jump(3 * 3600)
        assert await settle(college) == {"marks": 1, "due": 1}
        await college.delivered()
        assert grades.grade(college)["Grade"] == "F"

    async def test_a_mark_that_cannot_be_judged_is_passed_over(self) -> None:
        college = await Grades().college()
        await college.sync("moodle_marks", [mark("3", assigngrademax="-2")])
        assert await settle(college) == {"marks": 1, "due": 0}

    async def test_marks_are_read_page_by_page(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mzi_core.use_cases.settle_grades.PAGE", 1)
        college = await Grades().college()
        await college.sync("moodle_marks", [mark("1", attempt=1), mark("1", attempt=1, assignid=56)])
        assert await settle(college) == {"marks": 2, "due": 2}


class TestReading:
    """What nobody told of is found all the same."""

    async def test_what_changed_in_zoho_is_read_with_what_was_deleted_there(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student(), student(B))
        run_task = college.use_cases.remote.run_task
        await run_task(DEFAULT_TENANT, TaskName.RECONCILE)
        await college.delivered()
        college.timer.jump(7200)
        college.zoho.edit("BTEC_Students", A, {"Last_Name": "Unheard"})
        college.zoho.remove("BTEC_Students", B)
        run = await run_task(DEFAULT_TENANT, TaskName.RECONCILE)
        assert run is not None
        assert (run.status, dict(run.counts)) == (RunStatus.COMPLETED, {"records": 1, "deleted": 1})
        await college.delivered()
        account = (await college.stored("students"))[A].moodle_userid
        assert college.moodle.site.people.rows[account].lastname == "Unheard"

    async def test_a_module_that_zoho_keeps_closed_is_left_out_and_told(self) -> None:
        college = await at_work()
        college.zoho.organization.tables.pop("BTEC_Payments")
        run = await college.use_cases.remote.run_task(DEFAULT_TENANT, TaskName.RECONCILE)
        assert run is not None
        assert run.status is RunStatus.PARTIAL
        assert "BTEC_Payments" in run.message

    async def test_marks_of_moodle_are_found_and_later_only_those_that_are_new(self) -> None:
        college = await at_work()
        course = college.moodle.add_course(shortname="NET-1")
        assignment = college.moodle.add_assignment(course, name="Task 1")
        user = college.moodle.add_user(username="rana@college.example")
        college.moodle.enrol(user, course)
        college.moodle.submit(assignment, user)
        college.moodle.grade(assignment, user, 3)
        await college.sync("moodle_users", [{"id": user, "username": "rana@college.example"}])
        await college.sync("moodle_courses", [{"id": course, "fullname": "Networking"}])
        run_task = college.use_cases.remote.run_task
        counts = []
        for _ in range(3):
            run = await run_task(DEFAULT_TENANT, TaskName.FIND_MARKS)
            assert run is not None
            counts.append(dict(run.counts))
            college.timer.jump(3600)
        assert counts == [{"marks": 1}, {"marks": 1}, {"marks": 0}]  # those of the first moment come again

    async def test_whose_mark_it_is_and_in_which_course_is_found_with_it(self) -> None:
        """No event has told of either, and a mark without them would wait for ever."""
        college = await at_work()
        course = college.moodle.add_course(shortname="NET-1")
        assignment = college.moodle.add_assignment(course, name="Task 1")
        user = college.moodle.add_user(username="rana@college.example")
        college.moodle.enrol(user, course)
        college.moodle.submit(assignment, user)
        college.moodle.grade(assignment, user, 3)
        await college.use_cases.remote.run_task(DEFAULT_TENANT, TaskName.FIND_MARKS)
        (found,) = (await college.stored("moodle_marks")).values()
        assert (found.student, found.course) == (str(user), str(course))


class TestRuns:
    """One process at a time, and an honest end."""

    async def test_a_remote_that_is_away_fails_the_run_and_says_why(self) -> None:
        college = await at_work()
        college.to_zoho.instead["modules"] = lost
        run = await college.use_cases.remote.run_task(DEFAULT_TENANT, TaskName.RECONCILE)
        assert run is not None
        assert run.status is RunStatus.FAILED
        assert run.message.startswith("Zoho")
        (standing,) = await self.standing(college, TaskName.RECONCILE)
        assert standing is RunStatus.FAILED

    async def standing(self, college: AtWork, name: TaskName) -> Sequence[RunStatus | None]:
        listed = await college.use_cases.remote.list_tasks(DEFAULT_TENANT)
        assert [each.name for each in listed] == TASKS
        return [None if each.last is None else each.last.status for each in listed if each.name is name]

    async def test_two_do_not_run_a_task_at_once_and_a_dead_one_is_waited_for_a_minute(self) -> None:
        college = await at_work()
        run_task = college.use_cases.remote.run_task

        async def dies(tenant: TenantId, since: object, now: datetime, goes_on: GoesOn) -> TaskDone:
            raise KeyboardInterrupt

        dying = attrs.evolve(run_task, tasks={TaskName.FIND_MARKS: _Task(dies)})
        with pytest.raises(KeyboardInterrupt):
            await dying(DEFAULT_TENANT, TaskName.FIND_MARKS)
        assert await run_task(DEFAULT_TENANT, TaskName.FIND_MARKS) is None
        assert await self.standing(college, TaskName.FIND_MARKS) == [RunStatus.RUNNING]
        college.timer.jump(SECONDS + 1)
        assert await self.standing(college, TaskName.FIND_MARKS) == [RunStatus.INTERRUPTED]
        assert await run_task(DEFAULT_TENANT, TaskName.FIND_MARKS) is not None

    async def test_a_long_task_keeps_its_lease_and_one_that_is_stopped_is_not_done(self) -> None:
        college = await at_work()
        run_task, went_on = college.use_cases.remote.run_task, []

        async def long(tenant: TenantId, since: object, now: datetime, goes_on: GoesOn) -> TaskDone:
            while await goes_on():
                went_on.append(college.timer.now())
                college.timer.jump(SECONDS / 3)
                assert await run_task(DEFAULT_TENANT, TaskName.FIND_MARKS) is None
            return TaskDone(counts={"rounds": len(went_on)})

        task = attrs.evolve(run_task, tasks={TaskName.FIND_MARKS: _Task(long)})
        run = await task(DEFAULT_TENANT, TaskName.FIND_MARKS, stopped=lambda: len(went_on) == 9)
        assert run is not None
        assert (run.status, run.message, dict(run.counts)) == (RunStatus.FAILED, STOPPED, {"rounds": 9})

    @pytest.mark.parametrize("name", TASKS)
    async def test_what_is_stopped_at_once_has_done_nothing(self, name: TaskName) -> None:
        college = await at_work()
        run = await college.use_cases.remote.run_task(DEFAULT_TENANT, name, stopped=lambda: True)
        assert run is not None
        assert (run.status, run.message) == (RunStatus.FAILED, STOPPED)
        assert set(run.counts.values()) <= {0}

    async def test_a_store_that_is_away_is_told_and_is_no_end_of_the_run(self) -> None:
        college = await at_work()

        async def away(*_: object) -> TaskDone:
            raise StoreUnavailable("It is being moved.")

        task = attrs.evolve(college.use_cases.remote.run_task, tasks={TaskName.FIND_MARKS: _Task(away)})
        with pytest.raises(StoreUnavailable):
            await task(DEFAULT_TENANT, TaskName.FIND_MARKS)

    async def test_by_itself_a_task_runs_when_its_time_has_come_and_flows_run(self) -> None:
        college = await at_work()
        due = college.use_cases.remote.run_tasks_due
        await college.rules(flows=[])
        assert await due() == {}
        await college.rules(flows=[FlowName.GRADE])
        assert [run.module for run in (await due())[DEFAULT_TENANT]] == TASKS
        assert await due() == {}
        college.timer.jump(3601)
        again = (await due())[DEFAULT_TENANT]
        assert [run.module for run in again] == [TaskName.SETTLE_GRADES, TaskName.RECONCILE]
        college.timer.jump(6 * 3600)
        assert await due(stopped=lambda: True) == {}

    async def test_who_is_no_tenant_has_no_tasks(self) -> None:
        college = await at_work()
        with pytest.raises(UnknownTenant):
            await college.use_cases.remote.run_task(TenantId("nobody"), TaskName.RECONCILE)
        with pytest.raises(UnknownTenant):
            await college.use_cases.remote.list_tasks(TenantId("nobody"))


@attrs.frozen
class _Task:
    """A task that a test makes."""

    do: Callable[..., Awaitable[TaskDone]]
    every: timedelta = timedelta(hours=1)

    async def __call__(
        self, tenant: TenantId, since: datetime | None, now: datetime, goes_on: GoesOn
    ) -> TaskDone:
        return await self.do(tenant, since, now, goes_on)
