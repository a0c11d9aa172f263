"""Markings as plain JSON, for the store: what is written is read back exactly."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from mzi_core.grading.criteria import Criterion
from mzi_core.grading.grade import Grade, letter_from
from mzi_core.grading.marking import Marking
from mzi_core.grading.plain_values import (
    choice,
    optional,
    read_bool,
    read_decimal,
    read_instant,
    read_int,
    read_rows,
    read_text,
    refuse_unknown,
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

    A ValueError names the field that is unknown or cannot be read.
    """
    refuse_unknown(data, _MARKING, "A marking")
    fields: dict[str, Any] = {name: _MARKING[name](value, name) for name, value in data.items()}
    return Marking(**fields)


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


def _letter(value: object, name: str) -> Grade | None:
    text = read_text(value, name)
    try:
        return letter_from(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _criteria(value: object, name: str) -> tuple[Criterion, ...]:
    return tuple(
        _criterion(row, f"{name} {position}") for position, row in enumerate(read_rows(value, name), start=1)
    )


def _criterion(row: Mapping[str, object], name: str) -> Criterion:
    refuse_unknown(row, _CRITERION, f"A criterion ({name})")
    fields: dict[str, Any] = {key: _CRITERION[key](value, f"{name} {key}") for key, value in row.items()}
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
    "raw": optional(read_decimal),
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
