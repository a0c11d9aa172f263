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
from mzi_core.grading.numbers import rounded
from mzi_core.grading.policy import GradingPolicy
from mzi_core.grading.rules import RuleId

PLACES = 5
"""Decimals that Moodle keeps of a mark."""


def shown_points(marking: Marking, policy: GradingPolicy) -> Decimal | None:
    """The points with as many decimals as Moodle keeps, or more if that would take them over a threshold."""
    if marking.points is None:
        return None
    return rounded(marking.points, PLACES, attrs.astuple(policy.thresholds(marking.scale)))


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
    "items": lambda marking, _: ", ".join(marking.items) or None,
    "raw": lambda marking, _: marking.raw,
    "lowest": lambda marking, _: marking.lowest,
    "highest": lambda marking, _: marking.highest,
    "points": shown_points,
    "item": lambda marking, _: marking.item,
    "scale": lambda marking, _: marking.scale,
    "null_means_refer": lambda _, policy: policy.null_means_refer,
    "attempt": lambda marking, _: marking.attempt,
    "before": lambda marking, _: marking.before,
    "repeats_unit": lambda marking, _: marking.repeats_unit,
    "is_late": lambda marking, _: marking.is_late,
    "one_reassessment": lambda _, policy: policy.one_reassessment,
    "late_cap": lambda _, policy: policy.late_cap,
    "pass_from": lambda marking, policy: policy.thresholds(marking.scale).pass_from,
    "merit_from": lambda marking, policy: policy.thresholds(marking.scale).merit_from,
    "distinction_from": lambda marking, policy: policy.thresholds(marking.scale).distinction_from,
    "reassessment_cap": lambda _, policy: policy.reassessment_cap,
}

_FROM_MERIT = ("merit_from", "distinction_from")

_LOOKS_AT: Mapping[RuleId, tuple[str, ...]] = {
    RuleId.NOT_RELEASED: ("release_gating", "workflow"),
    RuleId.EXPLICIT_LETTER: ("letter",),
    RuleId.REASSESSED_AFTER_PASS: ("one_reassessment", "before"),
    RuleId.NOT_PERMITTED: ("one_reassessment", "attempt", "repeats_unit"),
    RuleId.INVALID_SUBMISSION: ("invalid_code", "found"),
    RuleId.AWAITING_SUBMISSION: ("submitted", "deadline", "now"),
    RuleId.NO_SUBMISSION: ("submitted",),
    RuleId.UNKNOWN_SCALE: ("scale", "items"),
    RuleId.UNGRADED: ("raw", "scale", "null_means_refer"),
    RuleId.OFF_SCALE: ("raw", "lowest", "highest"),
    RuleId.EXPLICIT_ZERO: ("points", "scale"),
    RuleId.BELOW_PASS: ("points", "pass_from", "attempt", "before"),
    RuleId.PASS: ("points", "pass_from", "merit_from"),
    RuleId.REASSESSMENT_CAP: ("points", *_FROM_MERIT, "attempt", "repeats_unit", "reassessment_cap"),
    RuleId.LATE_CAP: ("points", *_FROM_MERIT, "is_late", "late_cap"),
    RuleId.MERIT: ("points", "merit_from", "distinction_from"),
    RuleId.DISTINCTION: ("points", "distinction_from"),
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
    if marking.item is not None and "points" in seen:
        # An item means a grade by itself: its place is compared with no threshold.
        seen = tuple("item" if name == "points" else name for name in seen if not name.endswith("_from"))
    return TraceStep(rule=rule, outcome=outcome, saw={name: _FACTS[name](marking, policy) for name in seen})
