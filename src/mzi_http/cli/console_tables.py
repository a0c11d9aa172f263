"""How results look: plain aligned tables that fit 80 columns and survive a pipe."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from rich import box
from rich.cells import cell_len
from rich.table import Column, Table
from rich.text import Text

from mzi_core.values import State

STYLES: Mapping[State, str] = {
    State.NEW: "green",
    State.UPDATED: "cyan",
    State.UNCHANGED: "dim",
    State.INVALID: "red",
    State.ERROR: "bold red",
}

_JOINERS = "\u200c\u200d\u200e\u200f"
"""Invisible characters that Arabic and Persian text needs; any other could hide something."""


def plain(value: object) -> str:
    """A value of somebody's record, safe to show: no character in it can steer a terminal."""
    return "".join(c if c.isprintable() or c in _JOINERS or c == "\n" else ascii(c)[1:-1] for c in str(value))


def count(number: int) -> str:
    """A number with its thousands apart; nothing for 0, so that the others stand out."""
    return f"{number:,}" if number else ""


def moment(at: datetime | None) -> str:
    """An instant to the minute, in UTC; a dash for none."""
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M}Z"


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


_LONGEST_KEY = 40


def key(header: str, style: str = "bold") -> KeyColumn:
    """A column of ids and names."""
    return KeyColumn(header, overflow="fold", style=style)


def settle(shown: Table) -> Table:
    """The table with its keys as wide as they need to be, so that the sentences beside them break first."""
    for column in shown.columns:
        if isinstance(column, KeyColumn):
            lines = [line for cell in column.cells for line in str(cell).splitlines()]
            if max(map(cell_len, lines), default=0) <= _LONGEST_KEY:
                column.no_wrap = True
            else:
                column.width = _LONGEST_KEY
    return shown


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
