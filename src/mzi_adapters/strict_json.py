"""JSON read strictly, one value at a time: what two readers could understand differently is not taken.

What is JSON in form and still cannot be taken (a number that JSON does not have or that is too long, a name
given twice, too deep a nesting) stands in the place of its value as an Unreadable: whoever reads many records
knows where the next one begins, and one bad record spoils none beside it. Every door reads by these rules:
files, lines, and the bodies of requests; but of a line `ndjson` says which value of a name counts.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, NoReturn

import attrs

from mzi_core.ports import Unreadable
from mzi_core.sizes import DEEPEST, MAX_NUMBER
from mzi_core.values import Code

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_PAIRS = {"]": "[", "}": "{"}
_SHOWN = 60
"""Characters of a name that are repeated in a sentence."""

_LONGEST_PATH = 200
_TOO_DEEP = f"has lists and objects nested deeper than {DEEPEST} levels."


def shallow(value: object, text: str = "") -> object:
    """A record as it was read; one that is nested too deeply as an Unreadable, whose text is `text`."""
    level = _inside([value])
    for _ in range(DEEPEST):
        if not level:
            return value
        level = _inside([item for each in level for item in (each.values() if type(each) is dict else each)])
    return Unreadable(text, _TOO_DEEP) if level else value


def _inside(values: Iterable[object]) -> list[Any]:
    return [value for value in values if type(value) is dict or type(value) is list]


class _NotTaken(ValueError):
    """A value that JSON's form allows and these rules do not."""


@attrs.frozen
class _Fault:
    """What stands in the place of a value that cannot be taken; `{}` is for where it is."""

    code: Code
    said: str


class _Twice(dict[str, object]):
    """An object that has the name `twice` more than once."""

    twice: str = ""


def value_at(text: str, at: int, path: str = "$", *, later_counts: bool = False) -> tuple[object, int]:
    """The value that begins at `at`, and where it ends; what cannot be taken as an Unreadable.

    `path`: that of the value in its record. `later_counts`: of two values of one name. Raises JSONDecodeError
    for what is not JSON in form; then nobody knows where it ends.
    """
    try:
        value, end = (_LATER_COUNTS if later_counts else _STRICT).raw_decode(text, at)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError):
        return _not_taken(text, at, path)
    few = text.count("[", at, end) + text.count("{", at, end) <= DEEPEST  # so few cannot be nested too deeply
    return value if few else shallow(value, text[at:end]), end


def named_twice(text: str, name: str, path: str = "$") -> Unreadable:
    """What stands in the place of a record that has the name `name` twice in the object at `path`."""
    name = name[:_SHOWN]
    said = f"has the name `{name}` twice{_in(path)}, and nobody can say which one counts; leave one out."
    return Unreadable(text, said, path=f"{path}.{name}")


def _in(path: str) -> str:
    return "" if path == "$" else f" in `{path}`"


def _not_taken(text: str, at: int, path: str) -> tuple[Unreadable, int]:
    try:
        value, end = _LENIENT.raw_decode(text, at)
    except RecursionError:
        end = _end_of(text, at)
        return Unreadable(text[at:end], _TOO_DEEP), end
    if isinstance(deep := shallow(value, text[at:end]), Unreadable):
        return deep, end
    fault, path = _first_fault(value, path)
    if isinstance(fault, _Twice):
        return named_twice(text[at:end], fault.twice, path), end
    return Unreadable(text[at:end], fault.said.format(_in(path)), fault.code, path), end


def _first_fault(value: object, path: str) -> tuple[_Fault | _Twice, str]:
    """The first thing in a value that cannot be taken, and its path; there must be one."""
    waiting: list[tuple[object, str]] = [(value, path)]
    while True:
        one, path = waiting.pop()
        match one:
            case _Fault() | _Twice():
                return one, path
            case dict():
                inside = [(item, _longer(path, f".{name[:_SHOWN]}")) for name, item in one.items()]
                waiting += reversed(inside)
            case list():
                waiting += reversed([(item, _longer(path, f"[{place}]")) for place, item in enumerate(one)])


def _longer(path: str, step: str) -> str:
    return path if len(path) > _LONGEST_PATH else path + step


def _end_of(text: str, at: int) -> int:
    """Where a value ends that is too deep to be read: behind the bracket that closes its first one."""
    opened: list[str] = []
    for token in _TOKEN.finditer(text, at):
        found = token[0]
        if found in "[{":
            opened.append(found)
        elif found in "]}":
            if opened.pop() != _PAIRS[found]:
                raise json.JSONDecodeError("A bracket is closed by one of another kind", text, token.start())
            if not opened:
                return token.end()
    said = f"It has no end and is nested deeper than {DEEPEST} levels"
    raise json.JSONDecodeError(said, text, len(text))


def repeated(pairs: Iterable[tuple[str, object]]) -> str:
    """The name that comes more than once among `pairs`; there must be one."""
    (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
    return twice


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NotTaken
    return found


def _lenient_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    odd = _Twice(found)
    odd.twice = repeated(pairs)
    return odd


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _NotTaken
    return number


def _lenient_float(digits: str) -> float | _Fault:
    try:
        return _finite(digits)
    except _NotTaken:
        return _Fault(
            Code.OUT_OF_RANGE, "holds a number{} that is larger than any that can be kept; correct it."
        )


def _lenient_int(digits: str) -> int | _Fault:
    try:
        return int(digits)
    except ValueError:  # Python reads no whole number of some thousand digits
        return _Fault(
            Code.OUT_OF_RANGE,
            f"holds a number{{}} that is longer than the {MAX_NUMBER} characters a number may have; "
            "correct it.",
        )


def _no_constant(name: str) -> NoReturn:
    raise _NotTaken


def _lenient_constant(name: str) -> _Fault:
    said = f"holds `{name}`{{}}: JSON has no such number; send null, or the number as text."
    return _Fault(Code.NUMBER_INVALID, said)


_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_float=_finite, parse_constant=_no_constant)
_LATER_COUNTS = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)
_LENIENT = json.JSONDecoder(
    object_pairs_hook=_lenient_object,
    parse_float=_lenient_float,
    parse_int=_lenient_int,
    parse_constant=_lenient_constant,
)
