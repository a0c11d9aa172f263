"""The token is shared through any store: by processes that know nothing of each other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import attrs
from tests.gateways.zoho.given import World, account
from tests.gateways.zoho.test_access import reads

from mzi_adapters.aes_vault import AesGcmVault
from mzi_adapters.memory import MemoryStore
from mzi_adapters.sql import open_store
from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.vault import FileVault, new_key
from mzi_core.errors import AuthRevoked, GatewayUnavailable, StoreUnavailable
from mzi_core.ports import Session
from mzi_core.values import DEFAULT_TENANT, TenantId


async def test_databases_share_it(database_url: str) -> None:
    """Five stores of their own at one database, as five processes have them: one renewal for all."""
    world = World(timer=VirtualTimer(patience=0.2))
    world.zoho.latency = 0
    async with AsyncExitStack() as stack:
        clients = []
        for n in range(5):
            store = await stack.enter_async_context(open_store(database_url))
            clients.append(
                await stack.enter_async_context(
                    world.client(seed=n, store=store, account=account(concurrency=4))
                )
            )
        await asyncio.gather(*(reads(client, 3) for client in clients))
        assert world.tokens_asked == 1
        world.zoho.accounts.kill_tokens()
        await asyncio.gather(*(reads(client, 3) for client in clients))
        assert world.tokens_asked == 2
        world.zoho.accounts.revoke()
        for client in clients:
            with raises(AuthRevoked):
                await reads(client)
        assert world.tokens_asked == 3


@attrs.define
class Failing:
    """A store in which so many sessions cannot be begun from now on."""

    real: MemoryStore = attrs.field(factory=MemoryStore)
    down: int = 0

    def fail(self) -> None:
        if self.down:
            self.down -= 1
            raise StoreUnavailable("The store is being moved.")

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        self.fail()
        async with self.real.begin(tenant, discard=discard) as session:
            yield session

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        self.fail()
        async with self.real.read(tenant) as session:
            yield session


async def test_a_store_that_is_away_for_a_moment_is_waited_for() -> None:
    """And what is raised in the end is about Zoho's token, with the store as its reason."""
    world, store = World(), Failing(down=2)
    async with world.client(store=store) as client:
        await reads(client)
    assert world.tokens_asked == 1
    store.down = 99
    async with world.client(store=store) as client:
        with raises(GatewayUnavailable) as caught:
            await reads(client)
    assert caught.error is not None
    assert isinstance(caught.error.__cause__, StoreUnavailable)


async def test_a_token_that_could_not_be_kept_is_used_all_the_same() -> None:
    """By the process that got it."""
    world, store = World(), Failing()
    async with world.client(store=store) as client:
        first = asyncio.create_task(reads(client))
        await world.timer.sleep(0.1)  # it is on its way to Zoho
        store.down = 1
        await first
        await reads(client, 5)
    assert world.tokens_asked == 1


async def test_each_tenant_has_its_own() -> None:
    """With the same credentials even."""
    world = World()
    async with world.store.registry() as registry:
        await registry.add_tenant(TenantId("another"), world.timer.now())
    async with world.client() as client:
        await reads(client)
    async with world.store.read(TenantId("another")) as session:
        assert await session.token("zoho") is None
    async with world.store.read(DEFAULT_TENANT) as session:
        assert await session.token("zoho") is not None


async def test_without_a_vault_the_store_keeps_no_token_and_each_process_has_its_own() -> None:
    world = World(vault=None)
    async with world.client() as one, world.client(seed=2) as two:
        await reads(one, 3)
        await reads(two, 3)
        await reads(one, 3)
    assert world.tokens_asked == 2
    async with world.store.read(DEFAULT_TENANT) as session:
        grant = await session.token("zoho")
    assert grant is not None
    assert grant.token is None


async def test_the_store_keeps_the_token_sealed() -> None:
    world = World()
    async with world.client() as client:
        await reads(client)
    async with world.store.read(DEFAULT_TENANT) as session:
        grant = await session.token("zoho")
    assert grant is not None
    assert (grant.token or "").startswith("mzi1.")


async def test_a_process_with_another_key_or_a_token_in_the_clear_fetches_a_new_one() -> None:
    world = World()
    async with world.client() as client:
        await reads(client)
    async with world.client(vault=AesGcmVault([new_key()])) as client:
        await reads(client)
    assert world.tokens_asked == 2
    async with world.store.begin(DEFAULT_TENANT) as session:
        grant = await session.token("zoho")
        assert grant is not None
        await session.save_token(attrs.evolve(grant, token="1000.in.the.clear"))
    async with world.client() as client:
        await reads(client)
    assert world.tokens_asked == 3


async def test_a_vault_that_takes_nothing_stops_no_work(tmp_path: Path) -> None:
    world = World(vault=FileVault(tmp_path / "none"))
    async with world.client() as client:
        await reads(client, 3)
    assert world.tokens_asked == 1
