"""From a marking to a decision that can explain itself."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, tzinfo

import attrs

from mzi_core.grading.criteria import unit_outcome
from mzi_core.grading.feedback import alone_at
from mzi_core.grading.grade import Grade
from mzi_core.grading.marking import Marking
from mzi_core.grading.policy import BTEC_DEFAULT, GradingPolicy, SettleMode
from mzi_core.grading.rules import RuleId, Verdict, cap_of, judge
from mzi_core.grading.sentence_texts import Language
from mzi_core.grading.sentences import DecisionFacts, explanation, notes, reason
from mzi_core.grading.trace import TraceStep, trace
from mzi_core.grading.warning_ids import WarningId

# These grades say nothing about the quality of this work, so criteria cannot contradict them.
_NOT_ABOUT_QUALITY = (RuleId.INVALID_SUBMISSION, RuleId.NO_SUBMISSION, RuleId.REASSESSED_AFTER_PASS)


@attrs.define(unsafe_hash=True)
class Decision:
    """A marking, the policy it was judged by, and the verdict; all the rest is derived when asked for.

    Equal inputs make equal decisions, so storing the marking and the policy stores the trace. Made by
    `decide` alone, and read-only through its properties: a frozen attrs class would cost three times as
    much to make, and making it is most of what a decision costs.
    """

    _marking: Marking
    _policy: GradingPolicy
    _verdict: Verdict

    @property
    def marking(self) -> Marking:
        """What was judged."""
        return self._marking

    @property
    def policy(self) -> GradingPolicy:
        """What it was judged by; its name and version stand in `as_data`."""
        return self._policy

    @property
    def verdict(self) -> Verdict:
        """The bare result, one of a few constants."""
        return self._verdict

    @property
    def grade(self) -> Grade:
        """What the marking comes to the moment the teacher grades."""
        return self.verdict.grade

    @property
    def settled(self) -> Grade:
        """What the scheduled settling pass makes of it: R on a second attempt is RR."""
        return self.verdict.settled

    @property
    def published(self) -> Grade:
        """What is to be recorded now: `settled` if the policy settles immediately, else `grade`."""
        return self.settled if self.policy.settle is SettleMode.IMMEDIATELY else self.grade

    @property
    def rule(self) -> RuleId:
        """The rule that decided."""
        return self.verdict.rule

    @property
    def capped_from(self) -> Grade | None:
        """The grade that the mark would have earned without a cap, if one lowered it."""
        return self.verdict.capped_from

    @property
    def is_automatic(self) -> bool:
        """Whether nobody graded: an F because nothing was handed in. See `supersedes`."""
        return self.rule is RuleId.NO_SUBMISSION

    @property
    def is_marked(self) -> bool:
        """Whether somebody decided something: an attempt without a mark, or with -1, says nothing yet."""
        unmarked = self.rule is RuleId.BELOW_PASS and self.marking.raw is None
        return self.grade.is_final and not self.is_automatic and not unmarked

    @property
    def trace(self) -> tuple[TraceStep, ...]:
        """Every rule in order, whether it held, and the values it looked at."""
        return trace(self.rule, self.marking, self.policy)

    @property
    def warnings(self) -> tuple[WarningId, ...]:
        """What should be looked at, in the order of WarningId."""
        return tuple(warning for warning, holds in _WARNINGS.items() if holds(self))

    @property
    def implied(self) -> Grade | None:
        """The grade that the criteria allow, at most the cap that is in force; None where they imply none."""
        outcome, cap = unit_outcome(self.marking.criteria), self.cap
        if outcome is None or cap is None:
            return outcome
        return min(outcome, cap, key=lambda grade: grade.rank)

    @property
    def cap(self) -> Grade | None:
        """The best that this attempt can earn under the policy; None without a cap."""
        return cap_of(self.marking, self.policy)[0]

    def explain(
        self, language: str = Language.EN, zone: tzinfo = UTC, decided_at: datetime | None = None
    ) -> str:
        """All that a student may be told in an appeal, in `en` or `ar`, with times in the college's `zone`.

        The reason, whether the criteria agree, what may be done next, the policy, and when it was decided:
        at `decided_at`, else when the marking was judged. A ValueError refuses another language.
        """
        return explanation(self._facts(), Language(language), zone, decided_at)

    def reason(self, language: str = Language.EN, zone: tzinfo = UTC) -> str:
        """The grade and the rule that decided, as the explanation begins."""
        return reason(self._facts(), Language(language), zone)

    def notes(self, language: str = Language.EN) -> tuple[str, ...]:
        """A sentence for each of the warnings, for whoever looks after the grades."""
        return notes(self._facts(), Language(language))

    def _facts(self) -> DecisionFacts:
        return DecisionFacts(
            verdict=self.verdict,
            published=self.published,
            implied=self.implied,
            cap=self.cap,
            criteria_count=_criteria_count(self),
            warnings=self.warnings,
            marking=self.marking,
            policy=self.policy,
        )

    def as_data(self) -> dict[str, object]:
        """The decision as plain JSON: everything but the marking and the policy's fields."""
        return {
            "grade": self.grade.value,
            "settled": self.settled.value,
            "published": self.published.value,
            "rule": self.rule.value,
            "policy": {"name": self.policy.name, "version": self.policy.version},
            "capped_from": self.capped_from and self.capped_from.value,
            "warnings": [warning.value for warning in self.warnings],
            "trace": [step.as_data() for step in self.trace],
        }


