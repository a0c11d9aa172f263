"""Look at what is stored and at what is parked."""

from collections.abc import Sequence
from typing import Any, assert_never

import attrs

from mzi_core.errors import NotFound
from mzi_core.ids import written_key
from mzi_core.module import AnyModule
from mzi_core.ports import (
    Clock,
    Cursor,
    OpenBreaker,
    ParkedRecord,
    Query,
    RecordSession,
    Run,
    Store,
    Stored,
)
from mzi_core.sizes import weight
from mzi_core.use_cases.run_leases import as_they_stand
from mzi_core.values import State, TenantId


@attrs.frozen
class ListPage:
    """Some records, and where the next page begins: None after the last one."""

    items: Sequence[Stored[Any] | ParkedRecord]
    next: Cursor | None


LARGEST_PAGE = 4 * 2**20
"""Bytes of a page, more or less; one record may be larger and is a page of its own."""

_READ = 64
"""Records that are read at a time, for they may be large."""


@attrs.frozen
class ListRecords:
    """List a module page by page: stored records, or with `state` INVALID or ERROR the parked ones.

    A page ends early where its records are large. UNCHANGED is what became of a request, no state a record
    stays in, so nothing is listed under it.
    """

    store: Store

    async def __call__(self, tenant: TenantId, module: AnyModule, query: Query) -> ListPage:
        """The page `query` asks for. Raises UnknownTenant, StoreUnavailable."""
        items: list[Stored[Any] | ParkedRecord] = []
        room = LARGEST_PAGE
        async with self.store.read(tenant) as session:
            await session.settings()
            while True:
                wanted = min(_READ, query.limit + 1 - len(items))
                found = await _found(session, module, attrs.evolve(query, limit=wanted))
                for item in found:
                    shown = item.in_short if isinstance(item, ParkedRecord) else item
                    room -= weight(shown, room)
                    if items and (len(items) == query.limit or room < 0):
                        return ListPage(items, _place(items[-1]))
                    items.append(shown)
                if len(found) < wanted:
                    return ListPage(items, None)
                query = attrs.evolve(query, after=_place(found[-1]))


async def _found(
    session: RecordSession, module: AnyModule, query: Query
) -> Sequence[Stored[Any]] | Sequence[ParkedRecord]:
    match query.state:
        case State.INVALID | State.ERROR:
            return await session.parked_list(module.name, query)
        case State.UNCHANGED:
            return []
        case State.NEW | State.UPDATED | None:
            return await session.list(module, query)
    assert_never(query.state)


def _place(item: Stored[Any] | ParkedRecord) -> Cursor:
    if isinstance(item, ParkedRecord):
        return Cursor(item.parked_at, item.key)
    return Cursor(item.updated_at, item.entity.key)


@attrs.frozen
class Shown:
    """All we have of a record: as stored, and a later version that was refused or waits."""

    stored: Stored[Any] | None
    held: ParkedRecord | None


@attrs.frozen
class ShowRecord:
    """Show one record, deleted or parked ones too."""

    store: Store

    async def __call__(self, tenant: TenantId, module: AnyModule, key: str) -> Shown:
        """Raises NotFound when nothing is stored or parked, UnknownTenant, StoreUnavailable."""
        key = written_key(module.side, key)
        async with self.store.read(tenant) as session:
            await session.settings()
            stored = (await session.stored(module, [key])).get(key)
            held = (await session.parked(module.name, [key])).get(key)
        if stored is None and held is None:
            raise NotFound(module.singular, key)
        return Shown(stored, None if held is None else held.in_short)


@attrs.frozen
class Overview:
    """Count what is in the store, module by module, and name the latest runs."""

    store: Store
    clock: Clock

    async def __call__(
        self, tenant: TenantId, modules: Sequence[AnyModule], runs: int = 10
    ) -> tuple[dict[str, dict[State, int]], Sequence[Run]]:
        """Counts by module and state, and at most `runs` runs. Raises UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            counts = {module.name: await session.count(module) for module in modules}
            return counts, await as_they_stand(session, await session.runs(runs), self.clock.now())


@attrs.frozen(kw_only=True)
class ModuleCounts:
    """How many records of a module there are, and its latest run.

    `new` and `updated` are live ones, by what last became of them; `refused` and `parked` stand beside them.
    """

    new: int
    updated: int
    refused: int
    parked: int
    last: Run | None

    @property
    def live(self) -> int:
        """How many are stored and not deleted."""
        return self.new + self.updated


@attrs.frozen
class ListBreakers:
    """Name the services that are left alone because they do not answer."""

    store: Store

    async def __call__(self, tenant: TenantId) -> Sequence[OpenBreaker]:
        """The open circuit breakers. Raises StoreUnavailable."""
        async with self.store.read(tenant) as session:
            return await session.open_breakers()


@attrs.frozen
class Status:
    """Say how every module stands.

    Parked records are told from refused ones by looking at what is held, page by page. A last run is looked
    for among the latest `RUNS`.
    """

    store: Store
    clock: Clock

    async def __call__(self, tenant: TenantId, modules: Sequence[AnyModule]) -> dict[str, ModuleCounts]:
        """Where each module stands, by its name. Raises UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            latest: dict[str, Run] = {}
            for run in await session.runs(RUNS):
                latest.setdefault(run.module, run)
            told = await as_they_stand(session, list(latest.values()), self.clock.now())
            latest = {run.module: run for run in told}
            return {
                module.name: await _standing(session, module, latest.get(module.name)) for module in modules
            }


RUNS = 1_000
"""Runs among which the last one of a module is looked for."""


async def _standing(session: RecordSession, module: AnyModule, last: Run | None) -> ModuleCounts:
    counts = await session.count(module)
    held = counts.get(State.INVALID, 0) + counts.get(State.ERROR, 0)
    parked = await _parked(session, module.name) if held else 0
    return ModuleCounts(
        new=counts.get(State.NEW, 0),
        updated=counts.get(State.UPDATED, 0),
        refused=held - parked,
        parked=parked,
        last=last,
    )


async def _parked(session: RecordSession, module: str) -> int:
    query, parked = Query(limit=_READ), 0
    while found := await session.parked_list(module, query):
        parked += sum(held.waits_for is not None for held in found)
        query = attrs.evolve(query, after=_place(found[-1]))
    return parked
