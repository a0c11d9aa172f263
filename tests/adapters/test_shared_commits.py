"""Callers who wait at the same time share a commit, and nobody waits for another's mistake."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.counted import CountedStore

from mzi_adapters.memory import MemoryStore
from mzi_adapters.shared_commits import MOST_EVENTS, SharedCommits
from mzi_adapters.testing.contracts.fixtures import CANARY, OURS, event
from mzi_adapters.testing.harness import FixedClock
from mzi_core.errors import StoreRefused, StoreUnavailable
from mzi_core.ports import DeliveryState, Due, Event, EventQuery, EventState, Session, Store
from mzi_core.values import TenantId, ZohoId


@attrs.define(slots=False)
class Picky(MemoryStore):
    """Refuses a commit with an event of the kind `bad`; unreachable while it is `away`, slow by a turn."""

    away: bool = False
    commits: int = 0

    @asynccontextmanager
    async def begin_together(self) -> AsyncIterator[Callable[[TenantId], Session]]:
        if self.away:
            raise StoreUnavailable("The store is being moved.")
        async with super().begin_together() as session_of:
            self.commits += 1
            picky: Any = lambda tenant: PickySession(session_of(tenant))  # noqa: E731
            yield picky
            await asyncio.sleep(0)


@attrs.frozen
class PickySession:
    real: Any

    async def make_due(self, dues: Collection[Due]) -> None:
        await self.real.make_due(dues)

    async def keep_events(self, events: Sequence[Event]) -> Sequence[Event]:
        if any(each.kind == "bad" for each in events):
            raise StoreRefused("An event cannot be kept.")
        kept: Sequence[Event] = await self.real.keep_events(events)
        return kept


async def _kept(store: Store, tenant: TenantId = OURS) -> list[str]:
    async with store.read(tenant) as session:
        return sorted(each.id for each in await session.events(EventQuery(limit=10_000)))


async def test_those_who_wait_at_once_share_a_commit() -> None:
    """The first has one of its own, for nobody lingers; the others, of any tenant, share the next."""
    store = CountedStore()
    intake = SharedCommits(store)
    tenants = [OURS, CANARY] * 10
    calls = [intake.keep(tenant, [event(n)]) for n, tenant in enumerate(tenants)]
    answers = await asyncio.gather(*calls)
    assert [one.id for (one,) in answers] == [event(n).id for n in range(20)]
    assert store.writes <= 2
    assert await _kept(store) == [event(n).id for n in range(0, 20, 2)]
    assert await _kept(store, CANARY) == [event(n).id for n in range(1, 20, 2)]
    assert list(await intake.keep(OURS, [event(20)])) == [event(20)]


async def test_a_repetition_in_the_same_commit_is_answered_as_the_first() -> None:
    intake = SharedCommits(MemoryStore())
    again = [attrs.evolve(event(n), repeats="1") for n in range(1, 9)]
    answers = await asyncio.gather(*(intake.keep(OURS, [each]) for each in again))
    assert {one.id for (one,) in answers} == {again[0].id}


@pytest.mark.parametrize("bad", [0, 3, 8])
async def test_what_is_refused_of_one_caller_is_kept_of_the_others(bad: int) -> None:
    """Wherever it stands among them."""
    store = Picky()
    intake = SharedCommits(store)
    events = [attrs.evolve(event(n), kind="bad" if n == bad else "good") for n in range(9)]
    answers = await asyncio.gather(*(intake.keep(OURS, [each]) for each in events), return_exceptions=True)
    assert [n for n, answer in enumerate(answers) if isinstance(answer, StoreRefused)] == [bad]
    assert await _kept(store) == [event(n).id for n in range(9) if n != bad]


async def test_a_store_that_is_away_is_told_to_all_and_asked_once_for_all() -> None:
    """And asked again by whoever comes later."""
    store = Picky(away=True)
    intake = SharedCommits(store)
    answers = await asyncio.gather(*(intake.keep(OURS, [event(n)]) for n in range(5)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {StoreUnavailable}
    assert store.commits == 0
    store.away = False
    assert list(await intake.keep(OURS, [event(6)])) == [event(6)]


async def test_a_caller_who_goes_away_takes_nobody_with_him() -> None:
    """What he sent may be kept, and the others are answered."""
    intake = SharedCommits(Picky())
    calls = [asyncio.create_task(intake.keep(OURS, [event(n)])) for n in range(5)]
    await asyncio.sleep(0)
    calls[0].cancel()
    calls[3].cancel()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) is asyncio.CancelledError for answer in answers] == [True, False, False, True, False]


async def test_a_loop_that_ends_leaves_nobody_waiting() -> None:
    """Whoever waits while the work is broken off is told that it was."""
    intake = SharedCommits(Picky())
    call = asyncio.create_task(intake.keep(OURS, [event(1)]))
    await asyncio.sleep(0)  # the call begins its work
    (work,) = {each for each in asyncio.all_tasks() if each.get_coro().__name__ == "_work"}  # type: ignore[union-attr]
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_who_comes_just_as_the_work_ends_is_not_forgotten() -> None:
    """Whatever turn of the loop it is."""
    for turns in range(12):
        intake = SharedCommits(MemoryStore())
        first = asyncio.create_task(intake.keep(OURS, [event(1)]))
        for _ in range(turns):
            await asyncio.sleep(0)
        assert list(await asyncio.wait_for(intake.keep(OURS, [event(2)]), 5)) == [event(2)]
        assert list(await first) == [event(1)]


async def test_a_commit_has_so_many_events_at_most() -> None:
    """But those of one caller are never torn apart."""
    store = Picky()
    intake = SharedCommits(store)
    many = [event(n) for n in range(MOST_EVENTS + 1)]
    few = [event(MOST_EVENTS + 1 + n) for n in range(MOST_EVENTS)]
    answers = await asyncio.gather(
        intake.keep(OURS, many), *(intake.keep(OURS, [each]) for each in few), intake.keep(OURS, [])
    )
    assert [len(answer) for answer in answers] == [len(many), *([1] * len(few)), 0]
    assert 2 <= store.commits <= 3


async def test_the_records_that_events_are_about_are_due_with_the_same_commit() -> None:
    """Each once, also for a repetition; what waits for nothing is due for nothing."""
    store = MemoryStore()
    intake = SharedCommits(store)
    about = [attrs.evolve(event(n), module="students", key=ZohoId(str(n % 2))) for n in range(4)]
    parked = attrs.evolve(event(5), module="students", key=ZohoId("9"), state=EventState.PARKED)
    await intake.keep(OURS, [*about, parked, event(6)])
    await intake.keep(OURS, [attrs.evolve(about[0], id=event(7).id)])
    async with store.read(OURS) as session:
        due = await session.deliveries("take:students", DeliveryState.DUE)
    assert [(each.key, each.subject, each.generation) for each in due] == [
        ("0", "students/0", 2),
        ("1", "students/1", 1),
    ]


async def test_for_a_fact_its_record_is_looked_at_at_once() -> None:
    """Whoever else's events share the commit; for a hint it stays put off."""
    store = MemoryStore(clock=FixedClock())
    intake = SharedCommits(store)
    told = [attrs.evolve(event(n), module="students", key=ZohoId(str(n % 2))) for n in range(4)]
    await intake.keep(OURS, told[:2])
    async with store.begin(OURS) as session:
        claims = await session.claim("take:students", 2, timedelta(hours=1))
        await session.end_claims([each.given_back(timedelta(hours=1)) for each in claims])
    await asyncio.gather(intake.keep(OURS, told[2:3], {told[2].id}), intake.keep(OURS, told[3:]))
    async with store.begin(OURS) as session:
        again = await session.claim("take:students", 2, timedelta(hours=1))
    assert [each.key for each in again] == ["0"]
