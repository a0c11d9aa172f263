"""Drift: what both sides say of every pair, and what would become of it, without writing anything."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from tests.use_cases import test_deliver
from tests.use_cases.drifting import drift, fields, outlooks, pages
from tests.use_cases.test_deliver import KEY, AtWork, at_work, mark
from tests.use_cases.test_push import CLASS, A, B, C, class_, enrollment, student

from mzi_adapters.web import Response
from mzi_core.errors import (
    AccountMissing,
    AmbiguousMatch,
    GatewayRefused,
    GatewayUnavailable,
    StoreUnavailable,
    UnknownTenant,
)
from mzi_core.flows.drift import Outlook
from mzi_core.flows.flow import FLOWS
from mzi_core.flows.rules import FlowName
from mzi_core.modules import MOODLE_MARKS
from mzi_core.ports import Deleted, DeliveryState, Enrolment, Note, Stored
from mzi_core.provisioning import STUDENT_ROLE, Step
from mzi_core.use_cases.deliver import LEASE
from mzi_core.use_cases.deliver_counterparts import GONE, NO_ACCOUNTS
from mzi_core.use_cases.deliver_grades import NO_MARK
from mzi_core.use_cases.drift_counterparts import TOO_MANY
from mzi_core.use_cases.moodle_target import MoodleTarget
from mzi_core.use_cases.zoho_half import ZohoHalf
from mzi_core.values import DEFAULT_TENANT, TenantId, ZohoId

ACCOUNT, COURSE, ENROLMENT, GRADE = FlowName.ACCOUNT, FlowName.COURSE, FlowName.ENROLMENT, FlowName.GRADE


class TestAccounts:
    """Students, teachers and their accounts."""

    async def test_who_has_no_account_would_get_one_where_the_rules_let_him(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        (pair,) = await drift(college)
        assert (pair.outlook, pair.key, pair.module) == (Outlook.CREATE, A, "students")
        assert fields(pair)["email"] == ("a1@college.example", None)

    async def test_an_account_that_the_rules_forbid_is_told_as_such_and_is_no_difference(self) -> None:
        college = await at_work()
        await college.in_zoho("students", student())
        (pair,) = await drift(college)
        assert (pair.outlook, pair.why, pair.outlook.differs) == (Outlook.LEAVE, NO_ACCOUNTS, False)

    async def test_both_sides_are_read_now_whatever_was_heard_of_them_before(self) -> None:
        """Nobody has told of the newer names, neither Zoho nor Moodle."""
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student(), student(B), student(C))
        await college.delivered()
        assert outlooks(await drift(college)) == {Outlook.AGREES: 3}
        college.zoho.edit("BTEC_Students", A, {"Last_Name": "Newer"})
        users = college.moodle.site.people.rows
        users[(await college.stored("students"))[B].moodle_userid].firstname = "Other"
        college.zoho.remove("BTEC_Students", C)
        pairs = {pair.key: pair for pair in await drift(college)}
        assert (pairs[A].outlook, fields(pairs[A])) == (
            Outlook.CHANGE,
            {"last_name": ("Newer", "Example1")},
        )
        assert (pairs[B].outlook, fields(pairs[B])) == (Outlook.CHANGE, {"first_name": ("Rana", "Other")})
        assert (pairs[C].outlook, pairs[C].why, pairs[C].differing) == (Outlook.LEAVE, GONE, ())

    async def test_a_link_that_zoho_has_not_been_told_of_is_told_with_what_zoho_says(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student(), student(B))
        await college.delivered()
        college.zoho.edit("BTEC_Students", B, {"Student_Moodle_ID": None})
        made = (await college.stored("students"))[B].moodle_userid
        pairs = {pair.key: pair for pair in await drift(college)}
        assert pairs[A].outlook is Outlook.AGREES
        assert (pairs[B].outlook, fields(pairs[B])) == (Outlook.TELL, {"moodle_userid": (None, made)})

    async def test_an_account_that_is_only_to_be_linked_differs_by_its_id(self) -> None:
        college = await at_work()
        there = college.moodle.add_user(
            username="a1@college.example", firstname="Rana", lastname="Example1", idnumber=A
        )
        await college.in_zoho("students", student())
        (pair,) = await drift(college)
        assert (pair.outlook, fields(pair)) == (Outlook.TELL, {"moodle_userid": (None, there)})
        assert pair.counterpart == str(there)

    async def test_what_was_done_and_zoho_was_not_told_of_yet_is_to_be_told(self) -> None:
        """The link stands in Zoho already, but not that all went well."""
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        await college.delivered()
        await college.heard("students", A)
        await college.use_cases.remote.make_due(DEFAULT_TENANT, FLOWS.values())
        async with college.store.begin(DEFAULT_TENANT) as session:
            (claim,) = await session.claim(ACCOUNT, 1, LEASE)
            await session.note([Note(claim=claim, intent={"told": False})])
        (pair,) = await drift(college)
        assert (pair.outlook, pair.differing) == (Outlook.TELL, ())

    async def test_an_account_that_a_worker_made_and_could_not_keep_is_not_made_again(self) -> None:
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student())
        noted = {"told": False, "username": "old@college.example", "email": "old@college.example"}
        async with college.store.begin(DEFAULT_TENANT) as session:
            (claim,) = await session.claim(ACCOUNT, 10, LEASE)
            await session.note([Note(claim=claim, intent=noted)])
        made = college.moodle.add_user(
            username="old@college.example", firstname="Rana", lastname="Example1", idnumber=A
        )
        (pair,) = await drift(college)
        assert (pair.outlook, pair.counterpart) == (Outlook.CHANGE, str(made))
        assert fields(pair)["moodle_userid"] == (None, made)

    async def test_what_a_person_must_choose_or_correct_is_told_apart(self) -> None:
        college = await at_work(create_accounts=True)
        for name in ("one", "two"):
            college.moodle.add_user(username=name, email="a1@college.example")
        await college.in_zoho("students", student(), student(B, First_Name="<b"))
        pairs = {pair.key: pair for pair in await drift(college)}
        assert (pairs[A].outlook, "keep one of them" in pairs[A].why) == (Outlook.ASK, True)
        assert (pairs[B].outlook, "HTML" in pairs[B].why) == (Outlook.CANNOT, True)

    async def test_without_an_account_at_zoho_what_is_known_here_counts(self) -> None:
        college = await at_work(create_accounts=True)
        college.has_zoho = False
        await college.in_zoho("students", student())
        await college.delivered()
        assert outlooks(await drift(college, ACCOUNT)) == {Outlook.AGREES: 1}
        (page,) = await pages(college, GRADE)
        assert isinstance(page.error, AccountMissing)


class TestCoursesAndEnrolments:
    """Classes, and who is in them."""

    async def test_an_enrolment_waits_for_its_student_and_its_class(self) -> None:
        college = await at_work()
        await college.in_zoho("students", student())
        await college.in_zoho("classes", class_())
        await college.in_zoho("enrollments", enrollment(1))
        assert [(pair.module, pair.outlook) for pair in await drift(college)] == [
            ("students", Outlook.LEAVE),
            ("classes", Outlook.CREATE),
            ("enrollments", Outlook.WAIT),
        ]

    async def test_who_has_left_would_be_suspended_and_active_again_when_he_comes_back(self) -> None:
        scene = test_deliver.TestWithdrawals()
        college = await scene.college()
        id = str(enrollment(1)["id"])
        college.timer.jump(600)
        college.zoho.edit("BTEC_Enrollments", id, {"Enrollment_Status": "Withdrawn"})
        (pair,) = await drift(college, ENROLMENT)
        assert (pair.outlook, fields(pair)) == (Outlook.SUSPEND, {"suspended": (True, False)})
        await scene.says(college, "Withdrawn")
        assert outlooks(await drift(college, ENROLMENT)) == {Outlook.AGREES: 1}
        college.timer.jump(600)
        college.zoho.edit("BTEC_Enrollments", id, {"Enrollment_Status": "Active"})
        (pair,) = await drift(college, ENROLMENT)
        assert (pair.outlook, fields(pair)) == (Outlook.ACTIVATE, {"suspended": (False, True)})

    async def test_whom_a_person_enrolled_is_left_to_a_person(self) -> None:
        scene = test_deliver.TestWithdrawals()
        college = await scene.college(maker=77)
        college.timer.jump(600)
        edited = {"Enrollment_Status": "Withdrawn"}
        college.zoho.edit("BTEC_Enrollments", str(enrollment(1)["id"]), edited)
        (pair,) = await drift(college, ENROLMENT)
        assert (pair.outlook, "suspend it there" in pair.why) == (Outlook.ASK, True)


class TestBrake:
    """More than may be taken away in a day."""

    async def withdrawn(self, monkeypatch: pytest.MonkeyPatch, *, at_once: int = 1000) -> AtWork:
        """Four have left, and two may be suspended a day."""
        flow = FLOWS[ENROLMENT]
        monkeypatch.setattr(type(flow), "at_once", property(lambda _: at_once))
        scene = test_deliver.TestBrake()
        college = await scene.crowd(monkeypatch)
        await scene.everybody(college, "Withdrawn")
        return college

    @pytest.mark.parametrize("at_once", [1, 3, 1000])
    async def test_more_than_may_be_suspended_in_a_day_are_left_to_a_person(
        self, monkeypatch: pytest.MonkeyPatch, at_once: int
    ) -> None:
        """However many are looked at together."""
        college = await self.withdrawn(monkeypatch, at_once=at_once)
        pairs = await drift(college, ENROLMENT)
        assert outlooks(pairs) == {Outlook.SUSPEND: 2, Outlook.ASK: 2}
        assert {pair.why for pair in pairs} == {"", TOO_MANY}

    async def test_pairs_that_were_never_due_are_counted_as_all_others(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        college = await test_deliver.TestBrake().crowd(monkeypatch)
        async with college.store.begin(DEFAULT_TENANT) as session:
            assert (await session.forget_settled(ENROLMENT, timedelta(0))).number == 4
        for id in list(college.zoho.records("BTEC_Enrollments")):
            college.zoho.edit("BTEC_Enrollments", id, {"Enrollment_Status": "Withdrawn"})
        assert outlooks(await drift(college, ENROLMENT)) == {Outlook.SUSPEND: 2, Outlook.ASK: 2}

    async def test_to_look_takes_nobody_s_place_at_the_brake(self, monkeypatch: pytest.MonkeyPatch) -> None:
        college = await self.withdrawn(monkeypatch)
        pairs = await drift(college, ENROLMENT)
        back = [pair.key for pair in pairs if pair.outlook is Outlook.SUSPEND]
        for id in back:
            college.zoho.edit("BTEC_Enrollments", id, {"Enrollment_Status": "Active"})
        await college.heard("enrollments", *back)
        assert await college.delivered() == {DeliveryState.SETTLED: 4}
        assert await test_deliver.TestBrake().suspended(college) == 2

    async def test_what_a_person_has_approved_would_be_done_and_what_he_rejected_stays(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene = test_deliver.TestBrake()
        college = await self.withdrawn(monkeypatch)
        assert await college.delivered() == {DeliveryState.SETTLED: 2, DeliveryState.HELD: 2}
        assert outlooks(await drift(college, ENROLMENT)) == {Outlook.AGREES: 2, Outlook.ASK: 2}
        approve = college.use_cases.plans.approve
        await approve(DEFAULT_TENANT, await scene.plan(college), "The term is over.")
        assert outlooks(await drift(college, ENROLMENT)) == {Outlook.AGREES: 2, Outlook.SUSPEND: 2}

    async def test_what_a_person_rejected_is_left_until_zoho_says_something_else(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene = test_deliver.TestBrake()
        college = await self.withdrawn(monkeypatch)
        await college.delivered()
        await scene.rejected(college)
        college.timer.jump(25 * 3600)
        pairs = await drift(college, ENROLMENT)
        assert outlooks(pairs) == {Outlook.AGREES: 2, Outlook.LEAVE: 2}
        assert "A filter in Zoho was wrong." in {pair.why for pair in pairs}
        await scene.everybody(college, "Dropped")
        assert outlooks(await drift(college, ENROLMENT)) == {Outlook.AGREES: 2, Outlook.ASK: 2}

    async def test_an_approval_that_was_carried_out_lets_nothing_through_later(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who is active again in Moodle is suspended by what is due then, which nobody has approved."""
        scene = test_deliver.TestBrake()
        college = await self.withdrawn(monkeypatch)
        await college.delivered()
        approve = college.use_cases.plans.approve
        await approve(DEFAULT_TENANT, await scene.plan(college), "The term is over.")
        await college.delivered()
        assert await scene.suspended(college) == 4
        college.timer.jump(25 * 3600)
        course = (await college.stored("classes"))[CLASS].moodle_class_id
        moodle = await college.connections().moodle(DEFAULT_TENANT)
        users = [each.moodle_userid for each in (await college.stored("students")).values()]
        await moodle.enrol(
            [Enrolment(user=user, course=course, role=STUDENT_ROLE, suspended=False) for user in users]
        )
        assert outlooks(await drift(college, ENROLMENT)) == {Outlook.SUSPEND: 2, Outlook.ASK: 2}


