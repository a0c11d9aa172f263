"""Which of two grades for the same assignment stands in the record."""

from datetime import datetime
from typing import Self

import attrs

from mzi_core.grading.criteria import Criterion
from mzi_core.grading.decision import Decision
from mzi_core.grading.grade import Grade
from mzi_core.grading.plain_values import in_utc


@attrs.frozen(kw_only=True)
class Standing:
    """A grade in the record and what came with it."""

    grade: Grade
    attempt: int
    """From 0."""

    graded_at: datetime = attrs.field(converter=in_utc)
    is_automatic: bool = False
    """Whether nobody graded: an F for nothing handed in, an RR from the settling pass."""

    is_marked: bool = True
    """Whether somebody gave a mark or a letter; an R for work without a mark has none behind it."""

    feedback: str = ""
    grader: str = ""
    outcomes: tuple[Criterion, ...] = ()

    @classmethod
    def of(cls, decision: Decision, graded_at: datetime, *, grader: str = "") -> Self:
        """What a decision that is published now puts into the record."""
        return cls(
            grade=decision.published,
            attempt=decision.marking.attempt,
            graded_at=graded_at,
            is_automatic=decision.is_automatic,
            is_marked=decision.is_marked,
            feedback=decision.marking.feedback,
            grader=grader,
            outcomes=decision.marking.criteria,
        )


def supersedes(new: Standing, old: Standing | None) -> bool:
    """Whether `new` takes the place of `old`, which may be nothing yet.

    A pending mark takes no grade's place. What a person decided gives way only to what a person decided
    later (a later attempt, or the same attempt graded later, of two at one moment the better), with one
    exception: an automatic RR settles a Refer of the same or an earlier attempt. An automatic F or RR gives
    way to a person's grade for that attempt or a later one, or one given after it, except that a Refer,
    which would settle to RR again, does not undo an RR. An attempt without a mark never takes the place of a
    mark for the same attempt, nor of a pass, whenever it was told.
    """
    if not new.grade.is_final:
        return False
    if old is None or not old.grade.is_final:
        return True
    if new.is_automatic and not old.is_automatic:
        return (new.grade, old.grade) == (Grade.RR, Grade.R) and new.attempt >= old.attempt
    if old.is_automatic and not new.is_automatic:
        if (new.grade, old.grade) == (Grade.R, Grade.RR):
            return False
        return new.attempt >= old.attempt or new.graded_at > old.graded_at
    if not new.is_marked and old.grade.is_achieved:
        return False
    return _order(new) > _order(old)


def _order(standing: Standing) -> tuple[int, bool, datetime, int]:
    return standing.attempt, standing.is_marked, standing.graded_at, standing.grade.rank


def supersede(new: Standing, old: Standing | None) -> Standing:
    """The standing after `new` arrived: `old` if it holds, else `new`.

    An automatic grade brings no feedback, grader or outcomes and so keeps those that were there.
    """
    if old is not None and not supersedes(new, old):
        return old
    if old is None or not new.is_automatic:
        return new
    return attrs.evolve(new, feedback=old.feedback, grader=old.grader, outcomes=old.outcomes)
