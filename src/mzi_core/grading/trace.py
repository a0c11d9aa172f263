"""How a decision came about: every rule in order, whether it held, and what it looked at.

Nothing here is built while deciding. The verdict names the rule that held; those before it did not, those
after it were not reached, and what they looked at is still in the marking and the policy.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import attrs

from mzi_core.grading.feedback import around
from mzi_core.grading.marking import Marking
from mzi_core.grading.policy import GradingPolicy
from mzi_core.grading.rules import RuleId


class RuleOutcome(StrEnum):
    """What became of one rule."""

    HELD = "held"
    NOT_HELD = "not held"
    NOT_REACHED = "not reached"


@attrs.frozen(kw_only=True)
class TraceStep:
    """One rule of a trace; `saw` has the values it looked at by name, and is empty if it was not reached."""

    rule: RuleId
    outcome: RuleOutcome
    saw: Mapping[str, object]

    def as_data(self) -> dict[str, object]:
        """The step as plain JSON, numbers and times as text."""
        return {
            "rule": self.rule.value,
            "outcome": self.outcome.value,
            "saw": {name: _plain(value) for name, value in self.saw.items()},
        }


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, (Decimal, StrEnum)) else value


_FACTS: Mapping[str, Callable[[Marking, GradingPolicy], object]] = {
    "letter": lambda marking, _: marking.letter,
    "workflow": lambda marking, _: marking.workflow,
    "release_gating": lambda _, policy: policy.release_gating,
    "found": lambda marking, policy: around(policy.invalid_code or "", marking.text),
    "invalid_code": lambda _, policy: policy.invalid_code,
    "submitted": lambda marking, _: marking.submitted,
    "deadline": lambda marking, _: marking.deadline,
    "now": lambda marking, _: marking.now,
    "raw": lambda marking, _: marking.raw,
    "scale": lambda marking, _: marking.scale,
    "null_means_refer": lambda _, policy: policy.null_means_refer,
    "attempt": lambda marking, _: marking.attempt,
    "pass_from": lambda marking, policy: policy.thresholds(marking.scale).pass_from,
    "merit_from": lambda marking, policy: policy.thresholds(marking.scale).merit_from,
    "distinction_from": lambda marking, policy: policy.thresholds(marking.scale).distinction_from,
    "reassessment_cap": lambda _, policy: policy.reassessment_cap,
}

_LOOKS_AT: Mapping[RuleId, tuple[str, ...]] = {
    RuleId.NOT_RELEASED: ("release_gating", "workflow"),
    RuleId.EXPLICIT_LETTER: ("letter",),
    RuleId.INVALID_SUBMISSION: ("invalid_code", "found"),
    RuleId.AWAITING_SUBMISSION: ("submitted", "deadline", "now"),
    RuleId.NO_SUBMISSION: ("submitted",),
    RuleId.UNGRADED: ("raw", "scale", "null_means_refer"),
    RuleId.EXPLICIT_ZERO: ("raw", "scale"),
    RuleId.BELOW_PASS: ("raw", "pass_from", "attempt"),
    RuleId.PASS: ("raw", "pass_from", "merit_from"),
    RuleId.REASSESSMENT_CAP: ("raw", "merit_from", "distinction_from", "attempt", "reassessment_cap"),
    RuleId.MERIT: ("raw", "merit_from", "distinction_from"),
    RuleId.DISTINCTION: ("raw", "distinction_from"),
}


def trace(rule: RuleId, marking: Marking, policy: GradingPolicy) -> tuple[TraceStep, ...]:
    """The trace of a judgement that ended at `rule`: one step a rule, in order."""
    steps = []
    outcome = RuleOutcome.NOT_HELD
    for each in RuleId:
        if each is rule:
            steps.append(_step(each, RuleOutcome.HELD, marking, policy))
            outcome = RuleOutcome.NOT_REACHED
        else:
            steps.append(_step(each, outcome, marking, policy))
    return tuple(steps)


def _step(rule: RuleId, outcome: RuleOutcome, marking: Marking, policy: GradingPolicy) -> TraceStep:
    seen = () if outcome is RuleOutcome.NOT_REACHED else _LOOKS_AT[rule]
    return TraceStep(rule=rule, outcome=outcome, saw={name: _FACTS[name](marking, policy) for name in seen})
