"""A column whose ids a spreadsheet has damaged throughout: said once, and nothing of the file is taken."""

from collections.abc import Iterator, Sequence

import attrs

from mzi_adapters.files.header_columns import Header, id_in
from mzi_adapters.files.source import FileProblem, Item
from mzi_core.ids import EXPORT_AGAIN, EXPORTED, damage_of, is_digits, is_rounded

LOOKED_AT = 200
"""Rows that are held back at most, while a column has shown no sound id."""

Row = tuple[Item, Sequence[str]]
"""What became of a row, and its cells."""


@attrs.define
class _Ids:
    """What was seen of one column of ids."""

    title: str
    damage: str | None = None
    first: int = 0
    rounded: set[str] = attrs.field(factory=set)
    is_sound: bool = False
    is_empty: bool = True

    def look_at(self, cell: str, line: int) -> None:
        found = id_in(cell)
        if not found:
            return
        self.is_empty = False
        if (damage := damage_of(found)) is not None:
            self.damage = self.damage or damage
            self.first = self.first or line
        elif is_rounded(found) and EXPORTED not in cell:
            self.rounded.add(found)
            self.first = self.first or line
        elif is_digits(found):
            self.is_sound = True

    def said(self) -> str | None:
        """What is wrong with all of it."""
        if self.is_sound:
            return None
        if self.damage is not None:
            return self.damage
        if len(self.rounded) > 1:
            return "has ids that all end in zeros, as those of a spreadsheet that keeps 15 digits"
        return None


def held_back(source: str, header: Header, rows: Iterator[Row]) -> Iterator[Item]:
    """The items of `rows`, the first of them only when no column of ids is damaged throughout.

    Only rows that show nothing sound are waited for. Raises FileProblem.
    """
    watched = {at: _Ids(column.title) for at, column in enumerate(header.columns) if column.ids}
    waiting: list[Item] = []
    for item, cells in rows:
        waiting.append(item)
        if len(cells) == len(header.columns):
            for at, ids in watched.items():
                ids.look_at(cells[at].strip(), item.line)
        if all(ids.is_sound or ids.is_empty for ids in watched.values()) or len(waiting) >= LOOKED_AT:
            break
    for ids in watched.values():
        if (said := ids.said()) is not None:
            raise FileProblem(
                f"{source}: `{ids.title}` {said} (first in line {ids.first}). Nothing of the file was taken; "
                f"{EXPORT_AGAIN}"
            )
    yield from waiting
    yield from (item for item, _ in rows)
