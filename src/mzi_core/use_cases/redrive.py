"""Have dead deliveries tried again."""

from collections.abc import Collection, Mapping

import attrs

from mzi_core.keepable_text import is_keepable
from mzi_core.modules import Catalogue
from mzi_core.ports import DeliveryKey, DeliveryQuery, DeliveryState, Store
from mzi_core.use_cases.known_flows import check_flow
from mzi_core.values import TenantId

AT_ONCE = 1_000
"""Deliveries that are redriven in one session: whoever works on the flow waits for no more."""


@attrs.frozen
class Redriven:
    """How many dead deliveries were made due, or would be.

    `left`: those that were named and are not dead: how each stands; None for one that there is not.
    """

    number: int
    left: Mapping[str, DeliveryState | None] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Redrive:
    """Have dead deliveries of a flow tried again: those that are named, or all."""

    store: Store
    catalogue: Catalogue

    async def __call__(
        self, tenant: TenantId, flow: str, keys: Collection[str] | None, *, dry_run: bool = False
    ) -> Redriven:
        """`keys`: None for all that are dead. A dry run counts and changes nothing.

        All are redriven by the thousand; where that is broken off, the others stay dead. Raises UnknownFlow,
        UnknownTenant, StoreUnavailable.
        """
        async with self.store.read(tenant) as session:
            await session.settings()
            await check_flow(session, self.catalogue, flow)
            if dry_run and keys is None:
                counts = [each.counts for each in await session.flows() if each.flow == flow]
                return Redriven(sum(each.get(DeliveryState.DEAD, 0) for each in counts))
        if keys is None:
            return Redriven(await self._all(tenant, flow))
        return await self._named(tenant, flow, keys, dry_run=dry_run)

    async def _named(self, tenant: TenantId, flow: str, keys: Collection[str], *, dry_run: bool) -> Redriven:
        named = [DeliveryKey(flow, key) for key in dict.fromkeys(keys)]
        asked = [address for address in named if is_keepable(address.key)]
        if dry_run:
            async with self.store.read(tenant) as session:
                states = await session.delivery_states(asked)
        else:
            async with self.store.begin(tenant) as session:
                await session.lock_deliveries(asked)  # so that what is told of the others holds
                states = await session.delivery_states(asked)
                await session.redrive([each for each, state in states.items() if state is DeliveryState.DEAD])
        stand = {address.key: states.get(address) for address in named}
        left = {key: state for key, state in stand.items() if state is not DeliveryState.DEAD}
        return Redriven(len(stand) - len(left), left)

    async def _all(self, tenant: TenantId, flow: str) -> int:
        number = 0
        query = DeliveryQuery(flow=flow, state=DeliveryState.DEAD, limit=AT_ONCE)
        while True:
            async with self.store.begin(tenant) as session:
                found = await session.list_deliveries(query)
                number += await session.redrive([each.address for each in found])
            if len(found) < AT_ONCE:
                return number
            # Behind the last one: one that dies again meanwhile is not redriven for ever.
            query = attrs.evolve(query, after=found[-1].address)
