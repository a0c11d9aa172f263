"""Take any stream of pages of Zoho records, page by page, and keep a run that says how far it got."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Collection, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager

import attrs

from mzi_core.errors import SourceChanged
from mzi_core.mapping import NO_OVERLAY
from mzi_core.module import AnyModule
from mzi_core.ports import Run, decoded
from mzi_core.use_cases.sync_runs import PageDone, SyncRuns, digest_of
from mzi_core.values import RecordKey, TenantId

Pages = AsyncIterable[Sequence[object]]


@attrs.frozen(kw_only=True)
class BulkSync:
    """Sync a stream that may be larger than memory: one page is held, one transaction a page."""

    runs: SyncRuns

    async def __call__(
        self,
        tenant: TenantId,
        module: AnyModule,
        pages: Pages,
        *,
        source: str,
        dry_run: bool = False,
        resume: bool = False,
        untold: Collection[str] = (),
        alone: bool = True,
    ) -> AsyncGenerator[PageDone, None]:
        """Yield after every page; positions count from the beginning of the stream.

        With `resume` the records that an unfinished run of the same module and source has done are passed
        over: the stream must have their ids again, in the same order, and the same `untold`; raises
        SourceChanged where it does not. What else they say is not looked at. `source` says where the stream
        comes from, in words that stay the same; `untold` which fields it does not tell. A dry run keeps
        nothing, not even the run; it judges each page against the store as it is now, so two versions of a
        record on different pages are each judged by themselves. What a page raises ends the run as FAILED and
        is raised again. Raises RunInProgress while another run of this module and source goes on, unless not
        `alone`: streams of one name may be different ones, such as pipes.
        """
        start = digest_of("", [" ".join(sorted(untold))])
        async with self.runs.open(
            tenant,
            module,
            source=source,
            dry_run=dry_run,
            resume=resume,
            untold=untold,
            bookmark=start,
            alone=alone,
        ) as run:
            rest = self._after(run.run, start, module, pages)
            async with aclosing(rest):
                async for page in rest:
                    yield await run.take(page)

    async def _after(
        self, run: Run, start: str, module: AnyModule, pages: Pages
    ) -> AsyncGenerator[Sequence[object], None]:
        """The pages without the records that a run has done. Raises SourceChanged."""
        passed, digest = 0, start
        async with closing(pages):
            async for page in pages:
                done = page[: run.cursor - passed]
                digest = digest_of(digest, self._ids(module, done))
                passed += len(done)
                if len(done) < len(page):
                    _check(run, passed, digest)
                    yield page[len(done) :]
            _check(run, passed, digest)

    def _ids(self, module: AnyModule, page: Sequence[object]) -> Iterator[RecordKey | None]:
        """The ids by which the outcomes of these records know them."""
        codec = self.runs.batches.codec
        decode = codec.decoder(module, NO_OVERLAY)
        known, _ = codec.marker(module, NO_OVERLAY)(page)
        return (key or decoded(decode, record).key for key, record in zip(known, page, strict=True))


def _check(run: Run, passed: int, digest: str) -> None:
    """Raises SourceChanged where the records passed over are not those that the run has done."""
    if passed < run.cursor or (run.bookmark and digest != run.bookmark):  # an old run may have no bookmark
        raise SourceChanged(run.source)


@asynccontextmanager
async def closing(stream: AsyncIterable[object]) -> AsyncIterator[None]:
    """Close a generator although it was not read to its end: it may hold a connection or a file."""
    try:
        yield
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
