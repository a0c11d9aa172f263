"""Tenants and what each of them chose."""

from collections.abc import Sequence
from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from mzi_core.errors import MappingRefused, MziError
from mzi_core.mapping import FieldMapping, overlay
from mzi_core.module import AnyModule
from mzi_core.ports import Clock, Lock, Session, Store, TenantSettings
from mzi_core.values import TenantId

_LONGEST = 64
"""Characters of a zone's name."""


_CHOICES = Lock("choices of the tenant", shared=False)
"""What is locked while one is changed: all are written together, and one of two changes could be lost."""


async def settings_to_change(session: Session) -> TenantSettings:
    """The tenant's choices, which no other session changes until this one ends. Raises UnknownTenant."""
    await session.lock([_CHOICES])
    return await session.settings()


class ZoneRefused(MziError):
    """No time zone has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no time zone `{name[:_LONGEST]}`; write it like Asia/Amman.")


def zone_of(settings: TenantSettings) -> tzinfo:
    """The time zone in which the people of a tenant are told times. Raises ZoneRefused."""
    return zone_named(settings.zone)


def zone_named(name: str) -> tzinfo:
    """A zone of the IANA database. Raises ZoneRefused."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ZoneRefused(name) from None


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
            settings = await settings_to_change(session)
            settings = attrs.evolve(settings, mappings={**settings.mappings, module.name: tuple(lines)})
            await session.save_settings(settings)
        return settings


@attrs.frozen
class ChooseZone:
    """Choose the time zone in which the people of a tenant are told times."""

    store: Store

    async def __call__(self, tenant: TenantId, name: str) -> TenantSettings:
        """The settings as kept. Raises ZoneRefused, UnknownTenant, StoreUnavailable."""
        zone_named(name)
        async with self.store.begin(tenant) as session:
            settings = attrs.evolve(await settings_to_change(session), zone=name)
            await session.save_settings(settings)
        return settings
