"""JSON text, read strictly: what two readers could understand differently is refused.

The standard library reads here (`strict_json`) rather than msgspec: it says line and column, shows a hook
every repeated name, and keeps half a character (a lone surrogate) inside its string. Next to storing the
records the time it takes does not show.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from mzi_adapters.strict_json import named_twice, repeated, shallow, value_at
from mzi_core.ports import Unreadable

_BLANKS = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)', re.DOTALL)
_SHOWN = 60  # of a name, in characters
_WEIGHT = 4  # of a list or an object, in other values: so much more memory they take


class BadJson(ValueError):
    """The text is not JSON, or JSON that cannot be taken; the message is a sentence that says where."""


class TooMuch(BadJson):
    """It may be JSON, and holds more values than are taken at once."""


def decode(text: bytes, most: int) -> object:
    """The value that `text` (UTF-8, a byte order mark allowed) says; integers are exact.

    Raises BadJson, and TooMuch before anything is built where there are more than `most` values in it.
    """
    with _told(text):
        said = _bounded(text, most, "strict")
        value, end = _taken(said, _after_blanks(said, 0))
        return _ended(said, value, end)


def decode_listed(text: bytes, names: Collection[str], items: int, most: int) -> object:
    """As `decode`, and no more than `items` are built of one list; raises TooMuch when there is another.

    `names`: under which of them it stands in the outermost object; none means the outermost list itself. An
    item that is JSON in form and cannot be taken is an Unreadable, and spoils none beside it. Half a
    character in bytes is kept, as where it is escaped.
    """
    with _told(text):
        said = _bounded(text, most, "surrogatepass")
        start = _after_blanks(said, 0)
        match said[start : start + 1]:
            case "{" if names:
                value, end = _members(said, start + 1, names, items)
            case "[" if not names:
                value, end = _items(said, start + 1, items)
            case _:
                value, end = _taken(said, start)
        return _ended(said, value, end)


def _taken(said: str, at: int, path: str = "$") -> tuple[object, int]:
    """The value that begins at `at`, and where it ends. Raises BadJson where it cannot be taken."""
    value, end = value_at(said, at, path)
    return _readable(value), end


def _readable(value: object) -> object:
    if isinstance(value, Unreadable):
        raise BadJson(f"It {value.said}")
    return value


def _ended(said: str, value: object, end: int) -> object:
    end = _after_blanks(said, end)
    if end < len(said):
        raise json.JSONDecodeError("Extra data", said, end)
    return value


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


def _bounded(text: bytes, most: int, errors: str) -> str:
    """As characters; raises TooMuch. What stands in texts is left out where it might be too much."""
    said = text.removeprefix(BOM_UTF8).decode(errors=errors)
    if _values(said) > most and _values(_STRING.sub("", said)) > most:
        raise TooMuch(f"It holds more than {most:,} values, lists and objects counted {_WEIGHT} times.")
    return said


def _values(said: str) -> int:
    return said.count(",") + _WEIGHT * (said.count("[") + said.count("{"))


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


def _members(said: str, at: int, names: Collection[str], items: int) -> tuple[object, int]:
    """The members of an object from behind its `{` on, and where the text behind it begins."""
    pairs: list[tuple[str, object]] = []
    at = _after_blanks(said, at)
    more = said[at : at + 1] != "}"
    if not more:
        at += 1
    while more:
        if said[at : at + 1] != '"':
            raise json.JSONDecodeError("Expecting property name enclosed in double quotes", said, at)
        key, at = value_at(said, at)
        at = _after_blanks(said, at)
        if said[at : at + 1] != ":":
            raise json.JSONDecodeError("Expecting ':' delimiter", said, at)
        at = _after_blanks(said, at + 1)
        if key in names and said[at : at + 1] == "[":
            value, at = _items(said, at + 1, items)
        else:
            value, at = _taken(said, at, "$" if key in names else f"$.{str(key)[:_SHOWN]}")
        pairs.append((str(key), value))
        more, at = _parted(said, at, "}")
    found = dict(pairs)
    if len(found) < len(pairs):
        _readable(named_twice("", repeated(pairs)))
    is_listed = any(isinstance(found.get(name), list) for name in names)
    return found if is_listed else _readable(shallow(found)), at


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
        value, at = value_at(said, at)
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
