"""Manual enrolment, who is enrolled, and role assignments."""

from typing import Any

from mzi_adapters.memory.moodle.parameters import Many, One, Value
from mzi_adapters.memory.moodle.records import Course, Enrolment, User
from mzi_adapters.memory.moodle.refusals import (
    invalid_parameter,
    invalid_user,
    missing_record,
    moodle_error,
    no_permission,
)
from mzi_adapters.memory.moodle.site import ROLES, Functions, Site
from mzi_adapters.memory.moodle.users import identity, pictures, place, remove_enrolment, role_user, sees

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
        if wanted["roleid"] not in ROLES or not site.may("moodle/role:assign"):
            raise moodle_error(
                "wsusercannotassign",
                f"You don't have the permission to assign this role ({wanted['roleid']}) "
                f"to this user ({wanted['userid']}) in this course ({wanted['courseid']}).",
            )
        _living(site, wanted["userid"])
    for wanted in given["enrolments"]:
        add_enrolment(site, **wanted)


def _check(site: Site, wanted: dict[str, Any], capability: str) -> None:
    if wanted["courseid"] not in site.courses:
        raise invalid_parameter("Course id not exist")
    site.course(wanted["courseid"])
    site.require(capability)


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
) -> Enrolment:
    """Enrol a user, or change the dates and state of who is; the role is added to theirs."""
    found = site.enrolments.get(courseid, userid)
    if found is None:
        number = site.next_id("user_enrolments")
        found = site.enrolments[courseid, userid] = Enrolment(id=number, userid=userid, courseid=courseid)
    found.suspended, found.timestart, found.timeend = bool(suspend), timestart, timeend
    give_role(site, courseid, userid, roleid)
    return found


def give_role(site: Site, course: int, user: int, role: int) -> None:
    """Add a role to those a user holds in a course."""
    held = site.roles.get(course, user) or []
    if role not in held:
        site.roles[course, user] = [*held, role]


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
        _living(site, wanted["userid"])
    for wanted in given["enrolments"]:
        remove_enrolment(site, wanted["courseid"], wanted["userid"])


@FUNCTIONS.offer("core_enrol_get_course_enrolment_methods", courseid=Value("int"))
def enrolment_methods(site: Site, given: dict[str, Any]) -> list[Any]:
    """Only the ways by which one can enrol oneself: manual enrolment is not among them."""
    site.course(given["courseid"], context=True)
    return []


@FUNCTIONS.offer(
    "core_enrol_get_enrolled_users",
    courseid=Value("int"),
    options=Many(One({"name": Value("alphanumext"), "value": Value("raw")}), default=[]),
)
def enrolled_users(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Who is enrolled in a course, by id, in pages if asked."""
    options = {each["name"]: str(each["value"]) for each in given["options"]}
    course = site.course(given["courseid"], context=True)
    if "withcapability" in options:
        raise no_permission("moodle/role:review")
    site.require("moodle/course:viewparticipants")
    if options.get("onlyactive", "0") != "0" and options.get("onlysuspended", "0") != "0":
        raise moodle_error("invalidparameter", "Invalid parameter value detected")
    now = site.now()
    found = [each for each in site.enrolments.of(course.id) if site.people.living(each.userid)]
    if options.get("onlyactive", "0") != "0":
        found = [each for each in found if each.active(now)]
    if options.get("onlysuspended", "0") != "0":
        found = [each for each in found if not each.active(now)]
    if options.get("groupid", "0") != "0":
        group = site.groups.get(int(options["groupid"]))
        found = [each for each in found if group and each.userid in group.members]
    users = [site.people.rows[each.userid] for each in found]
    if options.get("sortby", "id") in ("firstname", "lastname"):
        users.sort(key=lambda user: (str(getattr(user, options["sortby"])), user.id))
    if options.get("sortdirection", "ASC").upper() == "DESC":
        users.reverse()
    begin, size = int(options.get("limitfrom", 0)), int(options.get("limitnumber", 0))
    users = users[begin : begin + size if size else None]
    wanted = set(options["userfields"].split(",")) if "userfields" in options else None
    return [_chosen(enrolled_user(site, course, user), wanted) for user in users if sees(site, user)]


def _chosen(shown: dict[str, Any], wanted: set[str] | None) -> dict[str, Any]:
    if wanted is None:
        return shown
    return {key: value for key, value in shown.items() if key in wanted or key in ("id", "fullname")}


def enrolled_user(site: Site, course: Course, user: User) -> dict[str, Any]:
    """One enrolled user as the course shows it."""
    groups = [
        {"id": each.id, "name": each.name, "description": each.description, "descriptionformat": 1}
        for each in site.groups_of(course.id, user.id)
    ]
    courses = courses_of(site, user)
    return (
        identity(site, user)
        | {"lastcourseaccess": 0}
        | place(user)
        | pictures(site)
        | ({"groups": groups} if groups else {})
        | {"roles": roles_of(site, course.id, user.id)}
        | ({"enrolledcourses": courses} if courses else {})
    )


def roles_of(site: Site, course: int, user: int) -> list[dict[str, Any]]:
    """The roles a user holds in a course."""
    held = site.roles.get(course, user) or ()
    return [{"roleid": each, "name": "", "shortname": ROLES[each], "sortorder": 0} for each in held]


def courses_of(site: Site, user: User) -> list[dict[str, Any]]:
    """The same, in short."""
    return [
        {"id": each, "fullname": site.courses[each].fullname, "shortname": site.courses[each].shortname}
        for each in active_courses(site, user)
    ]


def active_courses(site: Site, user: User) -> list[int]:
    """The courses a user is actively enrolled in."""
    now = site.now()
    return [each for each in site.enrolments.firsts(user.id) if site.enrolments[each, user.id].active(now)]


@FUNCTIONS.offer(
    "core_enrol_get_users_courses", userid=Value("int"), returnusercount=Value("bool", default=True)
)
def users_courses(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """The courses a user is actively enrolled in; nothing is said of those the caller may not see."""
    user = site.people.living(given["userid"])
    if user is None:
        return []
    found = active_courses(site, user)
    return [_user_course(site, site.courses[each], given) for each in found if _shows(site, each, user)]


def _shows(site: Site, course: int, user: User) -> bool:
    return user.id == site.caller.userid or (
        site.may_enter(course) and site.may("moodle/course:viewparticipants")
    )


def _user_course(site: Site, course: Course, given: dict[str, Any]) -> dict[str, Any]:
    counted = {"enrolledusercount": len(site.enrolments.of(course.id))} if given["returnusercount"] else {}
    return {
        "id": course.id,
        "shortname": course.shortname,
        "fullname": course.fullname,
        "displayname": course.fullname,
        **counted,
        "idnumber": course.idnumber,
        "visible": course.visible,
        "summary": course.summary,
        "summaryformat": course.summaryformat,
        "format": course.format,
        "courseimage": f"{site.url}/pluginfile.php/17/course/generated/course.svg",
        "showgrades": True,
        "lang": course.lang,
        "enablecompletion": True,
        "completionhascriteria": False,
        "completionusertracked": False,
        "category": course.categoryid,
        "progress": None,
        "completed": None,
        "startdate": course.startdate,
        "enddate": course.enddate,
        "marker": 0,
        "lastaccess": None,
        "isfavourite": False,
        "hidden": False,
        "overviewfiles": [],
        "showactivitydates": True,
        "showcompletionconditions": True,
        "timemodified": course.timemodified,
    }


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
