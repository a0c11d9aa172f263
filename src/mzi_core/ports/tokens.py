"""Access tokens of remote services, shared by all processes of a tenant."""

from datetime import datetime
from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class AccessToken:
    """An access token of a remote service, shared by every process of a tenant.

    `origin` is a digest of the lasting credentials it was obtained with: what was kept under another one
    counts for nothing. `token`: as a vault seals it. `scope`: what the token opens, in the service's words.
    `renewals`: when it was renewed of late, oldest first. `paused_until`: the service has had enough of us.
    `cause`: what went wrong first, where it was asked in vain of late. `revoked`: why it will never renew it
    again.
    """

    name: str
    origin: str
    token: str | None = attrs.field(default=None, repr=False)
    scope: str = ""
    expires_at: datetime | None = None
    renewals: tuple[datetime, ...] = ()
    paused_until: datetime | None = None
    cause: str = ""
    revoked: str = ""


class AccessTokens(Protocol):
    """The part of a session that is about access tokens."""

    async def token(self, name: str) -> AccessToken | None:
        """The access token of a remote service; `lock` its name before changing it."""
        ...

    async def save_token(self, token: AccessToken) -> None:
        """Keep a token in place of the one with its name."""
        ...
