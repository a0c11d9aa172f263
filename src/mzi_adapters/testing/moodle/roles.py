"""Roles in courses; who leaves a course loses theirs."""

from typing import Any

from mzi_adapters.testing.moodle.parameters import Many, One, Value
from mzi_adapters.testing.moodle.refusals import (
    coding_error,
    invalid_parameter,
    missing_record,
)
from mzi_adapters.testing.moodle.site import ROLES, Functions, Site
from mzi_adapters.testing.moodle.site_tables import SiteUser

FUNCTIONS = Functions()


def give_role(site: Site, course: int, user: int, role: int) -> None:
    """Add a role to those a user holds in a course."""
    held = site.roles.get(course, user) or []
    if role not in held:
        site.roles[course, user] = [*held, role]


def roles_of(site: Site, course: int, user: int) -> list[dict[str, Any]]:
    """The roles a user holds in a course."""
    held = site.roles.get(course, user) or ()
    return [{"roleid": each, "name": "", "shortname": ROLES[each], "sortorder": 0} for each in held]


def remove_enrolment(site: Site, course: int, user: int) -> None:
    """Take a user out of a course, out of its groups and roles too; who is not in it does not matter."""
    site.enrolments.drop(course, user)
    site.roles.drop(course, user)
    for group in site.groups_of(course, user):
        group.members.remove(user)


def role_user(site: Site, user: int) -> SiteUser:
    """The user a role is to be given to."""
    found = site.people.living(user)
    if found is None:
        raise coding_error("User ID does not exist or is deleted!")
    return found


_WHERE = One(
    {
        "roleid": Value("int"),
        "userid": Value("int"),
        "contextid": Value("int", optional=True),
        "contextlevel": Value("alpha", optional=True),
        "instanceid": Value("int", optional=True),
    }
)


def _role(site: Site, wanted: dict[str, Any]) -> tuple[int, int]:
    if wanted.get("contextlevel") != "course" or "instanceid" not in wanted:
        raise invalid_parameter("Only roles of courses are known here")
    course = wanted["instanceid"]
    if course not in site.courses:
        raise missing_record("course")
    if not site.may_enter(course):
        site.course(course)
    site.require("moodle/role:assign")
    if wanted["roleid"] not in ROLES:
        raise invalid_parameter(f"You can not assign roleid {wanted['roleid']}")
    return course, wanted["userid"]


@FUNCTIONS.offer("core_role_assign_roles", assignments=Many(_WHERE))
def assign_roles(site: Site, given: dict[str, Any]) -> None:
    """Give every role, or none."""
    keys = [(_role(site, each), each["roleid"]) for each in given["assignments"]]
    for (_, user), _role_id in keys:
        role_user(site, user)
    for key, role in keys:
        give_role(site, *key, role)


@FUNCTIONS.offer("core_role_unassign_roles", unassignments=Many(_WHERE))
def unassign_roles(site: Site, given: dict[str, Any]) -> None:
    """Take every role away, or none; one that was not held does not matter."""
    for key, role in [(_role(site, each), each["roleid"]) for each in given["unassignments"]]:
        held = site.roles.get(*key) or []
        if role in held:
            held.remove(role)
