"""Get, list, count and the deleted list."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count, islice

import attrs

from mzi_adapters.testing.zoho.answers import ApiError, Json, empty, said
from mzi_adapters.testing.zoho.calls import ReceivedCall, id_in, moment_of
from mzi_adapters.testing.zoho.module_tables import Row, Table
from mzi_adapters.testing.zoho.organization import FakeOrganization
from mzi_adapters.web.transport import Response

PER_PAGE = 200
BY_PAGE = 2_000
REACHABLE = 100_000
FIELDS = 50
TOKEN_LIVES = timedelta(hours=24)
_SORTABLE = ("id", "Created_Time", "Modified_Time")


@attrs.frozen
class PageToken:
    """Where a listing goes on, for one set of parameters."""

    bound_to: frozenset[tuple[str, str]]
    after: Row
    served: int
    ends: datetime


@attrs.define
class ReadApi:
    """The read operations over an organisation."""

    organization: FakeOrganization
    tokens: dict[str, PageToken] = attrs.field(factory=dict)
    _serial: "count[int]" = attrs.field(factory=lambda: count(1), init=False)

    def get(self, call: ReceivedCall) -> Response:
        """`GET /{module}/{id}`: 204 for an id nobody has."""
        table = self.organization.table(call.path["module"])
        given = call.path["id"]
        row_id = id_in(given)
        if row_id is None:
            raise ApiError(400, "INVALID_DATA", "the id given seems to be invalid", {"id": given})
        row = table.rows.get(row_id)
        return empty(204) if row is None else said(200, {"data": [self.organization.whole(table, row)]})

    def list(self, call: ReceivedCall) -> Response:
        """`GET /{module}`: by page up to 2,000 records, behind that by page token."""
        table = self.organization.table(call.path["module"])
        names = _names(call)
        per_page = call.number("per_page", PER_PAGE, PER_PAGE)
        sort_by, descending = _order(call)
        since = moment_of(call, "if-modified-since")
        rows = _sorted(table, sort_by, descending)
        if "ids" in call.query:
            wanted = {id_in(each) for each in call.query["ids"].split(",")}
            rows = (row for row in rows if row.id in wanted)
        token = self._token(call)
        if token is not None:
            filtered = "ids" in call.query
            rows = _behind(
                table, rows, token.after, sort_by=sort_by, descending=descending, filtered=filtered
            )
            served = token.served
        else:
            served = (call.number("page", 1) - 1) * per_page
            if served + per_page > BY_PAGE:
                details: Json = {"limit": BY_PAGE, "param_name": "page"}
                raise ApiError(
                    400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", "use page_token from here on", details
                )
        if since is not None:
            rows = (row for row in rows if row.modified >= since.replace(microsecond=0))
        if token is None:
            rows = islice(rows, served, None)
        found = list(islice(rows, per_page + 1))
        if not found:
            return empty(204 if since is None else 304)
        if served >= REACHABLE:
            details = {"limit": REACHABLE}
            raise ApiError(
                400, "PAGINATION_LIMIT_EXCEEDED", "records beyond the limit need bulk read", details
            )
        page, more = found[:per_page], len(found) > per_page
        info: Json = {
            "call": False,
            "email": False,
            "per_page": per_page,
            "count": len(page),
            "page": served // per_page + 1,
            "sort_by": sort_by,
            "sort_order": "desc" if descending else "asc",
            "more_records": more,
            **self._next(call, page[-1], served + len(page), more),
        }
        return said(200, {"data": [self.organization.shown(table, row, names) for row in page], "info": info})

    def _next(self, call: ReceivedCall, last: Row, served: int, more: bool) -> Json:
        if not more:
            return {"next_page_token": None, "previous_page_token": None, "page_token_expiry": None}
        ends = self.organization.now() + TOKEN_LIVES
        token = f"{next(self._serial):032x}"
        self.tokens[token] = PageToken(_bound(call), last, served, ends)
        expiry = self.organization.moment(ends)
        return {"next_page_token": token, "previous_page_token": None, "page_token_expiry": expiry}

    def _token(self, call: ReceivedCall) -> PageToken | None:
        given = call.query.get("page_token")
        if given is None:
            return None
        if "page" in call.query:
            message = "page and page_token cannot be given together"
            raise ApiError(
                400, "AMBIGUITY_DURING_PROCESSING", message, {"param_names": ["page", "page_token"]}
            )
        token = self.tokens.get(given)
        if token is None:
            raise ApiError(400, "INVALID_DATA", "invalid page_token", {"param_name": "page_token"})
        if self.organization.now() >= token.ends:
            raise ApiError(400, "EXPIRED_VALUE", "the page_token is expired", {"param_name": "page_token"})
        if token.bound_to != _bound(call):
            message = "the page_token belongs to other parameters"
            raise ApiError(400, "TOKEN_BOUND_DATA_MISMATCH", message, {"param_name": "page_token"})
        return token

    def deleted(self, call: ReceivedCall) -> Response:
        """`GET /{module}/deleted`: who deleted it, when, and whether it is still in the recycle bin."""
        table = self.organization.table(call.path["module"])
        per_page, page = call.number("per_page", PER_PAGE, PER_PAGE), call.number("page", 1)
        kind = call.query.get("type", "all")
        if kind not in ("all", "recycle", "permanent"):
            raise ApiError(400, "INVALID_DATA", "the type given seems to be invalid", {"param_name": "type"})
        since = moment_of(call, "if-modified-since")
        found = [
            gone
            for gone in table.gone
            if kind in ("all", "permanent" if gone.permanently else "recycle")
            and (since is None or gone.at >= since.replace(microsecond=0))
        ]
        shown = found[(page - 1) * per_page : page * per_page]
        if not shown:
            return empty(204)
        data = []
        for gone in shown:
            known = not gone.permanently  # of what is gone for good, nobody is named
            data.append(
                {
                    "id": str(gone.id),
                    "display_name": gone.name if known else None,
                    "type": "recycle" if known else "permanent",
                    "deleted_time": self.organization.moment(gone.at),
                    "deleted_by": {"name": gone.by.name, "id": gone.by.id} if known else None,
                    "created_by": {"name": gone.created_by.name, "id": gone.created_by.id} if known else None,
                }
            )
        more = len(found) > page * per_page
        info = {"per_page": per_page, "count": len(data), "page": page, "more_records": more}
        return said(200, {"data": data, "info": info})


def _names(call: ReceivedCall) -> list[str]:
    names = [name for name in call.query.get("fields", "").split(",") if name]
    if not names:
        message = "One of the expected parameter is missing"
        raise ApiError(400, "REQUIRED_PARAM_MISSING", message, {"param_name": "fields"})
    if len(names) > FIELDS:
        raise ApiError(
            400, "LIMIT_EXCEEDED", "fields limit exceeded", {"param_name": "fields", "limit": FIELDS}
        )
    return names


def _order(call: ReceivedCall) -> tuple[str, bool]:
    sort_by = call.query.get("sort_by", "id")
    if sort_by not in _SORTABLE:
        details: Json = {"param_name": "sort_by", "supported_values": list(_SORTABLE)}
        raise ApiError(400, "INVALID_DATA", "the sort_by given seems to be invalid", details)
    if "cvid" in call.query and "sort_by" in call.query:
        message = "cvid and sort_by cannot be given together"
        raise ApiError(400, "AMBIGUITY_DURING_PROCESSING", message, {"param_names": ["cvid", "sort_by"]})
    return sort_by, call.query.get("sort_order", "desc") != "asc"


def _bound(call: ReceivedCall) -> frozenset[tuple[str, str]]:
    """What a page token holds fast: every parameter but the paging itself, and the moment asked about."""
    kept = {(k, v) for k, v in call.query.items() if k not in ("page", "page_token")}
    return frozenset(kept | {("", call.path["module"]), (" ", call.header("if-modified-since") or "")})


def _place(row: Row, sort_by: str) -> tuple[datetime | int, int]:
    if sort_by == "id":
        return row.id, row.id
    return (row.created if sort_by == "Created_Time" else row.modified), row.id


def _sorted(table: Table, sort_by: str, descending: bool) -> Iterable[Row]:
    if sort_by == "id":
        order = reversed(table.order) if descending else iter(table.order)
        return (table.rows[row_id] for row_id in order)
    return sorted(table.rows.values(), key=lambda row: _place(row, sort_by), reverse=descending)


def _behind(
    table: Table, rows: Iterable[Row], last: Row, *, sort_by: str, descending: bool, filtered: bool
) -> Iterator[Row]:
    """The records behind the last one shown; those of a plain listing by id without walking there."""
    if sort_by == "id" and not filtered:
        return table.before(last.id) if descending else table.after(last.id)
    edge = _place(last, sort_by)
    return (row for row in rows if (_place(row, sort_by) < edge) == descending and row.id != last.id)
