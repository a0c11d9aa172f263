"""Whether a flow that somebody names is one."""

from mzi_core.errors import UnknownFlow
from mzi_core.flows import flow_names, meant_flows
from mzi_core.modules import Catalogue
from mzi_core.ports import Deliveries


async def check_flow(session: Deliveries, catalogue: Catalogue, flow: str) -> None:
    """Raises UnknownFlow: neither mzi nor the tenant's store knows it."""
    known = flow_names(catalogue)
    if flow in known:
        return
    known += [each.flow for each in await session.flows() if each.flow not in known]
    if flow not in known:
        raise UnknownFlow(flow, meant_flows(flow, known), known)
