"""Take a batch of Zoho records in a transaction of its own, and unpark what waited for them."""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import overload

import attrs

from mzi_core.errors import KeyReused
from mzi_core.module import AnyModule
from mzi_core.ports import PROGRAM, CausedBy, Clock, StoredResponse, StoredResponses
from mzi_core.use_cases.batches import Batches
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


@attrs.frozen(kw_only=True)
class SyncBatch:
    """Take one page of records of one module.

    Every record gets an outcome, in order. One that the store refuses is an ERROR of its own; one whose
    parent is missing is parked and taken by itself when the parent arrives.
    """

    batches: Batches
    clock: Clock

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
        caused_by: CausedBy = PROGRAM,
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
        caused_by: CausedBy = PROGRAM,
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
        caused_by: CausedBy = PROGRAM,
    ) -> BatchResult | Replay:
        """Judge and store `records`. With `dry_run` the answer is the same and nothing is kept.

        `untold`: the fields (`extra.` before a tenant's own) that the source of these records does not tell;
        they stay as they are stored. `caused_by`: what the history of the records says. Raises UnknownTenant,
        StoreUnavailable, and KeyReused when `once` was seen with another request.
        """
        async with self.batches.open(tenant, module, discard=dry_run, caused_by=caused_by) as batch:
            if once is not None and (replayed := await self._replay(batch.session, once)):
                return replayed
            result = await batch.take(records, first=first_position, untold=untold)
            if once is not None:
                await self._remember(batch.session, once, result)
            return result

    async def _replay(self, session: StoredResponses, once: IdempotencyKey) -> Replay | None:
        answer = await session.response(once.key)
        if answer is None or answer.answered_at < self.clock.now() - REMEMBERED:
            return None
        if answer.digest != once.digest:
            raise KeyReused(once.key)
        return None if answer.body is None else Replay(answer.body)

    async def _remember(self, session: StoredResponses, once: IdempotencyKey, result: BatchResult) -> None:
        """Freeze only an answer in which everything was accepted: the rest deserves another look."""
        now = self.clock.now()
        body = once.render(result) if result.complete else None
        answer = StoredResponse(key=once.key, digest=once.digest, body=body, answered_at=now)
        await session.keep_response(answer, forget_before=now - REMEMBERED)
