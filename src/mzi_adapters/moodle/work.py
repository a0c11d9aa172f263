"""Every attempt of one student, as `mod_assign_get_submission_status` tells it, or mzi's plugin."""

from collections.abc import Sequence

from mzi_adapters.moodle.json_fields import (
    Row,
    flag,
    inner_rows,
    integer,
    moment,
    moodle_id,
    number,
    part,
    some_id,
    text,
)
from mzi_core.grading import Criterion
from mzi_core.grading.marking import RELEASED, UNGRADED
from mzi_core.ports import Attempt, StudentWork
from mzi_core.values import MoodleId

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
    # Where teams hand in, a member's own row says nothing, whether or not the team has one yet.
    own = {} if some_id(last, "submissiongroup") else part(last, "submission")
    submission = part(last, "teamsubmission") or own
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


def facts_from(student: Row) -> StudentWork:
    """The student's work as the plugin tells it: everything, whether or not it is released."""
    workflow = None if student.get("workflowstate") is None else text(student, "workflowstate")
    attempts = [_with_criteria(one) for one in inner_rows(student, "attempts")]
    return StudentWork(
        user=moodle_id(student, "userid"),
        attempts=tuple(sorted(attempts, key=lambda one: one.number)),
        workflow=workflow,
        released=workflow in (None, RELEASED),
        graded=bool(attempts) and attempts[-1].raw not in (None, UNGRADED),
        extension=moment(student, "extensionduedate"),
        gradebook_id=some_id(student, "gradegradeid"),
    )


def _with_criteria(one: Row) -> Attempt:
    return Attempt(
        number=integer(one, "attemptnumber"),
        status=text(one, "submissionstatus"),
        submitted_at=moment(one, "timesubmitted"),
        grade_id=some_id(one, "gradeid"),
        raw=number(one, "rawgrade"),
        grader=some_id(one, "graderid"),
        graded_at=moment(one, "timegraded"),
        feedback=None if one.get("feedback") is None else text(one, "feedback"),
        grader_name=text(one, "gradername"),
        criteria=tuple(map(_criterion, inner_rows(one, "criteria"))),
    )


def _criterion(one: Row) -> Criterion:
    return Criterion(
        code=text(one, "code"),
        achieved=bool(number(one, "score")),
        definition=text(one, "definition"),
        remark=text(one, "remark"),
    )
