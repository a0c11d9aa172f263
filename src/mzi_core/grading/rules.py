"""The rules in order, and the straight line that finds the first one to hold.

`judge` is the only place that says when a rule holds. Everything it can answer is a constant made once,
so a judgement costs no more than its comparisons; what to tell about it is derived later (see `trace`).
"""

from decimal import Decimal
from enum import StrEnum

import attrs

from mzi_core.grading.feedback import alone_at
from mzi_core.grading.grade import Grade
from mzi_core.grading.marking import UNGRADED, Marking
from mzi_core.grading.policy import GradingPolicy, Thresholds
from mzi_core.grading.scales import LADDER, Scale, grades_of


class RuleId(StrEnum):
    """The rules; the first that holds, in this order, decides."""

    NOT_RELEASED = "NOT_RELEASED"
    """The tenant waits for release, and the marking workflow is in use and not at `released`: PENDING."""

    EXPLICIT_LETTER = "EXPLICIT_LETTER"
    """The sender gave a letter: that letter, as it is, uncapped and never settled into another."""

    REASSESSED_AFTER_PASS = "REASSESSED_AFTER_PASS"  # noqa: S105  a rule's name
    """The policy reassesses nobody in what already passed, and an earlier attempt did: the earlier grade."""

    NOT_PERMITTED = "NOT_PERMITTED"
    """The policy has one reassessment, this is a later attempt, and the unit is not repeated: PENDING. What
    was recorded before stays."""

    INVALID_SUBMISSION = "INVALID_SUBMISSION"
    """The policy's code stands in the feedback as a token of its own: F."""

    AWAITING_SUBMISSION = "AWAITING_SUBMISSION"
    """Nothing handed in, and the effective deadline has not passed: PENDING. Never without a due date, nor
    where the assignment takes no submissions."""

    NO_SUBMISSION = "NO_SUBMISSION"
    """Nothing handed in: F. Never where the assignment takes no submissions."""

    UNKNOWN_SCALE = "UNKNOWN_SCALE"
    """The items of the Moodle scale are not Refer, Pass, Merit and Distinction in any language the tenant
    named: PENDING."""

    UNGRADED = "UNGRADED"
    """The mark is Moodle's -1, or none where the scale or policy takes that for ungraded: PENDING."""

    OFF_SCALE = "OFF_SCALE"
    """The grade item cannot hold the mark: PENDING."""

    EXPLICIT_ZERO = "EXPLICIT_ZERO"
    """The mark is 0 on the BTEC scale, or an item that means F: F."""

    BELOW_PASS = "BELOW_PASS"  # noqa: S105  a rule's name
    """No mark, or one below Pass: R, which settles to RR from the second attempt on."""

    PASS = "PASS"  # noqa: S105  a rule's name
    """From Pass to below Merit: P."""

    REASSESSMENT_CAP = "REASSESSMENT_CAP"
    """A second or later attempt, or one in a repeated unit, earned more than the policy's cap: the cap."""

    LATE_CAP = "LATE_CAP"
    """Work handed in after its deadline earned more than the policy's cap for it: the cap."""

    MERIT = "MERIT"
    """From Merit to below Distinction: M."""

    DISTINCTION = "DISTINCTION"
    """From Distinction on: D."""


@attrs.frozen(kw_only=True)
class Verdict:
    """What a rule says: the grade published at once, and what the settling pass makes of it."""

    rule: RuleId
    grade: Grade
    settled: Grade = attrs.field()
    """The grade itself unless said otherwise."""

    capped_from: Grade | None = None
    """The grade that the mark would have earned on a first attempt, if a cap lowered it."""

    @settled.default
    def _as_it_is(self) -> Grade:
        return self.grade


_EXPLICIT = {grade: Verdict(rule=RuleId.EXPLICIT_LETTER, grade=grade) for grade in Grade}
_NOT_RELEASED = Verdict(rule=RuleId.NOT_RELEASED, grade=Grade.PENDING)
_STANDS = {
    grade: Verdict(rule=RuleId.REASSESSED_AFTER_PASS, grade=grade) for grade in (Grade.P, Grade.M, Grade.D)
}
_NOT_PERMITTED = Verdict(rule=RuleId.NOT_PERMITTED, grade=Grade.PENDING)
_INVALID_SUBMISSION = Verdict(rule=RuleId.INVALID_SUBMISSION, grade=Grade.F)
_AWAITING_SUBMISSION = Verdict(rule=RuleId.AWAITING_SUBMISSION, grade=Grade.PENDING)
_NO_SUBMISSION = Verdict(rule=RuleId.NO_SUBMISSION, grade=Grade.F)
_UNKNOWN_SCALE = Verdict(rule=RuleId.UNKNOWN_SCALE, grade=Grade.PENDING)
_OFF_SCALE = Verdict(rule=RuleId.OFF_SCALE, grade=Grade.PENDING)
_UNGRADED = Verdict(rule=RuleId.UNGRADED, grade=Grade.PENDING)
_EXPLICIT_ZERO = Verdict(rule=RuleId.EXPLICIT_ZERO, grade=Grade.F)
_REFERRED = Verdict(rule=RuleId.BELOW_PASS, grade=Grade.R)
_REFERRED_AGAIN = Verdict(rule=RuleId.BELOW_PASS, grade=Grade.R, settled=Grade.RR)
_PASS = Verdict(rule=RuleId.PASS, grade=Grade.P)
_MERIT = Verdict(rule=RuleId.MERIT, grade=Grade.M)
_DISTINCTION = Verdict(rule=RuleId.DISTINCTION, grade=Grade.D)

