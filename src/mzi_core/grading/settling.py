"""What the settling pass makes of all the attempts of one student at one assignment."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import attrs

from mzi_core.grading.decision import Decision
from mzi_core.grading.grade import Grade
from mzi_core.grading.rules import RuleId


class SettledBy(StrEnum):
    """Why the settled grade is what it is."""

    AS_GRADED = "as graded"
    """The latest attempt's grade stands."""

    SECOND_REFER = "second refer"
    """A second attempt was referred: RR."""

    NOT_RESUBMITTED = "not resubmitted"
    """The work was referred and reopened, and nothing came by the new deadline: RR."""

    EARLIER_STANDS = "earlier stands"
    """The latest attempt has no grade of its own, or takes nothing from a pass: an earlier grade stands."""


@attrs.frozen(kw_only=True)
class Settled:
    """The grade to record, the attempt (from 0) it is recorded for, and why."""

    grade: Grade
    attempt: int
    by: SettledBy


def settle(attempts: Iterable[Decision], reopened: datetime | None = None) -> Settled:
    """Settle the decisions on all attempts, one an attempt, in any order.

    RR follows from a Refer on a second attempt, and from a Refer that was reopened when nothing was handed
    in by the new deadline. It is never given when an attempt reached Pass or better, nor while there is
    time. `reopened` is when the latest attempt was opened; unsaid, it is when the one before was judged
    (its `now`). Only a deadline after that is new, so reopening without granting time leaves the Refer as
    it is. A ValueError refuses no attempts at all.
    """
    ordered = sorted(attempts, key=lambda decision: decision.marking.attempt)
    if not ordered:
        raise ValueError("There is no attempt to settle")
    *earlier, latest = ordered
    passed = any(decision.grade.is_achieved for decision in earlier)
    if passed and _takes_nothing(latest):
        return attrs.evolve(settle(earlier), by=SettledBy.EARLIER_STANDS)
    if latest.grade.is_final and not latest.is_automatic:
        if latest.settled is Grade.RR and latest.grade is Grade.R and not passed:
            return _settled(Grade.RR, latest, SettledBy.SECOND_REFER)
        return _settled(latest.grade, latest, SettledBy.AS_GRADED)

    before = settle(earlier) if earlier else None
    if before is None or not before.grade.is_final:
        return _settled(latest.grade, latest, SettledBy.AS_GRADED)
    referred = before.grade in (Grade.R, Grade.RR) and not passed
    if latest.is_automatic and referred and _had_new_time(latest, reopened or earlier[-1].marking.now):
        return _settled(Grade.RR, latest, SettledBy.NOT_RESUBMITTED)
    return attrs.evolve(before, by=SettledBy.EARLIER_STANDS)


def _takes_nothing(latest: Decision) -> bool:
    """Whether what passed stands: against an attempt without a mark, and against any but an explicit letter
    where the policy reassesses nobody who passed."""
    reassessed = latest.policy.one_reassessment and latest.rule is not RuleId.EXPLICIT_LETTER
    return reassessed or not latest.is_marked


def _settled(grade: Grade, decision: Decision, by: SettledBy) -> Settled:
    return Settled(grade=grade, attempt=decision.marking.attempt, by=by)


def _had_new_time(decision: Decision, opened: datetime | None) -> bool:
    deadline = decision.marking.deadline
    return deadline is not None and (opened is None or deadline > opened)
