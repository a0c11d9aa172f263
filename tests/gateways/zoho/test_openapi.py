"""Every request of the client is one that Zoho's own description of its API allows."""

from collections.abc import AsyncIterator

import pytest
from tests.gateways.zoho.given import World
from tests.servers.zoho import Validating

from mzi_adapters.testing.contracts.zoho_gateway import ZohoGatewayContract
from mzi_adapters.testing.contracts.zoho_gateway_remote import Remote


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    """The client over the fake, with the description between them."""
    world = World(wrapped=Validating)
    async with world.client() as client:
        found = Remote(client)
        yield found
        await found.clear()


class TestAsDescribed(ZohoGatewayContract):
    """The whole contract once more."""
