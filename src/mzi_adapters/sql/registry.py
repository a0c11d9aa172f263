"""What is looked up across tenants: themselves, API keys, sources of events, and what is due."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, cast

import sqlalchemy as sa

from mzi_adapters.sql.deliveries import TimedScope
from mzi_adapters.sql.event_sources import EventSources
from mzi_adapters.sql.tables import API_KEYS, TENANTS
from mzi_adapters.sql.types import UtcDateTime
from mzi_core.ports import ApiKey, TenantFlow, TenantSettings
from mzi_core.values import TenantId

KEYS = "SELECT id, digest, label, tenant_id, created_at, revoked_at FROM api_keys"
ALL_KEYS = f"{KEYS} ORDER BY created_at, id"
ONE_KEY = f"{KEYS} WHERE id = %1"


class SqlRegistry(TimedScope, EventSources):
    """What is looked up across tenants; the scope's own tenant is not looked at."""

    __slots__ = ()

    async def tenants(self) -> Sequence[TenantId]:
        """Every tenant, by name."""
        rows = await self.run(sa.select(TENANTS.c.tenant_id).order_by(TENANTS.c.tenant_id))
        return [TenantId(name) for name in rows.scalars()]

    async def add_tenant(self, tenant: TenantId, at: datetime) -> bool:
        """Make a tenant; False when it is there already."""
        made = await self.run(
            self.insert(TENANTS)
            .values(tenant_id=tenant, policies={}, zone=TenantSettings().zone, rules={}, created_at=at)
            .on_conflict_do_nothing(index_elements=[TENANTS.c.tenant_id])
        )
        return made.rowcount == 1

    async def keys(self) -> Sequence[ApiKey]:
        """Every API key, oldest first, revoked ones too."""
        return list(map(self._key, await self.ask(ALL_KEYS)))

    async def key(self, id: str) -> ApiKey | None:
        """One API key."""
        found = await self.ask(ONE_KEY, id)
        return self._key(found[0]) if found else None

    async def save_key(self, key: ApiKey) -> None:
        """Keep a key in place of the one with its id."""
        row = {
            "id": key.id,
            "digest": key.digest,
            "label": key.label,
            "tenant_id": key.tenant,
            "created_at": key.created_at,
            "revoked_at": key.revoked_at,
        }
        await self.run(self.upsert(API_KEYS), [row])

    async def due_flows(self, *, after: TenantFlow | None = None, limit: int = 1000) -> Sequence[TenantFlow]:
        """Where something can be claimed now, ordered."""
        begin = ("", "") if after is None else (after.tenant, after.flow)
        found = await self.ask(self.say.due_flows, *begin, limit, *self.now())
        return [TenantFlow(TenantId(tenant), flow) for tenant, flow in found]

    def _key(self, row: Sequence[Any]) -> ApiKey:
        id, digest, label, tenant, created_at, revoked_at = row
        moment = partial(UtcDateTime().process_result_value, dialect=self.connection.dialect)
        return ApiKey(
            id=id,
            digest=digest,
            label=label,
            tenant=None if tenant is None else TenantId(tenant),
            created_at=cast("datetime", moment(created_at)),
            revoked_at=moment(revoked_at),
        )
