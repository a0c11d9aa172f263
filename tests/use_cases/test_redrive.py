"""What was given up is tried again: what is named, or all of a flow."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.contracts.fixtures import OURS
from mzi_core.errors import UnknownTenant
from mzi_core.modules import CATALOGUE
from mzi_core.ports import DeliveryQuery, DeliveryState, Due, Store
from mzi_core.use_cases.redrive import AT_ONCE, Redrive, Redriven
from mzi_core.values import TenantId

FLOW = "take:students"
HOUR = timedelta(hours=1)


async def _dead(keys: Collection[str], others: Collection[str] = ()) -> Store:
    """A store with dead deliveries, and with others that are due, of this flow and another."""
    store = MemoryStore()
    async with store.begin(OURS) as session:
        await session.make_due([Due(flow, key) for key in keys for flow in (FLOW, "account")])
        claims = [each for flow in (FLOW, "account") for each in await session.claim(flow, len(keys), HOUR)]
        await session.end_claims([claim.dead("Refused.") for claim in claims])
        await session.make_due([Due(FLOW, key) for key in others])
    return store


async def _keys(store: Store, state: DeliveryState, flow: str = FLOW) -> list[str]:
    async with store.read(OURS) as session:
        query = DeliveryQuery(flow=flow, state=state, limit=10 * AT_ONCE)
        return [each.key for each in await session.list_deliveries(query)]


@pytest.mark.parametrize("dry_run", [False, True])
async def test_those_that_are_named_are_redriven_and_of_the_others_it_is_told_how_they_stand(
    dry_run: bool,
) -> None:
    """One that is named twice is one. A dry run says the same and changes nothing."""
    store = await _dead("123", others="4")
    redrive = Redrive(store=store, catalogue=CATALOGUE)
    found = await redrive(OURS, FLOW, ["1", "3", "1", "4", "5", "\0"], dry_run=dry_run)
    assert found == Redriven(2, {"4": DeliveryState.DUE, "5": None, "\0": None})
    assert await _keys(store, DeliveryState.DEAD) == (["1", "2", "3"] if dry_run else ["2"])
    assert await _keys(store, DeliveryState.DUE) == (["4"] if dry_run else ["1", "3", "4"])
    assert await redrive(OURS, FLOW, [], dry_run=dry_run) == Redriven(0)


async def test_all_of_a_flow_are_redriven_by_the_thousand() -> None:
    """However many there are, and none of another flow."""
    keys = [f"{number:05}" for number in range(2 * AT_ONCE + 1)]
    store = await _dead(keys)
    redrive = Redrive(store=store, catalogue=CATALOGUE)
    assert await redrive(OURS, FLOW, None, dry_run=True) == Redriven(len(keys))
    assert await _keys(store, DeliveryState.DEAD) == keys
    assert await redrive(OURS, FLOW, None) == Redriven(len(keys))
    assert await _keys(store, DeliveryState.DUE) == keys
    assert await _keys(store, DeliveryState.DEAD, "account") == keys
    assert await redrive(OURS, FLOW, None) == await redrive(OURS, FLOW, None, dry_run=True) == Redriven(0)


async def test_of_a_flow_that_nothing_was_due_in_none_is_dead() -> None:
    redrive = Redrive(store=MemoryStore(), catalogue=CATALOGUE)
    assert await redrive(OURS, FLOW, None, dry_run=True) == Redriven(0)
    with pytest.raises(UnknownTenant):
        await redrive(TenantId("nobody"), FLOW, None)
