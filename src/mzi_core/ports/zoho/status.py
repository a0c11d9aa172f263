"""How the account stands at Zoho."""

from datetime import datetime
from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class ApiUsage:
    """What a gateway has asked of Zoho since it was opened; `remaining` credits only when Zoho says so."""

    calls: int = 0
    credits: int = 0
    tokens: int = 0
    remaining: int | None = None


class ZohoStatus(Protocol):
    """What the account may do, what it has used, and Zoho's clock."""

    async def scopes(self) -> frozenset[str] | None:
        """The scopes our account was given, in Zoho's words; None when Zoho does not say."""
        ...

    async def usage(self) -> ApiUsage:
        """What was asked of Zoho so far; sends nothing."""
        ...

    async def server_time(self) -> datetime | None:
        """The time by Zoho's own clock when it last answered, if it says it; sends nothing."""
        ...
