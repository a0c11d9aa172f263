"""The client keeps the port's promises: over the fake in memory, over a socket, over a site for tests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from tests.gateways.moodle.given import TOKEN, client_of
from tests.live import account as live_account

from mzi_adapters.moodle import MoodleAccount, MoodleClient
from mzi_adapters.testing.contracts.moodle_gateway import MoodleGatewayContract
from mzi_adapters.testing.contracts.moodle_gateway_campus import Campus
from mzi_adapters.testing.loopback import serving
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.web import LoopTimer
from mzi_adapters.web.aiohttp_transport import open_transport
from mzi_core.values import MoodleId

CATEGORY = MoodleId(1)
"""The category a Moodle is installed with."""


@pytest.fixture(params=["memory", "mariadb", "loopback", pytest.param("live", marks=pytest.mark.live)])
async def campus(request: pytest.FixtureRequest) -> AsyncIterator[Campus]:
    """The client over each kind of site."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        if request.param == "live":
            given = live_account("moodle")
            account = MoodleAccount(given["url"], given["token"])
            client = MoodleClient(account, await enter(open_transport()), LoopTimer())
            category = MoodleId(int(given.get("category", CATEGORY)))
            found = Campus(client, category)
        elif request.param == "loopback":
            site = FakeMoodle(token=TOKEN)
            server = await enter(serving(site))
            site.url = server.url
            client = MoodleClient(
                MoodleAccount(server.url, TOKEN), await enter(open_transport()), LoopTimer()
            )
            found = Campus(client, CATEGORY, site)
        else:
            site = FakeMoodle(token=TOKEN, database="mariadb" if request.param == "mariadb" else "postgresql")
            found = Campus(client_of(site), CATEGORY, site)
        yield found
        await found.clear()


class TestMoodleGateway(MoodleGatewayContract):
    """The whole binding."""
