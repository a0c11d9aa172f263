"""What Moodle's web services tell of users, courses, enrolments and marks, as records of the shelf.

They tell less than events do. What they never tell stays as it is stored: `UNTOLD`. Moodle does not say when
a user, an enrolment or an assignment was changed, so such a reading is of no moment, and changes no order.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import attrs

from mzi_core.field_versions import Named, as_told
from mzi_core.grading import Criterion
from mzi_core.grading.marking import RELEASED
from mzi_core.module import E, Module
from mzi_core.modules import (
    MOODLE_COURSES,
    MOODLE_ENROLLMENTS,
    MOODLE_MARKS,
    MOODLE_USERS,
    MarkedAttempt,
    MarkedCriterion,
    MoodleCourseRecord,
    MoodleEnrollmentRecord,
    MoodleMarkRecord,
    MoodleUserRecord,
)
from mzi_core.modules.moodle_enrollments import ACTIVE, SUSPENDED
from mzi_core.modules.moodle_marks import NO_WORK, NOT_MARKED
from mzi_core.ports import (
    AssignmentGrade,
    Attempt,
    EnrolledUser,
    MoodleAssignment,
    MoodleCourse,
    MoodleUser,
    StudentWork,
    Submission,
    UserFlags,
)
from mzi_core.values import MoodleId, MoodleKey

UNTOLD: Mapping[str, frozenset[str]] = {
    MOODLE_USERS.name: frozenset(
        ("modified_at", "event_number", "full_name", "second_phone", "role", "created_in_moodle")
    ),
    MOODLE_COURSES.name: frozenset(("event_number",)),
    MOODLE_ENROLLMENTS.name: frozenset(
        (
            *("modified_at", "event_number", "enrollment_id", "starts_at", "ends_at", "method", "maker"),
            *("made_as", "created_in_moodle"),
        )
    ),
    MOODLE_MARKS.name: frozenset(("modified_at", "event_number", "minimum", "item", "grade_id", "final")),
}
"""By kind of record, the fields that web services do not tell, or not of every record."""


def as_read(module: Module[E], record: E, hidden: frozenset[str] = frozenset()) -> E:
    """A record with what its reading tells by being empty: all but what is never told, or hidden."""
    fields = frozenset(field.name for field in module.fields)
    return as_told(module, record, Named(fields=fields - UNTOLD[module.name] - hidden))


_SHOWN_OR_NOT = ("phone", "city", "country")


def hidden_of(users: Iterable[MoodleUserRecord]) -> frozenset[str]:
    """The fields that a site may hide from the account, and that none of these users has."""
    listed = list(users)
    return frozenset(name for name in _SHOWN_OR_NOT if not any(getattr(user, name) for user in listed))


def user_record(user: MoodleUser) -> MoodleUserRecord:
    """A user."""
    return MoodleUserRecord(
        moodle_key=MoodleKey(str(user.id)),
        username=user.username,
        email=user.email,
        first_name=user.first_name or None,
        last_name=user.last_name or None,
        id_number=user.id_number or None,
        phone=user.phone or None,
        city=user.city or None,
        country=user.country or None,
        suspended=user.suspended,
        deleted=user.deleted,
    )


def course_record(course: MoodleCourse) -> MoodleCourseRecord:
    """A course."""
    return MoodleCourseRecord(
        moodle_key=MoodleKey(str(course.id)),
        short_name=course.short_name,
        full_name=course.full_name,
        id_number=course.id_number or None,
        category=MoodleId(course.category) if course.category else None,
        starts_at=course.starts_at,
        ends_at=course.ends_at,
        visible=course.visible,
        created_in_moodle=course.created_at,
        modified_at=course.modified_at,
    )


def enrolment_record(course: MoodleId, user: EnrolledUser, *, suspended: bool) -> MoodleEnrollmentRecord:
    """A user in a course; of several roles the first, as Moodle lists them.

    `suspended`: it does not count, be it that it is suspended or that its time is over.
    """
    return MoodleEnrollmentRecord(
        moodle_key=MoodleKey(f"{course}_{user.id}"),
        course=MoodleKey(str(course)),
        user=MoodleKey(str(user.id)),
        role=MoodleId(user.roles[0]) if user.roles else None,
        status=SUSPENDED if suspended else ACTIVE,
    )


@attrs.frozen(kw_only=True)
class AssignmentReading:
    """What the functions that answer for many at once tell of one assignment, by student.

    Of a team's work each member has the row of the team. Feedback, criteria and earlier attempts are not
    among it.
    """

    assignment: MoodleAssignment
    scale_items: tuple[str, ...] = ()
    submissions: Mapping[MoodleId, Submission] = attrs.field(factory=dict)
    grades: Mapping[MoodleId, AssignmentGrade] = attrs.field(factory=dict)
    flags: Mapping[MoodleId, UserFlags] = attrs.field(factory=dict)

    @property
    def students(self) -> list[MoodleId]:
        """Everybody of whom there is something, by id."""
        return sorted({*self.submissions, *self.grades, *self.flags})

    def key_of(self, user: MoodleId) -> MoodleKey:
        """The key of a student's mark."""
        return MoodleKey(f"{user}_{self.assignment.course}_{self.assignment.id}")

    def workflow_of(self, user: MoodleId) -> str | None:
        """The state of the marking workflow; None where the assignment does not use it."""
        if not self.assignment.workflow:
            return None
        flags = self.flags.get(user)
        return (flags.workflow if flags else "") or NOT_MARKED

    def attempts_of(self, user: MoodleId) -> dict[int, MarkedAttempt]:
        """The latest attempt, by its number; two where the mark is of another one than the work."""
        found: dict[int, MarkedAttempt] = {}
        submission, grade = self.submissions.get(user), self.grades.get(user)
        if submission is not None:
            began = MarkedAttempt(number=submission.attempt, graded_at=submission.modified_at)
            found[submission.attempt] = self.with_work(began, submission.status, submission.modified_at)
        if grade is not None:
            found[grade.attempt] = attrs.evolve(
                found.get(grade.attempt, self._without_work(grade.attempt)),
                grade_id=grade.id,
                raw=grade.raw,
                grader=grade.grader,
                graded_at=grade.modified_at,
            )
        return found

    def _without_work(self, number: int) -> MarkedAttempt:
        """An attempt of which no work is told. That of a team is not told of who left the course."""
        attempt = MarkedAttempt(number=number)
        return attempt if self.assignment.team else self.with_work(attempt, NO_WORK, None)

    def with_work(self, attempt: MarkedAttempt, status: str, at: datetime | None) -> MarkedAttempt:
        """An attempt of which the work, the student's own or the team's, is in this state since a moment."""
        attempt = attrs.evolve(attempt, submitted_at=at)
        if self.assignment.team:
            return attrs.evolve(attempt, team_status=status or NO_WORK)
        return attrs.evolve(attempt, submission_status=status or NO_WORK)


