"""Processes that sync: the real use cases over a store of their own, as a service or a command line has it.

They are forked from a server that has everything imported, so that starting one costs next to nothing.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from typing import Any

import attrs

from mzi_adapters.sql import open_store
from mzi_adapters.system import SystemClock, SystemIds
from mzi_adapters.zoho import ZohoCodec
from mzi_core.modules import CATALOGUE, ZOHO_CATALOGUE
from mzi_core.ports import Query, Store
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.bulk import BulkSync
from mzi_core.values import DEFAULT_TENANT

Records = Sequence[object]

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])

LONG = 60.0
"""Seconds after which a process is taken to be stuck."""

LEASE = 0.3
"""Seconds for which a run that was killed is waited for."""

SOME_TIME = datetime(2026, 2, 1, tzinfo=UTC)

ALL = Query(with_deleted=True, limit=100_000)


@attrs.frozen(kw_only=True)
class Kill:
    """`kill -9`, so many seconds after a page was begun (counted from 0 over all modules).

    And two pages later at the latest, so that no machine is too busy for it.
    """

    page: int
    after: float


@attrs.frozen(kw_only=True)
class Work:
    """What a process does: the modules one after the other, each from its records in pages."""

    url: str
    runs: Sequence[tuple[str, Records]]
    page: int = 20
    resume: bool = False
    alone: bool = True
    kill: Kill | None = None

    @property
    def pages(self) -> int:
        """How many pages there are of all modules."""
        return sum(-(-len(records) // self.page) for _, records in self.runs)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _pages(records: Records, work: Work, begun: "count[int]") -> AsyncIterator[Records]:
    for start in range(0, len(records), work.page):
        number = next(begun)
        if work.kill is not None and number == work.kill.page:
            threading.Timer(work.kill.after, _die).start()
        elif work.kill is not None and number == work.kill.page + 2:
            _die()
        yield records[start : start + work.page]


async def carry_out(work: Work) -> Mapping[str, int]:
    """Do the work, and say how many records ended in each state."""
    counts: Counter[str] = Counter()
    begun = count()
    async with open_store(work.url) as store:
        use_cases = UseCases.over(store=store, codec=ZohoCodec(), clock=SystemClock(), ids=SystemIds())
        sync = BulkSync(runs=attrs.evolve(use_cases.runs, seconds=LEASE))
        for name, records in work.runs:
            source = f"test:{name}"
            bulk = sync(
                DEFAULT_TENANT,
                CATALOGUE[name],
                _pages(records, work, begun),
                source=source,
                resume=work.resume,
                alone=work.alone,
            )
            async for page in bulk:
                counts.update(page.result.summary)
    return counts


def _main(work: Work, ready: Event, go: Event, answer: Any) -> None:
    ready.set()
    go.wait()
    answer.send(asyncio.run(carry_out(work)))


@attrs.frozen
class Syncing:
    """A process at work."""

    process: ForkServerProcess
    go: Event
    answer: Any

    async def ended(self) -> Mapping[str, int]:
        """What it answers at its end, which must be a good one."""
        await asyncio.to_thread(self.process.join, LONG)
        assert self.process.exitcode == 0, f"Ended with {self.process.exitcode}."
        counts: Mapping[str, int] = self.answer.recv()
        return counts

    async def killed(self) -> None:
        """Wait until it has killed itself, as its work says."""
        await asyncio.to_thread(self.process.join, LONG)
        assert self.process.exitcode == -signal.SIGKILL, f"Ended with {self.process.exitcode}."


async def ready(work: Work, go: Event | None = None) -> Syncing:
    """A process that begins when it is told to go."""
    go = go or CONTEXT.Event()
    is_ready = CONTEXT.Event()
    answer, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_main, args=(work, is_ready, go, theirs), daemon=True)
    process.start()
    theirs.close()
    assert await asyncio.to_thread(is_ready.wait, LONG)
    return Syncing(process, go, answer)


async def together(*works: Work) -> Sequence[Mapping[str, int]]:
    """What each of several processes answers that begin at the same moment."""
    go = CONTEXT.Event()
    processes = [await ready(work, go) for work in works]
    go.set()
    return await asyncio.gather(*(process.ended() for process in processes))


async def contents(store: Store) -> Mapping[str, Sequence[object]]:
    """All that a store holds of the records, but for our own keys and times."""
    found: dict[str, Sequence[object]] = {}
    async with store.read(DEFAULT_TENANT) as session:
        for module in ZOHO_CATALOGUE:
            stored = await session.list(module, ALL)
            held = await session.parked_list(module.name, ALL)
            found[module.name] = [
                (one.entity, one.fingerprint, one.deleted_at)
                for one in sorted(stored, key=lambda one: str(one.entity.key))
            ]
            found[f"held {module.name}"] = [
                attrs.evolve(one, parked_at=SOME_TIME) for one in sorted(held, key=lambda one: one.key)
            ]
    return found


async def contents_of(url: str) -> Mapping[str, Sequence[object]]:
    """The same of the database behind a URL."""
    async with open_store(url) as store:
        return await contents(store)
