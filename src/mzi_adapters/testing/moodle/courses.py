"""Courses and their categories."""

from typing import Any

import attrs

from mzi_adapters.testing.moodle.parameters import Many, One, Shape, Value
from mzi_adapters.testing.moodle.refusals import (
    Refusal,
    missing_record,
    moodle_error,
    write_error,
)
from mzi_adapters.testing.moodle.site import Functions, Site, refused
from mzi_adapters.testing.moodle.site_tables import Course

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
_FORMAT_OPTIONS = ("automaticenddate",)
_KEPT = {each.name for each in attrs.fields(Course)} - {
    "id",
    "forum",
    "sections",
    "automaticenddate",
    "manual",
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
        if category not in site.categories or site.caller.unready:
            why = (
                f"error/{site.caller.unready}" if site.caller.unready else "Invalid parameter value detected"
            )
            raise moodle_error(
                "errorcatcontextnotvalid",
                f"You cannot execute functions in the category context (category id:{category}). "
                f"The context error message was: {why}",
            )
        site.require("moodle/course:create")
        if wanted.get("lang") == "":
            raise moodle_error("errorinvalidparam", 'The param "lang" is invalid.')
        dated = _dated(site, wanted)
        kept = _kept(dated)
        course = Course(id=0, timecreated=site.now(), timemodified=site.now(), **kept)
        _check(site, course, among=created)
        _check_dates(dated)
        course.id = site.next_id("course")
        _fit(course)
        furnish(site, course)
        _end_by_weeks(course)
        created.append(course)
    site.courses.update((course.id, course) for course in created)
    return [{"id": course.id, "shortname": course.shortname} for course in created]


_DAY = 86400


def _dated(site: Site, wanted: dict[str, Any]) -> dict[str, Any]:
    """A course that does not say so begins today, lasts a year, and has no sections."""
    start = wanted.get("startdate", site.now() // _DAY * _DAY)
    return {"numsections": 0, "startdate": start, "enddate": start + 365 * _DAY, **wanted}


def furnish(site: Site, course: Course) -> None:
    """Give a new course its announcements and its sections."""
    course.forum = site.next_id("course_modules")
    course.sections = [site.next_id("course_sections") for _ in range(course.numsections + 1)]


def _kept(wanted: dict[str, Any]) -> dict[str, Any]:
    formatted = {
        option["name"]: int(option["value"])
        for option in wanted.get("courseformatoptions", ())
        if option["name"] in _FORMAT_OPTIONS
    }
    return {key: value for key, value in wanted.items() if key in _KEPT} | formatted


def _end_by_weeks(course: Course) -> None:
    """A course in weeks ends with the last of them, unless it was told not to work out its end."""
    if course.format == "weeks" and course.automaticenddate:
        course.enddate = course.startdate + course.numsections * 7 * _DAY


def same(site: Site, one: str, other: str) -> bool:
    """Whether the database takes two short names for one."""
    return one == other if site.database == "postgresql" else one.lower() == other.lower()


def _check(site: Site, course: Course, among: list[Course] | None = None) -> None:
    for other in [*site.courses.values(), *(among or ())]:
        if other is course or (course.id and other.id == course.id):
            continue
        if same(site, other.shortname, course.shortname):
            message = f"Short name is already used for another course ({course.shortname})"
            raise moodle_error("shortnametaken", message)
        if course.idnumber and other.idnumber == course.idnumber:
            message = f"ID number is already used for another course ({course.idnumber})"
            raise moodle_error("courseidnumbertaken", message)


def _check_dates(sent: dict[str, Any]) -> None:
    """Of a change Moodle looks only at the dates it names, not at those that are there."""
    start, end = sent.get("startdate", 0), sent.get("enddate", 0)
    if start and end and end < start:
        raise moodle_error("enddatebeforestartdate", "The course end date must be after the start date.")
    if end and not start:
        raise moodle_error("nostartdatenoenddate", "error/nostartdatenoenddate")


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
    _check_dates(changes)
    _fit(changed)
    _end_by_weeks(changed)
    site.courses[course.id] = changed
