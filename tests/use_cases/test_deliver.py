"""Delivering: what Zoho says of people, classes and enrolments reaches Moodle, and Zoho is told."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import attrs
import pytest
from tests.use_cases.remotes import TOKEN, College, lost
from tests.use_cases.test_push import CLASS, A, B, class_, enrollment, student

from mzi_adapters.codecs import CodecBySide
from mzi_adapters.memory import MemoryStore
from mzi_adapters.moodle import MoodleCodec
from mzi_adapters.testing.connections import FakeConnections
from mzi_adapters.testing.session_guard import GuardedStore
from mzi_adapters.web import Lost, Response
from mzi_adapters.zoho import ZohoCodec
from mzi_core.flows.flow import FLOWS
from mzi_core.flows.rules import FlowName
from mzi_core.module import Side
from mzi_core.modules import CATALOGUE, MOODLE_ENROLLMENTS, MOODLE_MARKS
from mzi_core.ports import (
    Deleted,
    DeliveryKey,
    DeliveryState,
    Enrolment,
    Membership,
    Note,
    PlanState,
    StoredDelivery,
    ZohoField,
)
from mzi_core.provisioning import STUDENT_ROLE
from mzi_core.provisioning.enrolments import SUSPENDED
from mzi_core.use_cases.deliver import LEASE
from mzi_core.use_cases.deliver_counterparts import GONE, NO_ACCOUNTS
from mzi_core.use_cases.deliver_grades import NO_MARK
from mzi_core.values import DEFAULT_TENANT, MoodleId, ZohoId

UNIT = "5398830000060000001"

SERVICE = 3
"""The account of mzi in the Moodle."""

ALL = [each.value for each in FlowName]


@attrs.define
class AtWork(College):
    """A college whose flows run by themselves, and what is planted in its Zoho."""

    has_zoho: bool = True
    has_moodle: bool = True
    """Whether mzi has an account there."""

    def __attrs_post_init__(self) -> None:
        self.store = GuardedStore(MemoryStore(clock=self.timer))
        self.codec = CodecBySide({Side.ZOHO: ZohoCodec, Side.MOODLE: MoodleCodec})
        super().__attrs_post_init__()

    def connections(self, *, token: str = TOKEN, **account: Any) -> FakeConnections:
        """As far as there are accounts."""
        made = super().connections(token=token, **account)
        made.zoho_account = made.zoho_account if self.has_zoho else None
        made.moodle_account = made.moodle_account if self.has_moodle else None
        return made

    async def rules(self, **rules: object) -> None:
        """What the college lets mzi do."""
        async with self.store.begin(DEFAULT_TENANT) as session:
            settings = await session.settings()
            await session.save_settings(attrs.evolve(settings, rules={"flows": ALL, **rules}))

    async def in_zoho(self, module: str, *records: dict[str, object]) -> None:
        """People enter records in Zoho, and mzi takes them."""
        for record in records:
            self.zoho.add(CATALOGUE[module].remote_name, record)
        await self.sync(module, records)

    async def delivered(self) -> Counter[DeliveryState]:
        """Work until nothing is due; in which states pairs ended, batch by batch."""
        states: Counter[DeliveryState] = Counter()
        await self.use_cases.remote.deliver_due(
            DEFAULT_TENANT, done=lambda _, each: states.update(each.states)
        )
        return states

    async def deliveries(self, flow: FlowName) -> Sequence[StoredDelivery]:
        """How the pairs of a flow stand."""
        async with self.store.read(DEFAULT_TENANT) as session:
            return [each for state in DeliveryState for each in await session.deliveries(flow, state)]

    async def heard(self, module: str, *ids: object) -> None:
        """Zoho tells that records have changed, and mzi reads them again."""
        records = self.zoho.records(CATALOGUE[module].remote_name)
        await self.sync(module, [records[str(id)] for id in ids])

    def zoho_writes(self) -> int:
        """How many calls have changed something in Zoho."""
        changing = ("POST", "PUT", "DELETE")
        asking = ("/coql", "/oauth")
        return sum(
            each.method in changing and not any(what in each.url for what in asking)
            for each in self.zoho.seen
        )

    def fields(self, module: str) -> list[ZohoField]:
        """What a module of the Zoho has."""
        return list(self.zoho.organization.tables[module].fields.values())

    def zoho_says(self, module: str, id: str) -> dict[str, object]:
        """A record as it stands in Zoho."""
        return self.zoho.records(module)[id]


async def at_work(**rules: object) -> AtWork:
    college = AtWork()
    await college.rules(**rules)
    return college


class TestAccounts:
    """Students and teachers."""

    async def test_who_is_new_in_zoho_gets_an_account_and_zoho_is_told(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        account = (await college.stored("students"))[A].moodle_userid
        assert college.moodle.site.people.rows[account].idnumber == A
        said = college.zoho_says("BTEC_Students", A)
        assert (said["Student_Moodle_ID"], said["Synced_to_Moodle"]) == (str(account), True)
        assert str(said["Last_Sync_Date"]).startswith(college.timer.now().date().isoformat())
        assert (await college.stored("students"))[A].moodle_userid_in_zoho == account
        assert await college.delivered() == {}

    async def test_who_has_one_already_is_linked_whatever_the_rules(self) -> None:
        college = await at_work()
        there = college.moodle.add_user(
            username="a1@college.example", firstname="Rana", lastname="Example1", idnumber=A
        )
        await college.in_zoho("students", student(), student(B))
        assert await college.delivered() == {DeliveryState.SETTLED: 2}
        assert (await college.stored("students"))[A].moodle_userid == there
        assert college.zoho_says("BTEC_Students", A)["Student_Moodle_ID"] == str(there)
        assert [each.reason for each in await college.deliveries(FlowName.ACCOUNT)] == ["", NO_ACCOUNTS]
        assert college.moodle_calls("core_user_create_users") == 0

    async def test_a_new_name_reaches_moodle_once_and_our_own_writes_cause_nothing(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        await college.delivered()
        college.zoho.edit("BTEC_Students", A, {"Last_Name": "Renamed"})
        await college.heard("students", A)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        account = (await college.stored("students"))[A].moodle_userid
        assert college.moodle.site.people.rows[account].lastname == "Renamed"
        written = college.moodle_calls("core_user_update_users"), college.zoho_writes()
        for _ in range(2):  # Zoho tells of what we wrote as well
            await college.heard("students", A)
            await college.delivered()
        assert (college.moodle_calls("core_user_update_users"), college.zoho_writes()) == written

    async def test_what_changed_in_zoho_since_we_heard_of_it_is_what_counts(self) -> None:
        """Nobody has told of the newer name yet: it is read again before anything is written."""
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        college.zoho.edit("BTEC_Students", A, {"Last_Name": "Newer"})
        await college.delivered()
        account = (await college.stored("students"))[A].moodle_userid
        assert college.moodle.site.people.rows[account].lastname == "Newer"
        assert (await college.stored("students"))[A].last_name == "Newer"

    async def test_who_is_gone_in_zoho_by_now_gets_nothing(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student(), student(B))
        college.zoho.remove("BTEC_Students", A)
        assert await college.delivered() == {DeliveryState.SETTLED: 2}
        assert [each.reason for each in await college.deliveries(FlowName.ACCOUNT)] == [GONE, ""]
        assert list(await college.stored("students")) == [B]

    async def test_who_cannot_have_one_is_a_dead_letter_and_zoho_is_told_why(self) -> None:
        college = await at_work(create_accounts=True)
        college.zoho.define(
            "BTEC_Students", [*college.fields("BTEC_Students"), "Sync_Status", "Last_Sync_Error"]
        )
        await college.in_zoho("students", student(First_Name="<b"), student(B))
        assert await college.delivered() == {DeliveryState.DEAD: 1, DeliveryState.SETTLED: 1}
        said = college.zoho_says("BTEC_Students", A)
        assert (said["Synced_to_Moodle"], said["Sync_Status"]) == (False, "Failed")
        assert "`<`" in str(said["Last_Sync_Error"])
        college.zoho.edit("BTEC_Students", A, {"First_Name": "Rana"})
        await college.heard("students", A)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        said = college.zoho_says("BTEC_Students", A)
        assert (said["Synced_to_Moodle"], said["Sync_Status"], said["Last_Sync_Error"]) == (
            True,
            "Synced",
            None,
        )

    async def test_where_the_answer_of_zoho_is_lost_only_zoho_is_told_again(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        college.to_zoho.instead["BTEC_Students"] = lost
        await college.delivered()
        account = (await college.stored("students"))[A].moodle_userid
        assert account is not None
        del college.to_zoho.instead["BTEC_Students"]
        college.timer.jump(3600)
        await college.delivered()
        assert college.zoho_says("BTEC_Students", A)["Student_Moodle_ID"] == str(account)
        assert college.moodle_calls("core_user_create_users") == 1

    async def test_an_account_that_was_made_and_not_kept_is_found_by_the_name_noted_for_it(self) -> None:
        """The worker dies between the two, and the address changes: there is still one account."""
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        noted = {"told": False, "username": "a1@college.example", "email": "a1@college.example"}
        async with college.store.begin(DEFAULT_TENANT) as session:
            (claim,) = await session.claim(FlowName.ACCOUNT, 10, LEASE)
            await session.note([Note(claim=claim, intent=noted)])
        made = college.moodle.add_user(
            username="a1@college.example", firstname="Rana", lastname="Example1", idnumber=A
        )
        college.zoho.edit("BTEC_Students", A, {"Academic_Email": "rana@college.example"})
        await college.heard("students", A)
        college.timer.jump(LEASE.total_seconds() + 1)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert (await college.stored("students"))[A].moodle_userid == made
        row = college.moodle.site.people.rows[made]
        assert (row.username, row.email) == ("a1@college.example", "rana@college.example")
        (kept,) = await college.deliveries(FlowName.ACCOUNT)
        assert kept.look_at is not None  # who made it may be at work still

    async def test_an_account_is_made_under_the_name_that_was_noted_for_it(self) -> None:
        """The worker died before it sent anything, or is about to send it still."""
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        noted = {"told": False, "username": "old@college.example", "email": "old@college.example"}
        async with college.store.begin(DEFAULT_TENANT) as session:
            (claim,) = await session.claim(FlowName.ACCOUNT, 10, LEASE)
            await session.note([Note(claim=claim, intent=noted)])
        college.timer.jump(LEASE.total_seconds() + 1)
        await college.delivered()
        account = (await college.stored("students"))[A].moodle_userid
        assert college.moodle.site.people.rows[account].username == "old@college.example"


class TestCoursesAndEnrolments:
    """Classes and who is in them."""

    async def test_an_enrolment_waits_for_both_and_is_made_the_moment_they_are_there(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        await college.in_zoho("classes", class_(Class_Status="Planned"))
        await college.in_zoho("enrollments", enrollment(1))
        await college.delivered()
        (waiting,) = await college.deliveries(FlowName.ENROLMENT)
        assert waiting.waits_for == DeliveryKey(FlowName.COURSE, CLASS)
        college.zoho.edit("BTEC_Classes", CLASS, {"Class_Status": "Active"})
        await college.heard("classes", CLASS)
        await college.delivered()
        kept = (await college.stored("classes"))[CLASS]
        assert college.zoho_says("BTEC_Classes", CLASS)["Moodle_Class_ID"] == str(kept.moodle_class_id)
        assert len(await college.enrolled(kept.moodle_class_id)) == 1
        said = college.zoho_says("BTEC_Enrollments", str(enrollment(1)["id"]))
        assert (said["Moodle_Course_ID"], said["Synced_to_Moodle"]) == (str(kept.moodle_class_id), True)


class TestWithdrawals:
    """Students leave a class, and come back."""

    async def college(self, *, maker: int | None = SERVICE, made_as: int = 501, **rules: object) -> AtWork:
        """A student in a course; who enrolled him is known by the event of it."""
        college = await at_work(create_accounts=True, **rules)
        await college.in_zoho("students", student())
        await college.in_zoho("classes", class_())
        await college.in_zoho("enrollments", enrollment(1))
        await college.delivered()
        course, user = await self.place(college)
        await college.sync("moodle_users", [{"id": user, "username": "a1@college.example"}])
        await college.sync("moodle_courses", [{"id": course, "fullname": "Networking"}])
        made = {"courseid": course, "userid": user, "id": 501, "maker": maker, "made_as": made_as}
        async with college.use_cases.batches.open(DEFAULT_TENANT, MOODLE_ENROLLMENTS) as batch:
            await batch.take([made], are_ours=True)
        return college

    async def place(self, college: AtWork) -> tuple[int, int]:
        """The course and the user."""
        user = (await college.stored("students"))[A].moodle_userid
        course = (await college.stored("classes"))[CLASS].moodle_class_id
        return course, user

    async def says(self, college: AtWork, status: str) -> StoredDelivery:
        """Zoho's status changes; how the pair stands afterwards."""
        college.timer.jump(600)  # Zoho gives few access tokens in ten minutes
        id = str(enrollment(1)["id"])
        college.zoho.edit("BTEC_Enrollments", id, {"Enrollment_Status": status})
        await college.heard("enrollments", id)
        await college.delivered()
        (kept,) = await college.deliveries(FlowName.ENROLMENT)
        return kept

    async def suspended(self, college: AtWork) -> bool:
        """Whether the enrolment is suspended in Moodle."""
        course, user = await self.place(college)
        client = await college.connections().moodle(DEFAULT_TENANT)
        found = await client.enrolled(MoodleId(course), Membership.SUSPENDED)
        return user in {each.id for each in found}

    async def test_who_withdraws_is_suspended_and_who_comes_back_is_active_again(self) -> None:
        college = await self.college()
        kept = await self.says(college, "Withdrawn")
        assert (kept.state, await self.suspended(college)) == (DeliveryState.SETTLED, True)
        assert (await self.says(college, "Dropped")).reason == SUSPENDED
        kept = await self.says(college, "Active")
        assert (kept.state, await self.suspended(college)) == (DeliveryState.SETTLED, False)
        assert kept.agreed is None

    @pytest.mark.parametrize(
        ("maker", "made_as"),
        [(77, 501), (None, 501), (SERVICE, 499)],
        ids=["somebody else", "nobody knows", "it was made anew"],
    )
    async def test_who_was_not_enrolled_by_mzi_is_for_a_person(self, maker: int | None, made_as: int) -> None:
        college = await self.college(maker=maker, made_as=made_as)
        kept = await self.says(college, "Withdrawn")
        assert (kept.state, await self.suspended(college)) == (DeliveryState.DEAD, False)
        assert kept.reason.endswith("suspend it there. No event of Moodle has told that mzi enrolled.")

    async def test_a_rule_can_leave_who_withdraws_to_a_person(self) -> None:
        college = await self.college(withdrawal="leave")
        kept = await self.says(college, "Withdrawn")
        assert (kept.state, await self.suspended(college)) == (DeliveryState.DEAD, False)
        assert kept.reason.endswith("suspend it there.")

    async def test_a_suspension_by_a_person_is_not_taken_back(self) -> None:
        college = await self.college()
        course, user = await self.place(college)
        client = await college.connections().moodle(DEFAULT_TENANT)
        await client.enrol(
            [Enrolment(user=MoodleId(user), course=MoodleId(course), role=STUDENT_ROLE, suspended=True)]
        )
        kept = await self.says(college, "Completed")
        assert (kept.reason, await self.suspended(college)) == (SUSPENDED, True)


