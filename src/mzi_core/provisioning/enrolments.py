"""Enrolments as manual enrolments in Moodle. Sources: reference B7, C39."""

from collections.abc import Collection, Iterable, Mapping
from functools import partial

import attrs

from mzi_core.module import AnyModule, Counterpart
from mzi_core.modules import CLASSES, STUDENTS, Enrollment
from mzi_core.ports import Enrolment
from mzi_core.provisioning.courses import ONLY_ACTIVE
from mzi_core.provisioning.step import Action, Difference, MoodleDefaults, Step, foreseen
from mzi_core.values import MoodleId, Parent, RecordKey

SUSPENDED = "The enrolment is suspended in Moodle, or its time there is over."

_SHOWS_NOBODY = (
    "Moodle shows nobody in course {}, where this student was enrolled before. Enrolling again would end a "
    "suspension. If the course is empty, enrol one of the class there by hand, and push again."
)

EnrolmentStep = Step[Enrolment]


@attrs.frozen(kw_only=True)
class FoundMembers:
    """Our students' accounts and our classes' courses, and who is in these courses by what Moodle says.

    `courseless`: the statuses of classes that have no course and are to get none. `deleted`: which of these
    students and classes Zoho has deleted. `closed`: why the members of a course could not be read. `empty`:
    courses in which Moodle showed nobody when they were read. `suspended`: whose enrolment does not count.
    `ours`: which enrolments, as course and user, mzi made; `suspends`: whether such a one is suspended once
    it is over.
    """

    accounts: Mapping[RecordKey, MoodleId | None] = attrs.field(factory=dict)
    courses: Mapping[RecordKey, MoodleId | None] = attrs.field(factory=dict)
    courseless: Mapping[RecordKey, str | None] = attrs.field(factory=dict)
    deleted: Collection[RecordKey] = ()
    members: Mapping[MoodleId, Collection[MoodleId]] = attrs.field(factory=dict)
    closed: Mapping[MoodleId, str] = attrs.field(factory=dict)
    empty: Collection[MoodleId] = ()
    suspended: Mapping[MoodleId, Collection[MoodleId]] = attrs.field(factory=dict)
    ours: Collection[tuple[MoodleId, MoodleId]] = ()
    suspends: bool = False


def course_of(enrollment: Enrollment, courses: Mapping[RecordKey, MoodleId | None]) -> MoodleId | None:
    """The course an enrolment is about: that of its class, else the one it names itself."""
    return courses.get(enrollment.class_) or enrollment.moodle_course_id


def enrolment_steps(
    enrollments: Iterable[Enrollment], found: FoundMembers, defaults: MoodleDefaults, counterpart: Counterpart
) -> list[EnrolmentStep]:
    """A step for each enrolment; nobody is ever unenrolled, for Moodle would forget the grades.

    `counterpart`: what the declaration says of an enrolment in Moodle.
    """
    seen: set[tuple[MoodleId, MoodleId]] = set()
    return [
        foreseen(each.zoho_id, partial(_step, each, found, defaults, seen, counterpart))
        for each in enrollments
    ]


def _step(
    enrollment: Enrollment,
    found: FoundMembers,
    defaults: MoodleDefaults,
    seen: set[tuple[MoodleId, MoodleId]],
    counterpart: Counterpart,
) -> EnrolmentStep:
    course = course_of(enrollment, found.courses)
    account = found.accounts.get(enrollment.student)
    is_member = course is not None and account in found.members.get(course, ())
    needless = "" if is_member else _needless(enrollment, found, counterpart)
    if needless:
        return _step_without(enrollment, Action.NOTHING, needless)
    if course is None and enrollment.class_ in found.courseless:
        status = found.courseless[enrollment.class_]
        why = f"{f'Its class is {status}' if status else 'Its class has no status'}; {ONLY_ACTIVE}."
        return _waiting(enrollment, CLASSES, enrollment.class_, why, act=Action.NOTHING)
    if course is None:
        why = f"Class {enrollment.class_} has no Moodle course; `mzi push classes` makes it."
        return _waiting(enrollment, CLASSES, enrollment.class_, why)
    if account is None:
        why = f"Student {enrollment.student} has no Moodle account; `mzi push students` makes it."
        return _waiting(enrollment, STUDENTS, enrollment.student, why)
    if course in found.closed:
        return _step_without(enrollment, Action.CANNOT, found.closed[course])
    if counterpart.is_over(enrollment.status):
        return _ended(enrollment, course, account, found, defaults)
    links = {} if enrollment.moodle_course_id == course else {counterpart.id: course}
    if is_member or (course, account) in seen:
        is_suspended = account in found.suspended.get(course, ())
        active = Enrolment(user=account, course=course, role=defaults.student_role, suspended=False)
        return Step(
            zoho_id=enrollment.zoho_id,
            act=Action.LINK if links else Action.NOTHING,
            counterpart=str(course),
            why=SUSPENDED if is_suspended else "",
            links=links,
            takes_back=active if is_suspended else None,
        )
    if links == {} and course in found.empty and found.courses.get(enrollment.class_) == course:
        return _step_without(enrollment, Action.CANNOT, _SHOWS_NOBODY.format(course))
    seen.add((course, account))
    return Step(
        zoho_id=enrollment.zoho_id,
        act=Action.CREATE,
        counterpart=str(course),
        changes=(Difference("course", None, course), Difference("user", None, account)),
        write=Enrolment(user=account, course=course, role=defaults.student_role),
        links=links,
    )


def _ended(
    enrollment: Enrollment,
    course: MoodleId,
    account: MoodleId,
    found: FoundMembers,
    defaults: MoodleDefaults,
) -> EnrolmentStep:
    """The step about a member whose enrolment is over in Zoho."""
    if account in found.suspended.get(course, ()):
        return Step(zoho_id=enrollment.zoho_id, act=Action.NOTHING, counterpart=str(course), why=SUSPENDED)
    if not found.suspends or (course, account) not in found.ours:
        made = " No event of Moodle has told that mzi enrolled." if found.suspends else ""
        why = f"Its status is {enrollment.status}, but the student is in course {course}; suspend it there."
        step = _step_without(enrollment, Action.CANNOT, why + made)
        return attrs.evolve(step, candidates=(account,)) if found.suspends else step
    return Step(
        zoho_id=enrollment.zoho_id,
        act=Action.CHANGE,
        counterpart=str(course),
        changes=(Difference("suspended", before=False, after=True),),
        write=Enrolment(user=account, course=course, role=defaults.student_role, suspended=True),
    )


def _needless(enrollment: Enrollment, found: FoundMembers, counterpart: Counterpart) -> str:
    """Why nobody has to be enrolled who is not yet; nothing where somebody has."""
    if counterpart.is_over(enrollment.status):
        return f"Its status is {enrollment.status}."
    if enrollment.class_ in found.deleted:
        return "Its class is deleted in Zoho."
    if enrollment.student in found.deleted:
        return "Its student is deleted in Zoho."
    return ""


def _waiting(
    enrollment: Enrollment,
    module: AnyModule,
    key: RecordKey,
    why: str,
    *,
    act: Action = Action.CANNOT,
) -> EnrolmentStep:
    """A step for which another record must have its counterpart first."""
    return attrs.evolve(_step_without(enrollment, act, why), needs=Parent(module.name, key))


def _step_without(enrollment: Enrollment, act: Action, why: str) -> EnrolmentStep:
    return Step(zoho_id=enrollment.zoho_id, act=act, why=why)
