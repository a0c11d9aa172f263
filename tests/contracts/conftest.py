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

STORE = "store"


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
async def postgres_engine(postgres_server: str) -> AsyncIterator[AsyncEngine]:
    """One engine for all tests; the database it opens is made anew for each."""
    engine = engine_for(postgres.url_of(postgres_server, STORE))
    yield engine
    await engine.dispose()


@pytest.fixture
async def postgres_store(postgres_admin: Any, postgres_engine: AsyncEngine) -> AsyncIterator[SqlStore]:
    """An empty store in a database that nobody has opened before."""
    await postgres_admin.execute(f"CREATE DATABASE {STORE} TEMPLATE {TEMPLATE} STRATEGY = FILE_COPY")
    yield SqlStore(postgres_engine, PATIENCE)
    await postgres_engine.dispose()
    await postgres_admin.execute(f"DROP DATABASE {STORE} WITH (FORCE)")
