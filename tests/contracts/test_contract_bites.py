"""The contract of the store notices every one of the ways to break a promise that `broken_stores` knows."""

from contextlib import suppress
from inspect import signature
from unittest import SkipTest

import pytest
from tests.contracts import broken_events, broken_notices  # noqa: F401  # among the broken ones
from tests.contracts.broken_stores import (
    AMONG_OTHERS,
    REGISTRIES,
    SESSIONS,
    STORES,
    Faithful,
    FaithfulRegistry,
    FaithfulStore,
    KnowsNoTenants,
    StoreOfRegistry,
)

from mzi_adapters.sql import SqlStore
from mzi_adapters.testing.contracts import store_together
from mzi_adapters.testing.contracts.store import StoreContract
from mzi_core.errors import MziError
from mzi_core.ports import Store

PROMISES = [name for name in dir(StoreContract) if name.startswith("test_")]


async def _is_kept(name: str, store: Store) -> bool:
    """Whether a test of the contract passes over a store."""
    test = getattr(StoreContract(), name)
    try:
        await (test(store) if signature(test).parameters else test())
    except (AssertionError, MziError, LookupError, TimeoutError):
        return False
    return True


def _name(broken: type) -> str:
    return broken.__name__


async def test_a_faithful_store_breaks_no_promise() -> None:
    """So that it is the breakage that is noticed, not the wrapping."""
    assert [name for name in PROMISES if not await _is_kept(name, StoreOfRegistry())] == []


@pytest.mark.parametrize("name", sorted(set(AMONG_OTHERS.values())))
async def test_a_faithful_store_of_many_sessions_breaks_no_promise(
    postgres_store: SqlStore, name: str
) -> None:
    """The same of what only shows where several sessions are at work."""
    assert await _is_kept(name, FaithfulStore(real=postgres_store))


@pytest.mark.parametrize("broken", AMONG_OTHERS, ids=_name)
async def test_what_is_broken_among_others_is_noticed(
    postgres_store: SqlStore, broken: type[Faithful | FaithfulStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test named beside it fails over it."""
    monkeypatch.setattr(store_together, "LONG", 0.5)  # most of them are noticed by waiting in vain
    if issubclass(broken, FaithfulStore):
        store = broken(real=postgres_store)
    else:
        store = FaithfulStore(session=broken, real=postgres_store)
    assert not await _is_kept(AMONG_OTHERS[broken], store)


@pytest.mark.parametrize("session", SESSIONS, ids=_name)
async def test_a_broken_session_is_noticed(session: type[Faithful]) -> None:
    """The test that the session names fails over it."""
    assert not await _is_kept(session.noticed_by, FaithfulStore(session=session))


@pytest.mark.parametrize("store", STORES, ids=_name)
async def test_a_broken_store_is_noticed(store: type[FaithfulStore]) -> None:
    """The test that the store names fails over it."""
    assert not await _is_kept(store.noticed_by, store())


async def test_a_store_that_knows_no_tenants_is_told_so_once() -> None:
    """Not by every promise that is tried over two tenants."""
    broken = []
    for name in PROMISES:
        with suppress(SkipTest):
            if not await _is_kept(name, KnowsNoTenants()):
                broken.append(name)
    assert broken == [KnowsNoTenants.noticed_by]


@pytest.mark.parametrize("registry", REGISTRIES, ids=_name)
async def test_a_broken_registry_is_noticed(registry: type[FaithfulRegistry]) -> None:
    """The test that the registry names fails over it."""
    assert not await _is_kept(registry.noticed_by, StoreOfRegistry(kind=registry))
