"""A store that counts the sessions it is asked for."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import attrs

from mzi_adapters.memory import MemoryStore
from mzi_core.ports import Registry, Session, Store, StoreHealth
from mzi_core.values import TenantId


@attrs.define
class CountedStore:
    """As the store behind it. `reads` and `writes`: sessions of a tenant that were opened so far."""

    store: Store = attrs.field(factory=MemoryStore)
    reads: int = 0
    writes: int = 0

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        """As `Store.begin`."""
        self.writes += 1
        async with self.store.begin(tenant, discard=discard) as session:
            yield session

    @asynccontextmanager
    async def begin_together(self) -> AsyncIterator[Callable[[TenantId], Session]]:
        """As `Store.begin_together`."""
        self.writes += 1
        async with self.store.begin_together() as session_of:
            yield session_of

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        """As `Store.read`."""
        self.reads += 1
        async with self.store.read(tenant) as session:
            yield session

    def registry(self) -> AbstractAsyncContextManager[Registry]:
        """As `Store.registry`."""
        return self.store.registry()

    def read_registry(self) -> AbstractAsyncContextManager[Registry]:
        """As `Store.read_registry`."""
        return self.store.read_registry()

    async def health(self) -> StoreHealth:
        """As `Store.health`."""
        return await self.store.health()


def _proof(store: CountedStore) -> Store:
    """The type checker's word that this is a Store."""
    return store
