"""How many records there are in each state: kept, because to count a million of them takes too long."""

from collections import Counter

import sqlalchemy as sa

from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.tables import COUNTS
from mzi_adapters.sql.translation import translated
from mzi_core.module import AnyModule
from mzi_core.values import State


class Counted(Scope):
    """The part of a session that counts; whoever writes or holds records says what that changes."""

    __slots__ = ()

    async def counted(self, module: str, now: Counter[str], before: Counter[str]) -> None:
        """Records that were in the states `before` are in the states `now`; a deleted one is in none."""
        more = {state: now[state] - before[state] for state in sorted(now.keys() | before.keys())}
        changes = {state: number for state, number in more.items() if number}
        if changes:
            with translated():
                await self.driver.count(self.connection, self.tenant, module, changes)

    async def count(self, module: AnyModule) -> dict[State, int]:
        """How many live records are NEW and UPDATED, and how many held ones INVALID and ERROR."""
        rows = await self.run(
            sa.select(COUNTS.c.state, COUNTS.c.number).where(
                self.mine(COUNTS), COUNTS.c.module == module.name, COUNTS.c.number > 0
            )
        )
        return {State(state): number for state, number in rows}
