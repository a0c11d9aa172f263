"""What the brake holds is looked at and decided by plan."""

from datetime import timedelta

import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.contracts.fixtures import OURS
from mzi_adapters.testing.harness import Harness
from mzi_core.errors import NotFound, PlanDecided, ReasonRefused, UnknownTenant
from mzi_core.flows.brake import DestructiveAction, limit
from mzi_core.ports import DeliveryKey, DeliveryState, Due, PlanState, Store
from mzi_core.use_cases.flow_pauses import LONGEST_REASON
from mzi_core.use_cases.plans import PlanUseCases
from mzi_core.values import TenantId

FLOW = "account"
NOBODY = TenantId("nobody")
HOUR = timedelta(hours=1)


async def _work(store: Store) -> set[str]:
    """Suspend whoever is due and let through, as a worker does, and hold the others: who is suspended."""
    async with store.begin(OURS) as session:
        claims = {claim.key: claim for claim in await session.claim(FLOW, 100, HOUR)}
        through = await session.reserve(
            FLOW,
            DestructiveAction.SUSPEND,
            {key: claim.generation for key, claim in claims.items()},
            limit(0),
            approved=[k for k, claim in claims.items() if claim.approved_generation == claim.generation],
        )
    async with store.begin(OURS) as session:
        plan = "" if through == claims.keys() else await session.open_plan(FLOW, DestructiveAction.SUSPEND)
        endings = [
            claim.settled() if key in through else claim.held(plan, "More than 25 suspensions in a day.")
            for key, claim in claims.items()
        ]
        await session.end_claims(endings)
    return set(through)


async def _made_due(store: Store, *numbers: int) -> None:
    async with store.begin(OURS) as session:
        await session.make_due([Due(FLOW, f"{n:02}") for n in numbers])


async def _held(number: int = 3) -> tuple[MemoryStore, PlanUseCases, str]:
    """A store in which so many are held over the limit, the use cases over it, and the plan's id."""
    store = MemoryStore()
    await _made_due(store, *range(25 + number))
    assert len(await _work(store)) == 25
    plans = PlanUseCases.over(store)
    (item,) = (await plans.list(OURS)).items
    return store, plans, item.plan.id


async def test_a_mass_mistake_is_held_and_a_person_sees_all_of_it() -> None:
    """What is within the limit is done; the rest page by page."""
    _, plans, id = await _held(5)
    (item,) = (await plans.list(OURS, PlanState.OPEN)).items
    assert (item.held, item.plan.flow, item.plan.action) == (5, FLOW, "suspend")
    first = await plans.show(OURS, id, limit=3)
    assert (first.plan, first.held) == (item.plan, 5)
    assert [each.key for each in first.deliveries.items] == ["25", "26", "27"]
    second = await plans.show(OURS, id, after=first.deliveries.next, limit=3)
    assert [each.key for each in second.deliveries.items] == ["28", "29"]
    assert second.deliveries.next is None


async def test_what_is_approved_is_looked_at_anew_and_done() -> None:
    """Once: one that changes after that is another, and is held again."""
    store, plans, id = await _held()
    done = await plans.approve(OURS, id, "They left after the exams", by="key 1")
    assert done.deliveries == {FLOW: 3}
    assert (done.plan.state, done.plan.reason) == (PlanState.APPROVED, "They left after the exams.")
    assert (done.plan.decided_by, done.plan.decided_at is None) == ("key 1", False)
    await _made_due(store, 27)
    assert await _work(store) == {"25", "26"}
    (again,) = (await plans.list(OURS, PlanState.OPEN)).items
    (before,) = (await plans.list(OURS, PlanState.APPROVED)).items
    assert (again.held, before.held, before.plan) == (1, 0, done.plan)


async def test_what_is_rejected_is_settled_with_the_reason_and_not_done() -> None:
    store, plans, id = await _held()
    done = await plans.reject(OURS, id, "A filter in Zoho was wrong.")
    assert (done.plan.state, done.deliveries) == (PlanState.REJECTED, {FLOW: 3})
    assert await _work(store) == set()
    async with store.read(OURS) as session:
        found = await session.delivery(DeliveryKey(FLOW, "25"))
    assert found is not None
    assert (found.state, found.reason) == (DeliveryState.SETTLED, "A filter in Zoho was wrong.")


async def test_a_plan_is_decided_once() -> None:
    """Who comes later is told how."""
    _, plans, id = await _held()
    await plans.reject(OURS, id, "No.")
    for decide in (plans.approve, plans.reject):
        with pytest.raises(PlanDecided, match=f"The plan `{id}` was rejected already: No.") as caught:
            await decide(OURS, id, "Yes.")
        assert caught.value.state == PlanState.REJECTED
    assert (await plans.show(OURS, id)).plan.reason == "No."


@pytest.mark.parametrize("reason", ["", " \n", "\0", "x" * (LONGEST_REASON + 1)])
async def test_a_decision_needs_a_reason_that_a_person_can_read(reason: str) -> None:
    """Without one nothing is decided."""
    _, plans, id = await _held()
    for decide in (plans.approve, plans.reject):
        with pytest.raises(ReasonRefused, match="Say why it may be done, or why not"):
            await decide(OURS, id, reason)
    assert (await plans.show(OURS, id)).plan.state is PlanState.OPEN


@pytest.mark.parametrize("id", ["unknown", "", "\0"])
async def test_a_plan_that_there_is_not_is_not_found(id: str) -> None:
    plans = PlanUseCases.over(MemoryStore())
    for asked in (plans.show(OURS, id), plans.approve(OURS, id, "Yes."), plans.reject(OURS, id, "No.")):
        with pytest.raises(NotFound, match="There is no plan"):
            await asked


async def test_plans_are_those_of_a_tenant_that_there_is() -> None:
    _, plans, id = await _held()
    for asked in (
        plans.list(NOBODY),
        plans.show(NOBODY, id),
        plans.approve(NOBODY, id, "Yes."),
        plans.reject(NOBODY, id, "No."),
    ):
        with pytest.raises(UnknownTenant):
            await asked


async def test_plans_are_listed_page_by_page() -> None:
    """The newest first; a page that has all of them is the last one."""
    store, found, after = MemoryStore(), list[str](), None
    assert (await Harness().use_cases.plans.list(OURS)).items == []
    plans = PlanUseCases.over(store)
    async with store.begin(OURS) as session:
        opened = [await session.open_plan(FLOW, action) for action in DestructiveAction]
    for _ in range(2):
        page = await plans.list(OURS, after=after, limit=2)
        found += [item.plan.id for item in page.items]
        after = page.next
    assert (found, after) == (sorted(opened, reverse=True), None)
    assert (await plans.list(OURS, limit=4)).next is None
