"""Any `Transport` behind a real socket: `async with serving(fake, faults) as server:`.

A client that is told the server's own address gets the requests through as if sent to `origin`; a client that
names the real hosts of a service takes the `Detour`, and the fake sees the hosts it knows.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

import attrs
import h11

from mzi_adapters.testing.faults import Delivery, Faults, Instead, Reset, Unreachable, deliver
from mzi_adapters.web.transport import Lost, NotSent, Request, Response, Streamed, Transport

PROTOCOL = "x-forwarded-proto"
BLOCK = 2**16


@attrs.define(eq=False)
class Loopback:
    """The running server."""

    url: str
    """`http://127.0.0.1:port`"""
    origin: str
    wire: Transport
    faults: Faults
    seen: list[Request] = attrs.field(factory=list)
    """Every request in the order in which it was read whole, whatever became of it."""
    connections: int = 0
    """How many were opened so far."""
    at_once: int = 0
    """Requests being answered just now."""
    most_at_once: int = 0
    failures: list[Exception] = attrs.field(factory=list)
    """What the wire behind the server raised."""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until either side ends it."""
        self.connections += 1
        unread = b""
        try:
            while True:
                request, unread = await _read(reader, unread, self.origin)
                if request is None or not await self._answer(request, writer):
                    break
        except (ConnectionError, h11.RemoteProtocolError):
            pass  # the client left in the middle, or speaks TLS to us
        finally:
            writer.close()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection can be used again."""
        self.seen.append(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            delivery = await self._delivery(request)
            if delivery is None:
                reset(writer)
                return False
            return await _send(delivery, request, writer)
        finally:
            self.at_once -= 1

    async def _delivery(self, request: Request) -> Delivery | None:
        """How the answer travels; None when the connection breaks instead."""
        fault = self.faults.next(request)
        match fault:
            case Unreachable():
                self.failures.append(AssertionError("A server that was reached cannot be Unreachable."))
                return None
            case Reset(applied=False):
                return None
            case Instead(applied=False):
                return deliver(fault, fault.answer)
        try:
            answer = await self.wire.send(request)
        except (NotSent, Lost):
            return None
        except Exception as error:
            self.failures.append(error)
            return None
        return None if isinstance(fault, Reset) else deliver(fault, answer)


async def _read(reader: asyncio.StreamReader, unread: bytes, origin: str) -> tuple[Request | None, bytes]:
    """The next whole request, if any comes, and what was read behind it."""
    parser = h11.Connection(h11.SERVER, max_incomplete_event_size=2**20)
    if unread:
        parser.receive_data(unread)
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = parser.next_event()
        if event is h11.NEED_DATA:
            parser.receive_data(await reader.read(BLOCK))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return _request(head, bytes(body), origin), parser.trailing_data[0]
        else:
            return None, b""


def _request(head: h11.Request, body: bytes, origin: str) -> Request:
    headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
    protocol = headers.pop(PROTOCOL, None)
    target, _, query = head.target.decode().partition("?")
    path = urlsplit(target).path if target.startswith("http") else target  # a proxy is told the whole address
    return Request(
        method=head.method.decode(),
        url=(f"{protocol}://{headers['host']}" if protocol else origin) + path,
        query=tuple(parse_qsl(query, keep_blank_values=True, errors="strict")),
        headers=headers,
        body=body or None,
    )


async def _send(delivery: Delivery, request: Request, writer: asyncio.StreamWriter) -> bool:
    answer = delivery.answer
    await asyncio.sleep(delivery.wait)
    writer.write(_head(answer))
    body = memoryview(b"" if request.method == "HEAD" else answer.body)[: delivery.kept]
    step = 1 if delivery.pause else BLOCK
    for start in range(0, len(body), step):
        await asyncio.sleep(delivery.pause)
        writer.write(body[start : start + step])
        await writer.drain()
    if delivery.kept is None:
        return request.headers.get("connection", "").lower() != "close"
    if not delivery.breaks:
        await asyncio.Event().wait()
    return False


def _head(answer: Response) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if answer.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        lines.append(f"content-length: {len(answer.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection so that the other side sees a reset, not an orderly end."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def serving(
    wire: Transport, faults: Faults | None = None, *, origin: str | None = None
) -> AsyncIterator[Loopback]:
    """The wire behind a free port of this machine; what it raised but NotSent and Lost is raised at the end.

    `origin` is how the wire knows itself (`https://moodle.example`); without it, by the server's address.
    """
    loopback = Loopback("", "", wire, faults or Faults())
    talks: set[asyncio.Task[None]] = set()

    def opened(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(loopback.talk(reader, writer))
        talks.add(talk)
        talk.add_done_callback(talks.discard)

    server = await asyncio.start_server(opened, "127.0.0.1", 0, backlog=1024)
    loopback.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    loopback.origin = origin or loopback.url
    try:
        yield loopback
    finally:
        server.close()
        ending = list(talks)
        for talk in ending:
            talk.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
    if loopback.failures:
        raise ExceptionGroup("The wire behind the server failed.", loopback.failures)


@attrs.frozen
class Detour:
    """A wire that takes every request to a `Loopback`, whatever host it names; the fake sees that host."""

    wire: Transport
    server: Loopback

    async def send(self, request: Request) -> Response:
        """As `Wire.send`."""
        return await self.wire.send(self._redirected(request))

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]:
        """As `Wire.stream`."""
        return self.wire.stream(self._redirected(request))

    def _redirected(self, request: Request) -> Request:
        named = urlsplit(request.url)
        headers = {**request.headers, "host": named.netloc, PROTOCOL: named.scheme}
        return attrs.evolve(request, url=self.server.url + named.path, headers=headers)
