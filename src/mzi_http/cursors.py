"""Cursors: where a page ended, as text that a caller hands back and need not understand."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256

from mzi_core.grading.plain_values import read_instant
from mzi_core.keepable_text import is_keepable
from mzi_core.ports import Cursor

_CHECK = 8  # bytes of the checksum
_LONGEST = 6000  # of a cursor, in characters: no key is longer that a database has in an index


class BadCursor(ValueError):
    """The text is no cursor, was changed on the way, or belongs to another list."""

    def __init__(self) -> None:
        super().__init__("This cursor is damaged, or belongs to another list; begin without one.")


def _check(place: bytes, list_id: Sequence[object]) -> bytes:
    return sha256(json.dumps([*map(str, list_id), place.decode()]).encode()).digest()[:_CHECK]


def write_cursor(cursor: Cursor, list_id: Sequence[object]) -> str:
    """The cursor as text; `list_id` is all that a list depends on, so that it is not used with another one.

    The checksum finds mistakes. It keeps nobody out, and need not: a cursor says where to begin, not what
    may be seen.
    """
    place = json.dumps([cursor.at.isoformat(), cursor.key], ensure_ascii=False).encode()
    return urlsafe_b64encode(_check(place, list_id) + place).decode().rstrip("=")


def read_cursor(text: str, list_id: Sequence[object]) -> Cursor:
    """The cursor that `write_cursor` wrote for the same list. Raises BadCursor."""
    try:
        if len(text) > _LONGEST:
            raise BadCursor
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        check, place = raw[:_CHECK], raw[_CHECK:]
        if check != _check(place, list_id):
            raise BadCursor
        at, key = json.loads(place)
        if not isinstance(key, str) or not is_keepable(key):
            raise BadCursor
        return Cursor(read_instant(at, "at"), key)
    except (ValueError, TypeError) as error:
        raise BadCursor from error
