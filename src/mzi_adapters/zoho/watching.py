"""Watch channels: Zoho tells of changes for a week at most, and for an hour where more is asked for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mzi_adapters.web import Failure
from mzi_adapters.zoho.answers import Json, bad, moment, objects, part, text, written
from mzi_adapters.zoho.calling import ApiCall, ZohoCaller
from mzi_adapters.zoho.refusals import rejected
from mzi_adapters.zoho.together import chunks
from mzi_core.ports import Channel, Rejected, Watching

MOST = 50
LONGEST = timedelta(days=7)
LONGEST_TOKEN = 50
SLACK = timedelta(minutes=5)
"""How much earlier than asked for an end may be before it counts as shortened."""

_PATH = "/crm/v8/actions/watch"


class ZohoWatching:
    """The part of the gateway that makes, renews and ends channels.

    A channel is known by its id, so everything may be sent twice.
    """

    caller: ZohoCaller

    async def watch(self, channels: Sequence[Channel]) -> Sequence[Watching | Rejected[str]]:
        """Create them; what is refused is tried alone as a renewal, for it may be there already."""
        for channel in channels:
            if not 0 < len(channel.token) <= LONGEST_TOKEN:
                raise ValueError(f"The token of a channel has 1 to {LONGEST_TOKEN} characters.")
        found: list[Watching | Rejected[str]] = []
        for some in chunks(channels, MOST):
            for channel, result in zip(some, await self._put_channels("POST", some), strict=True):
                refused = isinstance(result, Rejected)
                found += await self._put_channels("PUT", [channel]) if refused else [result]
        return found

    async def unwatch(self, channel_ids: Sequence[str]) -> None:
        """End channels, each call for many; what Zoho does not know is ended."""
        for some in chunks(dict.fromkeys(channel_ids), MOST):
            await self.caller.ask(
                ApiCall(
                    method="DELETE",
                    path=_PATH,
                    query=(("channel_ids", ",".join(some)),),
                    doing="ending watch channels",
                    unanswered=Failure.KEYED_WRITE_UNANSWERED,
                    items=len(some),
                    listed="watch",
                )
            )

    async def _put_channels(self, method: str, channels: Sequence[Channel]) -> list[Watching | Rejected[str]]:
        now = self.caller.clock.now()
        call = ApiCall(
            method=method,
            path=_PATH,
            body={"watch": [_wire(channel, now) for channel in channels]},
            doing="watching for changes",
            unanswered=Failure.KEYED_WRITE_UNANSWERED,
            items=len(channels),
            listed="watch",
        )
        items = objects((await self.caller.ask(call)).body, "watch")
        return [_result(channel, item, now) for channel, item in zip(channels, items, strict=True)]


def _wire(channel: Channel, now: datetime) -> Json:
    """A later end than Zoho's latest would silently become one hour."""
    ends = min(channel.expires_at, now + LONGEST - SLACK)
    return {
        "channel_id": channel.id,
        "events": list(channel.events),
        "channel_expiry": written(ends),
        "token": channel.token,
        "notify_url": channel.notify_url,
        "return_affected_field_values": False,
        "notify_on_related_action": False,
    }


def _result(channel: Channel, item: Json, now: datetime) -> Watching | Rejected[str]:
    if text(item, "status") != "success":
        return rejected(item)
    ends = [
        at
        for each in objects(part(item, "details"), "events")
        if (at := moment(each.get("channel_expiry"))) is not None
    ]
    if not ends:
        raise bad("a watch channel was taken and its end is not told.")
    end = min(ends)
    return Watching(
        channel_id=channel.id,
        expires_at=end,
        renew_at=now + (end - now) / 2,
        shortened=end < min(channel.expires_at, now + LONGEST) - 2 * SLACK,
    )
