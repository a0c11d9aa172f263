"""Courses as they are read, by id or by one field."""

from typing import Any

from mzi_adapters.testing.moodle.courses import same
from mzi_adapters.testing.moodle.parameters import Many, One, Value
from mzi_adapters.testing.moodle.refusals import (
    course_context,
    invalid_parameter,
    php_error,
)
from mzi_adapters.testing.moodle.site import Functions, Site
from mzi_adapters.testing.moodle.site_tables import Course

FUNCTIONS = Functions()


@FUNCTIONS.offer(
    "core_course_get_courses",
    options=One({"ids": Many(Value("int"), optional=True)}, default={}),
)
def get_courses(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Courses by id, unknown ones passed over; every course when no id is asked for."""
    ids = given["options"].get("ids")
    found = [each for each in site.courses.values() if ids is None or each.id in ids]
    for each in found:
        if not site.may_enter(each.id):
            raise course_context(each.id)
    kept = None if site.may("moodle/course:update") else _FOR_ALL
    return [
        {key: value for key, value in _course(site, each).items() if kept is None or key in kept}
        for each in found
    ]


_FOR_ALL = frozenset(
    (
        *("id", "fullname", "shortname", "displayname", "categoryid", "summary", "summaryformat", "format"),
        *("startdate", "enddate", "showactivitydates", "showcompletionconditions"),
    )
)
"""What is told of a course to who may not change it."""

_FOR_CHANGERS = frozenset(
    ("idnumber", "legacyfiles", "calendartype", "timecreated", "timemodified", "requested", "cacherev")
)
"""What only who may change a course is told where it is found by a field."""


def _order(site: Site, course: Course) -> int:
    """A new course comes first in its category."""
    newer = [each for each in site.courses.values() if each.categoryid == course.categoryid]
    return course.categoryid * 10000 + 1 + sum(each.id > course.id for each in newer)


def _course(site: Site, course: Course) -> dict[str, Any]:
    front = course.format == "site"
    shown: dict[str, Any] = {
        "id": course.id,
        "shortname": site.shown(course.shortname),
        "categoryid": course.categoryid,
        "categorysortorder": _order(site, course),
        "fullname": site.shown(course.fullname),
        "displayname": site.shown(course.fullname),
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
        "groupmode": course.groupmode,
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
    options = [{"name": "hiddensections", "value": 1}, {"name": "coursedisplay", "value": 0}]
    if course.format == "weeks":
        options.append({"name": "automaticenddate", "value": course.automaticenddate})
    return options


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
            found = [each for each in site.courses.values() if same(site, getattr(each, field), value)]
        case _:
            raise invalid_parameter("Invalid field name")
    hidden = not (site.may("moodle/course:viewhiddencourses") or site.may("moodle/course:update"))
    shown = [_public_course(site, each) for each in found if each.visible or not hidden]
    return {"courses": shown, "warnings": []}


def _public_course(site: Site, course: Course) -> dict[str, Any]:
    category = site.categories.get(course.categoryid)
    shown: dict[str, Any] = {
        "id": course.id,
        "fullname": site.shown(course.fullname),
        "displayname": site.shown(course.fullname),
        "shortname": site.shown(course.shortname),
        "courseimage": f"{site.url}/pluginfile.php/17/course/generated/course.svg",
        "categoryid": course.categoryid,
        "categoryname": site.shown(category.name) if category else "",
        "sortorder": _order(site, course),
        "summary": course.summary,
        "summaryformat": course.summaryformat,
        "summaryfiles": [],
        "overviewfiles": [],
        "showactivitydates": True,
        "showcompletionconditions": True,
        "contacts": [],
        "enrollmentmethods": ["manual"] if course.manual else [],
    }
    if not site.may_enter(course.id):
        return shown
    more = {
        "idnumber": course.idnumber,
        "format": course.format,
        "showgrades": 1,
        "newsitems": 5,
        "startdate": course.startdate,
        "enddate": course.enddate,
        "maxbytes": 0,
        "showreports": 0,
        "visible": course.visible,
        "groupmode": course.groupmode,
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
    if not site.may("moodle/course:update"):
        more = {key: value for key, value in more.items() if key not in _FOR_CHANGERS}
    return shown | more
