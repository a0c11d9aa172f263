"""Courses and their categories."""

from typing import Any

import attrs

from mzi_adapters.memory.moodle.parameters import Many, One, Shape, Value
from mzi_adapters.memory.moodle.records import Course
from mzi_adapters.memory.moodle.refusals import (
    Refusal,
    course_closed,
    invalid_parameter,
    missing_record,
    moodle_error,
    php_error,
    write_error,
)
from mzi_adapters.memory.moodle.site import Functions, Site, refused

FUNCTIONS = Functions()

_OPTIONS: dict[str, Shape] = {
    "idnumber": Value("raw", optional=True),
    "summary": Value("raw", optional=True),
    "summaryformat": Value("int", optional=True),
    "format": Value("alphanumext", optional=True),
    "showgrades": Value("int", optional=True),
    "newsitems": Value("int", optional=True),
    "startdate": Value("int", optional=True),
    "enddate": Value("int", optional=True),
    "numsections": Value("int", optional=True),
    "maxbytes": Value("int", optional=True),
    "showreports": Value("int", optional=True),
    "visible": Value("int", optional=True),
    "hiddensections": Value("int", optional=True),
    "groupmode": Value("int", optional=True),
    "groupmodeforce": Value("int", optional=True),
    "defaultgroupingid": Value("int", optional=True),
    "enablecompletion": Value("int", optional=True),
    "completionnotify": Value("int", optional=True),
    "lang": Value("alphanumext", optional=True),
    "forcetheme": Value("alphanumext", optional=True),
    "courseformatoptions": Many(One({"name": Value("raw"), "value": Value("raw")}), optional=True),
    "customfields": Many(One({"shortname": Value("raw"), "value": Value("raw")}), optional=True),
}
_KEPT = {each.name for each in attrs.fields(Course)} - {
    "id",
    "forum",
    "sections",
    "timecreated",
    "timemodified",
}
_LONGEST = {"fullname": 254, "shortname": 255, "idnumber": 100}


