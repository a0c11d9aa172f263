"""Several sessions at once over the deliveries of one PostgreSQL: nothing is lost, done twice, or stuck.

Each case tries some schedules; those marked `slow` as many as first showed what was wrong with other ways.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from mzi_adapters.sql import SqlStore
from mzi_adapters.testing.contracts.fixtures import OURS, all_deliveries, later
from mzi_adapters.testing.contracts.store_together import LONG, SOON
from mzi_core.ports import AT_ONCE, Claim, DeliveryKey, DeliveryState, Due, Lease, Lock, Session

FLOW = "account"
HOUR = timedelta(hours=1)
PARENT = DeliveryKey("course", "1")
LINK = "link"
"""The name under which what a delivery waits for is kept here: any row of the store will do."""


def schedules(few: int, many: int) -> pytest.MarkDecorator:
    """So many schedules always, and so many where there is time."""
    return pytest.mark.parametrize("times", [few, pytest.param(many, marks=pytest.mark.slow)])


async def _pause(longest: float = 0.003) -> None:
    await asyncio.sleep(random.random() * longest)


def _dues(keys: Sequence[str]) -> list[Due]:
    return [Due(FLOW, key) for key in keys]


async def _state(session: Session, key: str) -> tuple[DeliveryState, int, int]:
    found = await session.delivery(DeliveryKey(FLOW, key))
    assert found is not None
    return found.state, found.generation, found.settled


async def _claim(store: SqlStore, limit: int = 1, lease: timedelta = HOUR) -> Sequence[Claim]:
    async with store.begin(OURS) as session:
        return await session.claim(FLOW, limit, lease)


async def _has_right_counts(store: SqlStore) -> bool:
    async with store.read(OURS) as session:
        listed = Counter((each.flow, each.state) for each in await all_deliveries(session))
        flows = await session.flows()
    return listed == {(each.flow, state): n for each in flows for state, n in each.counts.items()}


@schedules(400, 8000)
async def test_no_two_workers_get_one_key(postgres_store: SqlStore, times: int) -> None:
    """Every key is claimed once for each generation, by whichever of four, and all are settled."""
    keys, got = [f"{n:05}" for n in range(times)], Counter[tuple[str, int]]()
    for start in range(0, times, 2000):
        async with postgres_store.begin(OURS) as session:
            await session.make_due(_dues(keys[start : start + 2000]))

    async def work() -> None:
        while claims := await _claim(postgres_store, 25):
            got.update((claim.key, claim.generation) for claim in claims)
            await _pause()
            async with postgres_store.begin(OURS) as session:
                await session.end_claims([claim.settled() for claim in claims])

    async def disturb() -> None:
        for _ in range(10):
            async with postgres_store.begin(OURS) as session:
                await session.make_due(_dues(random.sample(keys, 20)))
            await _pause(0.01)

    await asyncio.gather(work(), work(), work(), work(), disturb())
    await work()
    assert set(got.values()) == {1}
    async with postgres_store.read(OURS) as session:
        for key in keys[:: times // 100]:
            state, generation, settled = await _state(session, key)
            assert (state, settled) == (DeliveryState.SETTLED, generation)
    assert await _has_right_counts(postgres_store)


@schedules(8, 60)
async def test_sessions_that_change_the_same_deliveries_never_deadlock(
    postgres_store: SqlStore, times: int
) -> None:
    """Named in any order, by those who make them due and by those who end claims of them."""
    keys = [f"{n:03}" for n in range(300)]
    async with postgres_store.begin(OURS) as session:
        await session.make_due(_dues(keys))

    async def make_due() -> None:
        for _ in range(times):
            async with postgres_store.begin(OURS) as session:
                await session.make_due(_dues(random.sample(keys, 150)))

    async def work() -> None:
        for _ in range(times):
            claims = [*await _claim(postgres_store, 100)]
            random.shuffle(claims)
            async with postgres_store.begin(OURS) as session:
                await session.end_claims([claim.settled() for claim in claims])

    await asyncio.gather(make_due(), make_due(), work(), work())
    assert await _has_right_counts(postgres_store)


@schedules(6, 60)
async def test_sessions_of_several_changes_lock_them_first(postgres_store: SqlStore, times: int) -> None:
    """Each ends a claim and makes the other's delivery due."""
    one, other = DeliveryKey(FLOW, "1"), DeliveryKey(FLOW, "2")

    async def change(mine: DeliveryKey, theirs: DeliveryKey, claim: Claim) -> None:
        async with postgres_store.begin(OURS) as session:
            await session.lock_deliveries([mine, theirs])
            await session.end_claims([claim.settled()])
            await _pause(0.01)
            await session.make_due([Due(theirs.flow, theirs.key)])

    async with postgres_store.begin(OURS) as session:
        await session.make_due(_dues(["1", "2"]))
    for _ in range(times):
        claims = {claim.key: claim for claim in await _claim(postgres_store, 2)}
        await asyncio.gather(change(one, other, claims["1"]), change(other, one, claims["2"]))
    assert await _has_right_counts(postgres_store)


