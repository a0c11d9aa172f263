"""Bring a remote to say what our records say: what is in Moodle by deliveries, Zoho page by page."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any

import attrs

from mzi_core.flows.flow import flow_of
from mzi_core.module import AnyModule, E, Module
from mzi_core.ports import CausedBy, Causer, Cursor, Query, Store, Stored
from mzi_core.provisioning import Step, StepResult, Target
from mzi_core.use_cases.amend import AmendRecords
from mzi_core.use_cases.carry_out import CarryOut, Learned, PushResult, Steps
from mzi_core.use_cases.deliver import Deliver
from mzi_core.use_cases.flow_pauses import refuse_paused
from mzi_core.use_cases.make_due import MakeDue
from mzi_core.use_cases.zoho_target import ZohoTarget
from mzi_core.values import MoodleId, RecordKey, TenantId

PAGE = 1000
"""How many records are planned and written together."""


@attrs.frozen
class PagePushed:
    """What became of a page of records, in order."""

    results: tuple[PushResult, ...]


NEW_ID = "the new id"
"""What a preview shows in the place of an id that the remote is yet to give."""

_UNGIVEN = MoodleId(0)


@attrs.define
class Foreseen:
    """What our records would know of their counterparts once the pushes that were previewed were done.

    A preview of one target after the other hands it on, so that the second counts what would follow from the
    first.
    """

    _fields: dict[RecordKey, dict[str, MoodleId]] = attrs.field(factory=dict)

    def note(self, step: Step[object]) -> None:
        """Keep what our record would learn by a step."""
        made = {step.learns: _UNGIVEN} if step.learns else {}
        if fields := {**step.links, **made}:
            self._fields.setdefault(step.zoho_id, {}).update(fields)

    def known_by(self, record: Any) -> Any:
        """A record of ours with what it would know."""
        fields = self._fields.get(record.zoho_id)
        return attrs.evolve(record, **fields) if fields else record

    def shown(self, step: Step[object]) -> Step[object]:
        """A step about such a record, with words for the ids that there are not yet."""
        fields = self._fields.get(step.zoho_id, {})
        return attrs.evolve(
            step,
            changes=tuple(
                attrs.evolve(each, after=NEW_ID) if fields.get(each.field) == _UNGIVEN else each
                for each in step.changes
            ),
        )


@attrs.frozen(kw_only=True)
class Push:
    """Make what is missing and change what differs, and keep what is learned of it."""

    store: Store
    amend: AmendRecords
    make_due: MakeDue
    deliver: Deliver

    async def to_moodle(self, tenant: TenantId, module: AnyModule) -> AsyncGenerator[PagePushed, None]:
        """Have the pairs of all records of a module looked at, and deliver now what is due of their flow.

        It is written as the service writes it, and Zoho is told; a person who asks for accounts gets them.
        Yields after every batch. Raises UnknownTenant, FlowPaused, StoreError, GatewayError, AccountMissing.
        """
        flow = flow_of(module)
        await refuse_paused(self.store, tenant, flow.name)
        await self.make_due.of_module(tenant, module)
        while (done := await self.deliver(tenant, flow, by_hand=True)) is not None:
            yield PagePushed(tuple(done.results))
            if done.error is not None:
                raise done.error

    async def to_zoho(self, target: ZohoTarget) -> AsyncGenerator[PagePushed, None]:
        """Yield after every page. Raises UnknownTenant, StoreError and GatewayError."""
        async for ours in live_pages(self.store, target.tenant, target.module):
            yield await self._page(target, ours)

    async def preview(
        self, target: Target, foreseen: Foreseen | None = None
    ) -> AsyncGenerator[PagePushed, None]:
        """What a push would do, page by page; nothing is written.

        `foreseen`: what the previews of other targets have found, which is taken as done; what this one finds
        is added. Raises what a push raises.
        """
        so_far = Foreseen() if foreseen is None else foreseen
        async for ours in live_pages(self.store, target.tenant, target.module):
            steps = [so_far.shown(step) for step in await target.plan([*map(so_far.known_by, ours)])]
            for step in steps:
                so_far.note(step)
            yield PagePushed(tuple(StepResult(step=step) for step in steps))

    async def _page(self, target: ZohoTarget, ours: Sequence[Any]) -> PagePushed:
        async def keep(learned: Learned) -> None:
            await self.amend(target.tenant, target.module, learned, caused_by=CausedBy(Causer.PUSH))

        carry_out = CarryOut(target=target, sending=_all_of_them, keep=keep)
        return PagePushed(tuple(await carry_out(ours, await target.plan(ours))))


async def _all_of_them(steps: Steps) -> Steps:
    return steps


async def live_pages(
    store: Store, tenant: TenantId, module: Module[E], page: int = PAGE
) -> AsyncIterator[Sequence[E]]:
    """Every live record once."""
    async for rows in live_rows(store, tenant, module, page):
        yield [row.entity for row in rows]


async def live_rows(
    store: Store, tenant: TenantId, module: Module[E], page: int = PAGE
) -> AsyncIterator[Sequence[Stored[E]]]:
    """Every live row once; one that is changed meanwhile moves to the end, and is passed over there."""
    seen: set[RecordKey] = set()
    query = Query(limit=page)
    while True:
        async with store.read(tenant) as session:
            await session.settings()
            found = await session.list(module, query)
        fresh = [row for row in found if row.entity.key not in seen]
        seen.update(row.entity.key for row in fresh)
        if fresh:
            yield fresh
        if len(found) < page:
            return
        query = attrs.evolve(query, after=Cursor(found[-1].updated_at, found[-1].entity.key))