@FUNCTIONS.offer(
    "core_course_create_courses",
    courses=Many(
        One(
            {
                "fullname": Value("text"),
                "shortname": Value("text"),
                "categoryid": Value("int"),
                **_OPTIONS,
            }
        )
    ),
)
def create_courses(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Create every course, or none."""
    created: list[Course] = []
    for wanted in given["courses"]:
        category = wanted["categoryid"]
        if category not in site.categories:
            raise moodle_error(
                "errorcatcontextnotvalid",
                f"You cannot execute functions in the category context (category id:{category}). "
                "The context error message was: Invalid parameter value detected",
            )
        site.require("moodle/course:create")
        if wanted.get("lang") == "":
            raise moodle_error("errorinvalidparam", 'The param "lang" is invalid.')
        course = Course(id=0, timecreated=site.now(), timemodified=site.now(), **_kept(_dated(site, wanted)))
        _check(site, course, among=created)
        course.id = site.next_id("course")
        _fit(course)
        furnish(site, course)
        created.append(course)
    site.courses.update((course.id, course) for course in created)
    return [{"id": course.id, "shortname": course.shortname} for course in created]


_DAY = 86400


def _dated(site: Site, wanted: dict[str, Any]) -> dict[str, Any]:
    """A course that says nothing of its length begins today, lasts a year and has no sections."""
    if "startdate" in wanted or "enddate" in wanted:
        return {"numsections": 0, **wanted}
    today = site.now() // _DAY * _DAY
    return {"numsections": 0, "startdate": today, "enddate": today + 365 * _DAY, **wanted}


def furnish(site: Site, course: Course) -> None:
    """Give a new course its announcements and its sections."""
    course.forum = site.next_id("course_modules")
    course.sections = [site.next_id("course_sections") for _ in range(course.numsections + 1)]


def _kept(wanted: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in wanted.items() if key in _KEPT}


def _same(site: Site, one: str, other: str) -> bool:
    """Whether the database takes two short names for one."""
    return one == other if site.database == "postgresql" else one.lower() == other.lower()


def _check(site: Site, course: Course, among: list[Course] | None = None) -> None:
    for other in [*site.courses.values(), *(among or ())]:
        if other is course or (course.id and other.id == course.id):
            continue
        if _same(site, other.shortname, course.shortname):
            message = f"Short name is already used for another course ({course.shortname})"
            raise moodle_error("shortnametaken", message)
        if course.idnumber and other.idnumber == course.idnumber:
            message = f"ID number is already used for another course ({course.idnumber})"
            raise moodle_error("courseidnumbertaken", message)
    if course.enddate and course.enddate <= course.startdate:
        raise moodle_error("enddatebeforestartdate", "The course end date must be after the start date.")


def _fit(course: Course) -> None:
    if any(len(getattr(course, key)) > longest for key, longest in _LONGEST.items()):
        raise write_error()


@FUNCTIONS.offer(
    "core_course_update_courses",
    courses=Many(
        One(
            {
                "id": Value("int"),
                "fullname": Value("text", optional=True),
                "shortname": Value("text", optional=True),
                "categoryid": Value("int", optional=True),
                **_OPTIONS,
            }
        )
    ),
)
def update_courses(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """Change each course by itself; what cannot be changed comes back as a warning."""
    warnings = []
    for changes in given["courses"]:
        try:
            _update(site, changes)
        except Refusal as refusal:
            warnings.append(refused("course", changes["id"], refusal))
    return {"warnings": warnings}


_NEEDED = {
    "fullname": "moodle/course:changefullname",
    "shortname": "moodle/course:changeshortname",
    "idnumber": "moodle/course:changeidnumber",
    "visible": "moodle/course:visibility",
}


def _update(site: Site, changes: dict[str, Any]) -> None:
    course = site.course(changes["id"])
    site.require("moodle/course:update")
    for key, capability in _NEEDED.items():
        if key in changes and changes[key] != getattr(course, key):
            site.require(capability)
    if "categoryid" in changes and changes["categoryid"] not in site.categories:
        raise missing_record("course_categories")
    changed = attrs.evolve(course, **_kept(changes), timemodified=site.now())
    _check(site, changed)
    _fit(changed)
    site.courses[course.id] = changed


@FUNCTIONS.offer(
    "core_course_get_courses",
    options=One({"ids": Many(Value("int"), optional=True)}, default={}),
)
def get_courses(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Courses by id, unknown ones passed over; every course when no id is asked for."""
    ids = given["options"].get("ids")
    found = [each for each in site.courses.values() if ids is None or each.id in ids]
    if not all(site.may_enter(each.id) for each in found):
        raise course_closed()
    return [_course(site, each) for each in found]


def _order(site: Site, course: Course) -> int:
    """A new course comes first in its category."""
    newer = [each for each in site.courses.values() if each.categoryid == course.categoryid]
    return course.categoryid * 10000 + 1 + sum(each.id > course.id for each in newer)


def _course(site: Site, course: Course) -> dict[str, Any]:
    front = course.format == "site"
    shown: dict[str, Any] = {
        "id": course.id,
        "shortname": course.shortname,
        "categoryid": course.categoryid,
        "categorysortorder": _order(site, course),
        "fullname": course.fullname,
        "displayname": course.fullname,
        "idnumber": course.idnumber,
        "summary": course.summary,
        "summaryformat": course.summaryformat,
        "format": course.format,
        "showgrades": 1,
        "newsitems": 3 if front else 5,
        "startdate": course.startdate,
        "enddate": course.enddate,
        "numsections": course.numsections,
        "maxbytes": 0,
        "showreports": 0,
        "visible": course.visible,
    }
    if not front:
        shown["hiddensections"] = 1
    shown |= {
        "groupmode": 0,
        "groupmodeforce": 0,
        "defaultgroupingid": 0,
        "timecreated": course.timecreated,
        "timemodified": course.timemodified,
        "enablecompletion": 0 if front else 1,
        "completionnotify": 0,
        "lang": course.lang,
        "forcetheme": "",
        "courseformatoptions": _format_options(course),
        "showactivitydates": not front,
        "showcompletionconditions": None if front else True,
    }
    return shown


def _format_options(course: Course) -> list[dict[str, Any]]:
    if course.format == "site":
        return [{"name": "numsections", "value": course.numsections}]
    return [{"name": "hiddensections", "value": 1}, {"name": "coursedisplay", "value": 0}]


@FUNCTIONS.offer(
    "core_course_get_courses_by_field", field=Value("alpha", default=""), value=Value("raw", default="")
)
def get_courses_by_field(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """Courses with this value in a field; among several `ids`, an unknown one breaks the call."""
    field, value = given["field"], str(given["value"])
    match field:
        case "":
            found = list(site.courses.values())
        case "id" | "category":
            if not value.isdigit():
                raise invalid_parameter()
            name = "id" if field == "id" else "categoryid"
            found = [each for each in site.courses.values() if getattr(each, name) == int(value)]
        case "ids":
            ids = [int(each) for each in value.split(",") if each.strip().isdigit()]
            if any(each not in site.courses for each in ids):
                raise php_error('Attempt to assign property "contextvalidated" on null')
            found = [site.courses[each] for each in ids]
        case "shortname" | "idnumber":
            found = [each for each in site.courses.values() if _same(site, getattr(each, field), value)]
        case _:
            raise invalid_parameter("Invalid field name")
    hidden = not site.may("moodle/course:viewhiddencourses")
    shown = [_public_course(site, each) for each in found if each.visible or not hidden]
    return {"courses": shown, "warnings": []}


def _public_course(site: Site, course: Course) -> dict[str, Any]:
    category = site.categories.get(course.categoryid)
    shown: dict[str, Any] = {
        "id": course.id,
        "fullname": course.fullname,
        "displayname": course.fullname,
        "shortname": course.shortname,
        "courseimage": f"{site.url}/pluginfile.php/17/course/generated/course.svg",
        "categoryid": course.categoryid,
        "categoryname": category.name if category else "",
        "sortorder": _order(site, course),
        "summary": course.summary,
        "summaryformat": course.summaryformat,
        "summaryfiles": [],
        "overviewfiles": [],
        "showactivitydates": True,
        "showcompletionconditions": True,
        "contacts": [],
        "enrollmentmethods": ["manual"],
    }
    if not site.may_enter(course.id):
        return shown
    return shown | {
        "idnumber": course.idnumber,
        "format": course.format,
        "showgrades": 1,
        "newsitems": 5,
        "startdate": course.startdate,
        "enddate": course.enddate,
        "maxbytes": 0,
        "showreports": 0,
        "visible": course.visible,
        "groupmode": 0,
        "groupmodeforce": 0,
        "defaultgroupingid": 0,
        "enablecompletion": 1,
        "completionnotify": 0,
        "lang": course.lang,
        "theme": "",
        "marker": 0,
        "legacyfiles": 0,
        "calendartype": "",
        "timecreated": course.timecreated,
        "timemodified": course.timemodified,
        "requested": 0,
        "cacherev": course.timemodified,
        "filters": [
            {"filter": name, "localstate": 0, "inheritedstate": 1}
            for name in (
                "displayh5p",
                "activitynames",
                "mathjaxloader",
                "emoticon",
                "urltolink",
                "mediaplugin",
            )
        ],
        "courseformatoptions": [*_format_options(course), {"name": "indentation", "value": "1"}],
    }