def lacks_detail(
    reading: AssignmentReading, user: MoodleId, stored: MoodleMarkRecord | None, *, is_shown_all: bool
) -> bool:
    """Whether more must be read of a student: earlier attempts, or what belongs to a new mark.

    Where another attempt was begun, those before it are read: what became of them last was never told.

    A mark that is stored as it is told, in the same state of the workflow, is known; -1 is one too, for its
    feedback may have the code of work that is not valid. `is_shown_all`: also what is not released yet would
    be told.
    """
    told = reading.attempts_of(user)
    before = _by_number(stored)
    latest = max(told, default=0)
    if latest and any(number not in before for number in range(latest + 1)):
        return True
    workflow = reading.workflow_of(user)
    if not is_shown_all and workflow not in (None, RELEASED):
        return False
    return any(
        each.raw is not None
        and not (stored and stored.workflow == workflow and _is_same_mark(before.get(each.number), each))
        for each in told.values()
    )


def mark_record(
    reading: AssignmentReading, user: MoodleId, stored: MoodleMarkRecord | None, work: StudentWork | None
) -> MoodleMarkRecord:
    """A student's mark, put together of what is told, what is stored and, where it was read, the work."""
    before = _by_number(stored)
    attempts = reading.attempts_of(user)
    for number, told in attempts.items():
        attempts[number] = _with_what_is_known(told, before.get(number))
    for attempt in work.attempts if work else ():
        if attempt.grade_id is not None or attempt.number not in attempts:
            attempts[attempt.number] = _detailed(reading, attempt, before.get(attempt.number))
    assignment, flags = reading.assignment, reading.flags.get(user)
    return MoodleMarkRecord(
        moodle_key=reading.key_of(user),
        student=MoodleKey(str(user)),
        course=MoodleKey(str(assignment.course)),
        assignment=assignment.id,
        assignment_name=assignment.name or None,
        maximum=assignment.maximum,
        scale=None if assignment.scale_id is None else MoodleId(assignment.scale_id),
        scale_items=reading.scale_items,
        no_submissions=not assignment.takes_submissions,
        workflow=reading.workflow_of(user),
        due=assignment.due,
        cutoff=assignment.cutoff,
        extension=flags.extension if flags else None,
        grade_id=work.gradebook_id if work else None,
        attempts=tuple(_not_before(before.get(number), attempts[number]) for number in sorted(attempts)),
    )


