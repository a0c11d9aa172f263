"""Take a batch of Zoho records in a transaction of its own, and unpark what waited for them."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import overload

import attrs

from mzi_core.errors import KeyReused
from mzi_core.mapping import Overlay, overlay
from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE
from mzi_core.ports import (
    Clock,
    Codec,
    Ids,
    Lock,
    ParkedRecords,
    Session,
    Store,
    StoredResponse,
    StoredResponses,
    TenantSettings,
)
from mzi_core.use_cases.take_page import Taken, TakePage
from mzi_core.values import BatchResult, TenantId

REMEMBERED = timedelta(hours=76)
"""How long an idempotency key is remembered: longer than the longest horizon of retries."""


@attrs.frozen
class IdempotencyKey:
    """An idempotency key, the digest of the request it came with, and how its answer is written down."""

    key: str
    digest: str
    render: Callable[[BatchResult], str]


@attrs.frozen
class Replay:
    """The answer of the first time, as `IdempotencyKey.render` wrote it."""

    body: str


def overlays(settings: TenantSettings) -> dict[str, Overlay]:
    """The tenant's mappings by module; lines that no longer fit the catalogue are passed over."""
    return {name: overlay(CATALOGUE[name], lines)[0] for name, lines in settings.mappings.items()}


@cache
def locks_for(module: AnyModule, *, unparking: bool = False) -> tuple[Lock, ...]:
    """What a batch of `module` must have to itself: the module, and when `unparking` what may wait for it.

    Their parents are shared: while a record is being parked, the parent it misses must not arrive unseen. So
    no record begins to wait for one of a module that another session has to itself.
    """
    own = {module.name, *(CATALOGUE.descendants(module) if unparking else ())}
    order = {each.name: each for each in (*CATALOGUE.in_order(), module)}  # one of nobody else is last
    relied_on = {parent for name in own for parent in order[name].depends_on.values()}
    return tuple(Lock(name, shared=name not in own) for name in order if name in own | relied_on)


class _SomebodyWaits(Exception):
    """A batch has brought what parked records wait for, and has not the locks to unpark them."""


@attrs.frozen(kw_only=True)
class SyncBatch:
    """Take one page of records of one module.

    Every record gets an outcome, in order. One that the store refuses is an ERROR of its own; one whose
    parent is missing is parked and taken by itself when the parent arrives.
    """

    store: Store
    codec: Codec
    clock: Clock
    ids: Ids

    @overload
    async def __call__(
        self,
        tenant: TenantId,
        module: AnyModule,
        records: Sequence[object],
        *,
        first_position: int = 0,
        dry_run: bool = False,
        once: None = None,
        untold: Collection[str] = (),
        also: Callable[[Session, BatchResult], Awaitable[None]] | None = None,
    ) -> BatchResult: ...

    @overload
    async def __call__(
        self,
        tenant: TenantId,
        module: AnyModule,
        records: Sequence[object],
        *,
        first_position: int = 0,
        dry_run: bool = False,
        once: IdempotencyKey | None,
        untold: Collection[str] = (),
        also: Callable[[Session, BatchResult], Awaitable[None]] | None = None,
    ) -> BatchResult | Replay: ...

    async def __call__(
        self,
        tenant: TenantId,
        module: AnyModule,
        records: Sequence[object],
        *,
        first_position: int = 0,
        dry_run: bool = False,
        once: IdempotencyKey | None = None,
        untold: Collection[str] = (),
        also: Callable[[Session, BatchResult], Awaitable[None]] | None = None,
    ) -> BatchResult | Replay:
        """Judge and store `records`. With `dry_run` the answer is the same and nothing is kept.

        `untold`: the fields (`extra.` before a tenant's own) that the source of these records does not tell;
        they stay as they are stored. `also` is called last in the same transaction: what it keeps is kept
        together with the records. Raises UnknownTenant, StoreUnavailable, and KeyReused when `once` was seen
        with another request.
        """

        async def taken(*, unparking: bool) -> BatchResult | Replay:
            async with self.store.begin(tenant, discard=dry_run) as session:
                settings = await session.settings()
                await session.lock(locks_for(module, unparking=unparking))
                if once is not None and (replayed := await self._replay(session, once)):
                    return replayed
                taker = TakePage(
                    session=session,
                    codec=self.codec,
                    ids=self.ids,
                    now=self.clock.now(),
                    overlays=overlays(settings),
                )
                page = await taker(module, records, first=first_position, untold=untold)
                if not unparking and await _is_waited_for(session, module, page):
                    raise _SomebodyWaits
                released = await taker.unpark_waiting(module, page) if unparking else ()
                result = BatchResult(outcomes=page.outcomes, released=released)
                if once is not None:
                    await self._remember(session, once, result, taker.now)
                if also is not None:
                    await also(session, result)
            return result

        try:
            return await taken(unparking=False)
        except _SomebodyWaits:
            return await taken(unparking=True)

    async def _replay(self, session: StoredResponses, once: IdempotencyKey) -> Replay | None:
        answer = await session.response(once.key)
        if answer is None or answer.answered_at < self.clock.now() - REMEMBERED:
            return None
        if answer.digest != once.digest:
            raise KeyReused(once.key)
        return None if answer.body is None else Replay(answer.body)

    async def _remember(
        self, session: StoredResponses, once: IdempotencyKey, result: BatchResult, now: datetime
    ) -> None:
        """Freeze only an answer in which everything was accepted: the rest deserves another look."""
        body = once.render(result) if result.complete else None
        answer = StoredResponse(key=once.key, digest=once.digest, body=body, answered_at=now)
        await session.keep_response(answer, forget_before=now - REMEMBERED)


async def _is_waited_for(session: ParkedRecords, module: AnyModule, page: Taken) -> bool:
    """Whether a record waits for one that a page has brought."""
    return page.awaited and bool(await session.waiting_for(module.name, page.arrived, 1))
