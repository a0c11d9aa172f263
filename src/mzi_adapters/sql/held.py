"""The records kept aside: refused ones, and those that wait for another to arrive."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from mzi_adapters.sql.driver import Find
from mzi_adapters.sql.rows import held_from_row, held_to_row
from mzi_adapters.sql.scope import Scope, page
from mzi_adapters.sql.tables import HELD
from mzi_core.module import AnyModule
from mzi_core.ports import Held, Parking, Query
from mzi_core.values import ZohoId

FIND_HELD = Find(HELD.name, ("zoho_id",), by="zoho_id", kind="TEXT", within=("tenant_id", "module"), few=True)
"""Which records are held at all."""


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
        if ids:
            await self.run(sa.delete(HELD).where(self._of(module), self.among(HELD.c.zoho_id, ids)))

    async def held(self, module: str, ids: Collection[ZohoId]) -> dict[ZohoId, Held]:
        """What is held under these ids."""
        there = [zoho_id for (zoho_id,) in await self.find(FIND_HELD, ids, module)]
        if not there:  # as for most pages
            return {}
        rows = await self.run(sa.select(HELD).where(self._of(module), self.among(HELD.c.zoho_id, there)))
        return {one.zoho_id: one for one in map(held_from_row, rows)}

    async def parking(self, module: AnyModule) -> Parking:
        """Whether anything of a module is held, or waits for it."""
        held, waiting = self._of(module.name), HELD.c.waits_for_module == module.name
        asked = sa.select(sa.exists().where(held), sa.exists().where(self.mine(HELD), waiting))
        return Parking(*map(bool, (await self.run(asked)).one()))

    async def held_list(self, module: str, query: Query) -> Sequence[Held]:
        """Held records by (held_at, zoho_id), at most `query.limit`."""
        statement = sa.select(HELD).where(self._of(module))
        if query.state is not None:
            statement = statement.where(HELD.c.state == query.state.value)
        rows = await self.run(page(statement, HELD.c.held_at, HELD.c.zoho_id, query))
        return [held_from_row(row) for row in rows]

    async def waiting_for(self, module: str, ids: Collection[ZohoId], limit: int) -> Sequence[Held]:
        """Parked records that wait for one of these, oldest first, at most `limit`."""
        if not ids:
            return []
        rows = await self.run(
            sa.select(HELD)
            .where(
                self.mine(HELD),
                HELD.c.waits_for_module == module,
                self.among(HELD.c.waits_for_zoho_id, ids),
            )
            .order_by(HELD.c.held_at, HELD.c.module, HELD.c.zoho_id)
            .limit(limit)
        )
        return [held_from_row(row) for row in rows]
