"""The rules in order, and the straight line that finds the first one to hold.

`judge` is the only place that says when a rule holds. Everything it can answer is a constant made once,
so a judgement costs no more than its comparisons; what to tell about it is derived later (see `trace`).
"""

from enum import StrEnum
from itertools import product

import attrs

from mzi_core.grading.feedback import alone_at
from mzi_core.grading.grade import Grade
from mzi_core.grading.marking import UNGRADED, Marking, Scale
from mzi_core.grading.policy import GradingPolicy


class RuleId(StrEnum):
    """The rules; the first that holds, in this order, decides."""

    NOT_RELEASED = "NOT_RELEASED"
    """The tenant waits for release, and the marking workflow is in use and not at `released`: PENDING."""

    EXPLICIT_LETTER = "EXPLICIT_LETTER"
    """The sender gave a letter: that letter, as it is, uncapped and never settled into another."""

    INVALID_SUBMISSION = "INVALID_SUBMISSION"
    """The policy's code stands in the feedback as a token of its own: F."""

    AWAITING_SUBMISSION = "AWAITING_SUBMISSION"
    """Nothing handed in, and the effective deadline has not passed: PENDING. Never without a due date, nor
    where the assignment takes no submissions."""

    NO_SUBMISSION = "NO_SUBMISSION"
    """Nothing handed in: F. Never where the assignment takes no submissions."""

    UNGRADED = "UNGRADED"
    """The mark is Moodle's -1, or none where the scale or policy takes that for ungraded: PENDING."""

    EXPLICIT_ZERO = "EXPLICIT_ZERO"
    """The mark is 0 on the BTEC scale: F."""

    BELOW_PASS = "BELOW_PASS"  # noqa: S105  a rule's name
    """No mark, or one below Pass: R, which settles to RR from the second attempt on."""

    PASS = "PASS"  # noqa: S105  a rule's name
    """From Pass to below Merit: P."""

    REASSESSMENT_CAP = "REASSESSMENT_CAP"
    """A second or later attempt earned more than the policy's cap: the cap."""

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
_INVALID_SUBMISSION = Verdict(rule=RuleId.INVALID_SUBMISSION, grade=Grade.F)
_AWAITING_SUBMISSION = Verdict(rule=RuleId.AWAITING_SUBMISSION, grade=Grade.PENDING)
_NO_SUBMISSION = Verdict(rule=RuleId.NO_SUBMISSION, grade=Grade.F)
_UNGRADED = Verdict(rule=RuleId.UNGRADED, grade=Grade.PENDING)
_EXPLICIT_ZERO = Verdict(rule=RuleId.EXPLICIT_ZERO, grade=Grade.F)
_REFERRED = Verdict(rule=RuleId.BELOW_PASS, grade=Grade.R)
_REFERRED_AGAIN = Verdict(rule=RuleId.BELOW_PASS, grade=Grade.R, settled=Grade.RR)
_PASS = Verdict(rule=RuleId.PASS, grade=Grade.P)
_MERIT = Verdict(rule=RuleId.MERIT, grade=Grade.M)
_DISTINCTION = Verdict(rule=RuleId.DISTINCTION, grade=Grade.D)

# What a second attempt gets under each cap, by what its mark would have earned.
_REASSESSED = {
    (cap, earned.grade): Verdict(rule=RuleId.REASSESSMENT_CAP, grade=cap, capped_from=earned.grade)
    if earned.grade.rank > cap.rank
    else earned
    for cap, earned in product((Grade.P, Grade.M), (_MERIT, _DISTINCTION))
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
    code = policy.invalid_code
    if code is not None and code in marking.text and alone_at(code, marking.text) >= 0:
        return _INVALID_SUBMISSION
    if marking.submitted is False:
        return _AWAITING_SUBMISSION if marking.is_awaited else _NO_SUBMISSION

    raw = marking.raw
    btec = marking.scale is _BTEC
    if raw is None:
        if not (btec and policy.null_means_refer):
            return _UNGRADED
        return _REFERRED_AGAIN if marking.attempt else _REFERRED
    if raw == UNGRADED:
        return _UNGRADED
    if btec and not raw:
        return _EXPLICIT_ZERO

    limits = policy.btec if btec else policy.percent
    if raw < limits.pass_from:
        return _REFERRED_AGAIN if marking.attempt else _REFERRED
    if raw < limits.merit_from:
        return _PASS
    earned = _MERIT if raw < limits.distinction_from else _DISTINCTION
    if policy.reassessment_cap is not None and marking.attempt:
        return _REASSESSED[policy.reassessment_cap, earned.grade]
    return earned
