"""Delivering programmes, as categories or as courses, and registrations, which enrol in such a course."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.use_cases.remotes import lost
from tests.use_cases.test_deliver import SERVICE, AtWork, at_work
from tests.use_cases.test_push import CLASS, A, B, class_, student

from mzi_core.flows.flow import FLOWS
from mzi_core.flows.rules import FlowName
from mzi_core.modules import CATALOGUE, MOODLE_ENROLLMENTS
from mzi_core.ports import DeliveryKey, DeliveryState, Membership, PlanState, ReviewKind, StoredDelivery
from mzi_core.provisioning.enrolments import NO_COURSE
from mzi_core.provisioning.program_places import NOT_ACTIVE
from mzi_core.use_cases.deliver import LEASE
from mzi_core.use_cases.deliver_counterparts import NO_PROGRAMS
from mzi_core.values import DEFAULT_TENANT, MoodleId

IT, ART = "5398830000080000001", "5398830000080000002"
REGISTRATION = "5398830000140000001"
SYNC_FIELDS = (
    *("Synced_to_Moodle", "Moodle_Sync_Status", "Moodle_Sync_Date"),
    *("Last_Updated_in_Moodle", "Sync_Error_Message"),
)


def program(id: str = IT, name: str = "Information Technology", **fields: object) -> dict[str, object]:
    return {"id": id, "Product_Name": name, "Product_Code": f"P{id[-1]}", **fields}


def registration(
    student_id: str = A, program_id: str = IT, id: str = REGISTRATION, **fields: object
) -> dict[str, object]:
    named = {"Student_ID": {"id": student_id}, "Program": {"id": program_id}}
    return {"id": id, **named, "Registration_Status": "Active", **fields}


async def of_programs(**rules: object) -> AtWork:
    """A college that has the fields of the reference, and lets mzi make what is missing."""
    college = await at_work(**{"create_accounts": True, "create_programs": True, **rules})
    for module in ("Products", "BTEC_Registrations"):
        there = {field.api_name for field in college.fields(module)}
        more = [name for name in SYNC_FIELDS if name not in there]
        college.zoho.define(module, [*college.fields(module), *more])
    return college


async def moodle_id(college: AtWork, id: str = IT) -> Any:
    return (await college.stored("programs"))[id].moodle_id


async def only(college: AtWork, flow: FlowName) -> StoredDelivery:
    (found,) = await college.deliveries(flow)
    return found


def renamed(college: AtWork, name: str) -> None:
    college.zoho.edit("Products", IT, {"Product_Name": name})


class TestCategories:
    """A programme is a category."""

    async def test_a_new_programme_gets_a_category_and_zoho_is_told(self) -> None:
        college = await of_programs()
        await college.in_zoho("programs", program())
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        id = await moodle_id(college)
        category = college.moodle.site.categories[id]
        assert (category.name, category.idnumber) == ("Information Technology", IT)
        said = college.zoho_says("Products", IT)
        assert (said["crmnmoodle__Moodle_ID"], str(said["MoodleID"])) == (id, str(id))
        today = college.timer.now().date().isoformat()
        assert str(said["Last_Updated_in_Moodle"]).startswith(today)
        await college.heard("programs", IT)
        assert await college.delivered() == {}

    async def test_by_default_none_is_made_and_one_that_is_there_is_linked(self) -> None:
        college = await of_programs(create_programs=False)
        there = college.moodle.add_category("Old name", idnumber=IT)
        await college.in_zoho("programs", program(), program(ART, "Art"))
        assert await college.delivered() == {DeliveryState.SETTLED: 2}
        assert (await moodle_id(college), await moodle_id(college, ART)) == (there, None)
        assert college.moodle.site.categories[there].name == "Information Technology"
        reasons = [each.reason for each in await college.deliveries(FlowName.PROGRAM)]
        assert reasons == ["", NO_PROGRAMS]

    async def test_a_person_who_pushes_them_has_them_made(self) -> None:
        college = await of_programs(create_programs=False)
        await college.in_zoho("programs", program())
        await college.delivered()
        await college.push_moodle("programs")
        assert await moodle_id(college) in college.moodle.site.categories

    async def test_a_new_name_reaches_moodle(self) -> None:
        college = await of_programs()
        await college.in_zoho("programs", program())
        await college.delivered()
        renamed(college, "Computing & Networks")
        await college.heard("programs", IT)
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert college.moodle.site.categories[await moodle_id(college)].name == "Computing & Networks"

    async def test_one_whose_answer_was_lost_is_not_made_a_second_time(self) -> None:
        college = await of_programs()
        await college.in_zoho("programs", program())
        college.to_zoho.instead["/Products"] = lost
        await college.delivered()
        college.to_zoho.instead.clear()
        college.timer.jump(4000)
        assert set(await college.delivered()) == {DeliveryState.SETTLED}
        made = [id for id, each in college.moodle.site.categories.items() if each.idnumber == IT]
        assert made == [await moodle_id(college)]

    async def test_one_that_somebody_makes_meanwhile_is_found_and_told(self) -> None:
        college = await of_programs()
        await college.in_zoho("programs", program())

        def made() -> Any:
            college.to_moodle.instead.clear()
            college.moodle.add_category("Information Technology", idnumber=IT)
            return lost()

        college.to_moodle.instead["core_course_create_categories"] = made
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert college.zoho_says("Products", IT)["crmnmoodle__Moodle_ID"] == await moodle_id(college)

    async def test_without_zoho_what_was_made_is_known_all_the_same(self) -> None:
        college = await of_programs()
        await college.in_zoho("programs", program())
        college.has_zoho = False
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert await moodle_id(college) in college.moodle.site.categories

    async def test_a_category_that_is_anothers_is_left_alone_and_told(self) -> None:
        college = await of_programs()
        theirs = college.moodle.add_category("Somebody's", idnumber="other")
        unlike = college.moodle.add_category("Something")
        await college.in_zoho(
            "programs", program(MoodleID=str(theirs)), program(ART, "Art", MoodleID=str(unlike))
        )
        assert await college.delivered() == {DeliveryState.DEAD: 2}
        names = [college.moodle.site.categories[id].name for id in (theirs, unlike)]
        assert names == ["Somebody's", "Something"]
        first, second = (each.reason for each in await college.deliveries(FlowName.PROGRAM))
        assert "the id number of something else" in first
        assert "neither its id number nor its name" in second
        assert college.zoho_says("Products", IT)["Moodle_Sync_Status"] == "Failed"
        assert (await college.use_cases.review.list(DEFAULT_TENANT)).items == []

    async def test_a_class_goes_into_the_category_of_its_programme_and_does_not_wait_for_it(self) -> None:
        college = await of_programs(create_programs=False)
        await college.in_zoho("programs", program())
        await college.in_zoho("classes", class_(BTEC_Program={"id": IT}))
        assert await college.delivered() == {DeliveryState.SETTLED: 2}
        (first,) = [each for each in college.moodle.site.courses.values() if each.idnumber == CLASS]
        assert first.categoryid == 1
        await college.push_moodle("programs")
        other = "5398830000070000009"
        await college.in_zoho("classes", class_(other, BTEC_Program={"id": IT}))
        await college.delivered()
        (second,) = [each for each in college.moodle.site.courses.values() if each.idnumber == other]
        assert second.categoryid == await moodle_id(college)


class TestCourses:
    """A programme is a course."""

    async def test_a_new_programme_gets_a_course_and_is_renamed_there(self) -> None:
        college = await of_programs(programs="course")
        await college.in_zoho("programs", program())
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        id = await moodle_id(college)
        course = college.moodle.site.courses[id]
        assert (course.fullname, course.shortname, course.idnumber) == ("Information Technology", "P1", IT)
        assert college.zoho_says("Products", IT)["crmnmoodle__Moodle_ID"] == id
        renamed(college, "Computing")
        await college.heard("programs", IT)
        await college.delivered()
        assert college.moodle.site.courses[id].fullname == "Computing"

    async def test_its_id_is_no_category_for_the_courses_of_classes(self) -> None:
        college = await of_programs(programs="course")
        await college.in_zoho("programs", program())
        await college.in_zoho("classes", class_(BTEC_Program={"id": IT}))
        assert await college.delivered() == {DeliveryState.SETTLED: 2}
        (course,) = [each for each in college.moodle.site.courses.values() if each.idnumber == CLASS]
        assert course.categoryid == 1

    async def test_nor_is_it_where_a_programme_is_a_category_again_and_not_made_one_yet(self) -> None:
        college = await of_programs(programs="course")
        await college.in_zoho("programs", program())
        await college.delivered()
        while await moodle_id(college) not in college.moodle.site.categories:
            college.moodle.add_category("Another one")
        await college.rules(programs="category")
        await college.in_zoho("classes", class_(BTEC_Program={"id": IT}))
        await college.delivered()
        (course,) = [each for each in college.moodle.site.courses.values() if each.idnumber == CLASS]
        assert course.categoryid == 1

    async def test_a_course_with_its_short_name_is_not_taken(self) -> None:
        college = await of_programs(programs="course")
        college.moodle.add_course(shortname="P1", fullname="Physics 1")
        await college.in_zoho("programs", program())
        assert await college.delivered() == {DeliveryState.DEAD: 1}
        assert "has its short name and is another one" in (await only(college, FlowName.PROGRAM)).reason

    async def test_by_another_rule_it_becomes_the_other_and_back(self) -> None:
        """What it was before is known by its id number, and stays in Moodle."""
        college = await of_programs(flows=["program"])
        await college.in_zoho("programs", program())
        await college.delivered()
        category = await moodle_id(college)
        site = college.moodle.site
        for rule, there in (
            ("course", site.courses),
            ("category", site.categories),
            ("course", site.courses),
        ):
            college.timer.jump(600)
            await college.rules(programs=rule, create_programs=True)
            await college.use_cases.remote.make_due(DEFAULT_TENANT, [FLOWS[FlowName.PROGRAM]])
            assert await college.delivered() == {DeliveryState.SETTLED: 1}
            (id,) = [id for id, each in there.items() if each.idnumber == IT]
            assert await moodle_id(college) == id
            assert college.zoho_says("Products", IT)["MoodleID"] == str(id)
        assert category in site.categories


class TestRegistrations:
    """A registration enrols in the course of its programme."""

    async def college(self, *, create_programs: bool = True, **rules: object) -> AtWork:
        """A student on a programme that is a course."""
        college = await of_programs(programs="course", create_programs=create_programs, **rules)
        await college.in_zoho("students", student())
        await college.in_zoho("programs", program())
        await college.in_zoho("registrations", registration())
        return college

    async def place(self, college: AtWork) -> tuple[int, int]:
        """The course and the user."""
        user = (await college.stored("students"))[A].moodle_userid
        return int(await moodle_id(college)), int(user)

    async def test_who_is_registered_is_enrolled_and_zoho_is_told(self) -> None:
        college = await self.college()
        assert await college.delivered() == {DeliveryState.SETTLED: 3}
        course, user = await self.place(college)
        assert (course, user) in college.moodle.site.enrolments
        said = college.zoho_says("BTEC_Registrations", REGISTRATION)
        assert (said["Moodle_Course_ID"], said["Student_Moodle_ID"]) == (str(course), str(user))
        assert (said["Moodle_Sync_Status"], said["Synced_to_Moodle"]) == ("Synced", True)
        today = college.timer.now().date().isoformat()
        assert str(said["Moodle_Sync_Date"]).startswith(today)
        written = college.zoho_writes()
        await college.heard("registrations", REGISTRATION)
        await college.delivered()
        await college.use_cases.remote.make_due(DEFAULT_TENANT, [FLOWS[FlowName.REGISTRATION]])
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert college.zoho_writes() == written

    async def test_where_a_programme_is_a_category_nothing_is_done_and_its_status_stays(self) -> None:
        college = await of_programs()
        await college.in_zoho("students", student())
        await college.in_zoho("programs", program())
        await college.in_zoho("registrations", registration(Moodle_Sync_Status="Pending"))
        assert await college.delivered() == {DeliveryState.SETTLED: 3}
        kept = await only(college, FlowName.REGISTRATION)
        assert (kept.state, kept.reason) == (DeliveryState.SETTLED, NO_COURSE)
        assert college.zoho_says("BTEC_Registrations", REGISTRATION)["Moodle_Sync_Status"] == "Pending"
        assert college.moodle_calls("enrol_manual_enrol_users") == 0

    async def test_it_waits_for_the_course_of_the_programme_and_says_so_once(self) -> None:
        college = await self.college(create_programs=False)
        assert (await college.delivered())[DeliveryState.WAITING] == 1
        kept = await only(college, FlowName.REGISTRATION)
        assert kept.waits_for == DeliveryKey(FlowName.PROGRAM, IT)
        assert "`mzi push programs` makes it" in kept.reason
        assert college.zoho_says("BTEC_Registrations", REGISTRATION)["Moodle_Sync_Status"] == "Pending"
        written = college.zoho_writes()
        await college.use_cases.remote.make_due(DEFAULT_TENANT, [FLOWS[FlowName.REGISTRATION]])
        assert await college.delivered() == {DeliveryState.WAITING: 1}
        assert college.zoho_writes() == written
        college.timer.jump(600)  # Zoho gives few access tokens in ten minutes
        await college.push_moodle("programs")
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert college.zoho_says("BTEC_Registrations", REGISTRATION)["Moodle_Sync_Status"] == "Synced"

    async def test_it_waits_for_the_account_of_the_student(self) -> None:
        college = await self.college(create_accounts=False)
        await college.delivered()
        kept = await only(college, FlowName.REGISTRATION)
        assert (kept.state, kept.waits_for) == (DeliveryState.WAITING, DeliveryKey(FlowName.ACCOUNT, A))
        await college.push_moodle("students")
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert await self.place(college) in college.moodle.site.enrolments

    async def test_while_it_waits_programmes_can_become_categories_and_its_status_stays(self) -> None:
        college = await self.college(create_programs=False)
        await college.delivered()
        await college.rules(programs="category")
        await college.use_cases.remote.make_due(DEFAULT_TENANT, [FLOWS[FlowName.REGISTRATION]])
        assert await college.delivered() == {DeliveryState.SETTLED: 1}
        assert college.zoho_says("BTEC_Registrations", REGISTRATION)["Moodle_Sync_Status"] == "Pending"

    async def test_an_organisation_without_the_status_is_told_the_rest(self) -> None:
        college = await at_work(programs="course")
        await college.in_zoho("students", student())
        await college.in_zoho("programs", program())
        await college.in_zoho("registrations", registration())
        written = college.zoho_writes()
        assert (await college.delivered())[DeliveryState.WAITING] == 1
        assert college.zoho_writes() == written

    async def test_a_course_that_may_be_another_one_is_not_entered(self) -> None:
        """Such as the id that a programme has from when it was a category."""
        college = await of_programs(programs="course")
        there = college.moodle.add_course(shortname="OTHER", fullname="Something else")
        await college.in_zoho("students", student())
        await college.in_zoho(
            "programs", program(MoodleID=str(there)), program(ART, "Art", MoodleID="999999")
        )
        await college.in_zoho(
            "registrations",
            registration(),
            registration(program_id=ART, id="5398830000140000002"),
            registration(id="5398830000140000003", Registration_Status="Withdrawn"),
        )
        await college.delivered()
        states = [(each.state, each.reason) for each in await college.deliveries(FlowName.REGISTRATION)]
        assert [state for state, _ in states].count(DeliveryState.DEAD) == 2
        assert (DeliveryState.SETTLED, "Its status is Withdrawn.") in states
        said = college.zoho_says("BTEC_Registrations", REGISTRATION)
        assert said["Moodle_Sync_Status"] == "Failed"
        assert f"mzi deliveries show program {IT}" in str(said["Sync_Error_Message"])
        assert college.moodle_calls("enrol_manual_enrol_users") == 0
        client = await college.connections().moodle(DEFAULT_TENANT)
        assert await client.enrolled(MoodleId(there)) == []

    async def test_once_the_course_is_known_to_be_its_own_it_is_looked_at_again(self) -> None:
        college = await of_programs(programs="course")
        there = college.moodle.add_course(shortname="OTHER", fullname="Something else")
        await college.in_zoho("students", student())
        await college.in_zoho("programs", program(MoodleID=str(there)))
        await college.in_zoho("registrations", registration())
        await college.delivered()
        course = college.moodle.site.courses[there]
        course.fullname, course.idnumber = "Information Technology", IT
        await college.sync("moodle_courses", [{"id": there, "fullname": course.fullname, "idnumber": IT}])
        assert await college.delivered() == {DeliveryState.SETTLED: 2}
        assert await self.place(college) in college.moodle.site.enrolments

    async def told(self, college: AtWork, maker: int = SERVICE) -> None:
        """Moodle's events tell who enrolled the students."""
        course, _ = await self.place(college)
        users = [each.moodle_userid for each in (await college.stored("students")).values()]
        await college.sync("moodle_courses", [{"id": course, "fullname": "IT", "idnumber": IT}])
        await college.sync("moodle_users", [{"id": user, "username": f"u{user}"} for user in users])
        made = [
            {"courseid": course, "userid": user, "id": 500 + user, "maker": maker, "made_as": 500 + user}
            for user in users
        ]
        async with college.use_cases.batches.open(DEFAULT_TENANT, MOODLE_ENROLLMENTS) as batch:
            await batch.take(made, are_ours=True)
        await college.delivered()
        college.timer.jump(600)

    async def says(self, college: AtWork, status: str, id: str = REGISTRATION) -> Mapping[DeliveryState, int]:
        """Zoho has another status, and what follows is delivered."""
        college.timer.jump(600)
        college.zoho.edit("BTEC_Registrations", id, {"Registration_Status": status})
        await college.heard("registrations", id)
        return await college.delivered()

    async def suspended(self, college: AtWork) -> int:
        course, _ = await self.place(college)
        client = await college.connections().moodle(DEFAULT_TENANT)
        return len(await client.enrolled(MoodleId(course), Membership.SUSPENDED))

    async def test_who_withdraws_is_suspended_and_who_comes_back_is_active_again(self) -> None:
        college = await self.college()
        await college.delivered()
        await self.told(college)
        for status, suspended in (("Withdrawn", 1), ("Active", 0), ("Cancelled", 1)):
            assert await self.says(college, status) == {DeliveryState.SETTLED: 1}
            assert await self.suspended(college) == suspended

    async def test_whom_a_person_enrolled_is_for_a_person(self) -> None:
        college = await self.college()
        await college.delivered()
        await self.told(college, maker=77)
        assert await self.says(college, "Withdrawn") == {DeliveryState.DEAD: 1}
        assert await self.suspended(college) == 0
        (item,) = (await college.use_cases.review.list(DEFAULT_TENANT)).items
        assert (item.kind, item.module, item.key) == (ReviewKind.WITHDRAWAL, "registrations", REGISTRATION)

    async def test_a_mass_withdrawal_is_held_by_a_brake_of_its_own(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mzi_core.use_cases.deliver_counterparts.limit", lambda _: 1)
        college = await self.college()
        await college.in_zoho("students", student(B))
        other = "5398830000140000002"
        await college.in_zoho("registrations", registration(B, id=other))
        await college.delivered()
        await self.told(college)
        assert await self.says(college, "Withdrawn") == {DeliveryState.SETTLED: 1}
        assert await self.says(college, "Withdrawn", other) == {DeliveryState.HELD: 1}
        async with college.store.read(DEFAULT_TENANT) as session:
            (plan,) = await session.plans(PlanState.OPEN)
        assert plan.flow == FlowName.REGISTRATION
        assert await self.suspended(college) == 1


async def test_what_makes_programmes_and_registrations_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of either, what is theirs in Moodle, and a link that was not there before."""
    monkeypatch.setattr("mzi_core.use_cases.programs_in_moodle.PAGE", 1)
    college = await of_programs(flows=["program", "registration"], programs="course")
    await college.sync("students", [student(Student_Moodle_ID="4101")])

    async def due() -> set[tuple[str, str]]:
        found = {(each.flow, each.key) for flow in FLOWS for each in await college.deliveries(flow)}
        async with college.store.begin(DEFAULT_TENANT) as session:
            claims = [each for flow in FLOWS for each in await session.claim(flow, 9, LEASE)]
            await session.end_claims([claim.settled() for claim in claims])
        settled = {(claim.flow, claim.key) for claim in claims}
        assert settled <= found
        return settled

    programs = [program(), program(ART, "Art", MoodleID="1002")]
    await college.sync("programs", programs)
    await college.sync("registrations", [registration()])
    this, that = ("program", IT), ("registration", REGISTRATION)
    assert await due() == {this, ("program", ART), that}
    await college.sync("programs", [program(MoodleID="1001")])
    assert await due() == {this, that}
    await college.sync("programs", [program(MoodleID="1001", Description="New")])
    assert await due() == {this}
    for course in ({"id": 1001, "fullname": "Linked"}, {"id": 7, "fullname": "N", "idnumber": IT}):
        await college.sync("moodle_courses", [course])
        assert await due() == {this, that}
    await college.sync("moodle_courses", [{"id": 8, "fullname": "Nobody's"}])
    await college.sync("moodle_users", [{"id": 4101, "username": "u"}])
    assert await due() == set()
    for id, expected in ((1001, {that}), (8, set())):
        await college.sync("moodle_enrollments", [{"courseid": id, "userid": 4101, "status": 0}])
        assert await due() == expected


async def test_an_inactive_programme_gets_nothing() -> None:
    college = await of_programs()
    await college.in_zoho("programs", program(Product_Active=False))
    assert await college.delivered() == {DeliveryState.SETTLED: 1}
    assert (await only(college, FlowName.PROGRAM)).reason == NOT_ACTIVE
    assert CATALOGUE["programs"].own_ids == ("moodle_id",)
