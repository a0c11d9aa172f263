"""Watch channels: made, renewed, ended."""

from datetime import UTC, datetime, timedelta

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.zoho_gateway_remote import GRADES, Remote
from mzi_core.ports import Channel, Rejected, Watching, ZohoGateway

URL = "https://sync.college.example/zoho/events"


def channel(number: int, ends: datetime, *events: str, token: str = "a token") -> Channel:  # noqa: S107
    """A channel that watches grades."""
    return Channel(
        id=str(1_000_000_068_000 + number),
        events=events or (f"{GRADES}.all",),
        expires_at=ends,
        token=token,
        notify_url=URL,
    )


class WatchingPromises:
    """A channel lives as long as it is told, and what is wrong with one is its own affair."""

    async def _now(self, gateway: ZohoGateway) -> datetime:
        """Zoho's own present: half-way through the life of a channel that is renewed at half its life."""
        (found,) = await gateway.watch([channel(0, datetime.now(UTC) + timedelta(days=3000))])
        assert isinstance(found, Watching)
        return found.renew_at - (found.expires_at - found.renew_at)

    async def test_a_channel_is_made_and_renewed(self, remote: Remote) -> None:
        """By the same call, and it ends when it was asked to."""
        now = (await self._now(remote.gateway)).replace(microsecond=0)
        for hours in (24, 48):
            ends = now + timedelta(hours=hours)
            (found,) = await remote.gateway.watch([channel(1, ends)])
            assert isinstance(found, Watching)
            assert found.expires_at == ends
            assert not found.shortened
            assert now < found.renew_at < found.expires_at
        await remote.gateway.unwatch([channel(1, now).id])

    async def test_more_than_a_week_is_a_week_and_not_an_hour(self, remote: Remote) -> None:
        """Zoho silently makes an hour of it."""
        now = await self._now(remote.gateway)
        (found,) = await remote.gateway.watch([channel(2, now + timedelta(days=30))])
        assert isinstance(found, Watching)
        assert timedelta(days=6, hours=12) < found.expires_at - now <= timedelta(days=7)
        await remote.gateway.unwatch(["1000000068002"])

    async def test_one_refused_channel_does_not_hold_up_the_others(self, remote: Remote) -> None:
        """It has its reason."""
        ends = await self._now(remote.gateway) + timedelta(hours=24)
        wanted = [channel(3, ends), channel(4, ends, "No_Such_Module.all"), channel(5, ends)]
        found = await remote.gateway.watch(wanted)
        taken = [each.channel_id if isinstance(each, Watching) else None for each in found]
        assert taken == [wanted[0].id, None, wanted[2].id]
        assert isinstance(found[1], Rejected)
        assert found[1].reasons
        await remote.gateway.unwatch([each.id for each in wanted])

    async def test_ending_what_was_never_there_is_no_error(self, remote: Remote) -> None:
        """It is as it was to be."""
        await remote.gateway.unwatch(["1000000068099"])
        await remote.gateway.unwatch([])

    async def test_a_token_zoho_would_cut_is_refused(self, remote: Remote) -> None:
        """Before anything is sent; and it shows in no description of the channel."""
        wanted = channel(6, datetime.now(UTC) + timedelta(hours=1), token="t" * 51)
        with raises(ValueError):
            await remote.gateway.watch([wanted])
        assert wanted.token not in repr(wanted)
