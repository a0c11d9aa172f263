"""Many requests, one commit: what arrives while a commit is under way shares the next one.

A commit costs the same for one event as for a hundred: it waits for the disk. Nobody lingers to gather
company: measured, that only made the lone caller wait. Each is answered after its own commit alone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import attrs

from mzi_core.errors import StoreRefused
from mzi_core.flows import looked_at_for
from mzi_core.ports import Event, EventIntake, Store
from mzi_core.values import RecordId, TenantId

MOST_EVENTS = 500
"""Of one commit. So its statements stay short, and the one after it need not wait long."""


@attrs.frozen(eq=False)
class _Request:
    """What one caller waits for."""

    tenant: TenantId
    events: Sequence[Event]
    facts: Collection[RecordId]
    kept: "asyncio.Future[Sequence[Event]]"

    def answer(self, kept: Mapping[RecordId, Event]) -> None:
        if not self.kept.done():  # its caller may have gone
            self.kept.set_result([kept[event.id] for event in self.events])

    def fail(self, error: Exception) -> None:
        if not self.kept.done():
            self.kept.set_exception(error)


@attrs.define(eq=False)
class SharedCommits:
    """Keeps events in a store; callers of one event loop share its transactions."""

    _store: Store
    _waiting: list[_Request] = attrs.field(factory=list, init=False, repr=False)
    _at_work: "asyncio.Task[None] | None" = attrs.field(default=None, init=False, repr=False)

    async def keep(
        self, tenant: TenantId, events: Sequence[Event], facts: Collection[RecordId] = ()
    ) -> Sequence[Event]:
        """Each event as it is kept. Raises what the store raises about these events."""
        request = _Request(tenant, events, facts, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if self._at_work is None:
            self._begin()
        return await request.kept

    def _begin(self) -> None:
        self._at_work = asyncio.create_task(self._work())
        self._at_work.add_done_callback(self._ended)

    async def _work(self) -> None:
        while self._waiting:
            await self._commit_or_halve(self._next())

    def _ended(self, work: "asyncio.Task[None]") -> None:
        """Go on for those who came just now; if the work was broken off, they are told that it was."""
        self._at_work = None
        if not work.cancelled() and self._waiting:
            self._begin()
            return
        left, self._waiting = self._waiting, []
        for request in left:
            request.kept.cancel()

    def _next(self) -> list[_Request]:
        """The longest waiting requests that fit into one commit; at least one."""
        room = MOST_EVENTS
        for number, request in enumerate(self._waiting):
            room -= len(request.events)
            if room < 0 < number:
                break
        else:
            number = len(self._waiting)
        taken, self._waiting = self._waiting[:number], self._waiting[number:]
        return taken

    async def _commit_or_halve(self, requests: Sequence[_Request]) -> None:
        """Where a commit is refused, its halves are tried: one caller's events spoil nobody else's."""
        try:
            kept = await self._commit(requests)
        except StoreRefused as error:
            if len(requests) == 1:
                _fail(requests, error)
                return
            half = len(requests) // 2
            await self._commit_or_halve(requests[:half])
            await self._commit_or_halve(requests[half:])
        except Exception as error:  # it is raised to each who waits
            _fail(requests, error)
        except BaseException:
            for request in requests:
                request.kept.cancel()
            raise
        else:
            for request in requests:
                request.answer(kept)

    async def _commit(self, requests: Sequence[_Request]) -> Mapping[RecordId, Event]:
        """What is kept of every event, by the id of the one that came."""
        by_tenant: dict[TenantId, list[Event]] = defaultdict(list)
        facts: set[RecordId] = set()
        for request in requests:
            by_tenant[request.tenant] += request.events
            facts.update(request.facts)
        found: dict[RecordId, Event] = {}
        async with self._store.begin_together() as session_of:
            for tenant in sorted(by_tenant):  # in one order, or two processes could wait for each other
                events = by_tenant[tenant]
                session = session_of(tenant)
                await session.make_due(looked_at_for(events, facts))  # also for what was told before
                kept = await session.keep_events(events)
                found |= {event.id: one for event, one in zip(events, kept, strict=True)}
        return found


def _fail(requests: Sequence[_Request], error: Exception) -> None:
    for request in requests:
        request.fail(error)


def _proof(commits: SharedCommits) -> EventIntake:
    """The type checker's word that this is the port."""
    return commits
