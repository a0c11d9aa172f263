"""The service over every store that needs no server."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.http.serving import Api, serving

from mzi_adapters import sql
from mzi_adapters.memory import MemoryStore
from mzi_core.ports import Store


@pytest.fixture(scope="session")
async def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with the present schema, to be copied."""
    path = tmp_path_factory.mktemp("http") / "empty.db"
    await sql.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, database: Path, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    path = shutil.copy(database, tmp_path / "mzi.db")
    async with sql.open_store(f"sqlite:///{path}") as store:
        yield store


@pytest.fixture
async def api(store: Store) -> AsyncIterator[Api]:
    """For what a store has a part in."""
    async with serving(store) as api:
        yield api


@pytest.fixture
async def memory() -> AsyncIterator[Api]:
    """For what is decided before any store is asked."""
    async with serving() as api:
        yield api
