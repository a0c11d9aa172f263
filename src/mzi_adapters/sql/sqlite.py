"""SQLite: what its connections are told, and its driver used directly."""

import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mzi_adapters import private
from mzi_adapters.sql.driver import RAISED, Driver, Find, Rows, given_of, kept_of, raw, touched_of
from mzi_core.values import Value

BEGIN = "mzi_begin"
"""The execution option that says how a transaction is begun."""


def teach(engine: AsyncEngine, *, patience: float, foreign_keys: bool) -> None:
    """Real transactions, foreign keys, a log that readers need not wait for, and patience with others."""

    @event.listens_for(engine.sync_engine, "connect")
    def _(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _(connection: sa.Connection) -> None:
        # Taken at once: a transaction that reads first could lose the write lock to another in between.
        statement = connection.get_execution_options().get(BEGIN, "BEGIN IMMEDIATE")
        # By one visit to the connection's thread, and not by four.
        adapted: Any = connection.connection.dbapi_connection
        adapted.run_async(lambda driver: driver.execute_fetchall(statement))

    @event.listens_for(engine.sync_engine, "handle_error")
    def _(context: sa.engine.ExceptionContext) -> None:
        # After a cancellation SQLAlchemy would throw the connection away. SQLite keeps one that is closed
        # open, with its lock, until the last cursor is collected as garbage; rolled back it is free at once.
        if isinstance(context.original_exception, asyncio.CancelledError):
            context.is_disconnect = False


def keep_private(engine: AsyncEngine, file: Path) -> None:
    """Have the file made so that only its owner can read it; SQLite makes those beside it like it."""

    @event.listens_for(engine.sync_engine, "do_connect")
    def _(*_: object) -> None:
        if not file.name.startswith("file:"):
            private.make(file)


_PROBE = 4096  # bytes, a page of the database


def trouble_with(file: Path) -> str:
    """Why nothing can be written to a database at present, found by writing a file beside it; or nothing."""
    if not file.is_file():
        return ""
    if not os.access(file, os.W_OK):
        return "The file of the store is read-only; let the account that runs mzi write it."
    try:
        # What SQLite writes first goes into a file beside the database, too.
        with tempfile.TemporaryFile(dir=file.parent, buffering=0) as probe:
            probe.write(bytes(_PROBE))
    except OSError as error:
        why = error.strerror or type(error).__name__
        return f"Beside the store nothing can be written: {why}. Make room there, or let mzi write there."
    return ""


COUNTING = """\
INSERT INTO record_counts (tenant_id, module, state, number) VALUES (?, ?, ?, ?)
ON CONFLICT (tenant_id, module, state) DO UPDATE SET number = number + excluded.number"""


@cache
def _finding(find: Find) -> str:
    conditions = [f"{column} = ?" for column in find.within]
    # One parameter for any number of values, so that there is one statement and no limit.
    conditions.append(f"{find.by} IN (SELECT value FROM json_each(?))")  # noqa: S608  # a name of the schema
    if find.live:
        conditions.append("deleted_at IS NULL")
    return f"SELECT {', '.join(find.wanted)} FROM {find.table} WHERE {' AND '.join(conditions)}"  # noqa: S608  # names of the schema


@cache
def _adding(table: sa.Table) -> str:
    names = given_of(table)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608  # names of the schema


@cache
def _replacing(table: sa.Table) -> tuple[str, Callable[[Sequence[Any]], tuple[Any, ...]]]:
    """The statement, and its parameters out of a row in the order of the columns."""
    names = [column.name for column in table.columns]
    kept = kept_of(table)
    changed, same = [name for name in names if name not in kept], kept[:3]
    statement = f"UPDATE {table.name} SET {_set(changed)} WHERE {_equal(same, ' AND ')}"  # noqa: S608  # names of the schema
    return statement, itemgetter(*map(names.index, (*changed, *same)))


@cache
def _touching(table: sa.Table) -> str:
    by, *changed = touched_of(table)
    return f"UPDATE {table.name} SET {_set(changed)} WHERE tenant_id = ? AND {by} = ?"  # noqa: S608  # names of the schema


@lru_cache(1000)  # of the columns that change together there are few kinds, but a tenant could make many
def _changing(table: sa.Table, columns: tuple[str, ...]) -> str:
    by, *changed = columns
    return (
        f"UPDATE {table.name} SET {_set(changed)}"  # noqa: S608  # names of the schema
        f" WHERE tenant_id = ? AND {by} = ? AND deleted_at IS NULL"
    )


def _set(names: Iterable[str]) -> str:
    return f"{_equal(names, ', ')}, {RAISED.format(old='')}"


def _equal(names: Iterable[str], between: str) -> str:
    return between.join(f"{name} = ?" for name in names)


class Sqlite:
    """aiosqlite: every call is one visit to the connection's thread."""

    async def ask(self, connection: AsyncConnection, question: str, values: Sequence[Value]) -> Sequence[Any]:
        """The rows, by one statement."""
        driver = raw(connection)
        found: Sequence[Any] = await driver.execute_fetchall(question.replace("%", "?"), values)
        return found

    async def run(self, connection: AsyncConnection, statement: str) -> None:
        """Carry it out, in one visit."""
        await raw(connection).execute_fetchall(statement)

    async def find(
        self, connection: AsyncConnection, find: Find, within: Sequence[str], values: Collection[Value]
    ) -> Sequence[Any]:
        """The rows, by one statement."""
        driver = raw(connection)
        found: Sequence[Any] = await driver.execute_fetchall(
            _finding(find), (*within, json.dumps(list(values)))
        )
        return found

    async def add(self, connection: AsyncConnection, table: sa.Table, rows: Rows) -> None:
        """Insert rows, one after the other without leaving the thread."""
        driver = raw(connection)
        if len(rows) == 1:  # by one visit, and not by two
            await driver.execute_fetchall(_adding(table), rows[0])
        else:
            await (await driver.executemany(_adding(table), rows)).close()

    async def replace(self, connection: AsyncConnection, table: sa.Table, rows: Rows) -> int:
        """Replace rows likewise."""
        statement, parameters = _replacing(table)
        async with raw(connection).executemany(statement, map(parameters, rows)) as cursor:
            changed: int = cursor.rowcount
        return changed

    async def change(
        self, connection: AsyncConnection, table: sa.Table, tenant: str, columns: Sequence[str], rows: Rows
    ) -> int:
        """Set some columns of rows."""
        parameters = [(*changed, tenant, by) for by, *changed in rows]
        async with raw(connection).executemany(_changing(table, tuple(columns)), parameters) as cursor:
            found: int = cursor.rowcount
        return found

    async def touch(self, connection: AsyncConnection, table: sa.Table, tenant: str, touched: Rows) -> None:
        """Set what is remembered of rows."""
        rows = [(*changed, tenant, by) for by, *changed in touched]
        await (await raw(connection).executemany(_touching(table), rows)).close()

    async def count(
        self, connection: AsyncConnection, tenant: str, module: str, changes: Mapping[str, int]
    ) -> None:
        """Add to the kept numbers."""
        driver = raw(connection)
        for change in changes.items():  # mostly there is one
            await driver.execute_fetchall(COUNTING, (tenant, module, *change))

    async def lock(self, connection: AsyncConnection, locks: Sequence[tuple[str, bool]]) -> None:
        """Nothing: one session writes at a time."""


def _proof(driver: Sqlite) -> Driver:
    """The type checker's word that this is a Driver."""
    return driver
