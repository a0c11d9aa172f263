"""What the tenants chose."""

import json
from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.tables import MAPPINGS, TENANTS
from mzi_core.errors import UnknownTenant
from mzi_core.mapping import FieldMapping
from mzi_core.ports import TenantSettings

SETTINGS_OF = """\
SELECT zone, policies, rules, module, field, zoho_name
FROM extension_tenants LEFT JOIN extension_field_mappings USING (tenant_id)
WHERE tenant_id = %1 ORDER BY module, position"""


def _data(kept: Any) -> Any:
    """JSON as it was kept; a driver that knows none of it answers its text."""
    return json.loads(kept) if isinstance(kept, str) else kept


class StoredSettings(Scope):
    """The part of a session that is about the tenant's choices."""

    __slots__ = ()

    async def settings(self) -> TenantSettings:
        """The tenant's choices; raises UnknownTenant."""
        found = await self.ask(SETTINGS_OF, self.tenant)
        if not found:
            raise UnknownTenant(self.tenant)
        mappings: dict[str, list[FieldMapping]] = defaultdict(list)
        for *_, module, field, zoho_name in found:
            if module is not None:
                mappings[module].append(FieldMapping(field, zoho_name))
        zone, policies, rules, *_ = found[0]
        return TenantSettings(
            mappings={module: tuple(lines) for module, lines in mappings.items()},
            policies=_data(policies),
            zone=zone,
            rules=_data(rules),
        )

    async def save_settings(self, settings: TenantSettings) -> None:
        """Replace the tenant's choices; raises UnknownTenant."""
        chosen = {
            "policies": dict(settings.policies),
            "zone": settings.zone,
            "rules": dict(settings.rules),
        }
        changed = await self.run(sa.update(TENANTS).where(self.mine(TENANTS)).values(chosen))
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
