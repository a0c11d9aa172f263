"""Policies that should not be saved, and what another policy would have made of the past."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from tests.rules.grading.given import DAY, NOW, policies

from mzi_core.grading import (
    BTEC_DEFAULT,
    BUILT_IN,
    PEARSON_HIGHER_NATIONAL,
    PERCENT,
    Grade,
    GradingPolicy,
    LintFinding,
    LintRule,
    Marking,
    Recorded,
    RuleId,
    Scale,
    SimulatedChange,
    Verdict,
    decide,
    judge,
    lint,
    simulate,
)


@pytest.mark.parametrize("policy", list(BUILT_IN.values()), ids=str)
def test_the_built_in_policies_have_no_problem(policy: GradingPolicy) -> None:
    assert lint(policy) == ()
    gated = policy.override(release_gating=True, null_means_refer=False, reassessment_cap=Grade.M)
    assert lint(gated) == ()


@pytest.mark.no_cover  # they take no branch that the bad policies do not
def test_the_policies_of_the_other_tests_have_no_problem() -> None:
    for policy in policies.elements:  # type: ignore[attr-defined]
        assert lint(policy) == ()


def unreachable(rule: str, scale: str = "btec-0-4") -> LintFinding:
    return LintFinding(LintRule.RULE_REACHABLE, f"On the scale {scale} the rule {rule} can never hold")


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        (
            {"merit_from": Decimal(2)},
            (
                LintFinding(
                    LintRule.THRESHOLDS_IN_ORDER,
                    "On the scale btec-0-4 Pass begins at 2, Merit at 2 and Distinction at 4; "
                    "each must begin above the one before",
                ),
                unreachable("PASS"),
            ),
        ),
        (
            {"percent_merit_from": Decimal(70)},
            (
                LintFinding(
                    LintRule.THRESHOLDS_IN_ORDER,
                    "On the scale percent Pass begins at 40, Merit at 70 and Distinction at 70; "
                    "each must begin above the one before",
                ),
                unreachable("MERIT", "percent"),
            ),
        ),
        (
            {"distinction_from": Decimal("4.01")},
            (
                LintFinding(
                    LintRule.THRESHOLD_ON_SCALE,
                    "On the scale btec-0-4 distinction_from is 4.01; it must be above 0 and at most 4",
                ),
                unreachable("DISTINCTION"),
            ),
        ),
        (
            {"percent_pass_from": Decimal(0)},
            (
                LintFinding(
                    LintRule.THRESHOLD_ON_SCALE,
                    "On the scale percent pass_from is 0; it must be above 0 and at most 100",
                ),
                unreachable("BELOW_PASS", "percent"),
            ),
        ),
        ({"pass_from": Decimal("0.001")}, ()),
        (
            {
                "percent_pass_from": Decimal("0.40"),
                "percent_merit_from": Decimal("0.6"),
                "percent_distinction_from": Decimal(1),
            },
            (
                LintFinding(
                    LintRule.PERCENT_IN_HUNDREDTHS,
                    "Thresholds in percent are hundredths: write 40, 60, 100, not 0.4, 0.6, 1",
                ),
            ),
        ),
        ({"percent_pass_from": Decimal("0.4"), "percent_merit_from": Decimal(1)}, ()),
        (
            {"pass_from": Decimal("2.000001"), "merit_from": Decimal("2.00001")},
            (
                LintFinding(
                    LintRule.THRESHOLDS_APART,
                    "On the scale btec-0-4 2.000001 and 2.00001 are closer than the five decimals that "
                    "Moodle keeps of a mark",
                ),
            ),
        ),
        ({"pass_from": Decimal("2.00000"), "merit_from": Decimal("2.00001")}, ()),
        *(
            (
                {"invalid_code": code},
                (
                    LintFinding(
                        LintRule.TELLING_CODE,
                        f"The code {code!r} has fewer than 4 letters or digits, and feedback may have it by "
                        "chance",
                    ),
                ),
            )
            for code in ("0", "-", "A-1.2", "ملف")
        ),
        ({"invalid_code": "A-1.23"}, ()),
        (
            {"null_means_refer": False, "pass_from": Decimal("0.001")},
            (),
        ),
        (
            {"invalid_code": "<01122>", "reassessment_cap": Grade.P},
            (),
        ),
        ({"invalid_code": "<b>123"}, ()),
        ({"invalid_code": "٠١١٢٢"}, ()),
        (
            {"reassessment_cap": Grade.M, "distinction_from": Decimal(5), "merit_from": Decimal(4)},
            (
                LintFinding(
                    LintRule.THRESHOLD_ON_SCALE,
                    "On the scale btec-0-4 distinction_from is 5; it must be above 0 and at most 4",
                ),
                unreachable("REASSESSMENT_CAP"),
                unreachable("DISTINCTION"),
            ),
        ),
    ],
    ids=repr,
)
def test_a_bad_policy_is_told_what_is_wrong_with_it(
    changes: dict[str, Any], problems: tuple[LintFinding, ...]
) -> None:
    assert lint(BTEC_DEFAULT.override(**changes)) == problems


def never(rule: RuleId) -> Any:
    """A judge that has forgotten one rule and holds the marking instead."""

    def forgetful(marking: Marking, policy: GradingPolicy) -> Verdict:
        verdict = judge(marking, policy)
        if verdict.rule is rule:
            return judge(attrs.evolve(marking, letter=Grade.PENDING, workflow=None), policy)
        return verdict

    return forgetful


@pytest.mark.no_cover  # sixteen times through everything that the bad policies go through
@pytest.mark.parametrize("rule", [rule for rule in RuleId if rule is not RuleId.EXPLICIT_LETTER])
def test_a_rule_that_a_judge_has_forgotten_is_unreachable(rule: RuleId) -> None:
    policy = PEARSON_HIGHER_NATIONAL.override(late_cap=Grade.P)
    expected = [unreachable(rule, scale) for scale in Scale]
    if rule in (RuleId.EXPLICIT_ZERO, RuleId.UNKNOWN_SCALE):
        expected = expected[:1]
    assert list(lint(policy, never(rule))) == expected


def test_a_judge_that_ignores_letters_makes_their_rule_unreachable() -> None:
    def deaf(marking: Marking, policy: GradingPolicy) -> Verdict:
        return judge(attrs.evolve(marking, letter=None), policy)

    assert lint(BTEC_DEFAULT, deaf) == tuple(unreachable("EXPLICIT_LETTER", scale) for scale in Scale)


def test_a_judge_that_gives_less_for_more_is_caught_once_a_scale() -> None:
    def upside_down(marking: Marking, policy: GradingPolicy) -> Verdict:
        verdict = judge(marking, policy)
        if verdict.rule is RuleId.DISTINCTION and marking.attempt == 2:
            return attrs.evolve(verdict, grade=Grade.P)
        return verdict

    assert lint(BTEC_DEFAULT, upside_down) == (
        LintFinding(
            LintRule.MORE_IS_NEVER_WORSE, "On the scale btec-0-4 the mark 3.999995 earns M, but 4 earns P"
        ),
        LintFinding(
            LintRule.MORE_IS_NEVER_WORSE, "On the scale percent the mark 69.999995 earns M, but 70 earns P"
        ),
    )


def test_a_settled_grade_that_is_less_for_more_is_caught() -> None:
    def harsh(marking: Marking, policy: GradingPolicy) -> Verdict:
        verdict = judge(marking, policy)
        if verdict.rule is RuleId.MERIT and marking.attempt == 1 and marking.scale is Scale.PERCENT:
            return attrs.evolve(verdict, settled=Grade.RR)
        return verdict

    assert [found for found in lint(BTEC_DEFAULT, harsh) if found.check is LintRule.MORE_IS_NEVER_WORSE] == [
        LintFinding(
            LintRule.MORE_IS_NEVER_WORSE,
            "On the scale percent the mark 59.999995 settles to P, but 60 settles to RR",
        )
    ]


def test_a_grade_that_is_less_half_way_between_two_thresholds_is_caught() -> None:
    def hollow(marking: Marking, policy: GradingPolicy) -> Verdict:
        verdict = judge(marking, policy)
        if verdict.rule is RuleId.MERIT and marking.raw is not None and 64 < marking.raw < 66:
            return attrs.evolve(verdict, grade=Grade.R)
        return verdict

    assert lint(BTEC_DEFAULT, hollow) == (
        LintFinding(
            LintRule.MORE_IS_NEVER_WORSE,
            "On the scale percent the mark 60.00001 earns M, but 65 earns R",
        ),
    )


def test_a_hole_between_two_grades_does_not_hide_that_more_is_worse() -> None:
    def holed(marking: Marking, policy: GradingPolicy) -> Verdict:
        verdict = judge(marking, policy)
        if verdict.rule is RuleId.MERIT and marking.raw != Decimal(3) and marking.scale is Scale.BTEC_0_4:
            return attrs.evolve(verdict, grade=Grade.PENDING)
        if verdict.rule is RuleId.DISTINCTION and marking.scale is Scale.BTEC_0_4:
            return attrs.evolve(verdict, grade=Grade.P)
        return verdict

    assert LintFinding(
        LintRule.MORE_IS_NEVER_WORSE, "On the scale btec-0-4 the mark 3 earns M, but 4 earns P"
    ) in (lint(BTEC_DEFAULT, holed))


def test_only_a_code_that_anybody_may_write_is_no_more_than_a_warning() -> None:
    assert [check for check in LintRule if check.is_warning] == [LintRule.TELLING_CODE]


def test_a_cap_that_goes_on_lowering_is_caught() -> None:
    def one_down(marking: Marking, policy: GradingPolicy) -> Verdict:
        verdict = judge(marking, policy)
        lower = {Grade.D: Grade.M, Grade.M: Grade.P}
        if marking.attempt > 0 and marking.letter is None and marking.scale is Scale.PERCENT:
            return attrs.evolve(verdict, grade=lower.get(verdict.grade, verdict.grade))
        return verdict

    assert lint(BTEC_DEFAULT, one_down) == (
        LintFinding(
            LintRule.CAP_IS_IDEMPOTENT, "On the scale percent a reassessed D becomes M, but a reassessed M P"
        ),
    )


PAST = [
    Recorded.of("noor", decide(Marking(raw=Decimal(3), attempt=1))),
    Recorded.of("tariq", decide(Marking(raw=Decimal(2), attempt=1))),
    Recorded.of("lina", decide(Marking(raw=Decimal("1.5"), attempt=1))),
    Recorded.of("omar", decide(Marking(raw=Decimal(4)))),
]


def test_simulating_another_policy_gives_the_grades_that_would_change_and_why() -> None:
    (change,) = simulate(PEARSON_HIGHER_NATIONAL, PAST)
    assert change == SimulatedChange(
        recorded=PAST[0], decision=decide(PAST[0].marking, PEARSON_HIGHER_NATIONAL)
    )
    assert (change.key, change.before, change.after) == ("noor", (Grade.M, Grade.M), (Grade.P, Grade.P))
    assert change.why() == change.why("en") == change.decision.reason("en")
    assert change.why("ar") == change.decision.reason("ar")
    assert change.decision.rule is RuleId.REASSESSMENT_CAP


def test_a_change_tells_times_in_the_zone_that_is_given() -> None:
    late = Marking(raw=Decimal(4), due=NOW - DAY, submitted_at=NOW, now=NOW)
    amman = ZoneInfo("Asia/Amman")
    policy = BTEC_DEFAULT.override(late_cap=Grade.P)
    (change,) = simulate(policy, [Recorded.of("noor", decide(late))], amman)
    assert "after 8 February 2026, 15:00 (Asia/Amman)" in change.why()


def test_simulating_keeps_the_order_and_sees_a_change_of_the_settled_grade_alone() -> None:
    lenient = BTEC_DEFAULT.override(pass_from=Decimal("1.5"), distinction_from=Decimal("4.5"))
    assert [(change.key, change.before, change.after) for change in simulate(lenient, PAST)] == [
        ("lina", (Grade.R, Grade.RR), (Grade.P, Grade.P)),
        ("omar", (Grade.D, Grade.D), (Grade.M, Grade.M)),
    ]
    unsettled = attrs.evolve(PAST[2], settled=Grade.R)
    (change,) = simulate(BTEC_DEFAULT, [unsettled])
    assert (change.before, change.after) == ((Grade.R, Grade.R), (Grade.R, Grade.RR))


def test_simulating_the_policy_that_decided_changes_nothing() -> None:
    assert list(simulate(BTEC_DEFAULT, PAST)) == []
    assert list(simulate(PERCENT, PAST)) == []


def test_simulating_reads_the_past_one_at_a_time() -> None:
    read = []

    def kept() -> Iterator[Recorded[str]]:
        for recorded in (PAST[1], PAST[0], PAST[2], PAST[0]):
            read.append(recorded.key)
            yield recorded

    changes = simulate(PEARSON_HIGHER_NATIONAL, kept())
    assert next(changes).key == "noor"
    assert read == ["tariq", "noor"]


def test_what_is_recorded_of_a_decision_is_its_marking_and_both_grades() -> None:
    decision = decide(Marking(raw=Decimal("1.5"), attempt=1))
    assert Recorded.of(7, decision) == Recorded(
        key=7, marking=decision.marking, grade=Grade.R, settled=Grade.RR
    )


def test_what_was_found_about_a_policy_is_remembered_as_it_was_spelt() -> None:
    """To look a policy through takes a third of a second; equal ones can be spelt otherwise."""
    times = 0

    def counting(marking: Marking, policy: GradingPolicy) -> Verdict:
        nonlocal times
        times += 1
        return judge(marking, policy)

    wrong = BTEC_DEFAULT.override(pass_from=Decimal("5"))
    found = lint(wrong, counting)
    judged = times
    assert lint(BTEC_DEFAULT.override(pass_from=Decimal("5")), counting) == found
    assert times == judged > 1000
    spelt = lint(BTEC_DEFAULT.override(pass_from=Decimal("5.0")), counting)
    assert times == 2 * judged
    assert "Pass begins at 5.0," in spelt[0].sentence
