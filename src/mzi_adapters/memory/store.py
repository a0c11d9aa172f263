"""A store in memory that keeps every promise of the port: transactions, uniqueness, tenants apart."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import attrs

from mzi_adapters.memory.brake import Brake
from mzi_adapters.memory.breakers import StoredBreakers
from mzi_adapters.memory.decisions import Decisions
from mzi_adapters.memory.deliveries import Deliveries
from mzi_adapters.memory.events import Events
from mzi_adapters.memory.history import RecordHistory
from mzi_adapters.memory.idempotency import StoredResponses
from mzi_adapters.memory.notices import ToldNotices
from mzi_adapters.memory.parked import ParkedRecords
from mzi_adapters.memory.records import Records
from mzi_adapters.memory.registry import MemoryRegistry
from mzi_adapters.memory.review import Reviews
from mzi_adapters.memory.runs import Runs
from mzi_adapters.memory.scope import Tables
from mzi_adapters.memory.settings import StoredSettings
from mzi_adapters.memory.tokens import AccessTokens, StoredLeases
from mzi_adapters.system import SystemClock
from mzi_core.ports import (
    Clock,
    Registry,
    Session,
    Store,
    StoreHealth,
    TenantSettings,
)
from mzi_core.values import DEFAULT_TENANT, TenantId


@attrs.frozen
class MemorySession(
    StoredSettings,
    Records,
    ParkedRecords,
    RecordHistory,
    Decisions,
    Events,
    StoredResponses,
    Runs,
    AccessTokens,
    StoredLeases,
    StoredBreakers,
    Deliveries,
    Brake,
    Reviews,
    ToldNotices,
):
    """One transaction over one tenant's data."""


@attrs.define(slots=False)
class MemoryStore:
    """Everything in dictionaries; one session at a time, as in a database with one writer.

    `clock` says what is due.
    """

    clock: Clock = attrs.field(factory=SystemClock)
    _tables: Tables = attrs.field(factory=Tables, repr=False)
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock, repr=False)

    def __attrs_post_init__(self) -> None:
        """The default tenant is always there."""
        self._tables.tenants[DEFAULT_TENANT] = TenantSettings()

    @asynccontextmanager
    async def _transaction(self, *, discard: bool) -> AsyncIterator[Tables]:
        async with self._turn:
            tables = self._tables.all()
            for table in tables:
                table.journal.clear()
            kept = False
            try:
                yield self._tables
                kept = not discard
            finally:
                if not kept:
                    for table in tables:
                        table.undo(0)

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        """A session that keeps its writes when the block ends well; with `discard` never."""
        async with self._transaction(discard=discard) as tables:
            yield MemorySession(tenant, tables, self.clock)

    @asynccontextmanager
    async def begin_together(self) -> AsyncIterator[Callable[[TenantId], Session]]:
        """A transaction over the data of several tenants: gives the session of each."""
        async with self._transaction(discard=False) as tables:
            yield partial(MemorySession, tables=tables, clock=self.clock)

    def _aside(self) -> Tables:
        """A copy of everything, without what a session that is at work has written."""
        copy = Tables()
        for table, copied in zip(self._tables.all(), copy.all(), strict=True):
            copied.update(table)
            if self._turn.locked():
                copied.journal = list(table.journal)
                copied.undo(0)
        return copy

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        """A session over a copy, which keeps nothing and waits for nobody."""
        yield MemorySession(tenant, self._aside(), self.clock)

    @asynccontextmanager
    async def registry(self) -> AsyncIterator[Registry]:
        """The tenants and keys, in a transaction."""
        async with self._transaction(discard=False) as tables:
            yield MemoryRegistry(tables, self.clock)

    @asynccontextmanager
    async def read_registry(self) -> AsyncIterator[Registry]:
        """The tenants and keys to look at, as `read`."""
        yield MemoryRegistry(self._aside(), self.clock)

    async def health(self) -> StoreHealth:
        """Always well."""
        return StoreHealth(backend="memory", version="", ready=True, message="Nothing outlives the process.")


def _proof(store: MemoryStore) -> Store:
    """The type checker's word that this is a Store."""
    return store
