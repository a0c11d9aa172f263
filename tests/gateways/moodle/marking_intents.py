"""What the recorded calls about assignments were after, said to the gateway."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.gateways.moodle.intents import COURSE, Intent
from tests.gateways.moodle.recorded import nested, recorded_calls

from mzi_core.ports import (
    Applied,
    AssignmentGrade,
    GivenMark,
    MoodleAssignment,
    StudentWork,
    Submission,
    UserFlags,
)
from mzi_core.values import MoodleId

_FAR = datetime.fromtimestamp(4000000000, UTC)

BY_POINTS = MoodleAssignment(
    id=MoodleId(2), cmid=MoodleId(5), course=COURSE, name="Points", maximum=Decimal(4), workflow=True
)
ON_SCALE = MoodleAssignment(
    id=MoodleId(1), cmid=MoodleId(4), course=COURSE, name="Scale", scale_id=3, workflow=True
)
WITHOUT_WORKFLOW = MoodleAssignment(
    id=MoodleId(5), cmid=MoodleId(8), course=COURSE, name="Points", maximum=Decimal(4)
)
_BY_ID = {str(one.id): one for one in (BY_POINTS, ON_SCALE, WITHOUT_WORKFLOW)}
_METHODS = {
    "2": '{"cm":{"grade":4,"advancedgrading":[{"area":"submissions","method":null}]}}',
    "5": '{"cm":{"grade":4,"advancedgrading":[{"area":"submissions","method":null}]}}',
    "1": '{"cm":{"grade":-3,"scale":"Refer,Pass,Merit,Distinction",'
    '"advancedgrading":[{"area":"submissions","method":null}]}}',
}


def _saves(case: str, *, latest: int | None = None) -> Intent:
    """`latest`: the student's latest attempt; None for no submission row, where Moodle is asked for -1."""
    name = f"mod_assign_save_grade__{case}"
    asked = nested(recorded_calls()[name].asked)
    user, assignment = int(asked["userid"]), _BY_ID[asked["assignmentid"]]
    raw = None if asked["grade"] == "-1" else Decimal(asked["grade"])
    attempt = max(int(asked["attemptnumber"]), 0)
    grade = {"id": 77, "userid": user, "attemptnumber": attempt, "grade": f"{raw or -1:.5f}"}
    if raw is not None:
        grade["grade"] = f"{raw:.5f}"
    states = [{"id": 1, "userid": user, "workflowstate": asked["workflowstate"]}]
    submissions = (
        [] if latest is None else [{"id": 9, "userid": user, "attemptnumber": latest, "status": "submitted"}]
    )
    mark = GivenMark(
        user=MoodleId(user),
        attempt=attempt,
        raw=raw,
        feedback=asked["plugindata"]["assignfeedbackcomments_editor"]["text"],
        workflow=asked["workflowstate"] if assignment.workflow else None,
    )

    def place(field: str, rows: Sequence[object]) -> str:
        return json.dumps({"assignments": [{"assignmentid": assignment.id, field: rows}], "warnings": []})

    aside = {
        "mod_assign_get_submissions": place("submissions", submissions),
        "mod_assign_get_grades": place("grades", [grade]),
        "mod_assign_get_user_flags": place("userflags", states),
        "mod_assign_list_participants": json.dumps([{"id": user, "submissionstatus": "submitted"}]),
        "mod_assign_get_submission_status": json.dumps(
            {"lastattempt": {}, "previousattempts": [{"attemptnumber": 0, "grade": grade}]}
        ),
        "core_course_get_course_module": _METHODS[asked["assignmentid"]],
    }
    return Intent(
        name,
        lambda moodle: moodle.save_marks(assignment, [mark]),
        lambda results: list(results) == [Applied(id=MoodleId(77))],
        aside,
    )


def _works(case: str, holds: Callable[[StudentWork], bool]) -> Intent:
    name = f"mod_assign_get_submission_status__{case}"
    asked = nested(recorded_calls()[name].asked)
    assignment, user = MoodleId(int(asked["assignid"])), MoodleId(int(asked["userid"]))
    return Intent(name, lambda moodle: moodle.work(assignment, user), holds)


def _latest(**wanted: Any) -> Callable[[StudentWork], bool]:
    """What holds of the work, and with `last_` before its name of the latest attempt."""

    def holds(work: StudentWork) -> bool:
        return all(
            getattr(work.attempts[-1], name.removeprefix("last_")) == value
            if name.startswith("last_")
            else getattr(work, name) == value
            for name, value in wanted.items()
        )

    return holds


_STATUSES = {"new", "draft", "submitted", "reopened"}
_UPDATES = "core_course_get_updates_since__"

