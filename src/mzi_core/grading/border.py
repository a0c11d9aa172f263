"""A grade event from Moodle, turned into the marking it reports.

Three senders exist. The college's plugin sends `raw_grade`, `attempt_number` and a `grade` letter; a newer
one sends the columns of Moodle by their own names (`rawgrade`, `attemptnumber`, `assigngrademax`,
`submissionstatus`); the direct route sends what the gradebook has (`finalgrade`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from mzi_core.grading.grade import is_letter
from mzi_core.grading.marking import UNGRADED, Marking
from mzi_core.grading.outcomes import DEFAULT_OUTCOME_WORDS, OutcomeWords, criteria_from
from mzi_core.grading.plain_values import (
    is_number,
    read_bool,
    read_decimal,
    read_int,
    read_rows,
    read_text,
)
from mzi_core.grading.reported import Deadlines, ReportedAttempt, ReportedItem, reported_marking
from mzi_core.grading.scales import Scale
from mzi_core.grading.words import LETTERS, GradeWords

# The names under which the shelf takes a mark, too: see `mzi_core.modules.moodle_marks`. They are read here
# by themselves, because not every event is a record of a mark: one tells a letter of a Zoho record, one a
# grade item without the assignment. And an event says more than a record keeps: that there is no mark.
_RAW = ("rawgrade", "raw_grade", "raw")
_FINAL = ("finalgrade", "final_grade")
_LETTER = ("grade", "letter", "btec_grade")
_MINIMUM = ("grademin", "rawgrademin", "minimum")
_MAXIMUM = ("assigngrademax", "grademax", "rawgrademax", "maximum")
_SCALE_ID = ("scaleid", "scale_id", "rawscaleid")
_ITEMS = ("scale_items", "scaleitems", "scale")
_OUTCOMES = ("criteria", "learning_outcomes")
_WORKFLOW = ("workflowstate", "workflow_state", "workflow")
_FEEDBACK = ("feedback", "feedback_text")
_ATTEMPTS = (
    *((name, 0) for name in ("attemptnumber", "attemptnumber_zero_indexed", "attempt", "number")),
    ("attempt_number", 1),
)
_TEAM_STATUS = ("teamsubmissionstatus", "team_submission_status")
_STATUS = ("submissionstatus", "submission_status")


def marking_from_event(
    data: Mapping[str, object],
    *,
    now: datetime | None = None,
    due: datetime | None = None,
    extension: datetime | None = None,
    cutoff: datetime | None = None,
    items: Sequence[str] = (),
    scale: Scale | None = None,
    takes_submissions: bool = True,
    words: GradeWords = LETTERS,
    outcome_words: OutcomeWords = DEFAULT_OUTCOME_WORDS,
) -> Marking:
    """The marking in the `event_data` of a grade event; the dates and the time are the caller's to know.

    The plugin's letter is worked out by the plugin, not chosen by a person, and worked out wrongly where
    the mark is -1 or the feedback has the invalid code. So a letter counts only where there is no mark to
    work from: when no raw grade was sent, or the event is `auto_generated`. An automatic F is not even
    taken as a letter but as the fact behind it, that nothing was handed in, so that it cannot come before
    the deadline. A number under `grade`, as Moodle's own services write it (`"3.00000"`), is a mark.

    A Moodle scale is read by its items, lowest first: `items`, or the event's own `scale_items`. `scale` is
    used when nobody says the item's points or items: look the item up, or give the policy's
    `assumed_scale`. Where teams hand in, the status of the team's work counts. Where the assignment takes no
    submissions (`takes_submissions`, or the event's own `nosubmissions`), nothing was ever to come. A
    ValueError names the field that cannot be read.
    """
    data = _with_its_mark(data)
    is_automatic = _flag(data, "auto_generated")
    is_mark_told = any(name in data for name in (*_RAW, *_FINAL))
    letter = read_text(_first(data, _LETTER), "grade")
    if not is_mark_told and not letter.strip():
        raise ValueError("The event has neither a mark nor a grade")
    return reported_marking(
        ReportedItem(
            **_item(data, tuple(items)),
            takes_submissions=takes_submissions and not _flag(data, "nosubmissions"),
        ),
        ReportedAttempt(
            number=_attempt(data, lowest=0 if is_automatic else None),
            raw=_raw(data),
            is_mark_told=is_mark_told,
            is_in_gradebook=_first(data, _FINAL) is not None,
            letter=letter,
            is_automatic=is_automatic,
            status=read_text(_first(data, _TEAM_STATUS) or _first(data, _STATUS), "submission_status"),
            feedback=read_text(_first(data, _FEEDBACK), "feedback"),
            workflow=_workflow(data),
            criteria=criteria_from(read_rows(_first(data, _OUTCOMES), "learning_outcomes"), outcome_words),
        ),
        Deadlines(due=due, extension=extension, cutoff=cutoff, now=now),
        scale=scale,
        words=words,
    )


def _with_its_mark(data: Mapping[str, object]) -> Mapping[str, object]:
    """A number under `grade` as the mark, where no other name says one; never as a letter.

    It is the mark of whatever the grade item is, as in the gradebook.
    """
    found = _first(data, _LETTER)
    if not is_number(found):
        return data
    others = {name: value for name, value in data.items() if name not in _LETTER}
    is_told = any(name in data for name in (*_RAW, *_FINAL))
    return others if is_told else {**others, "finalgrade": found}


def _flag(data: Mapping[str, object], name: str) -> bool:
    return read_bool(data.get(name, False), name)


def _raw(data: Mapping[str, object]) -> Decimal | None:
    """The mark as `assign_grades` would have it.

    An empty `finalgrade` is not an empty mark: the gradebook has none while nobody has graded, and while
    the grade is not released. That is Moodle's -1.
    """
    names = (*_RAW, *_FINAL)
    try:
        raw = _number(data, names)
    except ValueError as error:
        if any(is_letter(data.get(name)) for name in names):
            raise ValueError(f"{error}; a letter or word goes under grade") from error
        raise
    is_of_the_gradebook = any(name in data for name in _FINAL) and not any(name in data for name in _RAW)
    return UNGRADED if raw is None and is_of_the_gradebook else raw


def _item(data: Mapping[str, object], items: tuple[str, ...]) -> dict[str, Any]:
    """What the event says of the grade item. Assignments write a scale as a negative maximum."""
    items = items or _scale_items(data)
    if items:
        return {"items": items}
    maximum = _number(data, _MAXIMUM)
    names_scale = _number(data, _SCALE_ID) is not None or (maximum is not None and maximum < 0)
    minimum = None if names_scale or maximum is None else _number(data, _MINIMUM)
    return {"minimum": minimum, "maximum": maximum, "names_scale": names_scale}


def _scale_items(data: Mapping[str, object]) -> tuple[str, ...]:
    """The items of the scale as a list, or as Moodle writes them: one text with commas."""
    found = _first(data, _ITEMS)
    listed = found if isinstance(found, list) else read_text(found, "scale_items").split(",")
    read = (read_text(item, "scale_items").strip() for item in listed)
    return tuple(item for item in read if item)


def _workflow(data: Mapping[str, object]) -> str | None:
    found = _first(data, _WORKFLOW)
    return None if found is None else read_text(found, "workflow_state")


def _attempt(data: Mapping[str, object], lowest: int | None) -> int:
    """The attempt from 0. Moodle's own `attemptnumber` is so already; `attempt_number` is what people see.

    The plugin's automatic F for a student who began no attempt has 0 there, too: `lowest`.
    """
    for name, first in _ATTEMPTS:
        if data.get(name) is not None:
            told = read_int(data[name], name)
            if told < (first if lowest is None else lowest):
                raise ValueError(f"{name} counts from {first}, so it is never {told}")
            return max(told - first, 0)
    return 0


def _number(data: Mapping[str, object], names: tuple[str, ...]) -> Decimal | None:
    for name in names:
        if data.get(name) is not None:
            return read_decimal(data[name], name)
    return None


def _first(data: Mapping[str, object], names: tuple[str, ...]) -> object:
    """What the first of the names says that says anything; else an empty text, if one of them has it."""
    said = [data[name] for name in names if data.get(name) is not None]
    return next((each for each in said if each != ""), said[0] if said else None)
