"""Circuit breakers of remote services."""

from collections.abc import Sequence

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_core.ports import OpenBreaker


@attrs.frozen
class StoredBreakers(TenantTables):
    """The part of a session that is about circuit breakers."""

    async def open_breakers(self) -> Sequence[OpenBreaker]:
        kept = self.tables.breakers.items()
        return [each for (tenant, _), each in sorted(kept, key=lambda item: item[0]) if tenant == self.tenant]

    async def save_breaker(self, breaker: OpenBreaker) -> None:
        self.tables.breakers.put((self.tenant, breaker.service), breaker)

    async def close_breaker(self, service: str) -> None:
        self.tables.breakers.drop((self.tenant, service))
