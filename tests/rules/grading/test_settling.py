"""What the settling pass makes of all attempts, and which of two grades stands."""

from datetime import datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import attrs
import pytest
from tests.rules.grading.given import DAY, NOW, SECOND, refused

from mzi_core.grading import (
    BTEC_DEFAULT,
    PEARSON_HIGHER_NATIONAL,
    Criterion,
    Decision,
    Grade,
    GradingPolicy,
    Marking,
    Settled,
    SettledBy,
    SettleMode,
    Standing,
    WarningId,
    decide,
    decide_attempts,
    settle,
    supersede,
    supersedes,
)


def attempt(number: int, raw: str | None, **facts: Any) -> Decision:
    return decide(Marking(attempt=number, raw=None if raw is None else Decimal(raw), **facts))


def nothing(number: int, due: datetime | None, now: datetime = NOW, **facts: Any) -> Decision:
    return attempt(number, None, submitted=False, due=due, now=now, **facts)


REFERRED = attempt(0, "1.5", due=NOW - 10 * DAY, now=NOW - 5 * DAY)


@pytest.mark.parametrize(
    ("attempts", "grade", "of", "by"),
    [
        pytest.param([attempt(0, "1.5")], "R", 0, "as graded", id="a first refer stays a refer"),
        pytest.param([attempt(1, "1.8")], "RR", 1, "second refer", id="a second attempt referred, alone"),
        pytest.param([REFERRED, attempt(1, "1.8")], "RR", 1, "second refer", id="referred twice"),
        pytest.param(
            [REFERRED, attempt(1, None)], "RR", 1, "second refer", id="referred twice without a mark"
        ),
        pytest.param([REFERRED, attempt(1, "2")], "P", 1, "as graded", id="the second attempt passed"),
        pytest.param(
            [REFERRED, attempt(1, "4")], "D", 1, "as graded", id="the second attempt is a distinction"
        ),
        pytest.param(
            [REFERRED, attempt(1, "0")], "F", 1, "as graded", id="the second attempt got an explicit zero"
        ),
        pytest.param(
            [REFERRED, attempt(1, "3", feedback="01122")],
            "F",
            1,
            "as graded",
            id="the second attempt is not valid",
        ),
        pytest.param(
            [REFERRED, attempt(1, None, letter="R")],
            "R",
            1,
            "as graded",
            id="an explicit refer is not re-derived",
        ),
        pytest.param(
            [REFERRED, attempt(1, "1", letter="RR")],
            "RR",
            1,
            "as graded",
            id="an explicit double refer is no second refer",
        ),
        pytest.param(
            [attempt(0, "3"), attempt(1, None)],
            "M",
            0,
            "earlier stands",
            id="no mark takes nothing from what passed",
        ),
        pytest.param(
            [
                attempt(0, "1", due=NOW - 20 * DAY, now=NOW - 10 * DAY),
                attempt(1, "1", due=NOW - 5 * DAY, now=NOW - 2 * DAY),
                nothing(2, due=NOW - 5 * DAY),
            ],
            "RR",
            1,
            "earlier stands",
            id="new time is after the attempt before, not after the first",
        ),
        pytest.param(
            [attempt(0, "1"), attempt(1, "1"), attempt(2, "1")],
            "RR",
            2,
            "second refer",
            id="referred a third time",
        ),
        pytest.param(
            [attempt(0, "1"), attempt(1, "2"), attempt(2, "1")], "R", 2, "as graded", id="passed between"
        ),
        pytest.param([attempt(0, "3"), attempt(1, "1")], "R", 1, "as graded", id="passed, then referred"),
        pytest.param(
            [REFERRED, nothing(1, due=NOW - SECOND)],
            "RR",
            1,
            "not resubmitted",
            id="nothing by the new deadline",
        ),
        pytest.param(
            [REFERRED, nothing(1, due=NOW - 10 * DAY, extension=NOW - SECOND)],
            "RR",
            1,
            "not resubmitted",
            id="nothing by the extension",
        ),
        pytest.param(
            [attempt(0, "1.5"), nothing(1, due=NOW - SECOND)],
            "RR",
            1,
            "not resubmitted",
            id="the first deadline there ever was is new",
        ),
        pytest.param(
            [REFERRED, nothing(1, due=NOW)],
            "R",
            0,
            "earlier stands",
            id="there is still time to hand in again",
        ),
        pytest.param(
            [REFERRED, nothing(1, due=NOW - 10 * DAY)],
            "R",
            0,
            "earlier stands",
            id="reopened without new time",
        ),
        pytest.param(
            [REFERRED, nothing(1, due=NOW - 5 * DAY)],
            "R",
            0,
            "earlier stands",
            id="a deadline at the very moment of judging is not new",
        ),
        pytest.param(
            [REFERRED, nothing(1, due=None)], "R", 0, "earlier stands", id="reopened without any deadline"
        ),
        pytest.param(
            [attempt(0, "2"), nothing(1, due=NOW - SECOND)],
            "P",
            0,
            "earlier stands",
            id="a pass is never taken away",
        ),
        pytest.param(
            [attempt(0, "3"), attempt(1, "1"), nothing(2, due=NOW - SECOND)],
            "R",
            1,
            "earlier stands",
            id="passed once, referred once, not handed in again",
        ),
        pytest.param(
            [attempt(0, "0"), nothing(1, due=NOW - SECOND)],
            "F",
            0,
            "earlier stands",
            id="a fail stays a fail",
        ),
        pytest.param(
            [attempt(0, "1"), attempt(1, "1"), nothing(2, due=NOW - SECOND)],
            "RR",
            2,
            "not resubmitted",
            id="a double refer stays one",
        ),
        pytest.param(
            [attempt(0, "1"), attempt(1, "1"), attempt(2, "-1")],
            "RR",
            1,
            "earlier stands",
            id="a double refer stands while the third attempt waits for its mark",
        ),
        pytest.param(
            [REFERRED, attempt(1, "-1")], "R", 0, "earlier stands", id="the second attempt is not marked"
        ),
        pytest.param([attempt(0, "-1")], "PENDING", 0, "as graded", id="nothing is marked"),
        pytest.param(
            [attempt(0, "-1"), attempt(1, "-1")], "PENDING", 1, "as graded", id="no attempt is marked"
        ),
        pytest.param(
            [attempt(0, "-1"), nothing(1, due=NOW - SECOND)],
            "F",
            1,
            "as graded",
            id="nothing marked or handed in",
        ),
        pytest.param([nothing(0, due=NOW - SECOND)], "F", 0, "as graded", id="never handed in anything"),
        pytest.param([nothing(0, due=NOW)], "PENDING", 0, "as graded", id="may still hand in"),
        pytest.param(
            [nothing(0, due=NOW - 9 * DAY, now=NOW - 8 * DAY), nothing(1, due=NOW - SECOND)],
            "F",
            0,
            "earlier stands",
            id="never handed in anything, twice",
        ),
    ],
)
def test_all_attempts_settle_to_one_grade_in_whatever_order_they_come(
    attempts: list[Decision], grade: str, of: int, by: str
) -> None:
    for order in permutations(attempts):
        assert settle(order) == Settled(grade=Grade(grade), attempt=of, by=SettledBy(by))


