"""What every part of a session stands on: one tenant's rows, seen through one connection."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs
import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from mzi_adapters.sql.translation import translated
from mzi_core.ports import Cursor, Query, Turn
from mzi_core.values import TenantId

T = TypeVar("T")

AnyRow = sa.Row[*tuple[Any, ...]]
AnyResult = sa.CursorResult[*tuple[Any, ...]]

CHUNK = 500
"""How many values one statement is asked about; each is a bound variable, and databases count these."""


def chunks(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """The different values, in order, as many at a time as one statement takes."""
    different = list(dict.fromkeys(values))
    for start in range(0, len(different), CHUNK):
        yield different[start : start + CHUNK]


@attrs.frozen
class Scope:
    """A tenant and the connection whose transaction his session is."""

    tenant: TenantId
    connection: AsyncConnection

    async def run(
        self,
        statement: sa.Executable,
        rows: Sequence[Mapping[str, Any]] | None = None,
        refusal: Callable[[exc.DBAPIError], str] | None = None,
    ) -> AnyResult:
        """Carry out a statement, once or for each of `rows`; errors are those of the port."""
        with translated(refusal) if refusal else translated():
            return await self.connection.execute(statement, rows)

    async def lock(self, turns: Sequence[Turn]) -> None:
        """Wait for these turns; on SQLite one session writes at a time, so there is nothing to wait for."""
        if self.connection.dialect.name != "postgresql":
            return
        for turn in turns:
            take = sa.func.pg_advisory_xact_lock_shared if turn.shared else sa.func.pg_advisory_xact_lock
            key = sa.func.hashtextextended(f"mzi {self.tenant} {turn.module}", 0)
            await self.run(sa.select(take(key)))

    def mine(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """The condition under which a row is this tenant's."""
        return table.c.tenant_id == self.tenant

    def insert(self, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
        """An insert that can be told what to do on a conflict, in the words of the dialect at hand."""
        if self.connection.dialect.name == "postgresql":
            return postgresql.insert(table)
        return sqlite.insert(table)

    def upsert(self, table: sa.Table) -> sa.Insert:
        """Insert, or replace the row with the same primary key."""
        statement = self.insert(table)
        key = list(table.primary_key)
        return statement.on_conflict_do_update(
            index_elements=key,
            set_={column.name: statement.excluded[column.name] for column in table.c if column not in key},
        )


def page(
    statement: sa.Select[Any], at: sa.ColumnElement[Any], key: sa.ColumnElement[Any], query: Query
) -> sa.Select[Any]:
    """The part of a list ordered by `at` and `key` that a query asks for."""
    if query.updated_since is not None:
        statement = statement.where(at >= query.updated_since)
    if query.after is not None:
        statement = statement.where(after(at, key, query.after))
    return statement.order_by(at, key).limit(query.limit)


def after(at: sa.ColumnElement[Any], key: sa.ColumnElement[Any], cursor: Cursor) -> sa.ColumnElement[bool]:
    """The condition under which a row comes after the end of the page before."""
    return sa.tuple_(at, key) > sa.tuple_(sa.literal(cursor.at, at.type), sa.literal(cursor.key, key.type))
