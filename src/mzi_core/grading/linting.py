"""What is wrong with a policy, found by judging with it all over the grid of inputs."""

import html
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise, product

import attrs

from mzi_core.grading.grade import Grade
from mzi_core.grading.marking import RELEASED, UNGRADED, Marking, Scale
from mzi_core.grading.policy import GradingPolicy
from mzi_core.grading.rules import RuleId, Verdict, judge

Judge = Callable[[Marking, GradingPolicy], Verdict]


class LintRule(StrEnum):
    """What a policy is checked for."""

    THRESHOLDS_IN_ORDER = "thresholds in order"
    THRESHOLD_ON_SCALE = "threshold on scale"
    RULE_REACHABLE = "rule reachable"
    MORE_IS_NEVER_WORSE = "more is never worse"
    CAP_IS_IDEMPOTENT = "cap is idempotent"


@attrs.frozen
class LintFinding:
    """One thing that is wrong, as a sentence for whoever saves the policy."""

    check: LintRule
    sentence: str


def lint(policy: GradingPolicy, judge: Judge = judge) -> tuple[LintFinding, ...]:
    """Everything that is wrong with `policy`; nothing for one that may be saved.

    That every point of the grid has exactly one rule needs no check: a judgement is a function that returns
    once. With the built-in `judge` marks are compared from below and a cap is looked up, so more is never
    worse and caps are idempotent whatever the thresholds are; these two checks watch over a changed `judge`.
    What a policy by itself can get wrong is its thresholds, and rules that can never hold.
    """
    problems: list[LintFinding] = []
    for scale in Scale:
        problems += _thresholds(policy, scale)
        problems += _unreachable(policy, scale, judge)
        problems += _worse_for_more(policy, scale, judge)
        problems += _capped_twice(policy, scale, judge)
    return tuple(problems)


def _thresholds(policy: GradingPolicy, scale: Scale) -> Iterator[LintFinding]:
    limits = policy.thresholds(scale)
    if not limits.pass_from < limits.merit_from < limits.distinction_from:
        yield LintFinding(
            LintRule.THRESHOLDS_IN_ORDER,
            f"On the scale {scale} Pass begins at {limits.pass_from}, Merit at {limits.merit_from} and "
            f"Distinction at {limits.distinction_from}; each must begin above the one before",
        )
    for name, value in attrs.asdict(limits).items():
        if not 0 < value <= scale.maximum:
            yield LintFinding(
                LintRule.THRESHOLD_ON_SCALE,
                f"On the scale {scale} {name} is {value}; it must be above 0 and at most {scale.maximum}",
            )


def _unreachable(policy: GradingPolicy, scale: Scale, judge: Judge) -> Iterator[LintFinding]:
    in_force = {
        RuleId.NOT_RELEASED: policy.release_gating,
        RuleId.INVALID_SUBMISSION: policy.invalid_code is not None,
        RuleId.EXPLICIT_ZERO: scale is Scale.BTEC_0_4,
        RuleId.REASSESSMENT_CAP: policy.reassessment_cap is not None,
    }
    marks = (None, UNGRADED, *_marks(policy, scale))
    held = {
        judge(attrs.evolve(situation, raw=raw), policy).rule
        for situation, raw in product(_situations(policy, scale), marks)
    }
    for rule in RuleId:
        if in_force.get(rule, True) and rule not in held:
            yield LintFinding(LintRule.RULE_REACHABLE, f"On the scale {scale} the rule {rule} can never hold")


def _worse_for_more(policy: GradingPolicy, scale: Scale, judge: Judge) -> Iterator[LintFinding]:
    marks = _marks(policy, scale)
    for situation in _situations(policy, scale):
        grades = [(raw, judge(attrs.evolve(situation, raw=raw), policy).grade) for raw in marks]
        for (less, better), (more, worse) in pairwise(pair for pair in grades if pair[1].is_final):
            if worse.rank < better.rank:
                yield LintFinding(
                    LintRule.MORE_IS_NEVER_WORSE,
                    f"On the scale {scale} the mark {less} earns {better}, but {more} earns {worse}",
                )
                return


def _capped_twice(policy: GradingPolicy, scale: Scale, judge: Judge) -> Iterator[LintFinding]:
    """Whether a mark that earns exactly a capped grade keeps it on a second attempt."""
    first, second = Marking(scale=scale), Marking(scale=scale, attempt=1)
    capped = {
        judge(attrs.evolve(first, raw=raw), policy).grade: judge(attrs.evolve(second, raw=raw), policy).grade
        for raw in _marks(policy, scale)
    }
    for grade, once in capped.items():
        twice = capped.get(once, once)
        if twice is not once:
            yield LintFinding(
                LintRule.CAP_IS_IDEMPOTENT,
                f"On the scale {scale} a reassessed {grade} becomes {once}, but a reassessed {once} {twice}",
            )


def _marks(policy: GradingPolicy, scale: Scale) -> list[Decimal]:
    """Marks on the scale in order: its ends, and at, just below and just above every threshold."""
    near = {limit + step for limit in attrs.astuple(policy.thresholds(scale)) for step in (-_STEP, 0, _STEP)}
    return sorted({mark for mark in near if 0 <= mark <= scale.maximum} | {Decimal(0), scale.maximum})


def _situations(policy: GradingPolicy, scale: Scale) -> Iterator[Marking]:
    """Every combination of the inputs other than the mark, a few values of each that matter."""
    code = html.escape(policy.invalid_code or "")
    feedback = ("", f"Code: {code}.", f"07{code}33")
    handed_in = ((True, None), (False, None), (False, _NOW), (False, _NOW - timedelta(seconds=1)))
    for letter, workflow, text, (submitted, due), attempt in product(
        (None, Grade.P), (None, "inmarking", RELEASED), feedback, handed_in, (0, 1, 2)
    ):
        yield Marking(
            scale=scale,
            letter=letter,
            workflow=workflow,
            feedback=text,
            submitted=submitted,
            due=due,
            now=_NOW,
            attempt=attempt,
        )


# The least by which two marks in Moodle can differ.
_STEP = Decimal("0.00001")

# Any moment does: only which side of the deadline it is on matters.
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
