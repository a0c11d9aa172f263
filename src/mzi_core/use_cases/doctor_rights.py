"""What the account may do in Moodle, as far as it can be seen without changing anything.

Moodle tells nobody what they may do. So reads are tried, and writes that Moodle refuses in any case, but for
another reason once the capability is there: about a user that cannot be, with a login method that is none,
with an end before its start. What has no such sign is named as not seen.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

import attrs

from mzi_core.errors import AccessRefused, AuthRevoked, GatewayError, RemoteNotFound
from mzi_core.modules import CLASSES
from mzi_core.ports import (
    Enrolment,
    Fault,
    MoodleResult,
    NewCourse,
    NewUser,
    Query,
    Refused,
    RoleInCourse,
    Unenrolment,
    UserChange,
    UserKey,
)
from mzi_core.use_cases.doctor import Check, Exam, Finding, Level, Patient
from mzi_core.use_cases.doctor_moodle import moodle_of
from mzi_core.values import MoodleId

CAPABILITIES = (
    "webservice/rest:use",
    "moodle/user:create",
    "moodle/user:update",
    "moodle/user:delete",
    "moodle/user:viewdetails",
    "moodle/user:viewalldetails",
    "moodle/site:viewuseridentity",
    "moodle/course:create",
    "moodle/course:update",
    "moodle/course:view",
    "moodle/course:viewhiddencourses",
    "moodle/course:viewparticipants",
    "moodle/course:visibility",
    "moodle/course:changefullname",
    "moodle/course:changeshortname",
    "moodle/course:changeidnumber",
    "moodle/course:managegroups",
    "moodle/category:manage",
    "enrol/manual:enrol",
    "enrol/manual:unenrol",
    "moodle/role:assign",
    "mod/assign:view",
    "mod/assign:grade",
    "mod/assign:viewgrades",
    "moodle/grade:viewall",
    "moodle/grade:edit",
    "moodle/grade:manage",
    "moodle/grade:managegradingforms",
    "gradereport/user:view",
)
"""The capabilities that are enough for everything mzi does."""

NOBODY = MoodleId(2**31 - 1)
"""A user that cannot be."""

NO_LOGIN = "mzi_doctor"
"""A login method that is none."""

NO_ENTRY = frozenset({"requireloginerror", "errorcoursecontextnotvalid"})
NO_ROLE = "wsusercannotassign"
NO_INSTANCE = "wsnoinstance"

_FIRST_COURSES = 50
_GIVE = (
    "Give it to the role of the service account, in Site administration > Users > Permissions > Define roles."
)


@attrs.define
class Rights:
    """What was seen so far: capabilities that are there, and those that are not."""

    seen: set[str] = attrs.field(factory=set)
    lacking: list[str] = attrs.field(factory=list)

    def note(self, capability: str, there: bool) -> bool:
        """Note one."""
        if there:
            self.seen.add(capability)
        elif capability not in self.lacking:
            self.lacking.append(capability)
        return there


def _denied(result: MoodleResult) -> bool:
    return isinstance(result, Refused) and result.fault is Fault.PERMISSION


def _code(result: MoodleResult) -> str:
    return result.code if isinstance(result, Refused) else ""


async def _allowed(look: Callable[[], Awaitable[object]]) -> bool:
    """Whether a read is let through. What is refused for another reason is let through."""
    try:
        await look()
    except AuthRevoked:
        raise
    except AccessRefused:
        return False
    return True


async def _course(patient: Patient) -> MoodleId | None:
    """A course to look into: that of one of our classes, else one of the first of the site."""
    async with patient.store.read(patient.tenant) as session:
        classes = await session.list(CLASSES, Query(limit=_FIRST_COURSES))
    ours = [row.entity.moodle_class_id for row in classes if row.entity.moodle_class_id is not None]
    candidates = [*ours, *(MoodleId(number) for number in range(2, _FIRST_COURSES))]
    found = await moodle_of(patient).courses(list(dict.fromkeys(candidates)))
    return next((id for id in candidates if id in found), None)


async def _rights(patient: Patient) -> Sequence[Finding]:
    rights = Rights(seen={"webservice/rest:use"})
    await _on_site(patient, rights)
    course = await _course(patient)
    findings: list[Finding] = []
    if course is None:
        findings += [
            _unknown(check, "There is no course to look into yet; push a class first.")
            for check in (Check.MOODLE_ROLES, Check.MOODLE_ENROLMENT)
        ]
    elif not await _enters(patient, rights, course):
        findings += [
            _unknown(check, "The account cannot enter a course.")
            for check in (Check.MOODLE_ROLES, Check.MOODLE_ENROLMENT)
        ]
    else:
        findings += await _in_course(patient, rights, course)
        await _assignments(patient, rights, course)
    return [_told(rights), *findings]


def _unknown(check: Check, why: str) -> Finding:
    return Finding(check=check, level=Level.UNKNOWN, said=f"Not checked. {why}")


async def _on_site(patient: Patient, rights: Rights) -> None:
    moodle = moodle_of(patient)
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
    now = patient.clock.now()
    course = NewCourse(
        full_name="mzi doctor",
        short_name="mzi-doctor",
        category=patient.customs.category,
        starts_at=now,
        ends_at=now - timedelta(days=1),
    )
    (made,) = await moodle.create_courses([course])
    rights.note("moodle/course:create", not _denied(made) or _code(made) == "errorcatcontextnotvalid")


async def _enters(patient: Patient, rights: Rights, course: MoodleId) -> bool:
    """Whether the account sees into a course, and there its people."""
    try:
        await moodle_of(patient).enrolled(course)
    except AuthRevoked:
        raise
    except AccessRefused as error:
        if error.code in NO_ENTRY:
            return rights.note("moodle/course:view", False)
        rights.note("moodle/course:viewparticipants", False)
    else:
        rights.note("moodle/course:viewparticipants", True)
    return rights.note("moodle/course:view", True)


async def _in_course(patient: Patient, rights: Rights, course: MoodleId) -> list[Finding]:
    moodle = moodle_of(patient)
    role = patient.customs.student_role
    rights.note("moodle/course:managegroups", await _allowed(lambda: moodle.groups(course)))
    (unenrolled,) = await moodle.unenrol([Unenrolment(user=NOBODY, course=course)])
    rights.note("enrol/manual:unenrol", not _denied(unenrolled))
    (given,) = await moodle.assign_roles([RoleInCourse(user=NOBODY, course=course, role=role)])
    assigns = rights.note("moodle/role:assign", not _denied(given))
    (enrolled,) = await moodle.enrol([Enrolment(user=NOBODY, course=course, role=role)])
    code = _code(enrolled)
    if _denied(enrolled) and code != NO_ROLE:
        rights.note("enrol/manual:enrol", False)
        why = "The account may not enrol anybody."
        return [_unknown(Check.MOODLE_ROLES, why), _unknown(Check.MOODLE_ENROLMENT, why)]
    rights.note("enrol/manual:enrol", True)
    if code == NO_ROLE:
        why = "The account may not assign the role."
        if not assigns:
            return [_unknown(Check.MOODLE_ROLES, why), _unknown(Check.MOODLE_ENROLMENT, why)]
        return [_role_refused(role), _unknown(Check.MOODLE_ENROLMENT, why)]
    roles = Finding(
        check=Check.MOODLE_ROLES, level=Level.GREEN, said=f"Role {role} may be assigned to students."
    )
    if code == NO_INSTANCE:
        return [roles, _no_manual_enrolment(course)]
    manual = f"Course {course} takes manual enrolments."
    return [roles, Finding(check=Check.MOODLE_ENROLMENT, level=Level.GREEN, said=manual)]


def _role_refused(role: MoodleId) -> Finding:
    return Finding(
        check=Check.MOODLE_ROLES,
        level=Level.RED,
        said=f"The account may not assign role {role} to anybody.",
        remedy="Tick it for the service's role under Define roles > Allow role assignments, or set "
        "`moodle.student_role` to the id of the student role.",
    )


def _no_manual_enrolment(course: MoodleId) -> Finding:
    return Finding(
        check=Check.MOODLE_ENROLMENT,
        level=Level.RED,
        said=f"Course {course} has no manual enrolment, so nobody can be enrolled in it.",
        remedy="Add it under Participants > Enrolment methods, and see that the plugin Manual enrolments is "
        "enabled and added to new courses.",
    )


async def _assignments(patient: Patient, rights: Rights, course: MoodleId) -> None:
    moodle = moodle_of(patient)
    try:
        found = (await moodle.assignments([course])).get(course, ())
    except RemoteNotFound:
        return
    if isinstance(found, Refused):
        rights.note("mod/assign:view", not _denied(found))
        return
    if not found:
        return
    rights.note("mod/assign:view", True)
    first = found[0]
    looks: Mapping[str, Callable[[], Awaitable[Mapping[MoodleId, object]]]] = {
        "mod/assign:viewgrades": lambda: moodle.grades([first.id]),
        "mod/assign:grade": lambda: moodle.user_flags([first.id]),
        "moodle/grade:managegradingforms": lambda: moodle.definitions([first.cmid]),
    }
    for capability, look in looks.items():
        try:
            answer = next(iter((await look()).values()), None)
        except AuthRevoked:
            raise
        except GatewayError as error:
            rights.note(capability, not isinstance(error, AccessRefused))
        else:
            refused = isinstance(answer, Refused) and answer.fault is Fault.PERMISSION
            rights.note(capability, not refused)


def _told(rights: Rights) -> Finding:
    unseen = [name for name in CAPABILITIES if name not in rights.seen and name not in rights.lacking]
    later = f" Not seen without writing: {', '.join(unseen)}." if unseen else ""
    if rights.lacking:
        names = ", ".join(f"`{name}`" for name in rights.lacking)
        return Finding(
            check=Check.MOODLE_CAPABILITIES,
            level=Level.RED,
            said=f"The account lacks {names}.{later}",
            remedy=_GIVE,
        )
    return Finding(
        check=Check.MOODLE_CAPABILITIES,
        level=Level.GREEN,
        said=f"{len(rights.seen)} of the {len(CAPABILITIES)} capabilities are there.{later}",
    )


RIGHTS = Exam((Check.MOODLE_CAPABILITIES, Check.MOODLE_ROLES, Check.MOODLE_ENROLMENT), _rights)