def test_the_moment_of_reopening_says_which_deadline_is_new() -> None:
    """A marking that was judged again later no longer tells when the work was reopened."""
    judged_again = attempt(0, "1.5", due=NOW - SECOND, now=NOW)
    attempts = [judged_again, nothing(1, due=NOW - SECOND)]
    assert settle(attempts).grade is Grade.R
    assert settle(attempts, reopened=NOW - DAY).grade is Grade.RR
    assert settle(attempts, reopened=NOW - SECOND).grade is Grade.R
    assert settle([REFERRED, nothing(1, due=NOW - SECOND)], reopened=NOW).grade is Grade.R


def test_a_capped_pass_on_the_second_attempt_is_settled_as_it_is() -> None:
    second = decide(Marking(attempt=1, raw=Decimal(4)), PEARSON_HIGHER_NATIONAL)
    assert settle([REFERRED, second]) == Settled(grade=Grade.P, attempt=1, by=SettledBy.AS_GRADED)


def under(policy: GradingPolicy, *marks: str | None, **facts: Any) -> list[Decision]:
    """The attempts with these marks, in order."""
    return list(
        decide_attempts(
            [
                Marking(attempt=number, raw=None if raw is None else Decimal(raw), **facts)
                for number, raw in enumerate(marks)
            ],
            policy,
        )
    )


