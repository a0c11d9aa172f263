"""Connections that send one request after the other, and how long each waits for its answer."""

import asyncio
import re
import time
from collections.abc import Iterator
from functools import partial

import attrs

from mzi_adapters.bench import Unexpected

HOST = "127.0.0.1"
_GOOD = b"HTTP/1.1 200 "
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


def request(path: str, body: bytes, **headers: str) -> bytes:
    """A POST of JSON as it goes over the wire."""
    said = {"Host": HOST, "Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


@attrs.define(eq=False)
class _Connection(asyncio.Protocol):
    """One connection. `waited` gets the seconds of each answer; `done` is set after the last one."""

    requests: Iterator[bytes]
    until: float
    expected: bytes
    waited: list[float]
    done: asyncio.Future[None]
    _got: bytes = b""
    _sent: float = 0.0
    _transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        self._got = b""
        self._sent = time.perf_counter()
        self._transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        """When the answer is whole: send the next request, or end."""
        assert self._transport is not None
        self._got += data
        head, ended, body = self._got.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        if not ended or length is None or len(body) < int(length[1]):
            return
        now = time.perf_counter()
        self.waited.append(now - self._sent)
        if not (head.startswith(_GOOD) and self.expected in body):
            self._fail(f"The service answered {self._got[:1000]!r}.")
        elif now < self.until:
            self._send()
        else:
            self.done.set_result(None)
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """An end before the last answer is a failure."""
        self._fail(f"The service closed the connection: {error}.")

    def _fail(self, said: str) -> None:
        if not self.done.done():
            self.done.set_exception(Unexpected(said))


async def waits(
    port: int, requests: Iterator[bytes], *, connections: int, seconds: float, expected: bytes
) -> list[float]:
    """Send requests for so long over so many connections, one at least over each; how long each waited.

    Every answer must be good and have `expected` in its body, else raises Unexpected.
    """
    loop = asyncio.get_running_loop()
    until, waited = time.perf_counter() + seconds, list[float]()
    ends = [loop.create_future() for _ in range(connections)]
    for done in ends:
        await loop.create_connection(
            partial(_Connection, requests, until, expected, waited, done), HOST, port
        )
    await asyncio.gather(*ends)
    return waited
