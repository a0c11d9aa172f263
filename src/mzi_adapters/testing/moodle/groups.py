"""Groups of a course and their members."""

from typing import Any

from mzi_adapters.testing.moodle.parameters import Many, One, Value
from mzi_adapters.testing.moodle.refusals import course_context, invalid_parameter, missing_record
from mzi_adapters.testing.moodle.site import Functions, Site
from mzi_adapters.testing.moodle.site_tables import Group

FUNCTIONS = Functions()


@FUNCTIONS.offer(
    "core_group_create_groups",
    groups=Many(
        One(
            {
                "courseid": Value("int"),
                "name": Value("text"),
                "description": Value("raw"),
                "descriptionformat": Value("int", optional=True),
                "enrolmentkey": Value("raw", optional=True),
                "idnumber": Value("raw", optional=True),
                "visibility": Value("int", optional=True),
                "participation": Value("bool", optional=True),
            }
        )
    ),
)
def create_groups(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Create every group, or none."""
    created: list[Group] = []
    for wanted in given["groups"]:
        course = wanted["courseid"]
        if not wanted["name"].strip():
            raise invalid_parameter("Invalid group name")
        _course(site, course)
        if any(
            each.courseid == course and each.name == wanted["name"]
            for each in (*site.groups.values(), *created)
        ):
            raise invalid_parameter("Group with the same name already exists in the course")
        created.append(
            Group(
                id=site.next_id("groups"),
                courseid=course,
                name=wanted["name"],
                description=wanted["description"],
                idnumber=wanted.get("idnumber", ""),
            )
        )
    site.groups.update((each.id, each) for each in created)
    return [_group(site, each) | {"enrolmentkey": ""} for each in created]


def _course(site: Site, course: int) -> None:
    if course not in site.courses:
        raise course_context(course, "Invalid parameter value detected")
    site.course(course, context=True)
    site.require("moodle/course:managegroups")


def _group(site: Site, group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "courseid": group.courseid,
        "name": site.shown(group.name),
        "description": group.description,
        "descriptionformat": 1,
        "enrolmentkey": None,
        "idnumber": group.idnumber,
        "visibility": 0,
        "participation": True,
    }


@FUNCTIONS.offer("core_group_get_course_groups", courseid=Value("int"))
def course_groups(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """The groups of a course, by name."""
    _course(site, given["courseid"])
    found = [each for each in site.groups.values() if each.courseid == given["courseid"]]
    return [_group(site, each) for each in sorted(found, key=lambda each: each.name)]


@FUNCTIONS.offer("core_group_get_group_members", groupids=Many(Value("int")))
def group_members(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Who is in these groups."""
    found = [_known(site, each) for each in given["groupids"]]
    return [{"groupid": each.id, "userids": sorted(each.members)} for each in found]


def _known(site: Site, group: int) -> Group:
    if group not in site.groups:
        raise missing_record("groups")
    found = site.groups[group]
    _course(site, found.courseid)
    return found


_MEMBERS = Many(One({"groupid": Value("int"), "userid": Value("int")}))


@FUNCTIONS.offer("core_group_add_group_members", members=_MEMBERS)
def add_members(site: Site, given: dict[str, Any]) -> None:
    """Put everybody into their group, or nobody; only who is enrolled in the course can be."""
    wanted = [(_known(site, each["groupid"]), each["userid"]) for each in given["members"]]
    for group, user in wanted:
        if site.people.living(user) is None:
            raise missing_record("user")
        if (group.courseid, user) not in site.enrolments:
            raise invalid_parameter("Only enrolled users may be members of groups")
    for group, user in wanted:
        if user not in group.members:
            group.members.append(user)


@FUNCTIONS.offer("core_group_delete_group_members", members=_MEMBERS)
def delete_members(site: Site, given: dict[str, Any]) -> None:
    """Take everybody out of their group, or nobody; who is not in it does not matter."""
    for group, user in [(_known(site, each["groupid"]), each["userid"]) for each in given["members"]]:
        if user in group.members:
            group.members.remove(user)
