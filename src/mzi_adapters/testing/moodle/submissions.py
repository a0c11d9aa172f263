"""What was handed in, and what a student's attempts look like one by one."""

from typing import Any

from mzi_adapters.testing.moodle.marking import (
    latest,
    mark_of,
    workflow_state,
)
from mzi_adapters.testing.moodle.parameters import Many, Value
from mzi_adapters.testing.moodle.site import Functions, Site, warning
from mzi_adapters.testing.moodle.site_tables import Assignment, AssignSubmission

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
        if not (site.sees_activity(assignment) and site.may_view_marks(assignment)):
            warnings.append(warning("assignment", each, 1, "No access rights in module context"))
            continue
        rows = [row for row in _latest(site, each) if _asked(row, given)]
        if not rows:
            warnings.append(warning("module", each, 3, "No submissions found"))
        submissions = [
            submission_fields(site, assignment, row)
            | {"gradingstatus": grading_status(site, assignment, row.userid)}
            for row in rows
        ]
        shown.append({"assignmentid": each, "submissions": submissions})
    return {"assignments": shown, "warnings": warnings}


def _latest(site: Site, assignment: int) -> list[AssignSubmission]:
    rows = [row for rows in site.submissions.of(assignment) for row in rows]
    rows += site.team_submissions.of(assignment)
    return sorted((row for row in rows if row.latest), key=lambda row: row.id)


def _asked(row: AssignSubmission, given: dict[str, Any]) -> bool:
    in_time = row.timemodified >= given["since"] and (
        not given["before"] or row.timemodified < given["before"]
    )
    return in_time and given["status"] in ("", row.status)


def is_graded(site: Site, assignment: Assignment, user: int) -> bool:
    """Whether the latest attempt has a mark."""
    submission = latest(site, assignment.id, user)
    mark = mark_of(site, assignment.id, user, submission.attempt) if submission else None
    return mark is not None and mark.grade >= 0


def grading_status(site: Site, assignment: Assignment, user: int) -> str:
    """How far the marking of a student is."""
    if assignment.workflow:
        return workflow_state(site, assignment, user) or "notmarked"
    return "graded" if is_graded(site, assignment, user) else "notgraded"


def submission_fields(site: Site, assignment: Assignment, row: AssignSubmission) -> dict[str, Any]:
    """One attempt, with its text and files."""
    return {
        "id": row.id,
        "userid": row.userid,
        "attemptnumber": row.attempt,
        "timecreated": row.timecreated,
        "timemodified": row.timemodified,
        "timestarted": None,
        "status": row.status,
        "groupid": row.groupid,
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


def file_path(assignment: Assignment, row: AssignSubmission, name: str) -> str:
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


def _files(site: Site, assignment: Assignment, row: AssignSubmission) -> list[dict[str, Any]]:
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
