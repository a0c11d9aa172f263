"""Tell people what waits for them, by every way that is set up, and show what they were told."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Self

import attrs

from mzi_core.module import Side
from mzi_core.notices import Conditions, NotifyPolicy, compared, digest_of_lines, notices
from mzi_core.ports import (
    Clock,
    Ids,
    Notice,
    NoticeAddress,
    NoticeDigest,
    Notifier,
    NotifyFailed,
    PlanState,
    Run,
    Store,
    TenantSettings,
    ToldNotice,
)
from mzi_core.use_cases.run_leases import as_they_stand
from mzi_core.use_cases.tasks import SOURCE, GoesOn, NobodyIsTold, TaskDone, TaskName
from mzi_core.use_cases.tenants import zone_of
from mzi_core.values import TenantId

MOST = 100
"""Plans, and sources of each side, that are looked at; there are never as many."""


@attrs.frozen(kw_only=True)
class Notifying:
    """By which ways people are told, and when."""

    notifiers: Sequence[Notifier] = ()
    policy: NotifyPolicy = attrs.field(factory=NotifyPolicy)


@attrs.frozen(kw_only=True)
class FindNotices:
    """Find what is worth telling of a tenant now."""

    store: Store
    policy: NotifyPolicy

    async def __call__(self, tenant: TenantId, now: datetime) -> tuple[TenantSettings, Sequence[Notice]]:
        """With the tenant's choices. Raises UnknownTenant, StoreUnavailable."""
        async with self.store.read_registry() as registry:
            sources = [
                source
                for origin in Side
                for source in await registry.active_sources(origin, tenant=tenant, limit=MOST)
            ]
        async with self.store.read(tenant) as session:
            settings = await session.settings()
            plans = await session.plans(PlanState.OPEN, limit=MOST)
            conditions = Conditions(
                plans=plans,
                held=await session.held_under([plan.id for plan in plans]),
                flows=await session.flows(),
                reviews=await session.open_reviews(),
                sources=sources,
                heard=await session.last_heard([source.id for source in sources]),
            )
        return settings, notices(conditions, self.policy, now)


@attrs.frozen(kw_only=True)
class TellPeople:
    """The task: sends each way a digest of what is worth telling by it, and keeps what was sent."""

    store: Store
    notifying: Notifying
    find: FindNotices

    @property
    def every(self) -> timedelta:
        """How often it is run."""
        return self.notifying.policy.every

    async def __call__(
        self, tenant: TenantId, since: datetime | None, now: datetime, goes_on: GoesOn
    ) -> TaskDone:
        """What could not be sent is worth telling with the next run still. Raises NotifyFailed if nothing
        could be.
        """
        settings, standing = await self.find(tenant, now)
        local, quiet = now.astimezone(zone_of(settings)), self.notifying.policy.quiet
        is_quiet = quiet is not None and quiet.covers(local)
        told, remarks, failures = 0, [], 0
        for notifier in self.notifying.notifiers:
            if not await goes_on():
                break
            try:
                sent, remark = await self._tell(notifier, tenant, standing, local, is_quiet=is_quiet)
            except NotifyFailed as failed:
                sent, remark, failures = 0, str(failed), failures + 1
            told += sent
            remarks += [f"{notifier.way}: {remark}"] if remark else []
        if failures and failures == len(self.notifying.notifiers):
            raise NotifyFailed(" ".join(remarks))
        return TaskDone(counts={"told": told}, left_out=remarks)

    async def _tell(
        self,
        notifier: Notifier,
        tenant: TenantId,
        standing: Sequence[Notice],
        now: datetime,
        *,
        is_quiet: bool,
    ) -> tuple[int, str]:
        """How many notices were sent by this way, and what is to be known beside."""
        async with self.store.read(tenant) as session:
            before = await session.told_notices(notifier.way)
        found = compared(standing, before, now, is_quiet=is_quiet)
        if found.noted or found.forgotten:
            async with self.store.begin(tenant) as session:
                await session.save_told(notifier.way, found.noted)
                await session.forget_told(notifier.way, found.forgotten)
        if not found.lines:
            return 0, ""
        remark = await notifier.send(digest_of_lines(tenant, notifier.way, found.lines, before, now))
        async with self.store.begin(tenant) as session:
            await session.save_told(notifier.way, found.told)
        return len(found.lines), remark


