"""Tasks by the clock: each is run by one process at a time, and kept as a run with what it did."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import attrs

from mzi_core.errors import MziError, RunInProgress, StoreError
from mzi_core.flows.rules import rules_of
from mzi_core.ports import Clock, Due, Ids, Run, RunStatus, Session, Store
from mzi_core.use_cases.run_leases import SECONDS, RunLease, as_they_stand, lock_of
from mzi_core.values import RecordId, TenantId

SOURCE = "task"
"""The source under which the runs of tasks are kept; the task's name is their module."""


class TaskName(StrEnum):
    """The tasks there are."""

    SETTLE_GRADES = "settle-grades"
    """Have looked at the grades that change by time alone: nothing was handed in until the deadline, or a
    Refer becomes a Double Refer."""

    RECONCILE = "reconcile"
    """Read from Zoho what has changed since the last time, for an event of it may have been lost."""

    FIND_MARKS = "find-marks"
    """Read from Moodle the marks that were given since the last time, for an event of it may have been lost,
    and of a changed workflow alone there is none."""

    NOTIFY = "notify"
    """Tell people what waits for them: plans, paused flows, dead deliveries, silent sources, review items."""

    @property
    def needs_flows(self) -> bool:
        """Whether it has nothing to do where no flow runs by itself."""
        return self is not TaskName.NOTIFY

    @property
    def keeps_idle_runs(self) -> bool:
        """Whether runs are kept in which nothing was done; else the next one takes the place of such a run.

        Of a task that is run every few minutes they would hide all other runs.
        """
        return self is not TaskName.NOTIFY


@attrs.frozen(kw_only=True)
class TaskTimes:
    """How often the tasks are run that look for what nobody tells of."""

    settle_grades: timedelta = timedelta(hours=1)
    reconcile: timedelta = timedelta(hours=1)
    find_marks: timedelta = timedelta(hours=6)


class NobodyIsTold(MziError):
    """People are to be told something, and no way to tell them is set up."""

    def __init__(self) -> None:
        super().__init__(
            "Nobody is told anything yet: set `notify.mail.host`, `notify.mail.sender` and `notify.mail.to`, "
            "or `notify.webhook.url` and `notify.webhook.secret`; `docs/notify.md` says how."
        )


@attrs.frozen(kw_only=True)
class TaskDone:
    """What a task did, counted by name. `dues`: what is to be looked at because of it, once it has ended.

    `left_out`: why something was not done, a sentence each.
    """

    counts: Mapping[str, int]
    dues: Sequence[Due] = ()
    left_out: Sequence[str] = ()


NOTHING_DONE = TaskDone(counts={})

STOPPED = "It was stopped before its end."

GoesOn = Callable[[], Awaitable[bool]]
"""Asked between two pieces of work: whether to go on. It keeps the lease; raises RunTakenOver."""


class Task(Protocol):
    """One task."""

    @property
    def every(self) -> timedelta:
        """How often it is run."""
        ...

    async def __call__(
        self, tenant: TenantId, since: datetime | None, now: datetime, goes_on: GoesOn
    ) -> TaskDone:
        """Do it; what is stopped in the middle ends with what was done.

        `since`: when it was begun that last came to its end; None the first time. Raises GatewayError,
        StoreError and other errors of mzi's.
        """
        ...


async def last_ended(session: Session, name: TaskName) -> datetime | None:
    """When a task was begun that last came to its end."""
    run = await session.finished(name, SOURCE)
    return None if run is None else run.started_at


