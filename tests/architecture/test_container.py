"""The container: every provider of every profile can be built, which the type checker does not see."""

import sys
from inspect import isawaitable
from pathlib import Path

import pytest

from mzi_core.errors import StoreUnavailable
from mzi_core.ports import Clock, Codec, Ids, Store
from mzi_core.use_cases import UseCases
from mzi_core.values import DEFAULT_TENANT
from mzi_http.container import Container, container_for
from mzi_http.services import open_use_cases, upgrade
from mzi_http.settings import Settings

PROFILES = ("memory:", "sqlite:///{folder}/mzi.db", "sqlite:///:memory:", "postgresql")


@pytest.fixture(params=PROFILES, ids=["memory", "sqlite", "sqlite in memory", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The store of one profile; a fixture that is not async may ask for another one by name."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return str(request.param.format(folder=tmp_path))


@pytest.fixture
async def settings(address: str) -> Settings:
    """Settings of one profile, its schema up to date."""
    chosen = Settings(store=address)
    if address.endswith("/mzi.db"):
        await upgrade(chosen)
    return chosen


async def test_every_provider_can_be_built_and_closed(settings: Settings) -> None:
    container = container_for(settings)
    built = {}
    for name, provider in container.providers.items():
        if name != "config":
            made = provider()
            built[name] = await made if isawaitable(made) else made
    assert set(container.providers) == {*built, "config"}
    store: Store = built["store"]
    codec: Codec = built["codec"]
    clock: Clock = built["clock"]
    ids: Ids = built["ids"]
    assert (await store.health()).ready
    assert clock.now().tzinfo is not None
    assert ids.record_id() != ids.record_id()
    assert codec is container.codec()
    closing = container.shutdown_resources()
    if closing is not None:
        await closing


async def test_a_profile_gives_working_use_cases(settings: Settings) -> None:
    async with open_use_cases(settings) as use_cases:
        assert isinstance(use_cases, UseCases)
        assert list(await use_cases.list_tenants()) == [DEFAULT_TENANT]
        _, secret = await use_cases.new_key("a test")
        assert await use_cases.check_key(secret, DEFAULT_TENANT) == "granted"


async def test_two_containers_share_nothing() -> None:
    first, second = container_for(Settings(store="memory:")), container_for(Settings(store="memory:"))
    assert await first.store.async_() is not await second.store.async_()


async def test_a_store_whose_driver_is_not_installed_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(StoreUnavailable, match=r"mzi\[postgres\]"):
        async with open_use_cases(Settings(store="postgresql://localhost/mzi")):
            pass


def test_the_container_declares_one_provider_a_port() -> None:
    assert set(Container.providers) == {"config", "store", "codec", "clock", "ids"}
