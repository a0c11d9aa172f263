"""A Zoho and a Moodle on this machine, answering while a command runs in this thread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import attrs
from tests.servers.loopback import serving

from mzi_adapters.system import SystemClock
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.zoho import FakeZoho, define_modules
from mzi_adapters.testing.zoho.fake import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from mzi_core.ports import Feature

TOKEN = "0123456789abcdef0123456789abcdef"


@attrs.define
class Remotes:
    """Both fakes, as a college that mzi can work with, and the settings that lead to them."""

    zoho: FakeZoho
    moodle: FakeMoodle
    settings: dict[str, str] = attrs.field(factory=dict)


def sound() -> Remotes:
    """Fakes in which nothing is wrong."""
    zoho = FakeZoho(clock=SystemClock())
    define_modules(zoho)
    moodle = FakeMoodle(token=TOKEN)
    moodle.max_input_vars = 5000
    moodle.plugin = True
    moodle.functions.update(Feature)
    course = moodle.add_course(shortname="NET-1")
    moodle.add_assignment(course, name="Task 1")
    return Remotes(zoho, moodle)


@contextmanager
def standing(remotes: Remotes) -> Iterator[Remotes]:
    """The fakes behind two sockets, in a thread of their own."""
    ready = threading.Event()
    stop = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with AsyncExitStack() as stack:
            zoho = await stack.enter_async_context(serving(remotes.zoho))
            moodle = await stack.enter_async_context(serving(remotes.moodle))
            remotes.zoho.accounts_url = remotes.zoho.api_url = zoho.url
            remotes.moodle.url = moodle.url
            remotes.settings = {
                "MZI_ZOHO_CLIENT_ID": CLIENT_ID,
                "MZI_ZOHO_CLIENT_SECRET": CLIENT_SECRET,
                "MZI_ZOHO_REFRESH_TOKEN": REFRESH_TOKEN,
                "MZI_ZOHO_ACCOUNTS_URL": zoho.url,
                "MZI_ZOHO_API_URL": zoho.url,
                "MZI_MOODLE_URL": moodle.url,
                "MZI_MOODLE_TOKEN": TOKEN,
            }
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
