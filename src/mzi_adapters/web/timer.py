"""Time as the event loop passes it."""

import asyncio
import time

import attrs


@attrs.frozen
class LoopTimer:
    """The real `Timer`."""

    def monotonic(self) -> float:
        """Seconds that no change of the clock disturbs."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
