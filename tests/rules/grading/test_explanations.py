"""What a decision says of itself: sentences in two languages, warnings, and the trace as data."""

import json
import re
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from tests.repetitions import often
from tests.rules.grading.given import DAY, NOW, markings, policies, refused

from mzi_core.grading import (
    BTEC_DEFAULT,
    PEARSON_HIGHER_NATIONAL,
    Criterion,
    Decision,
    Grade,
    GradingPolicy,
    Language,
    Marking,
    RuleId,
    Scale,
    SettleMode,
    WarningId,
    decide,
)

AT_ONCE = BTEC_DEFAULT.override(settle=SettleMode.IMMEDIATELY)


def decided(raw: str | None, policy: GradingPolicy = BTEC_DEFAULT, **facts: Any) -> Decision:
    return decide(Marking(raw=None if raw is None else Decimal(raw), **facts), policy)


P1 = Criterion(code="P1", achieved=True)
NO_P1 = Criterion(code="P1", achieved=False)
M1 = Criterion(code="M1", achieved=True)
NO_M1 = Criterion(code="M1", achieved=False)


# Isolates around the values in Arabic are left out of these tables.
SENTENCES = [
    (
        decided("4", letter="M"),
        "Merit: this grade was recorded as it was given and was not worked out from a mark.",
        "جدارة (Merit): سُجّلت هذه العلامة كما أُعطيت، ولم تُحسب من درجة رقمية.",
    ),
    (
        decided("4", workflow="inmarking"),
        "Not graded yet: the marking of this work has not been released.",
        "لم تُرصد العلامة بعد: لم تُعلن نتيجة تقييم هذا العمل حتى الآن.",
    ),
    (
        decided("4", feedback="01122"),
        "Fail: the work handed in is not valid (code 01122), which is as if nothing had come.",
        "رسوب (Fail): عُدّ العمل المسلَّم غير صالح (الرمز 01122)، ويُعامل كأنه لم يُسلَّم أي عمل.",
    ),
    (
        decided(None, submitted=False, due=NOW - DAY, extension=NOW + DAY, now=NOW),
        "Not graded yet: nothing has been handed in so far, and work is accepted until 2026-02-10 12:00 UTC.",
        "لم تُرصد العلامة بعد: لم يُسلَّم أي عمل حتى الآن، ويُقبل التسليم حتى 2026-02-10 12:00 UTC.",
    ),
    (
        decided(None, submitted=False, due=NOW - DAY, now=NOW),
        "Fail: nothing was handed in by 2026-02-08 12:00 UTC.",
        "رسوب (Fail): لم يُسلَّم أي عمل حتى 2026-02-08 12:00 UTC.",
    ),
    (
        decided(None, submitted=False),
        "Fail: nothing was handed in.",
        "رسوب (Fail): لم يُسلَّم أي عمل.",
    ),
    (
        decided("-1"),
        "Not graded yet: the work was handed in and has no mark so far.",
        "لم تُرصد العلامة بعد: سُلِّم العمل ولم توضع له درجة حتى الآن.",
    ),
    (
        decided("0.00000"),
        "Fail: the work was given the mark 0.",
        "رسوب (Fail): أُعطي العمل الدرجة 0.",
    ),
    (
        decided("1.50000"),
        "Refer: the mark 1.5 on attempt 1 is below 2, where a Pass begins.",
        "إعادة (Refer): الدرجة 1.5 في المحاولة رقم 1 أقل من 2، وهي الدرجة التي يبدأ عندها النجاح.",
    ),
    (
        decided(None),
        "Refer: the work of attempt 1 was handed in and given no mark, which is no Pass.",
        "إعادة (Refer): سُلِّم العمل في المحاولة رقم 1 ولم يُعطَ درجة، فلم يبلغ حدّ النجاح.",
    ),
    (
        decided("1.8", attempt=1),
        "Refer: the mark 1.8 on attempt 2 is below 2, where a Pass begins. "
        "A Refer on attempt 2 becomes a Double Refer when grades are settled.",
        "إعادة (Refer): الدرجة 1.8 في المحاولة رقم 2 أقل من 2، وهي الدرجة التي يبدأ عندها النجاح. "
        "وتصبح الإعادة في المحاولة رقم 2 إعادة مزدوجة (Double Refer) عند تثبيت العلامات.",
    ),
    (
        decided("1.8", AT_ONCE, attempt=2),
        "Double Refer: the mark 1.8 on attempt 3 is below 2, where a Pass begins. "
        "A Refer on attempt 3 counts as a Double Refer.",
        "إعادة مزدوجة (Double Refer): الدرجة 1.8 في المحاولة رقم 3 أقل من 2، "
        "وهي الدرجة التي يبدأ عندها النجاح. "
        "وتُعدّ الإعادة في المحاولة رقم 3 إعادة مزدوجة (Double Refer).",
    ),
    (
        decided(None, attempt=1),
        "Refer: the work of attempt 2 was handed in and given no mark, which is no Pass. "
        "A Refer on attempt 2 becomes a Double Refer when grades are settled.",
        "إعادة (Refer): سُلِّم العمل في المحاولة رقم 2 ولم يُعطَ درجة، فلم يبلغ حدّ النجاح. "
        "وتصبح الإعادة في المحاولة رقم 2 إعادة مزدوجة (Double Refer) عند تثبيت العلامات.",
    ),
    (
        decided("2.50000"),
        "Pass: the mark 2.5 reaches 2, where a Pass begins; a Merit takes 3.",
        "نجاح (Pass): بلغت الدرجة 2.5 حدّ النجاح وهو 2، ويبدأ تقدير الجدارة عند 3.",
    ),
    (
        decided("4", PEARSON_HIGHER_NATIONAL, attempt=1),
        "Pass: the mark 4 would have earned a Distinction, but attempt 2 is a reassessment, "
        "which can earn no more than a Pass.",
        "نجاح (Pass): كانت الدرجة 4 تستحق تقدير امتياز (Distinction)، لكن المحاولة رقم 2 إعادة تقييم، "
        "ولا يُمنح فيها تقدير أعلى من نجاح (Pass).",
    ),
    (
        decided("3"),
        "Merit: the mark 3 reaches 3, where a Merit begins; a Distinction takes 4.",
        "جدارة (Merit): بلغت الدرجة 3 حدّ الجدارة وهو 3، ويبدأ تقدير الامتياز عند 4.",
    ),
    (
        decided("85.5", scale=Scale.PERCENT),
        "Distinction: the mark 85.5% reaches 70%, where a Distinction begins.",
        "امتياز (Distinction): بلغت الدرجة 85.5% حدّ الامتياز وهو 70%.",
    ),
    (
        decided("50", scale=Scale.PERCENT),
        "Pass: the mark 50% reaches 40%, where a Pass begins; a Merit takes 60%.",
        "نجاح (Pass): بلغت الدرجة 50% حدّ النجاح وهو 40%، ويبدأ تقدير الجدارة عند 60%.",
    ),
    (
        decided("1", PEARSON_HIGHER_NATIONAL, attempt=1, before="M"),
        "Merit: this work had already passed, so its grade stands.",
        "جدارة (Merit): سبق أن اجتاز هذا العمل التقييم، فيبقى تقديره.",
    ),
    (
        decided("4", PEARSON_HIGHER_NATIONAL, attempt=2),
        "Not graded yet: attempt 3 is not permitted, so the earlier grade stands.",
        "لم تُرصد العلامة بعد: المحاولة رقم 3 غير مسموح بها، فيبقى التقدير السابق.",
    ),
    (
        decided("4", BTEC_DEFAULT.override(late_cap=Grade.P), due=NOW - DAY, submitted_at=NOW, now=NOW),
        "Pass: the mark 4 would have earned a Distinction, but the work was late, "
        "and late work can earn no more than a Pass.",
        "نجاح (Pass): كانت الدرجة 4 تستحق تقدير امتياز (Distinction)، لكن العمل سُلِّم متأخرًا، "
        "ولا يُمنح العمل المتأخر تقديرًا أعلى من نجاح (Pass).",
    ),
    (
        decided("2", items=("Fail", "Pass")),
        "Not graded yet: nobody has said what the items of its scale mean (Fail, Pass).",
        "لم تُرصد العلامة بعد: لم يُحدَّد معنى عناصر مقياس التقييم (Fail, Pass).",
    ),
    (
        decided("5"),
        "Not graded yet: the mark 5 is outside 0 to 4, where marks can be.",
        "لم تُرصد العلامة بعد: الدرجة 5 خارج المدى من 0 إلى 4.",
    ),
]


