"""PostgreSQL: what its connections are told, and its driver used directly.

Behind pgbouncer the store needs `pool_mode = session`, or in `transaction` mode `max_prepared_statements`
above 0 (its statements are prepared once a connection and then only executed) and the names of
`connecting` among `ignore_startup_parameters`, the same values being set for the database or the role.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mzi_adapters.sql.driver import (
    EVENT_NUMBER,
    RAISED,
    Driver,
    Find,
    Rows,
    given_of,
    kept_of,
    raw,
    touched_of,
)
from mzi_adapters.sql.types import moment_since_2000
from mzi_core.values import Value

NAME = "mzi"
"""The name under which pg_stat_activity shows our connections."""

STATEMENTS = 200
"""How many prepared statements a connection keeps: each module has some, and their number does not grow."""


IDLE = 30.0
"""After so many seconds in the pool a connection is asked whether its server is still there."""

FEW = 30
"""Up to so many values are looked up, and rows inserted, one by one without a further question."""

MANY = 5_000
"""A connection that has added so many rows to a table nobody has analysed does it: that takes some 50 ms."""


LAST_USED = "mzi_last_used"

FOR_THESE_VALUES = "force_custom_plan"
"""How our statements are planned: for the values at hand, which are looked up one by one.

A plan that is kept for any values is made once, perhaps while a table has a few rows, and goes on reading all
rows of a tenant when there are a million.
"""

FOR_ANY_VALUES = "auto"
"""How the checks of foreign keys are planned, a statement for each row: once.

Planned for its values, each takes some 10 us more; but up to `FEW` of them cost less than saying so.
"""

PLANNED = "SET LOCAL plan_cache_mode = {mode}"


MOMENTS: Mapping[str, Any] = {
    "typename": "timestamptz",
    "schema": "pg_catalog",
    "format": "tuple",
    "encoder": tuple,
    "decoder": moment_since_2000,
}
"""How moments go to asyncpg and come from it: as a tuple of their microseconds; see `types.UtcDateTime`."""


def connecting(*, patience: float, statement_timeout: float | None) -> dict[str, Any]:
    """What asyncpg is told when it connects; `statement_timeout` None: a statement may take any time."""
    milliseconds = "0" if statement_timeout is None else str(int(statement_timeout * 1000))
    settings = {
        "application_name": NAME,
        "lock_timeout": str(int(patience * 1000)),
        "statement_timeout": milliseconds,
        # Compiling a plan takes longer than any of our statements runs.
        "jit": "off",
        "plan_cache_mode": FOR_THESE_VALUES,
    }
    return {
        "timeout": patience,
        "server_settings": settings,
        "statement_cache_size": STATEMENTS,
        "prepared_statement_cache_size": STATEMENTS,
    }


def watch(engine: AsyncEngine) -> None:
    """Tell new connections how moments are written, and notice what became of those in the pool.

    Before a session does it is noticed that a server was started anew, or a firewall forgot a connection: one
    that was closed at the other end knows it. To ask would be a quarter of what an unchanged page sends, so
    that it is done only where nothing has been heard for `IDLE` seconds.
    """
    dialect = engine.sync_engine.dialect

    @event.listens_for(engine.sync_engine, "connect")
    def _(connection: Any, _: object) -> None:
        connection.run_async(lambda driver: driver.set_type_codec(**MOMENTS))

    @event.listens_for(engine.sync_engine, "checkin")
    def _(_: Any, entry: sa.pool.ConnectionPoolEntry) -> None:
        entry.info[LAST_USED] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _(connection: Any, entry: sa.pool.ConnectionPoolEntry, _: object) -> None:
        if connection.driver_connection.is_closed():
            raise exc.InvalidatePoolError
        if time.monotonic() - entry.info.get(LAST_USED, math.inf) > IDLE:
            try:
                dialect.do_ping(connection)
            except dialect.loaded_dbapi.Error as error:
                raise exc.InvalidatePoolError from error


FINDING = "SELECT {wanted} FROM {table} WHERE {conditions} AND {by} = ANY(${last}::{kind}[])"

FINDING_ONE_BY_ONE = """\
SELECT found.* FROM unnest(${last}::{kind}[]) AS many(value) CROSS JOIN LATERAL (
    SELECT {wanted} FROM {table} WHERE {conditions} AND {by} = many.value LIMIT 1
) AS found"""
"""LIMIT makes the planner go to the index value by value, which takes a little longer.

