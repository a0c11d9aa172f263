"""Which format a file has, and its records in pages."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from json import JSONDecodeError, loads
from pathlib import PurePath
from typing import assert_never

import attrs

from mzi_adapters.files.csv_export import read_csv
from mzi_adapters.files.json_stream import read_json
from mzi_adapters.files.ndjson import read_ndjson
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
class Page:
    """Some records in order. `first`: the position of the first of them, from 0."""

    first: int
    items: Sequence[Item]

    @property
    def records(self) -> list[object]:
        """What a sync takes."""
        return [item.record for item in self.items]

    def item(self, position: int) -> Item:
        """The record at `position` of the file, which is one of this page."""
        return self.items[position - self.first]


def pages(items: Iterable[Item], size: int) -> Iterator[Page]:
    """Pages of `size` records. What was read before a FileProblem is still yielded, then it is raised."""
    first = 0
    page: list[Item] = []
    problem: FileProblem | None = None
    rest = iter(items)
    while problem is None:
        try:
            page.append(next(rest))
        except StopIteration:
            break
        except FileProblem as found:
            problem = found
            break
        if len(page) == size:
            yield Page(first, page)
            first, page = first + len(page), []
    if page:
        yield Page(first, page)
    if problem is not None:
        raise problem
