"""A Zoho and a Moodle on this machine, answering while a command runs in this thread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from mzi_adapters.system import SystemClock
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.remotes import at_work, serving_remotes, sound_moodle, sound_zoho
from mzi_adapters.testing.zoho import FakeZoho
from mzi_http.sources import variable_of


@attrs.define
class Remotes:
    """Both fakes, as a college that mzi can work with, and the settings that lead to them."""

    zoho: FakeZoho
    moodle: FakeMoodle
    settings: dict[str, str] = attrs.field(factory=dict)


def sound() -> Remotes:
    """Fakes in which nothing is wrong."""
    moodle = sound_moodle()
    at_work(moodle)
    return Remotes(sound_zoho(SystemClock()), moodle)


@contextmanager
def standing(remotes: Remotes) -> Iterator[Remotes]:
    """The fakes behind two sockets, in a thread of their own."""
    ready = threading.Event()
    stop = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with serving_remotes(remotes.zoho, remotes.moodle) as served:
            remotes.settings = {variable_of(name): value for name, value in served.settings.items()}
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield remotes
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(10)
