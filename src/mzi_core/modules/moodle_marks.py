"""Marks in Moodle: a student's work for an assignment. Sources: reference §1.1, C8, recorded events."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar

import attrs

from mzi_core.module import Module, MoodleEntity, Version, composed, lookup, moodle, noted, subform
from mzi_core.values import MoodleId, MoodleKey

NOT_MARKED = "notmarked"
"""How Moodle calls the state in which an assignment's marking workflow begins, and which it keeps as an empty
text: kept as a word, since an assignment that does not use the workflow has no state at all."""

NO_WORK = "new"
"""How Moodle calls the work of a student who began none."""


def _state(text: str) -> str:
    """A state of the workflow, of which Moodle has the first in two spellings."""
    return text if text.strip() else NOT_MARKED


MOST_ATTEMPTS = 10_000
"""Of one student for one assignment. Moodle's settings offer 30, or no limit; its column has ten digits."""

_LONGEST_MARK = 24
"""Characters that are looked at: more than a mark has, of which Moodle keeps ten digits."""
_MARK = re.compile(r"-?[0-9]{1,10}(?:\.[0-9]{1,10})?")


@attrs.frozen(kw_only=True)
class MarkedCriterion:
    """A criterion of an attempt: `score` as Moodle writes it, `achieved` as a sender read it."""

    code: Annotated[str | None, moodle("code", "LO_Code", "outcome_id", "shortname", "criterion")] = None
    title: Annotated[str | None, moodle("LO_Title", "outcome_name")] = None
    definition: Annotated[str | None, moodle("definition", "description", "LO_Definition")] = None
    score: Annotated[str | None, moodle("score", "LO_Score", "grade")] = None
    achieved: Annotated[str | None, moodle("achieved")] = None
    remark: Annotated[str | None, moodle("remark", "feedback", "LO_Feedback")] = None


@attrs.frozen(kw_only=True)
class MarkedAttempt:
    """One attempt and its mark. `raw` is what `assign_grades` has, -1 where nobody has graded.

    `automatic`: nobody gave `letter`; the plugin says by an F that nothing was handed in.

    The event number is kept with each attempt, for what is told of one of them says nothing of the others.
    """

    of_when: ClassVar = ("graded_at", "event_number")
    """The cells by which versions of one attempt are put in order."""

    number: Annotated[
        int,
        moodle(
            *("attemptnumber", "attemptnumber_zero_indexed", "attempt", "number"),
            from_one=("attempt_number",),
            none_yet="auto_generated",  # the plugin's F for a student who began no attempt
            minimum=0,
            maximum=MOST_ATTEMPTS - 1,
        ),
    ] = 0
    grade_id: Annotated[MoodleId | None, moodle("gradeid", "assign_grade_id")] = None
    raw: Annotated[Decimal | None, moodle("rawgrade", "raw_grade", "raw")] = None
    letter: Annotated[str | None, moodle("grade", "letter", "btec_grade")] = None
    automatic: Annotated[bool | None, moodle("auto_generated")] = None
    submission_status: Annotated[str | None, moodle("submissionstatus", "submission_status")] = None
    team_status: Annotated[str | None, moodle("teamsubmissionstatus", "team_submission_status")] = None
    submitted_at: Annotated[datetime | None, noted("timesubmitted", "submitted_at")] = None
    feedback: Annotated[str | None, moodle("feedback", "feedback_text")] = None
    grader: Annotated[MoodleId | None, moodle("graderid", "grader", "usermodified")] = None
    grader_name: Annotated[str | None, moodle("grader_name", "gradername")] = None
    grader_role: Annotated[str | None, moodle("grader_role", "graderrole")] = None
    graded_at: Annotated[
        datetime | None, noted("timegraded", "timemodified", "timestamp", "graded_at", "timecreated")
    ] = None
    event_number: Annotated[int | None, moodle("event_number", "eventnumber")] = None
    criteria: Annotated[
        tuple[MarkedCriterion, ...], subform("criteria", "learning_outcomes", row_key="code")
    ] = ()

    @property
    def version(self) -> Version:
        """Of when it is."""
        return Version(self.graded_at, self.event_number)


