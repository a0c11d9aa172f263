"""Requests and answers as plain values, so that a gateway can talk to a fake as it talks to the network.

A fake of a remote service is a `Transport`: it takes the request a gateway would send and gives the answer
the service would give. The same fake stands behind a loopback server, where `AiohttpTransport` reaches it.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import urlencode

import attrs


class NotSent(Exception):
    """Nothing of the request reached the remote: no name, no connection. Sending it again is safe."""


class Untrusted(NotSent):
    """The other side's certificate is not accepted; `why` is what TLS says of it."""

    def __init__(self, said: str, why: str) -> None:
        self.why = why
        super().__init__(said)


def unsent(error: NotSent) -> tuple[str, str]:
    """What became of a request that was not sent, to follow `it` or a name, and what helps against it."""
    if isinstance(error, Untrusted):
        return (
            f"is not trusted: its certificate is refused ({error.why}).",
            "Check the address and this machine's clock; where a proxy or the college signs certificates, "
            "name the file with its root certificate in SSL_CERT_FILE.",
        )
    return "cannot be reached.", ""


class Lost(Exception):
    """The request left, and no whole answer came: reset, timeout, cut short. It may have been carried out."""


class TooLarge(Lost):
    """An answer came, with a larger body than the request takes. Asking again gives the same."""


@attrs.frozen(kw_only=True)
class Request:
    """One HTTP request. Nothing but its method and address may appear in a log: the rest can be secret.

    `url` is absolute and has no query; `query` is encoded by whoever sends it. `timeout`: seconds until the
    whole answer must be there. `largest`: bytes of body, unpacked, that are taken; beyond it is TooLarge.
    """

    method: str
    url: str
    query: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes | None = attrs.field(default=None, repr=False)
    timeout: float = 60
    largest: int = 64 * 2**20


@attrs.frozen(kw_only=True)
class Response:
    """One HTTP answer with its whole body; the names of `headers` are in small letters."""

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)


@attrs.frozen(kw_only=True)
class Streamed:
    """An answer whose body is read in chunks; reading it may raise Lost or TooLarge."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    chunks: AsyncIterator[bytes]


class Transport(Protocol):
    """How a request gets to the remote. Redirects are never followed and nothing is ever sent twice."""

    async def send(self, request: Request) -> Response:
        """The answer, whatever its status. Raises NotSent, Lost or TooLarge."""
        ...

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]:
        """The answer with its body still to be read, for files larger than memory. Raises NotSent or Lost."""
        ...


class Timer(Protocol):
    """Time as it passes for a gateway: a test lets it pass at once."""

    def monotonic(self) -> float:
        """Seconds that no change of the clock disturbs."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


@asynccontextmanager
async def in_chunks(answer: Response, size: int = 2**16) -> AsyncIterator[Streamed]:
    """A whole answer as `Transport.stream` gives it: what a fake streams with."""

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(answer.body), size):
            yield answer.body[start : start + size]

    yield Streamed(status=answer.status, headers=answer.headers, chunks=chunks())


def pairs_to_form(pairs: Iterable[tuple[str, str]]) -> bytes:
    """An `application/x-www-form-urlencoded` body."""
    return urlencode(list(pairs)).encode()


def moment_of(headers: Mapping[str, str]) -> datetime | None:
    """The time by the remote's own clock when it answered; None where it does not say."""
    return _moment(headers.get("date", ""))


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds the remote asks to be left in peace, in either form that the header has; None: not a word.

    A moment is compared with `now`, or else with the remote's own clock.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:10])
    at, now = _moment(value), now or moment_of(headers)
    return None if at is None or now is None else max((at - now) / timedelta(seconds=1), 0.0)


def _moment(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
