"""Assignments and who has to hand something in."""

from datetime import UTC, datetime
from typing import Any

from mzi_adapters.memory.moodle.enrolments import courses_of, roles_of
from mzi_adapters.memory.moodle.marking import latest, mark_of
from mzi_adapters.memory.moodle.parameters import Many, Value
from mzi_adapters.memory.moodle.records import Assignment, User
from mzi_adapters.memory.moodle.refusals import Refusal, missing_record, moodle_error
from mzi_adapters.memory.moodle.site import Functions, Site, warning
from mzi_adapters.memory.moodle.users import identity, pictures, place, sees

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
        wanted = each in own or (given["includenotenrolledcourses"] and site.may("moodle/course:view"))
        if each not in site.courses or not wanted:
            message = "User is not enrolled or does not have requested capability"
            warnings.append(warning("course", each, 2, message))
            continue
        course = site.courses[each]
        courses.append(
            {
                "id": course.id,
                "fullname": course.fullname,
                "shortname": course.shortname,
                "timemodified": course.timemodified,
                "assignments": [
                    _assignment(assignment)
                    for assignment in site.assignments.values()
                    if assignment.course == each and site.may("mod/assign:view")
                ],
            }
        )
    return {"courses": courses, "warnings": warnings}


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


def _assignment(assignment: Assignment) -> dict[str, Any]:
    return {
        "id": assignment.id,
        "cmid": assignment.cmid,
        "course": assignment.course,
        "name": assignment.name,
        "nosubmissions": 0,
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
        "teamsubmission": 0,
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
    site.course(assignment.course, context=True)
    scale = {"scale": ",".join(site.scales[-assignment.grade])} if assignment.grade < 0 else {}
    return {
        "cm": {
            "id": assignment.cmid,
            "course": assignment.course,
            "module": 1,
            "name": assignment.name,
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
        },
        "warnings": [],
    }


@FUNCTIONS.offer(
    "mod_assign_list_participants",
    assignid=Value("int"),
    groupid=Value("int"),
    filter=Value("raw"),
    skip=Value("int", default=0),
    limit=Value("int", default=0),
    onlyids=Value("bool", default=False),
    includeenrolments=Value("bool", default=True),
    tablesort=Value("bool", default=False),
)
def list_participants(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Everybody who is expected to hand in, and how far each is."""
    assignment = _seen(site, given["assignid"])
    users = site.participants(assignment.course)
    if given["groupid"]:
        group = site.groups.get(given["groupid"])
        users = [each for each in users if group and each.id in group.members]
    users = [each for each in users if given["filter"].lower() in each.fullname.lower()]
    end = given["skip"] + given["limit"] if given["limit"] else None
    if not all(sees(site, each) for each in users):
        raise Refusal(
            "core\\exception\\invalid_response_exception",
            "invalidresponse",
            "Invalid response value detected",
        )
    return [_participant(site, assignment, each, given) for each in users[given["skip"] : end]]


def _seen(site: Site, assignment: int) -> Assignment:
    found = site.assignment(assignment)
    site.require("mod/assign:view")
    site.require("mod/assign:viewgrades")
    return found


def _participant(site: Site, assignment: Assignment, user: User, given: dict[str, Any]) -> dict[str, Any]:
    progress = _progress(site, assignment, user) | {"submissionstatus": _status(site, assignment, user)}
    if given["onlyids"]:
        return {"id": user.id, "fullname": user.fullname, "recordid": -1, **progress}
    groups = site.groups_of(assignment.course, user.id)
    enrolled = {"enrolledcourses": courses_of(site, user)} if given["includeenrolments"] else {}
    return (
        identity(site, user)
        | {"suspended": user.suspended, "trackforums": 0}
        | place(user)
        | pictures(site)
        | {"recordid": -1}
        | (
            {
                "groups": [
                    {"id": each.id, "name": each.name, "description": each.description} for each in groups
                ]
            }
            if groups
            else {}
        )
        | {"roles": roles_of(site, assignment.course, user.id)}
        | enrolled
        | progress
    )


def _status(site: Site, assignment: Assignment, user: User) -> str:
    submission = latest(site, assignment.id, user.id)
    return submission.status if submission else ""


def needs_grading(site: Site, assignment: Assignment, user: User) -> bool:
    """Whether work was handed in that nobody has marked since; work of the very second of its mark counts."""
    submission = latest(site, assignment.id, user.id)
    if submission is None or submission.status != "submitted":
        return False
    mark = mark_of(site, assignment.id, user.id, submission.attempt)
    return mark is None or submission.timemodified >= mark.timemodified


def _progress(site: Site, assignment: Assignment, user: User) -> dict[str, Any]:
    flags = site.flags.get(assignment.id, user.id)
    return {
        "submitted": _status(site, assignment, user) == "submitted",
        "requiregrading": needs_grading(site, assignment, user),
        "grantedextension": bool(flags and flags.extension),
    }


@FUNCTIONS.offer(
    "mod_assign_get_participant",
    assignid=Value("int"),
    userid=Value("int"),
    embeduser=Value("bool", default=False),
)
def get_participant(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """How far one participant is."""
    assignment = _seen(site, given["assignid"])
    users = {each.id: each for each in site.participants(assignment.course)}
    if given["userid"] not in users:
        raise moodle_error("usernotincourse", "error/usernotincourse")
    user = users[given["userid"]]
    due = datetime.fromtimestamp(assignment.duedate, UTC)
    return {
        "id": user.id,
        "fullname": user.fullname,
        **_progress(site, assignment, user),
        "blindmarking": False,
        "allowsubmissionsfromdate": 0,
        "duedate": assignment.duedate,
        "cutoffdate": assignment.cutoffdate,
        "duedatestr": f"{due:%-d %B %Y, %I:%M %p}" if assignment.duedate else "",
        "submissionstatus": _status(site, assignment, user),
    }
