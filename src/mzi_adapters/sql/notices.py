"""What people were told."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.tables import NOTICES
from mzi_core.ports import NoticeAddress, NoticeKind, ToldNotice

_c = NOTICES.c


class ToldNotices(Scope):
    """The part of a session that is about what people were told."""

    __slots__ = ()

    async def told_notices(self, way: str) -> Sequence[ToldNotice]:
        """All that are kept of one way, in order."""
        wanted = sa.select(NOTICES).where(self.mine(NOTICES), _c.way == way)
        rows = await self.run(wanted.order_by(_c.kind, _c.of))
        return [
            ToldNotice(
                address=NoticeAddress(NoticeKind(row.kind), row.of),
                number=row.number,
                told_at=row.told_at,
                gone_at=row.gone_at,
            )
            for row in rows
        ]

    async def save_told(self, way: str, told: Collection[ToldNotice]) -> None:
        """Keep these in place of those of their addresses."""
        rows = [
            {
                "tenant_id": self.tenant,
                "way": way,
                "kind": each.address.kind.value,
                "of": each.address.of,
                "number": each.number,
                "told_at": each.told_at,
                "gone_at": each.gone_at,
            }
            for each in told
        ]
        if rows:
            await self.run(self.upsert(NOTICES), rows)

    async def forget_told(self, way: str, addresses: Collection[NoticeAddress]) -> None:
        """Forget these, kind by kind."""
        for kind in {address.kind for address in addresses}:
            of = [address.of for address in addresses if address.kind is kind]
            which = self.mine(NOTICES), _c.way == way, _c.kind == kind.value
            await self.run(sa.delete(NOTICES).where(*which, self.among(_c.of, of)))
