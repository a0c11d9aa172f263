"""The contract of a Zoho gateway notices each of the ways to break a promise that `broken_zoho` knows."""

from typing import Any

import pytest
from tests.contracts.broken_zoho import BROKEN, Faithful
from tests.gateways.zoho.given import World

from mzi_adapters.testing.contracts.zoho_gateway import ZohoGatewayContract
from mzi_adapters.testing.contracts.zoho_gateway_remote import Remote
from mzi_core.errors import MziError

PROMISES = [name for name in dir(ZohoGatewayContract) if name.startswith("test_")]


async def _is_kept(name: str, kind: type[Faithful]) -> bool:
    """Whether a test of the contract passes over a gateway."""
    world = World()
    world.zoho.latency = 0
    async with world.client() as client:
        broken: Any = kind(client)
        try:
            await getattr(ZohoGatewayContract(), name)(Remote(broken))
        except (AssertionError, MziError, LookupError):
            return False
    return True


async def test_a_faithful_gateway_breaks_no_promise() -> None:
    """So that it is the breakage that is noticed, not the wrapping."""
    assert [name for name in PROMISES if not await _is_kept(name, Faithful)] == []


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
async def test_a_broken_gateway_is_noticed(broken: type[Faithful]) -> None:
    """The test that it names fails over it."""
    assert not await _is_kept(broken.noticed_by, broken)
