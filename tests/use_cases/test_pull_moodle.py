"""Pulling from Moodle: the shelf comes to say what Moodle says, by few calls, and forgets nothing it knew."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from tests.use_cases.remotes import TOKEN, College, lost

from mzi_adapters.codecs import CodecBySide
from mzi_adapters.moodle import MoodleCodec
from mzi_adapters.testing.moodle.roles import remove_enrolment
from mzi_adapters.web import Response
from mzi_adapters.zoho import ZohoCodec
from mzi_core.errors import AccessRefused, AuthRevoked, CannotBePulled, GatewayUnavailable, RemoteNotFound
from mzi_core.module import Side
from mzi_core.modules import CATALOGUE, STUDENTS
from mzi_core.ports import RunStatus
from mzi_core.use_cases.moodle_pages import EMPTY, IDS, PAGE
from mzi_core.use_cases.pull import PruneDone
from mzi_core.use_cases.pull_moodle import MoodlePullDone
from mzi_core.use_cases.sync_runs import PageDone
from mzi_core.values import DEFAULT_TENANT, MoodleId, MoodleKey, State

USERS, COURSES, ENROLMENTS, MARKS = (
    "moodle_users",
    "moodle_courses",
    "moodle_enrollments",
    "moodle_marks",
)


@attrs.define
class Pulled:
    """What a pull gave."""

    pages: list[PageDone] = attrs.field(factory=list)
    done: MoodlePullDone | None = None

    @property
    def states(self) -> list[State]:
        """What became of each record, in order."""
        return [outcome.state for page in self.pages for outcome in page.result.outcomes]


@pytest.fixture
def college() -> College:
    """A college in whose Moodle nothing was done yet."""
    return College(codec=CodecBySide({Side.ZOHO: ZohoCodec, Side.MOODLE: MoodleCodec}))


async def pulled(college: College, module: str, *, dry_run: bool = False, **how: Any) -> Pulled:
    """A whole pull."""
    pull = college.use_cases.remote.pull_moodle
    plan = await pull.plan(DEFAULT_TENANT, CATALOGUE[module], **how)
    found = Pulled()
    async for done in pull(plan, dry_run=dry_run):
        match done:
            case PageDone():
                found.pages.append(done)
            case MoodlePullDone():
                found.done = done
    return found


async def told(college: College, module: str, *records: Mapping[str, object]) -> list[State]:
    """What becomes of records that come another way."""
    return [outcome.state for outcome in (await college.sync(module, records)).outcomes]


def taught(college: College, students: int, shortname: str = "NET-1") -> tuple[int, list[int]]:
    """A course, and students who are enrolled in it."""
    course = college.moodle.add_course(shortname=shortname)
    people = [college.moodle.add_user(username=f"{shortname}-{n}@c.example".lower()) for n in range(students)]
    for one in people:
        college.moodle.enrol(one, course)
    return course, people


async def pulled_first(college: College) -> None:
    """Users and courses, so that what points at them need not wait."""
    for module in (USERS, COURSES):
        assert set((await pulled(college, module)).states) <= {State.NEW, State.UPDATED, State.UNCHANGED}


class TestUsers:
    """Users are read by their ids, some hundreds a call."""

    async def test_everybody_is_read_and_what_is_read_again_is_unchanged(self, college: College) -> None:
        first = college.moodle.add_user(
            username="rana@c.example", city="Irbid", idnumber="77", suspended=True
        )
        for number in range(IDS):
            college.moodle.add_user(username=f"s{number}@c.example")
        before = college.moodle.calls
        found = await pulled(college, USERS)
        assert found.done is not None
        assert (found.done.came, set(found.states)) == (len(found.states), {State.NEW})
        assert len(found.states) == len(college.moodle.site.people.rows) - 1  # without the guest
        # the site, two with somebody, and two with nobody, each with the question whether we see anybody
        assert college.moodle.calls - before == 1 + 2 + 2 * EMPTY
        rana = (await college.stored(USERS))[str(first)]
        assert (rana.username, rana.city, rana.id_number, rana.suspended, rana.deleted) == (
            "rana@c.example",
            "Irbid",
            "77",
            True,
            False,
        )
        assert set((await pulled(college, USERS)).states) == {State.UNCHANGED}

    async def test_what_moodle_does_not_tell_stays(self, college: College) -> None:
        """The role and the time an event told, and a city where the site hides those of all."""
        one = college.moodle.add_user(username="rana@c.example")
        event = {"userid": one, "username": "rana@c.example", "city": "Irbid", "role": "student"}
        await told(college, USERS, {**event, "timemodified": 1770640200, "event_number": 7, "phone2": "079"})
        before = (await college.stored(USERS))[str(one)]
        await pulled(college, USERS)
        after = (await college.stored(USERS))[str(one)]
        assert (after.email, after.role, after.city, after.second_phone) == (
            "rana@c.example",
            "student",
            "Irbid",
            "079",
        )
        assert (after.modified_at, after.event_number) == (before.modified_at, before.event_number)
        college.moodle.add_user(username="omar@c.example", city="Zarqa")
        await pulled(college, USERS)
        assert (await college.stored(USERS))[str(one)].city is None  # Moodle shows cities, and none of hers

    async def test_the_deleted_are_told_of_those_that_were_known(self, college: College) -> None:
        known = college.moodle.add_user(username="rana@c.example")
        await pulled(college, USERS)
        unknown = college.moodle.add_user(username="omar@c.example")
        for one in (known, unknown):
            college.moodle.delete_user(one)
        await pulled(college, USERS)
        stored = await college.stored(USERS)
        assert (stored[str(known)].deleted, str(unknown) in stored) == (True, False)

    async def test_of_one_course_its_people_are_read_and_nobody_else(self, college: College) -> None:
        course, people = taught(college, 3)
        other = college.moodle.add_user(username="omar@c.example")
        await told(college, USERS, {"userid": other, "username": "omar@c.example", "city": "Irbid"})
        found = await pulled(college, USERS, courses=[MoodleId(course)])
        stored = await college.stored(USERS)
        assert sorted(stored) == sorted(map(str, [*people, other]))
        assert (found.states, stored[str(other)].city) == ([State.NEW] * 3, "Irbid")

    @pytest.mark.parametrize("module", [USERS, ENROLMENTS])
    async def test_a_course_that_is_not_there_is_named(self, college: College, module: str) -> None:
        course, _ = taught(college, 1)
        with pytest.raises(RemoteNotFound, match="There is no course 987654"):
            await pulled(college, module, courses=[MoodleId(course), MoodleId(987654)])

    async def test_ids_that_were_left_out_before_our_own_account_end_nothing(self, college: College) -> None:
        """As where a site was brought together of two."""
        college.moodle.site.given["user"] += 3 * EMPTY * IDS
        late = college.moodle.add_user(username="mzi@c.example")
        college.moodle.accounts[TOKEN].userid = late
        await pulled(college, USERS)
        assert str(late) in await college.stored(USERS)

    async def test_a_pull_that_was_stopped_goes_on_behind_its_last_page(self, college: College) -> None:
        for number in range(2 * IDS):
            college.moodle.add_user(username=f"s{number}@c.example")
        pull = college.use_cases.remote.pull_moodle
        stream = pull(await pull.plan(DEFAULT_TENANT, CATALOGUE[USERS]))
        first = await anext(stream)
        assert isinstance(first, PageDone)
        await stream.aclose()
        calls = college.moodle_calls("core_user_get_users_by_field")
        found = await pulled(college, USERS, resume=True)
        assert found.pages[0].run.id == first.run.id
        assert college.moodle_calls("core_user_get_users_by_field") - calls == 2 + EMPTY
        assert len(await college.stored(USERS)) == len(college.moodle.site.people.rows) - 1
        again = await college.use_cases.remote.pull_moodle.plan(DEFAULT_TENANT, CATALOGUE[USERS], resume=True)
        assert again.resumed is None


class TestCourses:
    """All courses come by one call."""

    async def test_all_are_read_by_one_call_but_for_the_front_page(self, college: College) -> None:
        ids = [
            college.moodle.add_course(shortname=f"C{n}", idnumber=f"9{n}", visible=n > 0) for n in range(3)
        ]
        found = await pulled(college, COURSES)
        assert (found.states, college.moodle.calls) == ([State.NEW] * 3, 1)
        stored = await college.stored(COURSES)
        assert [(stored[str(id)].short_name, stored[str(id)].visible) for id in ids] == [
            ("C0", False),
            ("C1", True),
            ("C2", True),
        ]
        assert all(each.modified_at and each.created_in_moodle for each in stored.values())
        assert (await pulled(college, COURSES)).states == [State.UNCHANGED] * 3

    async def test_a_course_that_is_gone_is_told_where_all_were_read(self, college: College) -> None:
        first, second = (college.moodle.add_course(shortname=f"C{n}") for n in range(2))
        await pulled(college, COURSES)
        college.timer.jump(60)
        del college.moodle.site.courses[first]
        assert (await pulled(college, COURSES, courses=[MoodleId(second)])).done == MoodlePullDone(came=1)
        found = await pulled(college, COURSES, since=college.timer.now())
        assert found.done == MoodlePullDone(came=0, missing=(MoodleKey(str(first)),))

    async def test_those_that_were_named_and_those_changed_since_a_moment(self, college: College) -> None:
        first, second = (college.moodle.add_course(shortname=f"C{n}") for n in range(2))
        assert (await pulled(college, COURSES, courses=[MoodleId(second)])).states == [State.NEW]
        assert sorted(await college.stored(COURSES)) == [str(second)]
        college.timer.jump(3600)
        college.moodle.site.courses[first].timemodified = college.moodle.site.now()
        since = college.timer.now() - timedelta(minutes=1)
        assert [*map(str, (await pulled(college, COURSES, since=since)).states)] == ["NEW"]
        with pytest.raises(RemoteNotFound, match="There is no course 987654"):
            await pulled(college, COURSES, courses=[MoodleId(987654)])


class TestEnrolments:
    """Who is in a course takes two calls a course."""

    async def test_who_is_in_which_course_in_which_role_and_whether_it_counts(self, college: College) -> None:
        course, (first, second, third) = taught(college, 3)
        college.moodle.enrol(second, course, suspended=True)
        teacher = college.moodle.add_user(username="omar@c.example")
        college.moodle.enrol(teacher, course, role=3)
        await pulled_first(college)
        before = college.moodle.calls
        found = await pulled(college, ENROLMENTS)
        # the courses, who is in this one, who we are, and whose enrolment there does not count
        assert (found.states, college.moodle.calls - before) == ([State.NEW] * 4, 4)
        stored = await college.stored(ENROLMENTS)
        assert {key: (each.role, each.status) for key, each in stored.items()} == {
            f"{course}_{first}": (5, "active"),
            f"{course}_{second}": (5, "suspended"),
            f"{course}_{third}": (5, "active"),
            f"{course}_{teacher}": (3, "active"),
        }
        assert (await pulled(college, ENROLMENTS)).states == [State.UNCHANGED] * 4

    async def test_of_one_course_others_stay_and_so_does_what_events_told(self, college: College) -> None:
        course, (first,) = taught(college, 1)
        other, (second,) = taught(college, 1, "ART-1")
        await pulled_first(college)
        event = {"courseid": course, "userid": first, "roleid": 5, "status": 1, "timemodified": 1770640200}
        await told(college, ENROLMENTS, {**event, "enrollment_id": 12, "maker": 9, "made_as": 12})
        await told(college, ENROLMENTS, {"courseid": other, "userid": second, "roleid": 5, "status": 1})
        found = await pulled(college, ENROLMENTS, courses=[MoodleId(course)])
        assert found.states == [State.UPDATED]
        stored = await college.stored(ENROLMENTS)
        ours = stored[f"{course}_{first}"]
        assert (ours.status, ours.enrollment_id, ours.maker, ours.made_as) == ("active", 12, 9, 12)
        assert stored[f"{other}_{second}"].status == "suspended"

    async def test_what_is_gone_is_told_of_the_courses_that_were_read_and_only_prune_marks_it(
        self, college: College
    ) -> None:
        course, people = taught(college, 12)
        other, (elsewhere,) = taught(college, 1, "ART-1")
        await pulled_first(college)
        await pulled(college, ENROLMENTS)
        college.timer.jump(60)
        for place, one in ((course, people[0]), (other, elsewhere)):
            remove_enrolment(college.moodle.site, place, one)
        pull, prune = college.use_cases.remote.pull_moodle, college.use_cases.remote.prune
        plan = await pull.plan(DEFAULT_TENANT, CATALOGUE[ENROLMENTS], courses=[MoodleId(course)])
        *_, done = [each async for each in pull(plan)]
        assert isinstance(done, MoodlePullDone)
        assert done.missing == (f"{course}_{people[0]}",)
        assert f"{course}_{people[0]}" in await college.stored(ENROLMENTS)
        assert await prune(plan, done) == PruneDone(marked=1)
        assert f"{course}_{people[0]}" not in await college.stored(ENROLMENTS)
        assert f"{other}_{elsewhere}" in await college.stored(ENROLMENTS)
        del college.moodle.site.courses[course]
        found = await pulled(college, ENROLMENTS)
        assert found.done is not None
        assert len(found.done.missing) == 12  # eleven of a course that is gone, and one of the other

    async def test_one_that_nobody_here_knows_waits_for_its_user(self, college: College) -> None:
        course, (student,) = taught(college, 1)
        await pulled(college, COURSES)
        (outcome,) = (await pulled(college, ENROLMENTS)).pages[0].result.outcomes
        assert (outcome.state, outcome.parked) == (State.INVALID, True)
        released = (await pulled(college, USERS)).pages[0].result.released
        assert [one.key for one in released] == [f"{course}_{student}"]

    async def test_a_course_that_is_closed_is_left_out_but_not_where_it_was_named(
        self, college: College
    ) -> None:
        closed, _ = taught(college, 1)
        taught(college, 1, "ART-1")
        await pulled_first(college)
        college.moodle.separate_groups(closed)
        college.moodle.capabilities.remove("moodle/site:accessallgroups")
        found = await pulled(college, ENROLMENTS)
        assert found.done is not None
        assert [*found.done.left_out] == [f"course {closed}"]
        assert "moodle/site:accessallgroups" in found.done.left_out[f"course {closed}"]
        assert [*await college.stored(ENROLMENTS)] != []
        with pytest.raises(AccessRefused):
            await pulled(college, ENROLMENTS, courses=[MoodleId(closed)])

    async def test_many_in_many_courses_come_in_pages_that_end_with_a_course(self, college: College) -> None:
        people = [college.moodle.add_user(username=f"s{n}@c.example") for n in range(300)]
        courses = [college.moodle.add_course(shortname=f"C{n}") for n in range(4)]
        for course in courses:
            for one in people:
                college.moodle.enrol(one, course)
        await pulled_first(college)
        found = await pulled(college, ENROLMENTS)
        sizes = [len(page.result.outcomes) for page in found.pages]
        assert (sizes, set(found.states)) == ([500, 500, 200], {State.NEW})
        assert [page.run.bookmark for page in found.pages] == ["", "", str(courses[-1])]

    async def test_one_that_was_stopped_goes_on_behind_the_last_whole_course(self, college: College) -> None:
        people = [college.moodle.add_user(username=f"s{n}@c.example") for n in range(PAGE)]
        courses = [college.moodle.add_course(shortname=f"C{n}") for n in range(2)]
        for course in courses:
            for one in people:
                college.moodle.enrol(one, course)
        await pulled_first(college)
        pull = college.use_cases.remote.pull_moodle
        stream = pull(await pull.plan(DEFAULT_TENANT, CATALOGUE[ENROLMENTS]))
        first = await anext(stream)
        assert isinstance(first, PageDone)
        assert first.run.bookmark == str(courses[0])
        await stream.aclose()
        found = await pulled(college, ENROLMENTS, resume=True)
        assert found.states == [State.NEW] * PAGE
        assert len(await college.stored(ENROLMENTS)) == 2 * PAGE


def marked(college: College, students: int = 2, **assignment: Any) -> tuple[int, int, list[int]]:
    """A course with an assignment, and students of it."""
    course, people = taught(college, students)
    return course, college.moodle.add_assignment(course, **{"grade": -3, **assignment}), people


class TestMarks:
    """Marks come by few calls for many assignments, and by one a student where nothing less tells all."""

    async def test_a_released_mark_with_its_feedback(self, college: College) -> None:
        course, assignment, (student, _) = marked(college, duedate=1770640200)
        college.moodle.submit(assignment, student)
        id = college.moodle.grade(assignment, student, 3, feedback="Well done", workflow="released")
        await pulled_first(college)
        found = await pulled(college, MARKS)
        assert found.states == [State.NEW]
        mark = (await college.stored(MARKS))[f"{student}_{course}_{assignment}"]
        assert (mark.assignment_name, mark.scale, mark.scale_items, mark.workflow) == (
            "Assignment 1",
            3,
            ("Refer", "Pass", "Merit", "Distinction"),
            "released",
        )
        (attempt,) = mark.attempts
        assert (attempt.grade_id, attempt.raw, attempt.feedback, attempt.submission_status) == (
            id,
            Decimal(3),
            "Well done",
            "submitted",
        )
        assert (attempt.grader, mark.due is not None, mark.maximum) == (2, True, None)

    async def test_a_known_mark_costs_no_call_of_its_own(self, college: College) -> None:
        _, assignment, people = marked(college, 30)
        for student in people:
            college.moodle.submit(assignment, student)
            college.moodle.grade(assignment, student, 3, feedback="", workflow="released")
        await pulled_first(college)
        before = college.moodle.calls
        assert (await pulled(college, MARKS)).states == [State.NEW] * 30
        # site, courses, assignments, scale, work, marks, states; and each student once
        assert college.moodle.calls - before == 7 + 30
        before = college.moodle.calls
        assert (await pulled(college, MARKS)).states == [State.UNCHANGED] * 30
        assert college.moodle.calls - before == 7

    async def test_feedback_is_no_fact_before_its_release_and_is_read_then(self, college: College) -> None:
        course, assignment, (student, _) = marked(college)
        college.moodle.submit(assignment, student)
        college.moodle.grade(assignment, student, 4, feedback="Code: 01122", workflow="inmarking")
        await pulled_first(college)
        await pulled(college, MARKS)
        assert college.moodle_calls("mod_assign_get_submission_status") == 0
        key = f"{student}_{course}_{assignment}"
        before = (await college.stored(MARKS))[key]
        assert (before.workflow, before.attempts[0].raw, before.attempts[0].feedback) == (
            "inmarking",
            Decimal(4),
            None,
        )
        college.moodle.release(assignment, student)
        assert (await pulled(college, MARKS)).states == [State.UPDATED]
        after = (await college.stored(MARKS))[key]
        assert (after.workflow, after.attempts[0].feedback) == ("released", "Code: 01122")

    async def test_what_nobody_has_marked_says_so(self, college: College) -> None:
        """A state that is none yet is not the same as an assignment without a workflow."""
        course, assignment, (student, other) = marked(college)
        plain = college.moodle.add_assignment(course, workflow=False, name="Plain", grade=4)
        college.moodle.submit(assignment, student)
        college.moodle.submit(plain, other, draft=True)
        await pulled_first(college)
        await pulled(college, MARKS)
        stored = await college.stored(MARKS)
        first, second = stored[f"{student}_{course}_{assignment}"], stored[f"{other}_{course}_{plain}"]
        assert (first.workflow, first.attempts[0].raw, first.attempts[0].submission_status) == (
            "notmarked",
            None,
            "submitted",
        )
        assert (second.workflow, second.maximum, second.attempts[0].submission_status) == (
            None,
            Decimal(4),
            "draft",
        )

    async def test_earlier_attempts_are_read_once(self, college: College) -> None:
        course, assignment, (student, _) = marked(college)
        college.moodle.submit(assignment, student)
        college.moodle.grade(assignment, student, 1, feedback="Again", workflow="released")
        college.moodle.reopen(assignment, student)
        college.moodle.submit(assignment, student, text="<p>Better</p>")
        await pulled_first(college)
        await pulled(college, MARKS)
        assert college.moodle_calls("mod_assign_get_submission_status") == 1
        first, second = (await college.stored(MARKS))[f"{student}_{course}_{assignment}"].attempts
        assert (first.raw, first.feedback, second.raw, second.submission_status) == (
            Decimal(1),
            "Again",
            None,
            "submitted",
        )
        assert (await pulled(college, MARKS)).states == [State.UNCHANGED]
        assert college.moodle_calls("mod_assign_get_submission_status") == 1

    async def test_what_events_told_of_the_same_mark_stays(self, college: College) -> None:
        """Criteria, the name of the marker, and the second of the event, which is after that of the mark."""
        course, assignment, (student, _) = marked(college)
        college.moodle.submit(assignment, student)
        id = college.moodle.grade(assignment, student, 3, feedback="Well done", workflow="released")
        await pulled_first(college)
        at = college.moodle.site.now() + 1
        event = {"userid": student, "courseid": course, "assignid": assignment, "gradeid": id, "rawgrade": 3}
        criteria = [{"code": "P1", "score": "1", "remark": "Fine"}]
        more = {"criteria": criteria, "grader_name": "Omar", "workflowstate": "inmarking"}
        await told(college, MARKS, {**event, **more, "timemodified": at, "event_number": 7})
        await pulled(college, MARKS)
        (attempt,) = (await college.stored(MARKS))[f"{student}_{course}_{assignment}"].attempts
        assert (attempt.feedback, attempt.grader_name, attempt.event_number) == ("Well done", "Omar", 7)
        assert [(each.code, each.remark) for each in attempt.criteria] == [("P1", "Fine")]
        newer = {**event, "rawgrade": 4, "timemodified": at + 5, "event_number": 9}
        await told(college, MARKS, newer)
        await pulled(college, MARKS)
        (attempt,) = (await college.stored(MARKS))[f"{student}_{course}_{assignment}"].attempts
        assert attempt.raw == 4  # told after what Moodle was read of

    async def test_an_event_of_the_second_of_the_mark_is_newer_than_a_reading_without_a_number(
        self, college: College
    ) -> None:
        """The workflow has moved on since, so that the same mark is read in detail."""
        course, assignment, (student, _) = marked(college)
        college.moodle.submit(assignment, student)
        id = college.moodle.grade(assignment, student, 3, feedback="Well done", workflow="released")
        await pulled_first(college)
        event = {"userid": student, "courseid": course, "assignid": assignment, "gradeid": id, "rawgrade": 3}
        at = {"timemodified": college.moodle.site.now(), "event_number": 7}
        await told(college, MARKS, {**event, **at, "workflowstate": "inmarking"})
        assert (await pulled(college, MARKS)).states == [State.UPDATED]
        (attempt,) = (await college.stored(MARKS))[f"{student}_{course}_{assignment}"].attempts
        assert (attempt.feedback, attempt.event_number) == ("Well done", 7)

    async def test_the_plugin_tells_criteria_and_unreleased_feedback_in_one_call_an_assignment(
        self, college: College
    ) -> None:
        college.moodle.plugin = True
        course, assignment, people = marked(college, 3, criteria={"P1": "Explain", "M1": "Analyse"})
        for student in people:
            college.moodle.submit(assignment, student)
            college.moodle.grade(
                assignment,
                student,
                feedback="Fine",
                workflow="inmarking",
                criteria={"P1": (True, "ok"), "M1": (False, "")},
            )
        await pulled_first(college)
        assert (await pulled(college, MARKS)).states == [State.NEW] * 3
        assert college.moodle_calls("local_mzi_get_grade_facts") == 1
        assert college.moodle_calls("mod_assign_get_submission_status") == 0
        mark = (await college.stored(MARKS))[f"{people[0]}_{course}_{assignment}"]
        (attempt,) = mark.attempts
        assert (attempt.feedback, mark.grade_id is not None, bool(attempt.grader_name)) == (
            "Fine",
            True,
            True,
        )
        assert [(each.code, each.achieved) for each in attempt.criteria] == [("P1", "yes"), ("M1", "no")]
        assert (await pulled(college, MARKS)).states == [State.UNCHANGED] * 3
        assert college.moodle_calls("local_mzi_get_grade_facts") == 1

    async def test_the_work_of_a_team_is_that_of_its_members(self, college: College) -> None:
        course, assignment, people = marked(college, 3, team=True, workflow=False)
        college.moodle.add_group(course, "A", (people[0], people[1]))
        college.moodle.submit(assignment, people[0])
        await pulled_first(college)
        await pulled(college, MARKS)
        stored = await college.stored(MARKS)
        for student in people[:2]:
            (attempt,) = stored[f"{student}_{course}_{assignment}"].attempts
            assert (attempt.team_status, attempt.submission_status) == ("submitted", None)
        since = college.timer.now() - timedelta(days=1)
        empty = college.moodle.add_assignment(course, name="Nothing yet", team=True)
        before = college.moodle_calls("mod_assign_list_participants")
        await pulled(college, MARKS)
        assert college.moodle_calls("mod_assign_list_participants") == before + 1  # of none who hands in
        assert str(empty) not in {key.rpartition("_")[2] for key in await college.stored(MARKS)}
        assert set((await pulled(college, MARKS, since=since)).states) == {State.UNCHANGED}

    async def test_since_a_moment_only_what_changed_is_read(self, college: College) -> None:
        course, assignment, (first, second) = marked(college, workflow=False)
        old = college.moodle.add_assignment(course, name="Old", workflow=False)
        for student in (first, second):
            college.moodle.submit(assignment, student)
            college.moodle.submit(old, student)
            college.moodle.grade(assignment, student, 2, feedback="Fine")
        await pulled_first(college)
        await pulled(college, MARKS)
        college.timer.jump(3600)
        since = college.timer.now() - timedelta(minutes=1)
        college.moodle.submit(assignment, first, text="<p>Once more</p>")
        found = await pulled(college, MARKS, since=since)
        (outcome,) = found.pages[0].result.outcomes
        assert outcome.key == f"{first}_{course}_{assignment}"
        mark = (await college.stored(MARKS))[outcome.key]
        assert (mark.attempts[0].raw, mark.attempts[0].feedback) == (Decimal(2), "Fine")  # not forgotten
        assert (await pulled(college, MARKS, since=college.timer.now() + timedelta(hours=1))).pages == []

    async def test_of_one_course_nothing_of_another_is_touched(self, college: College) -> None:
        course, assignment, (student, _) = marked(college)
        other, (second,) = taught(college, 1, "ART-1")
        elsewhere = college.moodle.add_assignment(other)
        await pulled_first(college)
        college.moodle.submit(elsewhere, second)
        await pulled(college, MARKS)
        college.moodle.submit(assignment, student)
        college.moodle.grade(elsewhere, second, 4, feedback="New")
        found = await pulled(college, MARKS, courses=[MoodleId(course)])
        assert [outcome.key for page in found.pages for outcome in page.result.outcomes] == [
            f"{student}_{course}_{assignment}"
        ]
        assert (await college.stored(MARKS))[f"{second}_{other}_{elsewhere}"].attempts[0].raw is None
        with pytest.raises(RemoteNotFound, match="There is no course 987654"):
            await pulled(college, MARKS, courses=[MoodleId(course), MoodleId(987654)])

    async def test_many_assignments_are_asked_for_together(self, college: College) -> None:
        course, people = taught(college, 2)
        ids = [
            college.moodle.add_assignment(course, name=f"A{n}", workflow=False, grade=-3) for n in range(60)
        ]
        for id in ids:
            college.moodle.submit(id, people[0])
        await pulled_first(college)
        before = college.moodle.calls
        found = await pulled(college, MARKS)
        assert (found.states, len(found.pages)) == ([State.NEW] * 60, 1)
        # site, courses, assignments and the scale; and twice work, marks and states
        assert college.moodle.calls - before == 4 + 2 * 3
        assert found.pages[-1].run.bookmark == str(ids[-1])


async def test_what_is_closed_is_left_out_and_the_rest_is_taken(college: College) -> None:
    """Courses and assignments; what is closed to the account altogether is an error."""
    course, assignment, (student, _) = marked(college, grade=4)
    scaled = college.moodle.add_assignment(course, name="On a scale", grade=-3)
    for each in (assignment, scaled):
        college.moodle.submit(each, student)
    await pulled_first(college)
    college.moodle.capabilities.remove("moodle/course:manageactivities")
    college.moodle.capabilities.remove("moodle/grade:managegradingforms")
    found = await pulled(college, MARKS)
    assert found.done is not None
    assert [*found.done.left_out] == [f"assignment {scaled}"]
    assert sorted(await college.stored(MARKS)) == [f"{student}_{course}_{assignment}"]
    for capability in ("mod/assign:viewgrades", "mod/assign:grade"):
        college.moodle.capabilities.remove(capability)
    for since in (None, college.timer.now() - timedelta(days=1)):
        found = await pulled(college, MARKS, since=since)
        assert found.done is not None
        assert (found.states, len(found.done.left_out)) == ([], 2)
    college.moodle.capabilities.remove("mod/assign:view")
    found = await pulled(college, MARKS)
    assert found.done is not None
    assert (found.states, [*found.done.left_out]) == ([], [f"course {course}"])
    with pytest.raises(AccessRefused):
        await pulled(college, MARKS, courses=[MoodleId(course)])


async def test_an_assignment_whose_feedback_is_closed_is_left_out(college: College) -> None:
    course, assignment, (student, other) = marked(college, grade=4)
    college.moodle.submit(assignment, student)
    college.moodle.grade(assignment, student, 3, feedback="Good", workflow="released")
    open_one = college.moodle.add_assignment(course, name="Not marked")
    college.moodle.submit(open_one, other)
    await pulled_first(college)
    body = b'{"exception":"required_capability_exception","errorcode":"nopermissions","message":"No."}'
    refused = Response(status=200, body=body)
    college.to_moodle.instead["mod_assign_get_submission_status"] = lambda: refused
    found = await pulled(college, MARKS)
    assert found.done is not None
    assert [*found.done.left_out] == [f"assignment {assignment}"]
    assert sorted(await college.stored(MARKS)) == [f"{other}_{course}_{open_one}"]


async def test_a_dry_run_keeps_nothing(college: College) -> None:
    taught(college, 2)
    found = await pulled(college, USERS, dry_run=True)
    assert State.NEW in found.states
    assert await college.stored(USERS) == {}
    async with college.store.read(DEFAULT_TENANT) as session:
        assert await session.runs(10) == []


async def test_what_moodle_does_not_date_cannot_be_asked_for_since_a_moment(college: College) -> None:
    since = college.timer.now()
    for module in (USERS, ENROLMENTS):
        with pytest.raises(CannotBePulled, match=f"does not say when {module} were changed"):
            await pulled(college, module, since=since)
    with pytest.raises(CannotBePulled, match="`students` are records of Zoho"):
        await pulled(college, STUDENTS.name)


async def test_a_run_that_failed_says_why_and_another_goes_on(college: College) -> None:
    taught(college, 1)
    college.to_moodle.instead["core_user_get_users_by_field"] = lost
    with pytest.raises(GatewayUnavailable):
        await pulled(college, USERS)
    async with college.store.read(DEFAULT_TENANT) as session:
        (run,) = await session.runs(10)
    assert (run.status, run.source) == (RunStatus.FAILED, "moodle: everything")
    college.to_moodle.instead.clear()
    assert set((await pulled(college, USERS, resume=True)).states) == {State.NEW}


async def test_a_token_that_is_gone_ends_it_whatever_is_read(college: College) -> None:
    taught(college, 1)
    await pulled_first(college)
    college.moodle.suspended = True
    with pytest.raises(AuthRevoked):
        await pulled(college, ENROLMENTS)
