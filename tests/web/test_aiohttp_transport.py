"""What the real wire promises, shown on real sockets."""

import asyncio
import gzip
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.given import BODY, Service

from mzi_adapters.testing.faults import Faults, Late, Reset, Short, Silence, Trickle, says
from mzi_adapters.testing.loopback import serving
from mzi_adapters.web import Lost, Request, Response, TooLarge
from mzi_adapters.web.aiohttp_transport import AiohttpTransport, open_transport

METHODS = ["GET", "PUT", "DELETE", "POST", "PATCH"]
MIB = 2**20


class Together(Service):
    """Answers when so many are waiting for it."""

    def __init__(self, many: int) -> None:
        super().__init__()
        self.barrier = asyncio.Barrier(many)
        self.met = asyncio.Event()
        """Somebody is waiting."""

    async def send(self, request: Request) -> Response:
        self.met.set()
        await self.barrier.wait()
        return await super().send(request)


@pytest.fixture
async def wire() -> AsyncIterator[AiohttpTransport]:
    """A wire of this test's own."""
    async with open_transport() as wire:
        yield wire


class TestNothingIsSentTwice:
    @pytest.mark.parametrize("applied", [True, False], ids=["carried out", "not carried out"])
    @pytest.mark.parametrize("method", METHODS)
    async def test_on_a_new_connection(self, wire: AiohttpTransport, method: str, applied: bool) -> None:
        async with serving(Service(), Faults().at(1, Reset(applied=applied))) as server:
            with pytest.raises(Lost):
                await wire.send(Request(method=method, url=f"{server.url}/a"))
            assert len(server.seen) == 1

    @pytest.mark.parametrize("method", METHODS)
    async def test_on_a_connection_that_served_before(self, wire: AiohttpTransport, method: str) -> None:
        async with serving(Service(), Faults().at(2, Reset(applied=True))) as server:
            await wire.send(Request(method="GET", url=f"{server.url}/a"))
            with pytest.raises(Lost):
                await wire.send(Request(method=method, url=f"{server.url}/a"))
            assert (len(server.seen), server.connections) == (2, 1)

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    async def test_but_aiohttp_left_to_itself_does(self, method: str) -> None:
        async with serving(Service(), Faults().at(1, Reset(applied=True))) as server:
            async with aiohttp.ClientSession() as session, session.request(method, server.url):
                pass
            assert len(server.seen) == 2

    async def test_an_aiohttp_that_cannot_be_told_so_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session = aiohttp.ClientSession

        def changed(**options: Any) -> aiohttp.ClientSession:
            made = session(**options)
            del made._retry_connection
            return made

        monkeypatch.setattr(aiohttp, "ClientSession", changed)
        with pytest.raises(RuntimeError, match=r"could send a change twice\. Install an older aiohttp"):
            async with open_transport():
                pass

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_a_redirect_is_an_answer(self, wire: AiohttpTransport, status: int) -> None:
        elsewhere = says(status, location="/elsewhere")
        async with serving(Service(), Faults().at(1, elsewhere)) as server:
            answer = await wire.send(Request(method="POST", url=f"{server.url}/a", body=b"{}"))
            assert (answer.status, answer.headers["location"], len(server.seen)) == (status, "/elsewhere", 1)


NASTY = [
    "a+b@c",
    "100%",
    "%2C",
    "%252C",
    "O'Neil",
    'a "quoted" name',
    "(Last_Name:equals:Burns\\,B \\(x\\)\\\\)",
    "a&b=c;d",
    "#/?",
    "سارة ١",
    "🎓",
    "line\nbreak\tand\x7f",
    "~-._!*$'",
    "",
    " ",
]


