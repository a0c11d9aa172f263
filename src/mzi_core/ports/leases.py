"""Work that one process at a time may do, and that goes on when the one that did it has died."""

from datetime import datetime, timedelta
from typing import Protocol

import attrs

from mzi_core.values import TenantId

SKEW = timedelta(seconds=10)
"""How far the clocks of two machines may be apart."""


@attrs.frozen(kw_only=True)
class Lease:
    """The right of one holder to a piece of work of a tenant, until a moment."""

    tenant: TenantId
    name: str
    holder: str = attrs.field(repr=False)
    until: datetime


def holds(until: datetime, now: datetime, seconds: float) -> bool:
    """Whether a lease that was taken for so many seconds still keeps others away.

    One that ends later than it can was taken while some clock was wrong, and keeps nobody away.
    """
    return timedelta(0) < until - now <= timedelta(seconds=seconds) + SKEW


class StoredLeases(Protocol):
    """The part of a session that is about leases; `lock` a lease's name before changing it."""

    async def lease(self, name: str) -> Lease | None:
        """The lease of this name that was kept last, whether its time is up or not."""
        ...

    async def save_lease(self, lease: Lease) -> None:
        """Keep a lease in place of the one with its name."""
        ...

    async def end_lease(self, name: str) -> None:
        """Forget the lease of this name; an unknown one is no error."""
        ...


class Leases(Protocol):
    """Work that one process at a time does: it takes a lease, which ends by itself if the process dies.

    Not promised: that a holder has stopped when its time is up, so what it does late must do no harm; that
    those who wait get their turn in the order in which they came.
    """

    async def take(self, tenant: TenantId, name: str, seconds: float) -> Lease | None:
        """A lease for so long; None while another holder has one. Of one name all are equally long."""
        ...

    async def give_back(self, lease: Lease) -> None:
        """End a lease before its time; one that was taken by another holder since stays as it is."""
        ...
