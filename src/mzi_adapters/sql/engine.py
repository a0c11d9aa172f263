"""Engines: which driver stands behind a URL, and how it is opened."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mzi_adapters.sql import postgres, sqlite
from mzi_core.errors import StoreUnavailable

PATIENCE = 10.0
"""How many seconds a session waits for its turn to write, for a connection, and for the server to answer."""

POOL = 10
"""How many connections to PostgreSQL a store opens at most: as many sessions are at work at once."""

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


def _url(text: str) -> sa.URL:
    try:
        url = sa.make_url(text)
        return url.set(drivername=_DRIVERS[url.get_backend_name()])
    except (exc.ArgumentError, KeyError):
        raise StoreUnavailable(
            "The database URL names no database mzi can use; write `sqlite:///mzi.db` for a file here, "
            "`sqlite:////srv/mzi.db` for one elsewhere, `postgresql://user:password@host/mzi` for a server."
        ) from None


def is_memory(url: sa.URL) -> bool:
    """Whether the database lives in memory and dies with its engine."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def _file_url(url: sa.URL, *, create: bool) -> sa.URL:
    """The URL of a SQLite file that is made only if `create`: a mistyped path is no empty database."""
    if str(url.database).startswith("file:"):
        return url
    file = Path(str(url.database))
    if create and not file.parent.is_dir():
        raise StoreUnavailable(
            f"There is no folder `{file.parent}` in which `{file.name}` could be made; make the folder "
            "first, or name another file."
        )
    path = quote(str(file.absolute()))
    mode = "rwc" if create else "rw"
    return url.set(database=f"file:{path}").update_query_dict({"mode": mode, "uri": "true"})


def engine_for(
    text: str,
    *,
    patience: float = PATIENCE,
    pool_size: int = POOL,
    statement_timeout: float | None = None,
    create: bool = False,
    foreign_keys: bool = True,
) -> AsyncEngine:
    """An engine for a database URL such as `sqlite:///mzi.db`; nothing is opened yet.

    `create` makes a SQLite file that is not there; `pool_size` and `statement_timeout` (seconds) are for
    servers. Raises StoreUnavailable for a URL mzi cannot use.
    """
    url = _url(text)
    file = str(url.database)
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
    else:
        options |= {
            "pool_size": pool_size,
            "max_overflow": 0,
            "isolation_level": "READ COMMITTED",  # what is read after `lock` must be as of then
            "connect_args": postgres.connecting(patience=patience, statement_timeout=statement_timeout),
        }
    try:
        engine = create_async_engine(url, **options)
    except ImportError as error:
        extra = "sqlite" if is_sqlite else "postgres"
        raise StoreUnavailable(
            f"The driver for this database is not installed; add `mzi[{extra}]`."
        ) from error
    if is_sqlite and create and not is_memory(url):
        sqlite.keep_private(engine, Path(file))
    if is_sqlite:
        sqlite.teach(engine, patience=patience, foreign_keys=foreign_keys)
    else:
        postgres.watch(engine)
    return engine


async def for_reading(connection: AsyncConnection) -> AsyncConnection:
    """The connection, whose next transaction writes nothing, waits for no writer, and sees one moment."""
    if connection.dialect.name == "sqlite":
        return await connection.execution_options(**{sqlite.BEGIN: "BEGIN"})
    return await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


async def server_version(connection: AsyncConnection) -> str:
    """The version of the database server, or of the SQLite library."""
    await connection.get_raw_connection()
    return ".".join(str(part) for part in connection.dialect.server_version_info or ())
