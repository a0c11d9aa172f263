"""A batch of records of one module, in one transaction that has the locks it needs."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache, partial
from types import TracebackType
from typing import Any, Generic, Self

import attrs

from mzi_core.flows.rules import rules_of
from mzi_core.mapping import NO_OVERLAY, Overlay, overlay
from mzi_core.module import AnyModule, E, Module
from mzi_core.modules import CATALOGUE, Catalogue
from mzi_core.ports import PROGRAM, CausedBy, Clock, Codec, Ids, Lock, Session, Store, TenantSettings
from mzi_core.use_cases.mark_pairs import MarkPairs
from mzi_core.use_cases.take_page import RecordChange, Taken, TakePage, no_deletions
from mzi_core.use_cases.told_deletions import ToldDeletions
from mzi_core.values import BatchResult, Outcome, RecordKey, TenantId


def overlay_of(settings: TenantSettings, module: AnyModule) -> Overlay:
    """The tenant's mappings of a module; lines that no longer fit it are passed over."""
    lines = settings.mappings.get(module.name, ())
    return overlay(module, lines)[0] if lines else NO_OVERLAY


@cache
def locks_for(
    module: AnyModule, *, catalogue: Catalogue = CATALOGUE, unparking: bool = False
) -> tuple[Lock, ...]:
    """What a batch of `module` must have to itself: the module, and when `unparking` what may wait for it.

    Their parents are shared: while a record is being parked, the parent it misses must not arrive unseen. So
    no record begins to wait for one of a module that another session has to itself.
    """
    own = {module.name, *(catalogue.descendants(module) if unparking else ())}
    order = {each.name: each for each in (*catalogue.in_order(), module)}  # one that is in none is last
    relied_on = {parent for name in own for parent in order[name].depends_on.values()}
    return tuple(Lock(name, shared=name not in own) for name in order if name in own | relied_on)


def shared_locks(modules: Collection[AnyModule]) -> tuple[Lock, ...]:
    """The locks of modules of which nothing may arrive unseen for now, in the order that all take them."""
    return tuple(Lock(each.name, shared=True) for each in CATALOGUE.in_order() if each in modules)


class _MoreLocksNeeded(Exception):
    """A batch has brought what parked records wait for, and has not the locks to unpark them."""


_NOT_OPEN = "The batch is not open: work with it inside `async with`."

NO_CAUSES: Mapping[RecordKey, CausedBy] = {}

_Transaction = AbstractAsyncContextManager[tuple[Session, TakePage]]


