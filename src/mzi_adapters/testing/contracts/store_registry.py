"""What a store promises about the tenants and the API keys."""

import attrs

from mzi_adapters.testing.contracts.fixtures import (
    BEGAN,
    CANARY,
    OURS,
    furnished,
    key,
    later,
    over_an_empty_store,
    raises,
    run,
)
from mzi_core.ports import Store
from mzi_core.values import DEFAULT_TENANT, TenantId


class _Mishap(Exception):
    """What goes wrong in the middle of a session."""


class RegistryPromises:
    """The tenants and the API keys."""

    @over_an_empty_store
    async def test_the_default_tenant_is_always_there(self, store: Store) -> None:
        """Even in a store nobody has touched."""
        async with store.registry() as registry:
            assert list(await registry.tenants()) == [DEFAULT_TENANT]

    async def test_tenants_are_listed_by_name_and_made_once(self, store: Store) -> None:
        """Making one again says False and changes nothing."""
        async with furnished(store), store.registry() as registry:
            assert await registry.add_tenant(TenantId("a-school"), later(1)) is True
            assert await registry.add_tenant(TenantId("a-school"), later(2)) is False
            assert await registry.add_tenant(CANARY, later(2)) is False
            assert list(await registry.tenants()) == ["a-school", "canary", "default"]

    async def test_keys_are_listed_oldest_first(self, store: Store) -> None:
        """Revoked ones too, and those that open every tenant."""
        async with furnished(store), store.registry() as registry:
            await registry.save_key(key(2, later(2)))
            await registry.save_key(key(3, later(1), tenant=OURS))
            assert await registry.keys() == [
                key(1, BEGAN, tenant=CANARY),
                key(3, later(1), tenant=OURS),
                key(2, later(2)),
            ]

    async def test_a_key_is_kept_in_place_of_the_one_with_its_id(self, store: Store) -> None:
        """So that it can be revoked."""
        async with furnished(store), store.registry() as registry:
            revoked = attrs.evolve(key(1, BEGAN, tenant=CANARY), revoked_at=later(1), label="old")
            await registry.save_key(revoked)
            assert await registry.key("key1") == revoked
            assert await registry.key("KEY1") is None
            assert list(await registry.keys()) == [revoked]

    async def test_an_exception_takes_back_tenants_and_keys(self, store: Store) -> None:
        """The registry is a transaction as well."""
        async with furnished(store):
            with raises(_Mishap):
                async with store.registry() as registry:
                    await registry.add_tenant(TenantId("new"), later(1))
                    await registry.save_key(key(2, later(1)))
                    raise _Mishap
            async with store.registry() as registry:
                assert TenantId("new") not in await registry.tenants()
                assert await registry.key("key2") is None

    @over_an_empty_store
    async def test_the_store_says_that_it_is_ready(self, store: Store) -> None:
        """With its name and a sentence."""
        health = await store.health()
        assert (health.ready, bool(health.backend), bool(health.message)) == (True, True, True)

    async def test_the_store_says_so_while_a_session_is_open(self, store: Store) -> None:
        """Whoever watches over the store waits for no session."""
        async with furnished(store), store.begin(OURS) as session:
            await session.save_run(run(3, later(1)))
            assert (await store.health()).ready
