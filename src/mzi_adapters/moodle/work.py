"""Every attempt of one student, as `mod_assign_get_submission_status` tells it."""

from collections.abc import Sequence

from mzi_adapters.moodle.shapes import (
    Row,
    flag,
    inner_rows,
    integer,
    moment,
    number,
    part,
    some_id,
    text,
)
from mzi_core.ports import Attempt, StudentWork
from mzi_core.values import MoodleId

RELEASED = "released"

# Where the assignment has no workflow, these stand in place of a state.
_WITHOUT_WORKFLOW = ("graded", "notgraded")
_NOT_MARKED = "notmarked"


def work_from(answer: Row, user: MoodleId) -> StudentWork:
    """The student's work. What is not released is left out even where Moodle shows it."""
    last = part(answer, "lastattempt")
    status = text(last, "gradingstatus")
    workflow = None if status in _WITHOUT_WORKFLOW else status.replace(_NOT_MARKED, "")
    released = workflow in (None, RELEASED)
    feedback = part(answer, "feedback") if released else {}
    submission = part(last, "submission") or part(last, "teamsubmission")
    attempts = [_earlier(one) for one in inner_rows(answer, "previousattempts")]
    grade = part(feedback, "grade")
    if submission or grade:
        number_of = integer(submission or grade, "attemptnumber")
        attempts.append(_attempt(number_of, submission, grade, inner_rows(feedback, "plugins")))
    return StudentWork(
        user=user,
        attempts=tuple(sorted(attempts, key=lambda one: one.number)),
        workflow=workflow,
        released=released,
        graded=flag(last, "graded"),
        extension=moment(last, "extensionduedate"),
        locked=flag(last, "locked"),
    )


def _earlier(one: Row) -> Attempt:
    return _attempt(
        integer(one, "attemptnumber"),
        part(one, "submission"),
        part(one, "grade"),
        inner_rows(one, "feedbackplugins"),
    )


def _attempt(number_of: int, submission: Row, grade: Row, plugins: Sequence[Row]) -> Attempt:
    return Attempt(
        number=number_of,
        status=text(submission, "status"),
        submitted_at=moment(submission, "timemodified"),
        grade_id=some_id(grade, "id"),
        raw=number(grade, "grade"),
        grader=some_id(grade, "grader"),
        graded_at=moment(grade, "timemodified"),
        feedback=_comments(plugins),
    )


def _comments(plugins: Sequence[Row]) -> str | None:
    for plugin in plugins:
        if text(plugin, "type") == "comments":
            return "".join(text(field, "text") for field in inner_rows(plugin, "editorfields"))
    return None
