"""Real-shaped grade events of the Moodle plugin, each decided as its file expects."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.rules.grading.given import NOW

from mzi_core.grading import (
    PERCENT,
    Decision,
    Grade,
    GradeKey,
    RuleId,
    decide,
    marking_from_event,
    outcome_rows,
    parse_key,
)

EVENTS = Path(__file__).parents[2] / "data" / "events"


def events(number: int) -> list[dict[str, Any]]:
    """What the plugin said: the data of each event in the file with this number."""
    (path,) = EVENTS.glob(f"{number}_*.json")
    body = json.loads(path.read_text("utf-8"))["body"]
    return [each.get("event_data", each) for each in (body if isinstance(body, list) else [body])]


def decided(number: int, **known: Any) -> Decision:
    (event,) = events(number)
    return decide(marking_from_event(event, **known))


def test_35_a_complete_grade_is_a_merit_and_the_score_of_a_criterion_wins() -> None:
    decision = decided(35)
    assert decision.grade is Grade.M
    rows = outcome_rows(decision.marking.criteria)
    assert [(row["LO_Code"], row["LO_Score"]) for row in rows] == [
        ("P1", "Achieved"),
        ("M1", "Not Achieved"),
    ]
    (event,) = events(35)
    assert parse_key(event["composite_key"]) == GradeKey(student=4101, course=1001, assignment=55)


def test_36_a_basic_grade_is_a_refer_on_the_first_attempt() -> None:
    decision = decided(36)
    assert (decision.grade, decision.settled, decision.marking.attempt_shown) == (Grade.R, Grade.R, 1)


def test_38_a_double_refer_that_is_only_told_is_taken() -> None:
    assert decided(38).grade is Grade.RR


def test_40_an_automatic_fail_never_comes_before_the_deadline() -> None:
    assert decided(40, now=NOW, due=NOW - timedelta(days=1)).grade is Grade.F
    waiting = decided(40, now=NOW, due=NOW - timedelta(days=1), extension=NOW + timedelta(days=1))
    assert waiting.grade is Grade.PENDING


def test_41_the_code_in_the_feedback_wins_over_the_mark() -> None:
    assert (decided(41).grade, decided(41).rule) == (Grade.F, RuleId.INVALID_SUBMISSION)


def test_42_minus_one_is_no_grade() -> None:
    assert decided(42).grade is Grade.PENDING


def test_44_a_percentage_is_a_distinction_and_a_mark_of_unknown_scale_is_refused() -> None:
    (event,) = events(44)
    assert decide(marking_from_event(event, scale=PERCENT.assumed_scale), PERCENT).grade is Grade.D
    with pytest.raises(ValueError, match="scale"):
        marking_from_event(event)


def test_45_of_two_changes_the_later_one_is_a_distinction() -> None:
    assert [decide(marking_from_event(event)).grade for event in events(45)] == [Grade.M, Grade.D]
