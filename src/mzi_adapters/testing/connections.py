"""Connections to a Zoho and a Moodle in memory, by the clients that speak to the real ones."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TypeVar

import attrs

from mzi_adapters.memory.leases import MemoryLeases
from mzi_adapters.moodle import MoodleAccount, MoodleClient
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.testing.zoho.fake import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from mzi_adapters.web import Transport
from mzi_adapters.zoho import ZohoAccount, ZohoClient, open_zoho
from mzi_core.errors import AccountMissing
from mzi_core.ports import Connections, MoodleGateway, Store, ZohoGateway
from mzi_core.values import DEFAULT_TENANT, TenantId

SITE = "https://moodle.campus.example"
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105  # opens nothing but the Moodle in memory


def _zoho_account() -> ZohoAccount:
    return ZohoAccount(
        client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN, data_centre="eu"
    )


A = TypeVar("A")


@attrs.define(kw_only=True)
class FakeConnections:
    """The connections of one tenant, to which of both it has an account; whoever else asks has none.

    `to_zoho` and `to_moodle` give the fakes, or what stands before them, such as faults; they are asked when
    a gateway is opened.
    """

    store: Store
    timer: VirtualTimer
    to_zoho: Callable[[], Transport]
    to_moodle: Callable[[], Transport]
    tenant: TenantId = DEFAULT_TENANT
    zoho_account: ZohoAccount | None = attrs.field(factory=_zoho_account)
    moodle_account: MoodleAccount | None = attrs.field(factory=lambda: MoodleAccount(SITE, TOKEN))
    _opened: AsyncExitStack = attrs.field(factory=AsyncExitStack, init=False)
    _zoho: ZohoClient | None = attrs.field(default=None, init=False)
    _moodle: MoodleClient | None = attrs.field(default=None, init=False)

    async def zoho(self, tenant: TenantId) -> ZohoGateway:
        """The client of the Zoho in memory. Raises AccountMissing."""
        account = self._look("Zoho", tenant, self.zoho_account)
        if self._zoho is None:
            client = open_zoho(
                account,
                wire=self.to_zoho(),
                timer=self.timer,
                clock=self.timer,
                store=self.store,
                leases=MemoryLeases(self.timer),
                tenant=tenant,
                random=_middle,
            )
            self._zoho = await self._opened.enter_async_context(client)
        return self._zoho

    async def moodle(self, tenant: TenantId) -> MoodleGateway:
        """The client of the Moodle in memory. Raises AccountMissing."""
        account = self._look("Moodle", tenant, self.moodle_account)
        if self._moodle is None:
            self._moodle = MoodleClient(account, self.to_moodle(), self.timer, random=_middle)
        return self._moodle

    def _look(self, service: str, tenant: TenantId, account: A | None) -> A:
        if tenant != self.tenant:
            raise AccountMissing(service, f"these connections are those of tenant `{self.tenant}`.")
        if account is None:
            raise AccountMissing(service, "hand one to `FakeConnections`.")
        return account

    async def close(self) -> None:
        """End what is still on its way; a test that leaves nothing so can do without."""
        await self._opened.aclose()


def _middle() -> float:
    """What stands for chance, so that every run is the same."""
    return 0.5


def _proof(connections: FakeConnections) -> Connections:
    """The type checker's word that this is the port."""
    return connections
