"""The remote services of each tenant."""

from typing import Protocol

from mzi_core.errors import AccountMissing
from mzi_core.ports.moodle.gateway import MoodleGateway
from mzi_core.ports.zoho.gateway import ZohoGateway
from mzi_core.values import TenantId


class Connections(Protocol):
    """Gives each tenant its gateways; nothing else knows where an account comes from.

    A gateway is opened when it is first asked for, sends nothing by that, and is the same one every time.
    """

    async def zoho(self, tenant: TenantId) -> ZohoGateway:
        """The tenant's Zoho CRM. Raises AccountMissing."""
        ...

    async def moodle(self, tenant: TenantId) -> MoodleGateway:
        """The tenant's Moodle. Raises AccountMissing."""
        ...


class NoConnections:
    """For programs that work with no remote service."""

    async def zoho(self, tenant: TenantId) -> ZohoGateway:
        """Raises AccountMissing."""
        raise _nothing_handed_in("Zoho")

    async def moodle(self, tenant: TenantId) -> MoodleGateway:
        """Raises AccountMissing."""
        raise _nothing_handed_in("Moodle")


def _nothing_handed_in(service: str) -> AccountMissing:
    return AccountMissing(service, "hand `connections` to `UseCases.over`.")
