"""Zoho's CSV export: labels or API names above, `zcrm_` before ids, a lookup in two columns."""

import csv
from collections.abc import Iterator
from itertools import chain

from mzi_adapters.files.header_columns import AS_IT_IS, Ways
from mzi_adapters.files.source import FileProblem, Item, Source
from mzi_adapters.files.strangers import markup
from mzi_adapters.files.table import Cells, HeadedTable, table_of
from mzi_adapters.files.text import Text
from mzi_core.module import AnyModule
from mzi_core.ports import Unreadable

_DELIMITERS = ",;\t|"
_SAID = "sep="


def open_csv(source: Source, module: AnyModule, ways: Ways = AS_IT_IS) -> HeadedTable:
    """The table of a CSV file; a row of too few or too many cells becomes an Unreadable.

    Raises FileProblem for a header that says nothing about records, and for bytes that are no text.
    """
    return table_of(source.name, module, _rows(source), ways)


def read_csv(source: Source, module: AnyModule, ways: Ways = AS_IT_IS) -> Iterator[Item]:
    """Every row under the header, as `open_csv`."""
    yield from open_csv(source, module, ways).items


def _rows(source: Source) -> Iterator[Cells]:
    text = Text(source)
    lines = iter(text)
    first = next(lines, "")
    if (what := markup(first)) is not None:
        raise FileProblem(f"{source.name} {what}")
    said = first.strip().casefold()
    skipped = said.startswith(_SAID) and len(said) == len(_SAID) + 1
    delimiter = said[-1] if skipped else _delimiter(first)
    rows = csv.reader(
        lines if skipped else chain([first] if first else [], lines), delimiter=delimiter, strict=True
    )
    while True:
        line = rows.line_num + 1 + skipped
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            ends = rows.line_num + skipped
            yield line, Unreadable(text.last.rstrip("\r\n"), _wrong(error, line, ends))
        else:
            yield line, cells


def _wrong(error: csv.Error, line: int, ends: int) -> str:
    if "unexpected end of data" in str(error) or (ends > line and "field larger" in str(error)):
        return f"has a quote without an end: all from there to line {ends} was taken for one cell; close it."
    return f"is no row of a CSV file: {error}."


def _delimiter(header: str) -> str:
    """Zoho writes commas; a spreadsheet may write semicolons, tabs or bars."""
    return max(_DELIMITERS, key=header.count)
