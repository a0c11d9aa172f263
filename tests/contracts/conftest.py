"""SQLite files for the contract tests: migrated once, then copied for each test."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from mzi_adapters.sql import SqlStore, upgrade
from mzi_adapters.sql.engine import PATIENCE, engine_for


@pytest.fixture(scope="session")
async def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at the newest revision, to be copied."""
    path = tmp_path_factory.mktemp("template") / "mzi.db"
    await upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(migrated: Path, tmp_path: Path) -> str:
    """The URL of a migrated database of this test's own."""
    path = tmp_path / "mzi.db"
    shutil.copy(migrated, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
async def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Path, AsyncEngine]]:
    """One engine for all tests, which therefore compiles each statement once; and the file it opens."""
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