@schedules(40, 300)
async def test_a_change_that_comes_while_it_is_settled_is_not_lost(
    postgres_store: SqlStore, times: int
) -> None:
    """Whichever of the two is first, the new generation is due."""

    async def settle(claim: Claim) -> None:
        await _pause()
        async with postgres_store.begin(OURS) as session:
            await session.end_claims([claim.settled()])
            await _pause(0.002)

    async def change() -> None:
        await _pause()
        async with postgres_store.begin(OURS) as session:
            await session.make_due(_dues(["1"]))
            await _pause(0.002)

    await change()
    for generation in range(1, times + 1):
        (claim,) = await _claim(postgres_store)
        assert claim.generation == generation
        await asyncio.gather(settle(claim), change())
        async with postgres_store.read(OURS) as session:
            assert await _state(session, "1") == (DeliveryState.DUE, generation + 1, generation)
    assert await _has_right_counts(postgres_store)


@schedules(30, 200)
async def test_nobody_sleeps_through_what_it_waits_for(postgres_store: SqlStore, times: int) -> None:
    """The child looks and waits, the parent writes and wakes, each under its lock."""

    async def wait(claim: Claim) -> None:
        await _pause()
        async with postgres_store.begin(OURS) as session:
            await session.lock([Lock("classes", shared=True)])
            if await session.lease(LINK) is None:
                await _pause(0.002)
                await session.end_claims([claim.waiting(PARENT)])
            else:
                await session.end_claims([claim.given_back()])
            await _pause(0.002)

    async def learn() -> None:
        await _pause()
        async with postgres_store.begin(OURS) as session:
            await session.lock([Lock("classes", shared=False)])
            await session.save_lease(Lease(tenant=OURS, name=LINK, holder="", until=later(0)))
            await session.wake([PARENT])
            await _pause(0.002)

    for _ in range(times):
        async with postgres_store.begin(OURS) as session:
            await session.end_lease(LINK)
            await session.make_due(_dues(["1"]))
        (claim,) = await _claim(postgres_store)
        await asyncio.gather(wait(claim), learn())
        async with postgres_store.read(OURS) as session:
            state, *_ = await _state(session, "1")
            assert state is DeliveryState.DUE


@asynccontextmanager
async def _taken_over(store: SqlStore) -> AsyncIterator[Claim]:
    """A claim whose lease is over, so that another one may get its delivery."""
    async with store.begin(OURS) as session:
        await session.make_due(_dues(["1"]))
    (claim,) = await _claim(store, lease=AT_ONCE)
    yield claim


async def test_a_fence_keeps_claims_away_and_lets_others_make_it_due(postgres_store: SqlStore) -> None:
    """Until its session ends; nobody waits."""
    async with _taken_over(postgres_store) as claim, asyncio.timeout(LONG):
        async with postgres_store.begin(OURS) as worker:
            assert list(await worker.fence([claim])) == [claim.address]
            async with postgres_store.begin(OURS) as session:
                await session.make_due(_dues(["1", "2"]))
            assert [each.key for each in await _claim(postgres_store, 2)] == ["2"]
            await worker.end_claims([claim.settled()])
        (again,) = await _claim(postgres_store)
        assert (again.key, again.generation) == ("1", 2)


async def test_a_fence_waits_for_a_claim_and_is_lost_to_it(postgres_store: SqlStore) -> None:
    """The claim is not kept yet when the first worker asks."""
    async with _taken_over(postgres_store) as claim:
        async with postgres_store.begin(OURS) as first:
            async with postgres_store.begin(OURS) as second:
                (newer,) = await second.claim(FLOW, 1, HOUR)
                asking = asyncio.create_task(first.fence([claim]))
                await asyncio.wait([asking], timeout=SOON)
                assert not asking.done()
            assert list(await asking) == []
        assert newer.number > claim.number


async def test_forgetting_waits_for_nobody(postgres_store: SqlStore) -> None:
    """What is just being made due stays."""
    async with postgres_store.begin(OURS) as session:
        await session.make_due(_dues(["1", "2"]))
    claims = await _claim(postgres_store, 2)
    async with postgres_store.begin(OURS) as session:
        await session.end_claims([claim.settled() for claim in claims])
    async with postgres_store.begin(OURS) as one, asyncio.timeout(LONG):
        await one.make_due(_dues(["1"]))
        async with postgres_store.begin(OURS) as session:
            assert (await session.forget_settled(FLOW, AT_ONCE)).number == 1
    async with postgres_store.read(OURS) as session:
        assert (await _state(session, "1"))[:2] == (DeliveryState.DUE, 2)
        assert await session.delivery(DeliveryKey(FLOW, "2")) is None
    assert await _has_right_counts(postgres_store)