class TestBrake:
    """A mistake must not take everybody's course away."""

    async def crowd(self, monkeypatch: pytest.MonkeyPatch, *, told: bool = True) -> AtWork:
        """Four students in a class, all enrolled by mzi; two may be suspended a day."""
        monkeypatch.setattr("mzi_core.use_cases.deliver_counterparts.limit", lambda _: 2)
        college = await at_work(create_accounts=True)
        ids = [f"539883000009000000{n}" for n in range(1, 5)]
        await college.in_zoho("students", *map(student, ids))
        await college.in_zoho("classes", class_())
        await college.in_zoho("enrollments", *(enrollment(n, id) for n, id in enumerate(ids, start=1)))
        await college.delivered()
        course = (await college.stored("classes"))[CLASS].moodle_class_id
        users = [each.moodle_userid for each in (await college.stored("students")).values()]
        await college.sync("moodle_courses", [{"id": course, "fullname": "Networking"}])
        await college.sync("moodle_users", [{"id": user, "username": f"u{user}"} for user in users])
        if told:
            await self.told(college)
        await college.delivered()
        college.timer.jump(600)
        return college

    async def told(self, college: AtWork) -> None:
        """Moodle's events tell that mzi enrolled everybody."""
        course = (await college.stored("classes"))[CLASS].moodle_class_id
        users = [each.moodle_userid for each in (await college.stored("students")).values()]
        made = [
            {"courseid": course, "userid": user, "id": 500 + user, "maker": SERVICE, "made_as": 500 + user}
            for user in users
        ]
        async with college.use_cases.batches.open(DEFAULT_TENANT, MOODLE_ENROLLMENTS) as batch:
            await batch.take(made, are_ours=True)

    async def everybody(self, college: AtWork, status: str) -> None:
        """A mass edit in Zoho."""
        ids = list(college.zoho.records("BTEC_Enrollments"))
        for id in ids:
            college.zoho.edit("BTEC_Enrollments", id, {"Enrollment_Status": status})
        await college.heard("enrollments", *ids)

    async def suspended(self, college: AtWork) -> int:
        """How many are suspended in the course."""
        college.timer.jump(600)
        course = (await college.stored("classes"))[CLASS].moodle_class_id
        client = await college.connections().moodle(DEFAULT_TENANT)
        return len(await client.enrolled(course, Membership.SUSPENDED))

    async def plan(self, college: AtWork) -> str:
        """The one plan that is open."""
        async with college.store.read(DEFAULT_TENANT) as session:
            (plan,) = await session.plans(PlanState.OPEN)
        return plan.id

    async def test_a_wrong_filter_that_withdraws_everybody_is_held_for_a_person(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        college = await self.crowd(monkeypatch)
        await self.everybody(college, "Withdrawn")
        assert await college.delivered() == {DeliveryState.SETTLED: 2, DeliveryState.HELD: 2}
        assert await self.suspended(college) == 2
        held = [each for each in await college.deliveries(FlowName.ENROLMENT) if each.plan_id]
        plan = await self.plan(college)
        assert [(each.state, each.plan_id) for each in held] == [(DeliveryState.HELD, plan)] * 2
        assert f"mzi plan show {plan}" in held[0].reason

    async def test_who_is_active_again_when_the_plan_is_approved_is_left_alone(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Approving plans again: nothing is done blindly."""
        college = await self.crowd(monkeypatch)
        await self.everybody(college, "Withdrawn")
        await college.delivered()
        held = [e.key for e in await college.deliveries(FlowName.ENROLMENT) if e.state is DeliveryState.HELD]
        college.zoho.edit("BTEC_Enrollments", held[0], {"Enrollment_Status": "Active"})
        plan = await self.plan(college)
        async with college.store.begin(DEFAULT_TENANT) as session:
            assert await session.close_plan(plan, PlanState.APPROVED, "The term is over.", "registrar")
            await session.approve(plan)
        await college.delivered()
        assert await self.suspended(college) == 3

    async def test_whom_the_brake_holds_is_no_longer_asked_about_in_the_review_list(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        college = await self.crowd(monkeypatch, told=False)
        await self.everybody(college, "Withdrawn")
        await college.delivered()
        listed = college.use_cases.review.list
        assert len((await listed(DEFAULT_TENANT)).items) == 4
        await self.told(college)
        assert await college.delivered() == {DeliveryState.SETTLED: 2, DeliveryState.HELD: 2}
        assert (await listed(DEFAULT_TENANT)).items == []

    async def rejected(self, college: AtWork) -> None:
        """A person rejects the one plan that is open."""
        reject = college.use_cases.plans.reject
        await reject(DEFAULT_TENANT, await self.plan(college), "A filter in Zoho was wrong.")

    async def test_what_a_person_rejected_is_not_done_whatever_is_looked_at_and_however_late(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        college = await self.crowd(monkeypatch)
        await self.everybody(college, "Withdrawn")
        await college.delivered()
        await self.rejected(college)
        for hours in (0, 25, 25):  # by then the brake lets as many through again
            college.timer.jump(hours * 3600)
            await college.use_cases.remote.make_due(DEFAULT_TENANT, [FLOWS[FlowName.ENROLMENT]])
            assert await college.delivered() == {DeliveryState.SETTLED: 4}
            assert await self.suspended(college) == 2
        reasons = [each.reason for each in await college.deliveries(FlowName.ENROLMENT)]
        assert reasons.count("A filter in Zoho was wrong.") == 2

    async def test_once_rejected_a_person_is_asked_again_when_zoho_says_something_else(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However few they are: nobody knows whether the reason still holds."""
        college = await self.crowd(monkeypatch)
        await self.everybody(college, "Withdrawn")
        await college.delivered()
        await self.rejected(college)
        college.timer.jump(25 * 3600)
        await self.everybody(college, "Dropped")
        assert await college.delivered() == {DeliveryState.SETTLED: 2, DeliveryState.HELD: 2}
        approve = college.use_cases.plans.approve
        await approve(DEFAULT_TENANT, await self.plan(college), "They have left.")
        assert await college.delivered() == {DeliveryState.SETTLED: 2}
        assert await self.suspended(college) == 4

    async def test_a_rejection_is_forgotten_when_the_student_was_active_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        college = await self.crowd(monkeypatch)
        await self.everybody(college, "Withdrawn")
        await college.delivered()
        await self.rejected(college)
        for status, suspended in (("Active", 0), ("Withdrawn", 2)):
            college.timer.jump(25 * 3600)
            await self.everybody(college, status)
            await college.delivered()
            assert await self.suspended(college) == suspended

    async def test_the_next_day_has_a_brake_of_its_own_and_no_one_counts_twice(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        college = await self.crowd(monkeypatch)
        await self.everybody(college, "Withdrawn")
        await college.delivered()
        college.timer.jump(25 * 3600)
        await self.everybody(college, "Dropped")
        assert await college.delivered() == {DeliveryState.SETTLED: 4}
        assert await self.suspended(college) == 4


GRADE = {"userid": 4101, "courseid": 1001, "assignid": 55}
KEY = "4101_1001_55"


def mark(raw: str | None, at: int = 1771142400, attempt: int = 0, **fields: object) -> dict[str, object]:
    """A mark in Moodle of work that was handed in, as an event tells it."""
    return {
        **GRADE,
        "attemptnumber": attempt,
        "rawgrade": raw,
        "assigngrademax": "4",
        "submissionstatus": "submitted",
        "timegraded": at,
        "timemodified": at,
        **fields,
    }


class TestGrades:
    """Marks of Moodle become grades of Zoho."""

    async def college(self, *, linked: bool = True) -> AtWork:
        """A student in a class of one unit, both in Moodle."""
        college = await at_work()
        await college.rules(flows=["grade"])
        college.zoho.add("BTEC", {"id": UNIT, "Name": "Networking"})
        await college.sync("units", [college.zoho.records("BTEC")[UNIT]])
        links = {"Student_Moodle_ID": "4101"}, {"Moodle_Class_ID": "1001"}
        for_student, for_class = links if linked else ({}, {})
        await college.in_zoho("students", student(**for_student))
        await college.in_zoho("classes", class_(Unit={"id": UNIT}, **for_class))
        await college.sync("moodle_users", [{"id": 4101, "email": "a1@college.example"}])
        await college.sync("moodle_courses", [{"id": 1001, "fullname": "Networking 1"}])
        return college

    def grade(self, college: AtWork) -> dict[str, object]:
        """The one grade that Zoho has."""
        (found,) = college.zoho.records("BTEC_Grades").values()
        return found

    async def heard(self, college: AtWork) -> None:
        """Zoho's grades are read again, as after an event."""
        await college.heard("grades", *college.zoho.records("BTEC_Grades"))

    async def test_a_mark_becomes_a_grade_with_all_that_is_known_of_it(self) -> None:
        college = await self.college()
        criteria = [{"code": "P1", "definition": "Describe networks", "score": "1"}]
        told = mark("3", feedback="Well done", grader_name="Teacher One", grade_id=900, criteria=criteria)
        await college.sync("moodle_marks", [told])
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        said = self.grade(college)
        assert (said["Grade"], said["Attempt_Number"], said["Moodle_Grade_Composite_Key"]) == ("M", 1, KEY)
        assert (said["Feedback"], said["Grader_Name"]) == ("Well done", "Teacher One")
        assert (said["Moodle_Grade_ID"], said["Synced_to_Moodle"]) == ("900", True)
        (row,) = cast("list[dict[str, object]]", said["Learning_Outcomes_Assessm"])
        assert (row["LO_Code"], row["LO_Score"]) == ("P1", "Achieved")
        await self.heard(college)
        written = college.zoho_writes()
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert college.zoho_writes() == written

    async def test_what_zoho_has_by_the_key_is_not_made_a_second_time(self) -> None:
        """It is not on our shelf: somebody wrote it before mzi was there."""
        college = await self.college()
        told = {"Moodle_Grade_Composite_Key": KEY, "Grade": "R", "Class": {"id": CLASS}, "Student": {"id": A}}
        college.zoho.add("BTEC_Grades", {**told, "Modified_Time": "2026-01-01T10:00:00+03:00"})
        await college.sync("moodle_marks", [mark("3")])
        await college.delivered()
        assert self.grade(college)["Grade"] == "M"

    async def recorded_before(self, college: AtWork, key: str, **fields: object) -> None:
        """Another system wrote a grade under a key of its own."""
        told = {"Grade": "R", "Class": {"id": CLASS}, "Student": {"id": A}, **fields}
        told = {**told, "Moodle_Grade_Composite_Key": key, "Modified_Time": "2026-01-01T10:00:00+03:00"}
        college.zoho.add("BTEC_Grades", told)

    @pytest.mark.parametrize("key", ["4101_77", "4101_1001"])
    async def test_a_grade_under_an_older_key_is_kept_and_gets_the_key_of_today(self, key: str) -> None:
        """Of the user and the item, or of the user and the course: no second one is made."""
        college = await self.college()
        await self.recorded_before(college, key)
        await college.sync("moodle_marks", [mark("3", gradeitemid=77)])
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        said = self.grade(college)
        assert (said["Moodle_Grade_Composite_Key"], said["Grade"]) == (KEY, "M")
        await self.heard(college)
        await college.delivered()
        assert self.grade(college)["Grade"] == "M"

    async def test_a_grade_under_an_older_key_is_that_of_one_mark_alone(self) -> None:
        """And the key of today comes before an older one."""
        college = await self.college()
        await self.recorded_before(college, "4101_1001")
        await self.recorded_before(college, KEY)
        told = [mark("3"), mark("4", assignid=56), mark("2", assignid=57)]
        await college.sync("moodle_marks", told)
        await college.delivered()
        kept = {
            str(each["Moodle_Grade_Composite_Key"]): each["Grade"]
            for each in college.zoho.records("BTEC_Grades").values()
        }
        assert kept == {KEY: "M", "4101_1001_56": "D", "4101_1001_57": "P"}

    async def test_what_a_person_wrote_into_a_grade_under_an_older_key_stays(self) -> None:
        college = await self.college()
        await self.recorded_before(college, "4101_1001")
        ((id, _),) = college.zoho.records("BTEC_Grades").items()
        college.zoho.edit("BTEC_Grades", id, {"Grade": "D"})
        await college.sync("moodle_marks", [mark("3")])
        await college.delivered()
        said = self.grade(college)
        assert (said["Moodle_Grade_Composite_Key"], said["Grade"]) == (KEY, "D")

    async def test_a_later_mark_and_a_later_attempt_follow(self) -> None:
        college = await self.college()
        for told, grade, attempt in (
            (mark("1"), "R", 1),
            (mark("2", at=1771142500), "P", 1),
            (mark("4", at=1771142600, attempt=1), "D", 2),
            (mark("3", at=1771142700), "D", 2),  # the first attempt is marked again: the latest counts
        ):
            await college.sync("moodle_marks", [told])
            await college.delivered()
            await self.heard(college)
            await college.delivered()
            said = self.grade(college)
            assert (said["Grade"], said["Attempt_Number"]) == (grade, attempt)

    async def test_a_hand_edit_stands_until_the_mark_changes(self) -> None:
        college = await self.college()
        await college.sync("moodle_marks", [mark("2")])
        await college.delivered()
        await self.heard(college)
        (id,) = college.zoho.records("BTEC_Grades")
        college.timer.jump(60)
        college.zoho.edit("BTEC_Grades", id, {"Grade": "D"})
        await self.heard(college)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert self.grade(college)["Grade"] == "D"
        (kept,) = await college.deliveries(FlowName.GRADE)
        assert kept.reason.startswith("Somebody has changed grade_value in Zoho since")
        await college.sync("moodle_marks", [mark("3", at=1771142500)])
        await college.delivered()
        assert self.grade(college)["Grade"] == "M"

    async def test_an_edit_that_nobody_told_of_yet_is_seen_before_it_is_overwritten(self) -> None:
        college = await self.college()
        await college.sync("moodle_marks", [mark("2", feedback="first")])
        await college.delivered()
        await self.heard(college)
        await college.delivered()
        (id,) = college.zoho.records("BTEC_Grades")
        college.zoho.edit("BTEC_Grades", id, {"Grade": "D"})
        await college.sync("moodle_marks", [mark("2", at=1771142500, feedback="second")])
        await college.delivered()
        said = self.grade(college)
        assert (said["Grade"], said["Feedback"]) == ("D", "second")

    async def test_a_mark_waits_for_the_student_and_the_class_it_belongs_to(self) -> None:
        college = await self.college(linked=False)
        await college.sync("moodle_marks", [mark("3")])
        for module, id, link, waits in (
            ("students", A, {"Student_Moodle_ID": "4101"}, DeliveryKey(FlowName.ACCOUNT, "moodle:4101")),
            ("classes", CLASS, {"Moodle_Class_ID": "1001"}, DeliveryKey(FlowName.COURSE, "moodle:1001")),
        ):
            assert await college.delivered() == {DeliveryState.WAITING: 1}
            (kept,) = await college.deliveries(FlowName.GRADE)
            assert kept.waits_for == waits
            college.zoho.edit(CATALOGUE[module].remote_name, id, link)
            await college.heard(module, id)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert self.grade(college)["Grade"] == "M"

    async def test_a_mark_waits_no_longer_once_its_student_is_out_of_the_bin_again(self) -> None:
        """The student comes back with the link that was there before."""
        college = await self.college()
        gone = Deleted(zoho_id=ZohoId(A), deleted_at=college.timer.now(), permanently=False)
        await college.use_cases.remote.prune.mark_deleted(DEFAULT_TENANT, CATALOGUE["students"], [gone])
        await college.sync("moodle_marks", [mark("3")])
        assert await college.delivered() == {DeliveryState.WAITING: 1}
        college.timer.jump(60)
        college.zoho.edit("BTEC_Students", A, {"City": "Irbid"})
        await college.heard("students", A)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}

    async def test_what_is_not_to_be_recorded_yet_says_why_and_one_that_cannot_be_is_given_up(self) -> None:
        college = await self.college()
        await college.sync("moodle_marks", [mark("-1"), mark("3", assignid=56, workflowstate="inmarking")])
        await college.sync("moodle_marks", [mark("3", assignid=57, assigngrademax="-2")])
        assert await college.delivered() == {DeliveryState.SETTLED: 2, DeliveryState.DEAD: 1}
        reasons = {each.key[-2:]: each.reason for each in await college.deliveries(FlowName.GRADE)}
        assert "no mark yet" in reasons["55"]
        assert "released" in reasons["56"]
        assert "scale" in reasons["57"]
        assert college.zoho.records("BTEC_Grades") == {}

    async def test_a_mark_that_is_gone_leaves_the_grade_that_stands(self) -> None:
        college = await self.college()
        await college.sync("moodle_marks", [mark("3")])
        await college.delivered()
        await college.use_cases.remote.prune.mark_deleted(
            DEFAULT_TENANT,
            MOODLE_MARKS,
            [Deleted(zoho_id=ZohoId(KEY), deleted_at=college.timer.now(), permanently=True)],
        )
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        (kept,) = await college.deliveries(FlowName.GRADE)
        assert (kept.reason, self.grade(college)["Grade"]) == (NO_MARK, "M")

    @pytest.mark.parametrize("answered", [True, False])
    async def test_an_edit_of_a_grade_that_has_just_been_made_stands(self, *, answered: bool) -> None:
        """It is not on our shelf yet, and its making may not have been answered."""
        college = await self.college()
        await college.sync("moodle_marks", [mark("2", feedback="first")])
        if not answered:
            college.to_zoho.afterwards["upsert"] = lost
        await college.delivered()
        college.to_zoho.afterwards.clear()
        (id,) = college.zoho.records("BTEC_Grades")
        college.timer.jump(60)
        college.zoho.edit("BTEC_Grades", id, {"Grade": "D"})
        await college.sync("moodle_marks", [mark("2", at=1771142500, feedback="second")])
        await college.delivered()
        said = self.grade(college)
        assert (said["Grade"], said["Feedback"]) == ("D", "second")

    async def test_what_was_not_answered_is_not_sent_again_before_it_is_looked_at(self) -> None:
        """Within a minute a person has changed what was sent."""
        college = await self.college()
        await college.sync("moodle_marks", [mark("2")])
        await college.delivered()
        await self.heard(college)
        (id,) = college.zoho.records("BTEC_Grades")

        def edited() -> Response:
            college.timer.jump(60)
            college.zoho.edit("BTEC_Grades", id, {"Grade": "D"})
            college.to_zoho.afterwards.clear()
            raise Lost

        college.to_zoho.afterwards["/BTEC_Grades"] = edited
        await college.sync("moodle_marks", [mark("3", at=1771142500)])
        await college.delivered()
        college.timer.jump(60)
        await college.delivered()
        (kept,) = await college.deliveries(FlowName.GRADE)
        assert (self.grade(college)["Grade"], kept.look_at is None) == ("D", False)

    async def test_a_grade_that_was_sent_and_not_answered_is_sent_once(self) -> None:
        college = await self.college()
        await college.sync("moodle_marks", [mark("3")])
        college.to_zoho.instead["upsert"] = lost
        assert await college.delivered() == {DeliveryState.DUE: 1}
        del college.to_zoho.instead["upsert"]
        college.timer.jump(600)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert len(college.zoho.records("BTEC_Grades")) == 1
