"""What the tenants chose."""

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_core.errors import UnknownTenant
from mzi_core.ports import (
    TenantSettings,
)


@attrs.frozen
class StoredSettings(TenantTables):
    """The part of a session that is about the tenant's choices."""

    async def settings(self) -> TenantSettings:
        if self.tenant not in self.tables.tenants:
            raise UnknownTenant(self.tenant)
        found: TenantSettings = self.tables.tenants[self.tenant]
        return found

    async def save_settings(self, settings: TenantSettings) -> None:
        await self.settings()
        self.tables.tenants.put(self.tenant, settings)