class TestGrades:
    """What marks come to, and the grades of Zoho."""

    async def college(self, **how: Any) -> AtWork:
        return await test_deliver.TestGrades().college(**how)

    async def test_a_mark_without_a_grade_would_make_one(self) -> None:
        college = await self.college()
        await college.sync("moodle_marks", [mark("3")])
        (pair,) = await drift(college, GRADE)
        assert (pair.outlook, pair.key, pair.counterpart) == (Outlook.CREATE, KEY, None)
        assert fields(pair)["grade_value"] == (None, "M")

    async def test_a_grade_that_zoho_has_by_the_key_is_found_there(self) -> None:
        college = await self.college()
        told = {"Moodle_Grade_Composite_Key": KEY, "Grade": "R", "Class": {"id": CLASS}, "Student": {"id": A}}
        id = college.zoho.add("BTEC_Grades", {**told, "Modified_Time": "2026-01-01T10:00:00+03:00"})
        await college.sync("moodle_marks", [mark("3")])
        (pair,) = await drift(college, GRADE)
        assert (pair.outlook, pair.counterpart) == (Outlook.CHANGE, id)
        assert fields(pair)["grade_value"] == ("R", "M")

    async def test_a_grade_whose_key_somebody_has_corrected_is_told_once(self) -> None:
        """It is known here under the key that it had before."""
        college = await self.college()
        told = {"Moodle_Grade_Composite_Key": "7_8_9", "Grade": "M", "Class": {"id": CLASS}}
        id = college.zoho.add("BTEC_Grades", {**told, "Student": {"id": A}})
        await college.heard("grades", id)
        assert [pair.why for pair in await drift(college, GRADE)] == [NO_MARK]
        college.zoho.edit("BTEC_Grades", id, {"Moodle_Grade_Composite_Key": KEY})
        await college.sync("moodle_marks", [mark("3")])
        (pair,) = await drift(college, GRADE)
        assert (pair.key, pair.counterpart) == (KEY, id)

    async def test_what_a_person_has_changed_in_zoho_stays_and_is_told_as_such(self) -> None:
        college = await self.college()
        await college.sync("moodle_marks", [mark("2")])
        await college.delivered()
        await college.heard("grades", *college.zoho.records("BTEC_Grades"))
        await college.delivered()
        assert outlooks(await drift(college, GRADE)) == {Outlook.AGREES: 1}
        (id,) = college.zoho.records("BTEC_Grades")
        college.timer.jump(60)
        college.zoho.edit("BTEC_Grades", id, {"Grade": "D"})
        (pair,) = await drift(college, GRADE)
        assert (pair.outlook, fields(pair)["grade_value"]) == (Outlook.ASK, ("D", "P"))
        assert pair.why.startswith("Somebody has changed grade_value")
        await college.sync("moodle_marks", [mark("3", at=1771142500)])
        (pair,) = await drift(college, GRADE)
        assert (pair.outlook, fields(pair)["grade_value"]) == (Outlook.CHANGE, ("D", "M"))

    async def test_a_mark_waits_for_its_student(self) -> None:
        college = await self.college(linked=False)
        await college.sync("moodle_marks", [mark("3")])
        (pair,) = await drift(college, GRADE)
        assert (pair.outlook, pair.why) == (
            Outlook.WAIT,
            "No student in Zoho is linked to Moodle user 4101 yet.",
        )

    async def test_what_is_not_recorded_is_left_as_zoho_has_it(self) -> None:
        """A mark that is not released yet, one that cannot be judged, and a grade without a mark."""
        college = await self.college()
        await college.sync("moodle_marks", [mark("2"), mark("3", assignid=58)])
        await college.delivered()
        await college.heard("grades", *college.zoho.records("BTEC_Grades"))
        await college.sync("moodle_marks", [mark("2", at=1771142500, workflowstate="inmarking")])
        await college.sync("moodle_marks", [mark("-1", assignid=56)])
        await college.sync("moodle_marks", [mark("3", assignid=57, assigngrademax="-2")])
        gone = Deleted(zoho_id=ZohoId("4101_1001_58"), deleted_at=college.timer.now(), permanently=True)
        await college.use_cases.remote.prune.mark_deleted(DEFAULT_TENANT, MOODLE_MARKS, [gone])
        college.zoho.add("BTEC_Grades", {"Grade": "P", "Class": {"id": CLASS}, "Student": {"id": A}})
        await college.heard("grades", *college.zoho.records("BTEC_Grades"))
        pairs = {pair.key[-2:]: pair for pair in await drift(college, GRADE)}
        assert {key: pair.outlook for key, pair in pairs.items()} == {
            "55": Outlook.LEAVE,
            "56": Outlook.AGREES,
            "57": Outlook.CANNOT,
            "58": Outlook.LEAVE,
        }
        assert fields(pairs["55"])["grade_value"] == ("P", None)
        assert (pairs["58"].why, fields(pairs["58"])) == (NO_MARK, {"grade_value": ("M", None)})


