"""A small service, and the two ways to it on which faults happen."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import attrs

from mzi_adapters.testing.faults import Fault, Faults, FaultyTransport, Unreachable
from mzi_adapters.testing.loopback import serving
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.web import Request, Response, Streamed, Transport, in_chunks
from mzi_adapters.web.aiohttp_transport import open_transport

BODY = b'{"data":[{"id":"1","Name":"A01"}]}'
NOBODY = "http://127.0.0.1:9"
"""Where nobody listens."""


@attrs.define
class Service:
    """Answers every request alike and remembers it."""

    answer: Response = attrs.field(factory=lambda: Response(status=200, body=BODY))
    applied: list[Request] = attrs.field(factory=list)

    async def send(self, request: Request) -> Response:
        self.applied.append(request)
        return self.answer

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]:
        self.applied.append(request)
        return in_chunks(self.answer)


@attrs.frozen
class Way:
    """A wire to a service, and the service's address."""

    wire: Transport
    url: str

    def request(self, method: str = "GET", **more: Any) -> Request:
        """A request there."""
        return attrs.evolve(Request(method=method, url=f"{self.url}/records"), **more)


def planned(fault: Fault | None) -> Faults:
    """The first request meets it."""
    return Faults().at(1, fault) if fault else Faults()


@asynccontextmanager
async def in_memory(service: Transport, fault: Fault | None = None) -> AsyncIterator[Way]:
    """Virtual time and no socket."""
    yield Way(FaultyTransport(service, planned(fault), VirtualTimer()), "https://service.example")


@asynccontextmanager
async def on_a_socket(service: Transport, fault: Fault | None = None) -> AsyncIterator[Way]:
    """The real client; a service that is not reached is one that does not listen."""
    async with open_transport() as wire, serving(service, planned(fault)) as server:
        yield Way(wire, NOBODY if isinstance(fault, Unreachable) else server.url)


WAYS = {"in memory": in_memory, "on a socket": on_a_socket}


async def whole(wire: Transport, request: Request) -> Response:
    """The answer at once."""
    return await wire.send(request)


async def in_pieces(wire: Transport, request: Request) -> Response:
    """The answer read in chunks."""
    async with wire.stream(request) as streamed:
        body = b"".join([chunk async for chunk in streamed.chunks])
        return Response(status=streamed.status, headers=streamed.headers, body=body)


Asked = Callable[[Transport, Request], Awaitable[Response]]
ASKED: dict[str, Asked] = {"whole": whole, "in pieces": in_pieces}
