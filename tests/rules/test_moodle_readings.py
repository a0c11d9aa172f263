"""What becomes of what Moodle's web services tell of a student's work, given what is stored of it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from mzi_core.grading import Criterion
from mzi_core.modules import MarkedAttempt, MarkedCriterion, MoodleMarkRecord
from mzi_core.ports import (
    AssignmentGrade,
    Attempt,
    EnrolledUser,
    MoodleAssignment,
    StudentWork,
    Submission,
    UserFlags,
)
from mzi_core.use_cases.moodle_readings import (
    AssignmentReading,
    enrolment_record,
    lacks_detail,
    mark_record,
)
from mzi_core.values import MoodleId, MoodleKey

AT = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
SOON = AT + timedelta(seconds=1)
STUDENT, COURSE, ASSIGNMENT = MoodleId(7), MoodleId(2), MoodleId(3)
ITEM = MoodleAssignment(id=ASSIGNMENT, cmid=MoodleId(5), course=COURSE, name="A1", workflow=True)


def reading(
    *,
    attempt: int | None = 0,
    raw: int | None = None,
    workflow: str | None = None,
    graded: int | None = None,
    **item: Any,
) -> AssignmentReading:
    """What is told of one student: an attempt, a mark of it or of another, a state of the workflow."""
    number = attempt if graded is None else graded
    return AssignmentReading(
        assignment=attrs.evolve(ITEM, **item),
        submissions={}
        if attempt is None
        else {
            STUDENT: Submission(
                id=MoodleId(1), user=STUDENT, attempt=attempt, status="submitted", modified_at=AT
            )
        },
        grades={}
        if raw is None
        else {
            STUDENT: AssignmentGrade(
                id=MoodleId(9), user=STUDENT, attempt=number or 0, raw=Decimal(raw), modified_at=AT
            )
        },
        flags={} if workflow is None else {STUDENT: UserFlags(user=STUDENT, workflow=workflow)},
    )


def stored(*attempts: MarkedAttempt, workflow: str | None = "released") -> MoodleMarkRecord:
    return MoodleMarkRecord(
        moodle_key=MoodleKey("7_2_3"),
        student=MoodleKey("7"),
        course=MoodleKey("2"),
        assignment=ASSIGNMENT,
        workflow=workflow,
        attempts=attempts,
    )


def marked(raw: int, number: int = 0, at: datetime | None = AT, **more: Any) -> MarkedAttempt:
    given = {"grade_id": MoodleId(9), **more}
    return MarkedAttempt(number=number, raw=Decimal(raw), graded_at=at, **given)


@pytest.mark.parametrize(
    ("told", "known", "is_shown_all", "lacks"),
    [
        (reading(), None, False, False),
        (reading(attempt=None, workflow="released"), None, False, False),
        (reading(raw=3, workflow="released"), None, False, True),
        (reading(raw=3, workflow="released"), stored(marked(3)), False, False),
        (reading(raw=3, workflow="released"), stored(marked(3, at=SOON)), False, False),
        (reading(raw=3, workflow="released"), stored(marked(3, at=AT - timedelta(days=1))), False, True),
        (reading(raw=3, workflow="released"), stored(marked(3, at=None)), False, True),
        (reading(raw=4, workflow="released"), stored(marked(3)), False, True),
        (reading(raw=3, workflow="released"), stored(marked(3), workflow="inmarking"), False, True),
        (reading(raw=3, workflow="inmarking"), None, False, False),
        (reading(raw=3, workflow="inmarking"), None, True, True),
        (reading(raw=3), None, False, False),
        (reading(raw=3, workflow=None), None, True, True),
        (reading(raw=-1, workflow="released"), None, False, True),  # a code in its feedback is an F
        (reading(raw=-1, workflow="released"), stored(marked(-1)), False, False),
        (reading(attempt=1, workflow="inmarking"), None, False, True),
        (reading(attempt=1, workflow="inmarking"), stored(marked(1, 0)), False, True),
        (reading(attempt=1, workflow="inmarking"), stored(marked(1, 0), marked(-1, 1)), False, False),
        (reading(attempt=1, raw=1, graded=0), None, False, True),
    ],
)
def test_more_is_read_only_of_whom_something_is_lacking(
    told: AssignmentReading, known: MoodleMarkRecord | None, is_shown_all: bool, lacks: bool
) -> None:
    assert lacks_detail(told, STUDENT, known, is_shown_all=is_shown_all) is lacks


def test_a_student_of_whom_only_a_state_is_noted_has_no_attempt() -> None:
    told = reading(attempt=None, workflow="inmarking")
    told = attrs.evolve(told, flags={STUDENT: UserFlags(user=STUDENT, workflow="", extension=SOON)})
    found = mark_record(told, STUDENT, None, None)
    assert (found.attempts, found.extension, found.workflow) == ((), SOON, "notmarked")
    assert told.students == [STUDENT]


@pytest.mark.parametrize(("team", "status"), [(False, "new"), (True, None)])
def test_a_mark_without_work_is_an_attempt_of_its_own(team: bool, status: str | None) -> None:
    """Moodle told all work, so there was none; but of a team not who left the course."""
    found = mark_record(reading(attempt=None, raw=2, graded=0, team=team), STUDENT, None, None)
    assert [
        (each.number, each.raw, each.submission_status or each.team_status) for each in found.attempts
    ] == [(0, Decimal(2), status)]


@pytest.mark.parametrize("raw", [2, 3])
def test_work_of_a_team_that_is_not_told_any_more_stays_as_it_was(raw: int) -> None:
    """Its member has left the course."""
    known = stored(marked(2, team_status="submitted", submitted_at=AT))
    (found,) = mark_record(reading(attempt=None, raw=raw, graded=0, team=True), STUDENT, known, None).attempts
    assert (found.raw, found.team_status, found.submitted_at) == (Decimal(raw), "submitted", AT)


@pytest.mark.parametrize("team", [False, True])
def test_work_that_was_looked_for_and_not_found_was_not_begun(team: bool) -> None:
    attempt = Attempt(number=0, status="", grade_id=MoodleId(9), raw=Decimal(2))
    work = StudentWork(user=STUDENT, attempts=(attempt,), workflow=None, released=True)
    (found,) = mark_record(reading(attempt=None, raw=2, graded=0, team=team), STUDENT, None, work).attempts
    assert (found.team_status if team else found.submission_status) == "new"


@pytest.mark.parametrize("takes", [False, True])
def test_a_mark_says_whether_anything_can_be_handed_in(takes: bool) -> None:
    assert mark_record(reading(takes_submissions=takes), STUDENT, None, None).no_submissions is not takes


def test_what_is_told_of_a_known_mark_leaves_what_others_told_of_it() -> None:
    known = marked(3, at=SOON, event_number=7, letter="M", feedback="Good", grader_role="teacher")
    found = mark_record(reading(raw=3, workflow="released"), STUDENT, stored(known), None)
    assert found.attempts == (attrs.evolve(known, submission_status="submitted", submitted_at=AT),)


def test_what_is_read_of_a_known_mark_is_no_older_than_it_and_keeps_what_it_does_not_tell() -> None:
    criteria = (MarkedCriterion(code="P1", score="1"),)
    known = marked(3, at=SOON, event_number=7, letter="M", grader_name="Omar", criteria=criteria)
    attempt = Attempt(
        number=0,
        status="submitted",
        grade_id=MoodleId(9),
        raw=Decimal(3),
        graded_at=AT,
        feedback="Good",
    )
    work = StudentWork(user=STUDENT, attempts=(attempt,), workflow="released", released=True)
    found = mark_record(reading(raw=3, workflow="released"), STUDENT, stored(known, workflow=None), work)
    assert found.attempts == (attrs.evolve(known, feedback="Good", submission_status="submitted"),)


def test_another_mark_that_came_meanwhile_keeps_its_place_in_the_order() -> None:
    newer = marked(4, at=SOON, event_number=9)
    found = mark_record(reading(raw=3, workflow="released"), STUDENT, stored(newer), None)
    assert [(each.raw, each.graded_at, each.event_number) for each in found.attempts] == [
        (Decimal(3), AT, None)
    ]


def test_feedback_that_is_withheld_does_not_take_the_mark_with_it() -> None:
    """Moodle shows a mark that is not released in one place, and neither mark nor feedback in another."""
    first = Attempt(number=0, status="submitted", grade_id=MoodleId(8), raw=Decimal(1), graded_at=AT)
    second = Attempt(number=1, status="submitted", submitted_at=AT)
    work = StudentWork(user=STUDENT, attempts=(first, second), workflow="inmarking", released=False)
    found = mark_record(reading(attempt=1, raw=3, workflow="inmarking"), STUDENT, None, work)
    assert [(each.number, each.grade_id, each.raw) for each in found.attempts] == [
        (0, 8, Decimal(1)),
        (1, 9, Decimal(3)),
    ]


def test_criteria_say_whether_they_were_met() -> None:
    criteria = (Criterion(code="P1", achieved=True, remark="ok"), Criterion(code="M1", achieved=False))
    attempt = Attempt(number=0, status="submitted", grade_id=MoodleId(9), raw=Decimal(3), criteria=criteria)
    work = StudentWork(user=STUDENT, attempts=(attempt,), workflow=None, released=True)
    (found,) = mark_record(reading(raw=3), STUDENT, None, work).attempts
    assert [(each.code, each.achieved, each.remark) for each in found.criteria] == [
        ("P1", "yes", "ok"),
        ("M1", "no", None),
    ]


@pytest.mark.parametrize(("roles", "role"), [((), None), ((5,), 5), ((3, 5), 3)])
def test_of_several_roles_the_first_is_kept(roles: tuple[int, ...], role: int | None) -> None:
    user = EnrolledUser(id=STUDENT, username="rana", email="rana@c.example", roles=roles)
    found = enrolment_record(COURSE, user, suspended=True)
    assert (found.moodle_key, found.role, found.status) == ("2_7", role, "suspended")