Where a table has not been analysed yet, as in a first sync, `= ANY` (and `IN (SELECT unnest)`) are planned as
if a tenant had one row in 200: all his rows are read for every page.
"""

ANALYSED = "SELECT EXISTS (SELECT FROM pg_stats WHERE schemaname = current_schema AND tablename = $1)"


@cache
def _finding(find: Find, statement: str) -> str:
    conditions = [f"{column} = ${number}" for number, column in enumerate(find.within, start=1)]
    return statement.format(
        last=len(conditions) + 1,
        kind=find.kind,
        wanted=", ".join(find.wanted),
        table=find.table,
        conditions=" AND ".join([*conditions, "deleted_at IS NULL"] if find.live else conditions),
        by=find.by,
    )


@cache
def _adding(table: sa.Table) -> str:
    names = given_of(table)
    values = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values})"  # noqa: S608  # names of the schema


_RAISED = RAISED.format(old="old.")


@cache
def _replacing(table: sa.Table) -> str:
    kept = kept_of(table)
    names = [column.name for column in table.columns if column.name not in kept]
    changes = ", ".join((*(f"{name} = row.{name}" for name in names), _RAISED))
    same = " AND ".join(f"old.{name} = row.{name}" for name in kept[:3])
    return f"UPDATE {table.name} AS old SET {changes} FROM unnest($1::{table.name}[]) AS row WHERE {same}"  # noqa: S608  # names of the schema


ORDER = """\
SELECT attname FROM pg_attribute
WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""

LOCKING = """\
SELECT CASE WHEN asked.shared
    THEN pg_advisory_xact_lock_shared(hashtextextended(asked.name, 0))
    ELSE pg_advisory_xact_lock(hashtextextended(asked.name, 0))
END FROM unnest($1::text[], $2::boolean[]) AS asked(name, shared)"""

COUNTING = """\
INSERT INTO record_counts (tenant_id, module, state, number)
SELECT $1, $2, * FROM unnest($3::text[], $4::bigint[])
ON CONFLICT (tenant_id, module, state) DO UPDATE SET number = record_counts.number + excluded.number"""

TOUCHING = """\
UPDATE {table} AS old SET {changes} FROM (
    SELECT $1::text AS tenant_id, *
    FROM unnest($2::text[], $3::bytea[], $4::timestamptz[], $5::bytea[]{numbers}) AS touched({touched})
    OFFSET 0
) AS new WHERE old.tenant_id = new.tenant_id AND old.{by} = new.{by}"""
"""Behind OFFSET 0 the planner does not see the tenant; see `FINDING` for what it would make of him."""


@cache
def _touching(table: sa.Table) -> str:
    touched = by, *changed = touched_of(table)
    changes = ", ".join((*(f"{name} = new.{name}" for name in changed), _RAISED))
    numbers = ", $6::bigint[], $7::jsonb[]" if EVENT_NUMBER in changed else ""
    return TOUCHING.format(
        table=table.name, changes=changes, numbers=numbers, touched=", ".join(touched), by=by
    )


CHANGING = """\
UPDATE {table} AS old SET {changes} FROM (
    SELECT $1::text AS tenant_id, NULL::timestamptz AS never, *
    FROM unnest({arrays}) AS changed({columns}) OFFSET 0
) AS new WHERE old.tenant_id = new.tenant_id AND old.{by} = new.{by}
    AND old.deleted_at IS NOT DISTINCT FROM new.never"""
"""Behind OFFSET 0 the planner sees neither the tenant nor that only live rows are meant: of these it would
rather read all, by their own index, than look each up."""


@lru_cache(1000)  # of the columns that change together there are few kinds, but a tenant could make many
def _changing(table: sa.Table, columns: tuple[str, ...], dialect: sa.Dialect) -> str:
    by, *changed = columns
    kinds = [table.c[name].type.compile(dialect).split(" COLLATE")[0] for name in columns]
    return CHANGING.format(
        table=table.name,
        changes=", ".join((*(f"{name} = new.{name}" for name in changed), _RAISED)),
        arrays=", ".join(f"${number}::{kind}[]" for number, kind in enumerate(kinds, start=2)),
        columns=", ".join(columns),
        by=by,
    )


async def _inside(connection: AsyncConnection) -> Any:
    """asyncpg's connection, in the transaction that SQLAlchemy puts off until its first statement."""
    driver = raw(connection)
    if not driver.is_in_transaction():
        await connection.exec_driver_sql("SELECT 1")
    return driver


