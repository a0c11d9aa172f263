"""A run has its source to itself while it goes, and lets go of it however it ends."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest
from tests.use_cases.test_sync import student

from mzi_adapters.testing.harness import Harness
from mzi_core.errors import RunInProgress, RunTakenOver
from mzi_core.modules import STUDENTS
from mzi_core.ports import Run, RunStatus
from mzi_core.use_cases.run_leases import SECONDS, lease_name
from mzi_core.use_cases.sync_runs import PageDone
from mzi_core.values import DEFAULT_TENANT

LONG = timedelta(seconds=SECONDS)


async def pages(*found: Sequence[object]) -> AsyncIterator[Sequence[object]]:
    for page in found:
        yield page


def begun(mzi: Harness, source: str = "a", **how: Any) -> AsyncGenerator[PageDone, None]:
    """A run of two pages."""
    stream = pages([student(1)], [student(2)])
    return mzi.use_cases.bulk(DEFAULT_TENANT, STUDENTS, stream, source=source, **how)


async def runs(mzi: Harness) -> list[Run]:
    """The runs as they are told, newest first."""
    return list((await mzi.use_cases.overview(DEFAULT_TENANT, []))[1])


@pytest.mark.parametrize("resume", [False, True])
async def test_a_source_that_is_being_taken_is_not_taken_a_second_time(resume: bool) -> None:
    mzi = Harness()
    first = begun(mzi)
    await anext(first)
    with pytest.raises(RunInProgress) as refused:
        await anext(begun(mzi, resume=resume))
    (run,) = await runs(mzi)
    assert run.status is RunStatus.RUNNING
    assert str(refused.value) == (
        f"a is being taken by run {run.id[-8:]}, which has done 1 record and holds it until 08:01:00 UTC, "
        "and longer if it goes on. Wait for its end, or stop it; one that was killed lets go by then."
    )
    assert refused.value.until == mzi.clock.now() + LONG
    await anext(begun(mzi, source="b"))
    await anext(begun(mzi, dry_run=True))
    assert [page.run.cursor async for page in first] == [2]
    assert [page.run.cursor async for page in begun(mzi)] == [1, 2]


async def test_a_killed_run_is_told_as_that_though_the_clock_was_set_back() -> None:
    """Its lease ends later than one that was taken now could, so it keeps nobody away either."""
    mzi = Harness()
    await anext(begun(mzi))
    mzi.clock.advance(-timedelta(hours=1))
    (run,) = await runs(mzi)
    assert run.status is RunStatus.INTERRUPTED
    assert [page.run.cursor async for page in begun(mzi)] == [1, 2]


async def test_streams_of_one_name_that_are_others_are_taken_at_a_time() -> None:
    mzi = Harness()
    first = begun(mzi, alone=False)
    await anext(first)
    assert len([page async for page in begun(mzi, alone=False)]) == 2
    assert len([page async for page in first]) == 1


async def held_until(mzi: Harness) -> datetime:
    """When the lease of the only source ends."""
    async with mzi.store.read(DEFAULT_TENANT) as session:
        lease = await session.lease(lease_name("students", "a"))
    assert lease is not None
    return lease.until


async def test_a_lease_is_renewed_once_a_quarter_of_it_has_passed() -> None:
    """To write it down with every page would cost as much as a fifth of an unchanged one."""
    mzi = Harness()
    stream = pages(*([student(number)] for number in range(3)))
    run = mzi.use_cases.bulk(DEFAULT_TENANT, STUDENTS, stream, source="a")
    ends = []
    for waiting in (timedelta(), LONG / 5, LONG / 5):
        mzi.clock.advance(waiting)
        await anext(run)
        ends.append(await held_until(mzi) - mzi.clock.now())
    assert ends == [LONG, LONG * 4 / 5, LONG]


async def test_a_lease_is_renewed_and_runs_out_when_a_run_is_killed() -> None:
    mzi = Harness()
    killed = begun(mzi)
    await anext(killed)
    mzi.clock.advance(LONG / 2)
    await anext(killed)
    mzi.clock.advance(LONG / 2)
    with pytest.raises(RunInProgress):
        await anext(begun(mzi, resume=True))
    mzi.clock.advance(LONG / 2)
    assert [run.status for run in await runs(mzi)] == [RunStatus.INTERRUPTED]
    status = await mzi.use_cases.status(DEFAULT_TENANT, [STUDENTS])
    assert status["students"].last == (await runs(mzi))[0]
    assert [page.run.cursor async for page in begun(mzi, resume=True)] == []
    assert [run.status for run in await runs(mzi)] == [RunStatus.COMPLETED]


async def test_a_run_that_stood_still_and_was_taken_over_takes_no_further_page() -> None:
    mzi = Harness()
    still = begun(mzi)
    await anext(still)
    mzi.clock.advance(LONG * 2)
    other = begun(mzi, resume=True)
    await anext(other)
    with pytest.raises(RunTakenOver, match="was taken over by another run"):
        await anext(still)
    assert [run.status for run in await runs(mzi)] == [RunStatus.RUNNING]
    assert [page async for page in other] == []
    assert [(run.status, run.cursor) for run in await runs(mzi)] == [(RunStatus.COMPLETED, 2)]


async def test_a_run_that_stood_still_and_was_not_taken_over_goes_on() -> None:
    mzi = Harness()
    still = begun(mzi)
    await anext(still)
    mzi.clock.advance(LONG * 2)
    assert [page.run.cursor async for page in still] == [2]


async def test_a_run_that_is_stopped_lets_go_at_once_and_is_told_to_be_interrupted() -> None:
    mzi = Harness()

    a_page_is_done = asyncio.Event()

    async def stopped() -> None:
        async with aclosing(begun(mzi)) as run:
            async for _ in run:
                a_page_is_done.set()
                await asyncio.sleep(3600)

    task = asyncio.create_task(stopped())
    await a_page_is_done.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [run.status for run in await runs(mzi)] == [RunStatus.INTERRUPTED]
    assert [page.run.cursor async for page in begun(mzi, resume=True)][-1] == 2


async def test_a_run_whose_lease_is_anothers_by_now_leaves_it_to_the_other() -> None:
    mzi = Harness()
    still = begun(mzi)
    await anext(still)
    mzi.clock.advance(LONG * 2)
    other = begun(mzi)
    await anext(other)
    await still.aclose()
    with pytest.raises(RunInProgress):
        await anext(begun(mzi))
    assert [run.status for run in await runs(mzi)] == [RunStatus.RUNNING, RunStatus.INTERRUPTED]


async def test_who_has_a_source_is_told_as_far_as_it_is_known() -> None:
    mzi = Harness()
    first = begun(mzi)
    await anext(first)
    async with mzi.store.begin(DEFAULT_TENANT) as session:
        (run,) = await session.runs(1)
        await session.save_run(attrs.evolve(run, status=RunStatus.COMPLETED))
    with pytest.raises(RunInProgress, match=r"^a is being taken, by a run that holds it until 08:01:00 UTC"):
        await anext(begun(mzi))