@pytest.mark.parametrize(("decision", "english", "arabic"), SENTENCES, ids=str)
def test_a_decision_explains_itself_in_english_and_arabic(
    decision: Decision, english: str, arabic: str
) -> None:
    assert decision.explain("en") == english
    assert decision.explain() == english
    assert re.sub("[\u2068\u2069]", "", decision.explain("ar")) == arabic


def test_every_rule_and_both_ways_of_settling_stand_in_the_tables_above() -> None:
    assert {decision.rule for decision, _, _ in SENTENCES} == set(RuleId)


def test_every_grade_has_its_word_in_both_languages() -> None:
    words = [
        [decided(None, letter=grade).explain(language).partition(":")[0] for grade in Grade]
        for language in Language
    ]
    assert words == [
        ["Fail", "Refer", "Double Refer", "Pass", "Merit", "Distinction", "Not graded yet"],
        [
            "رسوب (Fail)",
            "إعادة (Refer)",
            "إعادة مزدوجة (Double Refer)",
            "نجاح (Pass)",
            "جدارة (Merit)",
            "امتياز (Distinction)",
            "لم تُرصد العلامة بعد",
        ],
    ]


def test_values_in_arabic_are_isolated_so_that_a_date_is_not_read_backwards() -> None:
    decision = decided(None, submitted=False, due=NOW, now=NOW)
    assert "\u20682026-02-09 12:00 UTC\u2069." in decision.explain("ar")
    assert "\u2068" not in decision.explain("en")


