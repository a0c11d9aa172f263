"""Grade events as Moodle's senders write them, turned into markings and decided."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.rules.grading.given import DAY, NOW, refused

from mzi_core.grading import (
    BTEC_DEFAULT,
    PERCENT,
    Criterion,
    Decision,
    Grade,
    GradeWords,
    Marking,
    OutcomeWords,
    Scale,
    WarningId,
    decide,
    marking_from_event,
    outcome_rows,
)

COMPLETE: dict[str, Any] = {
    "grade_id": 789,
    "student_id": 4101,
    "student_name": "Noor Haddad",
    "assignment_id": 55,
    "course_id": 1001,
    "grade": "M",
    "raw_grade": "3.00000",
    "attempt_number": 1,
    "attemptnumber_zero_indexed": 0,
    "timestamp": 1770640200,
    "graded_at": "2026-02-09 14:30:00",
    "grader_name": "Lina Saleh",
    "feedback": "Clear design.",
    "workflow_state": "released",
    "learning_outcomes": [
        {
            "code": "P1",
            "level": "P",
            "description": "P1: describe networking topic 1.",
            "score": "1",
            "feedback": "ok",
            "achieved": True,
        },
        {
            "code": "M1",
            "level": "M",
            "description": "M1: analyse.",
            "score": "0",
            "feedback": "not yet",
            "achieved": True,
        },
    ],
    "composite_key": "4101_1001_55",
    "sync_type": "complete",
}

AUTOMATIC_F: dict[str, Any] = {
    "student_id": 4102,
    "grade": "F",
    "raw_grade": 0,
    "attempt_number": 0,
    "status": "Failed to Submit",
    "workflow_state": "failedtosubmit",
    "auto_generated": True,
}

OBSERVED: dict[str, Any] = {
    "gradeid": 40,
    "assignid": 3,
    "courseid": 2,
    "assigngrademax": -3,
    "scale_items": "Refer,Pass,Merit,Distinction",
    "userid": 18,
    "attemptnumber": 1,
    "rawgrade": 3,
    "submissionstatus": "submitted",
    "workflowstate": "released",
    "feedback": "<p>event test merit</p>",
    "finalgrade": 3,
    "criteria": [
        {"code": "P1", "definition": "Explain the environment", "score": 1, "remark": "remark P1"},
        {"code": "M1", "definition": "Analyse impact", "score": 1, "remark": "remark M1"},
        {"code": "D1", "definition": "Evaluate critically", "score": 0, "remark": "remark D1"},
    ],
}

DIRECT: dict[str, Any] = {
    "eventname": "\\core\\event\\user_graded",
    "gradeid": 789,
    "userid": 456,
    "itemid": 123,
    "itemname": "Unit 1",
    "finalgrade": 85.5,
    "feedback": "ok",
}


def decided(data: dict[str, Any], **known: Any) -> Decision:
    return decide(marking_from_event(data, **known))


def test_a_complete_event_is_a_merit_and_its_scores_beat_achieved() -> None:
    decision = decided(COMPLETE, now=NOW)
    assert decision.marking == Marking(
        raw=Decimal("3.00000"),
        scale=Scale.BTEC_0_4,
        submitted=True,
        attempt=0,
        feedback="Clear design.",
        workflow="released",
        now=NOW,
        criteria=(
            Criterion(code="P1", achieved=True, definition="P1: describe networking topic 1.", remark="ok"),
            Criterion(code="M1", achieved=False, definition="M1: analyse.", remark="not yet"),
        ),
    )
    assert decision.grade is Grade.M
    assert decision.warnings == (WarningId.CRITERIA_MISMATCH,)
    assert [(row["LO_Code"], row["LO_Score"]) for row in outcome_rows(decision.marking.criteria)] == [
        ("P1", "Achieved"),
        ("M1", "Not Achieved"),
    ]


def test_a_basic_event_is_a_refer() -> None:
    basic = {key: value for key, value in COMPLETE.items() if key != "learning_outcomes"}
    decision = decided({**basic, "grade": "R", "raw_grade": 1.5, "status": "PENDING_ENRICHMENT"})
    assert (decision.grade, decision.settled, decision.marking.raw) == (Grade.R, Grade.R, Decimal("1.5"))
    assert decision.marking.criteria == ()


def test_a_double_refer_that_was_only_told_is_taken_as_it_is() -> None:
    event = {
        "zoho_record_id": "5398830000090000901",
        "grade": "RR",
        "attempt_number": 2,
        "status": "RR_UPDATED",
    }
    decision = decided(event)
    assert (decision.rule, decision.grade, decision.marking.attempt) == ("EXPLICIT_LETTER", Grade.RR, 1)
    assert decision.marking.scale is Scale.BTEC_0_4


def test_the_invalid_code_wins_over_the_letter_that_the_plugin_worked_out() -> None:
    feedback = "Good work but wrong assignment. Code: 01122"
    assert decided({**COMPLETE, "raw_grade": 3.5, "feedback": feedback}).grade is Grade.F


def test_minus_one_is_held_whatever_letter_the_plugin_worked_out() -> None:
    event = {**COMPLETE, "grade": "R", "raw_grade": -1, "feedback": "", "workflow_state": "inmarking"}
    decision = decided(event)
    assert (decision.rule, decision.grade) == ("NOT_RELEASED", Grade.PENDING)
    assert decided({**event, "workflow_state": "released"}).rule == "UNGRADED"


def test_of_two_changes_each_gets_its_own_grade() -> None:
    assert decided(COMPLETE).grade is Grade.M
    assert decided({**COMPLETE, "grade": "D", "raw_grade": 4.0, "feedback": "Regraded"}).grade is Grade.D


def test_an_automatic_fail_means_that_nothing_was_handed_in() -> None:
    decision = decided(AUTOMATIC_F)
    assert decision.marking == Marking(raw=None, submitted=False, attempt=0)
    assert (decision.rule, decision.grade, decision.is_automatic) == ("NO_SUBMISSION", Grade.F, True)


@pytest.mark.parametrize(
    ("due", "extension", "grade"),
    [
        (NOW - DAY, None, Grade.F),
        (NOW - DAY, NOW + DAY, Grade.PENDING),
        (NOW + DAY, None, Grade.PENDING),
    ],
)
def test_an_automatic_fail_cannot_come_before_the_deadline(
    due: datetime, extension: datetime | None, grade: Grade
) -> None:
    assert decided(AUTOMATIC_F, due=due, extension=extension, now=NOW).grade is grade


def test_an_automatic_fail_waits_for_no_release_because_its_state_is_no_workflow() -> None:
    marking = marking_from_event(AUTOMATIC_F)
    assert decide(marking, BTEC_DEFAULT).grade is Grade.F


def test_an_automatic_fail_without_any_status_is_nothing_handed_in() -> None:
    marking = marking_from_event({"grade": "F", "auto_generated": True})
    assert marking == Marking(raw=None, submitted=False)
    assert marking_from_event({"grade": "F", "auto_generated": True, "raw_grade": 0}) == marking


def test_a_fail_that_a_person_gave_without_any_status_is_a_letter_for_work_that_came() -> None:
    assert marking_from_event({"grade": "F"}) == Marking(letter=Grade.F)


@pytest.mark.parametrize(
    ("said", "known"),
    [({}, {"takes_submissions": False}), ({"nosubmissions": 1}, {}), ({"nosubmissions": True}, {})],
)
def test_where_nothing_can_be_handed_in_an_automatic_fail_is_nobody_having_graded(
    said: dict[str, Any], known: dict[str, Any]
) -> None:
    decision = decided({**AUTOMATIC_F, **said}, **known)
    assert (decision.marking.submitted, decision.rule) == (None, "UNGRADED")
    assert decided({**COMPLETE, **said}, **known).marking.submitted is None
    assert decided({**COMPLETE, **said, "submission_status": "new"}, **known).grade is Grade.M


def test_work_is_expected_unless_the_event_or_the_caller_says_otherwise() -> None:
    assert marking_from_event({**COMPLETE, "nosubmissions": 0}).submitted is True
    with refused("nosubmissions must be true or false, not 'no'"):
        marking_from_event({**COMPLETE, "nosubmissions": "no"})


def test_another_automatic_letter_is_taken_as_it_is() -> None:
    event = {**COMPLETE, "auto_generated": 1, "grade": "Double Refer", "raw_grade": 1.5, "attempt_number": 2}
    decision = decided(event)
    assert (decision.rule, decision.grade) == ("EXPLICIT_LETTER", Grade.RR)
    assert decision.marking.submitted
    assert decision.marking.raw == Decimal("1.5")


def test_an_automatic_event_without_a_letter_goes_by_its_mark() -> None:
    assert decided({"auto_generated": True, "raw_grade": 2}).grade is Grade.P


def test_the_dates_are_the_callers_to_know() -> None:
    marking = marking_from_event(COMPLETE, now=NOW, due=NOW - DAY, extension=NOW, cutoff=NOW + DAY)
    assert (marking.now, marking.due, marking.extension, marking.cutoff) == (NOW, NOW - DAY, NOW, NOW + DAY)


def test_an_event_in_moodles_own_names_is_read() -> None:
    decision = decided(OBSERVED)
    assert decision.marking == Marking(
        raw=Decimal(3),
        items=("Refer", "Pass", "Merit", "Distinction"),
        attempt=1,
        feedback="<p>event test merit</p>",
        workflow="released",
        criteria=(
            Criterion(code="P1", achieved=True, definition="Explain the environment", remark="remark P1"),
            Criterion(code="M1", achieved=True, definition="Analyse impact", remark="remark M1"),
            Criterion(code="D1", achieved=False, definition="Evaluate critically", remark="remark D1"),
        ),
    )
    assert decision.grade is Grade.M
    assert decision.warnings == ()


def test_an_empty_final_grade_beside_a_raw_grade_is_only_not_released() -> None:
    event = {**OBSERVED, "rawgrade": 0, "finalgrade": None, "workflowstate": "released"}
    event |= {"assigngrademax": 4, "scale_items": None}
    assert decided(event).grade is Grade.F
    assert decided({**event, "rawgrade": None}).grade is Grade.R
    assert decided({**COMPLETE, "raw_grade": None, "finalgrade": None}).grade is Grade.R


def test_a_reopened_attempt_that_fires_an_event_has_nothing_handed_in() -> None:
    event = {**OBSERVED, "rawgrade": -1, "submissionstatus": "reopened"}
    assert decided(event, due=NOW + DAY, now=NOW).grade is Grade.PENDING
    assert decided(event).rule == "NO_SUBMISSION"


@pytest.mark.parametrize("status", ["new", "draft", "reopened", "Submitted"])
def test_only_the_status_submitted_is_handed_in(status: str) -> None:
    assert marking_from_event({**OBSERVED, "submissionstatus": status}).submitted is False
    assert marking_from_event({**COMPLETE, "submission_status": status}).submitted is False


@pytest.mark.parametrize(
    ("state", "status", "workflow", "submitted"),
    [
        ("released", None, "released", True),
        ("", None, "", True),
        (None, None, None, True),
        ("submitted", None, None, True),
        ("draft", None, None, False),
        ("new", None, None, False),
        ("reopened", None, None, False),
        ("failedtosubmit", None, None, False),
        (" Draft", None, None, False),
        ("draft", "submitted", None, True),
        ("inmarking", "draft", "inmarking", False),
        ("somethingelse", None, "somethingelse", True),
    ],
)
def test_a_submission_state_in_the_place_of_the_workflow_is_none(
    state: str | None, status: str | None, workflow: str | None, submitted: bool
) -> None:
    marking = marking_from_event({"raw_grade": 2, "workflow_state": state, "submission_status": status})
    assert (marking.workflow, marking.submitted) == (workflow, submitted)


@pytest.mark.parametrize(
    ("own", "team", "submitted"),
    [
        ("new", "submitted", True),
        ("submitted", "new", False),
        ("draft", None, False),
        ("submitted", "", True),
    ],
)
def test_the_work_of_a_team_goes_before_that_of_its_member(
    own: str, team: str | None, submitted: bool
) -> None:
    for name in ("teamsubmissionstatus", "team_submission_status"):
        assert marking_from_event({**OBSERVED, "submissionstatus": own, name: team}).submitted is submitted


def test_where_nothing_can_be_handed_in_no_mark_is_nobody_having_graded() -> None:
    assert decided({**COMPLETE, "raw_grade": None}).rule == "BELOW_PASS"
    assert decided({**COMPLETE, "raw_grade": None, "nosubmissions": 1}).rule == "UNGRADED"


def test_of_several_names_the_first_that_says_something_counts() -> None:
    event = {"raw_grade": 2, "rawgrade": None, "workflowstate": "", "workflow_state": "released"}
    assert decided(event).grade is Grade.P
    assert decided({**event, "workflow_state": None}).rule == "NOT_RELEASED"


def test_a_mark_of_0_under_the_name_of_the_grade_is_a_mark() -> None:
    assert decided({"grade": 0, "grademax": 4}).rule == "EXPLICIT_ZERO"


@pytest.mark.parametrize("grade", ["3.00000", "3", 3, 3.0], ids=repr)
def test_a_number_that_moodle_sends_as_the_grade_is_a_mark(grade: object) -> None:
    items = {"scale_items": "Refer,Pass,Merit,Distinction"}
    for event in ({"grade": grade, **items}, {"grade": grade, "grademax": "4.00000"}):
        found = decided(event)
        assert (found.marking.raw, found.marking.letter, found.grade) == (Decimal(3), None, Grade.M)
    assert decided({"grade": "-1.00000", **items}).rule == "UNGRADED"
    assert decided({"grade": grade, "rawgrade": 2}).grade is Grade.P
    assert decided({"grade": grade, "rawgrade": 2, "auto_generated": True}).grade is Grade.P


@pytest.mark.parametrize(
    ("fields", "attempt"),
    [
        ({}, 0),
        ({"attempt_number": 1}, 0),
        ({"attempt_number": "2"}, 1),
        ({"attempt_number": 0, "auto_generated": True, "grade": "F"}, 0),
        ({"attemptnumber": 1}, 1),
        ({"attemptnumber_zero_indexed": 1, "attempt_number": 7}, 1),
        ({"attemptnumber_zero_indexed": None, "attempt_number": 3}, 2),
        ({"attemptnumber": 2, "attempt_number": 9}, 2),
    ],
    ids=repr,
)
def test_attempts_are_counted_from_zero_whoever_counts_them(fields: dict[str, Any], attempt: int) -> None:
    assert marking_from_event({"raw_grade": 2, **fields}).attempt == attempt


@pytest.mark.parametrize("final", [85.5, 4.01, 4, "4.00000", 3.5, 0])
def test_a_direct_event_that_says_nothing_of_its_item_is_refused_whatever_the_size_of_the_mark(
    final: object,
) -> None:
    with refused(
        "The grade item says neither its maximum nor its scale, and the mark alone cannot tell; "
        "read grademax or the items of its scale"
    ):
        marking_from_event({**DIRECT, "finalgrade": final})


@pytest.mark.parametrize("said", [{"scaleid": 3}, {"scale_id": "3", "grademax": 4}, {"assigngrademax": -3}])
def test_a_scale_without_its_items_is_refused_unless_the_caller_knows_it(said: dict[str, Any]) -> None:
    with refused(
        "The grade item names a scale and not its items, and what a mark means stands there; "
        "read them and give `items`"
    ):
        marking_from_event({"rawgrade": 3, **said})
    assert decided({"rawgrade": 3, **said}, scale=Scale.BTEC_0_4).grade is Grade.M
    assert decided({"rawgrade": 3, **said}, items=["Merit", "Pass", "Refer"]).grade is Grade.R


@pytest.mark.parametrize(
    "items", ["Merit, Pass ,Refer", ["Merit", " Pass", "Refer "]], ids=["one text", "a list"]
)
def test_the_items_of_a_scale_may_stand_in_the_event(items: object) -> None:
    marking = marking_from_event({"rawgrade": 3, "scaleid": 7, "scale_items": items})
    assert marking.items == ("Merit", "Pass", "Refer")
    assert decide(marking).grade is Grade.R
    assert (
        marking_from_event({"rawgrade": 3, "scale_items": items}, items=["Pass"] * 3).items == ("Pass",) * 3
    )


@pytest.mark.parametrize(
    ("said", "scale", "grade"),
    [
        ({"grademax": 4}, None, Grade.D),
        ({"grademax": 100}, None, Grade.R),
        ({"rawgrademax": "100.00000"}, None, Grade.R),
        ({"grademin": "1.0", "grademax": 7}, None, Grade.P),
        ({"grademax": 5, "rawgrademin": 3}, None, Grade.P),
        ({"scaleid": 3, "scale_items": "Refer,Pass,Merit,Distinction"}, None, Grade.D),
        ({"scale_id": "3", "grademax": 100}, Scale.BTEC_0_4, Grade.D),
        ({}, Scale.BTEC_0_4, Grade.D),
        ({}, PERCENT.assumed_scale, Grade.R),
        ({"grademax": 4}, Scale.PERCENT, Grade.D),
        ({"grademax": None}, Scale.BTEC_0_4, Grade.D),
    ],
    ids=repr,
)
def test_a_direct_four_is_what_its_grade_item_or_the_caller_says(
    said: dict[str, Any], scale: Scale | None, grade: Grade
) -> None:
    assert decided({**DIRECT, "finalgrade": 4, **said}, scale=scale).grade is grade


def test_the_plugin_reports_btec_assignments_unless_it_says_otherwise() -> None:
    assert marking_from_event({"raw_grade": 4.5}).scale is Scale.BTEC_0_4
    assert marking_from_event({"rawgrade": 85}, scale=Scale.PERCENT).scale is Scale.PERCENT
    assert marking_from_event({"rawgrade": 85, "assigngrademax": 100}).scale is Scale.PERCENT


def test_a_mark_is_kept_as_it_came_with_its_range() -> None:
    marking = marking_from_event({"finalgrade": "5.00000", "grademin": "0.00000", "grademax": "7.00000"})
    assert marking == Marking(raw=Decimal(5), minimum=Decimal(0), maximum=Decimal(7))
    assert str(marking.raw) == "5.00000"
    assert decided({"finalgrade": 2, "grademax": 3}).grade is Grade.M
    assert decided({"finalgrade": 8, "grademax": 7}).rule == "OFF_SCALE"
    assert marking_from_event({"finalgrade": -1, "grademax": 20}).raw == Decimal(-1)


def test_an_empty_grade_in_the_gradebook_is_nobody_having_graded() -> None:
    for event in ({**DIRECT, "finalgrade": None}, {**DIRECT, "finalgrade": None, "grademax": 4}):
        decision = decided(event)
        assert (decision.rule, decision.grade) == ("UNGRADED", Grade.PENDING)
    assert decided({**DIRECT, "finalgrade": -1}).grade is Grade.PENDING


def test_words_of_the_tenant_are_read() -> None:
    words = GradeWords({"R": "Resubmit"})
    assert marking_from_event({"grade": "resubmit"}, words=words).letter is Grade.R
    event = {**COMPLETE, "learning_outcomes": [{"code": "P1", "score": "Erreicht"}]}
    outcome_words = OutcomeWords(achieved="Erreicht", not_achieved="Offen")
    assert marking_from_event(event, outcome_words=outcome_words).criteria == (
        Criterion(code="P1", achieved=True),
    )


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        ({}, "The event has neither a mark nor a grade"),
        ({"grade": " "}, "The event has neither a mark nor a grade"),
        ({"grade": None, "auto_generated": True}, "The event has neither a mark nor a grade"),
        ({"grade": ["F"]}, "grade must be a text, not a list"),
        ({"raw_grade": "three"}, "raw_grade must be a number, not 'three'"),
        ({"rawgrade": "Pass"}, "rawgrade must be a number, not 'Pass'; a letter or word goes under grade"),
        (
            {"grade": "3.00000"},
            "The grade item says neither its maximum nor its scale, and the mark alone cannot tell; "
            "read grademax or the items of its scale",
        ),
        ({"rawgrade": True}, "rawgrade must be a number, not True"),
        ({"finalgrade": "NaN"}, "finalgrade must be a number, not 'NaN'"),
        ({"raw_grade": "1e9"}, "No mark in Moodle can be 1E+9"),
        ({"raw_grade": 100000}, "No mark in Moodle can be 100000"),
        ({"raw_grade": -100000}, "No mark in Moodle can be -100000"),
        ({"raw_grade": 2, "auto_generated": "yes"}, "auto_generated must be true or false, not 'yes'"),
        ({"raw_grade": 2, "attempt_number": 0}, "attempt_number counts from 1, so it is never 0"),
        ({"raw_grade": 2, "attemptnumber": -1}, "attemptnumber counts from 0, so it is never -1"),
        (
            {"grade": "F", "auto_generated": True, "attempt_number": -1},
            "attempt_number counts from 1, so it is never -1",
        ),
        ({"raw_grade": 2, "attempt_number": "second"}, "attempt_number must be a number, not 'second'"),
        ({"raw_grade": 2, "attemptnumber": 1.5}, "attemptnumber must be a whole number, not 1.5"),
        ({"raw_grade": 2, "feedback": ["x"]}, "feedback must be a text, not a list"),
        ({"raw_grade": 2, "workflow_state": 1.5}, "workflow_state must be a text, not 1.5"),
        ({"raw_grade": 2, "submission_status": 1.5}, "submission_status must be a text, not 1.5"),
        (
            {"raw_grade": 2, "workflow_state": "draft", "submission_status": 1.5},
            "submission_status must be a text, not 1.5",
        ),
        ({"raw_grade": 2, "grademax": "lots"}, "grademax must be a number, not 'lots'"),
        ({"raw_grade": 2, "scaleid": "BTEC"}, "scaleid must be a number, not 'BTEC'"),
        ({"raw_grade": 2, "grademax": 9, "grademin": "x"}, "grademin must be a number, not 'x'"),
        ({"raw_grade": 2, "scale_items": {}}, "scale_items must be a text, not an object"),
        ({"raw_grade": 2, "scale_items": ["a", 1.5]}, "scale_items must be a text, not 1.5"),
        ({"raw_grade": 2, "grademax": 0}, "The maximum must be above the minimum, and 0 is not above 0"),
        (
            {"raw_grade": 2, "learning_outcomes": {"P1": 1}},
            "learning_outcomes must be a list of objects, not an object",
        ),
        (
            {"raw_grade": 2, "criteria": [{"code": "P1", "score": "so so"}]},
            "Learning outcome 1: the score of P1 must be a number, not 'so so'",
        ),
    ],
    ids=repr,
)
def test_an_event_that_cannot_be_read_is_refused_by_field(data: dict[str, Any], refusal: str) -> None:
    with refused(refusal):
        marking_from_event(data)


def test_the_largest_marks_that_moodle_can_hold_are_read() -> None:
    assert marking_from_event({"raw_grade": "99999.99999"}).raw == Decimal("99999.99999")
    assert marking_from_event({"raw_grade": "-99999.99999"}).raw == Decimal("-99999.99999")
