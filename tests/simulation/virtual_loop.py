"""An event loop whose time is virtual: when nothing is ready it jumps to its next timer."""

import asyncio
import selectors
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from mzi_adapters.testing.virtual_time import VirtualTimer


class _Jumping(selectors.BaseSelector):
    """Waits for nothing: who would have waited finds that the time has passed."""

    def __init__(self) -> None:
        self.now = 0.0
        self._real = selectors.DefaultSelector()

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if not ready and timeout is None:
            raise RuntimeError("Everybody waits for somebody else, and no timer is set.")
        if not ready and timeout is not None and timeout > 0:
            self.now += timeout
        return ready

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()


class VirtualLoop(asyncio.SelectorEventLoop):
    """So hours take as long as what happens in them."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the beginning."""
        return self._jumping.now


@attrs.define(kw_only=True, eq=False)
class LoopTimer(VirtualTimer):
    """The clock and the timer of everybody in a virtual loop: the time of the loop itself."""

    loop: asyncio.AbstractEventLoop

    def now(self) -> datetime:
        """The present moment."""
        return self.start + timedelta(seconds=self.loop.time())

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return self.loop.time()

    async def sleep(self, seconds: float) -> None:
        """Wait in the loop."""
        await asyncio.sleep(seconds)
