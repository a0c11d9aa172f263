"""The store: sessions over one tenant's data, put together from what each subject needs."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import attrs

from mzi_core.ports.brake import Brake
from mzi_core.ports.breakers import StoredBreakers
from mzi_core.ports.decisions import Decisions
from mzi_core.ports.deliveries import Deliveries
from mzi_core.ports.events import Events
from mzi_core.ports.history import RecordHistory
from mzi_core.ports.idempotency import StoredResponses
from mzi_core.ports.leases import StoredLeases
from mzi_core.ports.locks import Locks
from mzi_core.ports.notices import ToldNotices
from mzi_core.ports.parked import ParkedRecords
from mzi_core.ports.records import Records
from mzi_core.ports.registry import Registry
from mzi_core.ports.review import Reviews
from mzi_core.ports.runs import Runs
from mzi_core.ports.settings import StoredSettings
from mzi_core.ports.tokens import AccessTokens
from mzi_core.values import TenantId


class Session(
    Locks,
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
    Protocol,
):
    """One transaction over one tenant's data: what is written is seen by later reads of the same session.

    Every statement carries the tenant. Not promised: that other sessions can write meanwhile; that anything
    is kept when the block it was opened for ends with an exception.
    """

    @property
    def tenant(self) -> TenantId:
        """Whose data this session sees."""
        ...


@attrs.frozen(kw_only=True)
class StoreHealth:
    """What a store says of itself. `ready`: reachable and of the schema this version needs."""

    backend: str
    version: str
    ready: bool
    message: str


class Store(Protocol):
    """Where everything is kept. Raises StoreUnavailable when it cannot be reached.

    Not promised: that a session begun inside another one of the same task ever gets its turn; over some
    stores the task waits for itself for ever.
    """

    def begin(self, tenant: TenantId, *, discard: bool = False) -> AbstractAsyncContextManager[Session]:
        """A session that keeps its writes when the block ends well; with `discard` never (a preview)."""
        ...

    def begin_together(self) -> AbstractAsyncContextManager[Callable[[TenantId], Session]]:
        """A transaction over the data of several tenants, kept whole or not at all: gives each a session."""
        ...

    def read(self, tenant: TenantId) -> AbstractAsyncContextManager[Session]:
        """A session that keeps nothing and waits for no writer: one moment of what is kept."""
        ...

    def registry(self) -> AbstractAsyncContextManager[Registry]:
        """The tenants and keys, in a transaction."""
        ...

    def read_registry(self) -> AbstractAsyncContextManager[Registry]:
        """The tenants and keys to look at, as `read`."""
        ...

    async def health(self) -> StoreHealth:
        """How the store is; never raises."""
        ...
