"""What pushing to Zoho and to Moodle have in common: our records by the page, and what became of one."""

from collections.abc import AsyncIterator, Sequence

import attrs

from mzi_core.module import E, Module
from mzi_core.ports import Cursor, Query, Store
from mzi_core.provisioning import Step, StepResult
from mzi_core.values import MoodleId, TenantId, ZohoId

PushResult = StepResult[ZohoId | MoodleId]
"""What became of a record, whichever remote it was pushed to."""

PAGE = 1000
"""How many records are planned and written together."""


@attrs.frozen
class PagePushed:
    """What became of a page of records, in order."""

    results: tuple[PushResult, ...]


async def live_pages(
    store: Store, tenant: TenantId, module: Module[E], page: int = PAGE
) -> AsyncIterator[Sequence[E]]:
    """Every live record once; one that is changed meanwhile moves to the end, and is passed over there."""
    seen: set[ZohoId] = set()
    query = Query(limit=page)
    while True:
        async with store.read(tenant) as session:
            await session.settings()
            found = await session.list(module, query)
        fresh = [row.entity for row in found if row.entity.zoho_id not in seen]
        seen.update(entity.zoho_id for entity in fresh)
        if fresh:
            yield fresh
        if len(found) < page:
            return
        query = attrs.evolve(query, after=Cursor(found[-1].updated_at, found[-1].entity.zoho_id))


def preview(steps: Sequence[Step[object]]) -> PagePushed:
    """A page about which nothing was done."""
    return PagePushed(tuple(StepResult(step=step) for step in steps))


def in_order(steps: Sequence[Step[object]], done: Sequence[PushResult]) -> PagePushed:
    """The page with what was done about some of its steps."""
    by_id = {pushed.step.zoho_id: pushed for pushed in done}
    return PagePushed(tuple(by_id.get(step.zoho_id, StepResult(step=step)) for step in steps))
