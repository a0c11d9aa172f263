"""The client keeps the port's promises: over the fake in memory, over a socket, over a sandbox."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from tests.gateways.zoho.given import World, account
from tests.live import account as live_account

from mzi_adapters.memory import MemoryStore
from mzi_adapters.memory.leases import MemoryLeases
from mzi_adapters.system import SystemClock
from mzi_adapters.testing.contracts.zoho_gateway import ZohoGatewayContract
from mzi_adapters.testing.contracts.zoho_gateway_remote import Remote
from mzi_adapters.testing.loopback import Detour, serving
from mzi_adapters.web import LoopTimer
from mzi_adapters.web.aiohttp_transport import open_transport
from mzi_adapters.zoho import ZohoAccount, data_centre, open_zoho
from mzi_core.values import DEFAULT_TENANT


@pytest.fixture(params=["memory", "loopback", pytest.param("live", marks=pytest.mark.live)])
async def remote(request: pytest.FixtureRequest) -> AsyncIterator[Remote]:
    """The client over each kind of remote."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        if request.param == "live":
            given = live_account("zoho")
            home = data_centre(given["data_centre"]).environment(given["environment"])
            client = await enter(
                open_zoho(
                    ZohoAccount(
                        client_id=given["client_id"],
                        client_secret=given["client_secret"],
                        refresh_token=given["refresh_token"],
                        data_centre=home,
                    ),
                    wire=await enter(open_transport()),
                    timer=LoopTimer(),
                    clock=SystemClock(),
                    store=MemoryStore(),
                    leases=MemoryLeases(SystemClock()),
                    tenant=DEFAULT_TENANT,
                )
            )
        else:
            world = World()
            world.zoho.bulk_read.polls = 1
            if request.param == "loopback":
                world.timer.patience = 0.05
                world.zoho.latency = 0
                server = await enter(serving(world.zoho, world.faults))
                wire = Detour(await enter(open_transport()), server)
                client = await enter(world.client(wire=wire, account=account()))
            else:
                client = await enter(world.client())
        found = Remote(client)
        yield found
        await found.clear()


class TestZohoGateway(ZohoGatewayContract):
    """The whole binding."""
