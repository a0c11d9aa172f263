"""Plain JSON values read with a sentence for every refusal; each takes the value and its field's name."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def read_text(value: object, name: str) -> str:
    """A text as it is, a whole number as its digits, None as the empty text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"{name} must be a text, not {value!r}")


def read_bool(value: object, name: str) -> bool:
    """A JSON boolean, or the 0 and 1 that PHP and Moodle write for one."""
    if value in (True, False) and isinstance(value, int):
        return bool(value)
    raise ValueError(f"{name} must be true or false, not {value!r}")


def read_int(value: object, name: str) -> int:
    """A whole number, as a number or as its digits."""
    number = read_decimal(value, name)
    if not -_TOO_LARGE < number < _TOO_LARGE or number != int(number):
        raise ValueError(f"{name} must be a whole number, not {value!r}")
    return int(number)


_NO_NUMBER = Decimal("NaN")
_LONGEST = 64

# Beyond the integers that a database keeps; 1e999999999 would fill the memory with its digits.
_TOO_LARGE = Decimal(2) ** 63


def read_decimal(value: object, name: str) -> Decimal:
    """A finite number, exact: `3`, `"3.00000"`, and 1.5 as it was written, not as its binary neighbour."""
    written = str(value)
    if len(written) > _LONGEST:
        raise ValueError(f"{name} must be a number of at most {_LONGEST} characters")
    try:
        number = Decimal(written)
    except InvalidOperation:
        number = _NO_NUMBER
    if number.is_finite():
        return number
    raise ValueError(f"{name} must be a number, not {value!r}")


def read_instant(value: object, name: str) -> datetime:
    """An ISO 8601 time that says its offset, in UTC."""
    if isinstance(value, str):
        try:
            return in_utc(datetime.fromisoformat(value))
        except ValueError:
            pass
    raise ValueError(f"{name} must be a time with its offset, like 2026-02-09T14:30:00+00:00, not {value!r}")


def read_date(value: object, name: str) -> date:
    """An ISO 8601 day."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"{name} must be a day like 2026-09-01, not {value!r}")


def read_rows(value: object, name: str) -> list[Mapping[str, object]]:
    """A list of objects; None is an empty list."""
    rows = [] if value is None else value
    if isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows):
        return rows
    raise ValueError(f"{name} must be a list of objects, not {value!r}")


def choice(kind: type[E]) -> Callable[[object, str], E]:
    """A reader of one of the values of `kind`."""

    def read(value: object, name: str) -> E:
        for member in kind:
            if member == value:
                return member
        raise ValueError(f"{name} must be one of {', '.join(kind)}, not {value!r}")

    return read


def optional(read: Callable[[object, str], T]) -> Callable[[object, str], T | None]:
    """A reader for which None is None."""
    return lambda value, name: None if value is None else read(value, name)


def in_utc(moment: datetime) -> datetime:
    """The same instant in UTC. A ValueError refuses a time without an offset, which is no instant."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} says no offset from UTC, so nobody knows when it is")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment.isoformat()} is outside the years 1 to 9999 in UTC") from None


def refuse_unknown(names: Iterable[str], known: Iterable[str], what: str) -> None:
    """Raise a ValueError for the first name that is not known, with the nearest that is."""
    known = list(known)
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise ValueError(f"{what} has no {name!r}; {hint}")
