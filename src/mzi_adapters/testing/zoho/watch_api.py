"""Watch channels: subscribed, shortened, renewed, ended; and the callbacks they would make."""

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from mzi_adapters.testing.zoho.answers import ApiError, Json, empty, error, results, said
from mzi_adapters.testing.zoho.calls import ReceivedCall, id_in
from mzi_adapters.testing.zoho.changes import ZohoChange
from mzi_adapters.testing.zoho.organization import FakeOrganization
from mzi_adapters.web.transport import Response

LONGEST = timedelta(days=7)
SHORT = timedelta(hours=1)
"""What a channel gets that asks for nothing, or for too much."""
AT_ONCE = 50
TOKEN = 50
_EVENT = {"insert": "create", "update": "edit", "delete": "delete"}
_OPERATIONS = frozenset({"all", *_EVENT.values()})
_SUBSCRIBED = "Successfully subscribed for actions-watch of the given module"


@attrs.define
class Subscription:
    """One channel."""

    id: str
    events: tuple[str, ...]
    expires: datetime
    url: str
    token: str | None


@attrs.frozen
class Callback:
    """What Zoho posts to a notification URL. It tries once."""

    url: str
    body: Json


@attrs.define
class WatchApi:
    """`/actions/watch` over an organisation."""

    organization: FakeOrganization
    resource: str = "https://www.zohoapis.eu/crm/v8/"
    """What resource URIs begin with."""
    channels: dict[str, Subscription] = attrs.field(factory=dict)
    callbacks: list[Callback] = attrs.field(factory=list)
    """Every callback made so far; writes that ran no workflow make theirs all the same."""

    def subscribe(self, call: ReceivedCall) -> Response:
        """`POST`: a channel that is there already is replaced."""
        return self._each(call, 201, self._take)

    def renew(self, call: ReceivedCall) -> Response:
        """`PUT`: everything anew, for channels that are there."""
        return self._each(call, 200, self._known)

    def change(self, call: ReceivedCall) -> Response:
        """`PATCH`: what is given changes; with `_delete_events` the given events end."""
        return self._each(call, 200, self._change)

    def _each(self, call: ReceivedCall, whole: int, take: Callable[[Json, str], Json]) -> Response:
        given = call.body().get("watch")
        if not isinstance(given, list) or not given or not all(isinstance(each, dict) for each in given):
            raise ApiError(400, "INVALID_DATA", "invalid data", {"json_path": "$.watch"})
        if len(given) > AT_ONCE:
            raise ApiError(400, "LIMIT_REACHED", "too many channels", {"maximum_length": AT_ONCE})
        items = [take(each, f"$.watch[{place}]") for place, each in enumerate(given)]
        return results(items, whole=whole, key="watch")

    def _known(self, given: Json, path: str) -> Json:
        if str(given.get("channel_id")) not in self.channels:
            details = {"api_name": "channel_id", "json_path": f"{path}.channel_id"}
            return error("NOT_SUBSCRIBED", "the given channel is not subscribed", details)
        return self._take(given, path)

    def _change(self, given: Json, path: str) -> Json:
        channel = self.channels.get(str(given.get("channel_id")))
        if channel is None:
            return self._known(given, path)
        if not given.get("_delete_events"):
            before: Json = {
                "notify_url": channel.url,
                "events": list(channel.events),
                "token": channel.token,
                "channel_expiry": self.organization.moment(channel.expires),
            }
            return self._take({**before, **given}, path)
        ended = given.get("events")
        channel.events = tuple(e for e in channel.events if not isinstance(ended, list) or e not in ended)
        if not channel.events:
            del self.channels[channel.id]
        return self._success(channel)

    def _take(self, given: Json, path: str) -> Json:
        wrong = self._wrong(given, path)
        if wrong is not None:
            return wrong
        events, token = given["events"], given.get("token")
        channel = Subscription(
            id=str(given["channel_id"]),
            events=tuple(events) if isinstance(events, list) else (),
            expires=self._expiry(given.get("channel_expiry")),
            url=str(given["notify_url"]),
            token=None if token is None else str(token),
        )
        self.channels[channel.id] = channel
        return self._success(channel)

    def _expiry(self, given: object) -> datetime:
        """What was asked for, unless it is missing or more than a week away: then one hour, silently."""
        now = self.organization.now()
        if given is None:
            return now + SHORT
        asked = datetime.fromisoformat(str(given))
        return asked if asked - now <= LONGEST else now + SHORT

    def _wrong(self, given: Json, path: str) -> Json | None:
        for name in ("channel_id", "notify_url", "events"):
            if not given.get(name):
                details: Json = {"api_name": name, "json_path": f"{path}.{name}"}
                return error("MANDATORY_NOT_FOUND", "required field not found", details)
        token, events = given.get("token"), given["events"]
        if token is not None and (not isinstance(token, str) or len(token) > TOKEN):
            return _invalid("token", path, maximum_length=TOKEN)
        if id_in(given["channel_id"]) is None:
            return _invalid("channel_id", path, expected_data_type="long")
        if not isinstance(events, list) or not all(self._event(event) for event in events):
            return _invalid("events", path)
        if not _is_ahead(given.get("channel_expiry"), self.organization.now()):
            return _invalid("channel_expiry", path, expected_data_type="datetime")
        return None

    def _event(self, event: object) -> bool:
        module, _, operation = str(event).rpartition(".")
        return module in self.organization.tables and operation in _OPERATIONS

    def list(self, call: ReceivedCall) -> Response:
        """`GET`: the channels that still live, 204 for none."""
        now = self.organization.now()
        wanted = call.query.get("channel_id")
        found = [c for c in self.channels.values() if c.expires > now and wanted in (None, c.id)]
        if not found:
            return empty(204)
        shown = [
            {
                "channel_id": channel.id,
                "events": list(channel.events),
                "channel_expiry": self.organization.moment(channel.expires),
                "notify_url": channel.url,
                "token": channel.token,
            }
            for channel in found
        ]
        info = {"per_page": 200, "count": len(shown), "page": 1, "more_records": False}
        return said(200, {"watch": shown, "info": info})

    def end(self, call: ReceivedCall) -> Response:
        """`DELETE ?channel_ids=…`."""
        ids = [each for each in call.query.get("channel_ids", "").split(",") if each]
        if not ids:
            message = "One of the expected parameter is missing"
            raise ApiError(400, "EXPECTED_PARAM_MISSING", message, {"param_name": "channel_ids"})
        items: list[Json] = []
        for place, channel_id in enumerate(ids):
            channel = self.channels.pop(channel_id, None)
            if channel is None:
                details: Json = {"api_name": "channel_ids", "json_path": f"$.channel_ids[{place}]"}
                items.append(error("NOT_SUBSCRIBED", "the given channel is not subscribed", details))
            else:
                uri, table = self._resource(channel.events[0])
                ended: Json = {"resource_uri": uri, "resource_id": table, "channel_id": channel_id}
                message = "Successfully un-subscribed"
                items.append({"code": "SUCCESS", "details": ended, "message": message, "status": "success"})
        return results(items, whole=200, key="watch")

    def _resource(self, event: str) -> tuple[str, str]:
        module = event.rpartition(".")[0]
        return f"{self.resource}{module}", self.organization.tables[module].id

    def _success(self, channel: Subscription) -> Json:
        told = []
        for event in channel.events:
            uri, table = self._resource(event)
            told.append(
                {
                    "channel_expiry": self.organization.moment(channel.expires),
                    "resource_uri": uri,
                    "resource_id": table,
                    "resource_name": event.rpartition(".")[0],
                    "channel_id": channel.id,
                }
            )
        return {"code": "SUCCESS", "details": {"events": told}, "message": _SUBSCRIBED, "status": "success"}

    def notice(self, change: ZohoChange) -> None:
        """Call back whoever watches this."""
        now = self.organization.now()
        wanted = {f"{change.module}.all", f"{change.module}.{_EVENT[change.operation]}"}
        for channel in self.channels.values():
            if channel.expires > now and wanted & set(channel.events):
                body: Json = {
                    "server_time": int(now.timestamp() * 1000),
                    "query_params": {},
                    "module": change.module,
                    "resource_uri": f"{self.resource}{change.module}",
                    "ids": [change.record],
                    "affected_fields": [{change.record: list(change.fields)}],
                    "operation": change.operation,
                    "channel_id": channel.id,
                    "token": channel.token,
                }
                self.callbacks.append(Callback(channel.url, body))


def _is_ahead(given: object, now: datetime) -> bool:
    """Whether a channel's end, if one is asked for, is a moment still to come."""
    if given is None:
        return True
    try:
        asked = datetime.fromisoformat(str(given))
    except ValueError:
        return False
    return asked.tzinfo is not None and asked > now


def _invalid(name: str, path: str, **more: object) -> Json:
    return error("INVALID_DATA", "invalid data", {"api_name": name, "json_path": f"{path}.{name}", **more})
