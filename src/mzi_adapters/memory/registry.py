"""What is looked up across tenants: themselves, API keys, sources of events, and what is due."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from mzi_adapters.memory.deliveries import is_claimable
from mzi_adapters.memory.event_sources import EventSources
from mzi_core.ports import (
    ApiKey,
    Clock,
    TenantFlow,
    TenantSettings,
)
from mzi_core.values import TenantId


@attrs.frozen
class MemoryRegistry(EventSources):
    """What is looked up across tenants."""

    clock: Clock

    async def tenants(self) -> Sequence[TenantId]:
        return sorted(self.tables.tenants)

    async def add_tenant(self, tenant: TenantId, at: datetime) -> bool:
        if tenant in self.tables.tenants:
            return False
        self.tables.tenants.put(tenant, TenantSettings())
        return True

    async def keys(self) -> Sequence[ApiKey]:
        return sorted(self.tables.keys.values(), key=lambda key: (key.created_at, key.id))

    async def key(self, id: str) -> ApiKey | None:
        return self.tables.keys.get(id)

    async def save_key(self, key: ApiKey) -> None:
        self.tables.keys.put(key.id, key)

    async def due_flows(self, *, after: TenantFlow | None = None, limit: int = 1000) -> Sequence[TenantFlow]:
        now = self.clock.now()
        due = {
            TenantFlow(tenant, flow)
            for (tenant, flow, _), row in self.tables.deliveries.items()
            if is_claimable(row, now) and (tenant, flow) not in self.tables.pauses
        }
        return sorted(each for each in due if after is None or each > after)[:limit]
