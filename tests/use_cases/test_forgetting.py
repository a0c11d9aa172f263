"""What was kept for long enough is forgotten; what waits, and what made something, never."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import chain, repeat

import attrs
import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.contracts.fixtures import change, event, question
from mzi_adapters.testing.harness import CountedIds, FixedClock, Harness
from mzi_core.errors import UnknownTenant
from mzi_core.ports import DeliveryQuery, Due, EventQuery, EventState, Store
from mzi_core.use_cases import forgetting
from mzi_core.use_cases.forgetting import EVERY, ForgetInTurn, ForgetOld, Retention
from mzi_core.values import DEFAULT_TENANT, TenantId

DAY = timedelta(days=1)
MONTH = Retention(taken=30 * DAY)
NORTH = TenantId("north")
CLOCK = FixedClock()
OLD = [100, 90, 80, 31]
"""Days; with what is younger they make seven events."""
EVERY_AGE = [*OLD, 29, 2, 0]


async def _kept(ages: Sequence[int], state: EventState = EventState.TAKEN, kind: str = "k") -> MemoryStore:
    """A store with events that were received so many days ago."""
    store = MemoryStore()
    kept = [
        attrs.evolve(event(n), kind=kind, received_at=CLOCK.now() - age * DAY) for n, age in enumerate(ages)
    ]
    async with store.begin(DEFAULT_TENANT) as session:
        await session.keep_events(kept)
        if state is not EventState.WAITING:
            await session.end_events([each.id for each in kept], state, "", CLOCK.now())
    return store


async def _left(store: Store) -> int:
    async with store.read(DEFAULT_TENANT) as session:
        return len(await session.events(EventQuery()))


@pytest.mark.parametrize("at_once", [1, 2, 4, 5, 1000])
async def test_what_was_taken_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """However many are looked at in one transaction."""
    monkeypatch.setattr(forgetting, "AT_ONCE", at_once)
    store = await _kept(EVERY_AGE)
    forget = ForgetOld(store=store, clock=CLOCK)
    assert await forget(DEFAULT_TENANT, MONTH) == {EventState.TAKEN: len(OLD)}
    assert await _left(store) == len(EVERY_AGE) - len(OLD)
    assert await forget(DEFAULT_TENANT, MONTH) == {EventState.TAKEN: 0}
    with pytest.raises(UnknownTenant):
        await forget(NORTH, MONTH)


@pytest.mark.parametrize("state", [EventState.PARKED, EventState.DEAD])
async def test_what_waits_for_a_person_stays_for_as_long_as_is_said(state: EventState) -> None:
    """For ever, if nothing is."""
    store = await _kept(EVERY_AGE, state)
    forget = ForgetOld(store=store, clock=CLOCK)
    assert await forget(DEFAULT_TENANT, MONTH) == {EventState.TAKEN: 0}
    done = await forget(DEFAULT_TENANT, Retention(taken=None, refused=85 * DAY))
    assert done == {each: 2 if each is state else 0 for each in (EventState.PARKED, EventState.DEAD)}
    assert await _left(store) == len(EVERY_AGE) - 2


async def test_what_waits_or_made_something_is_never_forgotten() -> None:
    everything = Retention(taken=4 * DAY, refused=4 * DAY)
    for store in (
        await _kept(EVERY_AGE, EventState.WAITING),
        await _kept(EVERY_AGE, EventState.TAKEN, "request_submitted"),
    ):
        done = await ForgetOld(store=store, clock=CLOCK)(DEFAULT_TENANT, everything)
        assert set(done.values()) == {0}
        assert await _left(store) == len(EVERY_AGE)
        async with store.begin(DEFAULT_TENANT) as session:
            with pytest.raises(ValueError, match="waits is not forgotten"):
                await session.forget_events(EventState.WAITING, CLOCK.now())


async def test_nothing_is_kept_for_less_than_a_sender_may_send_again() -> None:
    for what in ({"taken": timedelta(hours=75)}, {"taken": None, "refused": timedelta(hours=75)}):
        with pytest.raises(ValueError, match="76 hours or more"):
            Retention(**what)
    assert Retention(taken=timedelta(hours=76)).of(EventState.TAKEN) == timedelta(hours=76)


async def test_one_process_at_a_time_forgets_and_all_together_once_an_hour() -> None:
    """For each tenant; and what is stopped begins nothing."""
    store, clock = await _kept(EVERY_AGE), FixedClock()
    async with store.registry() as registry:
        await registry.add_tenant(NORTH, clock.now())
    forget = ForgetOld(store=store, clock=clock)
    one, other = (ForgetInTurn(store=store, clock=clock, ids=CountedIds(), forget=forget) for _ in range(2))
    assert await one(MONTH, stopped=lambda: True) == {}
    assert await one(MONTH) == {DEFAULT_TENANT: {EventState.TAKEN: 4}, NORTH: {EventState.TAKEN: 0}}
    for each in (one, other):
        assert await each(MONTH) == {}
    clock.advance(EVERY)
    assert await other(MONTH) == {DEFAULT_TENANT: {EventState.TAKEN: 0}, NORTH: {EventState.TAKEN: 0}}


async def test_what_is_stopped_forgets_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 1)
    store = await _kept(EVERY_AGE)
    asked = chain([False, False], repeat(True))
    done = await ForgetOld(store=store, clock=CLOCK)(DEFAULT_TENANT, MONTH, stopped=lambda: next(asked))
    assert done == {EventState.TAKEN: 2}


@pytest.mark.parametrize("at_once", [1, 3, 4, 5])
async def test_the_history_of_records_is_forgotten_in_time(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """However much is forgotten in one transaction; for ever it is kept where nothing is said."""
    monkeypatch.setattr(forgetting, "AT_ONCE", at_once)
    store = MemoryStore()
    changes = [change(1, CLOCK.now() - age * DAY) for age in EVERY_AGE]
    async with store.begin(DEFAULT_TENANT) as session:
        await session.keep_history(changes)
    forget = ForgetOld(store=store, clock=CLOCK)
    assert await forget(DEFAULT_TENANT, Retention(taken=None)) == {}
    month = Retention(taken=None, history=30 * DAY)
    assert await forget(DEFAULT_TENANT, month, stopped=lambda: True) == {"changes": 0}
    assert await forget(DEFAULT_TENANT, month) == {"changes": len(OLD)}
    assert await forget(DEFAULT_TENANT, month) == {"changes": 0}
    async with store.read(DEFAULT_TENANT) as session:
        left = await session.history("students", changes[0].key, None, 99)
    assert list(left) == changes[: -len(EVERY_AGE) + len(OLD) - 1 : -1]


@pytest.mark.parametrize("at_once", [1, 2, 3, 1000])
async def test_what_was_reserved_at_the_brake_is_forgotten_when_it_counts_no_more(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """However long events are kept; unless it is stopped."""
    monkeypatch.setattr(forgetting, "AT_ONCE", at_once)
    clock = FixedClock()
    store = MemoryStore(clock)
    for key in ("b", "a", "c"):
        async with store.begin(DEFAULT_TENANT) as session:
            await session.reserve("account", "suspend", {key: 1}, 3)
        clock.advance(DAY / 2)
    forget = ForgetOld(store=store, clock=clock)
    await forget(DEFAULT_TENANT, Retention(taken=None), stopped=lambda: True)
    await forget(DEFAULT_TENANT, Retention(taken=None))
    async with store.begin(DEFAULT_TENANT) as session:
        assert await session.reserve("account", "suspend", {"a": 1, "b": 1, "c": 1}, 0, within=9 * DAY) == {
            "c"
        }


@pytest.mark.parametrize("at_once", [1, 2, 1000])
async def test_what_was_settled_and_asked_no_longer_is_forgotten_with_the_events(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Of every flow; what is due, and what is asked still, stays, and so does all where events do."""
    monkeypatch.setattr(forgetting, "AT_ONCE", at_once)
    clock = FixedClock()
    store = MemoryStore(clock)
    async with store.begin(DEFAULT_TENANT) as session:
        await session.make_due([Due(flow, key) for flow in ("account", "take:students") for key in "123"])
        for flow in ("account", "take:students"):
            for claim in await session.claim(flow, 2, DAY):
                await session.end_claims([claim.settled()])
        await session.put_reviews([question(key) for key in "123"])
        await session.close_reviews([question(key).address for key in "12"])
    forget = ForgetOld(store=store, clock=clock)

    async def left() -> tuple[int, int]:
        async with store.read(DEFAULT_TENANT) as session:
            return len(await session.list_deliveries(DeliveryQuery())), len(await session.reviews())

    await forget(DEFAULT_TENANT, MONTH)
    clock.advance(31 * DAY)
    await forget(DEFAULT_TENANT, Retention(taken=None))
    await forget(DEFAULT_TENANT, MONTH, stopped=lambda: True)
    assert await left() == (6, 3)
    await forget(DEFAULT_TENANT, MONTH)
    assert await left() == (2, 1)


async def test_the_use_cases_forget_for_one_tenant_and_in_turn_for_all() -> None:
    mzi = Harness()
    assert await mzi.use_cases.forget(DEFAULT_TENANT, MONTH) == {EventState.TAKEN: 0}
    assert await mzi.use_cases.forget_in_turn(MONTH) == {DEFAULT_TENANT: {EventState.TAKEN: 0}}
    assert await mzi.use_cases.forget_in_turn(MONTH) == {}
