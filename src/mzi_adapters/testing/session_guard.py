"""A store and a wire that know of each other: nothing is sent while a session is open.

A session holds locks and a connection; a remote takes seconds, or never answers. So a use case reads, ends
its session, asks the remote, and opens another. Wrapped in these two, a test fails where one does not.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

import attrs

from mzi_adapters.web.transport import Request, Response, Streamed, Transport
from mzi_core.ports import Registry, Session, Store, StoreHealth
from mzi_core.values import TenantId

_open_sessions: ContextVar[int] = ContextVar("open_sessions", default=0)


class SentInsideSession(AssertionError):
    """A remote was called while a session was open: end the session first."""


@contextmanager
def _session() -> Iterator[None]:
    """Everything the task does inside, and every task it begins there, is inside a session."""
    before = _open_sessions.set(_open_sessions.get() + 1)
    try:
        yield
    finally:
        _open_sessions.reset(before)


@attrs.frozen
class GuardedStore:
    """A store whose sessions a GuardedTransport sees."""

    store: Store

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        """As `Store.begin`."""
        async with self.store.begin(tenant, discard=discard) as session:
            with _session():
                yield session

    @asynccontextmanager
    async def begin_together(self) -> AsyncIterator[Callable[[TenantId], Session]]:
        """As `Store.begin_together`."""
        async with self.store.begin_together() as session_of:
            with _session():
                yield session_of

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        """As `Store.read`."""
        async with self.store.read(tenant) as session:
            with _session():
                yield session

    @asynccontextmanager
    async def registry(self) -> AsyncIterator[Registry]:
        """As `Store.registry`."""
        async with self.store.registry() as registry:
            with _session():
                yield registry

    @asynccontextmanager
    async def read_registry(self) -> AsyncIterator[Registry]:
        """As `Store.read_registry`."""
        async with self.store.read_registry() as registry:
            with _session():
                yield registry

    async def health(self) -> StoreHealth:
        """As `Store.health`."""
        return await self.store.health()


@attrs.frozen
class GuardedTransport:
    """A wire that raises SentInsideSession for whoever sends from inside a session of a GuardedStore."""

    wire: Transport

    async def send(self, request: Request) -> Response:
        """As `Transport.send`."""
        refuse_inside_session(request)
        return await self.wire.send(request)

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Streamed]:
        """As `Transport.stream`."""
        refuse_inside_session(request)
        async with self.wire.stream(request) as streamed:
            yield streamed


def refuse_inside_session(request: Request) -> None:
    """What a remote in memory does first of all. Raises SentInsideSession."""
    refuse_sending(f"{request.method} {request.url}")


def refuse_sending(what: str) -> None:
    """The same of whatever else is sent. Raises SentInsideSession."""
    if _open_sessions.get():
        raise SentInsideSession(f"{what} was sent while a session was open.")


def _proof(store: GuardedStore, wire: GuardedTransport) -> tuple[Store, Transport]:
    """The type checker's word that these are a Store and a Transport."""
    return store, wire