def _with_what_is_known(told: MarkedAttempt, known: MarkedAttempt | None) -> MarkedAttempt:
    """What is told of an attempt: all that is known of its mark where it is the same, and of its work where
    nothing is told of that."""
    if known is None:
        return told
    is_work_told = told.submission_status is not None or told.team_status is not None
    mark, work = known if _is_same_mark(known, told) else told, told if is_work_told else known
    return attrs.evolve(
        mark,
        submission_status=work.submission_status,
        team_status=work.team_status,
        submitted_at=work.submitted_at,
    )


def _by_number(stored: MoodleMarkRecord | None) -> dict[int, MarkedAttempt]:
    return {attempt.number: attempt for attempt in stored.attempts} if stored else {}


def _is_same_mark(stored: MarkedAttempt | None, told: MarkedAttempt) -> bool:
    """Whether the mark that is told is the one that is stored, and was not given once more since."""
    return (
        stored is not None
        and (stored.grade_id, stored.raw) == (told.grade_id, told.raw)
        and stored.graded_at is not None
        and told.graded_at is not None
        and stored.graded_at >= told.graded_at
    )


def _not_before(stored: MarkedAttempt | None, told: MarkedAttempt) -> MarkedAttempt:
    """What is told, as no older than the stored version of the same mark, of which it tells more.

    An event is of the second in which it was sent, and a mark of the one before it. A stored version of
    another mark keeps its place in the order: it may have come while Moodle was read.
    """
    if stored is None or stored.version.order <= told.version.order or not _is_same_mark(stored, told):
        return told
    return attrs.evolve(told, graded_at=stored.graded_at, event_number=stored.event_number)


def _detailed(reading: AssignmentReading, attempt: Attempt, stored: MarkedAttempt | None) -> MarkedAttempt:
    """An attempt as it was read by itself, with what only another sender told of the same mark."""
    told = MarkedAttempt(
        number=attempt.number,
        grade_id=attempt.grade_id,
        raw=attempt.raw,
        feedback=attempt.feedback,
        grader=attempt.grader,
        grader_name=attempt.grader_name or None,
        graded_at=attempt.graded_at or attempt.submitted_at,
        criteria=tuple(map(_marked, attempt.criteria)),
    )
    told = reading.with_work(told, attempt.status, attempt.submitted_at)
    if stored is None or not _is_same_mark(stored, told):
        return told
    return attrs.evolve(
        told,
        letter=stored.letter,
        automatic=stored.automatic,
        feedback=stored.feedback if told.feedback is None else told.feedback,
        grader_name=told.grader_name or stored.grader_name,
        grader_role=stored.grader_role,
        criteria=told.criteria or stored.criteria,
    )


def _marked(criterion: Criterion) -> MarkedCriterion:
    return MarkedCriterion(
        code=criterion.code,
        title=criterion.title or None,
        definition=criterion.definition or None,
        achieved="yes" if criterion.achieved else "no",
        remark=criterion.remark or None,
    )
