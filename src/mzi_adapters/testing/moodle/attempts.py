"""A student's attempts one by one, with what may be seen of their marks."""

from typing import Any

from mzi_adapters.testing.moodle.marking import (
    RELEASED,
    UNGRADED,
    latest,
    mark_of,
    submission_for,
    workflow_state,
)
from mzi_adapters.testing.moodle.parameters import Value
from mzi_adapters.testing.moodle.participants import expected, needs_grading
from mzi_adapters.testing.moodle.refusals import (
    invalid_user,
)
from mzi_adapters.testing.moodle.site import Functions, Site
from mzi_adapters.testing.moodle.site_tables import Assignment, AssignSubmission, Mark
from mzi_adapters.testing.moodle.submissions import grading_status, is_graded, submission_fields

FUNCTIONS = Functions()


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
    users = expected(site, assignment.course)
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
    if assignment.team:
        shown |= _team(site, assignment, user)
    return shown | {
        "submissiongroupmemberswhoneedtosubmit": [],
        "submissionsenabled": True,
        "locked": bool(flags and flags.locked),
        "graded": is_graded(site, assignment, user),
        "canedit": False,
        "caneditowner": row is None or row.status != "submitted",
        "cansubmit": row is not None and row.status == "draft",
        "extensionduedate": flags.extension if flags else None,
        "timelimit": 0,
        "blindmarking": False,
        "gradingstatus": grading_status(site, assignment, user),
        "usergroups": [each.id for each in site.groups_of(assignment.course, user)],
    }


def _team(site: Site, assignment: Assignment, user: int) -> dict[str, Any]:
    group = site.team_of(assignment.course, user)
    row = site.team_submissions.get(assignment.id, group)
    shown: dict[str, Any] = {"teamsubmission": _attempt(site, assignment, row)} if row else {}
    return shown | {"submissiongroup": group} if group else shown


def _attempt(site: Site, assignment: Assignment, row: AssignSubmission) -> dict[str, Any]:
    return submission_fields(site, assignment, row) | {"assignment": assignment.id, "latest": int(row.latest)}


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


def _previous(site: Site, assignment: Assignment, row: AssignSubmission) -> dict[str, Any]:
    shown: dict[str, Any] = {"attemptnumber": row.attempt, "submission": _attempt(site, assignment, row)}
    mark = mark_of(site, assignment.id, row.userid, row.attempt)
    if mark:
        shown["grade"] = _grade(mark) | {"gradefordisplay": _displayed(site, assignment, mark)}
        shown["feedbackplugins"] = _comments(mark)
    return shown
