"""Circuit breakers: services that do not answer and are left alone by all processes of a tenant."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class OpenBreaker:
    """An open circuit breaker: a service to which nothing is sent but, now and then, one call as a probe.

    `address`: where the service was asked; what was kept of another address counts for nothing. `since`: when
    the breaker opened. `openings`: how often in a row, the first time included. `until`: when a probe may be
    sent. `claims`: how often one was; the fence that tells a late probe from the present one.
    `probed_until`: one is under way, and until then there is no other; None where none is.
    """

    service: str
    address: str
    since: datetime
    until: datetime
    openings: int = 1
    claims: int = 0
    probed_until: datetime | None = None


class StoredBreakers(Protocol):
    """The part of a session that is about circuit breakers; a closed one is not kept."""

    async def open_breakers(self) -> Sequence[OpenBreaker]:
        """All that are kept, ordered by service; `lock` a breaker's name before changing it."""
        ...

    async def save_breaker(self, breaker: OpenBreaker) -> None:
        """Keep a breaker in place of the one of its service."""
        ...

    async def close_breaker(self, service: str) -> None:
        """Forget the breaker of this service; an unknown one is no error."""
        ...


class Breaker(Protocol):
    """What lets calls through to one service, or refuses them while it does not answer.

    Not promised: that several processes open it together, for each counts its own calls; that a call which
    began before it opened is broken off; that a probe whose time is up has ended.
    """

    def passing(self, seconds: float, answers: Collection[str] = ()) -> AbstractAsyncContextManager[bool]:
        """Around a call that takes at most so many seconds when it is sent once; how the block ends counts.

        `answers`: codes of a GatewayUnavailable that are about one thing in the service, which does answer.
        True: the call is the one probe, so it is to be sent once and not again. Raises GatewayUnavailable,
        before the block, where nothing may be sent now.
        """
        ...