MARKING_INTENTS: tuple[Intent, ...] = (
    Intent(
        "mod_assign_get_assignments__ok_includenotenrolled",
        lambda moodle: moodle.assignments([COURSE]),
        lambda found: (
            [(one.id, one.cmid, one.maximum, one.scale_id, one.workflow) for one in found[2]][:2]
            == [(1, 4, None, 3, True), (2, 5, Decimal(4), None, True)]
        ),
    ),
    Intent(
        "core_course_get_course_module__ok_scale_items",
        lambda moodle: moodle.marking_method(MoodleId(4)),
        lambda method: method.scale_items == ("Refer", "Pass", "Merit", "Distinction") and not method.method,
    ),
    Intent(
        "core_grading_get_definitions__no_advanced_grading",
        lambda moodle: moodle.definitions([MoodleId(4)]),
        lambda found: found == {4: ()},
    ),
    Intent(
        "mod_assign_list_participants__ok_onlyids",
        lambda moodle: moodle.participants(MoodleId(2)),
        lambda found: [one.user for one in found] == list(range(7, 27)) and found[0].submitted,
    ),
    Intent(
        "mod_assign_get_submissions__ok_after_grading",
        lambda moodle: moodle.submissions([MoodleId(2)]),
        lambda found: isinstance(found[2][0], Submission) and not {s.status for s in found[2]} - _STATUSES,
    ),
    Intent(
        "mod_assign_get_submissions__ok_since_future",
        lambda moodle: moodle.submissions([MoodleId(2)], since=_FAR),
        lambda found: found == {2: ()},
    ),
    Intent(
        "mod_assign_get_grades__ok_mixed",
        lambda moodle: moodle.grades([MoodleId(2), MoodleId(1), MoodleId(99999)]),
        lambda found: (
            isinstance(found[2][0], AssignmentGrade)
            and (found[2][0].raw, found[2][0].grader, found[99999]) == (Decimal("3.5"), 3, ())
        ),
    ),
    Intent(
        "mod_assign_get_grades__ok_attempt0_grade_hidden_after_reopen",
        lambda moodle: moodle.grades([MoodleId(2)]),
        lambda found: 10 not in {one.user for one in found[2]},
    ),
    Intent(
        "mod_assign_get_grades__ok_since_future",
        lambda moodle: moodle.grades([MoodleId(2)], since=_FAR),
        lambda found: found == {2: ()},
    ),
    Intent(
        "mod_assign_get_grades__ok_rubric",
        lambda moodle: moodle.grades([MoodleId(4)]),
        lambda found: [one.raw for one in found[4]] == [Decimal(100)],
    ),
    Intent(
        "mod_assign_get_user_flags__ok",
        lambda moodle: moodle.user_flags([MoodleId(2)]),
        lambda found: found[2][0] == UserFlags(user=MoodleId(7), workflow="released"),
    ),
    Intent(
        f"{_UPDATES}ok",
        lambda moodle: moodle.updates_since(COURSE, datetime.fromtimestamp(1795175000, UTC)),
        lambda found: {(one.cmid, one.what) for one in found} >= {(4, "usersubmissions"), (4, "usergrades")},
    ),
    Intent(
        f"{_UPDATES}ok_after_one_grade_change",
        lambda moodle: moodle.updates_since(COURSE, datetime.fromtimestamp(1795176025, UTC)),
        lambda found: [(one.cmid, one.what, one.ids) for one in found] == [(5, "usergrades", (11,))],
    ),
    Intent(
        f"{_UPDATES}ok_workflow_change_not_reported",
        lambda moodle: moodle.updates_since(COURSE, datetime.fromtimestamp(1795176027, UTC)),
        lambda found: list(found) == [],
    ),
    _works("ok_never_submitted", _latest(attempts=(), workflow="", released=False, graded=False)),
    _works("ok_draft_only", _latest(last_status="draft", last_submitted=False, last_raw=None)),
    _works("ok_submitted_ungraded", _latest(last_submitted=True, last_raw=None, released=False)),
    _works("ok_graded_without_submission", _latest(last_status="new", last_raw=Decimal(2), released=True)),
    _works("ok_graded_no_feedback", _latest(last_raw=Decimal("2.99"), last_feedback="x", released=True)),
    _works("ok_explicit_zero", _latest(last_raw=Decimal(0), released=True, graded=True)),
    _works(
        "ok_inmarking_graded_not_released",
        _latest(workflow="inmarking", released=False, last_raw=None, last_feedback=None),
    ),
    _works("ok_minus1_inreview", _latest(workflow="inreview", released=False, last_feedback=None)),
    _works("ok_readyforrelease", _latest(workflow="readyforrelease", released=False, last_raw=None)),
    _works(
        "ok_released_01122",
        _latest(last_feedback="<p>Good work but wrong assignment. Code: 01122</p>", last_raw=Decimal("3.5")),
    ),
    _works("ok_refer_attempt0", _latest(last_number=0, last_raw=Decimal("1.5"), workflow="released")),
    _works("ok_reopened", _latest(last_number=1, last_status="reopened", last_raw=None, released=True)),
    _works("ok_reopened_not_resubmitted", _latest(last_submitted=False, last_raw=None, graded=False)),
    _works(
        "ok_attempt1_submitted_ungraded", _latest(last_number=1, last_raw=None, released=True, graded=False)
    ),
    _works(
        "ok_rr_attempt1",
        lambda work: (
            [(one.number, one.raw, one.feedback, one.grade_id) for one in work.attempts]
            == [
                (0, Decimal("1.5"), "<p>Needs improvement</p>", 3),
                (1, Decimal("1.8"), "<p>Still not meeting criteria</p>", 15),
            ]
        ),
    ),
    _works("ok_pass_attempt1", _latest(last_number=1, last_raw=Decimal("2.5"), graded=True)),
    _works(
        "ok_no_workflow_graded",
        _latest(workflow=None, released=True, last_feedback="<p>no workflow 01122</p>"),
    ),
    _works("ok_btec_merit", _latest(last_raw=Decimal(3), released=True)),
    _works("ok_btec_inmarking", _latest(last_raw=None, released=False)),
    _works("ok_btec_refer_01122", _latest(last_raw=Decimal(1), released=True)),
    *(
        _saves(f"ok_null_{case}")
        for case in (
            "13_restored",
            "explicit_zero",
            "inmarking",
            "minus1_no_grade",
            "no_feedback",
            "no_submission",
            "no_workflow",
            "pass_second_attempt",
            "readyforrelease",
            "refer_first_attempt",
            "released_01122",
            "restore_refer",
            "rr_first",
            "rr_second_attempt",
        )
    ),
    *(_saves(f"scale_ok_null_{case}") for case in ("1_refer", "2_pass", "3_merit", "4_distinction")),
    _saves("regrade_attempt0_while_attempt1_latest", latest=1),
)
