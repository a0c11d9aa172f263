"""Leases that all processes at a store share."""

from datetime import timedelta

import attrs

from mzi_core.ports import Clock, Ids, Lease, Leases, Lock, Store, holds
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class StoreLeases:
    """Leases kept in a store; a lock keeps two of one moment apart."""

    store: Store
    clock: Clock
    ids: Ids

    async def take(self, tenant: TenantId, name: str, seconds: float) -> Lease | None:
        """A lease, unless somebody has it."""
        async with self.store.begin(tenant) as session:
            await session.lock((_lock(name),))
            kept, now = await session.lease(name), self.clock.now()
            if kept is not None and holds(kept.until, now, seconds):
                return None
            until = now + timedelta(seconds=seconds)
            lease = Lease(tenant=tenant, name=name, holder=self.ids.secret(), until=until)
            await session.save_lease(lease)
            return lease

    async def give_back(self, lease: Lease) -> None:
        """End it, if it is still this one."""
        async with self.store.begin(lease.tenant) as session:
            await session.lock((_lock(lease.name),))
            kept = await session.lease(lease.name)
            if kept is not None and kept.holder == lease.holder:
                await session.end_lease(lease.name)


def _lock(name: str) -> Lock:
    return Lock(f"lease {name}", shared=False)


def _proof(leases: StoreLeases) -> Leases:
    """The type checker's word that this is the port."""
    return leases
