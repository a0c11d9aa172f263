"""The rows of the table: which sides are compared, by what, and which ratio is asked for."""

from collections.abc import Sequence
from typing import Any

import attrs

from mzi_adapters.bench import Figure, Rounds, Timing, cpu, median, ratio, wall

_HUNDRED = 100


def as_text(number: float) -> str:
    """With as many digits as it takes to see on which side of a bar it is."""
    if number >= _HUNDRED:
        return f"{number:,.0f}"
    return f"{number:.3f}" if 0 < number < 1 else f"{number:.2f}"


@attrs.frozen
class Limit:
    """The bar: what the ratio must be at most, or at least. None: shown to be known, not judged."""

    ratio: float | None
    at_most: bool

    def __str__(self) -> str:
        return "–" if self.ratio is None else f"{'≤' if self.at_most else '≥'} {self.ratio:g}"

    def admits(self, ratio: float) -> bool:
        """Whether the ratio is on the right side of the bar."""
        if self.ratio is None:
            return True
        return ratio <= self.ratio if self.at_most else ratio >= self.ratio


def at_most(ratio: float | None = None) -> Limit:
    """What the side costs, divided by what the other costs, is at most this."""
    return Limit(ratio, at_most=True)


def at_least(ratio: float | None = None) -> Limit:
    """The rate of the side, divided by the rate of the other, is at least this."""
    return Limit(ratio, at_most=False)


@attrs.frozen(eq=False)
class Quantity:
    """What is compared of two sides; the less the better. `other`: the quantity that is shown beside it."""

    name: str
    unit: str
    of: Figure
    other: "Quantity | None" = None


CPU = Quantity("cpu", "µs", cpu, Quantity("wall", "µs", wall))
WALL = Quantity("wall", "µs", wall, Quantity("cpu", "µs", cpu))


def served(cost: Timing) -> float:
    """Microseconds a record of the processors of servers."""
    return cost.per_record(cost.server)


def counted(name: str, unit: str) -> Quantity:
    """What a side has counted of its turn under this name."""
    return Quantity(name, unit, lambda cost: cost.beside[name])


@attrs.frozen(kw_only=True)
class Row:
    """A row: `side` is compared with `against`, which `baseline` describes; None: its quantity is the ratio.

    `number`: of the bar. `name`: of the rows that belong together, for `--only`.
    """

    number: str
    name: str
    what: str
    side: str
    against: str | None
    baseline: str
    limit: Limit
    by: Quantity = CPU

    def measured(self, rounds: Rounds) -> "Result":
        """The row with what was measured."""
        ours, theirs = rounds[self.side], None if self.against is None else rounds[self.against]
        other = self.by.other
        return Result(
            row=self,
            ratio=self._ratio(self.by, ours, theirs),
            beside="" if other is None else f"{other.name} {as_text(self._ratio(other, ours, theirs))}",
            counted=ours[0].records,
            note=self._note(ours, theirs),
        )

    def unmeasured(self, why: str, *, failed: bool = False) -> "Result":
        """The row with the reason why there is nothing in it."""
        return Result(row=self, note=why, failed=failed)

    def _ratio(self, by: Quantity, ours: Sequence[Timing], theirs: Sequence[Timing] | None) -> float:
        if theirs is None:
            return median(ours, by.of)
        return ratio(ours, theirs, by.of) if self.limit.at_most else ratio(theirs, ours, by.of)

    def _note(self, ours: Sequence[Timing], theirs: Sequence[Timing] | None) -> str:
        if theirs is None:
            return self.by.unit
        found = as_text(median(ours, self.by.of))
        if self.by is CPU and any(cost.server for cost in ours):
            found += f" (of the server {as_text(median(ours, served))})"
        return f"{found} against {as_text(median(theirs, self.by.of))} {self.by.unit}"


@attrs.frozen(kw_only=True)
class Result:
    """A row and what was measured. `ratio` None: nothing, and `note` says why.

    `counted`: how many records (keys, requests …) one turn of the side is about. `failed`: a side did not do
    what it must.
    """

    row: Row
    ratio: float | None = None
    beside: str = ""
    counted: int | None = None
    note: str = ""
    failed: bool = False

    @property
    def met(self) -> bool:
        """Whether the bar is met; what was not measured misses none, unless it failed."""
        return not self.failed if self.ratio is None else self.row.limit.admits(self.ratio)

    @property
    def verdict(self) -> str:
        """The same in a word."""
        if self.ratio is None:
            return "FAILED" if self.failed else "not measured"
        if self.row.limit.ratio is None:
            return "–"
        return "met" if self.met else "MISSED"

    def cells(self) -> tuple[str, ...]:
        """As text, in the order of COLUMNS."""
        row = self.row
        found = "–" if self.ratio is None else as_text(self.ratio)
        times = "" if self.counted is None else f"{self.counted:,}"
        return (
            *(row.number, row.name, row.what, row.baseline, row.by.name, found, str(row.limit), self.verdict),
            *(self.beside, times, self.note),
        )

    def data(self) -> dict[str, Any]:
        """As JSON."""
        row = self.row
        said = {"bar": row.number, "name": row.name, "what": row.what, "against": row.baseline}
        limit = {"limit": row.limit.ratio, "at_most": row.limit.at_most}
        found = {"ratio": self.ratio, "beside": self.beside, "counted": self.counted, "note": self.note}
        return {**said, "by": row.by.name, **limit, **found, "met": self.met, "verdict": self.verdict}


COLUMNS = (
    *("bar", "name", "what", "against", "by", "ratio", "wanted", "verdict"),
    *("beside", "counted", "in figures"),
)
