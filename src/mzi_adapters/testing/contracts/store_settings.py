"""What a store promises about what the tenants chose."""

import attrs

from mzi_adapters.testing.contracts.fixtures import (
    chosen,
    furnished,
    later,
    ours,
    raises,
)
from mzi_core.errors import UnknownTenant
from mzi_core.ports import Store, TenantSettings
from mzi_core.values import TenantId


class SettingsPromises:
    """What a tenant chose."""

    async def test_choices_are_read_as_they_were_saved(self, store: Store) -> None:
        """Lines in their order, policies to the last digit, rules as they were said."""
        async with ours(store) as session:
            assert await session.settings() == chosen("of default")
            policies: dict[str, object] = {"default": {"pass_from": "2.50", "n": [1, None, True, {}]}}
            rules = {"flows": ["grade", "account"], "create_courses": False, "unknown": {"n": None}}
            other = attrs.evolve(chosen("x"), policies=policies, zone="Asia/Amman", rules=rules)
            await session.save_settings(other)
            assert await session.settings() == other
            await session.save_settings(TenantSettings())
            assert await session.settings() == TenantSettings()

    async def test_choices_of_a_tenant_nobody_made_are_refused(self, store: Store) -> None:
        """The error names the tenant, and how to make it."""
        async with furnished(store), store.begin(TenantId("nobody")) as session:
            with raises(UnknownTenant) as caught:
                await session.settings()
            assert "`mzi tenants add nobody`" in caught.message
            with raises(UnknownTenant):
                await session.save_settings(chosen("x"))

    async def test_a_new_tenant_has_chosen_nothing(self, store: Store) -> None:
        """Made and at once usable."""
        async with furnished(store):
            async with store.registry() as registry:
                assert await registry.add_tenant(TenantId("new"), later(1))
            async with store.begin(TenantId("new")) as session:
                assert await session.settings() == TenantSettings()
