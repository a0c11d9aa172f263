"""Time that passes only when nobody has anything left to do."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from weakref import WeakKeyDictionary

import attrs

BEGINNING = datetime(2026, 9, 1, 8, tzinfo=UTC)

ROUND = 0.001
"""How much silence one round of the loop counts for at most: a busy machine is not silence."""

Sleeper = tuple[float, int, "asyncio.Future[None]"]

_watchers: "WeakKeyDictionary[asyncio.AbstractEventLoop, int]" = WeakKeyDictionary()
"""How many timers look whether a loop is idle; each of them is something the others see waiting to run."""


@attrs.define(kw_only=True, eq=False)
class VirtualTimer:
    """A `Timer` and a `Clock` in one. A sleep takes no real time: when every task of the event loop waits,
    time moves on to the next sleeper.

    Sleepers wake by the moment they are due, those of one moment by the order in which they lay down; each
    runs until it waits again before the next one wakes. So a run is the same every time. `patience` is how
    many real seconds of silence count as everybody waiting: 0 where all is in memory, some milliseconds where
    threads or sockets answer. A task that would sleep for ever again and again has to be ended by its test.
    """

    start: datetime = BEGINNING
    patience: float = 0
    _elapsed: float = attrs.field(default=0.0, init=False)
    _jumped: float = attrs.field(default=0.0, init=False)
    _sleepers: list[Sleeper] = attrs.field(factory=list, init=False, repr=False)
    _order: Callable[[], int] = attrs.field(factory=lambda: count().__next__, init=False, repr=False)
    _watched: asyncio.AbstractEventLoop | None = attrs.field(default=None, init=False, repr=False)

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return self.start + timedelta(seconds=self._elapsed + self._jumped)

    def monotonic(self) -> float:
        """Seconds slept so far; a jump of the clock does not show here."""
        return self._elapsed

    def jump(self, seconds: float) -> None:
        """Set the clock forward or back, as an administrator would. Nobody wakes of it."""
        self._jumped += seconds

    async def sleep(self, seconds: float) -> None:
        """Wait until everybody else waits and no one is due earlier."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        heappush(self._sleepers, (self._elapsed + seconds, self._order(), woken))
        if self._watched is not loop:
            self._watched = loop
            _watchers[loop] = _watchers.get(loop, 0) + 1
            loop.call_soon(self._watch, loop, time.monotonic(), 0.0)
        await woken

    def _watch(self, loop: asyncio.AbstractEventLoop, last: float, quiet: float) -> None:
        """Runs once in every round of the loop for as long as somebody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():  # cancelled
            heappop(self._sleepers)
        if not self._sleepers:
            self._watched = None
            _watchers[loop] -= 1
            return
        moment = time.monotonic()
        quiet += min(moment - last, ROUND)
        ready = loop._ready  # type: ignore[attr-defined]  # no public name tells whether a task can run
        if len(ready) >= _watchers[loop]:
            quiet = 0
        elif quiet >= self.patience:
            due, _, woken = heappop(self._sleepers)
            self._elapsed = max(self._elapsed, due)
            woken.set_result(None)
        loop.call_soon(self._watch, loop, moment, quiet)
