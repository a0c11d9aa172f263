"""Runs of many batches: each page is taken in a transaction that also keeps how far its run got."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from zlib import crc32

import attrs

from mzi_core.errors import RunTakenOver, StoreError
from mzi_core.module import AnyModule
from mzi_core.ports import CausedBy, Causer, Run, RunStatus, StoredLeases
from mzi_core.use_cases.batches import Batches
from mzi_core.use_cases.run_leases import SECONDS, RunLease, lock_of
from mzi_core.values import BatchResult, State, TenantId

RELEASED = "released"
"""Counted beside the states: parked records of other modules that a run unparked."""


@attrs.frozen
class PageDone:
    """A page that went through, and how the run stands after it."""

    result: BatchResult
    run: Run


@attrs.define(kw_only=True)
class SyncRun:
    """A run that goes on; made by `SyncRuns.open`. `run`: how it stands now."""

    run: Run
    _batches: Batches
    _tenant: TenantId
    _module: AnyModule
    _untold: Collection[str]
    _dry_run: bool
    _lease: RunLease | None
    _held_since: datetime
    """When the lease was taken or renewed."""

    async def take(
        self,
        page: Sequence[object],
        *,
        bookmark: str | None = None,
        untold: Collection[str] = (),
        are_ours: bool = False,
    ) -> PageDone:
        """Take a page of wire records, and keep with them how far the run is now.

        `untold`: what this page does not tell, beside what its source never does. `are_ours`: as in `Batch`.
        `bookmark`: where the source is taken up again behind this page; a digest of the ids without one.
        Raises RunTakenOver when the run stood still for longer than its lease, and another took the source.
        """
        not_told = {*self._untold, *untold}
        batch = self._batches.open(
            self._tenant,
            self._module,
            discard=self._dry_run,
            caused_by=CausedBy(Causer.RUN, self.run.id),
        )
        async with batch:
            result = await batch.take(page, first=self.run.cursor, untold=not_told, are_ours=are_ours)
            run = _advanced(self.run, result, bookmark)
            await batch.session.save_run(run)
            held_since = await self._held(batch.session)
        self.run, self._held_since = run, held_since  # only now: until here the page could still be lost
        return PageDone(result, run)

    async def _held(self, session: StoredLeases) -> datetime:
        """Renew the lease if it is time; since when it is held then."""
        now = self._batches.clock.now()
        if self._lease is None or not self._lease.is_to_be_renewed(self._held_since, now):
            return self._held_since
        await self._lease.renew(session, now)
        return now

    def count(self, name: str, more: int) -> None:
        """Count something beside the states of the records; kept when the run ends."""
        counts = {**self.run.counts, name: self.run.counts.get(name, 0) + more}
        self.run = attrs.evolve(self.run, counts=counts)

    def ended(self) -> Run:
        """The run at its end, COMPLETED when every record was accepted."""
        accepted = sum(self.run.counts.get(state, 0) for state in State if state.accepted)
        status = RunStatus.COMPLETED if accepted == self.run.cursor else RunStatus.PARTIAL
        return attrs.evolve(self.run, status=status, message="")


@attrs.frozen(kw_only=True)
class SyncRuns:
    """Opens runs.

    How far a run got is kept in the transaction of each page. So a run that was killed stands right behind
    the last page that was kept, and goes on there when the same source is synced again. While a run goes, it
    has its source to itself by a lease of so many `seconds`, which is renewed with a page when a quarter of
    them has passed.
    """

    batches: Batches
    seconds: float = SECONDS

    @asynccontextmanager
    async def open(
        self,
        tenant: TenantId,
        module: AnyModule,
        *,
        source: str,
        dry_run: bool = False,
        resume: bool = False,
        untold: Collection[str] = (),
        bookmark: str = "",
        watermark: datetime | None = None,
        alone: bool = True,
    ) -> AsyncIterator[SyncRun]:
        """A run for `async with`, or with `resume` the unfinished one of this module and source.

        It is COMPLETED or PARTIAL at the end of the block, FAILED when something was raised in it, and stays
        RUNNING when it was cancelled. A dry run keeps nothing, not even the run. `bookmark` and `watermark`:
        those of a new run before its first page. Not `alone`: runs of one name at a time may be of different
        streams, such as pipes. Raises UnknownTenant, StoreError, and RunInProgress while another run has the
        source.
        """
        store, clock = self.batches.store, self.batches.clock
        run = Run(
            id=self.batches.ids.record_ids(1)[0],
            module=module.name,
            source=source,
            status=RunStatus.RUNNING,
            started_at=clock.now(),
            bookmark=bookmark,
            watermark=watermark,
        )
        lease: RunLease | None = None
        async with store.begin(tenant, discard=dry_run) as session:
            await session.settings()
            if alone and not dry_run:
                await session.lock((lock_of(module.name, source),))
            unfinished = await session.unfinished(module.name, source) if resume else None
            if unfinished is not None:
                run = attrs.evolve(unfinished, status=RunStatus.RUNNING, finished_at=None, message="")
            if alone and not dry_run:
                lease = RunLease.of(tenant, run, clock.now(), self.seconds)
                await lease.take(session, clock.now())
            await session.save_run(run)

        async def end(run: Run | None) -> None:
            async with store.begin(tenant, discard=dry_run) as session:
                if lease is not None:
                    await session.lock((lease.lock,))
                    await lease.give_back(session)
                if run is not None:
                    await session.save_run(attrs.evolve(run, finished_at=clock.now()))

        opened = SyncRun(
            run=run,
            batches=self.batches,
            tenant=tenant,
            module=module,
            untold=untold,
            dry_run=dry_run,
            lease=lease,
            held_since=clock.now(),
        )
        try:
            yield opened
        except RunTakenOver:
            raise  # the run may be the other's by now
        except Exception as error:
            with suppress(StoreError):  # a store that is gone must not hide what happened
                await end(attrs.evolve(opened.run, status=RunStatus.FAILED, message=str(error)))
            raise
        except BaseException:
            with suppress(StoreError):
                await end(None)
            raise
        await end(opened.ended())


def digest_of(before: str, more: Iterable[str | None]) -> str:
    """The CRC-32 of what was there before and of each of these after it, so page sizes are all one.

    It is taken over a page at once. A digest that no attacker could match would have to be taken id by id,
    which costs a tenth of an unchanged record; here another file has to be noticed, not a forged one.
    """
    text = "".join([f"{each or ''}\n" for each in more])
    return f"{crc32(text.encode(), int(before or '0', 16)):08x}"


def _advanced(run: Run, result: BatchResult, bookmark: str | None) -> Run:
    """The run after a page; a source without bookmarks is marked by a digest of the ids of its records."""
    if bookmark is None:
        bookmark = run.bookmark and digest_of(run.bookmark, result.outcomes.ids)
    counts = Counter(run.counts)
    counts.update({state.value: count for state, count in result.summary.items()})
    counts[RELEASED] += len(result.released)
    return attrs.evolve(run, cursor=run.cursor + len(result.outcomes), counts=dict(counts), bookmark=bookmark)
