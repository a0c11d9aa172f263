"""What is wrong with a policy, found by judging with it all over the grid of inputs."""

import html
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import islice, pairwise, product

import attrs

from mzi_core.grading.grade import Grade
from mzi_core.grading.marking import RELEASED, UNGRADED, Marking
from mzi_core.grading.numbers import written
from mzi_core.grading.policy import LONGEST_NAME, GradingPolicy
from mzi_core.grading.quoting import quoted
from mzi_core.grading.rules import RuleId, Verdict, judge
from mzi_core.grading.scales import Scale

Judge = Callable[[Marking, GradingPolicy], Verdict]


class LintRule(StrEnum):
    """What a policy is checked for."""

    THRESHOLDS_IN_ORDER = "thresholds in order"
    THRESHOLD_ON_SCALE = "threshold on scale"
    THRESHOLDS_APART = "thresholds apart"
    PERCENT_IN_HUNDREDTHS = "percent in hundredths"
    RULE_REACHABLE = "rule reachable"
    MORE_IS_NEVER_WORSE = "more is never worse"
    CAP_IS_IDEMPOTENT = "cap is idempotent"
    TELLING_CODE = "telling code"

    @property
    def is_warning(self) -> bool:
        """Whether a policy may be saved all the same."""
        return self is LintRule.TELLING_CODE


@attrs.frozen
class LintFinding:
    """One thing that is wrong, as a sentence for whoever saves the policy."""

    check: LintRule
    sentence: str


def lint(policy: GradingPolicy, judge: Judge = judge) -> tuple[LintFinding, ...]:
    """Everything that is wrong with `policy`; nothing but warnings for one that may be saved.

    That every point of the grid has exactly one rule needs no check: a judgement is a function that returns
    once. With the built-in `judge` marks are compared from below and a cap is looked up, so more is never
    worse and caps are idempotent whatever the thresholds are; these two checks watch over a changed `judge`.
    What a policy by itself can get wrong is its thresholds, and rules that can never hold.

    It judges some ten thousand times, which takes a third of a second: what was found about the policies
    that were asked about last is remembered.
    """
    return _looked_through(_Spelt(policy), judge)


@attrs.frozen(eq=False)
class _Spelt:
    """A policy that is equal to none in which 2 is spelt 2.0: thresholds are quoted as they were given."""

    policy: GradingPolicy
    text: str = attrs.field(init=False)

    @text.default
    def _spelt(self) -> str:
        return repr(self.policy)

    def __eq__(self, other: object) -> bool:
        """Whether both are spelt alike."""
        return isinstance(other, _Spelt) and self.text == other.text

    def __hash__(self) -> int:
        """That of the text."""
        return hash(self.text)


@lru_cache(maxsize=32)
def _looked_through(spelt: _Spelt, judge: Judge) -> tuple[LintFinding, ...]:
    policy = spelt.policy
    problems = [*_fractions(policy), *_trivial_code(policy)]
    for scale in Scale:
        problems += _thresholds(policy, scale)
        problems += _unreachable(policy, scale, judge)
        problems += _worse_for_more(policy, scale, judge)
        problems += _capped_twice(policy, scale, judge)
    return tuple(problems)


def _fractions(policy: GradingPolicy) -> Iterator[LintFinding]:
    limits = attrs.astuple(policy.percent)
    if all(0 < limit <= 1 for limit in limits):
        said = ", ".join(map(written, limits))
        hundredths = ", ".join(written(limit * 100) for limit in limits)
        yield LintFinding(
            LintRule.PERCENT_IN_HUNDREDTHS,
            f"Thresholds in percent are hundredths: write {hundredths}, not {said}",
        )


def _trivial_code(policy: GradingPolicy) -> Iterator[LintFinding]:
    code = policy.invalid_code
    if code is not None and sum(map(str.isalnum, code)) < FEWEST:
        yield LintFinding(
            LintRule.TELLING_CODE,
            f"The code {quoted(code)} has fewer than {FEWEST} letters or digits, and feedback may have it by "
            "chance",
        )


