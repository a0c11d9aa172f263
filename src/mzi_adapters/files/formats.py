"""Which format a file has, and its records in pages."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from json import JSONDecodeError, loads
from pathlib import PurePath
from typing import assert_never

import attrs

from mzi_adapters.files.csv_export import read_csv
from mzi_adapters.files.json_stream import read_json
from mzi_adapters.files.ndjson import Block, read_blocks, read_ndjson
from mzi_adapters.files.source import FileProblem, Item, Source
from mzi_core.module import AnyModule


class Format(StrEnum):
    """How records are written in a file."""

    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


_BY_EXTENSION = {
    ".json": Format.JSON,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".csv": Format.CSV,
}


def format_of(source: Source) -> Format:
    """By the extension, else by the first line: a whole object on it with more to come is NDJSON."""
    known = _BY_EXTENSION.get(PurePath(source.name).suffix.lower())
    if known is not None:
        return known
    line = source.head.decode(source.encoding, errors="replace").strip()
    if line.startswith("{"):
        try:
            first = loads(line)
        except JSONDecodeError:
            return Format.JSON
        enveloped = isinstance(first, dict) and isinstance(first.get("data"), list)
        return Format.JSON if enveloped else Format.NDJSON
    return Format.JSON if line.startswith("[") or not line else Format.CSV


def read_items(source: Source, module: AnyModule, format: Format | None = None) -> Iterator[Item]:
    """The records of a source in turn; `module` says what CSV columns mean. Raises FileProblem."""
    chosen = format or format_of(source)
    match chosen:
        case Format.JSON:
            return read_json(source)
        case Format.NDJSON:
            return read_ndjson(source)
        case Format.CSV:
            return read_csv(source, module)
    assert_never(chosen)


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


def read_pages(
    source: Source, module: AnyModule, size: int, format: Format | None = None
) -> Iterator[RecordPage]:
    """The records of a source in pages of `size`; as `read_items`, and NDJSON a block of lines at a time.

    What was read before a FileProblem is still yielded, then it is raised.
    """
    if (format or format_of(source)) is Format.NDJSON:
        return _pages(read_blocks(source), size)
    return pages(read_items(source, module, format), size)


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
