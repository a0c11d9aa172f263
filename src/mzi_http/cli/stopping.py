"""Commands that go on until somebody stops them."""

import asyncio
import signal
from contextlib import suppress


def told_to_stop() -> asyncio.Event:
    """Set by Ctrl-C and SIGTERM, which end nothing by themselves any more."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    with suppress(NotImplementedError):  # on Windows Ctrl-C is an interrupt like any other
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    return stop
