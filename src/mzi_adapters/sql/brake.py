"""The brake: what was reserved of late, and the plans that a person decides."""

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.tables import BRAKE_LEDGER, PLANS
from mzi_adapters.sql.types import UtcDateTime
from mzi_adapters.system import SystemIds
from mzi_core.ports import BrakePlan, Lock, PlanState
from mzi_core.ports.brake import DAY

_LEDGER = BRAKE_LEDGER.c
_OURS = [column for column in PLANS.c if column.name != "tenant_id"]
_IS_OPEN = sa.text(f"state = '{PlanState.OPEN.value}'")
"""Written out, for a partial index is used where its condition stands in the statement."""


class Brake(Scope):
    """The part of a session that is about the brake."""

    __slots__ = ()

    async def _now(self) -> datetime:
        """The server's time where there is one, else the clock's."""
        if self.connection.dialect.name != "postgresql":
            return self.clock.now()
        found: datetime = (await self.run(sa.select(sa.func.clock_timestamp(type_=UtcDateTime)))).scalar_one()
        return found

    async def reserve(
        self,
        flow: str,
        action: str,
        wanted: Mapping[str, int],
        limit: int,
        *,
        approved: Collection[str] = (),
        within: timedelta = DAY,
    ) -> Set[str]:
        """Reserve keys, and give those that are let through."""
        if not wanted:
            return frozenset()
        await self.lock([Lock(f"brake {flow} {action}", shared=False)])
        now = await self._now()
        counted = sa.and_(
            self.mine(BRAKE_LEDGER),
            _LEDGER.flow == flow,
            _LEDGER.action == action,
            _LEDGER.reserved_at > now - within,
        )
        there = sa.select(_LEDGER.key, _LEDGER.approved).where(counted, self.among(_LEDGER.key, [*wanted]))
        reserved: dict[str, bool] = {row.key: row.approved for row in await self.run(there)}
        number: int = (
            await self.run(sa.select(sa.func.count()).where(counted, _LEDGER.approved.is_(False)))
        ).scalar_one()
        passing = reserved.keys() | (wanted.keys() & set(approved))
        left = max(0, limit - number)
        passing |= set(sorted(wanted.keys() - passing)[:left])
        if passing:
            address = {"tenant_id": self.tenant, "flow": flow, "action": action}
            rows = [
                {
                    **address,
                    "key": key,
                    "reserved_at": now,
                    "generation": wanted[key],
                    "approved": key in approved or reserved.get(key, False),
                }
                for key in sorted(passing)
            ]
            await self.run(self.upsert(BRAKE_LEDGER), rows)
        return passing

    async def forget_reservations(self, older_than: timedelta, limit: int) -> int:
        """Forget reservations that are older, the oldest first."""
        mine, before = self.mine(BRAKE_LEDGER), await self._now() - older_than
        address = (_LEDGER.flow, _LEDGER.action, _LEDGER.key)
        old = (
            sa.select(*address)
            .where(mine, _LEDGER.reserved_at <= before)
            .order_by(_LEDGER.reserved_at)
            .limit(limit)
        )
        done = await self.run(sa.delete(BRAKE_LEDGER).where(mine, sa.tuple_(*address).in_(old)))
        return int(done.rowcount)

    async def open_plan(self, flow: str, action: str) -> str:
        """The id of the one open plan of this action of the flow."""
        there = sa.select(PLANS.c.id).where(
            self.mine(PLANS), PLANS.c.flow == flow, PLANS.c.action == action, _IS_OPEN
        )
        found: str | None = (await self.run(there.with_for_update(read=True))).scalar()
        if found is not None:
            return found
        made = self.insert(PLANS).values(
            tenant_id=self.tenant,
            id=SystemIds().record_ids(1)[0],
            flow=flow,
            action=action,
            opened_at=await self._now(),
            state=PlanState.OPEN.value,
            decided_by="",
            reason="",
        )
        # Another session may open one at this moment: then it is that one, which must be changed to be told.
        one = made.on_conflict_do_update(
            index_elements=["tenant_id", "flow", "action"],
            index_where=_IS_OPEN,
            set_={"flow": made.excluded.flow},
        )
        opened: str = (await self.run(one.returning(PLANS.c.id))).scalar_one()
        return opened

    async def plans(
        self, state: PlanState | None = None, *, after: str | None = None, limit: int = 100
    ) -> Sequence[BrakePlan]:
        """Plans, the newest first."""
        wanted = sa.select(*_OURS).where(self.mine(PLANS))
        if state is not None:
            wanted = wanted.where(PLANS.c.state == state.value)
        if after is not None:
            wanted = wanted.where(PLANS.c.id < after)
        return await self._plans(wanted.order_by(PLANS.c.id.desc()).limit(limit))

    async def plan(self, id: str) -> BrakePlan | None:
        """One plan."""
        found = await self._plans(sa.select(*_OURS).where(self.mine(PLANS), PLANS.c.id == id))
        return found[0] if found else None

    async def _plans(self, wanted: sa.Select[Any]) -> Sequence[BrakePlan]:
        rows = (await self.run(wanted)).mappings()
        return [BrakePlan(**{**row, "state": PlanState(row["state"])}) for row in rows]

    async def close_plan(self, id: str, state: PlanState, reason: str, by: str) -> bool:
        """Close an open plan as approved or rejected."""
        is_it = (self.mine(PLANS), PLANS.c.id == id, PLANS.c.state == PlanState.OPEN.value)
        decided = {"decided_at": await self._now(), "decided_by": by, "reason": reason}
        done = await self.run(sa.update(PLANS).where(*is_it).values(state=state.value, **decided))
        return bool(done.rowcount)