def test_times_are_told_in_the_zone_of_the_college() -> None:
    decision = decided(None, submitted=False, due=NOW, now=NOW)
    amman = timezone(timedelta(hours=3))
    assert decision.explain("en", amman).endswith("until 2026-02-09 15:00 UTC+03:00.")


def test_another_language_is_refused() -> None:
    with refused("'fr' is not a valid Language"):
        decided("3").explain("fr")


@settings(max_examples=often(100, gate=30), deadline=None)
@given(marking=markings, policy=policies)
def test_every_decision_has_a_whole_sentence_in_both_languages(
    marking: Marking, policy: GradingPolicy
) -> None:
    decision = decide(marking, policy)
    english, arabic = decision.explain("en"), decision.explain("ar")
    for text in (english, arabic):
        assert text.endswith(".")
        assert not re.search(r"[{}]|None", text)
    assert re.search("[\u0600-\u06ff]", arabic)
    assert not re.search("[\u0600-\u06ff]", english)
    if decision.settled is not decision.grade:
        assert "Double Refer" in english
        assert "Double Refer" in arabic


def test_a_trace_shows_the_values_that_the_reached_rules_looked_at() -> None:
    decision = decided(
        "2.50000",
        PEARSON_HIGHER_NATIONAL,
        feedback="<p>Good</p>",
        workflow="released",
        attempt=1,
        due=NOW,
        now=NOW,
    )
    steps = [(step.rule.value, step.outcome.value, dict(step.saw)) for step in decision.trace]
    raw = Decimal("2.50000")
    assert steps == [
        ("NOT_RELEASED", "not held", {"release_gating": True, "workflow": "released"}),
        ("EXPLICIT_LETTER", "not held", {"letter": None}),
        ("REASSESSED_AFTER_PASS", "not held", {"one_reassessment": True, "before": None}),
        ("NOT_PERMITTED", "not held", {"one_reassessment": True, "attempt": 1, "repeats_unit": False}),
        ("INVALID_SUBMISSION", "not held", {"invalid_code": "01122", "found": None}),
        ("AWAITING_SUBMISSION", "not held", {"submitted": True, "deadline": NOW, "now": NOW}),
        ("NO_SUBMISSION", "not held", {"submitted": True}),
        ("UNKNOWN_SCALE", "not held", {"scale": Scale.BTEC_0_4, "items": None}),
        ("UNGRADED", "not held", {"raw": raw, "scale": Scale.BTEC_0_4, "null_means_refer": True}),
        ("OFF_SCALE", "not held", {"raw": raw, "lowest": Decimal(0), "highest": Decimal(4)}),
        ("EXPLICIT_ZERO", "not held", {"points": raw, "scale": Scale.BTEC_0_4}),
        ("BELOW_PASS", "not held", {"points": raw, "pass_from": Decimal(2), "attempt": 1, "before": None}),
        ("PASS", "held", {"points": raw, "pass_from": Decimal(2), "merit_from": Decimal(3)}),
        ("REASSESSMENT_CAP", "not reached", {}),
        ("LATE_CAP", "not reached", {}),
        ("MERIT", "not reached", {}),
        ("DISTINCTION", "not reached", {}),
    ]


