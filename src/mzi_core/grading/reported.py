"""What is reported of an attempt and its grade item, turned into the marking: the one place that does it.

A grade event is read by `border`, a mark that is stored by `mzi_core.record_markings`; what they found means
the same here.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs

from mzi_core.grading.criteria import Criterion
from mzi_core.grading.grade import Grade
from mzi_core.grading.marking import UNGRADED, Marking
from mzi_core.grading.scales import Scale
from mzi_core.grading.words import LETTERS, GradeWords

SUBMITTED = "submitted"
"""The one status of work that says it was handed in; `new`, `draft` and `reopened` do not."""

# The old plugin puts these where a workflow state belongs. Each says how the submission is, not the marking.
_NOT_WORKFLOW = (SUBMITTED, "draft", "new", "reopened", "failedtosubmit")

# Moodle keeps a mark as NUMERIC(10,5).
_BEYOND_MOODLE = Decimal(10) ** 5


@attrs.frozen(kw_only=True)
class ReportedItem:
    """What is known of a grade item: its points, or the items of its Moodle scale, lowest first.

    `names_scale`: it is marked on a scale, whether or not the items are known; then points say nothing.
    """

    minimum: Decimal | None = None
    maximum: Decimal | None = None
    items: tuple[str, ...] = ()
    names_scale: bool = False
    takes_submissions: bool = True


@attrs.frozen(kw_only=True)
class ReportedAttempt:
    """What is known of one attempt, as it was told.

    `is_mark_told`: there is a mark to work from, though it may be none, so that `letter` is what the sender
    made of it. `is_in_gradebook`: the gradebook's mark was told, for an item of any kind. `is_automatic`:
    nobody decided on the letter. `status`: of the work, that of the team where teams hand in; None and an
    empty text are not told.
    """

    number: int = 0
    raw: Decimal | None = None
    is_mark_told: bool = True
    is_in_gradebook: bool = False
    letter: str = ""
    is_automatic: bool = False
    status: str | None = None
    submitted_at: datetime | None = None
    feedback: str | None = None
    workflow: str | None = None
    criteria: Iterable[Criterion] = ()


@attrs.frozen(kw_only=True)
class Deadlines:
    """Until when a student's work is taken, and as of when it is asked."""

    due: datetime | None = None
    extension: datetime | None = None
    cutoff: datetime | None = None
    now: datetime | None = None


def reported_marking(
    item: ReportedItem,
    attempt: ReportedAttempt,
    deadlines: Deadlines,
    *,
    scale: Scale | None = None,
    words: GradeWords = LETTERS,
) -> Marking:
    """The marking that was reported.

    A letter counts only where there is no mark to work from, or where it was made by nobody. An automatic F
    is not even taken as a letter but as the fact behind it, that nothing was handed in, so that it cannot
    come before the deadline. Work of which no status was told was handed in. Where nothing can be, an attempt
    without a mark is one that nobody has graded. `scale` counts where nobody says the item's points or items.
    A ValueError says what is missing, or cannot be.
    """
    if attempt.raw is not None and not -_BEYOND_MOODLE < attempt.raw < _BEYOND_MOODLE:
        raise ValueError(f"No mark in Moodle can be {attempt.raw}")
    letter = _letter(attempt, words)
    nothing_came = attempt.is_automatic and letter is Grade.F
    raw = None if nothing_came else attempt.raw
    workflow, status = _workflow_and_status(attempt)
    submitted = (status == SUBMITTED and not nothing_came) if item.takes_submissions else None
    if raw is None and not item.takes_submissions:
        raw = UNGRADED
    return Marking(
        raw=raw,
        **_of_the_item(item, scale, is_told=attempt.is_in_gradebook and raw not in (None, UNGRADED)),
        letter=None if nothing_came else letter,
        submitted=submitted,
        attempt=attempt.number,
        feedback=attempt.feedback,
        workflow=workflow,
        submitted_at=attempt.submitted_at if submitted else None,
        criteria=tuple(sorted(attempt.criteria, key=lambda criterion: criterion.order)),
        **attrs.asdict(deadlines),
    )


def _letter(attempt: ReportedAttempt, words: GradeWords) -> Grade | None:
    counts = attempt.is_automatic or not attempt.is_mark_told
    return words.grade(attempt.letter) if counts and attempt.letter.strip() else None


def _of_the_item(item: ReportedItem, assumed: Scale | None, *, is_told: bool) -> dict[str, Any]:
    """What the grade item says: its items, else its points, else the scale that the caller or sender means.

    The plugin reports BTEC assignments only; for a mark that the gradebook told (`is_told`) there is no such
    rule, and a 4 may be a Distinction or four per cent.
    """
    if item.items:
        return {"items": item.items}
    if item.maximum is not None and not item.names_scale:
        return {"minimum": item.minimum, "maximum": item.maximum}
    if assumed is not None:
        return {"scale": assumed}
    if item.names_scale:
        raise ValueError(
            "The grade item names a scale and not its items, and what a mark means stands there; "
            "read them and give `items`"
        )
    if is_told:
        raise ValueError(
            "The grade item says neither its maximum nor its scale, and the mark alone cannot tell; "
            "read grademax or the items of its scale"
        )
    return {}


def _workflow_and_status(attempt: ReportedAttempt) -> tuple[str | None, str]:
    """The marking workflow state, and the status of the work: `submitted` when nobody said."""
    state, status = attempt.workflow, attempt.status
    if state is not None and state.strip().casefold() in _NOT_WORKFLOW:
        return None, status or state
    return state, status or SUBMITTED
