"""The whole binding of an adapter of your own, three times: put yours in the place of the one in memory."""

from collections.abc import AsyncIterator

import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.contracts.moodle_gateway import MoodleGatewayContract
from mzi_adapters.testing.contracts.moodle_gateway_campus import Campus
from mzi_adapters.testing.contracts.store import StoreContract
from mzi_adapters.testing.contracts.zoho_gateway import ZohoGatewayContract
from mzi_adapters.testing.contracts.zoho_gateway_remote import Remote
from mzi_adapters.testing.harness import Harness
from mzi_core import TenantId
from mzi_core.ports import Store
from mzi_core.values import MoodleId

TENANT = TenantId("default")
CATEGORY = MoodleId(1)


@pytest.fixture
def store() -> Store:
    """An empty store that is ready to use."""
    return MemoryStore()


class TestMyStore(StoreContract):
    """The whole binding."""


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    """A gateway to an organisation that has mzi's modules."""
    mzi = Harness()
    found = Remote(await mzi.connections.zoho(TENANT))
    yield found
    await found.clear()
    await mzi.connections.close()


class TestMyZoho(ZohoGatewayContract):
    """The whole binding."""


@pytest.fixture
async def campus() -> AsyncIterator[Campus]:
    """A gateway to a site, a category that takes courses, and the hands of people in its pages."""
    mzi = Harness()
    found = Campus(await mzi.connections.moodle(TENANT), CATEGORY, mzi.moodle)
    yield found
    await found.clear()


class TestMyMoodle(MoodleGatewayContract):
    """The whole binding."""
