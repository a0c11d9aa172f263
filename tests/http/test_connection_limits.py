"""Callers that send slowly, by halves, too much, or wrong keys: over a real socket where it matters."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any

import attrs
import pytest
import uvicorn
from tests.http.serving import Api, serving, student

from mzi_adapters.testing.harness import Harness
from mzi_core.use_cases import UseCases
from mzi_http.app import create_app
from mzi_http.connection_limits import MOST, ConnectionLimits, configured, most_connections
from mzi_http.intake import AT_ONCE, RequestIntake

HURRIED = ConnectionLimits(most=40, head=0.3, body=0.6, rest=0.3, drain=0.3)
"""Times that a test can wait for."""

PATIENT = ConnectionLimits(most=40, head=60, body=60, rest=60, drain=60)
"""Times that no test waits for."""

LONG = 60
"""Seconds after which a test gives up; no machine is so slow."""


async def until(holds: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    for _ in range(LONG * 50):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It never came about.")


@attrs.frozen
class Line:
    """A connection to the service."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, text: str | bytes) -> None:
        self.writer.write(text if isinstance(text, bytes) else text.encode())

    async def rest(self) -> bytes:
        """What comes until the other side closes, politely or not."""
        with suppress(ConnectionError):
            return await asyncio.wait_for(self.reader.read(), LONG)
        return b""

    async def trickle(self) -> None:
        """A byte now and then, as long as anybody takes it."""
        while not self.writer.is_closing():
            self.say(b" ")
            await asyncio.sleep(0.02)


@attrs.frozen
class Listening:
    """A running service."""

    port: int
    key: str
    server: uvicorn.Server

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Line(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def head(self, first: str, **headers: object) -> str:
        said = {"Host": "mzi.test", "X_API_Key": self.key, **headers}
        lines = (f"{name.replace('_', '-')}: {value}" for name, value in said.items())
        return "\r\n".join((f"{first} HTTP/1.1", *lines, "\r\n"))

    def post(self, length: int, **headers: object) -> str:
        """The head of a sync."""
        return self.head(
            "POST /api/v1/sync/students", Content_Type="application/json", Content_Length=length, **headers
        )

    async def answer(self, text: str) -> bytes:
        """All that is answered until the connection is closed."""
        async with self.line() as line:
            line.say(text)
            return await line.rest()

    async def health(self) -> int:
        """The status of /health, asked over a connection of its own."""
        return int((await self.answer(self.head("GET /health", Connection="close"))).split()[1])


@asynccontextmanager
async def listening(limits: ConnectionLimits = HURRIED) -> AsyncIterator[Listening]:
    mzi = Harness()

    @asynccontextmanager
    async def opened() -> AsyncIterator[UseCases]:
        yield mzi.use_cases

    _, key = await mzi.use_cases.new_key("tests")
    server = uvicorn.Server(configured(create_app(opened, version="1"), limits=limits, grace=1))
    with socket.create_server(("127.0.0.1", 0)) as bound:
        running = asyncio.create_task(server.serve(sockets=[bound]))
        await until(lambda: server.started)
        try:
            yield Listening(bound.getsockname()[1], key, server)
        finally:
            server.should_exit = True
            await running


async def test_300_half_requests_do_not_keep_anybody_out() -> None:
    """Of too many connections the one is closed that has waited longest for its own caller."""
    async with listening(PATIENT) as service, AsyncExitStack() as stack:
        for _ in range(300):
            half = await stack.enter_async_context(service.line())
            half.say(b"POST /api/v1/sync/students HTTP/1.1\r\nHost: mzi.test\r\nX-")
        for _ in range(5):
            assert await service.health() == 200
        assert service.connections <= PATIENT.most


async def test_a_request_at_work_never_makes_room() -> None:
    body = json.dumps(student(1)).encode()
    async with listening(PATIENT) as service, AsyncExitStack() as stack:
        working = await stack.enter_async_context(service.line())
        working.say(service.post(len(body), Connection="close"))
        await until(lambda: service.server.server_state.tasks)
        for _ in range(100):
            await stack.enter_async_context(service.line())
        assert await service.health() == 200
        working.say(body)
        assert b'"NEW": 1' in await working.rest()


async def test_the_last_comer_is_turned_away_where_every_connection_is_at_work() -> None:
    async with listening(PATIENT) as service, AsyncExitStack() as stack:
        for n in range(PATIENT.most):
            working = await stack.enter_async_context(service.line())
            working.say(service.post(10))
            await until(partial(lambda n: len(service.server.server_state.tasks) > n, n))
        async with service.line() as late:
            assert await late.rest() == b""


@pytest.mark.parametrize("trickles", [False, True], ids=["silent", "a byte at a time"])
async def test_a_head_that_does_not_come_is_not_waited_for(trickles: bool) -> None:
    async with listening() as service, service.line() as line:
        line.say(b"GET /health HTTP/1.1\r\nX-Long: ")
        talking = asyncio.create_task(line.trickle() if trickles else asyncio.sleep(0))
        assert await line.rest() == b""
        talking.cancel()


async def test_each_request_of_a_connection_has_a_time_of_its_own() -> None:
    async with listening(attrs.evolve(PATIENT, head=1.0)) as service, service.line() as line:
        for _ in range(6):
            line.say(service.head("GET /health"))
            assert (await line.reader.readline()).startswith(b"HTTP/1.1 200")
            head = (await line.reader.readuntil(b"\r\n\r\n")).lower()
            await line.reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
            await asyncio.sleep(0.3)


async def test_a_body_that_does_not_come_is_408_and_its_connection_is_closed() -> None:
    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async with serving() as api:
        key = api.client.headers["X-API-Key"].encode()
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/v1/sync/students",
            "query_string": b"",
            "headers": [(b"x-api-key", key), (b"content-type", b"application/json")],
        }
        await RequestIntake(api.app, max_body=1000, seconds=0.05)(scope, never, send)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert b"did not arrive within 0.05 seconds" in sent[1]["body"]


