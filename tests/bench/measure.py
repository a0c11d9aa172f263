"""Ratios within one run: the two sides take turns, and medians are compared, for machines are noisy."""

import gc
import statistics
import time
from collections.abc import Callable

import attrs

ROUNDS = 7


@attrs.frozen(kw_only=True)
class Bar:
    """A bar of the table: `ratio` measured against `baseline`; met when it is at most, or at least, `bar`."""

    number: str
    what: str
    baseline: str
    ratio: float
    bar: float
    at_most: bool

    @property
    def met(self) -> bool:
        """Whether the measured ratio is on the right side of the bar."""
        return self.ratio <= self.bar if self.at_most else self.ratio >= self.bar


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
