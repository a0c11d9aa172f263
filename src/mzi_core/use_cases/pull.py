"""Bring the store in line with Zoho: all records of a module, or what changed, and what was deleted there."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Protocol

import attrs

from mzi_core.module import AnyModule
from mzi_core.ports import CausedBy, Causer, Clock, Connections, Deleted, Run, Selection, Store, ZohoReading
from mzi_core.use_cases.bulk import closing
from mzi_core.use_cases.deletions import MarkDeleted, Seen, missing, still_gone
from mzi_core.use_cases.field_selection import in_no_record
from mzi_core.use_cases.planning_pull import PullPlan, PullScope
from mzi_core.use_cases.sync_runs import PageDone, SyncRuns
from mzi_core.use_cases.take_page import PAGE
from mzi_core.values import RecordKey, State, TenantId, ZohoId

DELETED = "deleted"
"""Counted in a run beside the states: live records that Zoho has deleted."""


PRUNED_AT_MOST = 10
"""One in so many live records may go without somebody who insists."""

_IDS = Selection(fields=("id",))


@attrs.frozen(kw_only=True)
class PullDone:
    """How a pull ended: how many records came, live ones that Zoho has deleted, and those it has no trace of.

    The last are only told of a pull of everything, and nothing is done about them. `unanswered`: fields
    that Zoho says it has, and that stood in no record of some page; there they stayed as they are stored.
    """

    deleted: int
    came: int = 0
    missing: tuple[RecordKey, ...] = ()
    unanswered: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class Pull:
    """Carry a plan out: page by page, a transaction a page, then what was deleted."""

    connections: Connections
    store: Store
    runs: SyncRuns
    mark_deleted: MarkDeleted

    async def __call__(
        self, plan: PullPlan, *, dry_run: bool = False
    ) -> AsyncGenerator[PageDone | PullDone, None]:
        """Yield after every page, and at last how it ended. What is raised leaves the run FAILED.

        How far it got is kept with each page, as the last Zoho id of it, so that a plan made with `resume`
        goes on there.
        """
        zoho = await self.connections.zoho(plan.tenant)
        seen = Seen("" if plan.resumed is None else plan.resumed.bookmark)
        async with self.runs.open(
            plan.tenant,
            plan.module,
            source=plan.source,
            dry_run=dry_run,
            resume=plan.resumed is not None,
            untold=plan.choice.untold,
            watermark=plan.watermark,
        ) as run:
            pages = _pages(zoho, plan, seen, run.run.bookmark)
            unanswered: set[str] = set()
            before = run.run.cursor
            async with aclosing(pages):
                async for page in pages:
                    silent = in_no_record(plan.choice, page)
                    unanswered |= silent
                    yield await run.take(page, bookmark=_last_id(page), untold=silent)
            ended = await self._end(zoho, plan, run.run, seen, dry_run=dry_run)
            run.count(DELETED, ended.deleted)
            came = run.run.cursor - before
        yield attrs.evolve(ended, came=came, unanswered=frozenset(unanswered))

    async def _end(
        self, zoho: ZohoReading, plan: PullPlan, run: Run, seen: Seen, *, dry_run: bool
    ) -> PullDone:
        """What remains when the pages are through."""
        deleted = 0
        pages = zoho.deleted(plan.api_name, plan.since)
        async with closing(pages):
            async for page in pages:
                back = await self._restored(zoho, plan, page, seen)
                gone = [each for each in page if each.zoho_id not in back]
                deleted += await self.mark_deleted(
                    plan.tenant,
                    plan.module,
                    gone,
                    dry_run=dry_run,
                    caused_by=CausedBy(Causer.RUN, run.id),
                )
                seen.add(each.zoho_id for each in page)
        if plan.scope is not PullScope.EVERYTHING:
            return PullDone(deleted=deleted)
        found = missing(
            self.store, plan.tenant, plan.module, lambda ours: seen.lacks(ours.key), run.started_at
        )
        return PullDone(deleted=deleted, missing=tuple([one async for page in found for one in page]))

    async def _restored(
        self, zoho: ZohoReading, plan: PullPlan, page: Sequence[Deleted], seen: Seen
    ) -> Collection[ZohoId]:
        """Which of these Zoho has again: the list names them all the same, and restoring changes no record.

        Zoho is asked for those alone that are live here or came by in this pull.
        """
        can_be = [each for each in page if not each.permanently]
        async with self.store.read(plan.tenant) as session:
            known = await session.known(plan.module, [each.zoho_id for each in can_be])
        live = {zoho_id for zoho_id, each in known.items() if not each.deleted}
        asked = [each for each in still_gone(can_be, known) if each in live or each in seen]
        return await zoho.get_many(plan.api_name, asked, _IDS)


async def _pages(
    zoho: ZohoReading, plan: PullPlan, seen: Seen, after: str
) -> AsyncGenerator[Sequence[object], None]:
    """The pages behind `after`, whose ids are noted as seen."""
    pages = zoho.pages(
        plan.api_name,
        plan.choice.selection,
        via=plan.via,
        since=plan.since,
        after=ZohoId(after) if after else None,
    )
    async with closing(pages):
        async for page in pages:
            seen.add(ZohoId(str(record.get("id"))) for record in page)
            yield page


def _last_id(page: Sequence[object]) -> str:
    last = page[-1]
    return str(last.get("id")) if isinstance(last, Mapping) else ""


class CountedPull(Protocol):
    """What a pull was to read; `records`: how many were counted before, 0 where nobody counts."""

    @property
    def tenant(self) -> TenantId:
        """Whose records they are."""
        ...

    @property
    def module(self) -> AnyModule:
        """The module they are of."""
        ...

    @property
    def records(self) -> int:
        """How many were counted."""
        ...


class EndedPull(Protocol):
    """How a pull ended: how many records came, and which of ours did not."""

    @property
    def came(self) -> int:
        """How many came."""
        ...

    @property
    def missing(self) -> tuple[RecordKey, ...]:
        """Which live records of ours did not."""
        ...


@attrs.frozen(kw_only=True)
class PruneDone:
    """How many records were `marked`, or why none was: `held` has a sentence for each doubt."""

    marked: int = 0
    held: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Prune:
    """Mark the records deleted that their side has no trace of: the last step of a pull, if asked.

    A reading that was cut short looks like a remote that lost its records. So what a pull lacks is only
    believed where as many came as were counted, and where it is little of what is here.
    """

    mark_deleted: MarkDeleted
    clock: Clock

    async def __call__(self, plan: CountedPull, done: EndedPull, *, insist: bool = False) -> PruneDone:
        """Mark what is missing; with a doubt nothing, unless somebody insists."""
        held = () if insist else await self.doubts(plan, done)
        return PruneDone(held=held) if held else PruneDone(marked=await self._marked(plan, done.missing))

    async def doubts(self, plan: CountedPull, done: EndedPull) -> tuple[str, ...]:
        """A sentence for each reason to look first; none where nothing is missing."""
        if not done.missing:
            return ()
        async with self.mark_deleted.store.read(plan.tenant) as session:
            counts = await session.count(plan.module)
        live = sum(counts.get(state, 0) for state in (State.NEW, State.UPDATED))
        name, gone = plan.module.name, len(done.missing)
        found: list[str] = []
        if done.came < plan.records:
            found.append(f"Zoho counted {plan.records:,} {name}, and {done.came:,} came.")
        if gone * PRUNED_AT_MOST > live:
            found.append(f"{gone:,} of {live:,} {name} would go, more than one in {PRUNED_AT_MOST}.")
        return tuple(found)

    async def _marked(self, plan: CountedPull, ids: Sequence[RecordKey]) -> int:
        """How many were live until now."""
        now = self.clock.now()
        gone = 0
        for start in range(0, len(ids), PAGE):
            page = [
                Deleted(zoho_id=ZohoId(key), deleted_at=now, permanently=True)
                for key in ids[start : start + PAGE]
            ]
            gone += await self.mark_deleted(plan.tenant, plan.module, page, caused_by=CausedBy(Causer.RUN))
        return gone
