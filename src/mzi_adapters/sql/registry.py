"""The tenants, what they chose, and the API keys."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from mzi_adapters.sql.scope import AnyRow, Scope
from mzi_adapters.sql.tables import API_KEYS, MAPPINGS, TENANTS
from mzi_core.errors import UnknownTenant
from mzi_core.mapping import FieldMapping
from mzi_core.ports import ApiKey, TenantSettings
from mzi_core.values import TenantId

POLICIES_OF = "SELECT policies FROM extension_tenants WHERE tenant_id = %1"
MAPPINGS_OF = """\
SELECT module, field, zoho_name FROM extension_field_mappings
WHERE tenant_id = %1 ORDER BY module, position"""


class Settings(Scope):
    """The part of a session that is about the tenant's choices."""

    __slots__ = ()

    async def settings(self) -> TenantSettings:
        """The tenant's choices; raises UnknownTenant."""
        found = await self.ask(POLICIES_OF, self.tenant)
        if not found:
            raise UnknownTenant(self.tenant)
        mappings: dict[str, list[FieldMapping]] = defaultdict(list)
        for module, field, zoho_name in await self.ask(MAPPINGS_OF, self.tenant):
            mappings[module].append(FieldMapping(field, zoho_name))
        ((policies,),) = found
        return TenantSettings(
            mappings={module: tuple(lines) for module, lines in mappings.items()},
            policies=json.loads(policies) if isinstance(policies, str) else policies,
        )

    async def save_settings(self, settings: TenantSettings) -> None:
        """Replace the tenant's choices; raises UnknownTenant."""
        changed = await self.run(
            sa.update(TENANTS).where(self.mine(TENANTS)).values(policies=dict(settings.policies))
        )
        if not changed.rowcount:
            raise UnknownTenant(self.tenant)
        await self.run(sa.delete(MAPPINGS).where(self.mine(MAPPINGS)))
        rows = [
            {
                "tenant_id": self.tenant,
                "module": module,
                "position": position,
                "field": line.field,
                "zoho_name": line.zoho_name,
            }
            for module, lines in settings.mappings.items()
            for position, line in enumerate(lines)
        ]
        if rows:
            await self.run(sa.insert(MAPPINGS), rows)


class SqlRegistry(Scope):
    """What belongs to no tenant; the scope's own tenant is not looked at."""

    __slots__ = ()

    async def tenants(self) -> Sequence[TenantId]:
        """Every tenant, by name."""
        rows = await self.run(sa.select(TENANTS.c.tenant_id).order_by(TENANTS.c.tenant_id))
        return [TenantId(name) for name in rows.scalars()]

    async def add_tenant(self, tenant: TenantId, at: datetime) -> bool:
        """Make a tenant; False when it is there already."""
        made = await self.run(
            self.insert(TENANTS)
            .values(tenant_id=tenant, policies={}, created_at=at)
            .on_conflict_do_nothing(index_elements=[TENANTS.c.tenant_id])
        )
        return made.rowcount == 1

    async def keys(self) -> Sequence[ApiKey]:
        """Every API key, oldest first, revoked ones too."""
        rows = await self.run(sa.select(API_KEYS).order_by(API_KEYS.c.created_at, API_KEYS.c.id))
        return [_key(row) for row in rows]

    async def key(self, id: str) -> ApiKey | None:
        """One API key."""
        row = (await self.run(sa.select(API_KEYS).where(API_KEYS.c.id == id))).first()
        return None if row is None else _key(row)

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


def _key(row: AnyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        digest=row.digest,
        label=row.label,
        tenant=None if row.tenant_id is None else TenantId(row.tenant_id),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )
