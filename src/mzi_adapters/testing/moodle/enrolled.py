"""Who is enrolled in a course, and in which courses somebody is."""

from typing import Any

from mzi_adapters.testing.moodle.parameters import Many, One, Value, number
from mzi_adapters.testing.moodle.profiles import identity, pictures, place, sees
from mzi_adapters.testing.moodle.refusals import (
    moodle_error,
    no_permission,
)
from mzi_adapters.testing.moodle.roles import roles_of
from mzi_adapters.testing.moodle.site import Functions, Site
from mzi_adapters.testing.moodle.site_tables import Course, SiteUser

FUNCTIONS = Functions()


@FUNCTIONS.offer(
    "core_enrol_get_enrolled_users",
    courseid=Value("int"),
    options=Many(One({"name": Value("alphanumext"), "value": Value("raw")}), default=[]),
)
def enrolled_users(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Who is enrolled in a course, by id, in pages if asked."""
    options = {each["name"]: str(each["value"]) for each in given["options"]}
    course = site.course(given["courseid"], context=True)
    _check_options(site, options)
    now = site.now()
    found = [each for each in site.enrolments.of(course.id) if site.people.living(each.userid)]
    if _is_set(options, "onlyactive"):
        found = [each for each in found if each.active(now)]
    if _is_set(options, "onlysuspended"):
        found = [each for each in found if not each.active(now)]
    if _is_set(options, "groupid"):
        group = site.groups.get(number(options["groupid"]))
        found = [each for each in found if group and each.userid in group.members]
    else:
        shown = site.seen_groups(course)
        found = [each for each in found if shown is None or any(each.userid in one.members for one in shown)]
    users = [site.people.rows[each.userid] for each in found]
    if options.get("sortby", "id") in ("firstname", "lastname"):
        users.sort(key=lambda user: (str(getattr(user, options["sortby"])), user.id))
    if options.get("sortdirection", "ASC").upper() == "DESC":
        users.reverse()
    begin, size = number(options.get("limitfrom", "0")), number(options.get("limitnumber", "0"))
    users = users[begin : begin + size if size else None]
    wanted = set(options["userfields"].split(",")) if "userfields" in options else None
    return [_chosen(enrolled_user(site, course, user), wanted) for user in users if sees(site, user)]


def _is_set(options: dict[str, str], name: str) -> bool:
    return options.get(name, "0") != "0"


def _check_options(site: Site, options: dict[str, str]) -> None:
    """Who may see the participants, and who may ask for some of them; in Moodle's order."""
    if not site.may("moodle/course:enrolreview"):  # which is as good
        site.require("moodle/course:viewparticipants")
    if "withcapability" in options:
        raise no_permission("moodle/role:review")
    if _is_set(options, "groupid"):
        group = site.groups.get(number(options["groupid"]))
        if group is None or site.caller.userid not in group.members:
            site.require("moodle/site:accessallgroups")
    if _is_set(options, "onlyactive") or _is_set(options, "onlysuspended"):
        site.require("moodle/course:enrolreview")
    if _is_set(options, "onlyactive") and _is_set(options, "onlysuspended"):
        raise moodle_error("invalidparameter", "Invalid parameter value detected")


def _chosen(shown: dict[str, Any], wanted: set[str] | None) -> dict[str, Any]:
    if wanted is None:
        return shown
    return {key: value for key, value in shown.items() if key in wanted or key in ("id", "fullname")}


def enrolled_user(site: Site, course: Course, user: SiteUser) -> dict[str, Any]:
    """One enrolled user as the course shows it."""
    groups = [
        {
            "id": each.id,
            "name": site.shown(each.name),
            "description": each.description,
            "descriptionformat": 1,
        }
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


def courses_of(site: Site, user: SiteUser) -> list[dict[str, Any]]:
    """The same, in short."""
    return [
        {
            "id": each,
            "fullname": site.shown(site.courses[each].fullname),
            "shortname": site.shown(site.courses[each].shortname),
        }
        for each in active_courses(site, user)
    ]


def active_courses(site: Site, user: SiteUser) -> list[int]:
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


def _shows(site: Site, course: int, user: SiteUser) -> bool:
    return user.id == site.caller.userid or (
        site.may_enter(course) and site.may("moodle/course:viewparticipants")
    )


def _user_course(site: Site, course: Course, given: dict[str, Any]) -> dict[str, Any]:
    counted = {"enrolledusercount": len(site.enrolments.of(course.id))} if given["returnusercount"] else {}
    return {
        "id": course.id,
        "shortname": site.shown(course.shortname),
        "fullname": site.shown(course.fullname),
        "displayname": site.shown(course.fullname),
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