async def test_a_body_that_trickles_is_given_up_whatever_was_answered() -> None:
    """Also where the answer, such as that the key is wrong, did not wait for it."""
    async with listening() as service:
        for key, answer in ((service.key, b""), ("wrong", b"HTTP/1.1 401")):
            async with service.line() as line:
                line.say(service.post(10_000, X_API_Key=key))
                talking = asyncio.create_task(line.trickle())
                found = b""
                with suppress(ConnectionError):
                    found = await line.reader.read(12)
                await line.rest()
                assert found == answer
                talking.cancel()


async def test_an_answer_that_nobody_takes_is_given_up() -> None:
    async with listening() as service, service.line() as line:
        line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport over a socket can
        for _ in range(10):
            line.say(service.head("GET /docs/swagger_bundle.js"))
        await until(lambda: service.server.server_state.total_requests)
        await until(lambda: not service.connections)
        assert await service.health() == 200


async def test_an_answer_that_is_taken_slowly_is_not_given_up() -> None:
    limits = attrs.evolve(PATIENT, drain=0.3)
    async with listening(limits) as service, service.line() as line:
        line.say(service.head("GET /docs/swagger_bundle.js", Connection="close"))
        head = (await line.reader.readuntil(b"\r\n\r\n")).lower()
        size = int(head.partition(b"content-length:")[2].split()[0])
        taken = 0
        while taken < size:
            part = await line.reader.read(size // 20)
            assert part
            taken += len(part)
            await asyncio.sleep(0.06)


@pytest.mark.parametrize(
    "framing",
    [
        {"Content_Length": 2, "Transfer_Encoding": "chunked"},
        {"Transfer_Encoding": "chunked", "Content_Length": 0},
    ],
)
async def test_a_request_whose_length_is_said_in_two_ways_is_400_and_nothing_behind_it_is_read(
    framing: dict[str, object],
) -> None:
    """What follows would be the request of another caller, to a proxy that reads the other length."""
    async with listening(PATIENT) as service:
        head = service.head("POST /api/v1/sync/students", Content_Type="application/json", **framing)
        answer = await service.answer(f"{head}2\r\n{{}}\r\n0\r\n\r\n{service.head('GET /health')}")
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"urn:mzi:problem:two-lengths" in answer
        assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "sent",
    [
        "GET /health HTTP/1.1\r\nHost: a\r\nx y\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "GET /health\r\n\r\n",
        "POST /api/v1/sync/students HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "\x16\x03\x01\x02\r\n\r\n",
    ],
    ids=["no header", "two lengths", "no version", "no chunk", "TLS"],
)
async def test_what_is_no_http_is_refused_as_everything_else_is(sent: str) -> None:
    """In a problem document, with the headers that every answer has; then its connection is closed."""
    async with listening(PATIENT) as service:
        head, _, body = (await service.answer(sent)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        said = {line.lower() for line in head.splitlines()}
        assert {b"content-type: application/problem+json", b"connection: close"} <= said
        assert b"x-content-type-options: nosniff" in said
        document = json.loads(body)
        assert (document["status"], document["type"]) == (400, "urn:mzi:problem:not-http")
        assert f"content-length: {len(body)}".encode() in said
        assert await service.health() == 200


async def test_a_head_that_is_too_large_to_be_kept_is_431_too() -> None:
    async with listening(PATIENT) as service:
        answer = await service.answer(service.head("GET /health", X_Junk="j" * 70_000))
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b"urn:mzi:problem:headers-too-large" in answer


async def test_what_is_no_http_behind_an_answer_ends_the_connection_quietly() -> None:
    """The body of a request that was refused before it came: nobody is told, for the answer is on its way."""
    troubles: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, trouble: troubles.append(trouble))
    try:
        async with listening(PATIENT) as service, service.line() as line:
            line.say(
                service.head("POST /api/v1/sync/students", X_API_Key="x", Transfer_Encoding="chunked")
                + "1\r\n{\r\n"
            )
            answer = await asyncio.wait_for(line.reader.readuntil(b"}"), LONG)
            assert answer.startswith(b"HTTP/1.1 401")
            line.say("zz\r\n")
            assert await line.rest() == b""
            assert service.connections == 0
    finally:
        loop.set_exception_handler(before)
    assert troubles == []


