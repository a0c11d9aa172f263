"""Leases among the tasks of one process."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import attrs

from mzi_core.ports import Clock, Lease, Leases, holds
from mzi_core.values import TenantId


@attrs.frozen
class MemoryLeases:
    """Leases by tenant and name."""

    clock: Clock
    _held: dict[tuple[TenantId, str], Lease] = attrs.field(factory=dict, init=False)
    _number: Callable[[], int] = attrs.field(factory=lambda: count(1).__next__, init=False, repr=False)

    async def take(self, tenant: TenantId, name: str, seconds: float) -> Lease | None:
        """A lease, unless somebody has it."""
        held, now = self._held.get((tenant, name)), self.clock.now()
        if held is not None and holds(held.until, now, seconds):
            return None
        until = now + timedelta(seconds=seconds)
        lease = Lease(tenant=tenant, name=name, holder=f"holder {self._number()}", until=until)
        self._held[tenant, name] = lease
        return lease

    async def give_back(self, lease: Lease) -> None:
        """End it, if it is still this one."""
        if self._held.get((lease.tenant, lease.name)) == lease:
            del self._held[lease.tenant, lease.name]


def _proof(leases: MemoryLeases) -> Leases:
    """The type checker's word that this is the port."""
    return leases
