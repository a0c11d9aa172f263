"""Have all pairs of a flow looked at: after a rule was changed, or because a person wants it."""

from collections.abc import Iterable

import attrs

from mzi_core.flows.flow import FLOWS, Flow, flow_of
from mzi_core.flows.rules import FlowName, Rules
from mzi_core.module import AnyModule
from mzi_core.ports import Cursor, Query, Session, Store
from mzi_core.use_cases.mark_pairs import own_pairs
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
            for flow in flows:
                await _all_due(session, flow, _halves(flow), at_once=True)

    async def of_module(self, tenant: TenantId, module: AnyModule) -> int:
        """Those of the records of one module; how many they are. Raises as the call itself."""
        async with self.store.begin(tenant) as session:
            await session.settings()
            return await _all_due(session, flow_of(module), [module], at_once=True)


async def due_by_new_rules(session: Session, before: Rules, after: Rules) -> None:
    """Have looked at what may be otherwise by other rules, in the session that saves them.

    All pairs of the flows that run by themselves are: what is as it should be by now is settled again.
    """
    for flow in (FLOWS[name] for name in FlowName if name in after.flows):
        await _all_due(session, flow, _halves(flow))


async def _all_due(
    session: Session, flow: Flow, modules: Iterable[AnyModule], *, at_once: bool = False
) -> int:
    """Make all pairs of a flow due that records of these modules are in; how many there are."""
    number = 0
    for module in modules:
        query = Query(limit=PAGE)
        while True:
            rows = await session.list(module, query)
            dues = own_pairs(flow, module, [row.entity for row in rows])
            await session.make_due([attrs.evolve(due, at_once=at_once) for due in dues])
            number += len(dues)
            if len(rows) < PAGE:
                break
            query = attrs.evolve(query, after=Cursor(rows[-1].updated_at, rows[-1].entity.key))
    return number


def _halves(flow: Flow) -> Iterable[AnyModule]:
    """The modules whose records make a pair by themselves."""
    return (*flow.zoho, flow.moodle) if flow.key_is_moodles else flow.zoho
