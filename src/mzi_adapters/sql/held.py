"""The records kept aside: refused ones, and those that wait for another to arrive."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from mzi_adapters.sql.rows import held_from_row, held_to_row
from mzi_adapters.sql.scope import Scope, chunks, page
from mzi_adapters.sql.tables import HELD
from mzi_core.ports import Held, Query
from mzi_core.values import ZohoId


class HeldRecords(Scope):
    """The part of a session that is about held records."""

    __slots__ = ()

    def _of(self, module: str) -> sa.ColumnElement[bool]:
        return sa.and_(self.mine(HELD), HELD.c.module == module)

    async def hold(self, held: Sequence[Held]) -> None:
        """Keep records aside, each in place of what was held under its module and id."""
        if held:
            await self.run(self.upsert(HELD), [held_to_row(self.tenant, one) for one in held])

    async def release(self, module: str, ids: Collection[ZohoId]) -> None:
        """Forget what is held under these ids."""
        for some in chunks(ids):
            await self.run(sa.delete(HELD).where(self._of(module), HELD.c.zoho_id.in_(some)))

    async def held(self, module: str, ids: Collection[ZohoId]) -> dict[ZohoId, Held]:
        """What is held under these ids."""
        found: dict[ZohoId, Held] = {}
        for some in chunks(ids):
            rows = await self.run(sa.select(HELD).where(self._of(module), HELD.c.zoho_id.in_(some)))
            found |= {one.zoho_id: one for one in map(held_from_row, rows)}
        return found

    async def held_list(self, module: str, query: Query) -> Sequence[Held]:
        """Held records by (held_at, zoho_id), at most `query.limit`."""
        statement = sa.select(HELD).where(self._of(module))
        if query.state is not None:
            statement = statement.where(HELD.c.state == query.state.value)
        rows = await self.run(page(statement, HELD.c.held_at, HELD.c.zoho_id, query))
        return [held_from_row(row) for row in rows]

    async def waiting_for(self, module: str, ids: Collection[ZohoId], limit: int) -> Sequence[Held]:
        """Parked records that wait for one of these, oldest first, at most `limit`."""
        found: list[Held] = []
        for some in chunks(ids):
            rows = await self.run(
                sa.select(HELD)
                .where(self.mine(HELD), HELD.c.waits_for_module == module, HELD.c.waits_for_zoho_id.in_(some))
                .order_by(HELD.c.held_at, HELD.c.module, HELD.c.zoho_id)
                .limit(limit)
            )
            found += map(held_from_row, rows)
        return sorted(found, key=lambda held: (held.held_at, held.module, held.zoho_id))[:limit]
