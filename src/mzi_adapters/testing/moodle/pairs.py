"""Rows under two ids, as a table with an index on each: whole colleges fit without a search."""

from collections import defaultdict
from typing import Generic, TypeVar

import attrs

T = TypeVar("T")


@attrs.define
class Pairs(Generic[T]):
    """A row for each pair of ids at most."""

    _rows: dict[int, dict[int, T]] = attrs.field(factory=lambda: defaultdict(dict))
    _firsts: dict[int, set[int]] = attrs.field(factory=lambda: defaultdict(set))

    def __contains__(self, key: tuple[int, int]) -> bool:
        first, second = key
        return second in self._rows.get(first, ())

    def __getitem__(self, key: tuple[int, int]) -> T:
        first, second = key
        return self._rows[first][second]

    def __setitem__(self, key: tuple[int, int], row: T) -> None:
        first, second = key
        self._rows[first][second] = row
        self._firsts[second].add(first)

    def get(self, first: int, second: int) -> T | None:
        """The row, if there is one."""
        return self._rows.get(first, {}).get(second)

    def drop(self, first: int, second: int) -> None:
        """Delete the row, if there is one."""
        if (first, second) in self:
            del self._rows[first][second]
            self._firsts[second].discard(first)

    def of(self, first: int) -> list[T]:
        """The rows under a first id, in order of the second."""
        rows = self._rows.get(first, {})
        return [rows[each] for each in sorted(rows)]

    def seconds(self, first: int) -> list[int]:
        """The second ids that go with a first, in order."""
        return sorted(self._rows.get(first, ()))

    def firsts(self, second: int) -> list[int]:
        """The first ids that go with a second, in order."""
        return sorted(self._firsts.get(second, ()))
