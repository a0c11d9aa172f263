"""What a record says, word for word, as a short digest: equal digests need no second look.

A nightly resync is mostly records that say what they said the night before. Their digest is taken over the
values as they came, before anything is understood, so it costs a fraction of reading the record. Of a line
of text it is taken over the line itself: then not even its JSON is read, but for the id.
"""

import marshal
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b, sha256
from operator import methodcaller
from typing import Any, cast

from mzi_adapters import fast_json
from mzi_adapters.codecs import coerce
from mzi_adapters.codecs.keeping import wire_names
from mzi_core.mapping import Overlay
from mzi_core.module import E, Module
from mzi_core.ports import RawRecord
from mzi_core.values import RecordKey, ZohoId

READING = 8
"""Raise it when the same wire values are understood otherwise than before: all records are then read anew."""

_FORMAT = 2  # the marshal format whose output depends on the values alone
_SIZE = 16


def _names(module: Module[E], overlay: Overlay) -> Iterator[str]:
    yield from wire_names(field for field in module.fields if field.name != module.key_name)
    yield from overlay.names.values()
    yield from (extra.zoho_name for extra in overlay.extras)


Marks = tuple[list[RecordKey | None], list[str | None]]
"""The id of each record, and its mark."""


KeyOf = Callable[[Mapping[str, object]], RecordKey | None]
"""Finds the key of a wire record; None where it has none. It may raise whatever a reader raises."""


def object_marker(module: Module[E], overlay: Overlay, key_of: KeyOf) -> Callable[[Sequence[object]], Marks]:
    """How to mark records whose key does not stand under one name, as `marker` does."""
    names = tuple(dict.fromkeys(_names(module, overlay)))
    how = repr((READING, module.name, names, overlay.version)).encode()
    mark_object = _of_objects(key_of, names, blake2b(how, digest_size=_SIZE))

    def mark(records: Sequence[object]) -> Marks:
        read = (each.read() if isinstance(each, RawRecord) else each for each in records)
        found = [mark_object(each) for each in read]
        return [key for key, _ in found], [mark for _, mark in found]

    return mark


def marker(module: Module[E], overlay: Overlay) -> Callable[[Sequence[object]], Marks]:
    """How to mark records of `module`; no id stands for what has none that could be known.

    A mark covers the id, every field under all its names, the tenant's mapping, and how records are read.
    """
    names = tuple(dict.fromkeys(_names(module, overlay)))
    how = repr((READING, module.name, names, overlay.version)).encode()
    ids = module.field[module.key_name].names

    def key_of(record: Mapping[str, object]) -> RecordKey | None:
        return next(filter(None, map(coerce.record_id, map(record.get, ids))), None)

    mark_object = _of_objects(key_of, names, blake2b(how, digest_size=_SIZE))
    mark_line = _of_lines(sha256(how))

    def mark(records: Sequence[object]) -> Marks:
        found = [mark_line(each) if isinstance(each, RawRecord) else mark_object(each) for each in records]
        return [zoho_id for zoho_id, _ in found], [mark for _, mark in found]

    mark_at_once = _of_many_lines(sha256(how))

    def mark_page(records: Sequence[object]) -> Marks:
        if all(map(_is_unread, records)):
            found = mark_at_once(cast("Sequence[bytes]", records))
            if found is not None:
                return found
        return mark(records)

    return mark_page


_NONE = (None, None)


def _is_unread(record: object) -> bool:
    return isinstance(record, RawRecord)


def _of_objects(
    key_of: KeyOf, names: Sequence[str], said: Any
) -> Callable[[object], tuple[RecordKey | None, str | None]]:
    def mark(record: object) -> tuple[RecordKey | None, str | None]:
        if not isinstance(record, Mapping):
            return _NONE
        try:
            key = key_of(record)
        except Exception:  # the decoder says what is wrong with it
            return _NONE
        if key is None:
            return _NONE
        try:
            values = marshal.dumps([key, *map(record.get, names)], _FORMAT)
        except ValueError:
            return key, None  # a value that JSON does not have, such as a Decimal
        digest = said.copy()
        digest.update(values)
        return key, digest.hexdigest()

    return mark


def _of_lines(said: Any) -> Callable[[bytes], tuple[RecordKey | None, str | None]]:
    """How to mark a line without reading it, but for the id; none for one that is not told plainly."""
    read = fast_json.ID_OF
    if read is None:
        return lambda line: _NONE

    def mark(line: bytes) -> tuple[RecordKey | None, str | None]:
        try:
            zoho_id = read(line)
        except fast_json.REFUSED:
            return _NONE
        if not zoho_id.isalnum() or not zoho_id.isascii() or len(zoho_id) > coerce.MAX_ID:
            return _NONE
        digest = said.copy()
        digest.update(line)
        return ZohoId(zoho_id), digest.hexdigest()[: 2 * _SIZE]

    return mark


def _of_many_lines(said: Any) -> Callable[[Sequence[bytes]], Marks | None]:
    """The same for lines that all begin with the id, as nearly all files have it; None for others.

    Nothing is known of the rest of such a line. Whether it is a record is found out when it is read, and one
    that is none has never been taken with this mark.
    """
    copy, first, size = said.copy, b'{"id":"', 2 * _SIZE
    if fast_json.ID_OF is None:
        return lambda lines: None

    def digest(line: bytes) -> str:
        made = copy()
        made.update(line)
        found: str = made.hexdigest()[:size]
        return found

    def mark(lines: Sequence[bytes]) -> Marks | None:
        if not lines or not all(map(methodcaller("startswith", first), lines)):
            return None
        ids = [line[7 : line.find(b'"', 7)] for line in lines]
        joined = b"".join(ids)
        if not (all(ids) and joined.isalnum()) or max(map(len, ids)) > coerce.MAX_ID:
            return None
        return [ZohoId(zoho_id.decode()) for zoho_id in ids], list(map(digest, lines))

    return mark
