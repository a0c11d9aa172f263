"""Every row of the table of default rules, as a row here."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.rules.grading.given import DAY, NOW, SECOND, grade_of

from mzi_core.grading import (
    BTEC_DEFAULT,
    PEARSON_HIGHER_NATIONAL,
    PERCENT,
    Grade,
    Marking,
    RuleId,
    Scale,
    SettleMode,
    Verdict,
    decide,
    judge,
)

UNGATED = BTEC_DEFAULT.override(release_gating=False)
HOLDING = BTEC_DEFAULT.override(null_means_refer=False)


def mark(raw: str | None, **facts: Any) -> Marking:
    return Marking(raw=None if raw is None else Decimal(raw), **facts)


@pytest.mark.parametrize("letter", list(Grade))
def test_an_explicit_letter_wins_over_everything_and_is_never_re_derived(letter: Grade) -> None:
    marking = mark("4", letter=letter, submitted=False, attempt=1, feedback="01122", workflow="released")
    for policy in (BTEC_DEFAULT, UNGATED, PEARSON_HIGHER_NATIONAL):
        assert grade_of(marking, policy) == ("EXPLICIT_LETTER", letter, letter)


@pytest.mark.parametrize(
    "state",
    ["", " ", "inmarking", "readyforreview", "inreview", "readyforrelease", "InMarking", " READYFORRELEASE "],
)
def test_an_unreleased_marking_is_pending_whatever_else_is_known(state: str) -> None:
    marking = mark("4", workflow=state, feedback="01122", submitted=False)
    assert grade_of(marking) == ("NOT_RELEASED", "PENDING", "PENDING")
    assert grade_of(mark("4", workflow=state, letter="M")) == ("NOT_RELEASED", "PENDING", "PENDING")
    assert grade_of(marking, UNGATED)[0] == "INVALID_SUBMISSION"
    assert grade_of(mark("4", workflow=state, letter="M"), UNGATED) == ("EXPLICIT_LETTER", "M", "M")


@pytest.mark.parametrize(
    "state", [None, "released", "Released", " RELEASED ", "draft", "bogusstate", "release"]
)
def test_a_released_marking_one_without_workflow_and_another_word_pass_the_gate(state: str | None) -> None:
    assert grade_of(mark("4", workflow=state)) == ("DISTINCTION", "D", "D")


@pytest.mark.parametrize(
    "feedback",
    [
        "01122",
        "Good work but wrong assignment. Code: 01122",
        "<p>01122</p>",
        "<p>0112<strong>2</strong></p>",
        "see&nbsp;01122.",
        "<ul><li>1</li><li>01122</li></ul>",
        "0770112233, but also 01122",
        "الرمز ٠١١٢٢",
        "و01122",
        "0&shy;11\u200b22",
        "<div>x</div><div>01122</div>",
    ],
)
def test_the_invalid_code_as_a_token_of_its_own_is_a_fail_whatever_the_mark(feedback: str) -> None:
    for raw in ("3.5", "-1", None):
        assert grade_of(mark(raw, feedback=feedback)) == ("INVALID_SUBMISSION", "F", "F")
    assert grade_of(mark("3", feedback=feedback, submitted=False)) == ("INVALID_SUBMISSION", "F", "F")


@pytest.mark.parametrize(
    "feedback",
    [
        *("", "0770112233", "x01122", "01122_a", "01 122", "<p>01</p><p>122</p>", "1122"),
        *("https://moodle.example/01122", "07-01122", "1.01122", "<div>01</div>122", "<img alt='>01122'>"),
        *("<style>01122</style>", "<script>01122</script>"),
    ],
)
def test_the_invalid_code_inside_something_else_is_nothing(feedback: str) -> None:
    assert grade_of(mark("3.5", feedback=feedback)) == ("MERIT", "M", "M")


def test_the_code_is_the_policys_own_and_may_be_none() -> None:
    marking = mark("2", feedback="VOID 01122")
    assert grade_of(marking, BTEC_DEFAULT.override(invalid_code="VOID"))[0] == "INVALID_SUBMISSION"
    assert grade_of(marking, BTEC_DEFAULT.override(invalid_code=" VOID "))[0] == "INVALID_SUBMISSION"
    assert grade_of(marking, BTEC_DEFAULT.override(invalid_code="Void"))[0] == "PASS"
    assert grade_of(marking, BTEC_DEFAULT.override(invalid_code="NULL"))[0] == "PASS"
    assert grade_of(marking, BTEC_DEFAULT.override(invalid_code=None))[0] == "PASS"


@pytest.mark.parametrize(
    ("due", "extension", "cutoff"),
    [
        (NOW, None, None),
        (NOW + SECOND, None, None),
        (NOW - DAY, NOW + DAY, None),
        (None, NOW, None),
        (NOW - DAY, None, NOW),
        (NOW - DAY, NOW, NOW - DAY),
        (NOW - DAY, NOW - SECOND, NOW + SECOND),
    ],
)
def test_nothing_handed_in_is_pending_as_long_as_moodle_takes_work(
    due: datetime | None, extension: datetime | None, cutoff: datetime | None
) -> None:
    marking = mark("3", submitted=False, due=due, extension=extension, cutoff=cutoff, now=NOW)
    assert grade_of(marking) == ("AWAITING_SUBMISSION", "PENDING", "PENDING")


@pytest.mark.parametrize(
    ("due", "extension", "cutoff"),
    [
        (None, None, None),
        (None, None, NOW + DAY),
        (NOW - SECOND, None, None),
        (NOW - SECOND, None, NOW - DAY),
        (NOW - DAY, NOW - SECOND, NOW - SECOND),
        (NOW + DAY, NOW - SECOND, None),
    ],
)
def test_nothing_handed_in_is_a_fail_once_the_deadline_has_passed_or_when_there_is_none(
    due: datetime | None, extension: datetime | None, cutoff: datetime | None
) -> None:
    for attempt in (0, 1):
        marking = mark(
            "3", submitted=False, due=due, extension=extension, cutoff=cutoff, now=NOW, attempt=attempt
        )
        assert grade_of(marking) == ("NO_SUBMISSION", "F", "F")


@pytest.mark.parametrize("due", [None, NOW - DAY, NOW + DAY])
@pytest.mark.parametrize(
    ("raw", "rule", "grade"),
    [
        ("3", "MERIT", "M"),
        ("0", "EXPLICIT_ZERO", "F"),
        ("-1", "UNGRADED", "PENDING"),
        (None, "BELOW_PASS", "R"),
    ],
)
def test_where_nothing_can_be_handed_in_nothing_is_missing(
    due: datetime | None, raw: str | None, rule: str, grade: str
) -> None:
    assert grade_of(mark(raw, submitted=None, due=due, now=NOW)) == (rule, grade, grade)
    assert grade_of(mark(raw, submitted=None, feedback="01122"))[0] == "INVALID_SUBMISSION"


def test_work_that_was_handed_in_is_graded_before_the_deadline() -> None:
    assert grade_of(mark("3", due=NOW + DAY, now=NOW)) == ("MERIT", "M", "M")


@pytest.mark.parametrize("scale", list(Scale))
@pytest.mark.parametrize("policy", [BTEC_DEFAULT, HOLDING, PERCENT])
def test_moodles_minus_one_is_no_grade_on_either_scale(scale: Scale, policy: Any) -> None:
    assert grade_of(mark("-1", scale=scale, attempt=1), policy) == ("UNGRADED", "PENDING", "PENDING")
    assert grade_of(mark("-1.00000", scale=scale), policy) == ("UNGRADED", "PENDING", "PENDING")


def test_a_missing_mark_is_a_refer_on_the_btec_scale_unless_the_policy_holds_it() -> None:
    assert grade_of(mark(None)) == ("BELOW_PASS", "R", "R")
    for attempt in (1, 2, 9):
        assert grade_of(mark(None, attempt=attempt)) == ("BELOW_PASS", "R", "RR")
    assert grade_of(mark(None), HOLDING) == ("UNGRADED", "PENDING", "PENDING")
    assert grade_of(mark(None, scale=Scale.PERCENT)) == ("UNGRADED", "PENDING", "PENDING")


@pytest.mark.parametrize(
    ("raw", "rule", "grade"),
    [
        ("0", "EXPLICIT_ZERO", "F"),
        ("0.00000", "EXPLICIT_ZERO", "F"),
        ("0.01", "BELOW_PASS", "R"),
        ("1", "BELOW_PASS", "R"),
        ("1.99", "BELOW_PASS", "R"),
        ("2", "PASS", "P"),
        ("2.00000", "PASS", "P"),
        ("2.99", "PASS", "P"),
        ("3", "MERIT", "M"),
        ("3.99", "MERIT", "M"),
        ("4", "DISTINCTION", "D"),
        ("4.5", "OFF_SCALE", "PENDING"),
        ("-0.5", "OFF_SCALE", "PENDING"),
        ("-2", "OFF_SCALE", "PENDING"),
    ],
)
def test_a_mark_on_the_btec_scale(raw: str, rule: str, grade: str) -> None:
    assert grade_of(mark(raw)) == (rule, grade, grade)
    settled = "RR" if grade == "R" else grade
    for attempt in (1, 2):
        assert grade_of(mark(raw, attempt=attempt)) == (rule, grade, settled)


@pytest.mark.parametrize(
    ("raw", "rule", "grade"),
    [
        ("0", "BELOW_PASS", "R"),
        ("4", "BELOW_PASS", "R"),
        ("39.99", "BELOW_PASS", "R"),
        ("40", "PASS", "P"),
        ("59.99", "PASS", "P"),
        ("60", "MERIT", "M"),
        ("69.99", "MERIT", "M"),
        ("70", "DISTINCTION", "D"),
        ("85.5", "DISTINCTION", "D"),
        ("100", "DISTINCTION", "D"),
        ("100.1", "OFF_SCALE", "PENDING"),
        ("-0.1", "OFF_SCALE", "PENDING"),
    ],
)
def test_a_mark_on_the_percent_scale(raw: str, rule: str, grade: str) -> None:
    for policy in (PERCENT, BTEC_DEFAULT):
        assert grade_of(mark(raw, scale=Scale.PERCENT), policy) == (rule, grade, grade)
    assert grade_of(mark(raw, scale=Scale.PERCENT, attempt=1))[2] == ("RR" if grade == "R" else grade)


BTEC = ("Refer", "Pass", "Merit", "Distinction")


@pytest.mark.parametrize(
    ("raw", "items", "rule", "grade"),
    [
        ("1", BTEC, "BELOW_PASS", "R"),
        ("2", BTEC, "PASS", "P"),
        ("3", BTEC, "MERIT", "M"),
        ("4", BTEC, "DISTINCTION", "D"),
        ("3.00000", (" REFER", "pass", "MeRiT ", "distinction"), "MERIT", "M"),
        ("1", ("Distinction", "Merit", "Pass", "Refer"), "DISTINCTION", "D"),
        ("4", ("Distinction", "Merit", "Pass", "Refer"), "BELOW_PASS", "R"),
        ("2", ("Refer", "Pass"), "PASS", "P"),
        ("1", ("Passed", "Referred"), "PASS", "P"),
        ("1", ("إعادة تسليم", "نجاح", "جدارة", "امتياز"), "BELOW_PASS", "R"),
        ("2", ("اعاده", "نَجاحـ", "تفوّق", "إمتياز"), "PASS", "P"),
        ("3", ("إعادة", "ناجح", "تفوّق", "امتياز"), "MERIT", "M"),
        ("4", ("إحالة", "ناجح", "جدارة", "إمتياز"), "DISTINCTION", "D"),
        ("1", ("R", "P", "M", "D"), "UNKNOWN_SCALE", "PENDING"),
        ("2", ("Fail", "Pass"), "UNKNOWN_SCALE", "PENDING"),
        ("2", (*BTEC, "Not assessed"), "UNKNOWN_SCALE", "PENDING"),
        ("-1", ("Fail", "Pass"), "UNKNOWN_SCALE", "PENDING"),
        (None, ("Fail", "Pass"), "UNKNOWN_SCALE", "PENDING"),
        (None, BTEC, "BELOW_PASS", "R"),
        ("-1", BTEC, "UNGRADED", "PENDING"),
        ("0", BTEC, "OFF_SCALE", "PENDING"),
        ("5", BTEC, "OFF_SCALE", "PENDING"),
        ("3", ("Refer", "Pass"), "OFF_SCALE", "PENDING"),
        ("1.5", BTEC, "BELOW_PASS", "R"),
        ("2.5", BTEC, "PASS", "P"),
        ("3.5", BTEC, "MERIT", "M"),
        ("1.5", ("Pass", "Refer"), "OFF_SCALE", "PENDING"),
        ("1.5", ("Refer", "Pass"), "OFF_SCALE", "PENDING"),
    ],
)
def test_a_scale_is_read_by_its_items_and_not_by_their_places(
    raw: str | None, items: tuple[str, ...], rule: str, grade: str
) -> None:
    assert grade_of(mark(raw, items=items)) == (rule, grade, grade)
    assert grade_of(mark(raw, items=items, attempt=1))[2] == ("RR" if grade == "R" else grade)


def test_items_mean_what_the_tenant_says_they_mean() -> None:
    items = ("Unclassified", "Near miss", "P", "M", "Star")
    words = {"unclassified": "F", "NEAR  MISS": "R", "p": "P", "M": "M", "Star": "D"}
    policy = BTEC_DEFAULT.override(scale_words=words)
    assert [grade_of(mark(str(place), items=items), policy)[:2] for place in range(1, 6)] == [
        ("EXPLICIT_ZERO", "F"),
        ("BELOW_PASS", "R"),
        ("PASS", "P"),
        ("MERIT", "M"),
        ("DISTINCTION", "D"),
    ]
    assert grade_of(mark("2", items=(*items, "Other")), policy)[0] == "UNKNOWN_SCALE"
    assert grade_of(mark("2", items=("Star", "Distinction")), policy)[0] == "DISTINCTION"
    assert grade_of(mark("5", items=items)) == ("UNKNOWN_SCALE", "PENDING", "PENDING")


def test_an_item_is_a_grade_whatever_the_thresholds_are() -> None:
    policy = BTEC_DEFAULT.override(pass_from=Decimal("2.5"), merit_from=Decimal("3.25"))
    assert [grade_of(mark(str(place), items=BTEC), policy)[1] for place in range(1, 5)] == [
        "R",
        "P",
        "M",
        "D",
    ]
    assert grade_of(mark("3", items=BTEC, attempt=1), PEARSON_HIGHER_NATIONAL)[0] == "REASSESSMENT_CAP"
    assert grade_of(mark("2.3", items=BTEC), policy)[1] == "R"
    assert grade_of(mark(None, items=BTEC), HOLDING)[0] == "UNGRADED"


@pytest.mark.parametrize(
    ("raw", "minimum", "maximum", "grade"),
    [
        ("5", "0", "7", "D"),
        ("2", "0", "3", "M"),
        ("2", "1", "3", "P"),
        ("1.7", "1", "3", "R"),
        ("12", "0", "20", "M"),
        ("11.99999", "0", "20", "P"),
        ("0", "0", "20", "R"),
        ("0", "-5", "5", "P"),
        ("21", "0", "20", "PENDING"),
        ("-6", "-5", "5", "PENDING"),
        ("-1", "-5", "5", "PENDING"),
        ("1", "1", "4", "R"),
        ("4", "1", "4", "D"),
    ],
)
def test_other_points_are_hundredths_of_their_range(raw: str, minimum: str, maximum: str, grade: str) -> None:
    marking = mark(raw, minimum=Decimal(minimum), maximum=Decimal(maximum))
    assert grade_of(marking)[1] == grade


def test_a_share_that_never_ends_is_on_the_right_side_of_a_threshold() -> None:
    third = mark("1", maximum=Decimal(3))
    for pass_from, rule in ((f"33.{'3' * 64}", "PASS"), (f"33.{'3' * 63}4", "BELOW_PASS")):
        assert grade_of(third, BTEC_DEFAULT.override(percent_pass_from=Decimal(pass_from)))[0] == rule


@pytest.mark.parametrize(
    ("raw", "attempt", "expected", "capped_from"),
    [
        ("4", 0, ("DISTINCTION", "D", "D"), None),
        ("3", 0, ("MERIT", "M", "M"), None),
        ("4", 1, ("REASSESSMENT_CAP", "P", "P"), Grade.D),
        ("3", 1, ("REASSESSMENT_CAP", "P", "P"), Grade.M),
        ("3", 2, ("NOT_PERMITTED", "PENDING", "PENDING"), None),
        ("1", 2, ("NOT_PERMITTED", "PENDING", "PENDING"), None),
        ("2", 1, ("PASS", "P", "P"), None),
        ("1", 1, ("BELOW_PASS", "R", "RR"), None),
        ("0", 1, ("EXPLICIT_ZERO", "F", "F"), None),
    ],
)
def test_a_reassessment_under_the_higher_national_rules_is_capped_at_pass(
    raw: str, attempt: int, expected: tuple[str, str, str], capped_from: Grade | None
) -> None:
    marking = mark(raw, attempt=attempt)
    assert grade_of(marking, PEARSON_HIGHER_NATIONAL) == expected
    assert decide(marking, PEARSON_HIGHER_NATIONAL).capped_from == capped_from
    assert decide(marking).capped_from is None


HN = PEARSON_HIGHER_NATIONAL


@pytest.mark.parametrize("before", ["P", "M", "D"])
@pytest.mark.parametrize(
    "facts", [{"attempt": 1}, {"attempt": 3}, {"repeats_unit": True}, {"feedback": "01122"}]
)
def test_what_passed_is_not_reassessed_where_there_is_one_reassessment(
    before: str, facts: dict[str, Any]
) -> None:
    for raw in ("4", "1", "-1", None):
        assert grade_of(mark(raw, before=before, **facts), HN) == ("REASSESSED_AFTER_PASS", before, before)
    assert grade_of(mark("4", before=before, submitted=False, **facts), HN)[1] == before
    assert grade_of(mark("2", before=before, letter="R", **facts), HN)[0] == "EXPLICIT_LETTER"
    assert grade_of(mark("2", before=before, workflow="", **facts), HN)[0] == "NOT_RELEASED"
    assert grade_of(mark("2", before=before), BTEC_DEFAULT)[0] == "PASS"


@pytest.mark.parametrize("before", [None, "R", "RR", "F", "PENDING"])
def test_there_is_one_reassessment_of_what_did_not_pass(before: str | None) -> None:
    assert grade_of(mark("2", before=before, attempt=1), HN) == ("PASS", "P", "P")
    assert grade_of(mark("1", before=before, attempt=1), HN) == ("BELOW_PASS", "R", "RR")
    for raw in ("4", "-1", None):
        assert grade_of(mark(raw, before=before, attempt=2), HN)[0] == "NOT_PERMITTED"
        assert grade_of(mark(raw, before=before, attempt=7, submitted=False), HN)[1] == "PENDING"
    assert grade_of(mark("2", before=before, attempt=2, letter="P"), HN) == ("EXPLICIT_LETTER", "P", "P")
    assert grade_of(mark("3", before=before, attempt=2), BTEC_DEFAULT) == ("MERIT", "M", "M")


def test_a_repeated_unit_is_assessed_as_often_as_it_takes_and_capped() -> None:
    for attempt in (0, 1, 2, 3):
        marking = mark("4", attempt=attempt, repeats_unit=True)
        assert grade_of(marking, HN) == ("REASSESSMENT_CAP", "P", "P")
        assert decide(marking, HN).capped_from is Grade.D
        assert grade_of(marking, BTEC_DEFAULT)[0] == "DISTINCTION"
    assert grade_of(mark("1", repeats_unit=True), HN) == ("BELOW_PASS", "R", "R")
    assert grade_of(mark("1", repeats_unit=True, attempt=2), HN) == ("BELOW_PASS", "R", "RR")


@pytest.mark.parametrize("attempt", [1, 2, 5])
def test_who_passed_before_is_referred_and_not_doubly(attempt: int) -> None:
    for raw in ("1", None):
        assert grade_of(mark(raw, attempt=attempt, before="P")) == ("BELOW_PASS", "R", "R")
        assert grade_of(mark(raw, attempt=attempt, before="R")) == ("BELOW_PASS", "R", "RR")


@pytest.mark.parametrize(
    ("facts", "late"),
    [
        ({"due": NOW, "submitted_at": NOW}, False),
        ({"due": NOW, "submitted_at": NOW + SECOND}, True),
        ({"due": NOW, "extension": NOW + DAY, "submitted_at": NOW + SECOND}, False),
        ({"due": NOW, "cutoff": NOW + DAY, "submitted_at": NOW + SECOND}, True),
        ({"extension": NOW, "submitted_at": NOW + SECOND}, True),
        ({"cutoff": NOW, "submitted_at": NOW + SECOND}, False),
        ({"due": NOW}, False),
        ({"submitted_at": NOW}, False),
    ],
)
def test_late_work_may_be_capped_after_it_was_assessed(facts: dict[str, Any], late: bool) -> None:
    policy = BTEC_DEFAULT.override(late_cap=Grade.P)
    marking = mark("4", now=NOW, **facts)
    assert grade_of(marking, policy) == (("LATE_CAP", "P", "P") if late else ("DISTINCTION", "D", "D"))
    assert decide(marking, policy).capped_from is (Grade.D if late else None)
    assert grade_of(mark("2", now=NOW, **facts), policy)[0] == "PASS"
    assert grade_of(marking) == ("DISTINCTION", "D", "D")


LATE: dict[str, Any] = {"due": NOW, "submitted_at": NOW + SECOND, "now": NOW}


@pytest.mark.parametrize(
    ("reassessment", "late", "raw", "expected"),
    [
        (Grade.P, Grade.P, "4", "REASSESSMENT_CAP P"),
        (Grade.P, Grade.M, "4", "REASSESSMENT_CAP P"),
        (Grade.M, Grade.P, "4", "LATE_CAP P"),
        (Grade.M, Grade.P, "3", "LATE_CAP P"),
        (Grade.M, None, "4", "REASSESSMENT_CAP M"),
        (None, Grade.M, "4", "LATE_CAP M"),
        (None, Grade.M, "3", "MERIT M"),
    ],
)
def test_of_two_caps_the_lower_one_holds(
    reassessment: Grade | None, late: Grade | None, raw: str, expected: str
) -> None:
    policy = BTEC_DEFAULT.override(reassessment_cap=reassessment, late_cap=late)
    decision = decide(mark(raw, attempt=1, **LATE), policy)
    assert f"{decision.rule} {decision.grade}" == expected


def test_a_cap_at_merit_leaves_a_merit_alone() -> None:
    policy = BTEC_DEFAULT.override(reassessment_cap=Grade.M)
    assert grade_of(mark("3", attempt=1), policy) == ("MERIT", "M", "M")
    assert grade_of(mark("4", attempt=1), policy) == ("REASSESSMENT_CAP", "M", "M")
    assert decide(mark("4", attempt=1), policy).capped_from is Grade.D
    assert grade_of(mark("70", attempt=1, scale=Scale.PERCENT), policy) == ("REASSESSMENT_CAP", "M", "M")


@pytest.mark.parametrize(
    ("marking", "published", "settled"),
    [
        pytest.param(
            mark("3.5", feedback="Good work but wrong assignment. Code: 01122"),
            "F",
            "F",
            id="1 invalid submission",
        ),
        pytest.param(mark(None, submitted=False), "F", "F", id="2 no submission"),
        pytest.param(mark("1.5", feedback="Needs improvement"), "R", "R", id="3 first attempt refer"),
        pytest.param(
            mark("1.8", attempt=1, feedback="Still not meeting criteria"),
            "R",
            "RR",
            id="4 second attempt refer",
        ),
        pytest.param(mark("2.5", attempt=1, feedback="Much better!"), "P", "P", id="5 second attempt pass"),
    ],
)
def test_the_five_cases_of_the_conversion_guide(marking: Marking, published: str, settled: str) -> None:
    decision = decide(marking)
    assert (decision.grade, decision.settled) == (published, settled)
    assert decision.published == published


def test_a_policy_that_settles_immediately_publishes_the_settled_grade() -> None:
    at_once = BTEC_DEFAULT.override(settle=SettleMode.IMMEDIATELY)
    decision = decide(mark("1.8", attempt=1), at_once)
    assert (decision.grade, decision.settled, decision.published) == (Grade.R, Grade.RR, Grade.RR)
    assert decide(mark("1.8"), at_once).published is Grade.R


def test_only_a_fail_for_nothing_handed_in_is_automatic() -> None:
    assert decide(mark(None, submitted=False)).is_automatic
    assert not decide(mark("0")).is_automatic
    assert not decide(mark("3", feedback="01122")).is_automatic


def test_a_judgement_is_one_of_a_few_constants() -> None:
    assert judge(mark("2.5"), BTEC_DEFAULT) is judge(mark("2.9", attempt=1), BTEC_DEFAULT)
    assert decide(mark("2.5")).verdict is judge(mark("2.5"), BTEC_DEFAULT)


def test_a_verdict_settles_to_its_own_grade_unless_said_otherwise() -> None:
    assert Verdict(rule=RuleId.PASS, grade=Grade.P).settled is Grade.P
    assert Verdict(rule=RuleId.BELOW_PASS, grade=Grade.R, settled=Grade.RR).settled is Grade.RR


def test_the_rules_stand_in_the_order_in_which_they_are_asked() -> None:
    assert list(RuleId) == [
        "NOT_RELEASED",
        "EXPLICIT_LETTER",
        "REASSESSED_AFTER_PASS",
        "NOT_PERMITTED",
        "INVALID_SUBMISSION",
        "AWAITING_SUBMISSION",
        "NO_SUBMISSION",
        "UNKNOWN_SCALE",
        "UNGRADED",
        "OFF_SCALE",
        "EXPLICIT_ZERO",
        "BELOW_PASS",
        "PASS",
        "REASSESSMENT_CAP",
        "LATE_CAP",
        "MERIT",
        "DISTINCTION",
    ]
