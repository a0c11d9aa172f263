"""What goes on inside `mzi serve`: what sources told is taken and delivered soon, and forgotten in time."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import attrs

from mzi_core.errors import MziError
from mzi_core.ports import Run, RunStatus
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.deliver import Delivered
from mzi_core.use_cases.deliver_due import DeliverDue
from mzi_core.use_cases.events import EventUseCases
from mzi_core.use_cases.forgetting import CHANGES, EVERY, ForgetInTurn, Retention
from mzi_core.use_cases.take_due import DueWork
from mzi_core.use_cases.take_events import EventsTaken
from mzi_core.use_cases.tasks import RunTasksDue
from mzi_core.values import TenantId

SWEEP = 10.0
"""Seconds after which it is looked whether anything is due, though nobody has woken the worker: what was put
off comes due by time alone, and another process may have taken events in."""

TENANTS_AT_ONCE = 8
"""So many tenants are at work at the same time: one whose Zoho is slow keeps few others waiting."""

GRACE = 20.0
"""Seconds that a batch at work is given when the service is told to stop. What is broken off is due again."""

_log = logging.getLogger(__name__)


@attrs.define(eq=False)
class Worker:
    """Takes and delivers what is due, for all tenants, until it is stopped."""

    events: EventUseCases
    deliver_due: DeliverDue
    sweep: float = SWEEP
    _woken: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    _stopped: bool = attrs.field(default=False, init=False)
    _put_off: set[tuple[TenantId, str]] = attrs.field(factory=set, init=False)
    """What of tenants was put off in the last batch; this is told once, and not each time."""

    def wake(self) -> None:
        """Something is due."""
        self._woken.set()

    def stop(self) -> None:
        """Begin no further batch."""
        self._stopped = True
        self._woken.set()

    async def run(self) -> None:
        """Work until stopped; nothing that goes wrong ends it."""
        while not self._stopped:
            self._woken.clear()
            try:
                await self._work(await self.events.find_due())
            except MziError as error:
                _log.warning("What is due could not be looked at: %s", error)
            try:
                async with asyncio.timeout(self.sweep):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _work(self, due: Sequence[DueWork]) -> None:
        room = asyncio.Semaphore(TENANTS_AT_ONCE)

        async def work(each: DueWork) -> None:
            async with room:
                await self._of_tenant(each)

        async with asyncio.TaskGroup() as group:
            for each in due:
                group.create_task(work(each))

    async def _of_tenant(self, each: DueWork) -> None:
        try:
            await self.events.take_due(
                each.tenant,
                each.modules,
                stopped=lambda: self._stopped,
                done=lambda module, done: self._taken(each.tenant, module.name, done),
            )
            await self.deliver_due(
                each.tenant,
                each.flows,
                stopped=lambda: self._stopped,
                done=lambda flow, done: self._delivered(each.tenant, flow.name, done),
            )
        except MziError as error:
            _log.warning("What is due of tenant %s could not be worked off: %s", each.tenant, error)
        except Exception as error:  # one tenant's fault stops no other's work
            _log.error("Unforeseen in the work for tenant %s: %s", each.tenant, type(error).__name__)

    def _taken(self, tenant: TenantId, module: str, done: EventsTaken) -> None:
        self._note(tenant, module, done.put_off, "mzi take --resume" if done.paused else None)
        if done.looked_at:
            self.wake()  # what was taken may have made pairs due

    def _delivered(self, tenant: TenantId, flow: str, done: Delivered) -> None:
        resume = f"mzi deliveries resume {flow}" if done.paused else None
        self._note(tenant, f"{flow} deliveries", done.put_off, resume)
        if done.worked_on:
            self.wake()  # others may have waited for it

    def _note(self, tenant: TenantId, what: str, put_off: str, resume: str | None) -> None:
        """Log that something is put off, and that it goes on again; each once.

        `resume`: the command by which a person has to have it go on, where that is needed.
        """
        place = (tenant, what)
        if not put_off:
            if place in self._put_off:
                self._put_off.remove(place)
                _log.info("The %s of tenant %s go on again.", what, tenant)
        elif place not in self._put_off:
            self._put_off.add(place)
            until = f"until `{resume}`" if resume else "and tried again by themselves"
            _log.warning("The %s of tenant %s are put off, %s: %s", what, tenant, until, put_off)


@attrs.define(eq=False, kw_only=True)
class Repeated:
    """Does something now and then, until it is stopped.

    `turn`: does it once, and begins nothing more when what it is handed says so. `failed`, `while_at`: how
    the log tells that it could not be done, and that something unforeseen came between.
    """

    turn: Callable[[Callable[[], bool]], Awaitable[None]]
    failed: str
    while_at: str
    pause: float
    _stopped: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)

    def stop(self) -> None:
        """Begin nothing more; what goes on ends soon."""
        self._stopped.set()

    async def run(self) -> None:
        """Do it until stopped; nothing that goes wrong ends it."""
        while not self._stopped.is_set():
            try:
                await self.turn(self._stopped.is_set)
            except MziError as error:
                _log.warning("%s: %s", self.failed, error)
            except Exception as error:  # the service goes on without it
                _log.error("Unforeseen while %s: %s", self.while_at, type(error).__name__)
            try:
                async with asyncio.timeout(self.pause):
                    await self._stopped.wait()
            except TimeoutError:
                continue


def cleaner(forget: ForgetInTurn, retention: Retention, *, pause: float = EVERY.total_seconds()) -> Repeated:
    """Forgets what was kept for long enough."""

    async def clean(stopped: Callable[[], bool]) -> None:
        for tenant, numbers in (await forget(retention, stopped=stopped)).items():
            if told := forgotten(numbers):
                _log.info("Of tenant %s are forgotten: %s.", tenant, told)

    failed, while_at = "Nothing old could be forgotten", "what is old was forgotten"
    return Repeated(turn=clean, failed=failed, while_at=while_at, pause=pause)


def clockwork(run_due: RunTasksDue, *, pause: float = 60.0) -> Repeated:
    """Runs tasks whose time has come."""

    async def run(stopped: Callable[[], bool]) -> None:
        for tenant, runs in (await run_due(stopped=stopped)).items():
            for each in runs:
                _tell_of(tenant, each)

    return Repeated(turn=run, failed="No task could be run", while_at="tasks were run", pause=pause)


def _tell_of(tenant: TenantId, run: Run) -> None:
    level = logging.INFO if run.status is RunStatus.COMPLETED else logging.WARNING
    counts = ", ".join(f"{name} {number:,}" for name, number in run.counts.items() if number)
    said = run.message or counts or "nothing was to be done"
    _log.log(level, "Task %s of tenant %s is %s: %s", run.module, tenant, run.status, said)


def forgotten(numbers: Mapping[str, int]) -> str:
    """How much was forgotten, in words; empty where nothing was."""
    some = {name: number for name, number in numbers.items() if number}
    return ", ".join(
        f"{number:,} {'changes of records' if name == CHANGES else f'{name} events'}"
        for name, number in some.items()
    )


@asynccontextmanager
async def beside_the_service(use_cases: UseCases, *, retention: Retention) -> AsyncIterator[None]:
    """A worker, a cleaner and the tasks by the clock beside the block; at the end they finish their batch.

    What takes longer than `GRACE` is given up.
    """
    worker = Worker(use_cases.events, use_cases.remote.deliver_due)
    beside = (cleaner(use_cases.forget_in_turn, retention), clockwork(use_cases.remote.run_tasks_due))
    use_cases.events.receive.listeners.append(worker.wake)
    tasks = [asyncio.create_task(each.run()) for each in (worker, *beside)]
    try:
        yield
    finally:
        worker.stop()
        for each in beside:
            each.stop()
        try:
            async with asyncio.timeout(GRACE):
                await asyncio.gather(*tasks)
        except TimeoutError:
            _log.warning("A batch was broken off; what was in it is due again when its lease ends.")