class TestWhatIsSentArrives:
    @pytest.mark.parametrize("text", NASTY, ids=repr)
    async def test_a_query_is_escaped_once(self, wire: AiohttpTransport, text: str) -> None:
        query = (("criteria", text), (text, "1"), ("criteria", text))
        async with serving(Service()) as server:
            await wire.send(Request(method="GET", url=f"{server.url}/a", query=query))
            assert server.seen[0].query == query

    @given(
        st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]), max_size=20)] * 2), max_size=4)
    )
    def test_any_query_arrives(self, query: list[tuple[str, str]]) -> None:
        async def arrived() -> tuple[tuple[str, str], ...]:
            async with open_transport() as wire, serving(Service()) as server:
                await wire.send(Request(method="GET", url=f"{server.url}/a", query=tuple(query)))
                return server.seen[0].query

        assert asyncio.run(arrived()) == tuple(query)

    @pytest.mark.parametrize("path", ["/a%2Fb/c", "/a%20b", "/%D8%B3", "/a,b;c=d", "/../a/./b", "//a", ""])
    async def test_a_path_goes_as_it_is(self, wire: AiohttpTransport, path: str) -> None:
        async with serving(Service()) as server:
            await wire.send(Request(method="GET", url=server.url + path))
            assert server.seen[0].url == server.url + (path or "/")

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("body", [b"{}", b"\x00\xff", bytes(3 * MIB)], ids=["small", "binary", "large"])
    async def test_a_body_goes_as_it_is(self, wire: AiohttpTransport, method: str, body: bytes) -> None:
        async with serving(Service()) as server:
            await wire.send(Request(method=method, url=server.url, body=body))
            seen = server.seen[0]
            assert (seen.method, seen.body, seen.headers["content-length"]) == (method, body, str(len(body)))

    async def test_headers_go_as_they_are_and_none_is_guessed(self, wire: AiohttpTransport) -> None:
        async with serving(Service()) as server:
            await wire.send(Request(method="POST", url=server.url, headers={"X-CRM-ORG": "1"}, body=b"{}"))
            names = {"host", "user-agent", "accept", "accept-encoding", "content-length", "x-crm-org"}
            assert set(server.seen[0].headers) == names
            assert server.seen[0].headers["x-crm-org"] == "1"

    @pytest.mark.parametrize(
        "url",
        [
            "/a",
            "ftp://127.0.0.1/a",
            "http://127.0.0.1/a?token=s3cret",
            "http://127.0.0.1/a#s3cret",
            "http://user:s3cret@127.0.0.1/a",
            "http://127.0.0.1/a b",
            "http://127.0.0.1/a\r\nx-s3cret: 1",
            "http://127.0.0.1/سارة",
            "",
        ],
        ids=repr,
    )
    async def test_an_address_that_is_none_is_refused(self, wire: AiohttpTransport, url: str) -> None:
        with pytest.raises(ValueError, match="absolute and escaped") as raised:
            await wire.send(Request(method="GET", url=url))
        assert "s3cret" not in str(raised.value)

    async def test_a_line_break_in_a_header_is_refused_before_anything_is_sent(
        self, wire: AiohttpTransport
    ) -> None:
        async with serving(Service()) as server:
            with pytest.raises(ValueError, match=r"(?i)newline|header") as raised:
                await wire.send(Request(method="GET", url=server.url, headers={"x": "s3cret\r\ny: 1"}))
            assert "s3cret" not in repr(raised.value)
            assert server.seen == []


class TestAnswers:
    async def test_names_of_headers_are_small(self, wire: AiohttpTransport) -> None:
        service = Service(Response(status=200, headers={"X-API-CREDITS-REMAINING": "7"}))
        async with serving(service) as server:
            answer = await wire.send(Request(method="GET", url=server.url))
        assert answer.headers["x-api-credits-remaining"] == "7"

    async def test_no_cookie_is_kept(self, wire: AiohttpTransport) -> None:
        service = Service(Response(status=200, headers={"set-cookie": "session=s3cret; Path=/"}))
        async with serving(service) as server:
            for _ in range(2):
                await wire.send(Request(method="GET", url=server.url))
            assert [seen.headers.get("cookie") for seen in server.seen] == [None, None]

    @pytest.mark.parametrize("status", [200, 204, 207, 304, 400, 401, 404, 429, 500, 503])
    async def test_every_status_is_an_answer(self, wire: AiohttpTransport, status: int) -> None:
        async with serving(Service(Response(status=status))) as server:
            answer = await wire.send(Request(method="GET", url=server.url))
        assert (answer.status, answer.body) == (status, b"")

    async def test_a_packed_body_is_unpacked(self, wire: AiohttpTransport) -> None:
        packed = Response(status=200, headers={"content-encoding": "gzip"}, body=gzip.compress(BODY))
        async with serving(Service(packed)) as server:
            assert (await wire.send(Request(method="GET", url=server.url))).body == BODY

    async def test_a_packed_body_that_is_none_is_lost(self, wire: AiohttpTransport) -> None:
        packed = Response(status=200, headers={"content-encoding": "gzip"}, body=BODY)
        async with serving(Service(packed)) as server:
            with pytest.raises(Lost, match="the connection broke"):
                await wire.send(Request(method="GET", url=server.url))

    @pytest.mark.parametrize(("largest", "taken"), [(len(BODY), True), (len(BODY) - 1, False)])
    async def test_a_body_may_be_just_as_large_as_is_said(
        self, wire: AiohttpTransport, largest: int, taken: bool
    ) -> None:
        async with serving(Service()) as server:
            request = Request(method="GET", url=server.url, largest=largest)
            if taken:
                assert (await wire.send(request)).body == BODY
            else:
                with pytest.raises(TooLarge, match=f"larger than {largest} bytes"):
                    await wire.send(request)

    async def test_a_bomb_takes_little_memory(self, wire: AiohttpTransport) -> None:
        bomb = Response(
            status=200, headers={"content-encoding": "gzip"}, body=gzip.compress(bytes(200 * MIB))
        )
        async with serving(Service(bomb)) as server:
            tracemalloc.start()
            try:
                with pytest.raises(TooLarge):
                    await wire.send(Request(method="GET", url=server.url, largest=MIB))
                assert tracemalloc.get_traced_memory()[1] < 8 * MIB
            finally:
                tracemalloc.stop()

    async def test_a_file_larger_than_memory_is_read_in_pieces(self, wire: AiohttpTransport) -> None:
        size = 128 * MIB
        async with serving(Service(Response(status=200, body=bytes(size)))) as server:
            request = Request(method="GET", url=server.url, largest=size)
            tracemalloc.start()
            try:
                async with wire.stream(request) as streamed:
                    read = sum([len(chunk) async for chunk in streamed.chunks])
                assert tracemalloc.get_traced_memory()[1] < 8 * MIB
            finally:
                tracemalloc.stop()
        assert read == size


