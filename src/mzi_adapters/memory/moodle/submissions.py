"""What was handed in, and what a student's attempts look like one by one."""

from typing import Any

from mzi_adapters.memory.moodle.assignments import needs_grading
from mzi_adapters.memory.moodle.marking import (
    RELEASED,
    UNGRADED,
    latest,
    mark_of,
    submission_for,
    workflow_state,
)
from mzi_adapters.memory.moodle.parameters import Many, Value
from mzi_adapters.memory.moodle.records import Assignment, Mark, Submission
from mzi_adapters.memory.moodle.refusals import invalid_user
from mzi_adapters.memory.moodle.site import Functions, Site, warning

FUNCTIONS = Functions()


@FUNCTIONS.offer(
    "mod_assign_get_submissions",
    assignmentids=Many(Value("int")),
    status=Value("alpha", default=""),
    since=Value("int", default=0),
    before=Value("int", default=0),
)
def get_submissions(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """The latest attempt of everybody; an unknown assignment is passed over without a word."""
    shown, warnings = [], []
    for each in given["assignmentids"]:
        assignment = site.assignments.get(each)
        if assignment is None:
            continue
        if not site.may_enter(assignment.course) or not site.may("mod/assign:grade"):
            warnings.append(warning("assignment", each, 1, "No access rights in module context"))
            continue
        rows = [row for row in _latest(site, each) if _asked(row, given)]
        if not rows:
            warnings.append(warning("module", each, 3, "No submissions found"))
        submissions = [
            _submission(site, assignment, row)
            | {"gradingstatus": grading_status(site, assignment, row.userid)}
            for row in rows
        ]
        shown.append({"assignmentid": each, "submissions": submissions})
    return {"assignments": shown, "warnings": warnings}


def _latest(site: Site, assignment: int) -> list[Submission]:
    rows = [row for rows in site.submissions.of(assignment) for row in rows]
    return sorted((row for row in rows if row.latest), key=lambda row: row.id)


def _asked(row: Submission, given: dict[str, Any]) -> bool:
    in_time = row.timemodified >= given["since"] and (
        not given["before"] or row.timemodified < given["before"]
    )
    return in_time and given["status"] in ("", row.status)


def _graded(site: Site, assignment: Assignment, user: int) -> bool:
    submission = latest(site, assignment.id, user)
    mark = mark_of(site, assignment.id, user, submission.attempt) if submission else None
    return mark is not None and mark.grade >= 0


def grading_status(site: Site, assignment: Assignment, user: int) -> str:
    """How far the marking of a student is."""
    if assignment.workflow:
        return workflow_state(site, assignment, user) or "notmarked"
    return "graded" if _graded(site, assignment, user) else "notgraded"


def _submission(site: Site, assignment: Assignment, row: Submission) -> dict[str, Any]:
    return {
        "id": row.id,
        "userid": row.userid,
        "attemptnumber": row.attempt,
        "timecreated": row.timecreated,
        "timemodified": row.timemodified,
        "timestarted": None,
        "status": row.status,
        "groupid": 0,
        "plugins": [
            {
                "type": "onlinetext",
                "name": "Online text",
                "fileareas": [{"area": "submissions_onlinetext", "files": []}],
                "editorfields": [
                    {
                        "name": "onlinetext",
                        "description": "Online text submissions",
                        "text": row.text,
                        "format": 1 if row.text else 0,
                    }
                ],
            },
            {
                "type": "file",
                "name": "File submissions",
                "fileareas": [{"area": "submission_files", "files": _files(site, assignment, row)}],
            },
            {"type": "comments", "name": "Submission comments"},
        ],
    }


def file_path(assignment: Assignment, row: Submission, name: str) -> str:
    """Where a submitted file is served."""
    area = f"{assignment.contextid}/assignsubmission_file/submission_files"
    return f"/webservice/pluginfile.php/{area}/{row.id}/{name}"


def stored_file(site: Site, path: str) -> bytes | None:
    """The file that is served under a path."""
    *_, number, name = path.split("/")
    for assignment in site.assignments.values():
        for rows in site.submissions.of(assignment.id):
            for row in rows:
                if str(row.id) == number and file_path(assignment, row, name) == path:
                    return row.files.get(name)
    return None


def _files(site: Site, assignment: Assignment, row: Submission) -> list[dict[str, Any]]:
    return [
        {
            "filename": name,
            "filepath": "/",
            "filesize": len(content),
            "fileurl": site.url + file_path(assignment, row, name),
            "timemodified": row.timemodified,
            "mimetype": "application/pdf",
            "isexternalfile": False,
            "icon": "f/pdf",
        }
        for name, content in row.files.items()
    ]


@FUNCTIONS.offer(
    "mod_assign_get_submission_status",
    assignid=Value("int"),
    userid=Value("int", default=0),
    groupid=Value("int", default=0),
)
def submission_status(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """One student's attempts. Reading writes: who never handed in has a `new` submission afterwards.

    With marking workflow on, a mark and its feedback are shown only once released; what the gradebook has of
    an older attempt goes on showing.
    """
    assignment = site.assignment(given["assignid"])
    site.require("mod/assign:view")
    user = given["userid"] or site.caller.userid
    if site.people.living(user) is None:
        raise invalid_user()
    if user != site.caller.userid:
        site.require("mod/assign:viewgrades")
    shown: dict[str, Any] = {}
    if site.may("mod/assign:grade"):
        shown["gradingsummary"] = _summary(site, assignment)
    if any(each.id == user for each in site.participants(assignment.course)):
        shown["lastattempt"] = _last_attempt(site, assignment, user)
    feedback = _feedback(site, assignment, user)
    if feedback:
        shown["feedback"] = feedback
    previous = [
        _previous(site, assignment, row)
        for row in sorted(site.submissions.get(assignment.id, user) or (), key=lambda row: row.attempt)
        if not row.latest
    ]
    if previous:
        shown["previousattempts"] = previous
    submission_for(site, assignment.id, user)
    return shown | {"assignmentdata": {"attachments": {"intro": []}}, "warnings": []}


def _summary(site: Site, assignment: Assignment) -> dict[str, Any]:
    users = site.participants(assignment.course)
    found = [latest(site, assignment.id, each.id) for each in users]
    status = [each.status for each in found if each]
    return {
        "participantcount": len(users),
        "submissiondraftscount": status.count("draft"),
        "submissionsenabled": True,
        "submissionssubmittedcount": status.count("submitted"),
        "submissionsneedgradingcount": sum(needs_grading(site, assignment, each) for each in users),
        "warnofungroupedusers": "",
    }


def _last_attempt(site: Site, assignment: Assignment, user: int) -> dict[str, Any]:
    row = latest(site, assignment.id, user)
    flags = site.flags.get(assignment.id, user)
    shown: dict[str, Any] = {}
    if row:
        shown["submission"] = _attempt(site, assignment, row)
    return shown | {
        "submissiongroupmemberswhoneedtosubmit": [],
        "submissionsenabled": True,
        "locked": bool(flags and flags.locked),
        "graded": _graded(site, assignment, user),
        "canedit": False,
        "caneditowner": row is None or row.status != "submitted",
        "cansubmit": row is not None and row.status == "draft",
        "extensionduedate": flags.extension if flags else None,
        "timelimit": 0,
        "blindmarking": False,
        "gradingstatus": grading_status(site, assignment, user),
        "usergroups": [each.id for each in site.groups_of(assignment.course, user)],
    }


def _attempt(site: Site, assignment: Assignment, row: Submission) -> dict[str, Any]:
    return _submission(site, assignment, row) | {"assignment": assignment.id, "latest": int(row.latest)}


def _feedback(site: Site, assignment: Assignment, user: int) -> dict[str, Any]:
    row = latest(site, assignment.id, user)
    mark = mark_of(site, assignment.id, user, row.attempt) if row else None
    final = site.finals.get(assignment.itemid, user)
    shows_grade = final is not None and final.grade is not None
    released = not assignment.workflow or workflow_state(site, assignment, user) == RELEASED
    if not shows_grade and not (released and mark and mark.feedback):
        return {}
    shown: dict[str, Any] = {"grade": _grade(mark)} if mark else {}
    shown["gradefordisplay"] = None
    shown["gradeddate"] = None
    if final is not None and final.grade is not None:
        shown["gradefordisplay"] = _displayed(site, assignment, mark)
        if mark is None or mark.grade == UNGRADED:
            shown["gradefordisplay"] = _words(site, assignment, final.grade)
        shown["gradeddate"] = final.graded
    if mark:
        shown["plugins"] = _comments(mark)
    return shown


def _grade(mark: Mark) -> dict[str, Any]:
    return {
        "id": mark.id,
        "assignment": mark.assignment,
        "userid": mark.userid,
        "attemptnumber": mark.attempt,
        "timecreated": mark.timecreated,
        "timemodified": mark.timemodified,
        "grader": mark.grader,
        "grade": f"{mark.grade:.5f}",
    }


def _displayed(site: Site, assignment: Assignment, mark: Mark | None) -> str:
    return "-" if mark is None or mark.grade == UNGRADED else _words(site, assignment, mark.grade)


def _words(site: Site, assignment: Assignment, grade: Any) -> str:
    if assignment.grade < 0:
        scale = site.scales[-assignment.grade]
        return scale[int(grade) - 1] if 1 <= int(grade) <= len(scale) else "-"
    return f"{grade:.2f}&nbsp;/&nbsp;{assignment.grade:.2f}"


def _comments(mark: Mark) -> list[dict[str, Any]]:
    text = mark.feedback or ""
    return [
        {
            "type": "comments",
            "name": "Feedback comments",
            "fileareas": [{"area": "feedback", "files": []}],
            "editorfields": [
                {
                    "name": "comments",
                    "description": "Feedback comments",
                    "text": text,
                    "format": 1 if mark.feedback is not None else 0,
                }
            ],
        }
    ]


def _previous(site: Site, assignment: Assignment, row: Submission) -> dict[str, Any]:
    shown: dict[str, Any] = {"attemptnumber": row.attempt, "submission": _attempt(site, assignment, row)}
    mark = mark_of(site, assignment.id, row.userid, row.attempt)
    if mark:
        shown["grade"] = _grade(mark) | {"gradefordisplay": _displayed(site, assignment, mark)}
        shown["feedbackplugins"] = _comments(mark)
    return shown