def _thresholds(policy: GradingPolicy, scale: Scale) -> Iterator[LintFinding]:
    limits = policy.thresholds(scale)
    for less, more in pairwise(attrs.astuple(limits)):
        if 0 < more - less < STEP:
            yield LintFinding(
                LintRule.THRESHOLDS_APART,
                f"On the scale {scale} {less} and {more} are closer than the five decimals that Moodle keeps "
                "of a mark",
            )
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
        RuleId.REASSESSED_AFTER_PASS: policy.one_reassessment,
        RuleId.NOT_PERMITTED: policy.one_reassessment,
        RuleId.INVALID_SUBMISSION: policy.invalid_code is not None,
        RuleId.UNKNOWN_SCALE: scale is Scale.BTEC_0_4,
        RuleId.EXPLICIT_ZERO: scale is Scale.BTEC_0_4,
        RuleId.REASSESSMENT_CAP: policy.reassessment_cap is not None,
        RuleId.LATE_CAP: policy.late_cap is not None,
    }
    marks = (None, UNGRADED, *_marks(policy, scale), scale.maximum + 1)
    held = {
        judge(attrs.evolve(situation, raw=raw), policy).rule
        for situation, raw in product(_situations(policy, scale), marks)
    }
    held.add(judge(Marking(raw=Decimal(1), items=(_NO_WORD,)), policy).rule)
    for rule in RuleId:
        if in_force.get(rule, True) and rule not in held:
            yield LintFinding(LintRule.RULE_REACHABLE, f"On the scale {scale} the rule {rule} can never hold")


_ANSWERS: Mapping[str, Callable[[Verdict], Grade]] = {
    "earns": lambda verdict: verdict.grade,
    "settles to": lambda verdict: verdict.settled,
}


def _worse_for_more(policy: GradingPolicy, scale: Scale, judge: Judge) -> Iterator[LintFinding]:
    """Whether a better mark gets less: at once, and when grades are settled."""
    marks = _marks(policy, scale)
    judged = [
        [(raw, judge(attrs.evolve(situation, raw=raw), policy)) for raw in marks]
        for situation in _situations(policy, scale)
    ]
    for earns, answer in _ANSWERS.items():
        found = (each for row in judged for each in _worse([(raw, answer(verdict)) for raw, verdict in row]))
        for less, better, more, worse in islice(found, 1):
            yield LintFinding(
                LintRule.MORE_IS_NEVER_WORSE,
                f"On the scale {scale} the mark {written(less)} {earns} {better}, "
                f"but {written(more)} {earns} {worse}",
            )


def _worse(row: list[tuple[Decimal, Grade]]) -> Iterator[tuple[Decimal, Grade, Decimal, Grade]]:
    for (less, better), (more, worse) in pairwise(pair for pair in row if pair[1].is_final):
        if worse.rank < better.rank:
            yield less, better, more, worse


def _capped_twice(policy: GradingPolicy, scale: Scale, judge: Judge) -> Iterator[LintFinding]:
    """Whether a mark that earns exactly a capped grade keeps it on a second attempt, settled or not."""
    first, second = Marking(scale=scale), Marking(scale=scale, attempt=1)
    verdicts = [
        (judge(attrs.evolve(first, raw=raw), policy), judge(attrs.evolve(second, raw=raw), policy))
        for raw in _marks(policy, scale)
    ]
    found: dict[tuple[Grade, Grade], Grade] = {}
    for answer in _ANSWERS.values():
        capped = {answer(once): answer(again) for once, again in verdicts}
        found |= {
            (grade, once): capped[once]
            for grade, once in capped.items()
            if once in capped and capped[once].rank != once.rank
        }
    for (grade, once), twice in found.items():
        yield LintFinding(
            LintRule.CAP_IS_IDEMPOTENT,
            f"On the scale {scale} a reassessed {grade} becomes {once}, but a reassessed {once} {twice}",
        )


def _marks(policy: GradingPolicy, scale: Scale) -> list[Decimal]:
    """Marks on the scale in order: its ends, at and around every threshold, and half-way between them."""
    limits = attrs.astuple(policy.thresholds(scale))
    near = {limit + step for limit in limits for step in (-STEP, 0, STEP)} | {Decimal(0), scale.maximum}
    on_scale = sorted(mark for mark in near if 0 <= mark <= scale.maximum)
    return sorted({*on_scale, *((less + more) / 2 for less, more in pairwise(on_scale))})


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

    again = Marking(scale=scale, attempt=1)
    yield attrs.evolve(again, before=Grade.P)
    yield attrs.evolve(again, attempt=2, repeats_unit=True)
    yield Marking(scale=scale, due=_NOW, submitted_at=_NOW + timedelta(seconds=1), now=_NOW)


STEP = Decimal("0.00001")
"""The least by which two marks in Moodle can differ."""

FEWEST = 4
"""Letters and digits of a code that nobody writes by chance."""

_NO_WORD = "?" * (LONGEST_NAME + 1)
"""Longer than any item a policy can give a meaning."""

# Any moment does: only which side of the deadline it is on matters.
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
