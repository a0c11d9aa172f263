"""Markings as plain JSON, for the store: what is written is read back exactly."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from mzi_core.grading.criteria import Criterion
from mzi_core.grading.grade import Grade, is_letter, letter_from
from mzi_core.grading.marking import Marking
from mzi_core.grading.plain_values import (
    Problems,
    choice,
    is_number,
    optional,
    problems_of,
    read_bool,
    read_decimal,
    read_fields,
    read_instant,
    read_int,
    read_rows,
    read_text,
)
from mzi_core.grading.quoting import quoted
from mzi_core.grading.scales import Scale

MOST_ITEMS = 200
"""Items of one scale."""


def marking_to_data(marking: Marking) -> dict[str, object]:
    """Every field as plain JSON: the mark as text, times as ISO 8601 in UTC, criteria as objects."""
    return {
        "raw": _digits(marking.raw),
        "minimum": _digits(marking.minimum),
        "maximum": _digits(marking.maximum),
        "items": list(marking.items),
        "scale": marking.scale.value,
        "letter": None if marking.letter is None else marking.letter.value,
        "submitted": marking.submitted,
        "attempt": marking.attempt,
        "before": None if marking.before is None else marking.before.value,
        "repeats_unit": marking.repeats_unit,
        "feedback": marking.feedback,
        "workflow": marking.workflow,
        "due": _written(marking.due),
        "extension": _written(marking.extension),
        "cutoff": _written(marking.cutoff),
        "submitted_at": _written(marking.submitted_at),
        "now": _written(marking.now),
        "criteria": [
            {name: getattr(criterion, name) for name in _CRITERION} for criterion in marking.criteria
        ],
    }


def marking_from_data(data: Mapping[str, object]) -> Marking:
    """The marking that `marking_to_data` wrote, or that somebody wrote like it.

    A field that is missing has its default; `letter` may be a word.

    Raises Problems with every field that is unknown or cannot be read, else a ValueError as Marking does.
    """
    return Marking(**read_fields(data, _MARKING, "A marking"))


def _digits(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def _items(value: object, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST_ITEMS:
        raise ValueError(f"{name} must be a list of at most {MOST_ITEMS} texts, not {quoted(value)}")
    return tuple(read_text(item, f"{name} {place}") for place, item in enumerate(value, start=1))


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _raw(value: object, name: str) -> Decimal | None:
    try:
        return None if value is None else read_decimal(value, name)
    except ValueError as error:
        if is_letter(value):
            raise ValueError(f"{error}; a letter or word goes under letter") from error
        raise


def _letter(value: object, name: str) -> Grade | None:
    if is_number(value):
        raise ValueError(f"{name} must be a letter or word, not {quoted(value)}; a mark goes under raw")
    text = read_text(value, name)
    try:
        return letter_from(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _criteria(value: object, name: str) -> tuple[Criterion, ...]:
    criteria: list[Criterion] = []
    problems: list[str] = []
    for position, row in enumerate(read_rows(value, name), start=1):
        try:
            criteria.append(_criterion(row, f"{name} {position}"))
        except ValueError as error:
            problems += problems_of(error)
    if problems:
        raise Problems(problems)
    return tuple(criteria)


def _criterion(row: Mapping[str, object], name: str) -> Criterion:
    fields = read_fields(row, _CRITERION, f"A criterion ({name})", f"{name} ")
    if not row.get("code"):
        raise ValueError(f"{name} must have a code, such as P1")
    return Criterion(**{"achieved": False, **fields})


_CRITERION = {
    "code": read_text,
    "achieved": read_bool,
    "title": read_text,
    "definition": read_text,
    "remark": read_text,
}

_MARKING = {
    "raw": _raw,
    "minimum": optional(read_decimal),
    "maximum": optional(read_decimal),
    "items": _items,
    "scale": choice(Scale),
    "letter": _letter,
    "submitted": optional(read_bool),
    "attempt": read_int,
    "before": _letter,
    "repeats_unit": read_bool,
    "feedback": read_text,
    "workflow": optional(read_text),
    "due": optional(read_instant),
    "extension": optional(read_instant),
    "cutoff": optional(read_instant),
    "submitted_at": optional(read_instant),
    "now": optional(read_instant),
    "criteria": _criteria,
}
