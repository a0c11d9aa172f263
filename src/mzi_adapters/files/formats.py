"""Which format a file has, and its records in pages."""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain
from json import JSONDecodeError
from pathlib import PurePath
from typing import assert_never

import attrs

from mzi_adapters.files.csv_export import open_csv
from mzi_adapters.files.header_columns import AS_IT_IS, Header, Ways
from mzi_adapters.files.json_stream import ENVELOPE, read_json
from mzi_adapters.files.ndjson import Block, read_blocks, read_ndjson
from mzi_adapters.files.source import ZIP, FileProblem, Item, Source
from mzi_adapters.files.workbook import open_workbook
from mzi_adapters.strict_json import value_at
from mzi_core.module import AnyModule
from mzi_core.ports import Unreadable


class Format(StrEnum):
    """How records are written in a file."""

    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    WORKBOOK = "workbook"


_BY_EXTENSION = {
    ".json": Format.JSON,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".csv": Format.CSV,
}


_ENVELOPE = re.compile(rf'\{{[ \t]*"{ENVELOPE}"[ \t]*:[ \t]*\[')


def format_of(source: Source) -> Format:
    """By its first bytes, its extension, or its first line: an object with more to come is NDJSON."""
    if source.head.startswith(ZIP):
        return Format.WORKBOOK
    known = _BY_EXTENSION.get(PurePath(source.name).suffix.lower())
    if known is not None:
        return known
    line = source.head.decode(source.encoding, errors="replace").strip()
    if line.startswith("{"):
        try:
            first, end = value_at(line, 0)
        except JSONDecodeError:
            return Format.JSON
        if isinstance(first, Unreadable):
            enveloped = _ENVELOPE.match(line) is not None
        else:
            enveloped = isinstance(first, dict) and isinstance(first.get(ENVELOPE), list)
        return Format.JSON if enveloped or end < len(line) else Format.NDJSON
    return Format.JSON if line.startswith("[") or not line else Format.CSV


def read_items(source: Source, module: AnyModule, format: Format | None = None) -> Iterator[Item]:
    """The records of a source in turn; `module` says what the columns of a table mean. Raises FileProblem."""
    return _items(source, module, format or format_of(source), AS_IT_IS)[1]


def _items(
    source: Source, module: AnyModule, format: Format, ways: Ways
) -> tuple[Header | None, Iterator[Item]]:
    match format:
        case Format.JSON:
            return None, read_json(source)
        case Format.NDJSON:
            return None, read_ndjson(source)
        case Format.CSV:
            table = open_csv(source, module, ways)
        case Format.WORKBOOK:
            table = open_workbook(source, module, ways)
        case _:
            assert_never(format)
    return table.header, table.items


@attrs.frozen
class RecordPage:
    """Some records in order, and the lines they begin on. `first`: the position of the first, from 0."""

    first: int
    records: Sequence[object]
    lines: Sequence[int]

    def item(self, position: int) -> Item:
        """The record at `position` of the file, which is one of this page."""
        place = position - self.first
        return Item(self.records[place], self.lines[place])


@attrs.frozen
class RecordPages:
    """The records of a source in pages, and the header above them where they are rows of a table."""

    pages: Iterator[RecordPage]
    header: Header | None = None


def open_records(
    source: Source, module: AnyModule, size: int, format: Format | None = None, ways: Ways = AS_IT_IS
) -> RecordPages:
    """The records of a source in pages of `size`, begun: what cannot be read from its start is a FileProblem.

    What was read before a later FileProblem is still yielded, then it is raised.
    """
    chosen = format or format_of(source)
    if chosen is Format.NDJSON:
        return RecordPages(_pages(read_blocks(source), size))
    header, items = _items(source, module, chosen, ways)
    first = next(items, None)
    return RecordPages(pages(items if first is None else chain([first], items), size), header)


def read_pages(
    source: Source, module: AnyModule, size: int, format: Format | None = None
) -> Iterator[RecordPage]:
    """The pages of `open_records`."""
    yield from open_records(source, module, size, format).pages


def pages(items: Iterable[Item], size: int) -> Iterator[RecordPage]:
    """Items in pages of `size`. What was read before a FileProblem is still yielded, then it is raised."""
    return _pages((([item.record], [item.line]) for item in items), size)


def _pages(blocks: Iterable[Block], size: int) -> Iterator[RecordPage]:
    first = 0
    records: list[object] = []
    lines: list[int] = []
    problem: FileProblem | None = None
    rest = iter(blocks)
    while problem is None:
        try:
            more, their_lines = next(rest)
        except StopIteration:
            break
        except FileProblem as found:
            problem = found
            break
        records += more
        lines += their_lines
        while len(records) >= size:
            yield RecordPage(first, records[:size], lines[:size])
            first, records, lines = first + size, records[size:], lines[size:]
    if records:
        yield RecordPage(first, records, lines)
    if problem is not None:
        raise problem