def _put(places: Sequence[int | None]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Puts the values of a row into these places; a column nobody knows gets none."""
    return lambda row: tuple(None if place is None else row[place] for place in places)


class Postgres:
    """asyncpg: COPY for new rows, one array of whole rows for changed ones."""

    def __init__(self) -> None:
        # A table whose columns were added one by one has them in another order than the schema, and in an
        # array of rows they are told apart by their places alone.
        self._places: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()
        self._analysed: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
        self._added: WeakKeyDictionary[Any, Counter[str]] = WeakKeyDictionary()

    async def ask(self, connection: AsyncConnection, question: str, values: Sequence[Value]) -> Sequence[Any]:
        """The rows, by one statement; where it is the first, SQLAlchemy carries it out in a transaction."""
        statement, driver = question.replace("%", "$"), raw(connection)
        if not driver.is_in_transaction():
            return (await connection.exec_driver_sql(statement, tuple(values))).all()
        found: Sequence[Any] = await driver.fetch(statement, *values)
        return found

    async def run(self, connection: AsyncConnection, statement: str) -> None:
        """Carry it out, in one round trip."""
        await (await _inside(connection)).execute(statement)

    async def find(
        self, connection: AsyncConnection, find: Find, within: Sequence[str], values: Collection[Value]
    ) -> Sequence[Any]:
        """The rows, by one statement."""
        driver = await _inside(connection)
        at_once = find.few or (len(values) > FEW and await self._is_analysed(driver, find.table))
        statement = _finding(find, FINDING if at_once else FINDING_ONE_BY_ONE)
        found: Sequence[Any] = await driver.fetch(statement, *within, list(values))
        return found

    async def _is_analysed(self, driver: Any, table: str) -> bool:
        """Whether the planner knows a table; once it does it will not forget."""
        analysed = self._analysed.setdefault(driver, set())
        if table not in analysed and await driver.fetchval(ANALYSED, table):
            analysed.add(table)
        return table in analysed

    async def add(self, connection: AsyncConnection, table: sa.Table, rows: Rows) -> None:
        """Insert rows: few by a prepared statement, which takes a round trip less, others by COPY."""
        driver = await _inside(connection)
        if len(rows) <= FEW:
            await driver.executemany(_adding(table), rows)
            return
        if table.foreign_keys:
            await driver.execute(PLANNED.format(mode=FOR_ANY_VALUES))
        names = given_of(table)
        await driver.copy_records_to_table(table.name, records=rows, columns=names)
        if table.foreign_keys:
            await driver.execute(PLANNED.format(mode=FOR_THESE_VALUES))
        if not await self._is_analysed(driver, table.name):
            added = self._added.setdefault(driver, Counter())
            added[table.name] += len(rows)
            if added[table.name] >= MANY:
                # The server would do so by itself, but only in a minute or so, and a first sync is soon over.
                await driver.execute(f"ANALYZE {table.name}")

    async def replace(self, connection: AsyncConnection, table: sa.Table, rows: Rows) -> int:
        """Replace rows by one statement, without a temporary table, which would grow the catalogue."""
        driver = await _inside(connection)
        in_place = await self._in_place(driver, table)
        done: str = await driver.execute(
            _replacing(table), rows if in_place is None else list(map(in_place, rows))
        )
        return int(done.rsplit(maxsplit=1)[-1])

    async def _in_place(self, driver: Any, table: sa.Table) -> Any:
        """How a row is put into the table's own order; None where it is in it already."""
        places = self._places.setdefault(driver, {})
        if table.name not in places:
            order = [row["attname"] for row in await driver.fetch(ORDER, table.name)]
            ours = {column.name: place for place, column in enumerate(table.columns)}
            places[table.name] = None if order == list(ours) else _put([ours.get(name) for name in order])
        return places[table.name]

    async def change(
        self, connection: AsyncConnection, table: sa.Table, tenant: str, columns: Sequence[str], rows: Rows
    ) -> int:
        """Set some columns of rows, by one statement."""
        driver = await _inside(connection)
        arrays = map(list, zip(*rows, strict=True))
        done: str = await driver.execute(
            _changing(table, tuple(columns), connection.dialect), tenant, *arrays
        )
        return int(done.rsplit(maxsplit=1)[-1])

    async def touch(self, connection: AsyncConnection, table: sa.Table, tenant: str, touched: Rows) -> None:
        """Set what is remembered of rows, by one statement."""
        driver = await _inside(connection)
        await driver.execute(_touching(table), tenant, *map(list, zip(*touched, strict=True)))

    async def count(
        self, connection: AsyncConnection, tenant: str, module: str, changes: Mapping[str, int]
    ) -> None:
        """Add to the kept numbers, by one statement."""
        driver = await _inside(connection)
        await driver.execute(COUNTING, tenant, module, list(changes), list(changes.values()))

    async def lock(self, connection: AsyncConnection, locks: Sequence[tuple[str, bool]]) -> None:
        """Take advisory locks, in one round trip."""
        driver = await _inside(connection)
        await driver.fetch(LOCKING, [name for name, _ in locks], [shared for _, shared in locks])


def _proof(driver: Postgres) -> Driver:
    """The type checker's word that this is a Driver."""
    return driver
