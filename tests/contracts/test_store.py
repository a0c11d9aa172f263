"""Every store keeps the same promises."""

import pytest

from mzi_adapters.contracts.store import StoreContract
from mzi_adapters.memory import MemoryStore
from mzi_adapters.sql import SqlStore
from mzi_core.ports import Store


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, sqlite_store: SqlStore) -> Store:
    """An empty store of each kind."""
    return sqlite_store if request.param == "sqlite" else MemoryStore()


class TestStore(StoreContract):
    """The whole binding."""
