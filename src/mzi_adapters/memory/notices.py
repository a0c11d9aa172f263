"""What people were told."""

from collections.abc import Collection, Sequence

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_core.ports import NoticeAddress, ToldNotice


@attrs.frozen
class ToldNotices(TenantTables):
    """The part of a session that is about what people were told."""

    async def told_notices(self, way: str) -> Sequence[ToldNotice]:
        kept = self.tables.notices.items()
        found = [each for key, each in kept if key[:2] == (self.tenant, way)]
        return sorted(found, key=lambda each: each.address)

    async def save_told(self, way: str, told: Collection[ToldNotice]) -> None:
        for each in told:
            self.tables.notices.put((self.tenant, way, each.address), each)

    async def forget_told(self, way: str, addresses: Collection[NoticeAddress]) -> None:
        for address in addresses:
            self.tables.notices.drop((self.tenant, way, address))
