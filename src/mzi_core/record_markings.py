"""A mark as it is kept on the shelf, as the markings that a policy judges."""

from datetime import datetime

from mzi_core.grading import Marking, Scale
from mzi_core.grading.marking import UNGRADED
from mzi_core.grading.outcomes import DEFAULT_OUTCOME_WORDS, OutcomeWords, criteria_from
from mzi_core.grading.reported import Deadlines, ReportedAttempt, ReportedItem, reported_marking
from mzi_core.grading.words import LETTERS, GradeWords
from mzi_core.modules.moodle_marks import (
    NO_WORK,
    NOT_MARKED,
    MarkedAttempt,
    MarkedCriterion,
    MoodleMarkRecord,
)


def record_markings(
    mark: MoodleMarkRecord,
    now: datetime,
    *,
    scale: Scale | None = None,
    words: GradeWords = LETTERS,
    outcome_words: OutcomeWords = DEFAULT_OUTCOME_WORDS,
) -> tuple[Marking, ...]:
    """A marking for each attempt, first to last; one for a student who began none.

    `scale`, such as the `assumed_scale` of the policy, counts where nobody told the item's points or items.
    The state of the marking workflow and the extension are the student's, so they belong to the latest
    attempt: an earlier one was released before it was reopened. So does the gradebook's mark, which counts
    where nothing else is known of the attempt: the gradebook rounds a mark to an item of its scale, keeps
    that of the attempt before for one that was reopened, and does not say whether a person changed it. An
    attempt of which neither a mark nor the state of the work was told is one that nobody has graded.

    A ValueError names the attempt and says what cannot be read, or that the items of the scale are missing.
    """
    attempts = mark.attempts or (_before_the_first(mark),)
    item = ReportedItem(
        minimum=mark.minimum,
        maximum=mark.maximum,
        items=mark.scale_items,
        names_scale=mark.scale is not None,
        takes_submissions=not mark.no_submissions,
    )
    found: list[Marking] = []
    for attempt in attempts:
        is_latest = attempt is attempts[-1]
        deadlines = Deadlines(
            due=mark.due, extension=mark.extension if is_latest else None, cutoff=mark.cutoff, now=now
        )
        try:
            reported = _reported(mark, attempt, outcome_words, is_latest=is_latest)
            found.append(reported_marking(item, reported, deadlines, scale=scale, words=words))
        except ValueError as error:
            raise ValueError(f"Attempt {attempt.number + 1}: {error}") from error
    return tuple(found)


def _before_the_first(mark: MoodleMarkRecord) -> MarkedAttempt:
    """What there is where no attempt was told: nothing was begun, unless the gradebook has a row."""
    is_in_gradebook = (mark.final, mark.item, mark.grade_id) != (None, None, None)
    return MarkedAttempt(submission_status=None if is_in_gradebook else NO_WORK)


def _reported(
    mark: MoodleMarkRecord, attempt: MarkedAttempt, outcome_words: OutcomeWords, *, is_latest: bool
) -> ReportedAttempt:
    status = attempt.team_status or attempt.submission_status
    workflow = mark.workflow if is_latest else None
    raw, letter = attempt.raw, attempt.letter or ""
    if raw is None and not status and not attempt.automatic:
        raw = mark.final if is_latest else None
        if raw is None and not letter.strip():
            raw = UNGRADED
    return ReportedAttempt(
        number=attempt.number,
        raw=raw,
        is_mark_told=raw is not None,
        is_in_gradebook=mark.final is not None,
        letter=letter,
        is_automatic=bool(attempt.automatic),
        status=status,
        submitted_at=attempt.submitted_at,
        feedback=attempt.feedback,
        workflow="" if workflow == NOT_MARKED else workflow,
        criteria=criteria_from(map(_row, attempt.criteria), outcome_words),
    )


def _row(criterion: MarkedCriterion) -> dict[str, object]:
    """A criterion as `criterion_from` reads it."""
    titles = {"LO_Title": criterion.title}
    return titles | {name: getattr(criterion, name) for name in _SAID}


_SAID = ("code", "definition", "score", "achieved", "remark")
