"""Manual enrolment: all of a call or none."""

from typing import Any

from mzi_adapters.testing.moodle.parameters import Many, One, Value
from mzi_adapters.testing.moodle.refusals import Refusal, invalid_parameter, invalid_user, moodle_error
from mzi_adapters.testing.moodle.roles import give_role, remove_enrolment
from mzi_adapters.testing.moodle.site import ROLES, Functions, Site
from mzi_adapters.testing.moodle.site_tables import UserEnrolment

FUNCTIONS = Functions()


@FUNCTIONS.offer(
    "enrol_manual_enrol_users",
    enrolments=Many(
        One(
            {
                "roleid": Value("int"),
                "userid": Value("int"),
                "courseid": Value("int"),
                "timestart": Value("int", optional=True),
                "timeend": Value("int", optional=True),
                "suspend": Value("int", optional=True),
            }
        )
    ),
)
def enrol(site: Site, given: dict[str, Any]) -> None:
    """Enrol everybody, or nobody; who is enrolled already gets the new role and dates."""
    for wanted in given["enrolments"]:
        _check(site, wanted, "enrol/manual:enrol")
        _living(site, wanted["userid"])
        if wanted["roleid"] not in ROLES or not site.may("moodle/role:assign"):
            raise moodle_error(
                "wsusercannotassign",
                f"You don't have the permission to assign this role ({wanted['roleid']}) "
                f"to this user ({wanted['userid']}) in this course ({wanted['courseid']}).",
            )
        if not site.courses[wanted["courseid"]].manual:
            raise _no_instance(wanted["courseid"])
    for wanted in given["enrolments"]:
        add_enrolment(site, **wanted)


def _check(site: Site, wanted: dict[str, Any], capability: str) -> None:
    if wanted["courseid"] not in site.courses:
        raise invalid_parameter("Course id not exist")
    site.course(wanted["courseid"])
    site.require(capability)


def _no_instance(course: int) -> Refusal:
    message = "Manual enrolment plugin instance doesn't exist or is disabled for the course"
    return moodle_error("wsnoinstance", f"{message} (id = {course})")


def _living(site: Site, user: int) -> None:
    if site.people.living(user) is None:
        raise invalid_user()


def add_enrolment(
    site: Site,
    *,
    roleid: int,
    userid: int,
    courseid: int,
    timestart: int = 0,
    timeend: int = 0,
    suspend: int = 0,
) -> UserEnrolment:
    """Enrol a user, or change the dates and state of who is; the role is added to theirs."""
    found = site.enrolments.get(courseid, userid)
    if found is None:
        number = site.next_id("user_enrolments")
        found = site.enrolments[courseid, userid] = UserEnrolment(id=number, userid=userid, courseid=courseid)
    found.suspended, found.timestart, found.timeend = bool(suspend), timestart, timeend
    give_role(site, courseid, userid, roleid)
    return found


@FUNCTIONS.offer(
    "enrol_manual_unenrol_users",
    enrolments=Many(
        One({"userid": Value("int"), "courseid": Value("int"), "roleid": Value("int", optional=True)})
    ),
)
def unenrol(site: Site, given: dict[str, Any]) -> None:
    """Unenrol everybody, or nobody; who is not enrolled does not matter."""
    for wanted in given["enrolments"]:
        _check(site, wanted, "enrol/manual:unenrol")
        if not site.courses[wanted["courseid"]].manual:
            raise _no_instance(wanted["courseid"])
        _living(site, wanted["userid"])
    for wanted in given["enrolments"]:
        remove_enrolment(site, wanted["courseid"], wanted["userid"])


@FUNCTIONS.offer("core_enrol_get_course_enrolment_methods", courseid=Value("int"))
def enrolment_methods(site: Site, given: dict[str, Any]) -> list[Any]:
    """Only the ways by which one can enrol oneself: manual enrolment is not among them."""
    site.course(given["courseid"], context=True)
    return []