_ITEMS = {Grade.F: _EXPLICIT_ZERO, Grade.P: _PASS, Grade.M: _MERIT, Grade.D: _DISTINCTION}

# What is recorded under each cap, where the mark would have earned more.
_CAPPED = {
    (rule, cap, earned): Verdict(rule=rule, grade=cap, capped_from=earned)
    for rule in (RuleId.REASSESSMENT_CAP, RuleId.LATE_CAP)
    for cap, earned in ((Grade.P, Grade.M), (Grade.P, Grade.D), (Grade.M, Grade.D))
}

# A name of its own: looking a member up in its class costs as much as two comparisons of marks.
_BTEC = Scale.BTEC_0_4


def judge(marking: Marking, policy: GradingPolicy) -> Verdict:
    """The verdict of the first rule that holds. Total: every Marking that can be built has exactly one.

    The result is one of a few constants and knows nothing of the marking; `decide` keeps the two together.
    """
    if policy.release_gating and marking.is_held_back:
        return _NOT_RELEASED
    if marking.letter is not None:
        return _EXPLICIT[marking.letter]
    if policy.one_reassessment:
        if marking.before is not None and marking.before in _STANDS:
            return _STANDS[marking.before]
        if marking.attempt > 1 and not marking.repeats_unit:
            return _NOT_PERMITTED
    code = policy.invalid_code
    if code is not None and code in marking.text and alone_at(code, marking.text) >= 0:
        return _INVALID_SUBMISSION
    if marking.submitted is False:
        return _AWAITING_SUBMISSION if marking.is_awaited else _NO_SUBMISSION

    if marking.items:
        return _by_item(marking, policy)
    points = marking.points
    btec = marking.scale is _BTEC
    if points is None:
        return _unmarked(marking, policy) if btec else _UNGRADED
    if points == UNGRADED:
        return _UNGRADED
    if marking.is_off_scale:
        return _OFF_SCALE
    if btec and not points:
        return _EXPLICIT_ZERO
    return _by_thresholds(points, policy.btec if btec else policy.percent, marking, policy)


def _by_item(marking: Marking, policy: GradingPolicy) -> Verdict:
    """What the chosen item of a Moodle scale means, wherever it stands in the scale."""
    grades = grades_of(marking.items, policy.scale_words)
    raw, item = marking.raw, marking.item
    if grades is None:
        return _UNKNOWN_SCALE
    if raw is None:
        return _unmarked(marking, policy)
    if raw == UNGRADED:
        return _UNGRADED
    if marking.is_off_scale:
        return _OFF_SCALE
    if item is None:
        # Between two items, as Moodle's web services let pass. Only on the BTEC scale itself is that a mark.
        return _by_thresholds(raw, policy.btec, marking, policy) if grades == LADDER else _OFF_SCALE
    grade = grades[int(raw) - 1]
    if grade is Grade.R:
        return _referred(marking)
    return _earned(_ITEMS[grade], marking, policy)


def _unmarked(marking: Marking, policy: GradingPolicy) -> Verdict:
    return _referred(marking) if policy.null_means_refer else _UNGRADED


def _referred(marking: Marking) -> Verdict:
    """Nobody who passed before is referred twice."""
    return _REFERRED_AGAIN if marking.attempt and not marking.has_passed_before else _REFERRED


def _by_thresholds(points: Decimal, limits: Thresholds, marking: Marking, policy: GradingPolicy) -> Verdict:
    if points < limits.pass_from:
        return _referred(marking)
    if points < limits.merit_from:
        return _PASS
    return _earned(_MERIT if points < limits.distinction_from else _DISTINCTION, marking, policy)


def _earned(earned: Verdict, marking: Marking, policy: GradingPolicy) -> Verdict:
    cap, rule = cap_of(marking, policy)
    return earned if cap is None else _CAPPED.get((rule, cap, earned.grade), earned)


def cap_of(marking: Marking, policy: GradingPolicy) -> tuple[Grade | None, RuleId]:
    """The best that a mark can earn, None for no cap, and the rule that says so: the lower of two caps."""
    again = policy.reassessment_cap if marking.is_again else None
    late = policy.late_cap
    if late is None or not marking.is_late or (again is not None and again.rank <= late.rank):
        return again, RuleId.REASSESSMENT_CAP
    return late, RuleId.LATE_CAP