def _criteria_count(decision: Decision) -> bool:
    """Whether the criteria are about the grade."""
    about_quality = decision.grade.is_final and decision.rule not in _NOT_ABOUT_QUALITY
    return about_quality and decision.implied is not None


def _criteria_mismatch(decision: Decision) -> bool:
    """F, R and RR all agree with a missing Pass."""
    implied = decision.implied
    return _criteria_count(decision) and implied is not None and implied.rank != decision.grade.rank


def _unknown_criterion(decision: Decision) -> bool:
    return not all(criterion.is_readable for criterion in decision.marking.criteria)


def _letter_against_code(decision: Decision) -> bool:
    letter, code = decision.marking.letter, decision.policy.invalid_code
    if letter in (None, Grade.F, Grade.PENDING) or code is None:
        return False
    return alone_at(code, decision.marking.text) >= 0


def _over_cap(decision: Decision) -> bool:
    letter, cap = decision.marking.letter, decision.cap
    return letter is not None and cap is not None and letter.rank > cap.rank


def _mark_without_work(decision: Decision) -> bool:
    marking = decision.marking
    if marking.submitted is not False:
        return False
    marked = marking.raw is not None and marking.raw > 0
    if marking.letter is None:
        return marked and decision.rule is RuleId.NO_SUBMISSION
    return marked or marking.letter.is_achieved


def _unknown_workflow(decision: Decision) -> bool:
    return decision.marking.workflow is not None and not decision.marking.has_known_workflow


def _lower_than_before(decision: Decision) -> bool:
    before = decision.marking.before
    return before is not None and decision.grade.is_final and decision.grade.rank < before.rank


_WARNINGS: Mapping[WarningId, Callable[[Decision], bool]] = {
    WarningId.CRITERIA_MISMATCH: _criteria_mismatch,
    WarningId.UNKNOWN_CRITERION: _unknown_criterion,
    WarningId.LETTER_AGAINST_CODE: _letter_against_code,
    WarningId.OVER_CAP: _over_cap,
    WarningId.MARK_WITHOUT_WORK: _mark_without_work,
    WarningId.UNKNOWN_WORKFLOW: _unknown_workflow,
    WarningId.UNKNOWN_SCALE: lambda decision: decision.rule is RuleId.UNKNOWN_SCALE,
    WarningId.OFF_SCALE: lambda decision: decision.rule is RuleId.OFF_SCALE,
    WarningId.LOWER_THAN_BEFORE: _lower_than_before,
}


def decide(marking: Marking, policy: GradingPolicy = BTEC_DEFAULT) -> Decision:
    """Judge a marking. Pure and total: no Marking that can be built makes it raise.

    Where only the grade of very many markings matters, `judge` gives the bare verdict at half the cost.
    """
    return Decision(marking, policy, judge(marking, policy))


def decide_attempts(
    markings: Iterable[Marking], policy: GradingPolicy = BTEC_DEFAULT
) -> tuple[Decision, ...]:
    """Judge the attempts of one student at one piece of work, each knowing what the earlier ones passed with.

    In the order of the attempts. A marking that says itself what was `before` is believed. Of several
    markings of one attempt the last counts for the later attempts, and none for another.
    """
    decisions: list[Decision] = []
    newest: dict[int, Decision] = {}
    for marking in sorted(markings, key=lambda marking: marking.attempt):
        before = marking.before or best_before(marking.attempt, newest.values())
        decision = decide(attrs.evolve(marking, before=before), policy)
        newest[marking.attempt] = decision
        decisions.append(decision)
    return tuple(decisions)


def best_before(attempt: int, decisions: Iterable[Decision]) -> Grade | None:
    """The best grade that the attempts before `attempt` (from 0) passed with, as far as `decisions` know.

    None if none did. What an earlier attempt knew of those before it counts too.
    """
    earlier = [decision for decision in decisions if decision.marking.attempt < attempt]
    known = (grade for each in earlier for grade in (each.marking.before, each.grade))
    passed = (grade for grade in known if grade is not None and grade.is_achieved)
    return max(passed, default=None, key=lambda grade: grade.rank)
