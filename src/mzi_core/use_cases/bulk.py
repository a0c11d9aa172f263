"""Take any stream of pages of Zoho records, page by page, and keep a run that says how far it got."""

from collections import Counter
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, suppress
from functools import partial
from hashlib import blake2b
from typing import cast

import attrs

from mzi_core.errors import SourceChanged, StoreError
from mzi_core.mapping import NO_OVERLAY
from mzi_core.module import AnyModule
from mzi_core.ports import Clock, Ids, Run, RunStatus, Session, Store, decoded
from mzi_core.use_cases.sync import SyncBatch
from mzi_core.values import BatchResult, State, TenantId, ZohoId

RELEASED = "released"
"""Counted beside the states: parked records of other modules that a run unparked."""


Pages = AsyncIterable[Sequence[object]]


@attrs.frozen
class Marked:
    """A stream that can be taken up at a bookmark of its own, so that nothing is read twice to get there.

    `pages` gives what comes after a bookmark, "" for all of it; `bookmark` is the one behind a page.
    """

    pages: Callable[[str], Pages]
    bookmark: Callable[[Sequence[object]], str]


Afterwards = Callable[[Run], Awaitable[Mapping[str, int]]]
"""What belongs to a run once its pages are through: gives further counts for it."""


@attrs.frozen
class PageDone:
    """A page that went through, and how the run stands after it."""

    result: BatchResult
    run: Run


@attrs.frozen(kw_only=True)
class BulkSync:
    """Sync a stream that may be larger than memory: one page is held, one transaction a page.

    How far a run got is kept in the transaction of the page itself. So a run that was killed stands right
    behind the last page that was kept, and goes on there when the same source is synced again.
    """

    sync: SyncBatch
    store: Store
    clock: Clock
    ids: Ids

    async def __call__(
        self,
        tenant: TenantId,
        module: AnyModule,
        pages: Pages | Marked,
        *,
        source: str,
        dry_run: bool = False,
        resume: bool = False,
        untold: Collection[str] = (),
        afterwards: Afterwards | None = None,
    ) -> AsyncGenerator[PageDone, None]:
        """Yield after every page; positions count from the beginning of the stream.

        With `resume` the records that an unfinished run of the same module and source has done are passed
        over: a stream without bookmarks must have their ids again, in the same order, and the same
        `untold`; raises SourceChanged where it does not. What else they say is not looked at. `source` says
        where the stream comes from, in words that stay the same; `untold` which fields it does not tell. A
        run has reached its end only when `afterwards` is through too. A dry run keeps nothing, not even the
        run; it judges each page against the store as it is now, so two versions of a record on different
        pages are each judged by themselves. What a page raises ends the run as FAILED and is raised again.
        """
        marked = pages if isinstance(pages, Marked) else None
        start = "" if marked else _digest("", [" ".join(sorted(untold))])
        run = await self._begin(tenant, module, source, start, dry_run=dry_run, resume=resume)
        rest = marked.pages(run.bookmark) if marked else self._after(module, cast("Pages", pages), run, start)
        try:
            async with closing(rest):
                async for page in rest:
                    advance = partial(_advanced, run, bookmark=marked.bookmark(page) if marked else None)
                    result = await self.sync(
                        tenant,
                        module,
                        page,
                        first_position=run.cursor,
                        dry_run=dry_run,
                        untold=untold,
                        also=_keeping(advance),
                    )
                    run = advance(result)  # only now: until here the page could still be lost
                    yield PageDone(result, run)
            if afterwards is not None:
                run = attrs.evolve(run, counts={**run.counts, **await afterwards(run)})
        except Exception as error:
            with suppress(StoreError):  # a store that is gone must not hide what happened
                await self._end(tenant, run, RunStatus.FAILED, str(error), dry_run=dry_run)
            raise
        accepted = sum(run.counts.get(state, 0) for state in State if state.accepted)
        status = RunStatus.COMPLETED if accepted == run.cursor else RunStatus.PARTIAL
        await self._end(tenant, run, status, "", dry_run=dry_run)

    async def _begin(
        self, tenant: TenantId, module: AnyModule, source: str, start: str, *, dry_run: bool, resume: bool
    ) -> Run:
        run = Run(
            id=self.ids.record_ids(1)[0],
            module=module.name,
            source=source,
            status=RunStatus.RUNNING,
            started_at=self.clock.now(),
            bookmark=start,
        )
        async with self.store.begin(tenant, discard=dry_run) as session:
            await session.settings()
            unfinished = await session.unfinished(module.name, source) if resume else None
            if unfinished is not None:
                run = attrs.evolve(unfinished, status=RunStatus.RUNNING, finished_at=None, message="")
            await session.save_run(run)
        return run

    async def _after(
        self, module: AnyModule, pages: Pages, run: Run, start: str
    ) -> AsyncGenerator[Sequence[object], None]:
        """The pages without the records that a run has done. Raises SourceChanged."""
        passed, digest = 0, start
        async with closing(pages):
            async for page in pages:
                done = page[: run.cursor - passed]
                digest = _digest(digest, self._ids(module, done))
                passed += len(done)
                if len(done) < len(page):
                    _check(run, passed, digest)
                    yield page[len(done) :]
            _check(run, passed, digest)

    def _ids(self, module: AnyModule, page: Sequence[object]) -> Iterator[ZohoId | None]:
        """The ids by which the outcomes of these records know them."""
        decode = self.sync.codec.decoder(module, NO_OVERLAY)
        known, _ = self.sync.codec.marker(module, NO_OVERLAY)(page)
        return (
            zoho_id or decoded(decode, record).zoho_id for zoho_id, record in zip(known, page, strict=True)
        )

    async def _end(
        self, tenant: TenantId, run: Run, status: RunStatus, message: str, *, dry_run: bool
    ) -> None:
        ended = attrs.evolve(run, status=status, message=message, finished_at=self.clock.now())
        async with self.store.begin(tenant, discard=dry_run) as session:
            await session.save_run(ended)


@asynccontextmanager
async def closing(stream: AsyncIterable[object]) -> AsyncIterator[None]:
    """Close a generator although it was not read to its end: it may hold a connection or a file."""
    try:
        yield
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


def _keeping(advance: Callable[[BatchResult], Run]) -> Callable[[Session, BatchResult], Awaitable[None]]:
    """Keeps how far a run is after a page, in the page's own transaction."""

    async def keep(session: Session, result: BatchResult) -> None:
        await session.save_run(advance(result))

    return keep


def _check(run: Run, passed: int, digest: str) -> None:
    """Raises SourceChanged where the records passed over are not those that the run has done."""
    if passed < run.cursor or (run.bookmark and digest != run.bookmark):  # an old run may have no bookmark
        raise SourceChanged(run.source)


def _digest(digest: str, more: Iterable[str | None]) -> str:
    """The digest of what was there before and of each of these after it, so page sizes are all one."""
    for each in more:
        digest = blake2b(f"{digest} {each or ''}".encode(), digest_size=16).hexdigest()
    return digest


def _advanced(run: Run, result: BatchResult, *, bookmark: str | None) -> Run:
    """The run after a page; a stream without bookmarks is marked by a digest of the ids of its records."""
    if bookmark is None:
        bookmark = run.bookmark and _digest(run.bookmark, result.outcomes.ids)
    counts = Counter(run.counts)
    counts.update({state.value: count for state, count in result.summary.items()})
    counts[RELEASED] += len(result.released)
    return attrs.evolve(run, cursor=run.cursor + len(result.outcomes), counts=dict(counts), bookmark=bookmark)
