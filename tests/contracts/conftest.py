"""Stores for the contract tests: one engine a backend, which therefore compiles each statement once."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from tests import postgres
from tests.conftest import TEMPLATE

from mzi_adapters.sql import SqlStore
from mzi_adapters.sql.engine import PATIENCE, engine_for
from mzi_adapters.testing.contracts.fixtures import Everything, FurnishedStore, prepare

STORE = "store"
FURNISHED = "furnished"


@pytest.fixture(scope="session")
async def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Path, AsyncEngine]]:
    """One engine for all tests, and the file it opens."""
    path = tmp_path_factory.mktemp("store") / "mzi.db"
    engine = engine_for(f"sqlite:///{path}")
    yield path, engine
    await engine.dispose()


@pytest.fixture
async def sqlite_store(migrated: Path, sqlite_engine: tuple[Path, AsyncEngine]) -> AsyncIterator[SqlStore]:
    """An empty store in a file that nobody has opened before."""
    path, engine = sqlite_engine
    shutil.copy(migrated, path)
    yield SqlStore(engine, PATIENCE)
    await engine.dispose()
    for left in path.parent.iterdir():
        left.unlink()


@pytest.fixture(scope="session")
async def furnished_file(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Everything]:
    """A file with a furnished store, and what the canary has in it."""
    path = tmp_path_factory.mktemp("furnished") / "mzi.db"
    shutil.copy(migrated, path)
    engine = engine_for(f"sqlite:///{path}")
    canary = await prepare(SqlStore(engine, PATIENCE))
    await engine.dispose()
    return path, canary


@pytest.fixture
async def sqlite_furnished(
    furnished_file: tuple[Path, Everything], sqlite_store: SqlStore, sqlite_engine: tuple[Path, AsyncEngine]
) -> FurnishedStore:
    """A store in a file of its own that is furnished already."""
    shutil.copy(furnished_file[0], sqlite_engine[0])
    return FurnishedStore(sqlite_store, furnished_file[1])


@pytest.fixture(scope="session")
async def furnished_database(postgres_server: str, postgres_admin: Any) -> Everything:
    """A database with a furnished store, to be copied: what the canary has in it."""
    await postgres_admin.execute(f"CREATE DATABASE {FURNISHED} TEMPLATE {TEMPLATE} STRATEGY = FILE_COPY")
    engine = engine_for(postgres.url_of(postgres_server, FURNISHED))
    canary = await prepare(SqlStore(engine, PATIENCE))
    await engine.dispose()
    return canary


@pytest.fixture
async def postgres_furnished(
    furnished_database: Everything, postgres_admin: Any, postgres_engine: AsyncEngine
) -> AsyncIterator[FurnishedStore]:
    """A store in a database of its own that is furnished already."""
    async for store in _in_a_copy(FURNISHED, postgres_admin, postgres_engine):
        yield FurnishedStore(store, furnished_database)


@pytest.fixture(scope="session")
async def postgres_engine(postgres_server: str) -> AsyncIterator[AsyncEngine]:
    """One engine for all tests; the database it opens is made anew for each."""
    engine = engine_for(postgres.url_of(postgres_server, STORE))
    yield engine
    await engine.dispose()


@pytest.fixture
async def postgres_store(postgres_admin: Any, postgres_engine: AsyncEngine) -> AsyncIterator[SqlStore]:
    """An empty store in a database that nobody has opened before."""
    async for store in _in_a_copy(TEMPLATE, postgres_admin, postgres_engine):
        yield store


async def _in_a_copy(template: str, admin: Any, engine: AsyncEngine) -> AsyncIterator[SqlStore]:
    await admin.execute(f"CREATE DATABASE {STORE} TEMPLATE {template} STRATEGY = FILE_COPY")
    yield SqlStore(engine, PATIENCE)
    await engine.dispose()
    await admin.execute(f"DROP DATABASE {STORE} WITH (FORCE)")
