"""Whether what sources tell is taken in, and looked at in time."""

from collections.abc import Mapping
from datetime import timedelta

import attrs

from mzi_core.ports import Clock, EventState, FlowStatus, Store, StoreHealth
from mzi_core.use_cases.browse_events import CountEvents
from mzi_core.use_cases.take_flows import ShowTakeFlows
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class EventHealth:
    """How the events of a tenant stand; `counts` and what follows are empty where the store is not ready.

    `oldest`: how long the event has waited that waits longest. `flows`: the taking of each module.
    """

    store: StoreHealth
    counts: Mapping[EventState, int] = attrs.field(factory=dict)
    oldest: timedelta | None = None
    flows: Mapping[str, FlowStatus] = attrs.field(factory=dict)

    @property
    def trouble(self) -> str:
        """What a person has to repair, in a sentence; nothing where all goes on by itself."""
        if not self.store.ready:
            return self.store.message
        paused = [name for name, flow in self.flows.items() if flow.paused is not None]
        if not paused:
            return ""
        return f"No events of {', '.join(paused)} are taken until `mzi take --resume`."


@attrs.frozen(kw_only=True)
class CheckEvents:
    """Say how the events of a tenant stand."""

    store: Store
    clock: Clock
    count: CountEvents
    flows: ShowTakeFlows

    async def __call__(self, tenant: TenantId) -> EventHealth:
        """Also where the store is not ready. Raises UnknownTenant, StoreUnavailable."""
        health = await self.store.health()
        if not health.ready:
            return EventHealth(store=health)
        async with self.store.read(tenant) as session:
            since = await session.oldest_waiting()
        return EventHealth(
            store=health,
            counts=await self.count(tenant),
            oldest=None if since is None else max(self.clock.now() - since, timedelta()),
            flows=await self.flows(tenant),
        )
