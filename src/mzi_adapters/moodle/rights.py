"""What the account may do in Moodle, as far as it can be seen without changing anything.

Moodle tells nobody what they may do. So reads are tried, and writes that Moodle refuses in any case, but for
another reason once the capability is there: about a user that cannot be, with a login method that is none,
with an end before its start. What has no such sign is named as not seen.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from mzi_adapters.moodle.capabilities import Rights
from mzi_adapters.moodle.refusals import NO_CATEGORY, NO_ENTRY, NO_FUNCTION, NO_INSTANCE, NO_ROLE
from mzi_core.errors import AccessRefused, AuthRevoked, GatewayError
from mzi_core.modules import CLASSES
from mzi_core.ports import (
    Enrolment,
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
from mzi_core.use_cases.doctor import Check, CheckName, Environment, Finding, Severity, moodle_of
from mzi_core.values import MoodleId

NOBODY = MoodleId(2**31 - 1)
"""A user that cannot be."""

NO_LOGIN = "mzi_doctor"
"""A login method that is none."""

_FIRST_COURSES = 50


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


async def _course(environment: Environment) -> MoodleId | None:
    """A course to look into: that of one of our classes, else one of the first of the site."""
    async with environment.store.read(environment.tenant) as session:
        classes = await session.list(CLASSES, Query(limit=_FIRST_COURSES))
    ours = [row.entity.moodle_class_id for row in classes if row.entity.moodle_class_id is not None]
    candidates = [*ours, *(MoodleId(number) for number in range(2, _FIRST_COURSES))]
    found = await moodle_of(environment).courses(list(dict.fromkeys(candidates)))
    return next((id for id in candidates if id in found), None)


async def _rights(environment: Environment) -> Sequence[Finding]:
    rights = Rights(seen={"webservice/rest:use"})
    await _on_site(environment, rights)
    try:
        course = await _course(environment)
        if course is None:
            findings = _unknown("There is no course to look into yet; push a class first.")
        else:
            await _enter(environment, rights, course)
            findings = await _in_course(environment, rights, course)
            await _assignments(environment, rights, course)
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
    guest = await _allowed(lambda: moodle.find_users(UserKey.USERNAME, ["mzi.doctor.finds.nobody"]))
    rights.note("moodle/user:viewdetails", guest)
    (changed,) = await moodle.update_users([UserChange(id=NOBODY, id_number="")])
    rights.note("moodle/user:update", not _denied(changed))
    if guest:  # else the look-up before it would be refused
        newcomer = NewUser(
            username="mzi.doctor",
            first_name="No",
            last_name="Body",
            email="nobody@mzi-doctor.example",
            auth=NO_LOGIN,
        )
        (made,) = await moodle.create_users([newcomer])
        rights.note("moodle/user:create", not _denied(made))
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


async def _enter(environment: Environment, rights: Rights, course: MoodleId) -> None:
    """Whether the account sees the people of a course. Raises AccessRefused when it cannot enter."""
    try:
        await moodle_of(environment).enrolled(course)
    except AccessRefused as error:
        if not _about_a_capability(error) or error.code in NO_ENTRY:
            raise
        rights.note("moodle/course:viewparticipants", False)
    else:
        rights.note("moodle/course:viewparticipants", True)
    rights.note("moodle/course:view", True)


async def _in_course(environment: Environment, rights: Rights, course: MoodleId) -> list[Finding]:
    moodle = moodle_of(environment)
    role = environment.defaults.student_role
    rights.note("moodle/course:managegroups", await _allowed(lambda: moodle.groups(course)))
    (unenrolled,) = await moodle.unenrol([Unenrolment(user=NOBODY, course=course)])
    rights.note("enrol/manual:unenrol", not _denied(unenrolled))
    (given,) = await moodle.assign_roles([RoleInCourse(user=NOBODY, course=course, role=role)])
    assigns = rights.note("moodle/role:assign", not _denied(given))
    (enrolled,) = await moodle.enrol([Enrolment(user=NOBODY, course=course, role=role)])
    code = _code(enrolled)
    if _denied(enrolled) and code != NO_ROLE:
        rights.note("enrol/manual:enrol", False)
        return _unknown("The account may not enrol anybody.")
    rights.note("enrol/manual:enrol", True)
    if code == NO_ROLE:
        unknown = _unknown("The account may not assign the role.")
        return [_role_refused(role), *unknown[1:]] if assigns else unknown
    roles = Finding(
        check=CheckName.MOODLE_ROLES, level=Severity.GREEN, said=f"Role {role} may be assigned to students."
    )
    if code == NO_INSTANCE:
        return [roles, _no_manual_enrolment(course)]
    manual = f"Course {course} takes manual enrolments."
    return [roles, Finding(check=CheckName.MOODLE_ENROLMENT, level=Severity.GREEN, said=manual)]


def _role_refused(role: MoodleId) -> Finding:
    return Finding(
        check=CheckName.MOODLE_ROLES,
        level=Severity.RED,
        said=f"The account may not assign role {role} to anybody.",
        remedy="Tick it for the service's role under Define roles > Allow role assignments, or set "
        "`moodle.student_role` to the id of the student role.",
    )


def _no_manual_enrolment(course: MoodleId) -> Finding:
    return Finding(
        check=CheckName.MOODLE_ENROLMENT,
        level=Severity.RED,
        said=f"Course {course} has no manual enrolment, so nobody can be enrolled in it.",
        remedy="Add it under Participants > Enrolment methods, and see that the plugin Manual enrolments is "
        "enabled and added to new courses.",
    )


async def _assignments(environment: Environment, rights: Rights, course: MoodleId) -> None:
    moodle = moodle_of(environment)
    found = (await moodle.assignments([course])).get(course, ())
    if isinstance(found, Rejected) or not found:
        return
    rights.note("mod/assign:view", True)
    first = found[0]
    looks: Mapping[str, Callable[[], Awaitable[Mapping[MoodleId, object]]]] = {
        "mod/assign:viewgrades": lambda: moodle.grades([first.id]),
        "mod/assign:grade": lambda: moodle.user_flags([first.id]),
        "moodle/grade:managegradingforms": lambda: moodle.definitions([first.cmid]),
    }
    for capability, look in looks.items():
        answer = next(iter((await look()).values()), None)
        refused = isinstance(answer, Rejected) and answer.kind is RejectionKind.PERMISSION
        rights.note(capability, not refused)


RIGHTS = Check((CheckName.MOODLE_CAPABILITIES, CheckName.MOODLE_ROLES, CheckName.MOODLE_ENROLMENT), _rights)
