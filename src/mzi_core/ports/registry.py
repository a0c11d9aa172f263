"""What is looked up before a tenant is known: tenants, API keys, sources of events, and what is due."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs

from mzi_core.ports.deliveries import TenantFlow
from mzi_core.ports.event_sources import EventSources
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class ApiKey:
    """A key that opens the API: `id` is public, `digest` the SHA-256 (hex) of the secret part.

    `tenant` None: it opens every tenant.
    """

    id: str
    digest: str
    label: str
    tenant: TenantId | None
    created_at: datetime
    revoked_at: datetime | None = None


class Registry(EventSources, Protocol):
    """What is looked up across tenants: they, keys, sources, what is due. A transaction, as a Session."""

    async def tenants(self) -> Sequence[TenantId]:
        """Every tenant, by name; the default one is always among them."""
        ...

    async def add_tenant(self, tenant: TenantId, at: datetime) -> bool:
        """Make a tenant; False when it is there already."""
        ...

    async def keys(self) -> Sequence[ApiKey]:
        """Every API key, oldest first, revoked ones too."""
        ...

    async def key(self, id: str) -> ApiKey | None:
        """One API key."""
        ...

    async def save_key(self, key: ApiKey) -> None:
        """Keep a key in place of the one with its id."""
        ...

    async def due_flows(self, *, after: TenantFlow | None = None, limit: int = 1000) -> Sequence[TenantFlow]:
        """Where something can be claimed now, ordered, at most `limit`, behind `after`; see `Deliveries`."""
        ...
