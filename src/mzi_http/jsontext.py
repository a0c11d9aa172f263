"""JSON text, read strictly: what two readers could understand differently is refused.

The standard library reads here rather than msgspec: it says line and column, shows a hook every repeated
name, and keeps half a character (a lone surrogate) inside its string, where it spoils one record and not the
whole request. Next to storing the records the time it takes does not show.
"""

import json
import math
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

MAX_DEPTH = 64
"""How deep lists and objects may be nested; real records are five deep."""

_TOO_DEEP = f"Its lists and objects are nested deeper than {MAX_DEPTH} levels."
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_BLANKS = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)', re.DOTALL)
_WEIGHT = 4  # of a list or an object, in other values: so much more memory they take
_SHOWN = 60  # of a repeated name, in characters


class BadJson(ValueError):
    """The text is not JSON, or JSON that cannot be taken; the message is a sentence that says where."""


class TooMuch(BadJson):
    """It may be JSON, and holds more values than are taken at once."""


def decode(text: bytes, most: int) -> object:
    """The value that `text` (UTF-8, a byte order mark allowed) says; integers are exact.

    Raises BadJson, and TooMuch before anything is built where there are more than `most` values in it.
    """
    with _told(text):
        said = _bounded(text, most)
        return _shallow(_DECODER.decode(said))


def decode_listed(text: bytes, name: str | None, items: int, most: int) -> object:
    """As `decode`, and no more than `items` are built of one list; raises TooMuch when there is another.

    `name`: where it stands in the outermost object; None means the outermost list itself.
    """
    with _told(text):
        said = _bounded(text, most)
        start = _after_blanks(said, 0)
        match said[start : start + 1]:
            case "{" if name is not None:
                value, end = _members(said, start + 1, name, items)
            case "[" if name is None:
                value, end = _items(said, start + 1, items)
            case _:
                value, end = _DECODER.raw_decode(said, start)
        end = _after_blanks(said, end)
        if end < len(said):
            raise json.JSONDecodeError("Extra data", said, end)
        return _shallow(value)


@contextmanager
def _told(text: bytes) -> Iterator[None]:
    """Whatever is wrong with `text`, as BadJson."""
    try:
        yield
    except BadJson:
        raise
    except UnicodeDecodeError as error:
        at = error.start + (len(BOM_UTF8) if text.startswith(BOM_UTF8) else 0)
        raise BadJson(f"It is not UTF-8: byte {at} fits into no character.") from error
    except json.JSONDecodeError as error:
        raise BadJson(f"{error.msg} at line {error.lineno}, column {error.colno}.") from error
    except RecursionError as error:
        raise BadJson(_TOO_DEEP) from error
    except ValueError as error:  # Python reads no integer of more than 4300 digits
        raise BadJson("A whole number in it has more than 4300 digits.") from error


def _bounded(text: bytes, most: int) -> str:
    """As characters; raises TooMuch. What stands in texts is left out where it might be too much."""
    said = text.removeprefix(BOM_UTF8).decode()
    if _values(said) > most and _values(_STRING.sub("", said)) > most:
        raise TooMuch(f"It holds more than {most:,} values, lists and objects counted {_WEIGHT} times.")
    return said


def _values(said: str) -> int:
    return said.count(",") + _WEIGHT * (said.count("[") + said.count("{"))


def _shallow(value: object) -> object:
    if sum(1 for _ in _levels(value)) > MAX_DEPTH:
        raise BadJson(_TOO_DEEP)
    return value


def _after_blanks(said: str, at: int) -> int:
    blanks = _BLANKS.match(said, at)
    return blanks.end() if blanks else at


def _parted(said: str, at: int, closing: str) -> tuple[bool, int]:
    """Whether another part comes behind the one that ended at `at`, and where to go on."""
    at = _after_blanks(said, at)
    if said[at : at + 1] == ",":
        return True, _after_blanks(said, at + 1)
    if said[at : at + 1] != closing:
        raise json.JSONDecodeError("Expecting ',' delimiter", said, at)
    return False, at + 1


def _members(said: str, at: int, name: str, items: int) -> tuple[object, int]:
    """The members of an object from behind its `{` on, and where the text behind it begins."""
    pairs: list[tuple[str, object]] = []
    at = _after_blanks(said, at)
    more = said[at : at + 1] != "}"
    if not more:
        at += 1
    while more:
        if said[at : at + 1] != '"':
            raise json.JSONDecodeError("Expecting property name enclosed in double quotes", said, at)
        key, at = _DECODER.raw_decode(said, at)
        at = _after_blanks(said, at)
        if said[at : at + 1] != ":":
            raise json.JSONDecodeError("Expecting ':' delimiter", said, at)
        at = _after_blanks(said, at + 1)
        if key == name and said[at : at + 1] == "[":
            value, at = _items(said, at + 1, items)
        else:
            value, at = _DECODER.raw_decode(said, at)
        pairs.append((key, value))
        more, at = _parted(said, at, "}")
    return _object(pairs), at


def _items(said: str, at: int, most: int) -> tuple[object, int]:
    """The items of a list from behind its `[` on, and where it ends."""
    found: list[object] = []
    at = _after_blanks(said, at)
    more = said[at : at + 1] != "]"
    if not more:
        at += 1
    while more:
        if len(found) == most:
            raise TooMuch(f"It lists more than {most:,} records.")
        value, at = _DECODER.raw_decode(said, at)
        found.append(value)
        more, at = _parted(said, at, "]")
    return found, at


def encode(value: object) -> bytes:
    """`value` as UTF-8; where half a character makes that impossible, in ASCII with escapes."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False).encode()


def texts(value: object) -> Iterator[str]:
    """Every text in `value`, the names in its objects too."""
    for level in _levels([value]):
        for container in level:
            for item in (*container, *container.values()) if isinstance(container, dict) else container:
                if isinstance(item, str):
                    yield item


def is_keepable(text: str) -> bool:
    """Whether every database keeps this text: it holds neither NUL nor half a character."""
    return _UNKEEPABLE.search(text) is None


def _levels(value: object) -> Iterator[list[dict[str, object] | list[object]]]:
    """The lists and objects in `value`, level by level from the outside; no recursion."""
    level = [value] if isinstance(value, dict | list) else []
    while level:
        yield level
        level = [
            item
            for container in level
            for item in (container.values() if isinstance(container, dict) else container)
            if isinstance(item, dict | list)
        ]


def repeated(pairs: Iterable[tuple[str, object]]) -> str:
    """The name that comes more than once among `pairs`; there must be one."""
    (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
    return twice


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = repeated(pairs)
        raise BadJson(
            f"An object in it has the name `{twice[:_SHOWN]}` twice; which one counts, nobody can say."
        )
    return found


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise BadJson("A number in it is larger than any that can be kept.")
    return number


def _no_constant(name: str) -> NoReturn:
    raise BadJson(f"`{name}` is no JSON; send null, or the number as text.")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_finite, parse_constant=_no_constant)
