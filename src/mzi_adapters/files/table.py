"""Rows of cells under a header, wherever they were read from, as records."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain

import attrs

from mzi_adapters.files.damage import Row, held_back
from mzi_adapters.files.header_columns import Header, Ways, header_of, id_in, is_export_id
from mzi_adapters.files.source import FileProblem, Item
from mzi_adapters.files.strangers import no_ids, of_another_module
from mzi_core.module import AnyModule
from mzi_core.ports import Unreadable
from mzi_core.values import Code

_TOTALS = re.compile(
    r"((grand|sub|overall)[ -]?)?(totals?|sum|count|average)\b.{0,40}|(ال)?(مجموع|[إا]جمالي).{0,40}",
    re.IGNORECASE | re.DOTALL,
)
"""What stands under the title of the ids in a row of totals."""

_LONGEST_TOTALS = 60

Cells = tuple[int, Sequence[str] | Unreadable]
"""A row with the line it begins on; an Unreadable where it is none."""


@attrs.frozen
class HeadedTable:
    """A header that was understood, and the records under it."""

    header: Header
    items: Iterator[Item]


def table_of(source: str, module: AnyModule, rows: Iterator[Cells], ways: Ways) -> HeadedTable:
    """The table whose first row is its header. Reads as far as it takes to see that its ids are sound.

    Raises FileProblem for a header that says nothing about records, and for damaged ids.
    """
    first = next(rows, None)
    if first is None:
        raise FileProblem(f"{source} is empty.")
    if isinstance(first[1], Unreadable):
        raise FileProblem(f"{source}: its header {first[1].said}")
    titles = [title.strip("\ufeff \t") for title in first[1]]
    header = header_of(source, module, titles, ways)
    if header.id_column is None:
        below = ((line, cells) for line, cells in rows if not isinstance(cells, Unreadable))
        raise no_ids(source, module, titles, below)
    if (problem := of_another_module(source, module, titles)) is not None:
        raise problem
    items = held_back(source, header, _records(header, rows))
    begun = next(items, None)
    return HeadedTable(header, items if begun is None else chain([begun], items))


def _records(header: Header, rows: Iterator[Cells]) -> Iterator[Row]:
    at = header.id_column
    assert at is not None  # noqa: S101  # there is no table without it
    for line, cells in rows:
        if isinstance(cells, Unreadable):
            yield Item(cells, line), ()
        elif any(cells):
            yield Item(_record(header, at, cells), line), cells


def _record(header: Header, at: int, cells: Sequence[str]) -> object:
    width = len(header.columns)
    if len(cells) != width:
        said = f"has {len(cells)} cells where the header has {width}."
        return Unreadable(",".join(cells), said)
    written = cells[at].strip()
    if written and not is_export_id(id_in(written)):
        if _TOTALS.fullmatch(written[:_LONGEST_TOTALS]):
            return Unreadable(",".join(cells), "is a row of totals, and no record; delete it.")
        said = f"has no id under `{header.columns[at].title}`: Zoho's are digits; export it again."
        return Unreadable(",".join(cells), said, Code.ID_INVALID, "$.id")
    record: dict[str, object] = {}
    for column, cell in zip(header.columns, cells, strict=True):
        column.put(record, cell.strip())
    return record
