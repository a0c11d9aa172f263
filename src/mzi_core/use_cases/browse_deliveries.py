"""Look at what is due, what waits, is held or was given up, and how the flows stand."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from mzi_core.errors import NotFound
from mzi_core.keepable_text import is_keepable
from mzi_core.modules import Catalogue
from mzi_core.ports import (
    Deliveries,
    DeliveryKey,
    DeliveryQuery,
    DeliveryState,
    FlowStatus,
    JsonObject,
    Store,
    StoredDelivery,
)
from mzi_core.secrecy import masked, without_secrets
from mzi_core.use_cases.known_flows import check_flow
from mzi_core.values import TenantId


@attrs.frozen
class ShowFlows:
    """Show how the flows stand."""

    store: Store

    async def __call__(self, tenant: TenantId) -> Sequence[FlowStatus]:
        """Every flow that has ever had a delivery or is paused. Raises UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            return await session.flows()


@attrs.frozen
class DeliveryPage:
    """Some deliveries by flow and key, and behind which the next page begins; None after the last one."""

    items: Sequence[StoredDelivery]
    next: DeliveryKey | None


@attrs.frozen(kw_only=True)
class ListDeliveries:
    """List deliveries page by page."""

    store: Store
    catalogue: Catalogue

    async def __call__(self, tenant: TenantId, query: DeliveryQuery) -> DeliveryPage:
        """The page `query` asks for. Raises UnknownFlow, UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            if query.flow is not None:
                await check_flow(session, self.catalogue, query.flow)
            if not all(map(is_keepable, (query.subject or "", query.plan_id or ""))):
                return DeliveryPage((), None)
            return await page_of(session, query)


async def page_of(session: Deliveries, query: DeliveryQuery) -> DeliveryPage:
    """The page `query` asks for."""
    found = await session.list_deliveries(attrs.evolve(query, limit=query.limit + 1))
    items = found[: query.limit]
    return DeliveryPage(items, items[-1].address if len(found) > query.limit else None)


@attrs.frozen(kw_only=True)
class ShownDelivery:
    """A delivery, and what keeps it.

    `awaited`: how the delivery stands that it waits for; None where it waits for none, or for one that was
    never due. `paused`: why its flow is paused, since `paused_at`; None where it is not.
    """

    delivery: StoredDelivery
    awaited: DeliveryState | None
    paused: str | None
    paused_at: datetime | None


@attrs.frozen(kw_only=True)
class ShowDelivery:
    """Show one delivery."""

    store: Store
    catalogue: Catalogue

    async def __call__(self, tenant: TenantId, address: DeliveryKey) -> ShownDelivery:
        """Raises NotFound, UnknownFlow, UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            await check_flow(session, self.catalogue, address.flow)
            found = await session.delivery(address) if is_keepable(address.key) else None
            if found is None:
                raise NotFound(f"delivery of {address.flow} under the key", address.key[:60])
            awaited = found.waits_for
            states = await session.delivery_states([awaited]) if awaited is not None else {}
            (flow,) = [each for each in await session.flows() if each.flow == address.flow]
        return ShownDelivery(
            delivery=found,
            awaited=None if awaited is None else states.get(awaited),
            paused=flow.paused,
            paused_at=flow.paused_at,
        )


def field_names(noted: JsonObject | None) -> list[str]:
    """The names of what is remembered of a delivery, without the values: those are about people."""
    return sorted(noted or ())


def values_of(noted: JsonObject | None) -> object:
    """What is remembered of a delivery with its values, but for those that let somebody in."""
    return None if noted is None else masked(noted, lambda _, text: without_secrets(text))
