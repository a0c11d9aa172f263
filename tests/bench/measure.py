"""Ratios within one run: the two sides take turns, and medians are compared, for machines are noisy."""

import gc
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import attrs

ROUNDS = 7


@attrs.frozen(kw_only=True)
class Bar:
    """A bar of the table: `ratio` measured against `baseline`; met when it is at most, or at least, `bar`.

    `bar` None: shown to be known, and judged by nobody. `ratio` None: not measured, and `note` says why.
    """

    number: str
    what: str
    baseline: str
    ratio: float | None
    bar: float | None
    at_most: bool
    records: int | None = None
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the measured ratio is on the right side of the bar; what was not measured misses none."""
        if self.ratio is None or self.bar is None:
            return True
        return self.ratio <= self.bar if self.at_most else self.ratio >= self.bar

    @property
    def verdict(self) -> str:
        """The same in a word."""
        if self.ratio is None:
            return "not measured"
        if self.bar is None:
            return "–"
        return "met" if self.met else "MISSED"

    @property
    def wanted(self) -> str:
        """The bar as it is written."""
        return "–" if self.bar is None else f"{'≤' if self.at_most else '≥'} {self.bar:g}"

    def data(self) -> dict[str, Any]:
        """As JSON."""
        return {**attrs.asdict(self), "met": self.met, "verdict": self.verdict}


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes, with the collector out of the way."""
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started
    finally:
        gc.enable()


def ratio(measured: Callable[[], object], baseline: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median time of `measured` over that of `baseline`, the two taking turns after one warm-up each."""
    measured()
    baseline()
    pairs = [(seconds(measured), seconds(baseline)) for _ in range(rounds)]
    return statistics.median(m for m, _ in pairs) / statistics.median(b for _, b in pairs)


def chosen(only: str | None, numbers: Iterable[str]) -> frozenset[str]:
    """The numbers of the bars that `only` names, as `1,5`; all of them when it names none."""
    known = frozenset(numbers)
    asked = frozenset(part.strip() for part in only.split(",")) if only else known
    if unknown := sorted(asked - known):
        raise ValueError(f"There is no bar {', '.join(unknown)}; there are {', '.join(sorted(known))}.")
    return asked
