"""The sides that a tenant's records can be written to."""

import attrs

from mzi_core.flows.rules import Withdrawal, rules_of
from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE, Catalogue
from mzi_core.ports import Codec, Connections, Store
from mzi_core.provisioning import MoodleDefaults
from mzi_core.use_cases.batches import overlay_of
from mzi_core.use_cases.field_selection import select
from mzi_core.use_cases.moodle_target import MoodleTarget, must_be_in_moodle
from mzi_core.use_cases.push_gather import Gather
from mzi_core.use_cases.zoho_target import ZohoTarget
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class Targets:
    """Opens targets, each to go over the records of one module by."""

    connections: Connections
    store: Store
    codec: Codec
    defaults: MoodleDefaults
    catalogue: Catalogue = CATALOGUE

    async def moodle(self, tenant: TenantId, module: AnyModule) -> MoodleTarget:
        """The module's counterparts in Moodle. Raises UnknownTenant, NothingInMoodle, AccountMissing."""
        counterpart = must_be_in_moodle(module, self.catalogue)
        moodle = await self.connections.moodle(tenant)
        async with self.store.read(tenant) as session:
            rules = rules_of(await session.settings())
        gather = Gather(
            store=self.store,
            moodle=moodle,
            tenant=tenant,
            defaults=self.defaults,
            suspends=rules.withdrawal is Withdrawal.SUSPEND,
            programs=rules.programs,
        )
        return MoodleTarget(module=module, counterpart=counterpart, gather=gather)

    async def zoho(self, tenant: TenantId, module: AnyModule, *, force: bool = False) -> ZohoTarget:
        """The module's records in Zoho. With `force` what was changed there meanwhile is overwritten.

        Raises UnknownTenant, AccountMissing, ModuleMissing, and FieldsMissing when Zoho lacks a required
        field.
        """
        async with self.store.read(tenant) as session:
            overlay = overlay_of(await session.settings(), module)
        zoho = await self.connections.zoho(tenant)
        choice = await select(zoho, module, overlay)
        return ZohoTarget(
            tenant=tenant,
            choice=choice,
            zoho=zoho,
            store=self.store,
            codec=self.codec,
            catalogue=self.catalogue,
            force=force,
        )