@pytest.mark.parametrize(
    ("marks", "grade", "of", "by"),
    [
        (["2", "4"], "P", 0, "earlier stands"),
        (["4", "1"], "D", 0, "earlier stands"),
        (["1", "4"], "P", 1, "as graded"),
        (["1", "1"], "RR", 1, "second refer"),
        (["1", "1", "4"], "RR", 1, "earlier stands"),
        (["1", "4", "4"], "P", 1, "earlier stands"),
        (["1", "1", None], "RR", 1, "earlier stands"),
    ],
)
def test_what_passed_stands_where_there_is_one_reassessment(
    marks: list[str], grade: str, of: int, by: str
) -> None:
    expected = Settled(grade=Grade(grade), attempt=of, by=SettledBy(by))
    assert settle(under(PEARSON_HIGHER_NATIONAL, *marks)) == expected
    alone = [decide(each.marking, PEARSON_HIGHER_NATIONAL) for each in under(BTEC_DEFAULT, *marks)]
    unknowing = [attrs.evolve(each.marking, before=None) for each in alone]
    assert settle([decide(each, PEARSON_HIGHER_NATIONAL) for each in unknowing]) == expected


def test_a_letter_for_what_already_passed_is_what_somebody_wants() -> None:
    passed, again = under(PEARSON_HIGHER_NATIONAL, "2", "2")
    letter = decide(attrs.evolve(again.marking, letter=Grade.D), PEARSON_HIGHER_NATIONAL)
    assert settle([passed, letter]) == Settled(grade=D, attempt=1, by=SettledBy.AS_GRADED)


def test_each_attempt_knows_the_best_that_earlier_ones_passed_with() -> None:
    decisions = under(BTEC_DEFAULT, "1", "3", "2", None, "0", "4")
    assert [each.marking.before for each in decisions] == [None, None, M, M, M, M]
    assert [each.grade for each in decisions] == [R, M, P, R, F, D]
    assert [WarningId.LOWER_THAN_BEFORE in each.warnings for each in decisions] == [
        *(False, False, True, True, True, False)
    ]
    shuffled = [each.marking for each in decisions[::-1]]
    assert list(decide_attempts(shuffled)) == decisions


def test_a_marking_that_says_what_was_before_is_believed() -> None:
    first = Marking(raw=Decimal(2), repeats_unit=True, before=Grade.D)
    second = Marking(raw=Decimal(2), attempt=1)
    told = Marking(raw=Decimal(2), attempt=2, before=Grade.R)
    assert [each.marking.before for each in decide_attempts([first, second, told])] == [D, D, R]


def test_no_attempts_cannot_be_settled() -> None:
    with refused("There is no attempt to settle"):
        settle([])


def real(grade: Grade, of: int = 0, at: datetime = NOW) -> Standing:
    return Standing(grade=grade, attempt=of, graded_at=at)


def automatic(grade: Grade, of: int = 0, at: datetime = NOW) -> Standing:
    return Standing(grade=grade, attempt=of, graded_at=at, is_automatic=True)


def unmarked(of: int = 0, at: datetime = NOW) -> Standing:
    return Standing(grade=Grade.R, attempt=of, graded_at=at, is_marked=False)