@attrs.frozen(kw_only=True)
class MoodleMarkRecord(MoodleEntity):
    """What is known of a student's work for an assignment: every attempt, the item, the student's times.

    A negative maximum is Moodle's way of naming a scale: it is kept as `scale`. `grade_id` is that of the
    gradebook's row; each attempt has the id of its own. `no_submissions`: nothing can be handed in.
    """

    moodle_key: Annotated[MoodleKey, composed("student", "course", "assignment")]
    student: Annotated[
        MoodleKey, lookup("userid", "student_id", "studentid", "relateduserid", "moodle_userid")
    ]
    course: Annotated[MoodleKey, lookup("courseid", "course_id", "moodle_course_id")]
    assignment: Annotated[
        MoodleId, moodle("assignid", "assignmentid", "assignment_id", "assignment", "iteminstance")
    ]
    assignment_name: Annotated[str | None, moodle("assignname", "assignment_name", "itemname")] = None
    minimum: Annotated[Decimal | None, moodle("grademin", "rawgrademin", "minimum")] = None
    maximum: Annotated[Decimal | None, moodle("assigngrademax", "grademax", "rawgrademax", "maximum")] = None
    scale: Annotated[MoodleId | None, moodle("scaleid", "scale_id", "rawscaleid")] = None
    scale_items: Annotated[tuple[str, ...], moodle("scale_items", "scaleitems", "scale")] = ()
    no_submissions: Annotated[bool | None, moodle("nosubmissions")] = None
    workflow: Annotated[str | None, moodle("workflowstate", "workflow_state", "workflow", clean=_state)] = (
        None
    )
    due: Annotated[datetime | None, moodle("duedate", "due_date", "due")] = None
    extension: Annotated[datetime | None, moodle("extensionduedate", "extension")] = None
    cutoff: Annotated[datetime | None, moodle("cutoffdate", "cutoff_date", "cutoff")] = None
    item: Annotated[MoodleId | None, moodle("gradeitemid", "itemid", "item_id")] = None
    grade_id: Annotated[MoodleId | None, moodle("gradegradeid", "grade_id", "grade_grade_id", "id")] = None
    final: Annotated[Decimal | None, moodle("finalgrade", "final_grade")] = None
    attempts: Annotated[tuple[MarkedAttempt, ...], subform("attempts", row_key="number", is_itself=True)] = ()


def in_their_order(mark: MoodleMarkRecord) -> MoodleMarkRecord:
    """A negative maximum as the scale that it names; each attempt once, in their order.

    A number where the letter belongs, as Moodle's own services write the mark (`"grade": "3.00000"`), is the
    mark, unless another name says one.
    """
    whole = attrs.evolve(mark, attempts=_newest(map(_with_its_mark, mark.attempts)))
    if mark.maximum is None or mark.maximum >= 0:
        return whole
    return attrs.evolve(whole, maximum=None, scale=mark.scale or MoodleId(int(-mark.maximum)))


def _with_its_mark(attempt: MarkedAttempt) -> MarkedAttempt:
    letter = attempt.letter
    if letter is None or _MARK.fullmatch(letter[:_LONGEST_MARK]) is None:
        return attempt
    return attrs.evolve(attempt, letter=None, raw=Decimal(letter) if attempt.raw is None else attempt.raw)


def _newest(attempts: Iterable[MarkedAttempt]) -> tuple[MarkedAttempt, ...]:
    """Each attempt in its newest version, the last told of those that cannot be told apart."""
    newest: dict[int, MarkedAttempt] = {}
    for each in attempts:
        before = newest.get(each.number, each)
        if not each.version.is_before(before.version):
            at, number = each.version.after(before.version)
            newest[each.number] = attrs.evolve(each, graded_at=at, event_number=number)
    return tuple(newest[number] for number in sorted(newest))


MOODLE_MARKS = Module(
    name="moodle_marks",
    singular="moodle_mark",
    remote_name="assign_grades",
    entity=MoodleMarkRecord,
    depends_on={"student": "moodle_users", "course": "moodle_courses"},
    complete=in_their_order,
    told_together=(("minimum", "maximum", "scale", "scale_items"),),
)