async def test_what_comes_before_a_body_is_bounded(memory: Api) -> None:
    for path, headers, status, kind in (
        (f"/api/v1/students/{'a' * 9000}", {}, 414, "address-too-long"),
        (f"/health?a={'b' * 9000}", {}, 414, "address-too-long"),
        ("/health", {"X-Long": "a" * 40_000}, 431, "headers-too-large"),
    ):
        answer = await memory.client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:mzi:problem:{kind}")


async def test_bodies_are_held_up_to_a_bound_and_then_the_next_caller_is_asked_to_wait() -> None:
    """What is being answered counts, and no longer when it is."""
    taken = 0
    go_on = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal taken
        await receive()
        taken += 1
        await go_on.wait()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"a" * 1000}

    async def send(message: Any) -> None: ...

    intake = RequestIntake(app, max_body=1000)
    scope: dict[str, Any] = {"type": "http", "headers": [], "raw_path": b"/"}
    first = [asyncio.create_task(intake(scope, receive, send)) for _ in range(AT_ONCE)]
    await until(lambda: taken == AT_ONCE)
    with pytest.raises(Exception, match="send this one again"):
        await intake(scope, receive, send)
    go_on.set()
    await asyncio.gather(*first)
    assert intake.held == 0
    await intake(scope, receive, send)
    assert taken == AT_ONCE + 1


def test_there_are_never_more_connections_than_files() -> None:
    resource = pytest.importorskip("resource")
    allowed, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        for files, most in ((100, 16), (300, 162), (2000, MOST)):
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
            assert most_connections(10) == most
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
