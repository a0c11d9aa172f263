"""Assignments read, and marks written: nothing is a fact before Moodle says so, and nothing is swallowed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

import attrs

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.moodle_gateway_campus import (
    NOBODY,
    Campus,
    applied_ids,
    enrolment,
    rejection,
)
from mzi_core.errors import RemoteNotFound
from mzi_core.ports import (
    Applied,
    GivenMark,
    GroupMember,
    MoodleAssignment,
    NewGroup,
    Rejected,
    RejectionKind,
    UserChange,
)
from mzi_core.values import MoodleId

T = TypeVar("T")


def mark(
    user: MoodleId,
    raw: str | None,
    *,
    attempt: int = 0,
    feedback: str = "Good",
    workflow: str | None = "released",
) -> GivenMark:
    """A released mark on the first attempt, unless more is said."""
    return GivenMark(
        user=user,
        attempt=attempt,
        raw=None if raw is None else Decimal(raw),
        feedback=feedback,
        workflow=workflow,
    )


class ReadingMarksPromises:
    """What was handed in, how it was marked, and what of it may be known."""

    async def test_an_assignment_says_how_it_is_marked(self, campus: Campus) -> None:
        """In points, on a scale, or by criteria."""
        course = await campus.course()
        points = await campus.assigned(course, grade=4, workflow=False)
        scale = await campus.assigned(course, grade=-3)
        assert (points.maximum, points.scale_id, points.workflow) == (Decimal(4), None, False)
        assert (scale.maximum, scale.scale_id, scale.workflow) == (None, 3, True)
        method = await campus.gateway.marking_method(scale.cmid)
        assert (method.scale_items, method.method) == (("Refer", "Pass", "Merit", "Distinction"), None)
        criteria = await campus.assigned(course, grade=-3, criteria={"P1": "Explain", "M1": "Analyse"})
        assert (await campus.gateway.marking_method(criteria.cmid)).method == "btec"
        found = await campus.gateway.definitions([points.cmid, criteria.cmid])
        assert found[points.cmid] == ()
        [definition] = _known(found[criteria.cmid])
        assert definition.method == "btec"

    async def test_only_work_handed_in_counts_as_submitted(self, campus: Campus) -> None:
        """Neither a draft, nor nothing, nor the row that reading itself leaves behind."""
        course, students = await campus.taught(1, 2, 3)
        assignment = await campus.assigned(course)
        campus.hands.submit(assignment.id, students[0])
        campus.hands.submit(assignment.id, students[1], draft=True)
        await campus.gateway.work(assignment.id, students[2])
        found = {one.user: one.submitted for one in await campus.gateway.participants(assignment.id)}
        assert found == dict(zip(students, (True, False, False), strict=True))
        rows = _known((await campus.gateway.submissions([assignment.id]))[assignment.id])
        assert {one.user: one.submitted for one in rows}[students[0]]
        assert [one.user for one in rows if one.submitted] == [students[0]]
        again = await campus.gateway.work(assignment.id, students[2])
        assert not any(attempt.submitted for attempt in again.attempts)

    async def test_who_can_no_longer_take_part_is_no_participant_and_keeps_work_and_mark(
        self, campus: Campus
    ) -> None:
        """A suspended account, a suspended enrolment, one that is over, and an account that cannot log in."""
        course, students = await campus.taught(1, 2, 3, 4)
        [stopped] = applied_ids(
            await campus.gateway.create_users([attrs.evolve(campus.person(5), auth="nologin")])
        )
        campus.made.append(stopped)
        assert await campus.gateway.enrol([enrolment(stopped, course)]) == [Applied()]
        everybody = [*students, stopped]
        assignment = await campus.assigned(course)
        for one in everybody:
            campus.hands.submit(assignment.id, one)
            campus.hands.grade(assignment.id, one, 3, feedback="Good", workflow="released")
        applied_ids(await campus.gateway.update_users([UserChange(id=students[1], suspended=True)]))
        away = attrs.evolve(enrolment(students[2], course), suspended=True)
        over = attrs.evolve(enrolment(students[3], course), ends_at=datetime(2020, 1, 1, tzinfo=UTC))
        assert await campus.gateway.enrol([away, over]) == [Applied(), Applied()]
        assert [one.user for one in await campus.gateway.participants(assignment.id)] == [students[0]]
        rows = _known((await campus.gateway.submissions([assignment.id]))[assignment.id])
        assert sorted(row.user for row in rows if row.submitted) == sorted(everybody)
        grades = _known((await campus.gateway.grades([assignment.id]))[assignment.id])
        assert sorted(grade.user for grade in grades) == sorted(everybody)
        flags = _known((await campus.gateway.user_flags([assignment.id]))[assignment.id])
        assert sorted(one.user for one in flags if one.workflow == "released") == sorted(everybody)

    async def test_the_work_of_several_is_that_of_each(self, campus: Campus) -> None:
        """Who takes no part is left out, and spoils it for nobody."""
        course, students = await campus.taught(1, 2)
        assignment = await campus.assigned(course)
        campus.hands.submit(assignment.id, students[0])
        campus.hands.grade(assignment.id, students[0], 3, feedback="Good", workflow="released")
        before = {one: await campus.gateway.work(assignment.id, one) for one in students}
        again = {one: await campus.gateway.work(assignment.id, one) for one in students}
        found = await campus.gateway.works(assignment.id, [*students, NOBODY, students[0]])
        assert found == again
        assert found[students[0]] == before[students[0]]  # reading leaves a row behind for the other

    async def test_a_mark_and_feedback_are_no_facts_before_release(self, campus: Campus) -> None:
        """The raw mark shows early; its feedback does not, and might say that the mark does not count."""
        course, [student] = await campus.taught(1)
        assignment = await campus.assigned(course)
        campus.hands.submit(assignment.id, student)
        campus.hands.grade(assignment.id, student, 4, feedback="Code: 01122", workflow="inmarking")
        before = await campus.gateway.work(assignment.id, student)
        assert (before.released, before.workflow) == (False, "inmarking")
        assert (before.attempts[-1].raw, before.attempts[-1].feedback) == (None, None)
        [grade] = _known((await campus.gateway.grades([assignment.id]))[assignment.id])
        assert (grade.user, grade.attempt, grade.raw) == (student, 0, Decimal(4))
        campus.hands.grade(assignment.id, student, 4, feedback="Code: 01122", workflow="released")
        after = await campus.gateway.work(assignment.id, student)
        assert (after.released, after.attempts[-1].raw) == (True, Decimal(4))
        assert "01122" in (after.attempts[-1].feedback or "")
        [flags] = _known((await campus.gateway.user_flags([assignment.id]))[assignment.id])
        assert (flags.user, flags.workflow) == (student, "released")

    async def test_after_a_reopening_the_first_mark_is_found_in_the_attempts(self, campus: Campus) -> None:
        """The list of grades hides it, and the workflow state is still that of the first attempt."""
        course, [student] = await campus.taught(1)
        assignment = await campus.assigned(course)
        campus.hands.submit(assignment.id, student)
        campus.hands.grade(assignment.id, student, "1.5", feedback="Improve", workflow="released")
        campus.hands.reopen(assignment.id, student)
        assert (await campus.gateway.grades([assignment.id]))[assignment.id] == ()
        work = await campus.gateway.work(assignment.id, student)
        assert [(one.number, one.raw, one.submitted) for one in work.attempts] == [
            (0, Decimal("1.5"), True),
            (1, None, False),
        ]
        assert (work.workflow, work.released, work.graded) == ("released", True, False)

    async def test_what_one_member_hands_in_is_the_work_of_the_team(self, campus: Campus) -> None:
        """The rows of the others say `new`, or are not there."""
        course, students = await campus.taught(1, 2, 3, 4)
        [group] = applied_ids(await campus.gateway.create_groups([NewGroup(course=course, name="Team")]))
        await campus.gateway.add_group_members([GroupMember(group=group, user=one) for one in students[:2]])
        assignment = await campus.assigned(course, team=True)
        assert assignment.team
        campus.hands.submit(assignment.id, students[0])
        campus.hands.grade(assignment.id, students[1], 3, feedback="Good", workflow="released")
        found = {one.user: one for one in await campus.gateway.participants(assignment.id)}
        assert [found[one].submitted for one in students] == [True, True, False, False]
        assert [found[one].group for one in students] == [group, group, None, None]
        rows = _known((await campus.gateway.submissions([assignment.id]))[assignment.id])
        assert [(row.group, row.submitted) for row in rows if row.is_of_team] == [(group, True)]
        work = [await campus.gateway.work(assignment.id, one) for one in students]
        assert [any(one.submitted for one in each.attempts) for each in work] == [True, True, False, False]
        assert (work[1].attempts[-1].raw, work[1].attempts[-1].feedback) == (Decimal(3), "Good")
        [saved] = await campus.gateway.save_marks(assignment, [mark(students[0], "2")])
        assert isinstance(saved, Applied)
        campus.hands.submit(assignment.id, students[2])
        found = {one.user: one for one in await campus.gateway.participants(assignment.id)}
        assert [found[one].submitted for one in students] == [True] * 4

    async def test_an_unknown_course_or_assignment_is_not_an_empty_one(self, campus: Campus) -> None:
        """Nothing handed in and nothing there are two things."""
        course = await campus.course()
        assignment = await campus.assigned(course)
        found = await campus.gateway.assignments([course, NOBODY])
        assert [one.id for one in _known(found[course])] == [assignment.id]
        assert isinstance(found[NOBODY], Rejected)
        submissions = await campus.gateway.submissions([assignment.id, NOBODY])
        assert submissions[assignment.id] == ()
        assert isinstance(submissions[NOBODY], Rejected)
        for missing in (campus.gateway.participants(NOBODY), campus.gateway.work(NOBODY, MoodleId(1))):
            with raises(RemoteNotFound):
                await missing


class WritingMarksPromises:
    """A mark that was applied is there; one that Moodle would swallow or spoil is not sent."""

    async def test_a_mark_that_is_confirmed_is_there(self, campus: Campus) -> None:
        """With its feedback and its workflow state, and the id of its row."""
        course, students = await campus.taught(1, 2, 3)
        assignment = await campus.assigned(course)
        for student in students[:2]:
            campus.hands.submit(assignment.id, student)
        results = await campus.gateway.save_marks(
            assignment,
            [
                mark(students[0], "3.5"),
                mark(students[1], "0.00", feedback="", workflow="inreview"),
                mark(students[2], "2"),
            ],
        )
        ids = applied_ids(results)
        grades = _known((await campus.gateway.grades([assignment.id]))[assignment.id])
        assert {one.user: (one.id, one.raw) for one in grades} == {
            students[0]: (ids[0], Decimal("3.5")),
            students[1]: (ids[1], Decimal(0)),
            students[2]: (ids[2], Decimal(2)),
        }
        work = await campus.gateway.work(assignment.id, students[0])
        assert (work.attempts[-1].feedback, work.workflow) == ("Good", "released")
        flags = _known((await campus.gateway.user_flags([assignment.id]))[assignment.id])
        assert {one.user: one.workflow for one in flags}[students[1]] == "inreview"

    async def test_a_mark_is_taken_away(self, campus: Campus) -> None:
        """Moodle's word for it is -1."""
        course, [student] = await campus.taught(1)
        assignment = await campus.assigned(course, workflow=False)
        campus.hands.submit(assignment.id, student)
        applied_ids(await campus.gateway.save_marks(assignment, [mark(student, "3", workflow=None)]))
        [result] = await campus.gateway.save_marks(assignment, [mark(student, None, workflow=None)])
        assert isinstance(result, Applied)
        grades = _known((await campus.gateway.grades([assignment.id]))[assignment.id])
        assert [one.raw for one in grades if one.user == student] in ([], [Decimal(-1)])

    async def test_a_mark_that_moodle_would_swallow_is_not_sent(self, campus: Campus) -> None:
        """Each with its reason, and the student is as before."""
        course, [student] = await campus.taught(1)
        [stranger] = await campus.people(2)
        assignment = await campus.assigned(course)
        campus.hands.submit(assignment.id, student)
        campus.hands.grade(assignment.id, student, 2, feedback="Before", workflow="released")
        wrong = (
            mark(student, "4.1"),
            mark(student, "-5"),
            mark(student, "1.000001"),
            mark(student, "3", workflow="bogusstate"),
            mark(student, "3", workflow=None),
            mark(student, "3", attempt=1),
            mark(student, "3", attempt=-1),
            mark(stranger, "3"),
            mark(NOBODY, "3"),
        )
        for one in wrong:
            [result] = await campus.gateway.save_marks(assignment, [one])
            kind = RejectionKind.NOT_FOUND if one.user != student else RejectionKind.BAD_INPUT
            assert rejection(result).kind is kind, one
        work = await campus.gateway.work(assignment.id, student)
        assert [(one.number, one.raw, one.feedback) for one in work.attempts] == [(0, Decimal(2), "Before")]

    async def test_on_a_scale_only_its_items_are_marks(self, campus: Campus) -> None:
        """Moodle would show a 1.5 as Pass and a 0 as Refer."""
        course, students = await campus.taught(*range(4))
        assignment = await campus.assigned(course, grade=-3)
        for raw in ("0", "1.5", "5"):
            [result] = await campus.gateway.save_marks(assignment, [mark(students[0], raw)])
            assert rejection(result).kind is RejectionKind.BAD_INPUT, raw
        marks = [mark(student, str(item)) for item, student in enumerate(students, 1)]
        applied_ids(await campus.gateway.save_marks(assignment, marks))

    async def test_an_assignment_with_criteria_is_not_marked_by_a_number(self, campus: Campus) -> None:
        """Moodle would store Refer, whatever the number."""
        course, [student] = await campus.taught(1)
        assignment = await campus.assigned(course, grade=-3, criteria={"P1": "Explain"})
        [result] = await campus.gateway.save_marks(assignment, [mark(student, "3")])
        assert rejection(result).kind is RejectionKind.BAD_INPUT
        assert (await campus.gateway.grades([assignment.id]))[assignment.id] == ()

    async def test_the_first_attempt_is_marked_while_the_second_is_open(self, campus: Campus) -> None:
        """And the second is as it was."""
        course, [student] = await campus.taught(1)
        assignment = await _reopened(campus, course, student)
        applied_ids(await campus.gateway.save_marks(assignment, [mark(student, "1.2")]))
        work = await campus.gateway.work(assignment.id, student)
        assert [(one.number, one.raw) for one in work.attempts] == [(0, Decimal("1.2")), (1, None)]
        campus.hands.submit(assignment.id, student)
        applied_ids(await campus.gateway.save_marks(assignment, [mark(student, "2.5", attempt=1)]))
        work = await campus.gateway.work(assignment.id, student)
        assert [(one.number, one.raw) for one in work.attempts] == [(0, Decimal("1.2")), (1, Decimal("2.5"))]

    async def test_one_student_has_one_mark_in_a_request(self, campus: Campus) -> None:
        """Which of two counts would be a matter of luck."""
        course, students = await campus.taught(1, 2)
        assignment = await campus.assigned(course)
        results = await campus.gateway.save_marks(
            assignment, [mark(students[0], "3"), mark(students[0], "2"), mark(students[1], "1")]
        )
        applied_ids([results[0], results[2]])
        assert rejection(results[1]).kind is RejectionKind.CONFLICT
        assert await campus.gateway.save_marks(assignment, []) == []


async def _reopened(campus: Campus, course: MoodleId, student: MoodleId) -> MoodleAssignment:
    assignment = await campus.assigned(course)
    campus.hands.submit(assignment.id, student)
    campus.hands.grade(assignment.id, student, "1.5", feedback="Improve", workflow="released")
    campus.hands.reopen(assignment.id, student)
    return assignment


def _known(found: tuple[T, ...] | Rejected[MoodleId]) -> tuple[T, ...]:
    assert not isinstance(found, Rejected), found
    return found
