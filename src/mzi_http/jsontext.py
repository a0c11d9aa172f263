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
from typing import NoReturn

MAX_DEPTH = 64
"""How deep lists and objects may be nested; real records are five deep."""

_TOO_DEEP = f"Its lists and objects are nested deeper than {MAX_DEPTH} levels."
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_SHOWN = 60  # of a repeated name, in characters


class BadJson(ValueError):
    """The text is not JSON, or JSON that cannot be taken; the message is a sentence that says where."""


def decode(text: bytes) -> object:
    """The value that `text` (UTF-8, a byte order mark allowed) says; integers are exact. Raises BadJson."""
    try:
        value: object = json.loads(
            text.removeprefix(BOM_UTF8).decode(),
            object_pairs_hook=_object,
            parse_float=_finite,
            parse_constant=_no_constant,
        )
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
    if sum(1 for _ in _levels(value)) > MAX_DEPTH:
        raise BadJson(_TOO_DEEP)
    return value


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
