"""Have all pairs of a flow looked at: after a rule was changed, or because a person wants it."""

from collections.abc import Collection, Iterable

import attrs

from mzi_core.flows.flow import FLOWS, Flow
from mzi_core.flows.rules import FlowName, Rules
from mzi_core.module import AnyModule
from mzi_core.ports import Cursor, Query, Session, Store
from mzi_core.use_cases.mark_pairs import MarkPairs
from mzi_core.values import TenantId

PAGE = 1000


@attrs.frozen(kw_only=True)
class MakeDue:
    """Make the pairs of flows due, of all live records that are one half of a pair."""

    store: Store

    async def __call__(self, tenant: TenantId, flows: Iterable[Flow]) -> None:
        """In one transaction. Raises UnknownTenant, StoreUnavailable."""
        async with self.store.begin(tenant) as session:
            await session.settings()
            await all_due(session, [flow.name for flow in flows])


async def due_by_new_rules(session: Session, before: Rules, after: Rules) -> None:
    """Have looked at what may be otherwise by other rules, in the session that saves them.

    All pairs of the flows that run by themselves are: what is as it should be by now is settled again.
    """
    await all_due(session, after.flows)


async def all_due(session: Session, flows: Collection[FlowName]) -> None:
    """Make all pairs of flows due, page by page."""
    mark = MarkPairs(session=session, flows=flows)
    for flow in (FLOWS[name] for name in FlowName if name in flows):
        for module in _halves(flow):
            query = Query(limit=PAGE)
            while True:
                rows = await session.list(module, query)
                await mark.of_records({module: [row.entity for row in rows]})
                if len(rows) < PAGE:
                    break
                query = attrs.evolve(query, after=Cursor(rows[-1].updated_at, rows[-1].entity.key))


def _halves(flow: Flow) -> Iterable[AnyModule]:
    """The modules whose records make a pair by themselves."""
    return (*flow.zoho, flow.moodle) if flow.key_is_moodles else flow.zoho
