"""Drift: both sides are read and every pair is planned as it would be delivered, and nothing is written."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

import attrs

from mzi_core.errors import MziError, StoreError
from mzi_core.flows.drift import PairDrift
from mzi_core.flows.flow import FLOWS, Flow
from mzi_core.flows.rules import FlowName, Rules, rules_of
from mzi_core.ports import DeliveryKey, Session, Store, StoredDelivery
from mzi_core.use_cases.claim_endings import may_be_about_one
from mzi_core.values import RecordKey, TenantId

T = TypeVar("T")


class PairReader(Protocol):
    """Reads the pairs of one flow on both sides, and keeps nothing of it."""

    def __call__(self, tenant: TenantId, rules: Rules) -> AsyncIterator[Sequence[PairDrift]]:
        """Page by page. Raises StoreError, GatewayError, AccountMissing, FieldsMissing."""
        ...


@attrs.frozen(kw_only=True)
class DriftPage:
    """Some pairs of a flow as they stand. `error`: why no more of the flow could be read."""

    flow: Flow
    pairs: Sequence[PairDrift] = ()
    error: MziError | None = None


@attrs.frozen(kw_only=True)
class FindDrift:
    """Tells of all pairs whether both sides agree, and what would become of those that do not.

    A pair is known by its record here, which is read again in the remote. What else is needed, as the links
    of others and the marks of Moodle, is what is known here.
    """

    store: Store
    readers: Mapping[FlowName, PairReader]

    async def __call__(
        self, tenant: TenantId, flows: Iterable[Flow] = tuple(FLOWS.values())
    ) -> AsyncGenerator[DriftPage, None]:
        """Flow by flow, page by page. What keeps one from being read ends its flow, not the others.

        Raises UnknownTenant, StoreError.
        """
        async with self.store.read(tenant) as session:
            rules = rules_of(await session.settings())
        for flow in flows:
            try:
                async for pairs in self.readers[flow.name](tenant, rules):
                    yield DriftPage(flow=flow, pairs=pairs)
            except StoreError:
                raise
            except MziError as error:
                yield DriftPage(flow=flow, error=error)


async def each_spared(
    items: Sequence[T],
    find: Callable[[Sequence[T]], Awaitable[list[PairDrift]]],
    refused: Callable[[T, str], PairDrift],
) -> list[PairDrift]:
    """What is found of items together; where a service refuses them all, of each half by itself.

    So one record spoils no other. What is refused alone is told by `refused`, with the sentence about it.
    """
    try:
        return await find(items)
    except MziError as error:
        if not may_be_about_one(error):
            raise
        if len(items) == 1:
            return [refused(items[0], error.told)]
    half = len(items) // 2
    return [
        *await each_spared(items[:half], find, refused),
        *await each_spared(items[half:], find, refused),
    ]


async def remembered(
    session: Session, flow: Flow, keys: Iterable[RecordKey]
) -> Mapping[RecordKey, StoredDelivery]:
    """What is remembered of the pairs of a flow; those that were never due are left out.

    What a person has approved counts until it is settled: whatever is due after that is another generation.
    """
    addresses = {key: DeliveryKey(flow.name, key) for key in keys}
    found = await session.deliveries_at(addresses.values())
    there = {key: found[address] for key, address in addresses.items() if address in found}
    return {
        key: attrs.evolve(each, approved_generation=0) if each.settled == each.generation else each
        for key, each in there.items()
    }
