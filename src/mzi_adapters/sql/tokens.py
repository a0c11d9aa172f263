"""Access tokens of remote services, and leases."""

from datetime import datetime

import sqlalchemy as sa

from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.tables import ACCESS_TOKENS
from mzi_core.ports import AccessToken, Lease


class AccessTokens(Scope):
    """The part of a session that is about access tokens."""

    __slots__ = ()

    async def token(self, name: str) -> AccessToken | None:
        """The access token of a remote service."""
        found = await self.run(
            sa.select(ACCESS_TOKENS).where(self.mine(ACCESS_TOKENS), ACCESS_TOKENS.c.name == name)
        )
        row = found.first()
        if row is None:
            return None
        return AccessToken(
            name=row.name,
            origin=row.origin,
            token=row.token,
            scope=row.scope,
            expires_at=row.expires_at,
            renewals=tuple(map(datetime.fromisoformat, row.renewals)),
            paused_until=row.paused_until,
            cause=row.cause,
            revoked=row.revoked,
        )

    async def save_token(self, token: AccessToken) -> None:
        """Keep a token in place of the one with its name."""
        row = {
            "tenant_id": self.tenant,
            "name": token.name,
            "origin": token.origin,
            "token": token.token,
            "scope": token.scope,
            "expires_at": token.expires_at,
            "renewals": [moment.isoformat() for moment in token.renewals],
            "paused_until": token.paused_until,
            "cause": token.cause,
            "revoked": token.revoked,
        }
        await self.run(self.upsert(ACCESS_TOKENS), [row])


_NO_TOKEN = {"scope": "", "renewals": [], "cause": "", "revoked": ""}
"""What the row of a lease has where a token has more to say."""


def _row_of(name: str) -> str:
    """Under which name a lease lies among the tokens, where its holder is the `origin`."""
    return f"lease {name}"


class StoredLeases(Scope):
    """The part of a session that is about leases."""

    __slots__ = ()

    async def lease(self, name: str) -> Lease | None:
        """The lease of this name that was kept last."""
        found = await self.run(
            sa.select(ACCESS_TOKENS.c.origin, ACCESS_TOKENS.c.renewing_until).where(
                self.mine(ACCESS_TOKENS), ACCESS_TOKENS.c.name == _row_of(name)
            )
        )
        row = found.first()
        if row is None or row.renewing_until is None:
            return None
        return Lease(tenant=self.tenant, name=name, holder=row.origin, until=row.renewing_until)

    async def save_lease(self, lease: Lease) -> None:
        """Keep a lease in place of the one with its name."""
        row = {"name": _row_of(lease.name), "origin": lease.holder, "renewing_until": lease.until}
        await self.run(self.upsert(ACCESS_TOKENS), [{"tenant_id": self.tenant, **_NO_TOKEN, **row}])

    async def end_lease(self, name: str) -> None:
        """Forget the lease of this name."""
        await self.run(
            sa.delete(ACCESS_TOKENS).where(self.mine(ACCESS_TOKENS), ACCESS_TOKENS.c.name == _row_of(name))
        )
