"""What the account may do in Moodle, as far as it can be seen without changing anything.

Moodle tells nobody what they may do. So reads are tried, and writes that Moodle refuses in any case, but for
another reason once the capability is there: about a user that cannot be, with an address that is none, with
an end before its start. Moodle looks first at the shape of what is sent, then at what the account may do,
and at the rest after that; what is wrong on purpose belongs to the rest. What shows no sign is named as not
seen.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Any

from mzi_adapters.moodle.capabilities import IDENTITY, Rights
from mzi_adapters.moodle.refusals import (
    BAD_VALUE,
    NO_CAPABILITY,
    NO_CATEGORY,
    NO_ENTRY,
    NO_FUNCTION,
    KeptBack,
)
from mzi_core.errors import AccessRefused, AuthRevoked, GatewayError, UnknownTenant
from mzi_core.flows.rules import FlowName, TeacherRole, rules_of
from mzi_core.modules import CLASSES
from mzi_core.moodle_roles import ROLES
from mzi_core.ports import (
    CourseChange,
    CourseKey,
    Enrolment,
    Membership,
    MoodleAssignment,
    MoodleCourse,
    NewCourse,
    NewUser,
    Query,
    Rejected,
    RejectionKind,
    RoleInCourse,
    Unenrolment,
    UserChange,
    UserKey,
    WriteResult,
)
from mzi_core.use_cases.doctor import (
    Check,
    CheckName,
    Environment,
    ExaminedMoodle,
    Finding,
    Severity,
    moodle_of,
)
from mzi_core.values import MoodleId

NOBODY = MoodleId(2**31 - 1)
"""A user that cannot be."""

GUEST = MoodleId(1)
"""Whom every site is installed with."""

NO_ADDRESS = "mzi.doctor"
"""An address that is none. With one, and a login method of the site, nothing is wrong of a new account."""

_FIRST_COURSES = 50
_MANUAL = "manual"
_WORK = "usersubmissions"
_LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


def _denied(result: WriteResult[MoodleId]) -> bool:
    return isinstance(result, Rejected) and result.kind is RejectionKind.PERMISSION


def _code(result: WriteResult[MoodleId]) -> str:
    return result.reasons[0].code if isinstance(result, Rejected) else ""


async def _allowed(look: Callable[[], Awaitable[object]]) -> bool:
    """Whether a read is let through. What is refused for another reason is let through."""
    try:
        await look()
    except AccessRefused as error:
        if not _about_a_capability(error):
            raise
        return False
    return True


def _about_a_capability(error: GatewayError) -> bool:
    """Whether an error speaks of what the account may do, and not of its token or its service."""
    is_access = isinstance(error, AccessRefused) and not isinstance(error, AuthRevoked)
    return is_access and error.code != NO_FUNCTION


async def _courses(environment: Environment, rights: Rights) -> dict[MoodleId, MoodleCourse]:
    """Courses to look into: those of our classes, and the first of the site. Raises AccessRefused."""
    async with environment.store.read(environment.tenant) as session:
        classes = await session.list(CLASSES, Query(limit=_FIRST_COURSES))
    ours = [row.entity.moodle_class_id for row in classes if row.entity.moodle_class_id is not None]
    candidates = list(dict.fromkeys([*ours, *(MoodleId(number) for number in range(2, _FIRST_COURSES))]))
    moodle = moodle_of(environment)
    try:
        found = await moodle.courses(candidates)
    except KeptBack as kept:
        rights.note(kept.capability, False)
        return {}
    except AccessRefused as refused:
        if refused.code not in NO_ENTRY:
            raise
        found = await _open_courses(moodle, candidates)  # one closed course closes the list
        if not found:
            raise
        rights.note("moodle/course:viewhiddencourses", False)
    if not all(course.visible for course in found.values()):
        rights.note("moodle/course:viewhiddencourses", True)
    return {id: found[id] for id in candidates if id in found}


async def _open_courses(
    moodle: ExaminedMoodle, candidates: Sequence[MoodleId]
) -> dict[MoodleId, MoodleCourse]:
    found: dict[MoodleId, MoodleCourse] = {}
    for id in candidates:
        with suppress(AccessRefused):
            found |= await moodle.courses([id])
    return found


async def _rights(environment: Environment) -> Sequence[Finding]:
    rights = Rights(seen={"webservice/rest:use"})
    await _on_site(environment, rights)
    try:
        courses = await _courses(environment, rights)
        if not courses:
            findings = _unknown("There is no course to look into yet; push a class first.")
        else:
            course = next(iter(courses.values()))
            await _enter(environment, rights, course)
            findings = await _in_course(environment, rights, course)
            await _assignments(environment, rights, list(courses))
    except AccessRefused as error:
        if error.code not in NO_ENTRY:
            raise
        rights.note("moodle/course:view", False)
        findings = _unknown("The account cannot enter a course.")
    return [rights.told(), *findings]


def _unknown(why: str) -> list[Finding]:
    """What is said of roles and enrolment where nobody could look."""
    return [
        Finding(check=check, level=Severity.UNKNOWN, said=f"Not checked. {why}")
        for check in (CheckName.MOODLE_ROLES, CheckName.MOODLE_ENROLMENT)
    ]


async def _on_site(environment: Environment, rights: Rights) -> None:
    moodle = moodle_of(environment)
    await _users(moodle, rights)
    finds_users = not rights.lacking
    (changed,) = await moodle.update_users([UserChange(id=NOBODY, id_number="")])
    rights.note("moodle/user:update", not _denied(changed))
    if finds_users:  # else the look-up before it would be refused
        newcomer = NewUser(
            username="mzi.doctor",
            first_name="No",
            last_name="Body",
            email=NO_ADDRESS,
            auth="manual",
            password=f"Aa1-{token_urlsafe(24)}",
        )
        (made,) = await moodle.create_users([newcomer])
        rights.note("moodle/user:create", not _denied(made))
    rights.note("moodle/category:manage", await _allowed(lambda: moodle.find_categories(["mzi.doctor"])))
    now = environment.clock.now()
    course = NewCourse(
        full_name="mzi doctor",
        short_name="mzi-doctor",
        category=environment.defaults.category,
        starts_at=now,
        ends_at=now - timedelta(days=1),
    )
    (made,) = await moodle.create_courses([course])
    if _code(made) != NO_CATEGORY:
        rights.note("moodle/course:create", not _denied(made))


async def _users(moodle: ExaminedMoodle, rights: Rights) -> None:
    """What is shown of other users: of the guest, whom every site has."""
    try:
        await moodle.find_users(UserKey.ID, [str(GUEST)])  # by what is not shown nobody would be found
    except KeptBack as kept:
        rights.note("moodle/user:viewdetails", True)
        rights.note(kept.capability, False)
    except AccessRefused as error:
        if not _about_a_capability(error):
            raise
        rights.note("moodle/user:viewdetails", False)
    else:
        for capability in ("moodle/user:viewdetails", IDENTITY, "moodle/user:viewalldetails"):
            rights.note(capability, True)


async def _enter(environment: Environment, rights: Rights, course: MoodleCourse) -> None:
    """Whether the account sees the people of a course. Raises AccessRefused when it cannot enter."""
    moodle = moodle_of(environment)
    try:
        await moodle.enrolled(course.id)
    except KeptBack:
        pass  # asked for below
    except AccessRefused as error:
        if error.code not in ("", NO_CAPABILITY):
            raise
        rights.note("moodle/course:view", True)
        if error.code:  # else people are not seen anywhere, which is told
            rights.note("moodle/course:viewparticipants", False)
            rights.note("moodle/course:enrolreview", False)
            return
    rights.note("moodle/course:view", True)
    rights.note("moodle/site:accessallgroups", await moodle.sees_all_groups(course.id))
    suspended = await _allowed(lambda: moodle.enrolled(course.id, Membership.SUSPENDED))
    if not rights.note("moodle/course:enrolreview", suspended):
        rights.note("moodle/course:viewparticipants", True)


async def _in_course(environment: Environment, rights: Rights, course: MoodleCourse) -> list[Finding]:
    moodle = moodle_of(environment)
    role = environment.defaults.student_role
    rights.note("moodle/course:managegroups", await _allowed(lambda: moodle.groups(course.id)))
    await _changes(moodle, rights, course, environment.clock.now())
    (unenrolled,) = await moodle.unenrol([Unenrolment(user=NOBODY, course=course.id)])
    rights.note("enrol/manual:unenrol", not _denied(unenrolled))
    (enrolled,) = await moodle.enrol([Enrolment(user=NOBODY, course=course.id, role=role)])
    rights.note("enrol/manual:enrol", not _denied(enrolled))
    wanted = await _wanted_roles(environment)
    given = await moodle.assign_roles(
        [RoleInCourse(user=NOBODY, course=course.id, role=each) for each in wanted]
    )
    rights.note("moodle/role:assign", not any(map(_denied, given)))
    return [_roles(wanted, given), await _enrolment(moodle, course)]


async def _changes(moodle: ExaminedMoodle, rights: Rights, course: MoodleCourse, now: datetime) -> None:
    """Each change is to end before it begins, which Moodle looks at after what the account may do."""
    changes: dict[str, dict[str, Any]] = {
        "moodle/course:update": {},
        "moodle/course:changefullname": {"full_name": f"{course.full_name} (mzi doctor)"},
        "moodle/course:changeshortname": {"short_name": f"{course.short_name}-mzi-doctor"},
        "moodle/course:changeidnumber": {"id_number": f"{course.id_number}-mzi-doctor"},
        "moodle/course:visibility": {"visible": not course.visible},
    }
    for capability, change in changes.items():
        wrong = CourseChange(id=course.id, starts_at=now, ends_at=now - timedelta(days=1), **change)
        (result,) = await moodle.update_courses([wrong])
        if not rights.note(capability, not _denied(result)) and not change:
            return  # without it every change is refused


async def _wanted_roles(environment: Environment) -> Mapping[MoodleId, str]:
    """The roles that mzi is to give, and to whom: beside the students whoever is to be in every course."""
    students = {environment.defaults.student_role: "students"}
    try:
        async with environment.store.read(environment.tenant) as session:
            rules = rules_of(await session.settings())
    except UnknownTenant:  # which is told where its fields are looked at
        return students
    if FlowName.COURSE not in rules.flows:
        return students
    named = {each.role_id: "those whom `course_users` names" for each in rules.course_users}
    taught = rules.teacher_role is not TeacherRole.NONE
    return {**named, **({ROLES[rules.teacher_role]: "teachers"} if taught else {}), **students}


def _roles(wanted: Mapping[MoodleId, str], given: Sequence[WriteResult[MoodleId]]) -> Finding:
    """Moodle looks at the capability first, then at the role, and then at the user, who cannot be."""
    if any(map(_denied, given)):
        return _unknown("The account may not assign roles.")[0]
    refused = [role for role, result in zip(wanted, given, strict=True) if _code(result) == BAD_VALUE]
    if refused:
        return _role_refused(refused, wanted)
    said = ", ".join(f"role {role} to {wanted[role]}" for role in sorted(wanted))
    return Finding(check=CheckName.MOODLE_ROLES, level=Severity.GREEN, said=f"The account may assign {said}.")


async def _enrolment(moodle: ExaminedMoodle, course: MoodleCourse) -> Finding:
    """By the methods that Moodle names: an enrolment of nobody is refused for the user before it looks."""
    found = await moodle.find_courses(CourseKey.SHORT_NAME, [course.short_name])
    methods = found[course.short_name].enrolment_methods if course.short_name in found else None
    if methods is None:
        return _unknown(f"Moodle does not name the enrolment methods of course {course.id}.")[1]
    if _MANUAL not in methods:
        return _no_manual_enrolment(course.id)
    said = f"Course {course.id} takes manual enrolments."
    return Finding(check=CheckName.MOODLE_ENROLMENT, level=Severity.GREEN, said=said)


def _role_refused(refused: Sequence[MoodleId], wanted: Mapping[MoodleId, str]) -> Finding:
    said = ", ".join(f"role {role} to {wanted[role]}" for role in sorted(refused))
    return Finding(
        check=CheckName.MOODLE_ROLES,
        level=Severity.RED,
        said=f"The account may not assign {said}.",
        remedy="Tick it for the service's role under Define roles > Allow role assignments; or set "
        "`moodle.student_role` to the id of the student role, or the rules `teacher_role` and `course_users` "
        "to others.",
    )


def _no_manual_enrolment(course: MoodleId) -> Finding:
    return Finding(
        check=CheckName.MOODLE_ENROLMENT,
        level=Severity.RED,
        said=f"Course {course} has no manual enrolment, so nobody can be enrolled in it.",
        remedy="Add it under Participants > Enrolment methods, and see that the plugin Manual enrolments is "
        "enabled and added to new courses.",
    )


async def _assignments(environment: Environment, rights: Rights, courses: Sequence[MoodleId]) -> None:
    moodle = moodle_of(environment)
    found = await moodle.assignments(courses)
    seen = [one for there in found.values() if not isinstance(there, Rejected) for one in there]
    if not seen:
        if any(isinstance(there, Rejected) and _denied(there) for there in found.values()):
            rights.note("mod/assign:view", False)
        return
    rights.note("mod/assign:view", True)
    first = seen[0]
    flags = (await moodle.user_flags([first.id]))[first.id]
    rights.note("mod/assign:grade", not (isinstance(flags, Rejected) and _denied(flags)))
    kept = await _kept_back(moodle.marking_method(first.cmid))
    if rights.note("moodle/course:manageactivities", kept != "moodle/course:manageactivities"):
        rights.note("moodle/grade:managegradingforms", not kept)
    await _marks(moodle, rights, seen)


async def _kept_back(look: Awaitable[object]) -> str:
    """The capability for want of which an answer is not whole; "" for one that is."""
    try:
        await look
    except KeptBack as kept:
        return kept.capability
    return ""


async def _marks(moodle: ExaminedMoodle, rights: Rights, seen: Sequence[MoodleAssignment]) -> None:
    """Who may mark is shown marks as well; only what changed is told to nobody without the capability."""
    work = await moodle.submissions([one.id for one in seen])
    for one in seen:
        there = work[one.id]
        if isinstance(there, Rejected) and _denied(there):
            rights.note("mod/assign:viewgrades", False)
            return
        if not isinstance(there, Rejected) and any(each.submitted for each in there):
            updates = await moodle.updates_since(one.course, _LONG_AGO)
            if any(update.cmid == one.cmid and update.what == _WORK for update in updates):
                rights.note("mod/assign:viewgrades", True)
            return  # else it may be the work of somebody in no group


RIGHTS = Check((CheckName.MOODLE_CAPABILITIES, CheckName.MOODLE_ROLES, CheckName.MOODLE_ENROLMENT), _rights)