def away() -> Response:
    """The service does not work just now."""
    return Response(status=503, body=b"")


class TestTrouble:
    """What cannot be read."""

    async def test_an_outage_ends_one_flow_and_what_was_read_before_is_told(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flow = FLOWS[ACCOUNT]
        monkeypatch.setattr(type(flow), "at_once", property(lambda _: 1))
        college = await at_work(create_accounts=True)
        await college.in_zoho("students", student(), student(B), student(C))
        await college.in_zoho("classes", class_())
        found = []
        async for page in college.use_cases.remote.find_drift(DEFAULT_TENANT):
            found.append(page)
            college.to_moodle.instead["core_user_get_users_by_field"] = away
        first, broken, courses = found
        assert [pair.key for pair in first.pairs] == [A]
        assert (broken.flow.name, broken.pairs) == (ACCOUNT, ())
        assert isinstance(broken.error, GatewayUnavailable)
        assert (courses.flow.name, courses.error, len(courses.pairs)) == (COURSE, None, 1)

    async def test_when_the_store_is_away_nothing_more_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        college = await at_work()
        await college.in_zoho("students", student())

        async def gone(*_: object) -> None:
            raise StoreUnavailable("It is gone.")

        monkeypatch.setattr(MoodleTarget, "plan", gone)
        with pytest.raises(StoreUnavailable):
            await drift(college)

    async def test_a_record_that_a_service_refuses_spoils_no_other(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        planned = MoodleTarget.plan

        async def plan(self: MoodleTarget, ours: Sequence[Any]) -> Sequence[Step[object]]:
            if any(each.zoho_id == B for each in ours):
                raise GatewayRefused("Moodle", "it takes no such name")
            return await planned(self, ours)

        college = await at_work(create_accounts=True)
        await college.in_zoho("students", *map(student, (A, B, C)))
        monkeypatch.setattr(MoodleTarget, "plan", plan)
        pairs = {pair.key: pair for pair in await drift(college)}
        assert {key: pair.outlook for key, pair in pairs.items()} == {
            A: Outlook.CREATE,
            B: Outlook.CANNOT,
            C: Outlook.CREATE,
        }
        assert "it takes no such name" in pairs[B].why

    async def test_a_grade_that_zoho_refuses_to_look_for_spoils_no_other(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looked = ZohoHalf.found

        async def found(self: ZohoHalf, name: str, values: Sequence[str]) -> Mapping[str, Stored[Any]]:
            if KEY in values:
                raise AmbiguousMatch("Zoho", "two grades have its key")
            return await looked(self, name, values)

        college = await test_deliver.TestGrades().college()
        await college.sync("moodle_marks", [mark("3"), mark("2", assignid=56)])
        monkeypatch.setattr(ZohoHalf, "found", found)
        pairs = {pair.key[-2:]: pair for pair in await drift(college, GRADE)}
        assert (pairs["55"].outlook, "two grades" in pairs["55"].why) == (Outlook.CANNOT, True)
        assert pairs["56"].outlook is Outlook.CREATE

    async def test_a_tenant_that_is_none_is_told(self) -> None:
        college = await at_work()
        with pytest.raises(UnknownTenant):
            async for _ in college.use_cases.remote.find_drift(TenantId("nobody")):
                pass

    async def test_many_pairs_take_few_calls(self) -> None:
        """A call for a hundred records of Zoho, beside those about its fields; of Moodle even fewer."""
        college = await at_work(create_accounts=True)
        ids = [f"539883000009{n:07d}" for n in range(1200)]
        await college.in_zoho(
            "students", *(student(id, Academic_Email=f"s{id}@college.example") for id in ids)
        )
        await college.in_zoho("classes", class_())
        await college.in_zoho("enrollments", *(enrollment(n, id) for n, id in enumerate(ids)))
        await college.delivered()
        zoho, moodle = len(college.zoho.seen), college.moodle.calls
        assert outlooks(await drift(college, ACCOUNT, COURSE, ENROLMENT)) == {Outlook.AGREES: 2401}
        assert len(college.zoho.seen) - zoho <= 40
        assert college.moodle.calls - moodle <= 10
