"""Plain JSON values read with a sentence for every refusal; each takes the value and its field's name."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from itertools import islice
from typing import Any, TypeVar

from mzi_core.grading.quoting import quoted
from mzi_core.values import YEARS, is_of_these_years

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
    raise ValueError(f"{name} must be a text, not {quoted(value)}")


def read_bool(value: object, name: str) -> bool:
    """A JSON boolean, or the 0 and 1 that PHP and Moodle write for one."""
    if value in (True, False) and isinstance(value, int):
        return bool(value)
    raise ValueError(f"{name} must be true or false, not {quoted(value)}")


def read_int(value: object, name: str) -> int:
    """A whole number, as a number or as its digits."""
    number = read_decimal(value, name)
    if not -_TOO_LARGE < number < _TOO_LARGE or number != int(number):
        raise ValueError(f"{name} must be a whole number, not {quoted(value)}")
    return int(number)


_NO_NUMBER = Decimal("NaN")
_LONGEST = 64
"""Characters of a number, and digits on either side of its point: 1e999999999 would fill the memory."""

_TOO_LARGE = Decimal(2) ** 63
"""Beyond the integers that a database keeps."""


def read_decimal(value: object, name: str) -> Decimal:
    """A finite number, exact: `3`, `"3.00000"`, and 1.5 as it was written, not as its binary neighbour."""
    written = _written(value)
    if len(written) > _LONGEST:
        raise ValueError(f"{name} must be a number of at most {_LONGEST} characters")
    try:
        number = Decimal(written)
    except InvalidOperation:
        number = _NO_NUMBER
    if not number.is_finite():
        raise ValueError(f"{name} must be a number, not {quoted(value)}")
    if number.adjusted() >= _LONGEST or -int(number.as_tuple().exponent) > _LONGEST:
        raise ValueError(f"{name} must have at most {_LONGEST} digits on either side of its point")
    return number


def is_number(value: object) -> bool:
    """Whether a value says a finite number, as a number or as its digits."""
    try:
        read_decimal(value, "")
    except ValueError:
        return False
    return True


def _written(value: object) -> str:
    """A number or a text as its characters; nothing for what is neither."""
    if isinstance(value, int) and value.bit_length() > 4 * _LONGEST:
        return "9" * (_LONGEST + 1)  # too long, and Python writes down no more than 4300 digits
    return str(value) if isinstance(value, int | float | Decimal | str) else ""


def read_instant(value: object, name: str) -> datetime:
    """An ISO 8601 time that says its offset, in UTC."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None:
        said = f"{name} must be a time with its offset, like 2026-02-09T14:30:00+00:00"
        raise ValueError(f"{said}, not {quoted(value)}")
    instant = _instant(moment)
    if instant is None:
        raise ValueError(f"{name} must be a time of {YEARS} in UTC, not {quoted(value)}")
    return instant


def read_date(value: object, name: str) -> date:
    """An ISO 8601 day."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None:
        raise ValueError(f"{name} must be a day like 2026-09-01, not {quoted(value)}")
    if not is_of_these_years(day):
        raise ValueError(f"{name} must be a day of {YEARS}, not {quoted(value)}")
    return day


def read_rows(value: object, name: str) -> list[Mapping[str, object]]:
    """A list of objects; None is an empty list."""
    rows = [] if value is None else value
    if isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows):
        return rows
    raise ValueError(f"{name} must be a list of objects, not {quoted(value)}")


def choice(kind: type[E]) -> Callable[[object, str], E]:
    """A reader of one of the values of `kind`."""

    def read(value: object, name: str) -> E:
        for member in kind:
            if member == value:
                return member
        raise ValueError(f"{name} must be one of {', '.join(kind)}, not {quoted(value)}")

    return read


def optional(read: Callable[[object, str], T]) -> Callable[[object, str], T | None]:
    """A reader for which None is None."""
    return lambda value, name: None if value is None else read(value, name)


def in_utc(moment: datetime) -> datetime:
    """The same instant in UTC.

    A ValueError refuses a time without an offset, which is no instant, and one of another year than those
    that are taken.
    """
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} says no offset from UTC, so nobody knows when it is")
    instant = _instant(moment)
    if instant is None:
        raise ValueError(f"{moment.isoformat()} is outside {YEARS} in UTC; correct its year")
    return instant


def _instant(moment: datetime) -> datetime | None:
    """In UTC; None for one of another year than those that are taken."""
    try:
        instant = moment.astimezone(UTC)
    except OverflowError:
        return None
    return instant if is_of_these_years(instant) else None


Readers = Mapping[str, Callable[[object, str], object]]
"""How each field is read, by its name."""


class Problems(ValueError):
    """Everything that is wrong with some data, each a sentence without its full stop."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def problems_of(error: ValueError) -> tuple[str, ...]:
    """What an error says: several things where it knows them apart."""
    return error.problems if isinstance(error, Problems) else (str(error),)


def read_fields(
    data: Mapping[str, object],
    readers: Mapping[str, Callable[[object, str], object]],
    what: str,
    within: str = "",
) -> dict[str, Any]:
    """The fields by name. Raises Problems with everything that cannot be read, or is unknown."""
    problems = list(islice(_unknown(data, readers, what), _MOST_UNKNOWN))
    fields: dict[str, Any] = {}
    for name in (name for name in data if name in readers):
        try:
            fields[name] = readers[name](data[name], f"{within}{name}")
        except ValueError as error:
            problems += problems_of(error)
    if problems:
        raise Problems(problems)
    return {name: fields[name] for name in data}


_MOST_UNKNOWN = 5
"""Unknown fields that are named."""


def refuse_unknown(names: Iterable[str], known: Iterable[str], what: str) -> None:
    """Raise a ValueError for the first name that is not known, with the nearest that is."""
    for problem in _unknown(names, known, what):
        raise ValueError(problem)


def _unknown(names: Iterable[str], known: Iterable[str], what: str) -> Iterator[str]:
    known = list(known)
    for name in names:
        if name not in known:
            near = get_close_matches(name[:_LONGEST], known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            yield f"{what} has no {quoted(name)}; {hint}"
