"""Leases that all processes at a store share."""

from datetime import timedelta

import attrs

from mzi_core.ports import Clock, Grant, Ids, Lease, Leases, Store, Turn, holds
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class StoreLeases:
    """A lease is a grant under a name of its own: `origin` is its holder, `renewing_until` its end."""

    store: Store
    clock: Clock
    ids: Ids

    async def take(self, tenant: TenantId, name: str, seconds: float) -> Lease | None:
        """A lease, unless somebody has it."""
        async with self.store.begin(tenant) as session:
            await session.lock((_turn(name),))
            kept = await session.grant(_row(name))
            now = self.clock.now()
            ends = kept.renewing_until if kept else None
            if ends is not None and holds(ends, now, seconds):
                return None
            until = now + timedelta(seconds=seconds)
            lease = Lease(tenant=tenant, name=name, holder=self.ids.secret(), until=until)
            await session.save_grant(Grant(name=_row(name), origin=lease.holder, renewing_until=until))
            return lease

    async def give_back(self, lease: Lease) -> None:
        """End it, if it is still this one."""
        async with self.store.begin(lease.tenant) as session:
            await session.lock((_turn(lease.name),))
            kept = await session.grant(_row(lease.name))
            if kept is not None and kept.origin == lease.holder:
                await session.save_grant(Grant(name=_row(lease.name), origin=""))


def _row(name: str) -> str:
    return f"lease {name}"


def _turn(name: str) -> Turn:
    return Turn(_row(name), shared=False)


def _proof(leases: StoreLeases) -> Leases:
    """The type checker's word that this is the port."""
    return leases