@attrs.frozen(kw_only=True)
class Tried:
    """How a test message went by one way: `said` is what is to be known, or why it failed."""

    way: str
    is_sent: bool
    said: str = ""


@attrs.frozen(kw_only=True)
class TryNotifiers:
    """Send a test message by every way."""

    store: Store
    clock: Clock
    ids: Ids
    notifiers: Sequence[Notifier]

    async def __call__(self, tenant: TenantId) -> Sequence[Tried]:
        """One after the other. Raises NobodyIsTold, UnknownTenant, StoreUnavailable."""
        if not self.notifiers:
            raise NobodyIsTold
        async with self.store.read(tenant) as session:
            zone = zone_of(await session.settings())
        (id,) = self.ids.record_ids(1)
        digest = NoticeDigest(id=id, tenant=tenant, at=self.clock.now().astimezone(zone))
        done = []
        for notifier in self.notifiers:
            try:
                said = await notifier.send(digest)
            except NotifyFailed as failed:
                done.append(Tried(way=notifier.way, is_sent=False, said=str(failed)))
            else:
                done.append(Tried(way=notifier.way, is_sent=True, said=said))
        return done


@attrs.frozen(kw_only=True)
class NoticeStanding:
    """One notice: as it stands, None where it is over; and what was told of it last, by way."""

    address: NoticeAddress
    notice: Notice | None
    told: Mapping[str, ToldNotice]


@attrs.frozen(kw_only=True)
class NotifyStatus:
    """What stands and what was told. `ways`: those that are set up; `last`: the last run of the task."""

    ways: Sequence[str]
    notices: Sequence[NoticeStanding]
    last: Run | None


@attrs.frozen(kw_only=True)
class ShowNotices:
    """Show what is worth telling, when it was told, and how telling went."""

    store: Store
    clock: Clock
    notifiers: Sequence[Notifier]
    find: FindNotices

    async def __call__(self, tenant: TenantId) -> NotifyStatus:
        """What stands first, then what is over and not told yet. Raises UnknownTenant, StoreUnavailable."""
        now = self.clock.now()
        _, standing = await self.find(tenant, now)
        ways = [notifier.way for notifier in self.notifiers]
        async with self.store.read(tenant) as session:
            told = {way: {each.address: each for each in await session.told_notices(way)} for way in ways}
            runs = [
                await session.finished(TaskName.NOTIFY, SOURCE),
                await session.unfinished(TaskName.NOTIFY, SOURCE),
            ]
            kept = await as_they_stand(session, [run for run in runs if run], now)
        stands = {notice.address: notice for notice in standing}
        gone = {
            address: None
            for way in ways
            for address, each in told[way].items()
            if each.number and address not in stands
        }
        found = [
            NoticeStanding(
                address=address,
                notice=notice,
                told={way: told[way][address] for way in ways if address in told[way]},
            )
            for address, notice in {**stands, **gone}.items()
        ]
        return NotifyStatus(
            ways=ways, notices=found, last=max(kept, key=lambda run: run.started_at, default=None)
        )


@attrs.frozen(kw_only=True)
class NotifyUseCases:
    """All about telling people."""

    notifying: Notifying
    tell: TellPeople
    try_out: TryNotifiers
    status: ShowNotices

    @classmethod
    def over(cls, store: Store, clock: Clock, ids: Ids, notifying: Notifying) -> Self:
        """Build them."""
        find, notifiers = FindNotices(store=store, policy=notifying.policy), notifying.notifiers
        return cls(
            notifying=notifying,
            tell=TellPeople(store=store, notifying=notifying, find=find),
            try_out=TryNotifiers(store=store, clock=clock, ids=ids, notifiers=notifiers),
            status=ShowNotices(store=store, clock=clock, notifiers=notifiers, find=find),
        )
