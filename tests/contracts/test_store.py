"""Every store keeps the same promises."""

import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.contracts.store import StoreContract
from mzi_core.ports import Store


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty store of each kind."""
    if request.param == "memory":
        return MemoryStore()
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found


class TestStore(StoreContract):
    """The whole binding."""
