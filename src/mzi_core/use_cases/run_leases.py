"""The lease by which a run has its source to itself while it goes; if it is killed the lease runs out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Protocol

import attrs

from mzi_core.errors import RunInProgress, RunTakenOver
from mzi_core.ports import Lease, Lock, Run, Runs, RunStatus, StoredLeases, holds
from mzi_core.values import TenantId

SECONDS = 60.0
"""Of a run's lease, renewed while it goes: so long must a killed run be waited for."""


def lease_name(module: str, source: str) -> str:
    """The name of the lease of a source's runs; a source may be a path of any length."""
    digest = blake2b(source.encode(errors="surrogatepass"), digest_size=16).hexdigest()
    return f"run {module} {digest}"


def lock_of(module: str, source: str) -> Lock:
    """What keeps those apart who open or end a run of a source at one moment."""
    return Lock(f"lease {lease_name(module, source)}", shared=False)


class LeasedRuns(StoredLeases, Runs, Protocol):
    """What of a session the lease of a run needs."""


@attrs.frozen(kw_only=True)
class RunLease:
    """The lease of one run; every method is called in a session that is open, and writes into it."""

    tenant: TenantId
    run: Run
    holder: str
    seconds: float

    @classmethod
    def of(cls, tenant: TenantId, run: Run, now: datetime, seconds: float) -> "RunLease":
        """The lease of a run that is opened now. Those who open one run twice do so at different moments."""
        return cls(tenant=tenant, run=run, holder=f"{run.id} {now.isoformat()}", seconds=seconds)

    @property
    def name(self) -> str:
        """Its name in the store."""
        return lease_name(self.run.module, self.run.source)

    @property
    def lock(self) -> Lock:
        """What keeps two of one moment apart."""
        return lock_of(self.run.module, self.run.source)

    async def take(self, session: LeasedRuns, now: datetime) -> None:
        """Take it. Raises RunInProgress while another run has it."""
        kept = await session.lease(self.name)
        if kept is not None and holds(kept.until, now, self.seconds):
            holding = await session.unfinished(self.run.module, self.run.source)
            run, done = (None, 0) if holding is None else (holding.id, holding.cursor)
            raise RunInProgress(self.run.source, run, done, kept.until)
        await self._keep(session, now)

    def is_to_be_renewed(self, since: datetime, now: datetime) -> bool:
        """Whether a quarter of its time has passed since it was taken or renewed, or the clock was set back.

        Until then nobody else can have had it. With each page it would cost as much as a fifth of an
        unchanged page.
        """
        return not timedelta(0) <= now - since < timedelta(seconds=self.seconds / 4)

    async def renew(self, session: StoredLeases, now: datetime) -> None:
        """Keep it for another while. Raises RunTakenOver when another run has had it in the meantime."""
        kept = await session.lease(self.name)
        if kept is None or kept.holder != self.holder:
            raise RunTakenOver(self.run.source)
        await self._keep(session, now)

    async def give_back(self, session: StoredLeases) -> None:
        """End it, if it is still this run's."""
        kept = await session.lease(self.name)
        if kept is not None and kept.holder == self.holder:
            await session.end_lease(self.name)

    async def _keep(self, session: StoredLeases, now: datetime) -> None:
        until = now + timedelta(seconds=self.seconds)
        await session.save_lease(Lease(tenant=self.tenant, name=self.name, holder=self.holder, until=until))


async def as_they_stand(session: StoredLeases, runs: Sequence[Run], now: datetime) -> list[Run]:
    """The runs, INTERRUPTED where one was never ended and has no lease any more."""
    leases: dict[str, Lease | None] = {}

    async def goes_on(run: Run) -> bool:
        name = lease_name(run.module, run.source)
        if name not in leases:
            leases[name] = await session.lease(name)
        kept = leases[name]
        return kept is not None and kept.holder.startswith(f"{run.id} ") and holds(kept.until, now, SECONDS)

    return [
        attrs.evolve(run, status=RunStatus.INTERRUPTED)
        if run.status is RunStatus.RUNNING and not await goes_on(run)
        else run
        for run in runs
    ]
