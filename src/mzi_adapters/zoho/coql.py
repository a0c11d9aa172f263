"""Queries in Zoho's language, and reading a module by them: from one id on to the next page."""

import re
from collections.abc import AsyncGenerator, Collection, Sequence
from datetime import datetime

import attrs

from mzi_adapters.zoho.answers import SERVICE, Json, Said, bad, text, written
from mzi_adapters.zoho.calling import ApiCall, ZohoCaller
from mzi_adapters.zoho.refusals import NO_COLUMN
from mzi_adapters.zoho.together import chunks, together
from mzi_core.errors import AmbiguousMatch, GatewayRefused
from mzi_core.ids import is_digits
from mzi_core.values import ZohoId

MOST_ROWS = 2000
FEW_ROWS = 200
"""Up to this many rows a query costs one credit, then up to 1,000 two, and up to 2,000 three."""

MOST_VALUES = 100
"""Values after `in`."""

MOST_COLUMNS = 500
ALWAYS = ("id", "Modified_Time")

_NAME = re.compile(r"[A-Za-z$][A-Za-z0-9_]*(\.[A-Za-z$][A-Za-z0-9_]*)?", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_ODD = re.compile(r"[\\\x00-\x1f]")


def named(name: str) -> str:
    """An API name that is one; raises ValueError, for anything else could say more than a name."""
    if not _NAME.fullmatch(name):
        raise ValueError("An API name of Zoho is made of letters, digits and underscores.")
    return name


def is_id(zoho_id: str) -> bool:
    """Whether a record could have this id. Another one goes into no address and no query."""
    return is_digits(zoho_id)


def identified(zoho_id: str) -> str:
    """An id that could be one; raises ValueError."""
    if not is_id(zoho_id):
        raise ValueError("A Zoho record id is made of digits.")
    return zoho_id


def place(zoho_id: str) -> tuple[int, str]:
    """Ids in the order of their numbers."""
    return len(zoho_id), zoho_id


def literal(value: str) -> str:
    """A text in quotes. Zoho does not say how it reads a backslash there, so none goes in."""
    if _ODD.search(value):
        said = "a value with a backslash or a control character cannot be asked for; change it in the CRM."
        raise GatewayRefused(SERVICE, said, code="literal")
    return "'" + value.replace("'", "''") + "'"


def among(column: str, values: Collection[str]) -> str:
    """The criterion that a column has one of these values, each as it is to be written."""
    return f"{named(column)} in ({','.join(values)})"


def select(columns: Sequence[str], module: str, criteria: Sequence[str], limit: int) -> str:
    """A query by id ascending; more than two criteria are bracketed in pairs."""
    where, *others = criteria
    for each in others:
        where = f"({where} and {each})"
    listed = ", ".join(named(each) for each in columns)
    return f"select {listed} from {named(module)} where {where} order by id asc limit {limit}"  # noqa: S608


def cost(limit: int) -> int:
    """Credits of a query for so many rows."""
    return 1 if limit <= FEW_ROWS else 2 if limit <= MOST_ROWS // 2 else 3


def columns_of(fields: Sequence[str]) -> tuple[str, ...]:
    """What is read of a record, `id` first; raises ValueError where there is nothing or too much to read."""
    if not fields:
        raise ValueError("A selection names at least one field.")
    found = tuple(dict.fromkeys((*ALWAYS, *(named(each) for each in fields))))
    if len(found) > MOST_COLUMNS:
        raise ValueError(f"One query reads at most {MOST_COLUMNS} fields; select fewer.")
    return found


@attrs.define(kw_only=True, eq=False)
class CoqlReader:
    """Asks by query."""

    caller: ZohoCaller
    _numeric: set[tuple[str, str]] = attrs.field(factory=set, init=False)

    async def _ask(self, query: str, module: str, limit: int) -> Said:
        return await self.caller.ask(
            ApiCall(
                method="POST",
                path="/crm/v8/coql",
                body={"select_query": query},
                doing=f"querying {module}",
                heavy=True,
                credits=cost(limit),
            )
        )

    async def keyset(
        self,
        module: str,
        columns: Sequence[str],
        criteria: Sequence[str] = (),
        *,
        after: str | None = None,
        limit: int = MOST_ROWS,
    ) -> AsyncGenerator[list[Json], None]:
        """Pages of all that meets the criteria, by id ascending from behind `after` on."""
        last = after or "0"
        while True:
            query = select(columns, module, (*criteria, f"id > {identified(last)}"), limit)
            said = await self._ask(query, module, limit)
            rows = said.rows
            if rows:
                yield rows
                reached = text(rows[-1], "id")
                if not is_id(reached) or place(reached) <= place(last):
                    raise bad(f"querying {module}: the records do not come by id.")
                last = reached
            if said.info.get("more_records") is not True:
                return
            if not rows:
                raise bad(f"querying {module}: there is more, and nothing comes.")

    async def everything(
        self, module: str, columns: Sequence[str], criteria: Sequence[str], limit: int = MOST_ROWS
    ) -> list[Json]:
        """All that meets the criteria, for what is few."""
        return [row async for page in self.keyset(module, columns, criteria, limit=limit) for row in page]

    async def count(self, module: str, since: datetime | None) -> int:
        """How many records there are."""
        where = "id > 0" if since is None else f"Modified_Time >= '{written(since)}'"
        said = await self._ask(f"select COUNT(id) from {named(module)} where {where}", module, 1)  # noqa: S608
        for row in said.rows:
            for value in row.values():
                if isinstance(value, int):
                    return value
        if not said.body:
            return 0
        raise bad(f"counting {module}: the answer holds no number.")

    async def by_id(self, module: str, ids: Collection[ZohoId], columns: Sequence[str]) -> dict[ZohoId, Json]:
        """These records, a hundred a query."""
        pages = await together(
            self.everything(module, columns, (among("id", [literal(each) for each in part]),), FEW_ROWS)
            for part in chunks(filter(is_id, dict.fromkeys(ids)), MOST_VALUES)
        )
        return {ZohoId(text(row, "id")): row for page in pages for row in page}

    async def by_value(
        self, module: str, field: str, values: Collection[str], columns: Sequence[str]
    ) -> dict[str, Json]:
        """The record that has exactly this value; what Zoho finds like it does not count."""
        wanted = set(values)
        pages = await together(
            self._having(module, field, part, columns) for part in chunks(dict.fromkeys(values), MOST_VALUES)
        )
        found: dict[str, Json] = {}
        for row in (row for page in pages for row in page):
            value = text(row, field)
            if value not in wanted:
                continue
            if value in found and text(found[value], "id") != text(row, "id"):
                said = f"two records of {module} have the same `{field}`; merge them in the CRM."
                raise AmbiguousMatch(SERVICE, said)
            found[value] = row
        return found

    async def _having(
        self, module: str, field: str, values: Sequence[str], columns: Sequence[str]
    ) -> list[Json]:
        """Numbers are written without quotes, and only Zoho knows which column is one."""
        numbers = all(_NUMBER.fullmatch(value) for value in values)
        if (module, field) not in self._numeric or not numbers:
            quoted = among(field, [literal(value) for value in values])
            try:
                return await self.everything(module, columns, (quoted,), FEW_ROWS)
            except GatewayRefused as refused:
                if not numbers or refused.code not in NO_COLUMN:
                    raise
        found = await self.everything(module, columns, (among(field, values),), FEW_ROWS)
        self._numeric.add((module, field))
        return found