def test_a_trace_quotes_the_feedback_around_the_code_and_no_more_of_it() -> None:
    def found(feedback: str, code: str | None = "01122") -> object:
        policy = BTEC_DEFAULT.override(invalid_code=code)
        return decided("3", policy, feedback=feedback).trace[4].saw["found"]

    assert found("<p>This is the wrong assignment. Code: 01122. Please hand in again.</p>") == (
        "nt. Code: 01122. Please h"
    )
    assert found("A long text without it") is None
    assert found("A long text without one", None) is None


def test_a_trace_shows_the_item_that_was_chosen_and_no_threshold() -> None:
    items = ("Refer", "Pass", "Merit")
    steps = {step.rule: dict(step.saw) for step in decided("3", items=items).trace}
    assert steps[RuleId.UNKNOWN_SCALE] == {"scale": Scale.BTEC_0_4, "items": "Refer, Pass, Merit"}
    assert steps[RuleId.OFF_SCALE] == {"raw": Decimal(3), "lowest": Decimal(1), "highest": Decimal(3)}
    assert steps[RuleId.BELOW_PASS] == {"item": "Merit", "attempt": 0, "before": None}
    assert steps[RuleId.MERIT] == {"item": "Merit"}


def test_a_trace_shows_a_share_with_moodles_decimals_unless_they_would_cross_a_threshold() -> None:
    steps = {step.rule: step.saw for step in decided("5", maximum=Decimal(7)).trace}
    assert steps[RuleId.DISTINCTION]["points"] == Decimal("71.42857")
    close = decided("39.9999999", scale=Scale.PERCENT).trace
    assert close[-7].saw["points"] == Decimal("39.9999999")


def test_a_trace_to_the_end_shows_the_cap_and_the_thresholds_of_the_scale() -> None:
    steps = {step.rule: dict(step.saw) for step in decided("85.5", scale=Scale.PERCENT).trace}
    raw = Decimal("85.5")
    assert steps[RuleId.PASS] == {"points": raw, "pass_from": Decimal(40), "merit_from": Decimal(60)}
    assert steps[RuleId.REASSESSMENT_CAP] == {
        "points": raw,
        "merit_from": Decimal(60),
        "distinction_from": Decimal(70),
        "attempt": 0,
        "repeats_unit": False,
        "reassessment_cap": None,
    }
    assert steps[RuleId.LATE_CAP] == {
        "points": raw,
        "merit_from": Decimal(60),
        "distinction_from": Decimal(70),
        "is_late": False,
        "late_cap": None,
    }
    assert steps[RuleId.MERIT] == {"points": raw, "merit_from": Decimal(60), "distinction_from": Decimal(70)}
    assert steps[RuleId.DISTINCTION] == {"points": raw, "distinction_from": Decimal(70)}


def test_a_decision_is_plain_json_with_numbers_and_times_as_text() -> None:
    decision = decided(
        "3.00000",
        PEARSON_HIGHER_NATIONAL,
        attempt=1,
        due=NOW,
        now=NOW,
        criteria=(Criterion(code="P1", achieved=False),),
    )
    data = decision.as_data()
    assert json.loads(json.dumps(data)) == data
    assert [type(value) for value in (data["grade"], data["rule"], data["capped_from"])] == [str] * 3
    trace = data.pop("trace")
    assert data == {
        "grade": "P",
        "settled": "P",
        "published": "P",
        "rule": "REASSESSMENT_CAP",
        "policy": {"name": "pearson-higher-national", "version": "2"},
        "capped_from": "M",
        "warnings": ["CRITERIA_MISMATCH"],
    }
    assert isinstance(trace, list)
    assert len(trace) == 17
    assert trace[5] == {
        "rule": "AWAITING_SUBMISSION",
        "outcome": "not held",
        "saw": {"submitted": True, "deadline": NOW.isoformat(), "now": NOW.isoformat()},
    }
    assert trace[13] == {
        "rule": "REASSESSMENT_CAP",
        "outcome": "held",
        "saw": {
            "points": "3.00000",
            "merit_from": "3",
            "distinction_from": "4",
            "attempt": 1,
            "repeats_unit": False,
            "reassessment_cap": "P",
        },
    }
    assert [type(value) for value in trace[13]["saw"].values()] == [str, str, str, int, bool, str]
    assert trace[15] == {"rule": "MERIT", "outcome": "not reached", "saw": {}}


