"""Every store keeps the same promises."""

import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.contracts.store import StoreContract
from mzi_core.ports import Store


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """A store of each kind; furnished already, where a case does not need an empty one."""
    if request.param == "memory":
        return MemoryStore()
    empty = hasattr(request.function, "needs_an_empty_store")
    found: Store = request.getfixturevalue(f"{request.param}_{'store' if empty else 'furnished'}")
    return found


class TestStore(StoreContract):
    """The whole binding."""
