"""The decision about the latest attempt stands, in whatever order attempts are decided."""

from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.repetitions import often
from tests.rules.grading.given import markings, policies

from mzi_core.grading import (
    BTEC_DEFAULT,
    PEARSON_HIGHER_NATIONAL,
    DecidedAttempts,
    Decision,
    Grade,
    GradingPolicy,
    Marking,
    RuleId,
    WarningId,
    decide_attempts,
)

HN = PEARSON_HIGHER_NATIONAL
F, R, P, M, D = Grade.F, Grade.R, Grade.P, Grade.M, Grade.D


def marked(attempt: int, raw: str | None, **facts: Any) -> Marking:
    return Marking(attempt=attempt, raw=None if raw is None else Decimal(raw), **facts)


def kept(attempts: DecidedAttempts, policy: GradingPolicy, *marked: Marking) -> list[Decision]:
    """What is recorded of markings that are decided one after the other."""
    return [news for each in marked for news in attempts.keep(attempts.decide(each, policy))]


@settings(max_examples=often(2000, gate=300))
@given(st.data())
def test_any_order_and_repetition_ends_in_the_same_decisions(data: st.DataObject) -> None:
    found = data.draw(st.lists(markings, min_size=1, max_size=4, unique_by=lambda each: each.attempt))
    policy = data.draw(policies)
    told = [attrs.evolve(each, before=None) for each in found]
    again = data.draw(st.lists(st.sampled_from(told), max_size=4))
    order = data.draw(st.permutations([*told, *again]))
    newest = {each.marking.attempt: each for each in kept(DecidedAttempts(), policy, *order)}
    assert [newest[attempt] for attempt in sorted(newest)] == list(decide_attempts(told, policy))


def test_an_earlier_attempt_that_is_decided_again_is_no_news_about_a_later_one() -> None:
    attempts = DecidedAttempts()
    first, second, third = marked(0, "1"), marked(1, "3"), marked(2, "4")
    recorded = kept(attempts, HN, first, second, first, third)
    assert [(each.marking.attempt, each.grade, each.rule) for each in recorded] == [
        (0, R, RuleId.BELOW_PASS),
        (1, P, RuleId.REASSESSMENT_CAP),
        (2, P, RuleId.REASSESSED_AFTER_PASS),
    ]
    attempts = DecidedAttempts(recorded)
    lower = kept(attempts, BTEC_DEFAULT, marked(0, "4"), marked(2, "2"))[-1]
    assert (lower.marking.before, lower.warnings) == (D, (WarningId.LOWER_THAN_BEFORE,))


def test_later_attempts_are_decided_again_by_their_own_policy_where_an_earlier_one_changes() -> None:
    attempts = DecidedAttempts()
    kept(attempts, BTEC_DEFAULT, marked(0, "3"))
    kept(attempts, HN, marked(1, "4"), marked(2, "4"))
    news = kept(attempts, BTEC_DEFAULT, marked(0, "1"))
    assert [(each.policy, each.grade, each.marking.before) for each in news] == [
        (BTEC_DEFAULT, R, None),
        (HN, P, None),
        (HN, P, P),
    ]
    assert [each.marking.attempt for each in kept(attempts, BTEC_DEFAULT, marked(0, "1.5"))] == [0]


def test_an_attempt_that_is_no_longer_permitted_is_told() -> None:
    attempts = DecidedAttempts()
    kept(attempts, HN, marked(0, "3"), marked(2, "4"))
    news = kept(attempts, HN, marked(0, "1"))
    assert [(each.grade, each.rule) for each in news] == [
        (R, RuleId.BELOW_PASS),
        (Grade.PENDING, RuleId.NOT_PERMITTED),
    ]


def test_what_the_sender_says_of_the_attempts_before_is_believed() -> None:
    attempts = DecidedAttempts()
    told = marked(1, "3", before=P)
    assert [each.marking.before for each in kept(attempts, BTEC_DEFAULT, told)] == [P]
    assert [each.marking.before for each in kept(attempts, BTEC_DEFAULT, marked(1, "2"))] == [P]
    assert [each.marking.attempt for each in kept(attempts, BTEC_DEFAULT, marked(0, "4"))] == [0]
    (third,) = kept(attempts, BTEC_DEFAULT, marked(2, "2"))
    assert third.marking.before is D
    kept(attempts, BTEC_DEFAULT, marked(3, "2"))
    assert [each.marking.before for each in kept(attempts, BTEC_DEFAULT, marked(3, "2", before=R))] == [R]


@pytest.mark.parametrize("raw", [None, "-1"], ids=["no mark", "not graded"])
def test_no_mark_is_kept_over_a_mark_of_the_same_attempt_alone(raw: str | None) -> None:
    attempts = DecidedAttempts()
    kept(attempts, BTEC_DEFAULT, marked(0, "3"))
    assert kept(attempts, BTEC_DEFAULT, marked(0, raw)) == []
    assert len(kept(attempts, BTEC_DEFAULT, marked(1, raw))) == 1
    assert [each.grade for each in kept(attempts, BTEC_DEFAULT, marked(1, "2"))] == [P]


def test_several_markings_of_one_attempt_are_not_before_one_another() -> None:
    decisions = decide_attempts([marked(0, "4"), marked(0, "3"), marked(1, "2")], HN)
    assert [(each.grade, each.marking.before) for each in decisions] == [(D, None), (M, None), (M, M)]
