"""Watch channels under a Zoho that shortens them, refuses some, or loses its answers."""

import json
from datetime import timedelta

import attrs
from tests.gateways.zoho.given import World

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.zoho_gateway_remote import GRADES
from mzi_adapters.testing.contracts.zoho_gateway_watching import channel
from mzi_adapters.testing.faults import Reset
from mzi_adapters.web import Request, Response
from mzi_core.errors import AccessRefused
from mzi_core.ports import Rejected, Watching


@attrs.frozen
class Shortening:
    """A Zoho that gives every channel one hour, whatever was asked for."""

    world: World

    async def send(self, request: Request) -> Response:
        if request.url.endswith("/watch") and request.body:
            body = json.loads(request.body)
            for each in body["watch"]:
                each["channel_expiry"] = None
            request = attrs.evolve(request, body=json.dumps(body).encode())
        return await self.world.zoho.send(request)


async def test_the_hour_in_place_of_a_week_is_noticed() -> None:
    """The channel is marked, and is to be renewed within that hour."""
    world = World()
    now = world.timer.now()
    async with world.client(wire=Shortening(world)) as client:
        (found,) = await client.watch([channel(1, now + timedelta(days=6))])
    assert isinstance(found, Watching)
    assert found.shortened
    assert found.renew_at < found.expires_at <= world.timer.now() + timedelta(hours=1)


async def test_a_channel_is_to_be_renewed_at_half_its_life() -> None:
    """Long before it ends."""
    world = World()
    async with world.client() as client:
        (found,) = await client.watch([channel(1, world.timer.now() + timedelta(days=4))])
    assert isinstance(found, Watching)
    assert not found.shortened
    assert abs(found.renew_at - (world.timer.now() + timedelta(days=2))) < timedelta(minutes=1)


async def test_a_refused_channel_is_tried_once_more_alone() -> None:
    """As a renewal; those that were taken are not sent again."""
    world = World()
    ends = world.timer.now() + timedelta(days=1)
    wanted = [channel(1, ends), channel(2, ends, "No_Such_Module.all"), channel(3, ends)]
    async with world.client() as client:
        found = await client.watch(wanted)
    assert [type(each) for each in found] == [Watching, Rejected, Watching]
    sent = [json.loads(each.body or b"")["watch"] for each in world.sent(path="/watch")]
    assert [[each["channel_id"] for each in some] for some in sent] == [
        [each.id for each in wanted],
        [wanted[1].id],
    ]


async def test_more_channels_than_one_call_takes() -> None:
    """Fifty a call."""
    world = World()
    ends = world.timer.now() + timedelta(days=1)
    async with world.client() as client:
        found = await client.watch([channel(n, ends) for n in range(120)])
        assert len(world.zoho.watching.channels) == 120
        await client.unwatch([each.channel_id for each in found if isinstance(each, Watching)])
    assert world.zoho.watching.channels == {}
    assert len(world.sent("POST", "/watch")) == len(world.sent("DELETE", "/watch")) == 3


async def test_a_lost_answer_is_asked_for_again() -> None:
    """A channel is known by its id, so it is there once."""
    world = World()
    world.faults.when(lambda request: request.url.endswith("/watch"), Reset(applied=True))
    async with world.client() as client:
        (found,) = await client.watch([channel(1, world.timer.now() + timedelta(days=1))])
        assert isinstance(found, Watching)
        world.faults.when(lambda request: request.method == "DELETE", Reset(applied=True))
        await client.unwatch([found.channel_id])
    assert world.zoho.watching.channels == {}


async def test_a_missing_scope_is_an_error_of_the_call() -> None:
    """Not of each channel."""
    world = World()
    world.zoho.accounts.scopes = ("ZohoCRM.modules.ALL",)
    async with world.client() as client:
        with raises(AccessRefused):
            await client.watch([channel(1, world.timer.now() + timedelta(days=1))])


async def test_what_is_watched_is_told() -> None:
    """To the address that was given, with the token that was given."""
    world = World()
    async with world.client() as client:
        wanted = channel(1, world.timer.now() + timedelta(days=1))
        await client.watch([wanted])
    world.zoho.edit(GRADES, world.zoho.add(GRADES, {}), {"Grader_Name": "Rana"})
    (callback,) = world.zoho.watching.callbacks
    assert (callback.url, callback.body["token"]) == (wanted.notify_url, wanted.token)
