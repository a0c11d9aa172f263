"""The history of the schema, and the functions that move a database along it.

The revisions are in `versions`; no ini file is needed. A new one is written by hand, beginning with
`alembic.command.revision(config(...), autogenerate=True)`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mzi_adapters.sql import own_tables
from mzi_adapters.sql.engine import engine_for
from mzi_adapters.sql.tables import OWN, schema
from mzi_adapters.sql.translation import translated
from mzi_core.errors import StoreRefused
from mzi_core.modules import CATALOGUE, Catalogue

if TYPE_CHECKING:
    from alembic.config import Config


def config(connection: sa.Connection | None = None) -> "Config":
    """Alembic's configuration for these scripts, working on `connection`."""
    from alembic.config import Config  # noqa: PLC0415

    made = Config(attributes={"connection": connection})
    made.set_main_option("script_location", "mzi_adapters.sql:migrations")
    return made


@lru_cache(maxsize=1)
def head() -> str | None:
    """The revision this version of mzi needs."""
    return max(revisions())


@lru_cache(maxsize=1)
def revisions() -> frozenset[str]:
    """Every revision this version of mzi has heard of."""
    scripts = Path(__file__).with_name("versions").glob("[0-9]*.py")
    return frozenset(script.name.partition("_")[0] for script in scripts)


@asynccontextmanager
async def _changing(url: str) -> AsyncIterator[AsyncConnection]:
    # SQLite changes a table by making it anew, which foreign keys would forbid; they are checked at the end.
    engine = engine_for(url, create=True, foreign_keys=False)
    try:
        with translated():
            async with engine.begin() as connection:
                yield connection
                await check_foreign_keys(connection)
    finally:
        await engine.dispose()


async def check_foreign_keys(connection: AsyncConnection) -> None:
    """Raise StoreRefused if a row points at nothing; PostgreSQL never lets it come to that."""
    if connection.dialect.name == "sqlite":
        lost = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).mappings().first()
        if lost is not None:
            child, parent = lost["table"], lost["parent"]
            raise StoreRefused(f"A row of {child} points at nothing among the {parent}; nothing was changed.")


async def upgrade(url: str, revision: str = "head", *, catalogue: Catalogue = CATALOGUE) -> None:
    """Bring a database to a revision, making it first if need be; all or nothing.

    `catalogue`: also make tables for its modules that are a program's own, and columns for their new fields.
    Raises StoreRefused where that cannot be.
    """
    from alembic import command  # noqa: PLC0415

    async with _changing(url) as connection:
        await connection.run_sync(lambda sync: command.upgrade(config(sync), revision))
        await connection.run_sync(own_tables.make, catalogue)


async def upgrade_on(connection: AsyncConnection, catalogue: Catalogue = CATALOGUE) -> None:
    """Bring the database behind an open connection to the newest revision, in its transaction."""
    from alembic import command  # noqa: PLC0415

    await connection.run_sync(lambda sync: command.upgrade(config(sync), "head"))
    await connection.run_sync(own_tables.make, catalogue)


async def downgrade(url: str, revision: str = "base") -> None:
    """Take a database back to a revision; what the newer schema alone could hold is lost."""
    from alembic import command  # noqa: PLC0415

    async with _changing(url) as connection:
        await connection.run_sync(lambda sync: command.downgrade(config(sync), revision))


def revision_of(connection: sa.Connection) -> str | None:
    """The revision a database is at; None before the first."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


@asynccontextmanager
async def _reading(url: str) -> AsyncIterator[AsyncConnection]:
    engine = engine_for(url)
    try:
        with translated():
            async with engine.connect() as connection:
                yield connection
    finally:
        await engine.dispose()


async def current(url: str) -> str | None:
    """The revision a database is at; None before the first."""
    async with _reading(url) as connection:
        return await connection.run_sync(revision_of)


async def check(url: str) -> list[str]:
    """Every difference between a database and the catalogue, as a line each; none when they agree.

    The tables of a program's own modules are passed over.
    """
    async with _reading(url) as connection:
        return await connection.run_sync(_differences)


def _differences(connection: sa.Connection) -> list[str]:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415

    opts = {"target_metadata": schema(), "include_name": _is_ours}
    context = MigrationContext.configure(connection, opts=opts)
    return [line for found in compare_metadata(context, schema()) for line in _lines(found)]


def _is_ours(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or not (name or "").startswith(OWN)


def _lines(found: Any) -> list[str]:
    return [line for part in found for line in _lines(part)] if isinstance(found, list) else [str(found)]
