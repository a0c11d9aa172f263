"""What a record says, word for word, as a short digest: equal digests need no second look.

A nightly resync is mostly records that say what they said the night before. Their digest is taken over the
values as they came, before anything is understood, so it costs a fraction of reading the record. Of a line
of text it is taken over the line itself: then not even its JSON is read, but for the id.
"""

import marshal
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b, sha256
from typing import Any

from mzi_adapters import quick
from mzi_adapters.zoho import coerce
from mzi_adapters.zoho.coerce import Refused
from mzi_adapters.zoho.criteria import CRITERION_FIELDS
from mzi_core.decide import Mark
from mzi_core.mapping import Overlay
from mzi_core.module import E, Kind, Module
from mzi_core.ports import Unread
from mzi_core.values import ZohoId

READING = 2
"""Raise it when the same wire values are understood otherwise than before: all records are then read anew."""

_FORMAT = 2  # the marshal format whose output depends on the values alone
_SIZE = 16


def _names(module: Module[E], overlay: Overlay) -> Iterator[str]:
    for field in module.fields:
        if field.name == "zoho_id":
            continue
        yield from field.names
        if field.kind is Kind.CRITERIA:
            yield from CRITERION_FIELDS
    yield from overlay.names.values()
    yield from (extra.zoho_name for extra in overlay.extras)


def marker(module: Module[E], overlay: Overlay) -> Callable[[object], Mark | None]:
    """How to mark one record of `module`; None for what has no id that could be known.

    The digest covers the id, every field under all its names, the tenant's mapping, and how records are read.
    """
    names = tuple(dict.fromkeys(_names(module, overlay)))
    ids = module.field["zoho_id"].names
    how = repr((READING, module.name, names, overlay.version)).encode()
    said = blake2b(how, digest_size=_SIZE)
    mark_line = _of_lines(sha256(how))

    def mark(record: object) -> Mark | None:
        if isinstance(record, Unread):
            return mark_line(record)
        if not isinstance(record, Mapping):
            return None
        try:
            zoho_id = next(filter(None, map(coerce.record_id, map(record.get, ids))), None)
        except Refused:
            return None
        if zoho_id is None:
            return None
        try:
            values = marshal.dumps([zoho_id, *map(record.get, names)], _FORMAT)
        except ValueError:
            return Mark(zoho_id, None)  # a value that JSON does not have, such as a Decimal
        digest = said.copy()
        digest.update(values)
        return Mark(zoho_id, digest.hexdigest())

    return mark


def _of_lines(said: Any) -> Callable[[bytes], Mark | None]:
    """How to mark a line without reading it; None for one whose id is not told plainly under `id`."""
    read = quick.ID_OF
    if read is None:
        return lambda line: None

    def mark(line: bytes) -> Mark | None:
        try:
            zoho_id = read(line)
        except quick.REFUSED:
            return None
        if not zoho_id.isalnum() or not zoho_id.isascii() or len(zoho_id) > coerce.MAX_ID:
            return None
        digest = said.copy()
        digest.update(line)
        return Mark(ZohoId(zoho_id), digest.hexdigest()[: 2 * _SIZE])

    return mark
