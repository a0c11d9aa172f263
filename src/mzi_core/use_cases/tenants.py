"""Tenants and what each of them chose."""

from collections.abc import Sequence

import attrs

from mzi_core.errors import MappingRefused
from mzi_core.mapping import FieldMapping, overlay
from mzi_core.module import AnyModule
from mzi_core.ports import Clock, Store, TenantSettings
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class AddTenant:
    """Make a tenant."""

    store: Store
    clock: Clock

    async def __call__(self, tenant: TenantId) -> bool:
        """False when it is there already."""
        async with self.store.registry() as registry:
            return await registry.add_tenant(tenant, self.clock.now())


@attrs.frozen
class ListTenants:
    """Every tenant, by name."""

    store: Store

    async def __call__(self) -> Sequence[TenantId]:
        """The default one is always among them."""
        async with self.store.read_registry() as registry:
            return await registry.tenants()


@attrs.frozen
class ReadSettings:
    """What a tenant chose."""

    store: Store

    async def __call__(self, tenant: TenantId) -> TenantSettings:
        """Raises UnknownTenant."""
        async with self.store.read(tenant) as session:
            return await session.settings()


@attrs.frozen
class MapFields:
    """Replace a tenant's own field mappings of one module."""

    store: Store

    async def __call__(
        self, tenant: TenantId, module: AnyModule, lines: Sequence[FieldMapping]
    ) -> TenantSettings:
        """The settings as kept. Raises MappingRefused with every problem, and then keeps nothing."""
        _, problems = overlay(module, lines)
        if problems:
            raise MappingRefused(problems)
        async with self.store.begin(tenant) as session:
            settings = await session.settings()
            settings = attrs.evolve(settings, mappings={**settings.mappings, module.name: tuple(lines)})
            await session.save_settings(settings)
        return settings
