"""Several sessions at once at the brake of one PostgreSQL: none lets more through, none decides half."""

import asyncio
import random
from datetime import timedelta

import pytest

from mzi_adapters.sql import SqlStore
from mzi_adapters.testing.contracts.fixtures import CANARY, OURS, later
from mzi_adapters.testing.contracts.store_together import LONG, SOON
from mzi_core.ports import DeliveryState, Due, PlanState

FLOW, SUSPEND = "account", "suspend"
LIMIT = 25


async def _pause() -> None:
    await asyncio.sleep(random.random() * 0.003)


@pytest.mark.parametrize("times", [6, pytest.param(60, marks=pytest.mark.slow)])
async def test_workers_let_no_more_through_than_the_limit(postgres_store: SqlStore, times: int) -> None:
    """Each with keys of its own and some of the others', in many sessions; who passed once passes again."""
    for round_ in range(times):
        action, passed = f"{SUSPEND} {round_}", list[str]()

        async def work(worker: int, action: str = action, passed: list[str] = passed) -> None:
            for page in range(5):
                keys = {f"{worker if n % 3 else 'all'} {page} {n}": 1 for n in range(6)}
                async with postgres_store.begin(OURS) as session:
                    through = await session.reserve(FLOW, action, keys, LIMIT)
                    await _pause()
                passed.extend(through)

        await asyncio.gather(*(work(worker) for worker in range(4)))
        assert len(set(passed)) == LIMIT
        async with postgres_store.begin(OURS, discard=True) as session:
            again = await session.reserve(FLOW, action, dict.fromkeys(passed, 1), 0)
        assert again == set(passed)


async def test_who_reserves_waits_for_the_one_before_and_for_nobody_else(postgres_store: SqlStore) -> None:
    """Another action, flow or tenant is not waited for; what the one before kept is counted."""
    async with postgres_store.registry() as registry:
        await registry.add_tenant(CANARY, later(0))
    async with postgres_store.begin(OURS) as one:
        assert await one.reserve(FLOW, SUSPEND, {"b": 1}, 1) == {"b"}
        others = ((OURS, FLOW, "delete"), (OURS, "course", SUSPEND), (CANARY, FLOW, SUSPEND))
        for tenant, flow, action in others:
            async with asyncio.timeout(LONG), postgres_store.begin(tenant) as session:
                assert await session.reserve(flow, action, {"a": 1}, 1) == {"a"}

        async def reserve() -> object:
            async with postgres_store.begin(OURS) as session:
                return await session.reserve(FLOW, SUSPEND, {"a": 1}, 1)

        reserving = asyncio.create_task(reserve())
        await asyncio.wait([reserving], timeout=SOON)
        assert not reserving.done()
    assert await reserving == set()


@pytest.mark.parametrize("times", [10, pytest.param(100, marks=pytest.mark.slow)])
async def test_a_plan_that_many_open_at_once_is_one(postgres_store: SqlStore, times: int) -> None:
    """Whoever is first."""

    async def open_plan(action: str) -> str:
        async with postgres_store.begin(OURS) as session:
            await _pause()
            id = await session.open_plan(FLOW, action)
            await _pause()
            return id

    for n in range(times):
        assert len(set(await asyncio.gather(*(open_plan(f"{n}") for _ in range(4))))) == 1


@pytest.mark.parametrize("times", [30, pytest.param(300, marks=pytest.mark.slow)])
async def test_nothing_is_held_under_a_plan_that_was_decided(postgres_store: SqlStore, times: int) -> None:
    """It is decided with the rest, or held under the next plan."""

    async def hold() -> None:
        await _pause()
        async with postgres_store.begin(OURS) as session:
            claims = await session.claim(FLOW, 9, timedelta(hours=1))
            plan = await session.open_plan(FLOW, SUSPEND)
            await _pause()
            await session.end_claims([claim.held(plan) for claim in claims])

    async def decide(plan: str) -> None:
        await _pause()
        async with postgres_store.begin(OURS) as session:
            assert await session.close_plan(plan, PlanState.APPROVED, "Yes.", "")
            await _pause()
            await session.approve(plan)

    for _ in range(times):
        async with postgres_store.begin(OURS) as session:
            await session.make_due([Due(FLOW, key) for key in ("1", "2")])
            plan = await session.open_plan(FLOW, SUSPEND)
        await asyncio.gather(hold(), decide(plan))
        async with postgres_store.begin(OURS) as session:
            for each in await session.deliveries(FLOW, DeliveryState.HELD):
                of = await session.plan(each.plan_id)
                assert of is not None
                assert of.state is PlanState.OPEN
