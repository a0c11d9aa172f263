"""How results look: plain aligned tables that fit 80 columns and survive a pipe."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from rich import box
from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from mzi_core.module import Side
from mzi_core.values import State

STYLES: Mapping[State, str] = {
    State.NEW: "green",
    State.UPDATED: "cyan",
    State.UNCHANGED: "dim",
    State.INVALID: "red",
    State.ERROR: "bold red",
}

KEY_NAMES: Mapping[Side, str] = {Side.ZOHO: "Zoho id", Side.MOODLE: "Moodle key"}
"""What people call the key of a record."""

_JOINERS = "\u200c\u200d\u200e\u200f"
"""Invisible characters that Arabic and Persian text needs; any other could hide something."""


def plain(value: object) -> str:
    """A value of somebody's record, safe to show: no character in it can steer a terminal."""
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if _is_seen(c) else ascii(c)[1:-1] for c in text)


def plain_json(text: str) -> str:
    """JSON that says the same, with what `plain` would not show written as `\\u202e`."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(c if _is_seen(c) else json.dumps(c)[1:-1] for c in text)


def _is_seen(character: str) -> bool:
    return character.isprintable() or character in _JOINERS or character == "\n"


def count(number: int) -> str:
    """A number with its thousands apart; nothing for 0, so that the others stand out."""
    return f"{number:,}" if number else ""


def moment(at: datetime | None) -> str:
    """An instant to the minute, in UTC; a dash for none."""
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M}Z"


def duration(time: timedelta) -> str:
    """For how long, by its two largest units: `2 d 4 h`, `3 h 20 min`, `12 min`, `45 s`."""
    seconds = int(time.total_seconds())
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days:,} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def table(*columns: str | Column, title: str | None = None) -> Table:
    """A table with a heading line and nothing else around it; a column given by name is text."""
    return Table(
        *(Column(column, overflow="fold") if isinstance(column, str) else column for column in columns),
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
        header_style="bold",
        border_style="dim",
    )


def number(header: str, style: str = "") -> Column:
    """A column of numbers."""
    return Column(header, justify="right", no_wrap=True, style=style, header_style=style)


class OneLine(Text):
    """Text that is never broken, such as a command to be copied."""


class KeyColumn(Column):
    """A column of ids and names, which stay in one piece while there is room; nothing is ever cut off."""


class IdColumn(KeyColumn):
    """A column of ids, which are copied: where one does not fit whole, each row becomes lines."""


def identifier(header: str, style: str = "bold") -> IdColumn:
    """A column of ids; a cell may have further lines."""
    return IdColumn(header, overflow="fold", no_wrap=True, style=style)


_LONGEST_KEY = 40


def key(header: str, style: str = "bold") -> KeyColumn:
    """A column of ids and names."""
    return KeyColumn(header, overflow="fold", style=style)


_LEAST_KEY = 12
_LEAST_TEXT = 16
_GAP = 2
_NARROW = 60
"""Columns of a terminal below which a table that does not fit whole is shown as lines."""


def settle(shown: Table, width: int) -> RenderableType:
    """The table as it fits so many columns: no name of a state and no number in it is ever cut.

    Keys are as wide as they need to be, so that the sentences beside them break first. Where that is too
    much the widest key is folded, such as a path, never an id; where even that is, each row becomes lines.
    """
    widths = [_natural(column) for column in shown.columns]
    room = width - _GAP * (len(widths) - 1)
    if width < _NARROW and sum(widths) > room:
        return lines(shown)
    folded = [isinstance(each, KeyColumn) and not isinstance(each, IdColumn) for each in shown.columns]
    least = [
        min(wide, _LONGEST_KEY if is_folded else wide if column.no_wrap else _LEAST_TEXT)
        for column, wide, is_folded in zip(shown.columns, widths, folded, strict=True)
    ]
    keys = [place for place, is_folded in enumerate(folded) if is_folded]
    keys.sort(key=least.__getitem__)
    while keys and sum(least) > room:
        widest = keys.pop()
        least[widest] = max(min(least[widest], _LEAST_KEY), least[widest] - (sum(least) - room))
    if sum(least) > room:
        return lines(shown)
    for column, wide, narrow, is_folded in zip(shown.columns, widths, least, folded, strict=True):
        if is_folded:
            column.no_wrap = wide == narrow
            column.width = None if wide == narrow else narrow
    return shown


def _natural(column: Column) -> int:
    """How wide a column is when nothing in it is broken."""
    cells = [str(column.header), *map(str, column.cells)]
    return max((cell_len(line) for cell in cells for line in cell.splitlines()), default=0)


def lines(shown: Table) -> Text:
    """A table for a narrow terminal: a line for each cell that holds something, a block for each row.

    Without a heading the first cell of a row is the name of the second.
    """
    blocks = []
    for cells in zip(*(column.cells for column in shown.columns), strict=True):
        names = [str(column.header) for column in shown.columns] if shown.show_header else ["", str(cells[0])]
        said = [
            _line(name, cell, column)
            for name, cell, column in zip(names, cells, shown.columns, strict=True)
            if str(cell) and (shown.show_header or cell is not cells[0])
        ]
        blocks.append(Text("\n").join(said))
    told = Text("\n\n" if shown.show_header else "\n").join(blocks)
    if shown.title:
        told = Text.assemble((str(shown.title), "bold"), "\n", told)
    return told


def _line(name: str, cell: RenderableType, column: Column) -> Text:
    value = cell if isinstance(cell, Text) else Text(str(cell), style=column.style)
    return Text.assemble((f"{name}: ", "dim"), value) if name else value


def states(*of: State) -> list[Column]:
    """A column of numbers for each state."""
    return [number(state.value, STYLES[state]) for state in of]


def pairs(rows: Iterable[tuple[str, object]], title: str | None = None) -> Table:
    """Names with their values, aligned."""
    grid = table(key("", "cyan"), Column("", overflow="fold"), title=title)
    grid.show_header = False
    for name, value in rows:
        grid.add_row(name, value if isinstance(value, Text) else plain(value))
    return grid
