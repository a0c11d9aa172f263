"""Marks by web service: read, flagged, and saved with hardly a question asked."""

from typing import Any

from mzi_adapters.testing.moodle.marking import flags_for, latest, mark_of, save
from mzi_adapters.testing.moodle.parameters import Many, One, Shape, Value
from mzi_adapters.testing.moodle.refusals import invalid_parameter
from mzi_adapters.testing.moodle.site import Functions, Site, warning
from mzi_adapters.testing.moodle.site_tables import Assignment

FUNCTIONS = Functions()

_NO_ACCESS = "No access rights in module context"


@FUNCTIONS.offer("mod_assign_get_grades", assignmentids=Many(Value("int")), since=Value("int", default=0))
def get_grades(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """The marks of everybody's latest attempt: one that was reopened shows none until it is marked."""
    shown, warnings = [], []
    for each in given["assignmentids"]:
        assignment = site.assignments.get(each)
        if assignment and not _may(site, assignment):
            warnings.append(warning("assignment", each, 1, _NO_ACCESS))
            continue
        rows = [row for row in _latest_marks(site, each) if row["timemodified"] >= given["since"]]
        if rows:
            shown.append({"assignmentid": each, "grades": rows})
        else:
            warnings.append(warning("assignment", each, 3, "No grades found"))
    return {"assignments": shown, "warnings": warnings}


def _may(site: Site, assignment: Assignment) -> bool:
    return site.sees_activity(assignment) and site.may_view_marks(assignment)


def _latest_marks(site: Site, assignment: int) -> list[dict[str, Any]]:
    rows = []
    for user in site.marks.seconds(assignment):
        submission = latest(site, assignment, user)
        mark = mark_of(site, assignment, user, submission.attempt) if submission else None
        if mark:
            rows.append(mark)
    return [
        {
            "id": row.id,
            "userid": row.userid,
            "attemptnumber": row.attempt,
            "timecreated": row.timecreated,
            "timemodified": row.timemodified,
            "grader": row.grader,
            "grade": f"{row.grade:.5f}",
        }
        for row in sorted(rows, key=lambda row: row.id)
    ]


@FUNCTIONS.offer("mod_assign_get_user_flags", assignmentids=Many(Value("int")))
def get_user_flags(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """The workflow states: only of people whom somebody has touched, and without a time."""
    shown, warnings = [], []
    for each in given["assignmentids"]:
        assignment = site.assignments.get(each)
        if assignment and not (site.sees_activity(assignment) and site.may("mod/assign:grade")):
            warnings.append(warning("assignment", each, 1, _NO_ACCESS))
            continue
        rows = [row for row in site.flags.of(each) if site.people.living(row.userid)]
        rows.sort(key=lambda row: row.id)
        if not rows:
            warnings.append(warning("assignment", each, 3, "No user flags found"))
            continue
        flags = [
            {
                "id": row.id,
                "userid": row.userid,
                "locked": int(row.locked),
                "mailed": row.mailed,
                "extensionduedate": row.extension,
                "workflowstate": row.workflowstate,
                "allocatedmarker": 0,
            }
            for row in rows
        ]
        shown.append({"assignmentid": each, "userflags": flags})
    return {"assignments": shown, "warnings": warnings}


@FUNCTIONS.offer(
    "mod_assign_set_user_flags",
    assignmentid=Value("int"),
    userflags=Many(
        One(
            {
                "userid": Value("int"),
                "locked": Value("int", optional=True),
                "mailed": Value("int", optional=True),
                "extensionduedate": Value("int", optional=True),
                "workflowstate": Value("alpha", optional=True),
                "allocatedmarker": Value("int", optional=True),
            }
        )
    ),
)
def set_user_flags(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Write flags as they come, of unknown users and states too; the gradebook hears nothing of it."""
    assignment = marked(site, given["assignmentid"])
    done = []
    for wanted in given["userflags"]:
        flags = flags_for(site, assignment.id, wanted["userid"])
        flags.workflowstate = wanted.get("workflowstate", flags.workflowstate)
        flags.extension = wanted.get("extensionduedate", flags.extension)
        flags.mailed = wanted.get("mailed", flags.mailed)
        flags.locked = bool(wanted.get("locked", flags.locked))
        done.append({"id": flags.id, "userid": flags.userid})
    return done


def marked(site: Site, assignment: int) -> Assignment:
    """An assignment the caller may mark."""
    found = site.assignment(assignment)
    site.require("mod/assign:view")
    site.require("mod/assign:grade")
    return found


_EDITOR = One(
    {"text": Value("raw"), "format": Value("int"), "itemid": Value("int", optional=True)}, optional=True
)
_FILLING = One(
    {
        "criterionid": Value("int"),
        "levelid": Value("int", optional=True),
        "remark": Value("raw", optional=True),
        "remarkformat": Value("int", optional=True),
    }
)
_RUBRIC = One(
    {"criteria": Many(One({"criterionid": Value("int"), "fillings": Many(_FILLING, optional=True)}))},
    optional=True,
)
_ONE_GRADE: dict[str, Shape] = {
    "userid": Value("int"),
    "grade": Value("float"),
    "attemptnumber": Value("int"),
    "addattempt": Value("bool"),
    "workflowstate": Value("alpha"),
    "plugindata": One({"assignfeedbackcomments_editor": _EDITOR}, default={}),
    "advancedgradingdata": One({"rubric": _RUBRIC}, default={}),
}


@FUNCTIONS.offer("mod_assign_save_grade", assignmentid=Value("int"), applytoall=Value("bool"), **_ONE_GRADE)
def save_grade(site: Site, given: dict[str, Any]) -> None:
    """Mark one student. Null says only that no error was raised, not that the grade was kept."""
    _save(site, marked(site, given["assignmentid"]), given)


@FUNCTIONS.offer(
    "mod_assign_save_grades",
    assignmentid=Value("int"),
    applytoall=Value("bool"),
    grades=Many(One(_ONE_GRADE)),
)
def save_grades(site: Site, given: dict[str, Any]) -> None:
    """Mark several students, one after the other."""
    assignment = marked(site, given["assignmentid"])
    users = [each["userid"] for each in given["grades"]]
    if len(set(users)) < len(users):
        raise invalid_parameter("The same user more than once")
    for wanted in given["grades"]:
        _save(site, assignment, wanted)


def _save(site: Site, assignment: Assignment, wanted: dict[str, Any]) -> None:
    editor = wanted["plugindata"].get("assignfeedbackcomments_editor")
    rubric = wanted["advancedgradingdata"].get("rubric", {})
    fillings = {
        filling["criterionid"]: (filling.get("levelid", 0), filling.get("remark", ""))
        for criterion in rubric.get("criteria", ())
        for filling in criterion.get("fillings", ())
    }
    save(
        site,
        assignment,
        wanted["userid"],
        grade=wanted["grade"],
        grader=site.caller.userid,
        feedback=editor["text"] if editor else None,
        workflow=wanted["workflowstate"],
        attempt=wanted["attemptnumber"],
        another=wanted["addattempt"],
        fillings=fillings,
    )