def test_an_uncapped_decision_without_warnings_says_so_in_json() -> None:
    data = decided("1", AT_ONCE, attempt=1).as_data()
    assert (data["grade"], data["settled"], data["published"]) == ("R", "RR", "RR")
    assert data["capped_from"] is None
    assert data["warnings"] == []


@settings(max_examples=often(100, gate=30), deadline=None)
@given(marking=markings, policy=policies)
def test_every_decision_is_plain_json(marking: Marking, policy: GradingPolicy) -> None:
    data = decide(marking, policy).as_data()
    assert json.loads(json.dumps(data)) == data


@pytest.mark.parametrize(
    ("decision", "warned"),
    [
        (decided("3", criteria=(P1, M1)), False),
        (decided("3", criteria=(P1, NO_M1)), True),
        (decided("2", criteria=(P1, M1)), True),
        (decided("4", letter="P", criteria=(P1, NO_M1)), False),
        (decided("4", letter="M", criteria=(P1, NO_M1)), True),
        (decided("1", criteria=(NO_P1,)), False),
        (decided("1", letter="RR", criteria=(NO_P1,)), False),
        (decided("0", criteria=(NO_P1,)), False),
        (decided("0", criteria=(P1,)), True),
        (decided("1", criteria=(P1,)), True),
        (decided("-1", criteria=(P1,)), False),
        (decided("3", feedback="01122", criteria=(P1,)), False),
        (decided(None, submitted=False, criteria=(P1,)), False),
        (decided("3"), False),
        (decided("3", criteria=(Criterion(code="LO1", achieved=False),)), False),
        (decided("3", PEARSON_HIGHER_NATIONAL, attempt=1, criteria=(P1, M1)), False),
        (decided("2", PEARSON_HIGHER_NATIONAL, attempt=1, criteria=(P1, M1)), False),
        (decided(None, PEARSON_HIGHER_NATIONAL, letter="P", attempt=1, criteria=(P1, M1)), False),
        (decided(None, PEARSON_HIGHER_NATIONAL, letter="M", attempt=1, criteria=(P1, M1)), True),
        (decided("2", PEARSON_HIGHER_NATIONAL, attempt=1, criteria=(NO_P1,)), True),
        (decided("2", PEARSON_HIGHER_NATIONAL, criteria=(P1, M1)), True),
        (decided("2", criteria=(P1, M1), attempt=1), True),
    ],
    ids=repr,
)
def test_criteria_that_imply_another_grade_are_a_warning_and_change_nothing(
    decision: Decision, warned: bool
) -> None:
    assert (WarningId.CRITERIA_MISMATCH in decision.warnings) is warned


@pytest.mark.parametrize(
    ("codes", "warned"), [("P1 M1 LO1.2", False), ("P1 M10", True), ("P1a", True), ("", False)]
)
def test_a_code_that_cannot_be_read_is_a_warning_and_changes_nothing(codes: str, warned: bool) -> None:
    criteria = tuple(Criterion(code=code, achieved=True) for code in codes.split())
    decision = decided("-1", criteria=criteria)
    assert decision.warnings == ((WarningId.UNKNOWN_CRITERION,) if warned else ())


NOTHING: dict[str, Any] = {"submitted": False, "due": NOW - DAY, "now": NOW}


