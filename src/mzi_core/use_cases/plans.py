"""Plans of the brake: look at what is held, and decide about it."""

from collections.abc import Mapping, Sequence
from typing import Self

import attrs

from mzi_core.errors import NotFound, PlanDecided, ReasonRefused
from mzi_core.keepable_text import is_keepable
from mzi_core.ports import BrakePlan, DeliveryKey, DeliveryQuery, PlanState, Session, Store
from mzi_core.use_cases.browse_deliveries import DeliveryPage, page_of
from mzi_core.use_cases.flow_pauses import as_reason
from mzi_core.values import TenantId


@attrs.frozen
class HeldPlan:
    """A plan, and how many deliveries are held under it."""

    plan: BrakePlan
    held: int


@attrs.frozen
class PlanPage:
    """Some plans, the newest first, and behind which the next page begins; None after the last one."""

    items: Sequence[HeldPlan]
    next: str | None


@attrs.frozen
class ListPlans:
    """List plans page by page."""

    store: Store

    async def __call__(
        self, tenant: TenantId, state: PlanState | None = None, *, after: str | None = None, limit: int = 100
    ) -> PlanPage:
        """At most `limit`, all or those of a state. Raises UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            found = await session.plans(state, after=after, limit=limit + 1)
            held = await session.held_under([plan.id for plan in found[:limit]])
        items = [HeldPlan(plan, held[plan.id]) for plan in found[:limit]]
        return PlanPage(items, items[-1].plan.id if len(found) > limit else None)


@attrs.frozen
class ShownPlan:
    """A plan, how many deliveries are held under it, and some of them."""

    plan: BrakePlan
    held: int
    deliveries: DeliveryPage


@attrs.frozen
class ShowPlan:
    """Show one plan, and page by page what is held under it."""

    store: Store

    async def __call__(
        self, tenant: TenantId, id: str, *, after: DeliveryKey | None = None, limit: int = 100
    ) -> ShownPlan:
        """At most `limit` deliveries. Raises NotFound, UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            plan = await _plan(session, id)
            held = await session.held_under([id])
            page = await page_of(session, DeliveryQuery(plan_id=id, after=after, limit=limit))
        return ShownPlan(plan, held[id], page)


@attrs.frozen
class DecidedPlan:
    """A plan that was decided, and of how many deliveries by flow."""

    plan: BrakePlan
    deliveries: Mapping[str, int]


@attrs.frozen
class ApprovePlan:
    """Let what is held under a plan be done.

    Each delivery is looked at anew, so that what does not need it any more is left alone.
    """

    store: Store

    async def __call__(self, tenant: TenantId, id: str, reason: str, *, by: str = "") -> DecidedPlan:
        """`by`: who decides. Raises ReasonRefused, NotFound, PlanDecided, UnknownTenant, StoreUnavailable."""
        said = _reason(reason)
        async with self.store.begin(tenant) as session:
            plan = await _closed(session, id, PlanState.APPROVED, said, by)
            return DecidedPlan(plan, await session.approve(id))


@attrs.frozen
class RejectPlan:
    """Let what is held under a plan not be done: it is settled as it stands, until it changes."""

    store: Store

    async def __call__(self, tenant: TenantId, id: str, reason: str, *, by: str = "") -> DecidedPlan:
        """`by`: who decides. Raises ReasonRefused, NotFound, PlanDecided, UnknownTenant, StoreUnavailable."""
        said = _reason(reason)
        async with self.store.begin(tenant) as session:
            plan = await _closed(session, id, PlanState.REJECTED, said, by)
            return DecidedPlan(plan, await session.reject(id, said))


def _reason(text: str) -> str:
    return as_reason(text, refused=ReasonRefused, hint="Say why it may be done, or why not.")


async def _plan(session: Session, id: str) -> BrakePlan:
    found = await session.plan(id) if is_keepable(id) else None
    if found is None:
        raise NotFound("plan", id[:60])
    return found


async def _closed(session: Session, id: str, state: PlanState, reason: str, by: str) -> BrakePlan:
    """An open plan, closed before its deliveries are touched: nothing more is held under it."""
    await session.settings()
    await _plan(session, id)
    was_open = await session.close_plan(id, state, reason, by)
    plan = await _plan(session, id)
    if not was_open:
        raise PlanDecided(id, plan.state, plan.reason)
    return plan


@attrs.frozen(kw_only=True)
class PlanUseCases:
    """Plans looked at and decided."""

    list: ListPlans
    show: ShowPlan
    approve: ApprovePlan
    reject: RejectPlan

    @classmethod
    def over(cls, store: Store) -> Self:
        """Build them."""
        return cls(
            list=ListPlans(store), show=ShowPlan(store), approve=ApprovePlan(store), reject=RejectPlan(store)
        )