BEFORE, AFTER = NOW - SECOND, NOW + SECOND
PENDING, F, R, RR, P, M, D = Grade.PENDING, Grade.F, Grade.R, Grade.RR, Grade.P, Grade.M, Grade.D


@pytest.mark.parametrize(
    ("new", "old", "wins"),
    [
        (real(PENDING), None, False),
        (real(PENDING), real(PENDING), False),
        (real(PENDING, 1, AFTER), real(R), False),
        (automatic(F), None, True),
        (automatic(F), real(PENDING, 1, AFTER), True),
        (real(R), None, True),
        (real(R), automatic(PENDING), True),
        # what a person decided gives way to what a person decided later
        (real(D, 0, AFTER), real(M), True),
        (real(M, 0, AFTER), real(D), True),
        (real(D, 0, BEFORE), real(M), False),
        (real(R, 1, BEFORE), real(P), True),
        (real(D, 0, AFTER), real(R, 1), False),
        (real(D), real(M), True),
        (real(M), real(D), False),
        (real(M), real(M), False),
        (real(F), real(R), False),
        # and to nothing automatic but the double refer of its own refer
        (automatic(F, 1, AFTER), real(R), False),
        (automatic(F, 1, AFTER), real(P), False),
        (automatic(RR, 1, AFTER), real(P), False),
        (automatic(RR, 1, AFTER), real(F), False),
        (automatic(R, 1, AFTER), real(R), False),
        (automatic(RR, 1, BEFORE), real(R), True),
        (automatic(RR, 1), real(R, 1), True),
        (automatic(RR, 0), real(R, 1), False),
        # what is automatic gives way to a person's later grade
        (real(P, 0, BEFORE), automatic(F), True),
        (real(P, 1, BEFORE), automatic(F), True),
        (real(R, 0, BEFORE), automatic(F), True),
        (real(P, 1, BEFORE), automatic(RR, 1), True),
        (real(F, 1, BEFORE), automatic(RR, 1), True),
        (real(P, 0, AFTER), automatic(RR, 1), True),
        (real(P, 0, NOW), automatic(RR, 1), False),
        (real(P, 0, BEFORE), automatic(RR, 1), False),
        # but a refer would settle to the same double refer again
        (real(R, 1, AFTER), automatic(RR, 1), False),
        (real(R, 0, BEFORE), automatic(RR, 1), False),
        # automatic grades among themselves go by attempt and time
        (automatic(RR, 1), automatic(F), True),
        (automatic(F), automatic(RR, 1), False),
        (automatic(F), automatic(F), False),
        (automatic(RR, 1, AFTER), automatic(RR, 1), True),
        # what has no mark takes nothing from a mark of the same attempt, nor from a pass
        (unmarked(0, AFTER), real(P), False),
        (unmarked(0, AFTER), real(F), False),
        (unmarked(0, AFTER), real(R), False),
        (unmarked(1, AFTER), real(P), False),
        (unmarked(1, BEFORE), real(R), True),
        (unmarked(1, BEFORE), real(F), True),
        (real(F, 0, BEFORE), unmarked(0), True),
        (real(P, 0, BEFORE), unmarked(0), True),
        (real(P, 0, AFTER), unmarked(1), False),
        (unmarked(0, AFTER), unmarked(0), True),
        (unmarked(0), automatic(F), True),
        (unmarked(0), None, True),
    ],
    ids=repr,
)
def test_which_of_two_grades_stands(new: Standing, old: Standing | None, wins: bool) -> None:
    assert supersedes(new, old) is wins


GRADED = attrs.evolve(
    real(R), feedback="Section 2", grader="Lina Saleh", outcomes=(Criterion(code="P1", achieved=True),)
)


