"""How the flows stand in which events are taken: what is due, what was put off, and what is paused."""

from collections.abc import Mapping, Sequence

import attrs

from mzi_core.flows import take_flow
from mzi_core.modules import Catalogue
from mzi_core.ports import FlowStatus, Session, Store
from mzi_core.use_cases.flow_pauses import resume_paused
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class ShowTakeFlows:
    """Show how the taking of events stands, by module."""

    store: Store
    catalogue: Catalogue

    async def __call__(self, tenant: TenantId) -> Mapping[str, FlowStatus]:
        """Of which modules anything was ever due, parents first. Raises UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            return await _take_flows(session, self.catalogue)


@attrs.frozen(kw_only=True)
class ResumeTaking:
    """Go on taking what was paused, after the access was repaired for whose sake it was."""

    store: Store
    catalogue: Catalogue

    async def __call__(self, tenant: TenantId) -> Sequence[str]:
        """The modules that were paused, parents first. Raises UnknownTenant, StoreUnavailable."""
        async with self.store.begin(tenant) as session:
            await session.settings()
            modules = {take_flow(module.name): module.name for module in self.catalogue.in_order()}
            return [modules[flow] for flow in await resume_paused(session, modules)]


async def _take_flows(session: Session, catalogue: Catalogue) -> dict[str, FlowStatus]:
    flows = {each.flow: each for each in await session.flows()}
    names = (module.name for module in catalogue.in_order())
    return {name: flows[take_flow(name)] for name in names if take_flow(name) in flows}