@pytest.mark.parametrize(
    ("decision", "warned"),
    [
        (decided("4", letter="M", feedback="Code: 01122"), ["LETTER_AGAINST_CODE"]),
        (decided("4", letter="R", feedback="Code: 01122"), ["LETTER_AGAINST_CODE"]),
        (decided("4", letter="F", feedback="Code: 01122"), []),
        (decided("4", letter="PENDING", feedback="Code: 01122"), []),
        (decided("4", letter="M", feedback="Code: 0112233"), []),
        (decided("4", BTEC_DEFAULT.override(invalid_code=None), letter="M", feedback="01122"), []),
        (decided("4", feedback="Code: 01122"), []),
        (decided(None, PEARSON_HIGHER_NATIONAL, letter="M", attempt=1), ["OVER_CAP"]),
        (decided(None, PEARSON_HIGHER_NATIONAL, letter="P", attempt=1), []),
        (decided(None, PEARSON_HIGHER_NATIONAL, letter="M"), []),
        (decided(None, letter="M", attempt=1), []),
        (decided("4", PEARSON_HIGHER_NATIONAL, attempt=1), []),
        (decided("0.01", **NOTHING), ["MARK_WITHOUT_WORK"]),
        (decided("0", **NOTHING), []),
        (decided("-1", **NOTHING), []),
        (decided(None, **NOTHING), []),
        (decided("2", submitted=None), []),
        (decided("3", submitted=False, due=NOW, now=NOW), []),
        (decided("3", submitted=False, feedback="01122"), []),
        (decided("3", letter="F", submitted=False), ["MARK_WITHOUT_WORK"]),
        (decided(None, letter="P", submitted=False), ["MARK_WITHOUT_WORK"]),
        (decided(None, letter="R", submitted=False), []),
        (decided("0", letter="F", submitted=False), []),
        (decided("3", letter="P", submitted=None), []),
        (decided("3", workflow="bogusstate"), ["UNKNOWN_WORKFLOW"]),
        (decided("2", before="M"), ["LOWER_THAN_BEFORE"]),
        (decided("1", before="P", attempt=1), ["LOWER_THAN_BEFORE"]),
        (decided(None, before="D", letter="M"), ["LOWER_THAN_BEFORE"]),
        (
            decided("4", PEARSON_HIGHER_NATIONAL.override(one_reassessment=False), before="M", attempt=1),
            ["LOWER_THAN_BEFORE"],
        ),
        (decided("3", before="M"), []),
        (decided("-1", before="M"), []),
        (decided("1", before="R"), []),
        (decided("1", PEARSON_HIGHER_NATIONAL, before="M", attempt=1), []),
        (decided("1", PEARSON_HIGHER_NATIONAL, before="M", attempt=1, criteria=(NO_P1,)), []),
        (decided("1", PEARSON_HIGHER_NATIONAL, repeats_unit=True, letter="M"), ["OVER_CAP"]),
        (decided("3", workflow="draft", letter="P"), ["UNKNOWN_WORKFLOW"]),
        (decided("3", workflow=""), []),
        (decided("3", workflow=" InMarking "), []),
        (decided("3", workflow="released"), []),
        (
            decided(
                "4",
                PEARSON_HIGHER_NATIONAL,
                letter="M",
                attempt=1,
                submitted=False,
                feedback="01122",
                workflow="x",
                criteria=(Criterion(code="P1", achieved=True), Criterion(code="Q", achieved=True)),
            ),
            [
                *("CRITERIA_MISMATCH", "UNKNOWN_CRITERION", "LETTER_AGAINST_CODE", "OVER_CAP"),
                *("MARK_WITHOUT_WORK", "UNKNOWN_WORKFLOW"),
            ],
        ),
    ],
    ids=repr,
)
def test_what_a_person_should_look_at_is_a_warning(decision: Decision, warned: list[str]) -> None:
    assert list(decision.warnings) == warned


def test_what_the_criteria_allow_is_at_most_the_cap_in_force() -> None:
    def implied(policy: GradingPolicy, attempt: int, *criteria: Criterion) -> Grade | None:
        return decided("3", policy, attempt=attempt, criteria=criteria).implied

    assert implied(PEARSON_HIGHER_NATIONAL, 1, P1, M1) is Grade.P
    assert implied(PEARSON_HIGHER_NATIONAL, 0, P1, M1) is Grade.M
    assert implied(PEARSON_HIGHER_NATIONAL, 1, NO_P1) is Grade.R
    assert implied(BTEC_DEFAULT, 1, P1, M1) is Grade.M
    assert implied(PEARSON_HIGHER_NATIONAL, 1) is None


@settings(max_examples=often(100, gate=30), deadline=None)
@given(marking=markings, policy=policies)
def test_criteria_never_change_a_grade(marking: Marking, policy: GradingPolicy) -> None:
    assert decide(attrs.evolve(marking, criteria=()), policy).verdict is decide(marking, policy).verdict


def test_a_decision_cannot_be_changed() -> None:
    decision = decided("3")
    for name in ("marking", "policy", "verdict", "grade", "trace"):
        with pytest.raises(AttributeError):
            setattr(decision, name, None)


def test_a_decision_keeps_what_it_was_made_of() -> None:
    marking = Marking(raw=Decimal(3))
    decision = decide(marking, PEARSON_HIGHER_NATIONAL)
    assert decision.marking is marking
    assert decision.policy is PEARSON_HIGHER_NATIONAL
    assert decide(marking).policy is BTEC_DEFAULT
