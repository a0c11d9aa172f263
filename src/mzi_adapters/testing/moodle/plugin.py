"""What local_mzi adds, where a college installs it: criteria, every attempt, and both grade ids in one call.

`local_mzi_get_grade_facts(assignid, userids[])` answers, for these students or for all that have a submission
or a mark when none is named:

    {"assignid": 3, "cmid": 6, "courseid": 2, "assignname": "U19 Assignment 1", "grademax": -3,
     "scaleitems": "Refer,Pass,Merit,Distinction", "gradeitemid": 4, "markingworkflow": 1,
     "duedate": 0, "cutoffdate": 0,
     "students": [
       {"userid": 18, "workflowstate": "released", "extensionduedate": 0,
        "gradegradeid": 61, "finalgrade": "3.00000",
        "attempts": [
          {"attemptnumber": 0, "latest": 1,
           "submissionid": 35, "submissionstatus": "submitted", "timesubmitted": 1770640200,
           "gradeid": 40, "rawgrade": "3.00000", "graderid": 27, "gradername": "Lina Saleh",
           "timegraded": 1770640300, "feedback": "<p>Clear design.</p>", "feedbackformat": 1,
           "criteria": [{"code": "P1", "definition": "Explain …", "score": 1, "remark": "ok"}]}]}],
     "warnings": []}

Feedback and marks are there before release too: `workflowstate` says whether they may be used, and is null
without marking workflow. `grademax` is negative for a scale, as in mod_assign_get_assignments, and
`scaleitems` is null for points. `rawgrade` is `-1.00000` where nobody has graded, and null without a row, as
are `gradeid`, `graderid`, `gradername`, `timegraded` and `feedback`. `gradegradeid` is null until the
gradebook has a row, `finalgrade` until it has a grade. Attempts count from 0 and come in order; criteria come
in the order of their form, only filled ones, `score` 1 for met.

`local_mzi_save_btec_definition(cmid, name, description, criteria[{code, description}])` makes or
replaces the BTEC form of an assignment: `{"definitionid": 3, "warnings": []}`.
"""

import re
from typing import Any

from mzi_adapters.testing.moodle.marking import mark_of
from mzi_adapters.testing.moodle.parameters import Many, One, Value
from mzi_adapters.testing.moodle.refusals import invalid_parameter
from mzi_adapters.testing.moodle.site import Functions, Site
from mzi_adapters.testing.moodle.site_tables import Assignment, AssignSubmission, FormCriterion, GradingForm

FUNCTIONS = Functions()

_CODE = re.compile(r"[PMD]\d{1,2}\Z")


@FUNCTIONS.offer("local_mzi_get_grade_facts", assignid=Value("int"), userids=Many(Value("int"), default=[]))
def grade_facts(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """Everything a grading policy asks, of one assignment."""
    assignment = site.assignment(given["assignid"])
    site.require("mod/assign:viewgrades")
    site.require("mod/assign:grade")
    touched = {*site.submissions.seconds(assignment.id), *site.marks.seconds(assignment.id)}
    users = given["userids"] or sorted(touched)
    scale = site.scales[-assignment.grade] if assignment.grade < 0 else None
    return {
        "assignid": assignment.id,
        "cmid": assignment.cmid,
        "courseid": assignment.course,
        "assignname": assignment.name,
        "grademax": assignment.grade,
        "scaleitems": ",".join(scale) if scale else None,
        "gradeitemid": assignment.itemid,
        "markingworkflow": int(assignment.workflow),
        "duedate": assignment.duedate,
        "cutoffdate": assignment.cutoffdate,
        "students": [_student(site, assignment, each) for each in users],
        "warnings": [],
    }


def _student(site: Site, assignment: Assignment, user: int) -> dict[str, Any]:
    flags = site.flags.get(assignment.id, user)
    final = site.finals.get(assignment.itemid, user)
    attempts = sorted(site.submissions.get(assignment.id, user) or (), key=lambda row: row.attempt)
    return {
        "userid": user,
        "workflowstate": (flags.workflowstate if flags else "") if assignment.workflow else None,
        "extensionduedate": flags.extension if flags else 0,
        "gradegradeid": final.id if final else None,
        "finalgrade": f"{final.grade:.5f}" if final and final.grade is not None else None,
        "attempts": [_attempt(site, assignment, each) for each in attempts],
    }


def _attempt(site: Site, assignment: Assignment, row: AssignSubmission) -> dict[str, Any]:
    mark = mark_of(site, assignment.id, row.userid, row.attempt)
    grader = site.people.rows.get(mark.grader) if mark else None
    criteria = assignment.definition.criteria if assignment.method == "btec" and assignment.definition else []
    return {
        "attemptnumber": row.attempt,
        "latest": int(row.latest),
        "submissionid": row.id,
        "submissionstatus": row.status,
        "timesubmitted": row.timemodified,
        "gradeid": mark.id if mark else None,
        "rawgrade": f"{mark.grade:.5f}" if mark else None,
        "graderid": mark.grader if mark else None,
        "gradername": grader.fullname if grader else None,
        "timegraded": mark.timemodified if mark else None,
        "feedback": (mark.feedback or "") if mark else None,
        "feedbackformat": 1,
        "criteria": [
            {
                "code": each.code,
                "definition": each.description,
                "score": mark.fillings[each.id][0],
                "remark": mark.fillings[each.id][1],
            }
            for each in criteria
            if mark and each.id in mark.fillings
        ],
    }


@FUNCTIONS.offer(
    "local_mzi_save_btec_definition",
    cmid=Value("int"),
    name=Value("text"),
    description=Value("raw", default=""),
    criteria=Many(One({"code": Value("alphanumext"), "description": Value("raw")})),
)
def save_btec_definition(site: Site, given: dict[str, Any]) -> dict[str, Any]:
    """Make or replace a BTEC form."""
    assignment = site.module(given["cmid"])
    site.course(assignment.course)
    site.require("moodle/grade:managegradingforms")
    codes = [each["code"] for each in given["criteria"]]
    if len(set(codes)) < len(codes) or not all(_CODE.match(each) for each in codes):
        raise invalid_parameter("Criteria need codes such as P1, M1, D1, each once")
    definition = btec_definition(
        site, assignment, given["name"], {each["code"]: each["description"] for each in given["criteria"]}
    )
    definition.description = given["description"]
    definition.usercreated = site.caller.userid
    return {"definitionid": definition.id, "warnings": []}


def btec_definition(site: Site, assignment: Assignment, name: str, criteria: dict[str, str]) -> GradingForm:
    """Give an assignment a BTEC form with these criteria, in this order."""
    before = assignment.definition
    made = GradingForm(
        id=before.id if before else site.next_id("grading_definitions"),
        method="btec",
        name=name,
        description=name,
        criteria=[
            FormCriterion(id=site.next_id("gradingform_btec_criteria"), code=code, description=text)
            for code, text in criteria.items()
        ],
        timecreated=before.timecreated if before else site.now(),
        timemodified=site.now(),
    )
    site.definitions[made.id] = made
    assignment.method, assignment.definition = "btec", made
    return made
