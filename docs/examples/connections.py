"""The Zoho and the Moodle of each of several colleges, for `UseCases.over(connections=…)`."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

import attrs

from mzi_adapters.breakers import StoreBreaker
from mzi_adapters.leases import StoreLeases
from mzi_adapters.moodle import MoodleAccount, MoodleClient
from mzi_adapters.web import Timer, Transport
from mzi_adapters.zoho import ZohoAccount, open_zoho
from mzi_core.errors import AccountMissing
from mzi_core.ports import Clock, Ids, MoodleGateway, Store, ZohoGateway
from mzi_core.values import TenantId


@attrs.define(kw_only=True)
class CollegeConnections:
    """Gateways by tenant; `close` ends what they have under way.

    For the real services `wire` is what `open_transport()` gives, and `timer` a `LoopTimer()`.
    """

    zoho_accounts: Mapping[TenantId, ZohoAccount]
    moodle_accounts: Mapping[TenantId, MoodleAccount]
    wire: Transport
    timer: Timer
    store: Store
    clock: Clock
    ids: Ids
    _zoho: dict[TenantId, ZohoGateway] = attrs.field(factory=dict, init=False)
    _moodle: dict[TenantId, MoodleGateway] = attrs.field(factory=dict, init=False)
    _opening: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False)
    _opened: AsyncExitStack = attrs.field(factory=AsyncExitStack, init=False)

    async def zoho(self, tenant: TenantId) -> ZohoGateway:
        """The tenant's Zoho, whose access token and breaker all processes at the store share."""
        account = self.zoho_accounts.get(tenant)
        if account is None:
            raise AccountMissing("Zoho", f"tenant `{tenant}` has none among `zoho_accounts`.")
        async with self._opening:  # two that ask at once get the same one
            if tenant not in self._zoho:
                centre = account.data_centre
                client = open_zoho(
                    account,
                    wire=self.wire,
                    timer=self.timer,
                    clock=self.clock,
                    store=self.store,
                    leases=StoreLeases(store=self.store, clock=self.clock, ids=self.ids),
                    tenant=tenant,
                    breaker=self._breaker("Zoho", tenant, centre.api),
                )
                self._zoho[tenant] = await self._opened.enter_async_context(client)
            return self._zoho[tenant]

    async def moodle(self, tenant: TenantId) -> MoodleGateway:
        """The tenant's Moodle."""
        account = self.moodle_accounts.get(tenant)
        if account is None:
            raise AccountMissing("Moodle", f"tenant `{tenant}` has none among `moodle_accounts`.")
        if tenant not in self._moodle:
            breaker = self._breaker("Moodle", tenant, account.url)
            self._moodle[tenant] = MoodleClient(account, self.wire, self.timer, breaker=breaker)
        return self._moodle[tenant]

    def _breaker(self, service: str, tenant: TenantId, address: str) -> StoreBreaker:
        return StoreBreaker(
            service=service,
            address=address,
            tenant=tenant,
            store=self.store,
            clock=self.clock,
            timer=self.timer,
        )

    async def close(self) -> None:
        """End what is under way, before the wire and the store are closed."""
        await self._opened.aclose()
