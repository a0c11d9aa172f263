"""Whether a request may have left, and that no error of the wire says what was in it."""

import asyncio
import gzip
import random
import ssl
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import pytest
import trustme
from tests.web.given import NOBODY, Service

from mzi_adapters.testing.faults import Faults, Huge, Late, Reset, Short, Silence
from mzi_adapters.testing.loopback import reset, serving
from mzi_adapters.web import Lost, NotSent, Request, Response, TooLarge, Transport, Untrusted, unsent
from mzi_adapters.web.aiohttp_transport import open_transport

SECRET = "s3cret"
ASKS = Request(
    method="POST",
    url="http://127.0.0.1/crm/v8/coql",
    query=(("token", SECRET),),
    headers={"Authorization": f"Zoho-oauthtoken {SECRET}"},
    body=SECRET.encode() * 1000,
    timeout=0.4,
    largest=100_000,
)

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


@asynccontextmanager
async def saying(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that does to each connection what it is told; its host and port."""
    writers: list[asyncio.StreamWriter] = []

    def opened(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        talk(reader, writer)

    server = await asyncio.start_server(opened, "127.0.0.1", 0, ssl=tls)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    for writer in writers:
        writer.transport.abort()


async def failure(wire: Transport, url: str) -> NotSent | Lost:
    """What comes of the request there; nothing secret in the error, nor in anything it hangs on."""
    try:
        await wire.send(attrs.evolve(ASKS, url=url))
    except (NotSent, Lost) as raised:
        error = raised
    else:
        pytest.fail("An answer came.")
    assert (error.__cause__, error.__context__) == (None, None)
    assert SECRET not in "".join(traceback.format_exception(error))
    assert SECRET not in repr(error.args)
    return error


@pytest.fixture
async def wire() -> AsyncIterator[Transport]:
    """A wire of this test's own."""
    async with open_transport() as wire:
        yield wire


class TestNothingLeft:
    @pytest.mark.parametrize(
        "url",
        [f"{NOBODY}/a", "https://127.0.0.1:9/a", "http://nobody.invalid/a"],
        ids=["nobody listens", "nobody listens for TLS", "no such name"],
    )
    async def test_because_there_is_no_connection(self, wire: Transport, url: str) -> None:
        error = await failure(wire, url)
        assert isinstance(error, NotSent)
        assert str(error).startswith(f"POST {url}: no connection came about (")

    async def test_because_the_other_side_speaks_no_tls(self, wire: Transport) -> None:
        async with serving(Service()) as server:
            error = await failure(wire, server.url.replace("http", "https"))
            assert (type(error), server.seen) == (NotSent, [])

    async def test_because_the_other_side_never_answers_the_greeting(self, wire: Transport) -> None:
        async with saying(lambda _, __: None) as where:
            assert type(await failure(wire, f"https://{where}/a")) is NotSent

    async def test_because_the_certificate_is_signed_by_nobody_we_know(self, wire: Transport) -> None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
        async with saying(lambda _, __: None, tls) as where:
            error = await failure(wire, f"https://{where}/a")
        assert isinstance(error, Untrusted)
        assert "unable to get local issuer certificate" in str(error)
        said, remedy = unsent(error)
        assert said.startswith("is not trusted: its certificate is refused (")
        assert "SSL_CERT_FILE" in remedy

    async def test_because_no_site_is_there(self, wire: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
        for url in ("http://169.254.169.254/latest", "http://[fe80::1]/", "http://0xa9fea9fe/"):
            assert "metadata service" in str(await failure(wire, url))

        def leads_there(*_: object, **__: object) -> list[object]:
            return [(2, 1, 6, "", ("169.254.169.254", 80))]

        monkeypatch.setattr("socket.getaddrinfo", leads_there)
        error = await failure(wire, "http://moodle.college.example/")
        assert isinstance(error, NotSent)
        assert "metadata service" in str(error)


class TestItMayHaveLeft:
    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            (Reset(applied=False), Lost),
            (Reset(applied=True), Lost),
            (Late(seconds=9), Lost),
            (Silence(), Lost),
            (Short(), Lost),
            (Huge(size=200_000), TooLarge),
        ],
        ids=repr,
    )
    async def test_when_the_answer_is_not_whole(
        self, wire: Transport, fault: Reset | Late | Silence | Short | Huge, kind: type[Lost]
    ) -> None:
        async with serving(Service(), Faults().at(1, fault)) as server:
            error = await failure(wire, f"{server.url}/a")
        assert type(error) is kind
        assert str(error).startswith(f"POST {server.url}/a: ")

    @pytest.mark.parametrize(
        "said",
        [
            b"",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"HTTP/1.1 abc OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nx: " + b"s3cret" * 3000 + b"\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno colon s3cret\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\ncontent-length: 3\r\n\r\ns3c",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\ns3cret",
            b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\ns3cret",
            b"HTTP/1.1 100 Continue\r\n\r\n",
        ],
        ids=[
            "nothing",
            "another protocol",
            "no status",
            "a header too long",
            "no header",
            "two lengths",
            "no chunk",
            "too little",
            "only the first half",
        ],
    )
    async def test_when_what_comes_is_no_answer(self, wire: Transport, said: bytes) -> None:
        def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(said)
            writer.close()

        async with saying(talk) as where:
            assert type(await failure(wire, f"http://{where}/a")) is Lost

    async def test_when_the_connection_breaks_in_the_middle_of_sending(self, wire: Transport) -> None:
        def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asyncio.get_running_loop().call_later(0.05, writer.transport.abort)

        large = attrs.evolve(ASKS, body=SECRET.encode() * 2**20)
        async with saying(talk) as where:
            with pytest.raises(Lost) as raised:
                await wire.send(attrs.evolve(large, url=f"http://{where}/a"))
        assert SECRET not in "".join(traceback.format_exception(raised.value))

    @pytest.mark.parametrize("spoilt", [200, 300_000], ids=["at its start", "far behind"])
    async def test_when_a_packed_file_is_spoilt(self, wire: Transport, spoilt: int) -> None:
        packed = bytearray(gzip.compress(random.Random(1).randbytes(10**6)))
        packed[spoilt:] = bytes(len(packed) - spoilt)
        answer = Response(status=200, headers={"content-encoding": "gzip"}, body=bytes(packed))
        async with serving(Service(answer)) as server:
            with pytest.raises(Lost) as raised:
                await wire.send(Request(method="GET", url=server.url))
        assert (raised.value.__cause__, raised.value.__context__) == (None, None)

    async def test_when_a_reset_comes_in_the_middle_of_a_file(self, wire: Transport) -> None:
        def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ns3c")
            asyncio.get_running_loop().call_later(0.05, reset, writer)

        async with saying(talk) as where:
            assert type(await failure(wire, f"http://{where}/a")) is Lost

    async def test_when_a_file_breaks_off(self, wire: Transport) -> None:
        async with (
            serving(Service(), Faults().at(1, Short())) as server,
            wire.stream(attrs.evolve(ASKS, url=server.url)) as streamed,
        ):
            with pytest.raises(Lost) as raised:
                [chunk async for chunk in streamed.chunks]
        assert (raised.value.__cause__, raised.value.__context__) == (None, None)
        assert SECRET not in "".join(traceback.format_exception(raised.value))


async def test_what_a_reader_of_a_file_raises_is_passed_on(wire: Transport) -> None:
    async with serving(Service()) as server:
        with pytest.raises(KeyError, match="mine"):
            async with wire.stream(Request(method="GET", url=server.url)):
                raise KeyError("mine")


def test_neither_a_request_nor_an_answer_shows_what_is_in_it() -> None:
    headers = {"set-cookie": SECRET}
    answer = Response(status=200, headers=headers, body=SECRET.encode())
    assert SECRET not in repr(ASKS) + repr(answer)
