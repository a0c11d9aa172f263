"""How the account stands: what it may do, what it has used, and what time it is at Zoho."""

from datetime import datetime

from mzi_adapters.zoho.calling import ZohoCaller
from mzi_core.ports import ApiUsage


class ZohoStatus:
    """The part of the gateway that is about the account."""

    caller: ZohoCaller

    async def scopes(self) -> frozenset[str] | None:
        """What the token opens."""
        return await self.caller.access.scopes()

    async def usage(self) -> ApiUsage:
        """What was asked so far."""
        return self.caller.meter.usage

    async def server_time(self) -> datetime | None:
        """The time at Zoho when it last answered."""
        return self.caller.meter.answered_at
