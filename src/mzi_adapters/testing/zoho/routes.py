"""The operations of the API: where they are, what they cost, and which scopes they need."""

from collections.abc import Callable, Sequence

import attrs

from mzi_adapters.testing.zoho.answers import ApiError
from mzi_adapters.testing.zoho.bulk_read_api import BulkReadApi
from mzi_adapters.testing.zoho.calls import ReceivedCall
from mzi_adapters.testing.zoho.coql import CoqlApi, asked
from mzi_adapters.testing.zoho.metadata_api import MetadataApi
from mzi_adapters.testing.zoho.read_api import ReadApi
from mzi_adapters.testing.zoho.searching import Searching
from mzi_adapters.testing.zoho.watch_api import WatchApi
from mzi_adapters.testing.zoho.write_api import WriteApi
from mzi_adapters.web.transport import Response

_BATCH = 10
_COQL_STEPS = (200, 1_000)
_MODULES = ("ZohoCRM.modules.ALL", "ZohoCRM.modules.{module}.ALL")
_SEARCH = ("ZohoSearch.securesearch.READ",)
_BULK_READ = ("ZohoCRM.bulk.ALL", "ZohoCRM.bulk.READ")
_WATCH = ("ZohoCRM.notifications.ALL",)
_BULK_READ_COST = 50


_VARYING: dict[str, tuple[str, Callable[[str], bool]]] = {
    "{module}": ("module", lambda part: part.replace("_", "m").isalnum()),
    "{id}": ("id", bool),
    "{number}": ("id", str.isdigit),
}
"""The parts of a path that vary: the name they are known by, and what they can be."""


@attrs.frozen
class Route:
    """A method and the parts of a path, what answers there, its cost, and whether few may run at once."""

    method: str
    parts: Sequence[str]
    answers: Callable[[ReceivedCall], Response]
    scopes: tuple[tuple[str, ...], ...]
    """One of each group is needed."""
    cost: Callable[[ReceivedCall], int]
    heavy: Callable[[ReceivedCall], bool]

    def named(self, path: str) -> dict[str, str] | None:
        """The parts of this path that vary, by name; None for a path that leads elsewhere."""
        given = path.split("/")
        if len(given) != len(self.parts):
            return None
        found = {}
        for wanted, part in zip(self.parts, given, strict=True):
            if wanted in _VARYING:
                name, can_be = _VARYING[wanted]
                if not can_be(part):
                    return None
                found[name] = part
            elif part != wanted:
                return None
        return found


def routes(
    *,
    reading: ReadApi,
    writing: WriteApi,
    searching: Searching,
    coql: CoqlApi,
    bulk: BulkReadApi,
    watching: WatchApi,
    settings: MetadataApi,
) -> list[Route]:
    """Every operation; where several paths fit, the first is meant."""
    module = "/crm/v8/{module}"
    record = f"{module}/{{id}}"
    return [
        _route("GET", "/crm/v8/settings/modules", settings.modules, _settings("modules")),
        _route("GET", "/crm/v8/settings/fields", settings.fields, _settings("fields")),
        _route("GET", "/crm/v8/org", settings.org, ("ZohoCRM.org.ALL", "ZohoCRM.org.READ")),
        _route("GET", "/crm/v8/users", settings.users, ("ZohoCRM.users.ALL", "ZohoCRM.users.READ")),
        _route("GET", "/crm/v8/actions/watch", watching.list, _WATCH),
        _route("POST", "/crm/v8/actions/watch", watching.subscribe, _WATCH),
        _route("PUT", "/crm/v8/actions/watch", watching.renew, _WATCH),
        _route("PATCH", "/crm/v8/actions/watch", watching.change, _WATCH),
        _route("DELETE", "/crm/v8/actions/watch", watching.end, _WATCH),
        _route("POST", "/crm/bulk/v8/read", bulk.create, _BULK_READ, cost=lambda call: _BULK_READ_COST),
        _route("GET", "/crm/bulk/v8/read/{number}", bulk.status, _BULK_READ),
        _route("GET", "/crm/bulk/v8/read/{number}/result", bulk.download, _BULK_READ),
        _route(
            "POST",
            "/crm/v8/coql",
            coql.select,
            ("ZohoCRM.coql.READ",),
            cost=_coql_cost,
            heavy=_always,
        ),
        _route("GET", f"{module}/search", searching.search, _MODULES, _SEARCH),
        _route("GET", f"{module}/actions/count", searching.count),
        _route("GET", f"{module}/deleted", reading.deleted, cost=lambda call: 2),
        _route("POST", f"{module}/upsert", writing.upsert, cost=_write_cost, heavy=_many),
        _route("GET", module, reading.list, cost=_list_cost, heavy=_ordered),
        _route("POST", module, writing.insert, cost=_write_cost, heavy=_many),
        _route("PUT", module, writing.update, cost=_write_cost, heavy=_many),
        _route("DELETE", module, writing.delete),
        _route("GET", record, reading.get),
        _route("PUT", record, writing.update),
        _route("DELETE", record, writing.delete),
    ]


def _one(call: ReceivedCall) -> int:
    return 1


def _settings(what: str) -> tuple[str, ...]:
    return ("ZohoCRM.settings.ALL", f"ZohoCRM.settings.{what}.ALL", f"ZohoCRM.settings.{what}.READ")


def _never(call: ReceivedCall) -> bool:
    return False


def _always(call: ReceivedCall) -> bool:
    return True


def _route(
    method: str,
    path: str,
    answers: Callable[[ReceivedCall], Response],
    *scopes: tuple[str, ...],
    cost: Callable[[ReceivedCall], int] = _one,
    heavy: Callable[[ReceivedCall], bool] = _never,
) -> Route:
    return Route(method, path.split("/"), answers, scopes or (_MODULES,), cost, heavy)


def _list_cost(call: ReceivedCall) -> int:
    return 3 if "cvid" in call.query else 1


def _ordered(call: ReceivedCall) -> bool:
    return "cvid" in call.query or "sort_by" in call.query


def _sent(call: ReceivedCall) -> int:
    try:
        data = call.body().get("data")
    except ApiError:
        return 0
    return len(data) if isinstance(data, list) else 0


def _many(call: ReceivedCall) -> bool:
    return _sent(call) > _BATCH


def _write_cost(call: ReceivedCall) -> int:
    return min(10, max(1, -(-_sent(call) // _BATCH)))


def _coql_cost(call: ReceivedCall) -> int:
    return 1 + sum(asked(call).limit > step for step in _COQL_STEPS)