class TestConnections:
    async def test_one_is_used_again(self, wire: AiohttpTransport) -> None:
        async with serving(Service()) as server:
            for _ in range(5):
                await wire.send(Request(method="GET", url=server.url))
            assert server.connections == 1

    @pytest.mark.parametrize("fault", [Late(seconds=9), Silence(), Trickle(pause=0.2), Short()], ids=repr)
    async def test_one_that_lost_an_answer_is_not(
        self, wire: AiohttpTransport, fault: Late | Silence | Trickle | Short
    ) -> None:
        async with serving(Service(), Faults().at(1, fault)) as server:
            with pytest.raises(Lost):
                await wire.send(Request(method="GET", url=server.url, timeout=0.3))
            assert (await wire.send(Request(method="GET", url=server.url))).body == BODY
            assert server.connections == 2

    async def test_one_whose_answer_was_not_read_to_its_end_is_not(self, wire: AiohttpTransport) -> None:
        async with serving(Service(Response(status=200, body=bytes(5 * MIB)))) as server:
            async with wire.stream(Request(method="GET", url=server.url)) as streamed:
                await anext(streamed.chunks)
            await wire.send(Request(method="GET", url=server.url))
            assert server.connections == 2

    async def test_one_whose_caller_was_cancelled_is_not(self, wire: AiohttpTransport) -> None:
        service = Together(2)
        async with serving(service) as server:
            caller = asyncio.create_task(wire.send(Request(method="GET", url=server.url)))
            await service.met.wait()
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
            assert (await wire.send(Request(method="GET", url=server.url))).body == BODY
            assert server.connections == 2

    async def test_two_hundred_callers_do_not_wait_for_each_other(self, wire: AiohttpTransport) -> None:
        async with serving(Together(200)) as server:
            request = Request(method="GET", url=server.url)
            answers = await asyncio.gather(*(wire.send(request) for _ in range(200)))
            assert {answer.body for answer in answers} == {BODY}
            assert server.most_at_once == 200

    async def test_the_total_counts_not_the_time_between_bytes(self, wire: AiohttpTransport) -> None:
        async with serving(Service(), Faults().at(1, Trickle(pause=0.05))) as server:
            with pytest.raises(Lost, match=r"no whole answer came within 0\.3 s"):
                await wire.send(Request(method="GET", url=server.url, timeout=0.3))

    async def test_proxies_of_the_environment_are_taken_only_when_asked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with serving(Service()) as direct, serving(Service()) as proxy:
            monkeypatch.setenv("http_proxy", proxy.url)
            monkeypatch.setenv("no_proxy", "")
            for trust in (False, True):
                async with open_transport(trust_environment=trust) as wire:
                    await wire.send(Request(method="GET", url=f"{direct.url}/a"))
                assert (len(direct.seen), len(proxy.seen)) == (1, int(trust))
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            async with open_transport(trust_environment=True) as wire:
                await wire.send(Request(method="GET", url=f"{direct.url}/a"))
            assert (len(direct.seen), len(proxy.seen)) == (2, 1)


def test_the_values_can_be_used_without_aiohttp() -> None:
    code = "import sys, mzi_adapters.web, mzi_adapters.testing.faults; print('aiohttp' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.strip() == "False"
