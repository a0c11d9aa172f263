"""Moodle's JSON read field by field. It writes numbers as texts now and then, and 0 for "none".

Errors name the field and never the value, which may be somebody's.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from mzi_adapters.moodle.refusals import SERVICE, error_for, rejected, rejection
from mzi_core.errors import ProtocolError
from mzi_core.ports import Rejected, RejectionKind
from mzi_core.values import YEARS, MoodleId, is_of_these_years

Row = Mapping[str, object]

_WHOLE = re.compile("-?[0-9]{1,18}")
_TOO_LARGE = 10**18
"""Beyond any number that Moodle counts or names something by."""

_LONGEST_NUMBER = 64
"""Characters; Moodle's own have 11."""


def _strange(name: str, wanted: str) -> ProtocolError:
    return ProtocolError(SERVICE, f"Its answer has no {wanted} where `{name}` should be.")


def rows(value: object, name: str = "answer") -> list[Row]:
    """A list of objects."""
    if isinstance(value, list) and all(isinstance(row, Mapping) for row in value):
        return value
    raise _strange(name, "list of objects")


def row(value: object, name: str = "answer") -> Row:
    """An object."""
    if isinstance(value, Mapping):
        return value
    raise _strange(name, "object")


def part(whole: Row, name: str) -> Row:
    """An object inside another; an empty one when it is missing."""
    inner = whole.get(name)
    return row({} if inner in (None, []) else inner, name)


def inner_rows(whole: Row, name: str) -> list[Row]:
    """A list of objects inside an object; empty when it is missing."""
    inner = whole.get(name)
    return [] if inner is None else rows(inner, name)


def integer(whole: Row, name: str) -> int:
    """A whole number, also when it comes as its digits."""
    value = whole.get(name)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, int) and abs(value) < _TOO_LARGE:
        return int(value)
    raise _strange(name, "whole number")


def some_integer(whole: Row, name: str) -> int:
    """A whole number; 0 when it is missing or null."""
    return 0 if whole.get(name) is None else integer(whole, name)


def moodle_id(whole: Row, name: str = "id") -> MoodleId:
    """An id, at least 1."""
    value = integer(whole, name)
    if value < 1:
        raise _strange(name, "id")
    return MoodleId(value)


def some_id(whole: Row, name: str) -> MoodleId | None:
    """An id, or None for nobody: missing, 0 or -1."""
    value = some_integer(whole, name)
    return MoodleId(value) if value > 0 else None


def text(whole: Row, name: str) -> str:
    """A text; empty when it is missing or null."""
    value = whole.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    raise _strange(name, "text")


def flag(whole: Row, name: str) -> bool:
    """A boolean, a 0 or a 1; False when it is missing."""
    return bool(some_integer(whole, name))


def number(whole: Row, name: str) -> Decimal | None:
    """An exact number, as `"1.50000"`; None when it is missing, null or empty."""
    value = whole.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        written = "" if isinstance(value, int) and abs(value) >= _TOO_LARGE else str(value)
        try:
            found = Decimal(written if len(written) <= _LONGEST_NUMBER else "")
        except InvalidOperation:
            found = Decimal("NaN")
        if found.is_finite() and abs(found.adjusted()) < _LONGEST_NUMBER:
            return found
    raise _strange(name, "number")


def moment(whole: Row, name: str) -> datetime | None:
    """A time in UTC, of the years that are taken; Moodle's 0 is None."""
    seconds = some_integer(whole, name)
    try:
        found = datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (OverflowError, ValueError, OSError):
        raise _strange(name, "time") from None
    if found is not None and not is_of_these_years(found):
        raise _strange(name, f"time of {YEARS}")
    return found


_NO_ACCESS, _NO_COURSE, _NOTHING_FOUND = "1", "2", "3"


def warnings(answer: Row, item: str = "") -> dict[int, Rejected[MoodleId]]:
    """By item id, what a warning refuses; only those about this kind of `item`, if one is said.

    That nothing was found yet refuses nothing.
    """
    return {
        some_integer(warning, "itemid"): _warned(text(warning, "warningcode"))
        for warning in inner_rows(answer, "warnings")
        if text(warning, "warningcode") != _NOTHING_FOUND and item in ("", text(warning, "item"))
    }


def _warned(code: str) -> Rejected[MoodleId]:
    if code == _NO_ACCESS:
        why = (
            f"{SERVICE}: The account may not see it. Give its role mod/assign:view, mod/assign:grade, "
            "moodle/course:view and moodle/site:accessallgroups."
        )
        return rejection(RejectionKind.PERMISSION, why, code=code)
    if code == _NO_COURSE:
        why = f"{SERVICE}: There is no such course, or the account may not see its assignments."
        return rejection(RejectionKind.NOT_FOUND, why, code=code)
    return rejected(error_for(code))
