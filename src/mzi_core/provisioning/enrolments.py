"""Enrolments and registrations as manual enrolments in Moodle. Sources: reference B7, C39; scenario 7."""

from collections.abc import Collection, Iterable, Mapping
from functools import partial

import attrs

from mzi_core.module import Counterpart
from mzi_core.modules import CATALOGUE, STUDENTS, Enrollment, Registration
from mzi_core.ports import Enrolment
from mzi_core.provisioning.attendances import Attendance, attendance_of, course_of
from mzi_core.provisioning.courses import ONLY_ACTIVE
from mzi_core.provisioning.step import Action, Difference, MoodleDefaults, Step, foreseen
from mzi_core.values import MoodleId, Parent, RecordKey

SUSPENDED = "The enrolment is suspended in Moodle, or its time there is over."

_SHOWS_NOBODY = (
    "Moodle shows nobody in course {}, where this student was enrolled before. Enrolling again would end a "
    "suspension. If the course is empty, enrol one of the class there by hand, and push again."
)

NO_COURSE = "It has no course of its own: by the rules a program is a category."

EnrolmentStep = Step[Enrolment]


@attrs.frozen(kw_only=True)
class FoundMembers:
    """Our students' accounts, the courses of classes or programmes, and who is in them by what Moodle says.

    `courseless`: the statuses of classes that have no course and are to get none. `unsure`: why the course
    of a programme may be another one. `deleted`: which of all these Zoho has deleted. `closed`: why the
    members of a course could not be read. `empty`: courses in which Moodle showed nobody when they were read.
    `suspended`: whose enrolment does not count. `ours`: which enrolments, as course and user, mzi made;
    `suspends`: whether such a one is suspended once it is over.
    """

    accounts: Mapping[RecordKey, MoodleId | None] = attrs.field(factory=dict)
    courses: Mapping[RecordKey, MoodleId | None] = attrs.field(factory=dict)
    courseless: Mapping[RecordKey, str | None] = attrs.field(factory=dict)
    unsure: Mapping[RecordKey, str] = attrs.field(factory=dict)
    deleted: Collection[RecordKey] = ()
    members: Mapping[MoodleId, Collection[MoodleId]] = attrs.field(factory=dict)
    closed: Mapping[MoodleId, str] = attrs.field(factory=dict)
    empty: Collection[MoodleId] = ()
    suspended: Mapping[MoodleId, Collection[MoodleId]] = attrs.field(factory=dict)
    ours: Collection[tuple[MoodleId, MoodleId]] = ()
    suspends: bool = False


def without_course(records: Iterable[Registration]) -> list[EnrolmentStep]:
    """The steps about registrations where a programme is no course."""
    return [Step(zoho_id=each.zoho_id, act=Action.NOTHING, why=NO_COURSE) for each in records]


def enrolment_steps(
    records: Iterable[Enrollment | Registration],
    found: FoundMembers,
    defaults: MoodleDefaults,
    counterpart: Counterpart,
) -> list[EnrolmentStep]:
    """A step for each record; nobody is ever unenrolled, for Moodle would forget the grades.

    `counterpart`: what the declaration says of such a record in Moodle.
    """
    seen: set[tuple[MoodleId, MoodleId]] = set()
    return [
        foreseen(each.zoho_id, partial(_step, attendance_of(each), found, defaults, seen, counterpart))
        for each in records
    ]


