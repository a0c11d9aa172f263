"""What a store promises about sessions at the same time: locks, and reading aside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import attrs

from mzi_adapters.testing.contracts.fixtures import (
    CANARY,
    OURS,
    THERE,
    everything,
    furnished,
    key,
    later,
    run,
)
from mzi_adapters.testing.contracts.samples import changed, key_of, row, sample
from mzi_core.errors import StoreError
from mzi_core.modules import STUDENTS
from mzi_core.ports import Lock, Session, Store
from mzi_core.values import State, TenantId

SOON = 0.3
"""Seconds in which a session begins that waits for nobody."""

LONG = 3.0
"""Seconds after which it is certain that somebody waits."""

OURS_ALONE = Lock("students", shared=False)
WITH_OTHERS = Lock("students", shared=True)


@asynccontextmanager
async def _beside(store: Store, tenant: TenantId) -> AsyncIterator[Session | None]:
    """A session while another one is at work; None where a store lets only one in at a time."""
    opening = store.begin(tenant)
    try:
        async with asyncio.timeout(SOON):
            session = await opening.__aenter__()
    except (TimeoutError, StoreError):
        yield None
        return
    try:
        yield session
    finally:
        await opening.__aexit__(None, None, None)


async def _gets(session: Session, *locks: Lock) -> None:
    async with asyncio.timeout(LONG):
        await session.lock(locks)


class LockPromises:
    """A session that asks for a lock has it, and has it alone unless it is shared.

    A store that lets one session in at a time, as those in memory and in SQLite do, keeps the promises about
    two sessions by that alone: cases that open one `_beside` another say nothing more about it.
    """

    async def test_sessions_that_ask_for_one_lock_have_it_one_after_the_other(self, store: Store) -> None:
        """Each until its end; and the next one reads what the one before has written."""
        said: list[str] = []
        together = asyncio.Event()

        async def one() -> None:
            async with store.begin(OURS) as session:
                await session.lock([OURS_ALONE, Lock("registrations", shared=False)])
                said.append("in")
                if said[-2:] == ["in", "in"]:
                    together.set()
                before = (await session.stored(STUDENTS, [key_of(STUDENTS, 1)])).popitem()[1].entity
                with suppress(TimeoutError):  # time in which another one would come in, if it could
                    async with asyncio.timeout(SOON):
                        await together.wait()
                entity = changed(STUDENTS, before, city=f"{before.city}+")
                await session.write(STUDENTS, [row(STUDENTS, entity, state=State.UPDATED)], later(1))
                said.append("out")

        async with furnished(store):
            await asyncio.gather(one(), one(), one())
            assert said == ["in", "out"] * 3
            async with store.read(OURS) as session:
                after = (await session.stored(STUDENTS, [key_of(STUDENTS, 1)])).popitem()[1].entity
            assert after.city == f"{sample(STUDENTS, 1).city}+++"

    async def test_a_turn_is_over_when_its_session_is(self, store: Store) -> None:
        """Well or badly."""
        async with furnished(store):
            for _ in range(2):
                with suppress(ZeroDivisionError):
                    async with store.begin(OURS) as session:
                        await _gets(session, OURS_ALONE)
                        raise ZeroDivisionError

    async def test_a_shared_lock_is_had_by_many_and_by_none_who_wants_it_alone(self, store: Store) -> None:
        """Where several sessions can be at work."""
        async with furnished(store), store.begin(OURS) as one:
            await _gets(one, WITH_OTHERS)
            async with _beside(store, OURS) as other:
                if other is not None:
                    await _gets(other, WITH_OTHERS)
            alone = asyncio.create_task(self._alone(store))
            await asyncio.wait([alone], timeout=SOON)
            waits = not alone.done()
        await alone
        assert waits

    async def _alone(self, store: Store) -> None:
        async with store.begin(OURS) as session:
            await _gets(session, OURS_ALONE)

    async def test_locks_of_another_tenant_or_module_are_not_waited_for(self, store: Store) -> None:
        """Where several sessions can be at work."""
        async with furnished(store), store.begin(OURS) as one:
            await _gets(one, OURS_ALONE)
            for tenant, turn in ((CANARY, OURS_ALONE), (OURS, Lock("teachers", shared=False))):
                async with _beside(store, tenant) as other:
                    if other is not None:
                        await _gets(other, turn)

    async def test_asking_for_no_locks_is_no_error(self, store: Store) -> None:
        """There is nothing to wait for."""
        async with furnished(store), store.begin(OURS) as session:
            await session.lock([])


class ReadingAsidePromises:
    """Looking on disturbs nobody and changes nothing."""

    async def test_reading_keeps_nothing(self, store: Store) -> None:
        """Whoever writes all the same is refused, or it is forgotten."""
        async with furnished(store):
            before = await everything(store, OURS)
            with suppress(StoreError):
                async with store.read(OURS) as session:
                    await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 20))], later(1))
            with suppress(StoreError):
                async with store.read(OURS) as session:
                    await session.save_run(run(2, later(1)))
            assert await everything(store, OURS) == before

    async def test_reading_the_registry_keeps_nothing(self, store: Store) -> None:
        """Neither tenants nor keys."""
        async with furnished(store):
            with suppress(StoreError):
                async with store.read_registry() as registry:
                    await registry.add_tenant(TenantId("new"), later(1))
            with suppress(StoreError):
                async with store.read_registry() as registry:
                    await registry.save_key(attrs.evolve(key(1, later(1)), label="other"))
            async with store.read_registry() as registry:
                assert list(await registry.tenants()) == [CANARY, OURS]
                assert [each.label for each in await registry.keys()] == [key(1, later(1)).label]

    async def test_reading_waits_for_no_writer(self, store: Store) -> None:
        """And sees nothing of what is being written."""
        wanted = [key_of(STUDENTS, n) for n in (*THERE, 20)]
        async with furnished(store), store.begin(OURS) as writer:
            await writer.lock([OURS_ALONE])
            await writer.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 20))], later(1))
            async with asyncio.timeout(LONG):
                async with store.read(OURS) as reader:
                    assert await reader.present(STUDENTS, wanted) == set(wanted[:-1])
                async with store.read_registry() as registry:
                    assert list(await registry.tenants()) == [CANARY, OURS]

    async def test_a_reader_sees_one_moment(self, store: Store) -> None:
        """What others keep meanwhile is for the next one."""
        wanted = [key_of(STUDENTS, n) for n in (*THERE, 20)]
        async with furnished(store):
            async with store.read(OURS) as reader:
                assert len(await reader.present(STUDENTS, wanted)) == len(THERE)
                async with asyncio.timeout(LONG), store.begin(OURS) as writer:
                    await writer.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 20))], later(1))
                assert len(await reader.present(STUDENTS, wanted)) == len(THERE)
                assert (await reader.count(STUDENTS))[State.NEW] == len(THERE)
            async with store.read(OURS) as reader:
                assert len(await reader.present(STUDENTS, wanted)) == len(THERE) + 1
