"""How long a connection may take, and how many there may be: what uvicorn leaves to a proxy.

uvicorn closes a connection that is idle between two requests, and nothing else: one byte of a head now and
then holds it for ever, and each costs a file of the process. Here every phase of a connection has its time,
and where there are too many, the one that has waited longest for its own caller makes room.
"""

import asyncio
import sys
from http import HTTPStatus
from typing import ClassVar

import attrs
import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from mzi_http.errors import LONG_HEADERS, NOT_HTTP, Problem
from mzi_http.intake import BODY_SECONDS
from mzi_http.security import HEADERS

MOST = 1000
"""Connections at once, where the process may have so many files open."""

KEEP_ALIVE = 5
"""Seconds between two requests on one connection."""

LARGEST_HEAD = 32 * 2**10
"""Bytes of a request before its body that are kept while it is not complete."""

_WAITING_TO_BE_TAKEN = 128  # connections, by the operating system
_FILES = 128  # that a process needs beside its connections
_FEWEST = 16


@attrs.frozen(kw_only=True)
class ConnectionLimits:
    """Seconds, but for `most`: connections at once.

    `head`: until a request has come but for its body. `body`: until all of that has come, too. `rest`: how
    long the rest of a body is taken of a request that was answered already. `drain`: how long a caller may
    take nothing of its answer.
    """

    most: int = MOST
    head: float = 10.0
    body: float = BODY_SECONDS + 5.0  # the app gives up before, and says so
    rest: float = 3.0
    drain: float = 30.0


class Connection(H11Protocol):
    """uvicorn's protocol with a time for each phase; made by `configured`, which sets the limits."""

    limits: ClassVar[ConnectionLimits] = ConnectionLimits()

    _phase: tuple[str, object] | None = None
    _since: float = 0.0
    _timer: asyncio.TimerHandle | None = None
    _draining: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        """Begin to wait for a head, and make room if there are too many."""
        super().connection_made(transport)
        self._look()
        if len(self.connections) > self.limits.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        super().connection_lost(exc)
        for timer in (self._timer, self._draining):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Take it, and see what is waited for now."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """See what is waited for now."""
        super().on_response_complete()
        self._look()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection; what it still has to send must get on."""
        super().timeout_keep_alive_handler()
        self._look()

    def pause_writing(self) -> None:
        """A caller takes its answer more slowly than it is made."""
        super().pause_writing()
        self._drain()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read as HTTP, and close; of a request that was answered already say nothing.

        uvicorn says so in plain text, and fails where an answer was begun.
        """
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            response = _unreadable(sys.exception()).response()
            response.headers.update({**HEADERS, "Connection": "close"})
            head = h11.Response(
                status_code=response.status_code,
                headers=response.raw_headers,
                reason=HTTPStatus(response.status_code).phrase.encode(),
            )
            for event in (head, h11.Data(data=bytes(response.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
            if self.cycle is not None:
                self.cycle.disconnected = True  # whatever is at work on it has nobody to answer any more
        self.transport.close()
        self._look()

    def _phase_now(self) -> tuple[str, float | None]:
        """What is waited for, and for how many seconds at most."""
        limits = self.limits
        if self.transport.is_closing():
            return "closing", None
        match self.conn.their_state:
            case h11.IDLE:
                return "head", limits.head
            case h11.SEND_BODY if self.cycle.response_complete:
                return "rest", limits.rest
            case h11.SEND_BODY:
                return "body", limits.body
        return "work", None

    def _look(self) -> None:
        name, seconds = self._phase_now()
        phase = (name, self.cycle)  # of the next request it is a phase of its own
        if phase == self._phase:
            return
        self._phase, self._since = phase, self.loop.time()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._give_up)
        if name == "closing":
            self._drain()

    def _give_up(self) -> None:
        self.transport.close()
        self._look()

    def _drain(self, left: int = 0) -> None:
        """Look again after a while whether less is left to be sent than `left` bytes, and give up if not."""
        if self._draining is not None:
            self._draining.cancel()
            self._draining = None
        unsent = self.transport.get_write_buffer_size()
        if unsent and unsent == left:
            self.transport.abort()
        elif unsent:
            self._draining = self.loop.call_later(self.limits.drain, self._drain, unsent)

    def _make_room(self) -> None:
        """Close the connection that has waited longest without a request at work; else this one."""
        waiting = [
            each
            for each in self.connections
            if isinstance(each, Connection) and each._phase is not None and each._phase[0] in ("head", "rest")
        ]
        longest = min(waiting, key=lambda each: each._since, default=self)
        self.connections.discard(longest)  # now, or the next one would choose the same
        longest.transport.abort()


def _unreadable(error: BaseException | None) -> Problem:
    """Why h11 did not read a request."""
    hint = getattr(error, "error_status_hint", HTTPStatus.BAD_REQUEST)
    if hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        return Problem(LONG_HEADERS, f"The headers are larger than {LARGEST_HEAD:,} bytes.")
    return Problem(
        NOT_HTTP, "This is no request of HTTP/1.1, or one that two readers could read differently."
    )


def most_connections(reserved: int) -> int:
    """As many as there may be beside `reserved` files of the store, within what the system allows."""
    try:
        import resource  # noqa: PLC0415  # not on every system
    except ImportError:
        return MOST
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return MOST
    return max(_FEWEST, min(MOST, allowed - _FILES - reserved))


def configured(app: Starlette, *, limits: ConnectionLimits, grace: int) -> uvicorn.Config:
    """How uvicorn runs the app. `grace`: seconds that requests in flight are given at the end."""
    protocol = type("LimitedConnection", (Connection,), {"limits": limits})
    return uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        server_header=False,
        backlog=_WAITING_TO_BE_TAKEN,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=grace,
        h11_max_incomplete_event_size=LARGEST_HEAD,
    )
