"""The container: every provider of every profile can be built, which the type checker does not see."""

import sys
from inspect import isawaitable
from pathlib import Path

import attrs
import pytest

from mzi_adapters.breakers import StoreBreaker
from mzi_adapters.moodle import MoodleClient
from mzi_adapters.zoho import ZohoClient
from mzi_core.errors import AccountMissing, StoreUnavailable
from mzi_core.ports import ApiUsage, Clock, Codec, Ids, MoodleGateway, Store, ZohoGateway
from mzi_core.use_cases import UseCases
from mzi_core.values import DEFAULT_TENANT, TenantId
from mzi_http.container import Container, account_at_zoho, container_for
from mzi_http.gateways import NotInstalled
from mzi_http.remote_accounts import Moodle, Region, Zoho, ZohoEnvironment
from mzi_http.services import open_services, open_use_cases, upgrade
from mzi_http.settings import Settings

ZOHO = Zoho(client_id="1000.ABC", client_secret="s1", refresh_token="1000.r", data_centre=Region.EU)
MOODLE = Moodle(url="https://moodle.college.example", token="t1")
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
    chosen = Settings(store=address, zoho=ZOHO, moodle=MOODLE)
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
    assert ids.record_ids(1) != ids.record_ids(1)
    assert codec is container.codec()
    zoho: ZohoGateway = built["zoho"]
    moodle: MoodleGateway = built["moodle"]
    assert isinstance(zoho, ZohoClient)
    assert isinstance(moodle, MoodleClient)
    assert await zoho.usage() == ApiUsage()
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
    assert set(Container.providers) == {
        *("config", "store", "codec", "clock", "ids", "leases"),
        *("vault", "keyed_vault", "timer", "network", "zoho", "moodle"),
    }


@pytest.mark.parametrize(
    ("settings", "api"),
    [
        (ZOHO, "https://www.zohoapis.eu"),
        (attrs.evolve(ZOHO, environment=ZohoEnvironment.SANDBOX), "https://sandbox.zohoapis.eu"),
        (attrs.evolve(ZOHO, environment="developer", data_centre="ca"), "https://developer.zohoapis.ca"),
        (attrs.evolve(ZOHO, api_url="http://127.0.0.1:8080"), "http://127.0.0.1:8080"),
    ],
    ids=["production", "sandbox", "developer", "a server of our own"],
)
def test_the_settings_say_which_hosts_of_zoho_are_asked(settings: Zoho, api: str) -> None:
    account = account_at_zoho(settings)
    assert account.data_centre.api == api
    assert account.data_centre.accounts in ("https://accounts.zoho.eu", "https://accounts.zohocloud.ca")
    assert "s1" not in repr(account)


async def test_a_gateway_without_an_account_names_the_settings_that_are_missing() -> None:
    async with open_use_cases(Settings(store="memory:", zoho=Zoho(client_id="1000.ABC"))) as use_cases:
        connections = use_cases.remote.connections
        with pytest.raises(AccountMissing) as refused:
            await connections.zoho(DEFAULT_TENANT)
        with pytest.raises(AccountMissing, match=r"`moodle\.url`, `moodle\.token`"):
            await connections.moodle(DEFAULT_TENANT)
    assert str(refused.value) == (
        "mzi has no account at Zoho yet: set `zoho.client_secret`, `zoho.refresh_token` in mzi.toml, or "
        "`MZI_ZOHO_CLIENT_SECRET`, `MZI_ZOHO_REFRESH_TOKEN` in the environment. `docs/gateways.md` says "
        "how to get them."
    )


async def test_the_accounts_of_the_settings_are_lent_to_no_other_tenant() -> None:
    async with open_use_cases(Settings(store="memory:", zoho=ZOHO, moodle=MOODLE)) as use_cases:
        connections = use_cases.remote.connections
        with pytest.raises(AccountMissing, match="those of tenant `default`"):
            await connections.zoho(TenantId("another"))
        with pytest.raises(AccountMissing, match="those of tenant `default`"):
            await connections.moodle(TenantId("another"))


async def test_without_the_extra_a_gateway_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mzi_http.gateways.find_spec", lambda name: None if name == "aiohttp" else name)
    async with open_use_cases(Settings(store="memory:", zoho=ZOHO, moodle=MOODLE)) as use_cases:
        connections = use_cases.remote.connections
        with pytest.raises(NotInstalled, match=r"mzi\[gateways\]"):
            await connections.zoho(DEFAULT_TENANT)
        with pytest.raises(NotInstalled, match=r"mzi\[gateways\]"):
            await connections.moodle(DEFAULT_TENANT)


async def test_gateways_are_opened_once_for_all_use_cases() -> None:
    async with open_use_cases(Settings(store="memory:", zoho=ZOHO, moodle=MOODLE)) as use_cases:
        remote = use_cases.remote
        assert remote is use_cases.remote
        assert remote.plan_pull.store is use_cases.store
        for ask in (remote.connections.zoho, remote.connections.moodle):
            assert await ask(DEFAULT_TENANT) is await ask(DEFAULT_TENANT)


@pytest.mark.parametrize("by_hand", [False, True])
async def test_each_gateway_has_the_breaker_of_its_tenant_and_address(by_hand: bool) -> None:
    tenant = TenantId("branch")
    settings = Settings(store="memory:", tenant=tenant, zoho=ZOHO, moodle=MOODLE)
    async with open_services(settings, by_hand=by_hand) as services:
        zoho, moodle = await services.connections.zoho(tenant), await services.connections.moodle(tenant)
        assert isinstance(zoho, ZohoClient)
        assert isinstance(moodle, MoodleClient)
        breakers = (zoho.caller.breaker, moodle.breaker)
        said = [
            (each.service, each.address, each.tenant, each.early)
            for each in breakers
            if isinstance(each, StoreBreaker) and each.store is services.use_cases.store
        ]
    assert said == [
        ("Zoho", "https://www.zohoapis.eu", "branch", by_hand),
        ("Moodle", "https://moodle.college.example", "branch", by_hand),
    ]
