"""A grade event from Moodle, turned into the marking it reports.

Three senders exist. The college's plugin sends `raw_grade`, `attempt_number` and a `grade` letter; a newer
one sends the columns of Moodle by their own names (`rawgrade`, `attemptnumber`, `assigngrademax`,
`submissionstatus`); the direct route sends what the gradebook has (`finalgrade`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from mzi_core.grading.grade import Grade, is_letter
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
from mzi_core.grading.scales import Scale
from mzi_core.grading.words import LETTERS, GradeWords

_RAW = ("raw_grade", "rawgrade", "finalgrade")
_GRADEMIN = ("grademin", "rawgrademin")
_GRADEMAX = ("grademax", "rawgrademax", "assigngrademax")
_SCALE_ID = ("scaleid", "scale_id")
_OUTCOMES = ("learning_outcomes", "criteria")
_WORKFLOW = ("workflow_state", "workflowstate")
_ATTEMPTS = (("attemptnumber_zero_indexed", 0), ("attemptnumber", 0), ("attempt_number", 1))
_STATUS = ("submission_status", "submissionstatus")

# The old plugin puts these where a workflow state belongs. Each says how the submission is, not the marking.
_NOT_WORKFLOW = ("submitted", "draft", "new", "reopened", "failedtosubmit")

_SUBMITTED = "submitted"

# Moodle keeps a mark as NUMERIC(10,5).
_BEYOND_MOODLE = Decimal(10) ** 5


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
    `assumed_scale`. Where the assignment takes no submissions (`takes_submissions`, or the event's
    own `nosubmissions`), nothing was ever to come. A ValueError names the field that cannot be read.
    """
    data = _with_its_mark(data)
    letter = _letter(data, words)
    nothing_came = letter is Grade.F and _is_automatic(data)
    expects_work = takes_submissions and not _flag(data, "nosubmissions")
    raw = _raw(data)
    workflow, status = _workflow_and_status(data)
    if nothing_came:
        raw = None if expects_work else UNGRADED
    return Marking(
        raw=raw,
        **_item(data, tuple(items), raw, scale),
        letter=None if nothing_came else letter,
        submitted=(status == _SUBMITTED and not nothing_came) if expects_work else None,
        attempt=_attempt(data),
        feedback=read_text(data.get("feedback"), "feedback"),
        workflow=workflow,
        due=due,
        extension=extension,
        cutoff=cutoff,
        now=now,
        criteria=criteria_from(_outcomes(data), outcome_words),
    )


def _with_its_mark(data: Mapping[str, object]) -> Mapping[str, object]:
    """A number under `grade` as the mark, where no other name says one; never as a letter.

    It is the mark of whatever the grade item is, as in the gradebook.
    """
    if not is_number(data.get("grade")):
        return data
    others = {name: value for name, value in data.items() if name != "grade"}
    return others if any(name in data for name in _RAW) else {**others, "finalgrade": data["grade"]}


def _is_automatic(data: Mapping[str, object]) -> bool:
    return _flag(data, "auto_generated")


def _flag(data: Mapping[str, object], name: str) -> bool:
    return read_bool(data.get(name, False), name)


def _letter(data: Mapping[str, object], words: GradeWords) -> Grade | None:
    """The letter where it counts; see `marking_from_event`."""
    marked = any(name in data for name in _RAW)
    if marked and not _is_automatic(data):
        return None
    text = read_text(data.get("grade"), "grade")
    if text.strip():
        return words.grade(text)
    if marked:
        return None
    raise ValueError("The event has neither a mark nor a grade")


def _raw(data: Mapping[str, object]) -> Decimal | None:
    """The mark as `assign_grades` would have it.

    An empty `finalgrade` is not an empty mark: the gradebook has none while nobody has graded, and while
    the grade is not released. That is Moodle's -1.
    """
    try:
        raw = _number(data, _RAW)
    except ValueError as error:
        if any(is_letter(data.get(name)) for name in _RAW):
            raise ValueError(f"{error}; a letter or word goes under grade") from error
        raise
    if raw is None and "finalgrade" in data and "raw_grade" not in data and "rawgrade" not in data:
        return UNGRADED
    if raw is not None and not -_BEYOND_MOODLE < raw < _BEYOND_MOODLE:
        raise ValueError(f"No mark in Moodle can be {raw}")
    return raw


def _item(
    data: Mapping[str, object], items: tuple[str, ...], raw: Decimal | None, assumed: Scale | None
) -> dict[str, Any]:
    """What the grade item says: its items, else its points, else the scale that the caller or sender means.

    Assignments write a scale as a negative maximum. The plugin reports BTEC assignments only; for the
    gradebook's `finalgrade` there is no such rule, and a 4 may be a Distinction or four per cent.
    """
    items = items or _scale_items(data)
    if items:
        return {"items": items}
    maximum = _number(data, _GRADEMAX)
    is_scale = _number(data, _SCALE_ID) is not None or (maximum is not None and maximum < 0)
    if maximum is not None and not is_scale:
        return {"minimum": _number(data, _GRADEMIN), "maximum": maximum}
    if assumed is not None:
        return {"scale": assumed}
    if is_scale:
        raise ValueError(
            "The event names a scale and not its items, and what a mark means stands there; "
            "read them and give `items`"
        )
    if "finalgrade" in data and raw not in (None, UNGRADED):
        raise ValueError(
            "The grade item says neither its maximum nor its scale, and the mark alone cannot tell; "
            "read grademax or the items of its scale"
        )
    return {}


def _scale_items(data: Mapping[str, object]) -> tuple[str, ...]:
    """The items of the scale as a list, or as Moodle writes them: one text with commas."""
    found = data.get("scale_items")
    if isinstance(found, list):
        return tuple(read_text(item, "scale_items").strip() for item in found)
    text = read_text(found, "scale_items")
    return tuple(item.strip() for item in text.split(",")) if text else ()


def _workflow_and_status(data: Mapping[str, object]) -> tuple[str | None, str]:
    """The marking workflow state, and the submission status: `submitted` when the event does not say."""
    workflow = _first(data, _WORKFLOW)
    state = None if workflow is None else read_text(workflow, "workflow_state")
    status = read_text(_first(data, _STATUS), "submission_status")
    if state is not None and state.strip().casefold() in _NOT_WORKFLOW:
        return None, status or state
    return state, status or _SUBMITTED


def _attempt(data: Mapping[str, object]) -> int:
    """The attempt from 0. Moodle's own `attemptnumber` is so already; `attempt_number` is what people see.

    The plugin's automatic F for a student who began no attempt has 0 there, too.
    """
    for name, first in _ATTEMPTS:
        if data.get(name) is not None:
            told = read_int(data[name], name)
            lowest = 0 if _is_automatic(data) else first
            if told < lowest:
                raise ValueError(f"{name} counts from {first}, so it is never {told}")
            return max(told - first, 0)
    return 0


def _outcomes(data: Mapping[str, object]) -> list[Mapping[str, object]]:
    return read_rows(_first(data, _OUTCOMES), "learning_outcomes")


def _number(data: Mapping[str, object], names: tuple[str, ...]) -> Decimal | None:
    for name in names:
        if data.get(name) is not None:
            return read_decimal(data[name], name)
    return None


def _first(data: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((data[name] for name in names if data.get(name) is not None), None)
