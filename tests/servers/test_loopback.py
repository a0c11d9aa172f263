"""The server behind which every fake is tried."""

import asyncio

import attrs
import pytest
from tests.web.given import BODY, Service

from mzi_adapters.testing.faults import Faults, FaultyTransport, Reset, Unreachable
from mzi_adapters.testing.loopback import Detour, serving
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.web import Lost, Request, Response
from mzi_adapters.web.aiohttp_transport import open_transport

ASKS = Request(
    method="PUT",
    url="https://www.zohoapis.eu/crm/v8/Leads",
    query=(("ids", "1,2"),),
    headers={"authorization": "Zoho-oauthtoken 1000.a"},
    body=b"{}",
)


async def test_a_fake_sees_what_it_would_see_in_memory() -> None:
    service = Service()
    async with open_transport() as wire, serving(service) as server:
        answer = await Detour(wire, server).send(ASKS)
    seen = service.applied[0]
    assert (seen.method, seen.url, seen.query, seen.body) == (ASKS.method, ASKS.url, ASKS.query, ASKS.body)
    assert seen.headers.items() >= ASKS.headers.items()
    assert "x-forwarded-proto" not in seen.headers
    assert (answer.status, answer.body) == (200, BODY)


async def test_a_detour_streams_too() -> None:
    service = Service()
    async with (
        open_transport() as wire,
        serving(service) as server,
        Detour(wire, server).stream(ASKS) as streamed,
    ):
        assert b"".join([chunk async for chunk in streamed.chunks]) == BODY
    assert service.applied[0].url == ASKS.url


@pytest.mark.parametrize("origin", [None, "https://moodle.example"])
async def test_a_client_that_is_told_the_server_reaches_the_origin(origin: str | None) -> None:
    service = Service()
    async with open_transport() as wire, serving(service, origin=origin) as server:
        await wire.send(Request(method="POST", url=f"{server.url}/webservice/rest/server.php", body=b"a=b"))
    assert service.applied[0].url == f"{origin or server.url}/webservice/rest/server.php"


async def test_every_request_is_remembered_even_one_that_was_not_carried_out() -> None:
    service = Service()
    async with open_transport() as wire, serving(service, Faults().at(1, Reset(applied=False))) as server:
        with pytest.raises(Lost):
            await wire.send(Request(method="GET", url=f"{server.url}/1"))
        await wire.send(Request(method="GET", url=f"{server.url}/2"))
    assert [seen.url[-2:] for seen in server.seen] == ["/1", "/2"]
    assert [seen.url[-2:] for seen in service.applied] == ["/2"]


async def test_the_faults_of_a_wire_behind_the_server_are_breaks_of_the_connection() -> None:
    faults = Faults().at(1, Reset(applied=True)).at(2, Unreachable())
    behind = FaultyTransport(Service(), faults, VirtualTimer())
    async with open_transport() as wire, serving(behind) as server:
        for _ in range(2):
            with pytest.raises(Lost):
                await wire.send(Request(method="GET", url=server.url))
        assert (await wire.send(Request(method="GET", url=server.url))).body == BODY


class Failing(Service):
    async def send(self, request: Request) -> Response:
        raise AssertionError("A fake was called while a session was open.")


async def test_what_a_fake_raises_is_raised_when_the_server_ends() -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(AssertionError, match="while a session was open")):
        async with open_transport() as wire, serving(Failing()) as server:
            with pytest.raises(Lost):
                await wire.send(Request(method="GET", url=server.url))


async def test_a_server_cannot_pretend_not_to_be_there() -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(AssertionError, match="cannot be Unreachable")):
        async with open_transport() as wire, serving(Service(), Faults().at(1, Unreachable())) as server:
            with pytest.raises(Lost):
                await wire.send(Request(method="GET", url=server.url))


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        (b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n" * 2 + b"GET /a HTTP/1.0\r\nconnection: close\r\n\r\n", 3),
        (b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", 1),
        (b"HEAD /a HTTP/1.1\r\nhost: x\r\n\r\n", 1),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 0),
        (b"GET /a HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\nshort", 0),
        (b"", 0),
    ],
    ids=["one behind the other", "in chunks", "no body wanted", "not HTTP", "broken off", "nothing"],
)
async def test_it_speaks_http_with_whoever_comes(asked: bytes, answers: int) -> None:
    async with serving(Service()) as server:
        host, port = server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(asked)
        writer.write_eof()
        said = await reader.read()
        writer.close()
        assert said.count(b"HTTP/1.1 200 OK") == answers
        assert said.count(BODY) == (0 if asked.startswith(b"HEAD") else answers)
        assert len(server.seen) == answers


async def test_two_servers_have_faults_of_their_own() -> None:
    faults = Faults().at(1, Reset(applied=True))
    async with open_transport() as wire, serving(Service(), faults) as one, serving(Service()) as other:
        asks = Request(method="GET", url=other.url)
        assert (await wire.send(asks)).status == 200
        with pytest.raises(Lost):
            await wire.send(attrs.evolve(asks, url=one.url))