@attrs.define(kw_only=True)
class Batch(Generic[E]):
    """A transaction in which records of one module are taken or amended; made by `Batches.open`.

    Whatever else is written through `session` is kept together with the records, or not at all. It is
    written after the records: `take` may roll back and begin again when it needs more locks than it has.
    So records are taken once, all of them together, and amended only after that. What was read of `session`
    before may be other by then.

    Whatever is asked of a batch that is not open, as one that could not begin again, raises RuntimeError.
    """

    module: Module[E]
    _batches: "Batches"
    _tenant: TenantId
    _discard: bool
    _caused_by: CausedBy
    _causes: Mapping[RecordKey, CausedBy]
    _delivers: bool
    _transaction: _Transaction | None = None
    _opened: tuple[Session, TakePage] | None = None
    """The session and the steps by which records are taken in it, while the batch is open."""
    _page: TakePage | None = None
    """The steps that know what was changed: while the batch is open, and once that is kept."""
    _has_begun: bool = False
    """Whether records were taken or amended, which would be lost if the batch began again."""

    @property
    def session(self) -> Session:
        """The session of the transaction; another one after `take` had to begin again."""
        return self._while_open()[0]

    async def take(
        self,
        records: Sequence[object],
        *,
        first: int = 0,
        untold: Collection[str] = (),
        are_ours: bool = False,
    ) -> BatchResult:
        """Take wire records, the first of which stands at position `first`, and unpark what waited for them.

        `untold`: the fields (`extra.` before a tenant's own) that the source does not tell. `are_ours`:
        whether mzi wrote the records, and what it keeps with them is to be believed. Raises
        RuntimeError when the batch has taken or amended records before.
        """
        _, page = self._while_open()
        if self._has_begun:
            raise RuntimeError(
                "A batch takes records once, before it amends any: hand all of them to one `take`, or open "
                "a batch for each."
            )
        self._has_begun = True
        taken = await page(self.module, records, first=first, untold=untold, are_ours=are_ours)
        if not await self._is_waited_for(taken):
            return BatchResult(outcomes=taken.outcomes, released=())
        page = await self._begin_again()
        taken = await page(self.module, records, first=first, untold=untold, are_ours=are_ours)
        released = await page.unpark_waiting(self.module, taken)
        return BatchResult(outcomes=taken.outcomes, released=released)

    async def amend(self, changes: Mapping[RecordKey, Mapping[str, Any]]) -> tuple[Outcome, ...]:
        """Change fields of live records that are stored; an outcome for each. One that is refused stays."""
        _, page = self._while_open()
        self._has_begun = True
        return await page.amend(self.module, changes)

    def changes(self) -> Iterator[RecordChange]:
        """Every record that this transaction has changed, as it was and as it is; also once it is kept."""
        if self._page is None:
            raise RuntimeError(_NOT_OPEN)
        return self._page.changes()

    def _while_open(self) -> tuple[Session, TakePage]:
        if self._opened is None:
            raise RuntimeError(_NOT_OPEN)
        return self._opened

    async def _is_waited_for(self, taken: Taken) -> bool:
        """Whether a record waits for one that has arrived."""
        return taken.awaited and bool(await self.session.waiting_for(self.module.name, taken.arrived, 1))

    async def _begin(self, *, unparking: bool) -> None:
        transaction = self._batches.transaction(
            self._tenant,
            self.module,
            unparking=unparking,
            discard=self._discard,
            caused_by=self._caused_by,
            causes=self._causes,
            delivers=self._delivers,
        )
        self._opened = await transaction.__aenter__()
        self._transaction, self._page = transaction, self._opened[1]

    async def _begin_again(self) -> TakePage:
        """Roll back, and begin with the locks of the modules whose records may be unparked; the new steps.

        To take further locks as it goes could make two batches wait for each other.
        """
        await self.__aexit__(_MoreLocksNeeded, _MoreLocksNeeded(), None)
        await self._begin(unparking=True)
        return self._while_open()[1]

    async def __aenter__(self) -> Self:
        """Begin the transaction."""
        await self._begin(unparking=False)
        self._has_begun = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit, or roll back when something was raised."""
        transaction, self._transaction, self._opened = self._transaction, None, None
        page, self._page = self._page, None
        if transaction is not None:  # None when it could not be begun again
            await transaction.__aexit__(kind, error, trace)
        if kind is None:
            self._page = page


@attrs.frozen(kw_only=True)
class Batches:
    """Opens batches, each a transaction of its own.

    `catalogue`: the modules whose records can be what others wait for, and can wait themselves. `deletions`:
    those that events told; None where nothing is told by events.
    """

    store: Store
    codec: Codec
    clock: Clock
    ids: Ids
    catalogue: Catalogue = CATALOGUE
    deletions: ToldDeletions | None = None

    def open(
        self,
        tenant: TenantId,
        module: Module[E],
        *,
        discard: bool = False,
        caused_by: CausedBy = PROGRAM,
        causes: Mapping[RecordKey, CausedBy] = NO_CAUSES,
        delivers: bool = False,
    ) -> Batch[E]:
        """A batch for `async with`. With `discard` nothing that is done in it is kept.

        `caused_by`: what the history of the records says of its changes; `causes` where it is something else
        for single ones. What it changes makes the pairs of the tenant's flows due; where it `delivers`, it
        keeps what a delivery has just done, so that only those are woken who waited for that.

        Entering it raises UnknownTenant and StoreUnavailable. As with any session, no task opens one inside
        another.
        """
        return Batch(
            module=module,
            batches=self,
            tenant=tenant,
            discard=discard,
            caused_by=caused_by,
            causes=causes,
            delivers=delivers,
        )

    @asynccontextmanager
    async def transaction(
        self,
        tenant: TenantId,
        module: AnyModule,
        *,
        unparking: bool,
        discard: bool,
        caused_by: CausedBy,
        causes: Mapping[RecordKey, CausedBy],
        delivers: bool,
    ) -> AsyncIterator[tuple[Session, TakePage]]:
        """A transaction with the locks of a batch, and the steps of a page in it."""
        async with self.store.begin(tenant, discard=discard) as session:
            settings = await session.settings()
            await session.lock(locks_for(module, catalogue=self.catalogue, unparking=unparking))
            page = TakePage(
                session=session,
                codec=self.codec,
                ids=self.ids,
                now=self.clock.now(),
                catalogue=self.catalogue,
                overlays={
                    each.name: overlay_of(settings, each)
                    for each in (*self.catalogue, module)
                    if each.name in settings.mappings
                },
                caused_by=caused_by,
                causes=causes,
                deletions=no_deletions if self.deletions is None else partial(self.deletions, session),
            )
            yield session, page
            flows = rules_of(settings).flows
            if delivers or flows:
                mark = MarkPairs(session=session, flows=() if delivers else flows)
                await mark(page.changes())
                await mark.of_records(page.confirmed())
