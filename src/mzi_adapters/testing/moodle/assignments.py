"""Assignments and their course modules."""

from typing import Any

from mzi_adapters.testing.moodle.parameters import Many, Value
from mzi_adapters.testing.moodle.refusals import missing_record
from mzi_adapters.testing.moodle.site import Functions, Site, warning
from mzi_adapters.testing.moodle.site_tables import Assignment

FUNCTIONS = Functions()


@FUNCTIONS.offer(
    "mod_assign_get_assignments",
    courseids=Many(Value("int"), default=[]),
    capabilities=Many(Value("raw"), default=[]),
    includenotenrolledcourses=Value("bool", default=False),
)
def get_assignments(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """The assignments of courses; one the caller is not enrolled in needs `includenotenrolledcourses`."""
    courses, warnings = [], []
    own = site.enrolments.firsts(site.caller.userid)
    for each in given["courseids"] or own:
        if not (each in own or given["includenotenrolledcourses"]):
            message = "User is not enrolled or does not have requested capability"
            warnings.append(warning("course", each, 2, message))
            continue
        if each not in site.courses or not site.may_enter(each):
            why = "Course or activity not accessible." if each in site.courses else _NO_COURSE
            warnings.append(warning("course", each, 1, f"No access rights in course context {why}"))
            continue
        course = site.courses[each]
        there = [assignment for assignment in site.assignments.values() if assignment.course == each]
        seen = [assignment for assignment in there if site.sees_activity(assignment)]
        message = "No access rights in module context"
        warnings += [warning("module", one.cmid, 1, message) for one in there if one not in seen]
        courses.append(
            {
                "id": course.id,
                "fullname": site.shown(course.fullname),
                "shortname": site.shown(course.shortname),
                "timemodified": course.timemodified,
                "assignments": [_assignment(site, assignment) for assignment in seen],
            }
        )
    return {"courses": courses, "warnings": warnings}


_NO_COURSE = "Can't find data record in database table course."

_CONFIGS = (
    ("onlinetext", "assignsubmission", "enabled", "1"),
    ("onlinetext", "assignsubmission", "wordlimit", "0"),
    ("onlinetext", "assignsubmission", "wordlimitenabled", "0"),
    ("file", "assignsubmission", "enabled", "1"),
    ("file", "assignsubmission", "maxfilesubmissions", "3"),
    ("file", "assignsubmission", "maxsubmissionsizebytes", "134217728"),
    ("file", "assignsubmission", "filetypeslist", ""),
    ("comments", "assignsubmission", "enabled", "0"),
    ("comments", "assignfeedback", "enabled", "1"),
    ("comments", "assignfeedback", "commentinline", "0"),
)


def _assignment(site: Site, assignment: Assignment) -> dict[str, Any]:
    return {
        "id": assignment.id,
        "cmid": assignment.cmid,
        "course": assignment.course,
        "name": site.shown(assignment.name),
        "nosubmissions": int(assignment.nosubmissions),
        "submissiondrafts": 1,
        "sendnotifications": 0,
        "sendlatenotifications": 0,
        "sendstudentnotifications": 0,
        "duedate": assignment.duedate,
        "allowsubmissionsfromdate": 0,
        "grade": assignment.grade,
        "timemodified": assignment.timemodified,
        "completionsubmit": 0,
        "cutoffdate": assignment.cutoffdate,
        "gradingduedate": 0,
        "teamsubmission": int(assignment.team),
        "requireallteammemberssubmit": 0,
        "teamsubmissiongroupingid": 0,
        "blindmarking": 0,
        "hidegrader": 0,
        "revealidentities": 0,
        "attemptreopenmethod": "manual",
        "maxattempts": assignment.maxattempts,
        "markingworkflow": int(assignment.workflow),
        "markingallocation": 0,
        "markinganonymous": 0,
        "requiresubmissionstatement": 0,
        "preventsubmissionnotingroup": 0,
        "configs": [
            {"plugin": plugin, "subtype": subtype, "name": name, "value": value}
            for plugin, subtype, name, value in _CONFIGS
        ],
        "intro": "Do the work",
        "introformat": 1,
        "introfiles": [],
        "introattachments": [],
        "timelimit": 0,
        "submissionattachments": 0,
    }


@FUNCTIONS.offer("core_course_get_course_module", cmid=Value("int"))
def course_module(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """One course module; of a graded one also its scale, written out."""
    return _module(site, site.module(given["cmid"]))


@FUNCTIONS.offer("core_course_get_course_module_by_instance", module=Value("raw"), instance=Value("int"))
def course_module_by_instance(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """The course module of an activity."""
    if given["module"] != "assign" or given["instance"] not in site.assignments:
        raise missing_record("course_modules")
    return _module(site, site.assignments[given["instance"]])


def _module(site: Site, assignment: Assignment) -> dict[str, Any]:
    """What anybody may see of a course module; all of it for who may change the course's activities."""
    site.assignment(assignment.id)
    shown = _whole_module(site, assignment)
    if not site.may("moodle/grade:managegradingforms"):
        del shown["advancedgrading"]
    if not site.may("moodle/course:manageactivities"):
        shown = {key: value for key, value in shown.items() if key in _SAFE}
    return {"cm": shown, "warnings": []}


_SAFE = frozenset(
    (
        *("id", "course", "module", "name", "modname", "instance", "section", "sectionnum"),
        *("groupmode", "groupingid", "completion", "downloadcontent"),
    )
)


def _whole_module(site: Site, assignment: Assignment) -> dict[str, Any]:
    scale = {"scale": ",".join(site.scales[-assignment.grade])} if assignment.grade < 0 else {}
    return {
        "id": assignment.cmid,
        "course": assignment.course,
        "module": 1,
        "name": site.shown(assignment.name),
        "modname": "assign",
        "instance": assignment.id,
        "section": 2,
        "sectionnum": 1,
        "groupmode": 0,
        "groupingid": 0,
        "completion": 0,
        "idnumber": assignment.idnumber,
        "added": assignment.timemodified,
        "score": 0,
        "indent": 0,
        "visible": 1,
        "visibleoncoursepage": 1,
        "visibleold": 1,
        "completiongradeitemnumber": None,
        "completionpassgrade": 0,
        "completionview": 0,
        "completionexpected": 0,
        "showdescription": 0,
        "downloadcontent": 1,
        "availability": None,
        "grade": assignment.grade,
        **scale,
        "gradepass": "0.00",
        "gradecat": 1,
        "advancedgrading": [{"area": "submissions", "method": assignment.method}],
    }
