"""The course of one class, made at once for who waits for it."""

import attrs
import pytest
from tests.use_cases.remotes import lost
from tests.use_cases.test_deliver import AtWork, at_work
from tests.use_cases.test_push import CLASS, class_

from mzi_core.errors import CourseRefused, FlowPaused, NotFound
from mzi_core.flows.rules import FlowName
from mzi_core.ports import CausedBy, Causer, DeliveryState
from mzi_core.use_cases.create_course import CourseAsked, CourseMade
from mzi_core.use_cases.deliver import LEASE
from mzi_core.values import DEFAULT_TENANT, MoodleId, ZohoId

OTHER = "5398830000070000002"
TEACHER = "5398830000080000001"
CREATE = "core_course_create_courses"
ASKED = CourseAsked(zoho_id=ZohoId(CLASS))
TOLD = attrs.evolve(ASKED, fields={"name": "Networking", "short_name": "NET", "start_date": "2026-02-15"})


async def made(college: AtWork, asked: CourseAsked = ASKED) -> CourseMade:
    """The course is asked for."""
    return await college.use_cases.remote.create_course(
        DEFAULT_TENANT, asked, caused_by=CausedBy(Causer.REQUEST, "k1")
    )


async def college(**fields: object) -> AtWork:
    """A class in Zoho of which mzi has heard nothing, and rules by which nothing is made by itself."""
    made = await at_work(create_courses=False, flows=[])
    made.zoho.add("BTEC_Classes", {**class_(), **fields})
    return made


async def test_a_class_of_which_mzi_has_not_heard_gets_its_course_and_zoho_is_told() -> None:
    at = await college()
    done = await made(at)
    course = at.moodle.site.courses[done.class_.moodle_class_id or 0]
    assert (course.fullname, course.idnumber) == (class_()["Class_Name"], CLASS)
    assert (done.is_told, done.may_come, done.teacher, done.others) == (True, False, False, 0)
    assert at.zoho_says("BTEC_Classes", CLASS)["Moodle_Class_ID"] == str(course.id)
    assert done.pair.state is DeliveryState.SETTLED


async def test_asked_again_it_makes_nothing_twice() -> None:
    at = await college()
    first, second = await made(at), await made(at)
    assert first.class_.moodle_class_id == second.class_.moodle_class_id
    assert at.moodle_calls(CREATE) == 1


async def test_what_was_asked_of_the_course_counts_and_no_other_class_gets_one() -> None:
    at = await college()
    await at.in_zoho("classes", class_(OTHER))
    await at.use_cases.remote.make_due.of_module(DEFAULT_TENANT, at.use_cases.batches.catalogue["classes"])
    category = at.moodle.add_category("Spring")
    asked = attrs.evolve(ASKED, category=MoodleId(category), sections=7)
    done = await made(at, asked)
    course = at.moodle.site.courses[done.class_.moodle_class_id or 0]
    assert (course.categoryid, course.numsections) == (category, 7)
    assert (await at.stored("classes"))[OTHER].moodle_class_id is None


async def test_the_teacher_and_the_named_are_counted_as_they_were_enrolled() -> None:
    at = await college(Teacher={"id": TEACHER})
    user = at.moodle.add_user(username="t1@college.example", email="t1@college.example")
    at.moodle.add_user(username="support", email="support@college.example")
    teacher = {"id": TEACHER, "Name": "Teacher One", "Teacher_Moodle_ID": str(user)}
    at.zoho.add("BTEC_Teachers", teacher)
    await at.rules(create_courses=False, flows=[], course_users=["support:teacher", "ghost:teacher"])
    done = await made(at)  # of its teacher mzi has not heard yet
    assert (done.teacher, done.others, done.pair.state) == (False, 1, DeliveryState.WAITING)
    await at.sync("teachers", [teacher])
    done = await made(at)
    assert (done.teacher, done.others) == (True, 1)
    assert done.pair.reason == "Moodle has no user `ghost`, whom `course_users` names."


async def test_without_an_account_at_zoho_the_class_is_as_it_was_told() -> None:
    at = await at_work(create_courses=False, flows=[])
    at.has_zoho = False
    done = await made(at, TOLD)
    assert (done.class_.name, done.class_.status, done.is_told) == ("Networking", "active", False)
    assert done.class_.moodle_class_id is not None
    renamed = attrs.evolve(TOLD, fields={"name": "Networks"})
    again = await made(at, renamed)
    assert (again.class_.name, again.class_.short_name) == ("Networks", "NET")
    assert at.moodle_calls(CREATE) == 1


async def test_what_was_told_and_cannot_be_read_is_refused() -> None:
    at = await at_work(flows=[])
    at.has_zoho = False
    with pytest.raises(CourseRefused, match="Start_Date"):
        await made(at, attrs.evolve(TOLD, fields={**TOLD.fields, "start_date": "15/02/2026"}))
    assert await at.stored("classes") == {}


async def test_a_class_that_is_not_taught_gets_none_and_says_why() -> None:
    at = await college(Class_Status="Planned")
    with pytest.raises(CourseRefused, match=r"Its status is Planned; only an active class gets a course\."):
        await made(at)


async def test_a_class_that_zoho_does_not_have_is_not_there() -> None:
    at = await at_work()
    with pytest.raises(NotFound):
        await made(at)


async def test_a_class_that_is_gone_from_zoho_meanwhile_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = await college()
    create = at.use_cases.remote.create_course
    take = type(create)._take

    async def then_removed(self: object, *asked: object) -> None:
        await take(self, *asked)  # type: ignore[arg-type]  # as it was called
        at.zoho.remove("BTEC_Classes", CLASS)

    monkeypatch.setattr(type(create), "_take", then_removed)
    with pytest.raises(NotFound):
        await made(at)


async def test_while_moodle_is_away_it_may_still_come() -> None:
    at = await college()
    at.to_moodle.instead[CREATE] = lost
    done = await made(at)
    assert (done.may_come, done.class_.moodle_class_id) == (True, None)
    assert done.pair.reason
    del at.to_moodle.instead[CREATE]
    at.timer.jump(3600)
    assert (await made(at)).class_.moodle_class_id is not None


async def test_while_moodle_refuses_the_account_it_may_still_come_and_the_flow_goes_on() -> None:
    at = await college()
    at.moodle.suspended = True
    done = await made(at)
    assert (done.may_come, done.pair.reason != "") == (True, True)
    at.moodle.suspended = False
    assert (await made(at)).class_.moodle_class_id is not None


async def test_while_another_is_at_work_on_it_it_may_still_come() -> None:
    at = await college()
    await at.heard("classes", CLASS)
    await at.use_cases.remote.make_due.of_module(DEFAULT_TENANT, at.use_cases.batches.catalogue["classes"])
    async with at.store.begin(DEFAULT_TENANT) as session:
        await session.claim(FlowName.COURSE, 1, LEASE)
    done = await made(at)
    assert (done.may_come, at.moodle_calls(CREATE)) == (True, 0)


async def test_a_flow_that_is_paused_makes_nothing() -> None:
    at = await college()
    await at.use_cases.deliveries.pause(DEFAULT_TENANT, FlowName.COURSE, "Moodle is moved.")
    with pytest.raises(FlowPaused):
        await made(at)
