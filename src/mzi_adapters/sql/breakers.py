"""Circuit breakers of remote services."""

from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.tables import CIRCUIT_BREAKERS
from mzi_core.ports import OpenBreaker

_OURS = [column for column in CIRCUIT_BREAKERS.c if column.name != "tenant_id"]


class StoredBreakers(Scope):
    """The part of a session that is about circuit breakers."""

    __slots__ = ()

    async def open_breakers(self) -> Sequence[OpenBreaker]:
        """All that are kept, ordered by service."""
        wanted = sa.select(*_OURS).where(self.mine(CIRCUIT_BREAKERS)).order_by(CIRCUIT_BREAKERS.c.service)
        found = await self.run(wanted)
        return [OpenBreaker(**row) for row in found.mappings()]

    async def save_breaker(self, breaker: OpenBreaker) -> None:
        """Keep a breaker in place of the one of its service."""
        row = {"tenant_id": self.tenant, **attrs.asdict(breaker)}
        await self.run(self.upsert(CIRCUIT_BREAKERS), [row])

    async def close_breaker(self, service: str) -> None:
        """Forget the breaker of this service."""
        which = CIRCUIT_BREAKERS.c.service == service
        await self.run(sa.delete(CIRCUIT_BREAKERS).where(self.mine(CIRCUIT_BREAKERS), which))