@attrs.frozen(kw_only=True)
class RunTask:
    """Run one task of one tenant."""

    store: Store
    clock: Clock
    ids: Ids
    tasks: Mapping[TaskName, Task]

    async def __call__(
        self,
        tenant: TenantId,
        name: TaskName,
        *,
        only_if_due: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Run | None:
        """The run as it ended; None where another process is at it, or where it is not due and must be.

        An error of a remote ends the run as FAILED, and is not raised. Raises UnknownTenant, StoreError, and
        NobodyIsTold for a task of which nothing is set up.
        """
        task = self.tasks.get(name)
        if task is None:
            raise NobodyIsTold
        begun = await self._begun(tenant, name, task if only_if_due else None)
        if begun is None:
            return None
        lease, since = begun
        pulse = _Pulse(
            store=self.store, clock=self.clock, lease=lease, stopped=stopped, since=lease.run.started_at
        )
        try:
            done = await task(tenant, since, lease.run.started_at, pulse)
        except StoreError:
            raise
        except MziError as error:
            return await self._ended(lease, RunStatus.FAILED, error.told)
        if pulse.is_stopped:
            return await self._ended(lease, RunStatus.FAILED, STOPPED, done)
        status = RunStatus.PARTIAL if done.left_out else RunStatus.COMPLETED
        return await self._ended(lease, status, " ".join(done.left_out), done)

    async def _begun(
        self, tenant: TenantId, name: TaskName, due: Task | None
    ) -> tuple[RunLease, datetime | None] | None:
        """The run that is begun, if its turn has come, and since when it has something to do."""
        async with self.store.begin(tenant) as session:
            settings = await session.settings()
            await session.lock((lock_of(name, SOURCE),))
            now = self.clock.now()
            last = await session.finished(name, SOURCE)
            latest = await session.unfinished(name, SOURCE) or last
            if due is not None:
                is_idle = name.needs_flows and not rules_of(settings).flows
                if is_idle or (latest is not None and latest.started_at + due.every > now):
                    return None
            id = self._id(name, latest)
            run = Run(id=id, module=name, source=SOURCE, status=RunStatus.RUNNING, started_at=now)
            lease = RunLease.of(tenant, run, now, SECONDS)
            try:
                await lease.take(session, now)
            except RunInProgress:
                return None
            await session.save_run(run)
        return lease, None if last is None else last.started_at

    def _id(self, name: TaskName, latest: Run | None) -> RecordId:
        """That of the latest run, where this one takes its place."""
        if latest is None or name.keeps_idle_runs or any(latest.counts.values()):
            return self.ids.record_ids(1)[0]
        return latest.id

    async def _ended(
        self, lease: RunLease, status: RunStatus, message: str, done: TaskDone = NOTHING_DONE
    ) -> Run:
        """Keep how a run ended, and make due what follows from it, in one session: who looks sees both."""
        ended = attrs.evolve(
            lease.run,
            status=status,
            message=message,
            counts=dict(done.counts),
            finished_at=self.clock.now(),
        )
        async with self.store.begin(lease.tenant) as session:
            await session.lock((lease.lock,))
            await lease.give_back(session)
            await session.save_run(ended)
            if done.dues and status.reached_the_end:
                await session.make_due(done.dues)
        return ended


@attrs.define(kw_only=True)
class _Pulse:
    """Keeps the lease of a run while it goes."""

    store: Store
    clock: Clock
    lease: RunLease
    stopped: Callable[[], bool]
    since: datetime
    is_stopped: bool = False

    async def __call__(self) -> bool:
        """Whether to go on. Raises RunTakenOver."""
        self.is_stopped = self.is_stopped or self.stopped()
        now = self.clock.now()
        if not self.is_stopped and self.lease.is_to_be_renewed(self.since, now):
            async with self.store.begin(self.lease.tenant) as session:
                await session.lock((self.lease.lock,))
                await self.lease.renew(session, now)
            self.since = now
        return not self.is_stopped


@attrs.frozen(kw_only=True)
class TaskStanding:
    """How a task stands: how often it is run, and how its last run ended, if it ever ran."""

    name: TaskName
    every: timedelta
    last: Run | None


@attrs.frozen(kw_only=True)
class ListTasks:
    """Every task, and how it stands."""

    store: Store
    clock: Clock
    tasks: Mapping[TaskName, Task]

    async def __call__(self, tenant: TenantId) -> Sequence[TaskStanding]:
        """In the order of their names' declaration. Raises UnknownTenant, StoreUnavailable."""
        async with self.store.read(tenant) as session:
            await session.settings()
            found = []
            for name, task in self.tasks.items():
                runs = [await session.finished(name, SOURCE), await session.unfinished(name, SOURCE)]
                kept = await as_they_stand(session, [run for run in runs if run], self.clock.now())
                last = max(kept, key=lambda run: run.started_at, default=None)
                found.append(TaskStanding(name=name, every=task.every, last=last))
        return found


@attrs.frozen(kw_only=True)
class RunTasksDue:
    """Run what is due of all tenants whose flows run by themselves, one after the other."""

    store: Store
    run: RunTask

    async def __call__(
        self, *, stopped: Callable[[], bool] = lambda: False
    ) -> Mapping[TenantId, Sequence[Run]]:
        """The runs that were made, by tenant. Raises StoreUnavailable."""
        async with self.store.read_registry() as registry:
            tenants = await registry.tenants()
        done: dict[TenantId, list[Run]] = {}
        for tenant in tenants:
            for name in self.run.tasks:
                if stopped():
                    return done
                run = await self.run(tenant, name, only_if_due=True, stopped=stopped)
                if run is not None:
                    done.setdefault(tenant, []).append(run)
        return done
