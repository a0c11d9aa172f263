"""The brake: what was reserved of late, and the plans that a person decides."""

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import timedelta

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_adapters.system import SystemIds
from mzi_core.ports import BrakePlan, PlanState
from mzi_core.ports.brake import DAY


@attrs.frozen
class Brake(TenantTables):
    """The part of a session that is about the brake."""

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
        now = self.clock.now()
        reserved = {
            key: was_approved
            for (*of, key), (at, _, was_approved) in self.tables.ledger.items()
            if of == [self.tenant, flow, action] and at > now - within
        }
        passing = wanted.keys() & (reserved.keys() | set(approved))
        left = max(0, limit - sum(not was_approved for was_approved in reserved.values()))
        passing |= set(sorted(wanted.keys() - passing)[:left])
        for key in sorted(passing):
            is_approved = key in approved or reserved.get(key, False)
            self.tables.ledger.put((self.tenant, flow, action, key), (now, wanted[key], is_approved))
        return passing

    async def forget_reservations(self, older_than: timedelta, limit: int) -> int:
        before = self.clock.now() - older_than
        mine = [(at, key) for key, (at, *_) in self.tables.ledger.items() if key[0] == self.tenant]
        old = sorted((at, key) for at, key in mine if at <= before)[:limit]
        for _, key in old:
            self.tables.ledger.drop(key)
        return len(old)

    def _plans(self) -> list[BrakePlan]:
        kept = self.tables.plans.items()
        return sorted((plan for key, plan in kept if key[0] == self.tenant), key=lambda each: each.id)

    async def open_plan(self, flow: str, action: str) -> str:
        for plan in self._plans():
            if (plan.flow, plan.action, plan.state) == (flow, action, PlanState.OPEN):
                return plan.id
        (id,) = SystemIds().record_ids(1)
        plan = BrakePlan(id=id, flow=flow, action=action, opened_at=self.clock.now())
        self.tables.plans.put((self.tenant, id), plan)
        return id

    async def plans(
        self, state: PlanState | None = None, *, after: str | None = None, limit: int = 100
    ) -> Sequence[BrakePlan]:
        so = [each for each in self._plans() if state in (None, each.state)]
        return [each for each in reversed(so) if after is None or each.id < after][:limit]

    async def plan(self, id: str) -> BrakePlan | None:
        found: BrakePlan | None = self.tables.plans.get((self.tenant, id))
        return found

    async def close_plan(self, id: str, state: PlanState, reason: str, by: str) -> bool:
        plan = await self.plan(id)
        if plan is None or plan.state is not PlanState.OPEN:
            return False
        closed = attrs.evolve(plan, state=state, decided_at=self.clock.now(), decided_by=by, reason=reason)
        self.tables.plans.put((self.tenant, id), closed)
        return True
