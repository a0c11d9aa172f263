"""The records kept aside: refused ones, and those that wait for another to arrive."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

import attrs
import sqlalchemy as sa

from mzi_adapters.sql.counts import Counted
from mzi_adapters.sql.driver import Find
from mzi_adapters.sql.rows import held_from_row, held_to_row
from mzi_adapters.sql.scope import page
from mzi_adapters.sql.tables import HELD
from mzi_core.module import AnyModule
from mzi_core.ports import Held, Parking, Query
from mzi_core.values import State, ZohoId

FIND_HELD = Find(HELD.name, ("zoho_id",), by="zoho_id", kind="TEXT", within=("tenant_id", "module"), few=True)
"""Which records are held at all."""

FIND_STATES = attrs.evolve(FIND_HELD, wanted=("state",))
"""In which state they are held."""

PARKING = """\
SELECT EXISTS (SELECT 1 FROM parked_records WHERE tenant_id = %1 AND module = %2),
    EXISTS (SELECT 1 FROM parked_records WHERE tenant_id = %1 AND waits_for_module = %2)"""

ASIDE = (State.INVALID, State.ERROR)
"""The states a record can be held in."""


class HeldRecords(Counted):
    """The part of a session that is about held records."""

    __slots__ = ()

    def _of(self, module: str) -> sa.ColumnElement[bool]:
        return sa.and_(self.mine(HELD), HELD.c.module == module)

    async def hold(self, held: Sequence[Held]) -> None:
        """Keep records aside, each in place of what was held under its module and id."""
        by_module: dict[str, list[Held]] = defaultdict(list)
        for one in held:
            by_module[one.module].append(one)
        for module, ones in by_module.items():
            before = await self.find(FIND_STATES, [one.zoho_id for one in ones], module)
            await self.run(self.upsert(HELD), [held_to_row(self.tenant, one) for one in ones])
            now = {one.zoho_id: one.state.value for one in ones}
            await self.counted(module, Counter(now.values()), Counter(state for (state,) in before))

    async def release(self, module: str, ids: Collection[ZohoId]) -> None:
        """Forget what is held under these ids."""
        if ids:
            released = await self.run(
                sa.delete(HELD)
                .where(self._of(module), self.among(HELD.c.zoho_id, ids))
                .returning(HELD.c.state)
            )
            await self.counted(module, Counter(), Counter(released.scalars()))

    async def held(self, module: str, ids: Collection[ZohoId]) -> dict[ZohoId, Held]:
        """What is held under these ids."""
        there = [zoho_id for (zoho_id,) in await self.find(FIND_HELD, ids, module)]
        if not there:  # as for most pages
            return {}
        rows = await self.run(sa.select(HELD).where(self._of(module), self.among(HELD.c.zoho_id, there)))
        return {one.zoho_id: one for one in map(held_from_row, rows)}

    async def parking(self, module: AnyModule) -> Parking:
        """Whether anything of a module is held, or waits for it."""
        ((holds, awaited),) = await self.ask(PARKING, self.tenant, module.name)
        return Parking(bool(holds), bool(awaited))

    async def held_list(self, module: str, query: Query) -> Sequence[Held]:
        """Held records by (held_at, zoho_id), at most `query.limit`."""
        states = ASIDE if query.state is None else (query.state,)
        lists = [sa.select(HELD).where(self._of(module), HELD.c.state == state.value) for state in states]
        rows = await self.run(page(lists, HELD.c.held_at, HELD.c.zoho_id, query))
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
