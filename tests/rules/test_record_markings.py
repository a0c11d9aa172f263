"""A mark as it is kept, and the markings that it comes to."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from mzi_core.grading import (
    Criterion,
    Decision,
    Grade,
    GradeWords,
    Marking,
    OutcomeWords,
    Scale,
    decide,
    decide_attempts,
)
from mzi_core.modules import MarkedAttempt, MarkedCriterion, MoodleMarkRecord
from mzi_core.record_markings import record_markings
from mzi_core.values import MoodleId, MoodleKey

NOW = datetime(2026, 2, 9, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BTEC = ("Refer", "Pass", "Merit", "Distinction")


def attempt(raw: str | None = "3", number: int = 0, **more: Any) -> MarkedAttempt:
    said = {"submission_status": "submitted", "raw": None if raw is None else Decimal(raw), **more}
    return MarkedAttempt(number=number, **said)


def mark(*attempts: MarkedAttempt, **more: Any) -> MoodleMarkRecord:
    return MoodleMarkRecord(
        moodle_key=MoodleKey("7_2_3"),
        student=MoodleKey("7"),
        course=MoodleKey("2"),
        assignment=MoodleId(3),
        attempts=attempts,
        **{"maximum": Decimal(4), **more},
    )


def decided(found: MoodleMarkRecord, **known: Any) -> list[Decision]:
    return list(decide_attempts(record_markings(found, NOW, **known)))


def only(found: MoodleMarkRecord, **known: Any) -> Decision:
    (decision,) = decided(found, **known)
    return decision


def test_every_fact_of_an_attempt_is_in_its_marking() -> None:
    criteria = (
        MarkedCriterion(code="M1", score="0", achieved="true", remark="not yet"),
        MarkedCriterion(code="P1", title="Networks", definition="Describe networks", achieved="yes"),
    )
    told = attempt(
        "2.5", 1, feedback="<p>ok</p>", criteria=criteria, submitted_at=NOW - 2 * DAY, letter="D", grader=27
    )
    found = mark(
        attempt("1"),
        told,
        minimum=Decimal(1),
        maximum=Decimal(7),
        workflow="released",
        due=NOW - 3 * DAY,
        extension=NOW - DAY,
        cutoff=NOW,
    )
    assert record_markings(found, NOW)[1] == Marking(
        raw=Decimal("2.5"),
        minimum=Decimal(1),
        maximum=Decimal(7),
        submitted=True,
        attempt=1,
        feedback="<p>ok</p>",
        workflow="released",
        due=NOW - 3 * DAY,
        extension=NOW - DAY,
        cutoff=NOW,
        submitted_at=NOW - 2 * DAY,
        now=NOW,
        criteria=(
            Criterion(code="P1", achieved=True, title="Networks", definition="Describe networks"),
            Criterion(code="M1", achieved=False, remark="not yet"),
        ),
    )


@pytest.mark.parametrize(
    ("item", "raw", "grade"),
    [
        ({"maximum": Decimal(4)}, "4", Grade.D),
        ({"maximum": Decimal(100)}, "4", Grade.R),
        ({"maximum": Decimal(10)}, "4", Grade.P),
        ({"minimum": Decimal(3), "maximum": Decimal(5)}, "4", Grade.P),
        ({"maximum": None, "scale": MoodleId(3), "scale_items": BTEC}, "4", Grade.D),
        ({"maximum": None, "scale": MoodleId(3), "scale_items": BTEC[::-1]}, "4", Grade.R),
        ({"maximum": Decimal(100), "scale": MoodleId(3), "scale_items": BTEC}, "4", Grade.D),
        ({"maximum": None, "scale": MoodleId(3), "scale_items": ("Bad", "Good")}, "2", Grade.PENDING),
        ({"maximum": None}, "4", Grade.D),
    ],
    ids=repr,
)
def test_a_mark_is_what_its_item_says_whatever_its_size(item: dict[str, Any], raw: str, grade: Grade) -> None:
    assert only(mark(attempt(raw), **item)).grade is grade


@pytest.mark.parametrize("item", [{"maximum": None}, {"maximum": Decimal(4)}], ids=repr)
def test_a_scale_whose_items_nobody_told_is_refused_unless_a_scale_is_assumed(item: dict[str, Any]) -> None:
    found = mark(attempt("1", 0), attempt("3", 1), scale=MoodleId(3), **item)
    with pytest.raises(ValueError, match=r"^Attempt 1: The grade item names a scale and not its items"):
        record_markings(found, NOW)
    assert decided(found, scale=Scale.BTEC_0_4)[1].grade is Grade.M


def test_an_assumed_scale_counts_only_where_the_item_is_not_known() -> None:
    assert only(mark(attempt("45"), maximum=None), scale=Scale.PERCENT).grade is Grade.P
    assert only(mark(attempt("4")), scale=Scale.PERCENT).grade is Grade.D


@pytest.mark.parametrize(
    ("workflow", "rule"),
    [
        ("released", "MERIT"),
        ("Released ", "MERIT"),
        (None, "MERIT"),
        ("notmarked", "NOT_RELEASED"),
        ("", "NOT_RELEASED"),
        ("inmarking", "NOT_RELEASED"),
        ("readyforreview", "NOT_RELEASED"),
        ("inreview", "NOT_RELEASED"),
        ("readyforrelease", "NOT_RELEASED"),
        ("bogusstate", "MERIT"),
        ("submitted", "MERIT"),
    ],
)
def test_what_is_not_released_is_held_back(workflow: str | None, rule: str) -> None:
    assert only(mark(attempt(), workflow=workflow)).rule == rule


def test_the_state_and_the_extension_are_those_of_the_latest_attempt() -> None:
    found = mark(
        attempt("1"),
        attempt(None, 1, submission_status="reopened"),
        workflow="inmarking",
        due=NOW - DAY,
        extension=NOW + DAY,
    )
    first, second = record_markings(found, NOW)
    assert (first.workflow, first.extension, second.workflow) == (None, None, "inmarking")
    assert [each.rule for each in decided(attrs.evolve(found, workflow=None))] == [
        "BELOW_PASS",
        "AWAITING_SUBMISSION",
    ]


@pytest.mark.parametrize(
    ("own", "team", "submitted"),
    [
        ("new", "submitted", True),
        ("submitted", "new", False),
        ("reopened", None, False),
        ("draft", "", False),
        ("", None, True),
        (None, None, True),
    ],
)
def test_the_work_of_a_team_goes_before_that_of_its_member(
    own: str | None, team: str | None, submitted: bool
) -> None:
    (marking,) = record_markings(mark(attempt(submission_status=own, team_status=team)), NOW)
    assert marking.submitted is submitted


def test_of_work_that_was_not_handed_in_no_time_is_told() -> None:
    (marking,) = record_markings(mark(attempt(submission_status="draft", submitted_at=NOW)), NOW)
    assert (marking.submitted, marking.submitted_at) == (False, None)


@pytest.mark.parametrize(
    ("told", "more", "rule"),
    [
        ((), {}, "NO_SUBMISSION"),
        ((), {"due": NOW}, "AWAITING_SUBMISSION"),
        ((), {"due": NOW - DAY, "cutoff": NOW}, "AWAITING_SUBMISSION"),
        ((), {"no_submissions": True}, "UNGRADED"),
        ((), {"item": MoodleId(9)}, "UNGRADED"),
        ((), {"grade_id": MoodleId(9)}, "UNGRADED"),
        ((), {"grade_id": MoodleId(9), "final": Decimal(3)}, "MERIT"),
        ((), {"final": Decimal(3), "no_submissions": True}, "MERIT"),
        ((attempt(None),), {}, "BELOW_PASS"),
        ((attempt("-1"),), {}, "UNGRADED"),
        ((attempt(None),), {"no_submissions": True}, "UNGRADED"),
        ((attempt(None, submission_status="new"),), {"no_submissions": False}, "NO_SUBMISSION"),
        ((attempt(None, submission_status=None),), {}, "UNGRADED"),
        ((attempt("0"),), {}, "EXPLICIT_ZERO"),
    ],
    ids=repr,
)
def test_what_is_missing_is_told_apart(
    told: tuple[MarkedAttempt, ...], more: dict[str, Any], rule: str
) -> None:
    assert only(mark(*told, **more)).rule == rule


def test_the_gradebooks_mark_counts_where_nothing_else_is_known_of_the_latest_attempt() -> None:
    """The gradebook made a Pass of a 1.5 on the scale, and keeps it when the work is reopened."""
    book = {"maximum": None, "scale_items": BTEC, "final": Decimal(2)}
    assert only(mark(attempt("1.5"), **book)).grade is Grade.R
    assert only(mark(attempt(None, submission_status=None, feedback="ok"), **book)).grade is Grade.P
    assert only(mark(attempt(None, submission_status="reopened"), **book)).rule == "NO_SUBMISSION"
    assert only(mark(attempt(None, submission_status=None, letter="D"), **book)).grade is Grade.P
    untold = (attempt(None, 0, submission_status=None), attempt(None, 1, submission_status=None))
    assert [each.rule for each in decided(mark(*untold, **book))] == ["UNGRADED", "PASS"]


def test_the_gradebooks_mark_of_an_unknown_item_is_refused() -> None:
    with pytest.raises(ValueError, match="says neither its maximum nor its scale"):
        record_markings(mark(maximum=None, final=Decimal(4)), NOW)
    assert only(mark(maximum=None, final=Decimal(4)), scale=Scale.PERCENT).grade is Grade.R


def test_a_letter_counts_where_there_is_no_mark_to_work_from() -> None:
    assert only(mark(attempt("1", letter="D"))).grade is Grade.R
    assert only(mark(attempt(None, letter="D"))).grade is Grade.D
    assert only(mark(attempt(None, letter=" ", submission_status=None))).rule == "UNGRADED"
    assert only(mark(attempt(None, letter="RR", submission_status=None))).grade is Grade.RR
    words = GradeWords({"M": "Very good"})
    assert only(mark(attempt(None, letter="very good")), words=words).grade is Grade.M


def test_an_automatic_fail_is_nothing_handed_in_and_waits_for_the_deadline() -> None:
    told = attempt("0", submission_status=None, letter="F", automatic=True)
    found = mark(told, workflow="failedtosubmit", due=NOW - DAY)
    assert record_markings(found, NOW) == (
        Marking(raw=None, maximum=Decimal(4), submitted=False, due=NOW - DAY, now=NOW),
    )
    assert (only(found).rule, only(found).is_automatic) == ("NO_SUBMISSION", True)
    assert only(attrs.evolve(found, extension=NOW + DAY)).grade is Grade.PENDING
    assert only(attrs.evolve(found, no_submissions=True)).rule == "UNGRADED"
    assert only(mark(attrs.evolve(told, letter="RR"))).grade is Grade.RR
    assert only(mark(attrs.evolve(told, letter=None, raw=None))).rule == "BELOW_PASS"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (attempt("100000"), "Attempt 1: No mark in Moodle can be 100000"),
        (attempt(None, letter="Z"), "Attempt 1: 'Z' is no grade"),
        (
            attempt(criteria=(MarkedCriterion(code="P1", score="much"),)),
            "Attempt 1: Learning outcome 1: the score of P1 must be a number, not 'much'",
        ),
        (attempt(number=1, criteria=(MarkedCriterion(code="P1"),) * 2), "Attempt 2: P1 is assessed twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_named_with_its_attempt(told: MarkedAttempt, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}"):
        record_markings(mark(told), NOW)


def test_the_words_for_criteria_are_the_tenants() -> None:
    words = OutcomeWords(achieved="Oui", not_achieved="Non")
    told = attempt(
        criteria=(MarkedCriterion(code="P1", score="Oui"), MarkedCriterion(code="P2", score="non"))
    )
    (marking,) = record_markings(mark(told), NOW, outcome_words=words)
    assert [each.achieved for each in marking.criteria] == [True, False]
    assert decide(marking).implied is Grade.R
