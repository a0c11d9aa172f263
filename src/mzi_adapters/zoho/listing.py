"""Get Records, by page to row 2,000 and from there by page token; and the deleted list, by page alone."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import datetime, timedelta
from math import inf

import attrs

from mzi_adapters.zoho.answers import Json, Said, bad, moment, text, written
from mzi_adapters.zoho.calling import ApiCall, ZohoCaller
from mzi_adapters.zoho.coql import CoqlReader, columns_of, named, place
from mzi_adapters.zoho.refusals import LOST_PLACE
from mzi_adapters.zoho.together import chunks, together
from mzi_core.errors import GatewayRefused, ProtocolError
from mzi_core.ports import Deleted
from mzi_core.values import ZohoId

PER_PAGE = 200
PAGES = 10
"""Pages that have a number; those behind them have a token."""

REACHED = 100_000
"""Records that a listing gives; what comes behind them is read by queries."""

IDLE = 10
"""Pages in a row without a record that is new, after which no further one is asked for."""

MOST_FIELDS = 50
MOST_IDS = 100

Query = tuple[tuple[str, str], ...]


@attrs.frozen(kw_only=True)
class Listing:
    """Reads whole modules by Get Records."""

    caller: ZohoCaller
    coql: CoqlReader

    async def pages(
        self, module: str, fields: Sequence[str], since: datetime | None, after: ZohoId | None
    ) -> AsyncGenerator[list[Json], None]:
        """By id ascending. Behind `after`, and behind a page token that no longer works, COQL goes on."""
        columns = columns_of(fields)
        last = after
        if last is None:
            first, *further = fields_of_calls(columns)
            call = self._call(named(module), first, since)
            idle = 0
            try:
                async for said in self._paged(call):
                    rows = [row for row in said.rows if last is None or place(text(row, "id")) > place(last)]
                    if not rows:
                        idle += 1
                        if idle == IDLE and said.info.get("more_records") is True:
                            raise _nothing_new(call)
                        continue
                    idle = 0
                    last = ZohoId(text(rows[-1], "id"))
                    yield modified_since(await self._widened(module, rows, further), since)
                return
            except GatewayRefused as refused:
                if refused.code not in LOST_PLACE or last is None:
                    raise
        async for page in self.coql.keyset(module, columns, since_criteria(since), after=last):
            yield page

    async def deleted(self, module: str, since: datetime | None) -> AsyncIterator[list[Deleted]]:
        """What is gone, in the order Zoho tells it; pages that go in circles are left."""
        call = ApiCall(
            method="GET",
            path=f"/crm/v8/{named(module)}/deleted",
            query=(("type", "all"), ("per_page", str(PER_PAGE))),
            headers={} if since is None else {"If-Modified-Since": written(since)},
            doing=f"reading what was deleted of {module}",
            credits=2,
        )
        kept: list[Deleted] = []
        number, renewed = 0, 1
        async for said in self._paged(call, numbered=inf):
            found = [_deleted(row) for row in said.rows]
            if found and found == kept:
                raise _nothing_new(call)
            number += 1
            if number == renewed:  # Brent: a circle of any length comes back to a page that is kept so
                kept, renewed = found, 2 * renewed
            page = [each for each in found if since is None or each.deleted_at >= _second(since)]
            if page:
                yield page

    def _call(self, module: str, fields: Sequence[str], since: datetime | None) -> ApiCall:
        return ApiCall(
            method="GET",
            path=f"/crm/v8/{module}",
            query=(
                ("fields", ",".join(fields)),
                ("per_page", str(PER_PAGE)),
                ("sort_by", "id"),
                ("sort_order", "asc"),
            ),
            headers={} if since is None else {"If-Modified-Since": written(since)},
            doing=f"listing {module}",
            heavy=True,
        )

    async def _paged(self, call: ApiCall, numbered: float = PAGES) -> AsyncIterator[Said]:
        """Every page; all parameters but the one that turns the page stay the same.

        `numbered`: how many of them have a number, before tokens turn them.
        """
        number, tokens = 1, {""}
        turn = ("page", "1")
        while True:
            said = await self.caller.ask(attrs.evolve(call, query=(*call.query, turn)))
            yield said
            if said.info.get("more_records") is not True:
                return
            number += 1
            if number <= numbered and (said.rows or numbered < inf):
                turn = ("page", str(number))
                continue
            token = text(said.info, "next_page_token")
            if token in tokens:
                raise bad(f"{call.doing}: there is more, and no way to it is told.")
            tokens.add(token)
            turn = ("page_token", token)

    async def _widened(self, module: str, rows: list[Json], further: Sequence[Sequence[str]]) -> list[Json]:
        """The same records with the fields that one call cannot carry; who went meanwhile is left out."""
        ids = [text(row, "id") for row in rows]
        for found in await together(self._of_all(module, fields, ids) for fields in further):
            rows = [{**row, **found[text(row, "id")]} for row in rows if text(row, "id") in found]
        return rows

    async def _of_all(self, module: str, fields: Sequence[str], ids: Sequence[str]) -> dict[str, Json]:
        parts = await together(self._of_ids(module, fields, part) for part in chunks(ids, MOST_IDS))
        return {text(row, "id"): row for part in parts for row in part}

    async def _of_ids(self, module: str, fields: Sequence[str], ids: Sequence[str]) -> list[Json]:
        call = self._call(module, fields, None)
        said = await self.caller.ask(attrs.evolve(call, query=(*call.query, ("ids", ",".join(ids)))))
        return said.rows


def _nothing_new(call: ApiCall) -> ProtocolError:
    return bad(f"{call.doing}: there is more, and its pages bring nothing new; try later.")


def fields_of_calls(columns: Sequence[str]) -> list[Sequence[str]]:
    """Which columns each call for the same records carries; the first is `id`, which all of them carry."""
    own, *others = columns
    return [(own, *part) for part in chunks(others, MOST_FIELDS - 1)]


def since_criteria(since: datetime | None) -> tuple[str, ...]:
    """What a query asks for so as to find what was modified at or after a moment."""
    return () if since is None else (f"Modified_Time >= '{written(since)}'",)


def modified_since(rows: list[Json], since: datetime | None) -> list[Json]:
    """Without what Zoho gives although it is older; to the second, in which it keeps its moments."""
    if since is None:
        return rows
    found = [(moment(row.get("Modified_Time")), row) for row in rows]
    return [row for at, row in found if at is None or at >= _second(since)]


def _second(at: datetime) -> datetime:
    return at - timedelta(microseconds=at.microsecond)


def _deleted(row: Json) -> Deleted:
    at = moment(row.get("deleted_time"))
    found = text(row, "id")
    if at is None or not found:
        raise bad("a deleted record has no id or no moment.")
    return Deleted(zoho_id=ZohoId(found), deleted_at=at, permanently=text(row, "type") == "permanent")