def _step(
    attendance: Attendance,
    found: FoundMembers,
    defaults: MoodleDefaults,
    seen: set[tuple[MoodleId, MoodleId]],
    counterpart: Counterpart,
) -> EnrolmentStep:
    place = attendance.place
    course = course_of(attendance, found.courses)
    account = found.accounts.get(attendance.student)
    is_member = course is not None and account in found.members.get(course, ())
    needless = "" if is_member else _needless(attendance, found, counterpart)
    if needless:
        return _step_without(attendance, Action.NOTHING, needless)
    if place.key in found.unsure:
        return _step_without(attendance, Action.CANNOT, found.unsure[place.key])
    if course is None and place.key in found.courseless:
        status = found.courseless[place.key]
        why = f"{f'Its class is {status}' if status else 'Its class has no status'}; {ONLY_ACTIVE}."
        return _waiting(attendance, place, why, act=Action.NOTHING)
    if course is None:
        singular = CATALOGUE[place.module].singular.capitalize()
        why = f"{singular} {place.key} has no Moodle course; `mzi push {place.module}` makes it."
        return _waiting(attendance, place, why)
    if account is None:
        why = f"Student {attendance.student} has no Moodle account; `mzi push students` makes it."
        return _waiting(attendance, Parent(STUDENTS.name, attendance.student), why)
    if course in found.closed:
        return _step_without(attendance, Action.CANNOT, found.closed[course])
    if counterpart.is_over(attendance.status):
        return _ended(attendance, course, account, found, defaults)
    now = {"moodle_course_id": course, "student_moodle_id": account}
    links = {name: now[name] for name, id in attendance.said.items() if id != now[name]}
    if is_member or (course, account) in seen:
        is_suspended = account in found.suspended.get(course, ())
        active = Enrolment(user=account, course=course, role=defaults.student_role, suspended=False)
        return Step(
            zoho_id=attendance.zoho_id,
            act=Action.LINK if links else Action.NOTHING,
            counterpart=str(course),
            why=SUSPENDED if is_suspended else "",
            links=links,
            takes_back=active if is_suspended else None,
        )
    was_enrolled = counterpart.id not in links and found.courses.get(place.key) == course
    if was_enrolled and course in found.empty:
        return _step_without(attendance, Action.CANNOT, _SHOWS_NOBODY.format(course))
    seen.add((course, account))
    return Step(
        zoho_id=attendance.zoho_id,
        act=Action.CREATE,
        counterpart=str(course),
        changes=(Difference("course", None, course), Difference("user", None, account)),
        write=Enrolment(user=account, course=course, role=defaults.student_role),
        links=links,
    )


def _ended(
    attendance: Attendance,
    course: MoodleId,
    account: MoodleId,
    found: FoundMembers,
    defaults: MoodleDefaults,
) -> EnrolmentStep:
    """The step about a member whose enrolment is over in Zoho."""
    if account in found.suspended.get(course, ()):
        return Step(zoho_id=attendance.zoho_id, act=Action.NOTHING, counterpart=str(course), why=SUSPENDED)
    if not found.suspends or (course, account) not in found.ours:
        made = " No event of Moodle has told that mzi enrolled." if found.suspends else ""
        why = f"Its status is {attendance.status}, but the student is in course {course}; suspend it there."
        step = _step_without(attendance, Action.CANNOT, why + made)
        return attrs.evolve(step, candidates=(account,)) if found.suspends else step
    return Step(
        zoho_id=attendance.zoho_id,
        act=Action.CHANGE,
        counterpart=str(course),
        changes=(Difference("suspended", before=False, after=True),),
        write=Enrolment(user=account, course=course, role=defaults.student_role, suspended=True),
    )


def _needless(attendance: Attendance, found: FoundMembers, counterpart: Counterpart) -> str:
    """Why nobody has to be enrolled who is not yet; nothing where somebody has."""
    if counterpart.is_over(attendance.status):
        return f"Its status is {attendance.status}."
    if attendance.place.key in found.deleted:
        return f"Its {CATALOGUE[attendance.place.module].singular} is deleted in Zoho."
    if attendance.student in found.deleted:
        return "Its student is deleted in Zoho."
    return ""


def _waiting(
    attendance: Attendance,
    needs: Parent,
    why: str,
    *,
    act: Action = Action.CANNOT,
) -> EnrolmentStep:
    """A step for which another record must have its counterpart first."""
    return attrs.evolve(_step_without(attendance, act, why), needs=needs)


def _step_without(attendance: Attendance, act: Action, why: str) -> EnrolmentStep:
    return Step(zoho_id=attendance.zoho_id, act=act, why=why)