def test_an_automatic_grade_keeps_the_feedback_grader_and_outcomes_that_were_there() -> None:
    settled = supersede(automatic(RR, 1, AFTER), GRADED)
    assert settled == Standing(
        grade=RR,
        attempt=1,
        graded_at=AFTER,
        is_automatic=True,
        feedback="Section 2",
        grader="Lina Saleh",
        outcomes=(Criterion(code="P1", achieved=True),),
    )


def test_a_persons_grade_brings_its_own_feedback_grader_and_outcomes() -> None:
    better = real(P, 1, AFTER)
    assert supersede(better, GRADED) is better
    assert supersede(GRADED, None) is GRADED
    first = automatic(F)
    assert supersede(first, None) is first


def test_a_grade_that_does_not_win_changes_nothing() -> None:
    assert supersede(automatic(F, 1, AFTER), GRADED) is GRADED
    assert supersede(real(P, 0, BEFORE), GRADED) is GRADED


def test_a_decision_says_what_it_puts_into_the_record() -> None:
    criteria = (Criterion(code="P1", achieved=True),)
    decision = attempt(1, "3", feedback="Well done", criteria=criteria)
    assert Standing.of(decision, NOW, grader="Lina Saleh") == Standing(
        grade=M, attempt=1, graded_at=NOW, feedback="Well done", grader="Lina Saleh", outcomes=criteria
    )
    assert Standing.of(attempt(0, None), NOW) == unmarked()
    assert Standing.of(nothing(0, due=NOW - DAY), NOW) == attrs.evolve(automatic(F), is_marked=False)
    at_once = BTEC_DEFAULT.override(settle=SettleMode.IMMEDIATELY)
    assert Standing.of(decide(Marking(raw=Decimal(1), attempt=1), at_once), NOW).grade is RR


@pytest.mark.parametrize(
    ("decision", "marked"),
    [
        (attempt(0, "0"), True),
        (attempt(0, "1"), True),
        (attempt(0, None), False),
        (attempt(0, "-1"), False),
        (attempt(0, None, letter="R"), True),
        (attempt(0, None, feedback="01122"), True),
        (attempt(0, "3", workflow=""), False),
        (nothing(0, due=NOW - DAY), False),
        (nothing(0, due=NOW), False),
    ],
)
def test_a_decision_is_marked_when_somebody_decided_something(decision: Decision, marked: bool) -> None:
    assert decision.is_marked is marked


def test_a_pending_mark_with_nothing_before_it_is_what_there_is() -> None:
    assert supersede(real(PENDING), None) == real(PENDING)


@pytest.mark.parametrize(
    ("events", "stands"),
    [
        ([real(R, 0, BEFORE), automatic(RR, 1), real(P, 1, AFTER)], real(P, 1, AFTER)),
        ([automatic(F, 0), real(M, 0, AFTER)], real(M, 0, AFTER)),
        ([real(M, 0, BEFORE), real(D, 0, AFTER)], real(D, 0, AFTER)),
        ([real(R, 0, BEFORE), real(R, 1), automatic(RR, 1, AFTER)], automatic(RR, 1, AFTER)),
    ],
)
def test_events_in_any_order_end_in_the_same_grade(events: list[Standing], stands: Standing) -> None:
    for order in permutations(events):
        standing: Standing | None = None
        for event in order:
            standing = supersede(event, standing)
        assert standing is not None
        assert (standing.grade, standing.attempt) == (stands.grade, stands.attempt)


def test_when_a_grade_was_given_must_be_a_moment() -> None:
    with refused("2026-02-09T12:00:00 says no offset from UTC, so nobody knows when it is"):
        real(P, 0, NOW.replace(tzinfo=None))


def test_decisions_under_the_default_policy_settle_like_the_table() -> None:
    """Alone, an attempt settles to what its decision says."""
    for raw in (None, "-1", "0", "1", "2", "3", "4"):
        for number in (0, 1, 2):
            alone = attempt(number, raw)
            assert alone.policy is BTEC_DEFAULT
            assert settle([alone]).grade is alone.settled
