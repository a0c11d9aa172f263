"""What every part of a session stands on: one tenant's rows, seen through one connection."""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import attrs
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mzi_adapters.sql.driver import Driver, Find
from mzi_adapters.sql.postgres import Postgres
from mzi_adapters.sql.sqlite import Sqlite
from mzi_adapters.sql.translation import raised, translated
from mzi_core.ports import Clock, Cursor, Lock, Query
from mzi_core.values import TenantId, Value

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

AnyRow = sa.Row[*tuple[Any, ...]]
AnyResult = sa.CursorResult[*tuple[Any, ...]]

DRIVERS: Mapping[str, Driver] = {"sqlite": Sqlite(), "postgresql": Postgres()}


@attrs.frozen
class Scope:
    """A tenant, the connection whose transaction his session is, and what time it is where no server says."""

    tenant: TenantId
    connection: AsyncConnection
    clock: Clock

    @property
    def driver(self) -> Driver:
        """What is underneath the connection."""
        return DRIVERS[self.connection.dialect.name]

    async def run(
        self,
        statement: sa.Executable,
        values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> AnyResult:
        """Carry out a statement, once or for each row of values; errors are those of the port."""
        with translated():
            return await self.connection.execute(statement, values)

    async def find(self, find: Find, values: Collection[Value], *within: str) -> Sequence[Any]:
        """This tenant's rows by one of many values; nothing is asked where there is nothing to ask for."""
        if not values:
            return ()
        with translated():
            return await self.driver.find(self.connection, find, (self.tenant, *within), values)

    async def ask(self, question: str, *values: Value) -> Sequence[Any]:
        """The rows of a SELECT that is asked in every session; see `Driver.ask`."""
        with translated():
            return await self.driver.ask(self.connection, question, values)

    @asynccontextmanager
    async def all_or_nothing(self) -> AsyncIterator[None]:
        """What is written in the block is taken back if it does not end well, and the session goes on."""
        await self.driver.run(self.connection, "SAVEPOINT mzi")
        try:
            yield
        except BaseException:
            with suppress(*raised()):  # where the connection is lost there is nothing left to take back
                await self.driver.run(self.connection, "ROLLBACK TO SAVEPOINT mzi")
                await self.driver.run(self.connection, "RELEASE SAVEPOINT mzi")
            raise
        await self.driver.run(self.connection, "RELEASE SAVEPOINT mzi")

    async def lock(self, locks: Sequence[Lock]) -> None:
        """Wait for these locks; see `Driver.lock`."""
        named = [(f"mzi {self.tenant} {lock.module}", lock.shared) for lock in locks]
        with translated():
            await self.driver.lock(self.connection, named)

    def among(self, column: sa.ColumnElement[Any], values: Collection[Value]) -> sa.ColumnElement[bool]:
        """The condition under which a column has one of many values: one parameter, and so one statement."""
        if self.connection.dialect.name == "postgresql":
            kind = sa.ARRAY(sa.Text)
            each = sa.select(sa.func.unnest(sa.literal(list(values), kind)))
        else:
            listed = sa.func.json_each(sa.literal(json.dumps(list(values)), sa.Text))
            each = sa.select(listed.table_valued("value").c.value)
            # A text out of JSON ends before its first NUL; there is hardly ever one that has any.
            cut = [value for value in values if isinstance(value, str) and "\0" in value]
            if cut:
                return column.in_(each) | column.in_(cut)
        return column.in_(each)

    def mine(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """The condition under which a row is this tenant's."""
        return table.c.tenant_id == self.tenant

    def insert(self, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
        """An insert that can be told what to do on a conflict, in the words of the dialect at hand."""
        return _insert(table, self.connection.dialect.name)

    def upsert(self, table: sa.Table) -> sa.Insert:
        """Insert, or replace the row with the same primary key."""
        return _upsert(table, self.connection.dialect.name)


def _insert(table: sa.Table, dialect: str) -> "sqlite.Insert | postgresql.Insert":
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415

    return sqlite.insert(table)


@cache  # to make one takes as long as to carry it out
def _upsert(table: sa.Table, dialect: str) -> sa.Insert:
    statement = _insert(table, dialect)
    key = list(table.primary_key)
    return statement.on_conflict_do_update(
        index_elements=key,
        set_={column.name: statement.excluded[column.name] for column in table.c if column not in key},
    )


def page(
    lists: Sequence[sa.Select[Any]], at: sa.Column[Any], key: sa.Column[Any], query: Query
) -> sa.CompoundSelect[Any]:
    """The part that a query asks for of lists merged into one, each and all ordered by `at` and `key`.

    Of each list so many rows are read as the page may have, by its index, and only these are sorted.
    """
    if query.updated_since is not None:
        lists = [each.where(at >= query.updated_since) for each in lists]
    if query.after is not None:
        lists = [each.where(after(at, key, query.after)) for each in lists]
    merged = sa.union_all(*(each.order_by(at, key).limit(query.limit).subquery().select() for each in lists))
    # By their names, for to have the columns of the union made takes longer than all the rest.
    return merged.order_by(sa.column(at.name), sa.column(key.name)).limit(query.limit)


def after(at: sa.ColumnElement[Any], key: sa.ColumnElement[Any], cursor: Cursor) -> sa.ColumnElement[bool]:
    """The condition under which a row comes after the end of the page before."""
    return sa.tuple_(at, key) > sa.tuple_(sa.literal(cursor.at, at.type), sa.literal(cursor.key, key.type))
