"""The client over a real socket on which things go wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
from tests.gateways.zoho.given import TOKEN_PATH, World

from mzi_adapters.testing.contracts.zoho_gateway_remote import (
    GRADES,
    KEY,
    NOBODY,
    PLAIN,
    applied,
    applied_ids,
)
from mzi_adapters.testing.faults import Fault, Reset, Short, Silence, Trickle, says
from mzi_adapters.testing.loopback import Detour, Loopback, serving
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.web import Request, Response, Transport
from mzi_adapters.web.aiohttp_transport import open_transport
from mzi_adapters.zoho import ZohoClient
from mzi_core.ports import Unknown
from mzi_core.values import ZohoId


@attrs.frozen
class Impatient:
    """Gives up after so many seconds, as the client itself does after a minute."""

    wire: Transport
    seconds: float

    async def send(self, request: Request) -> Response:
        return await self.wire.send(attrs.evolve(request, timeout=self.seconds))


@asynccontextmanager
async def over_a_socket(world: World, *, seconds: float = 0.5) -> AsyncIterator[tuple[ZohoClient, Loopback]]:
    """A client that reaches the world's fake through a server, and waits so long for an answer."""
    world.timer.patience = 0.02
    world.zoho.latency = 0
    async with (
        serving(world.zoho, world.faults) as server,
        open_transport() as wire,
        world.client(wire=Impatient(Detour(wire, server), seconds)) as client,
    ):
        yield client, server


def sent(server: Loopback, method: str) -> list[Request]:
    """What the server saw of a method, tokens apart."""
    return [each for each in server.seen if each.method == method and not each.url.endswith(TOKEN_PATH)]


LOST = {
    "a reset": Reset(applied=True),
    "a short body": Short(),
    "silence": Silence(),
    "a byte now and then": Trickle(pause=0.3),
    "an error": says(500, b"{}", applied=True),
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
async def test_a_change_by_id_is_sent_once(fault: Fault) -> None:
    """Nothing below the client sends it again either."""
    world = World(timer=VirtualTimer())
    zoho_id = world.zoho.add(GRADES, {KEY: "one"})
    world.faults.when(lambda request: request.method == "PUT", fault)
    async with over_a_socket(world) as (client, server):
        found = await client.update(GRADES, {"id": zoho_id, "Grader_Name": "Rana"})
    assert isinstance(found, Unknown)
    assert len(sent(server, "PUT")) == 1


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
async def test_an_upsert_is_done_again_by_key(fault: Fault) -> None:
    """One record, and its id is told."""
    world = World()
    world.faults.when(lambda request: request.url.endswith("/upsert"), fault)
    async with over_a_socket(world) as (client, server):
        (found,) = await client.upsert(GRADES, [{KEY: "key 1"}], by=[KEY])
    assert applied_ids([found]) == list(world.zoho.records(GRADES))
    assert len(sent(server, "POST")) == 2


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
async def test_a_deletion_is_settled_by_reading(fault: Fault) -> None:
    """What was deleted is gone."""
    world = World()
    zoho_id = ZohoId(world.zoho.add(GRADES, {KEY: "one"}))
    world.faults.when(lambda request: request.method == "DELETE", fault)
    async with over_a_socket(world) as (client, server):
        (found,) = await client.delete(GRADES, [zoho_id])
    assert applied_ids([found]) == [zoho_id]
    assert world.zoho.records(GRADES) == {}
    assert len(sent(server, "DELETE")) == 1


async def test_two_hundred_callers_pass_through_few_places() -> None:
    """The server never sees more than twenty of them at once."""
    world = World()
    async with over_a_socket(world, seconds=60) as (client, server):  # on a busy machine, too
        await asyncio.gather(*(client.get(GRADES, NOBODY) for _ in range(200)))
    assert server.most_at_once <= 20
    assert len(sent(server, "GET")) == 200


@pytest.mark.parametrize(
    "value", ["O'Neil", "a+b@c.example", "100 %", "رنا & sons", "x%2Cy", "A;B,C=D?#"], ids=repr
)
async def test_values_arrive_as_they_are(value: str) -> None:
    """However they must be spelt on the way."""
    world = World()
    async with over_a_socket(world) as (client, _):
        applied((await client.upsert(GRADES, [{KEY: value}], by=[KEY]))[0])
        assert list(await client.find(GRADES, KEY, [value], PLAIN)) == [value]
