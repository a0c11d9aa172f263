"""A `Transport` behind a real socket while other code, such as a command line, runs its own event loop."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from mzi_adapters.testing.loopback import Loopback, serving
from mzi_adapters.web.transport import Transport


@contextmanager
def listening(wire: Transport) -> Iterator[Loopback]:
    """The server, answering in a thread of its own; what its wire raised is raised at the end."""
    ready: SimpleQueue[tuple[Loopback, asyncio.AbstractEventLoop, asyncio.Event]] = SimpleQueue()
    raised: list[BaseException] = []

    async def serve() -> None:
        ended = asyncio.Event()
        async with serving(wire) as server:
            ready.put((server, asyncio.get_running_loop(), ended))
            await ended.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    server, loop, ended = ready.get(timeout=10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
    if raised:
        raise raised[0]
