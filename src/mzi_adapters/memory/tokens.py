"""Access tokens of remote services, and leases."""

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_core.ports import AccessToken, Lease


@attrs.frozen
class AccessTokens(TenantTables):
    """The part of a session that is about access tokens."""

    async def token(self, name: str) -> AccessToken | None:
        found: AccessToken | None = self.tables.tokens.get((self.tenant, name))
        return found

    async def save_token(self, token: AccessToken) -> None:
        self.tables.tokens.put((self.tenant, token.name), token)


@attrs.frozen
class StoredLeases(TenantTables):
    """The part of a session that is about leases."""

    async def lease(self, name: str) -> Lease | None:
        found: Lease | None = self.tables.leases.get((self.tenant, name))
        return found

    async def save_lease(self, lease: Lease) -> None:
        self.tables.leases.put((self.tenant, lease.name), lease)

    async def end_lease(self, name: str) -> None:
        self.tables.leases.drop((self.tenant, name))
