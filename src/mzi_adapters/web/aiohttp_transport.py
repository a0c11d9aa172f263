"""The wire to the real world, over aiohttp: `async with open_transport() as wire:`.

No exception leaves here with aiohttp's own as its cause or context: those carry the query and the headers.
"""

import errno
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from io import BytesIO
from types import SimpleNamespace
from urllib.parse import quote, urlencode
from urllib.request import getproxies, proxy_bypass

import aiohttp
import attrs
from aiohttp.abc import ResolveResult
from yarl import URL

from mzi_adapters.places import is_forbidden
from mzi_adapters.web.transport import Lost, NotSent, Request, Response, Streamed, TooLarge, Untrusted

ADDRESS = re.compile(r"https?://[^/?#@\s]+(/[^?#\s]*)?")
HEADERS = {"User-Agent": "mzi", "Accept-Encoding": "gzip, deflate"}  # of the others not all can be bounded
FORBIDDEN = "the address is link-local or a cloud's metadata service"
FAILURES = (aiohttp.ClientError, OSError)  # a TimeoutError is an OSError


@attrs.frozen
class AiohttpTransport:
    """A `Transport` over one session; `open_transport` makes it."""

    _session: aiohttp.ClientSession = attrs.field(repr=False)
    _trust_environment: bool = False

    async def send(self, request: Request) -> Response:
        """The answer, whatever its status. Raises NotSent, Lost or TooLarge."""
        async with self.stream(request) as streamed:
            body = b"".join([chunk async for chunk in streamed.chunks])
            return Response(status=streamed.status, headers=streamed.headers, body=body)

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]:
        """The answer with its body still to be read. Raises NotSent, Lost or TooLarge."""
        return self._stream(request)

    @asynccontextmanager
    async def _stream(self, request: Request) -> AsyncIterator[Streamed]:
        response = await self._begin(request)
        if isinstance(response, Exception):
            raise response
        try:
            headers = {name: ", ".join(response.headers.getall(name)) for name in response.headers}
            small = {name.lower(): value for name, value in headers.items()}
            yield Streamed(status=response.status, headers=small, chunks=_chunks(response, request))
        finally:
            response.close()  # a connection whose answer was not read to its end is not used again

    async def _begin(self, request: Request) -> aiohttp.ClientResponse | NotSent | Lost:
        url = _encoded(request)
        if is_forbidden(url.host or ""):
            return NotSent(f"{_named(request)}: no connection came about ({FORBIDDEN}).")
        reached = SimpleNamespace(it=False)
        try:
            return await self._session.request(
                request.method,
                url,
                headers=dict(request.headers),
                data=None if request.body is None else BytesIO(request.body),  # bytes over 1 MiB warn
                timeout=aiohttp.ClientTimeout(total=request.timeout),
                allow_redirects=False,
                proxy=_proxy(url) if self._trust_environment else None,
                trace_request_ctx=reached,
            )
        except FAILURES as error:
            return _failure(error, request) if reached.it else _not_sent(error, request)


@asynccontextmanager
async def open_transport(*, trust_environment: bool = False) -> AsyncIterator[AiohttpTransport]:
    """A wire until the block ends; `trust_environment` takes proxies from HTTPS_PROXY and its kin.

    It opens as many connections as it is given requests at once: how many that may be, the gateway knows.
    """
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, resolver=_Resolver()),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=HEADERS,
        skip_auto_headers=("Content-Type",),
        trace_configs=[_noting_connections()],
    )
    async with session:
        _send_once(session)
        yield AiohttpTransport(session, trust_environment)


def _send_once(session: aiohttp.ClientSession) -> None:
    """Switch off that aiohttp sends GET, PUT and DELETE again by itself when the connection breaks."""
    if not hasattr(session, "_retry_connection"):
        raise RuntimeError(
            f"aiohttp {aiohttp.__version__} has no `_retry_connection` to switch off: it could send a change "
            "twice. Install an older aiohttp; 3.14 is known to be right."
        )
    session._retry_connection = False


def _noting_connections() -> aiohttp.TraceConfig:
    """Whether a request got as far as having a connection: from then on it may have left."""

    async def note(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        context.trace_request_ctx.it = True

    tracing = aiohttp.TraceConfig()
    tracing.on_connection_create_end.append(note)
    tracing.on_connection_reuseconn.append(note)
    return tracing


def _encoded(request: Request) -> URL:
    """The address with its query escaped once: %20 for a space, which every server reads alike."""
    if not (request.url.isascii() and ADDRESS.fullmatch(request.url)):
        raise ValueError("The address of a request is absolute and escaped, without user, query or fragment.")
    query = urlencode(request.query, quote_via=quote, safe="")
    return URL(f"{request.url}?{query}" if query else request.url, encoded=True)


def _proxy(url: URL) -> str | None:
    if url.host is None or proxy_bypass(url.host):
        return None
    return getproxies().get(url.scheme)


async def _chunks(response: aiohttp.ClientResponse, request: Request) -> AsyncIterator[bytes]:
    taken = 0
    while chunk := await _next_chunk(response, request):
        if isinstance(chunk, Exception):
            raise chunk
        taken += len(chunk)
        if taken > request.largest:
            raise TooLarge(f"{_named(request)}: the answer is larger than {request.largest:,} bytes.")
        yield chunk


async def _next_chunk(response: aiohttp.ClientResponse, request: Request) -> bytes | Lost:
    """What came meanwhile; nothing at the end."""
    try:
        return await response.content.readany()
    except FAILURES as error:
        return _failure(error, request)


def _not_sent(error: Exception, request: Request) -> NotSent:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = _reason(error)
        return Untrusted(f"{_named(request)}: its certificate is refused ({why}).", why)
    return NotSent(f"{_named(request)}: no connection came about ({_reason(error)}).")


def _failure(error: Exception, request: Request) -> Lost:
    if isinstance(error, TimeoutError):
        return Lost(f"{_named(request)}: no whole answer came within {request.timeout:g} s.")
    return Lost(f"{_named(request)}: the connection broke before the whole answer came ({_reason(error)}).")


def _named(request: Request) -> str:
    return f"{request.method} {request.url}"


class _Resolver(aiohttp.ThreadedResolver):
    """Gives no address to names that lead where no site is."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        if any(is_forbidden(each["host"]) for each in found):
            raise OSError(errno.EACCES, FORBIDDEN)
        return found


def _reason(error: Exception) -> str:
    """Why, in words of the operating system or of TLS; other texts of aiohttp may quote what was sent."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        error = error.certificate_error
    elif isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    return getattr(error, "verify_message", None) or getattr(error, "strerror", None) or type(error).__name__
