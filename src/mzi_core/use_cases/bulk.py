"""Take any stream of pages of Zoho records, page by page, and keep a run that says how far it got."""

from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Sequence

import attrs

from mzi_core.module import AnyModule
from mzi_core.ports import Clock, Ids, Run, RunStatus, Store
from mzi_core.use_cases.sync import Replayed, SyncBatch
from mzi_core.values import BatchResult, TenantId

RELEASED = "released"
"""Counted beside the states: parked records of other modules that a run set free."""


@attrs.frozen
class PageDone:
    """A page that went through, and how the run stands after it."""

    result: BatchResult
    run: Run


@attrs.frozen(kw_only=True)
class BulkSync:
    """Sync a stream that may be larger than memory: one page is held, one transaction a page."""

    sync: SyncBatch
    store: Store
    clock: Clock
    ids: Ids

    async def __call__(
        self,
        tenant: TenantId,
        module: AnyModule,
        pages: AsyncIterable[Sequence[object]],
        *,
        source: str,
        dry_run: bool = False,
    ) -> AsyncIterator[PageDone]:
        """Yield after every page. A dry run keeps nothing, not even the run.

        A dry run judges each page against the store as it is now, so two versions of a record on different
        pages are each judged by themselves. What a page raises ends the run as FAILED and is raised again.
        """
        run = Run(
            id=self.ids.record_id(),
            module=module.name,
            source=source,
            status=RunStatus.RUNNING,
            started_at=self.clock.now(),
        )
        try:
            if not dry_run:
                await self._save(tenant, run)
            async for page in pages:
                result = await self.sync(tenant, module, page, first_position=run.cursor, dry_run=dry_run)
                assert not isinstance(result, Replayed)  # noqa: S101  # no idempotency key was given
                run = _advanced(run, len(page), result)
                if not dry_run:
                    await self._save(tenant, run)
                yield PageDone(result, run)
        except Exception as error:
            if not dry_run:
                await self._save(tenant, self._ended(run, RunStatus.FAILED, str(error)))
            raise
        if not dry_run:
            whole = run.cursor == sum(run.counts.get(s, 0) for s in ("NEW", "UPDATED", "UNCHANGED"))
            await self._save(
                tenant, self._ended(run, RunStatus.COMPLETED if whole else RunStatus.PARTIAL, "")
            )

    def _ended(self, run: Run, status: RunStatus, message: str) -> Run:
        return attrs.evolve(run, status=status, message=message, finished_at=self.clock.now())

    async def _save(self, tenant: TenantId, run: Run) -> None:
        async with self.store.begin(tenant) as session:
            await session.save_run(run)


def _advanced(run: Run, records: int, result: BatchResult) -> Run:
    counts = Counter(run.counts)
    counts.update({state.value: count for state, count in result.summary.items()})
    counts[RELEASED] += len(result.released)
    return attrs.evolve(run, cursor=run.cursor + records, counts=dict(counts))
