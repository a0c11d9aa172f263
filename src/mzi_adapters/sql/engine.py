"""Engines: which driver stands behind a URL, and everything that only SQLite needs to be told."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mzi_core.errors import StoreUnavailable

PATIENCE = 10.0
"""How many seconds a session waits for its turn to write."""

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
_BEGIN = "mzi_begin"


def _url(text: str) -> sa.URL:
    try:
        url = sa.make_url(text)
        return url.set(drivername=_DRIVERS[url.get_backend_name()])
    except (exc.ArgumentError, KeyError):
        raise StoreUnavailable(
            "The database URL names no database mzi can use; write `sqlite:///mzi.db` for a file here, "
            "`sqlite:////srv/mzi.db` for one elsewhere."
        ) from None


def is_memory(url: sa.URL) -> bool:
    """Whether the database lives in memory and dies with its engine."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def _file_url(url: sa.URL, *, create: bool) -> sa.URL:
    """The URL of a SQLite file that is made only if `create`: a mistyped path is no empty database."""
    if str(url.database).startswith("file:"):
        return url
    path = quote(str(Path(str(url.database)).absolute()))
    mode = "rwc" if create else "rw"
    return url.set(database=f"file:{path}").update_query_dict({"mode": mode, "uri": "true"})


def engine_for(
    text: str, *, patience: float = PATIENCE, create: bool = False, foreign_keys: bool = True
) -> AsyncEngine:
    """An engine for a database URL such as `sqlite:///mzi.db`; nothing is opened yet.

    `create` makes a SQLite file that is not there. Raises StoreUnavailable for a URL mzi cannot use.
    """
    url = _url(text)
    options: dict[str, Any] = {
        "hide_parameters": True,  # statements in error messages must not show personal data
        "json_serializer": json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode,
        "pool_timeout": patience,
    }
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_memory(url):
        # One connection is the whole database, and its users take turns.
        options |= {"pool_size": 1, "max_overflow": 0, "poolclass": sa.AsyncAdaptedQueuePool}
    elif is_sqlite:
        url = _file_url(url, create=create)
    try:
        engine = create_async_engine(url, **options)
    except ImportError as error:
        extra = "sqlite" if is_sqlite else "postgres"
        raise StoreUnavailable(
            f"The driver for this database is not installed; add `mzi[{extra}]`."
        ) from error
    if is_sqlite:
        _teach_sqlite(engine, patience=patience, foreign_keys=foreign_keys)
    return engine


def _teach_sqlite(engine: AsyncEngine, *, patience: float, foreign_keys: bool) -> None:
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
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE"))


async def for_reading(connection: AsyncConnection) -> AsyncConnection:
    """The connection, of which the next transaction waits for no writer."""
    return await connection.execution_options(**{_BEGIN: "BEGIN"})


async def server_version(connection: AsyncConnection) -> str:
    """The version of the database server, or of the SQLite library."""
    await connection.get_raw_connection()
    return ".".join(str(part) for part in connection.dialect.server_version_info or ())
