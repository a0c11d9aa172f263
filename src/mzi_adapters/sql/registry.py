"""The tenants, what they chose, and the API keys."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, cast

import sqlalchemy as sa

from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.tables import API_KEYS, MAPPINGS, TENANTS
from mzi_adapters.sql.types import UtcDateTime
from mzi_core.errors import UnknownTenant
from mzi_core.mapping import FieldMapping
from mzi_core.ports import ApiKey, TenantSettings
from mzi_core.values import TenantId

SETTINGS_OF = """\
SELECT policies, module, field, zoho_name
FROM extension_tenants LEFT JOIN extension_field_mappings USING (tenant_id)
WHERE tenant_id = %1 ORDER BY module, position"""

KEYS = "SELECT id, digest, label, tenant_id, created_at, revoked_at FROM api_keys"
ALL_KEYS = f"{KEYS} ORDER BY created_at, id"
ONE_KEY = f"{KEYS} WHERE id = %1"


class Settings(Scope):
    """The part of a session that is about the tenant's choices."""

    __slots__ = ()

    async def settings(self) -> TenantSettings:
        """The tenant's choices; raises UnknownTenant."""
        found = await self.ask(SETTINGS_OF, self.tenant)
        if not found:
            raise UnknownTenant(self.tenant)
        mappings: dict[str, list[FieldMapping]] = defaultdict(list)
        for _, module, field, zoho_name in found:
            if module is not None:
                mappings[module].append(FieldMapping(field, zoho_name))
        policies = found[0][0]
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
