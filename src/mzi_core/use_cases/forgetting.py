"""Forget in time: events that have ended, but none by which something was made, and what was changed.

What was reserved at the brake is forgotten with them, once it counts no more; and, for as long as events that
were taken are kept, settled deliveries and closed items of the review list.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import attrs

from mzi_core.ports import Clock, EventState, Ids, Lease, Lock, Store, holds
from mzi_core.ports.brake import DAY
from mzi_core.ports.events import CREATING
from mzi_core.use_cases.sync import REMEMBERED
from mzi_core.values import RecordId, TenantId

AT_ONCE = 1_000
"""Events that are looked at, or changes that are forgotten, in one transaction."""

CHANGES = "changes"
"""Under this name those of records are counted, beside the states of events."""

EVERY = timedelta(hours=1)
"""How often the processes at a store forget by themselves, all of them together once."""

_LEASE = "forget"


def _long_enough(_: object, field: "attrs.Attribute[timedelta | None]", value: timedelta | None) -> None:
    if value is not None and value < REMEMBERED:
        hours = REMEMBERED // timedelta(hours=1)
        raise ValueError(f"`{field.name}` must be {hours} hours or more: so long a sender may send again.")


@attrs.frozen(kw_only=True)
class Retention:
    """For how long events are kept after they were received, and the history of records; None: for ever.

    `refused`: events that are parked or dead, which wait for a person. Raises ValueError for less than the
    time within which an event that comes again is known.
    """

    taken: timedelta | None = attrs.field(validator=_long_enough)
    refused: timedelta | None = attrs.field(default=None, validator=_long_enough)
    history: timedelta | None = None

    def of(self, state: EventState) -> timedelta | None:
        """How long the events of a state are kept."""
        if state is EventState.WAITING:
            return None
        return self.taken if state is EventState.TAKEN else self.refused


@attrs.frozen(kw_only=True)
class ForgetOld:
    """Forget what was kept for long enough, so much at a time, each in a transaction of its own."""

    store: Store
    clock: Clock

    async def __call__(
        self, tenant: TenantId, retention: Retention, *, stopped: Callable[[], bool] = lambda: False
    ) -> Mapping[str, int]:
        """How many events of each state, and how many changes. Nothing more is once it is `stopped`.

        Raises UnknownTenant, StoreUnavailable.
        """
        now = self.clock.now()
        kept = {state: time for state in EventState if (time := retention.of(state)) is not None}
        done: dict[str, int] = {
            state: await self._of(tenant, state, now - time, stopped) for state, time in kept.items()
        }
        if retention.history is not None:
            done[CHANGES] = await self._changes(tenant, now - retention.history, stopped)
        await self._reservations(tenant, stopped)
        if retention.taken is not None:
            await self._closed_reviews(tenant, retention.taken, stopped)
            await self._settled(tenant, retention.taken, stopped)
        return done

    async def _closed_reviews(
        self, tenant: TenantId, older_than: timedelta, stopped: Callable[[], bool]
    ) -> None:
        some = AT_ONCE
        while some == AT_ONCE and not stopped():
            async with self.store.begin(tenant) as session:
                some = await session.forget_closed_reviews(older_than, AT_ONCE)

    async def _settled(self, tenant: TenantId, older_than: timedelta, stopped: Callable[[], bool]) -> None:
        """Forget settled deliveries; who looks for one learns as much from its record."""
        async with self.store.read(tenant) as session:
            flows = [each.flow for each in await session.flows()]
        for flow in flows:
            after: str | None = ""
            while after is not None and not stopped():
                async with self.store.begin(tenant) as session:
                    forgotten = await session.forget_settled(flow, older_than, after=after, limit=AT_ONCE)
                after = forgotten.after

    async def _reservations(self, tenant: TenantId, stopped: Callable[[], bool]) -> None:
        some = AT_ONCE
        while some == AT_ONCE and not stopped():
            async with self.store.begin(tenant) as session:
                await session.settings()
                some = await session.forget_reservations(DAY, AT_ONCE)

    async def _changes(self, tenant: TenantId, until: datetime, stopped: Callable[[], bool]) -> int:
        number, some = 0, AT_ONCE
        while some == AT_ONCE and not stopped():
            async with self.store.begin(tenant) as session:
                await session.settings()
                some = await session.forget_history(until, AT_ONCE)
            number += some
        return number

    async def _of(
        self, tenant: TenantId, state: EventState, before: datetime, stopped: Callable[[], bool]
    ) -> int:
        number, after = 0, None
        while not stopped():
            async with self.store.begin(tenant) as session:
                await session.settings()
                done = await session.forget_events(
                    state, before, keeping=CREATING, after=after, limit=AT_ONCE
                )
            number += done.number
            if done.after is None:
                break
            after = RecordId(done.after)
        return number


@attrs.frozen(kw_only=True)
class ForgetInTurn:
    """Forget what is old of all tenants, if no other process at the store has done so of late."""

    store: Store
    clock: Clock
    ids: Ids
    forget: ForgetOld

    async def __call__(
        self, retention: Retention, *, stopped: Callable[[], bool] = lambda: False
    ) -> Mapping[TenantId, Mapping[str, int]]:
        """How many of each kind were forgotten, by tenant. Raises StoreUnavailable."""
        async with self.store.read_registry() as registry:
            tenants = await registry.tenants()
        return {
            tenant: await self.forget(tenant, retention, stopped=stopped)
            for tenant in tenants
            if not stopped() and await self._is_our_turn(tenant)
        }

    async def _is_our_turn(self, tenant: TenantId) -> bool:
        """The lease is not given back: until it is over, what there was to forget is forgotten."""
        async with self.store.begin(tenant) as session:
            await session.lock((Lock(f"lease {_LEASE}", shared=False),))
            kept, now = await session.lease(_LEASE), self.clock.now()
            if kept is not None and holds(kept.until, now, EVERY.total_seconds()):
                return False
            lease = Lease(tenant=tenant, name=_LEASE, holder=self.ids.secret(), until=now + EVERY)
            await session.save_lease(lease)
        return True
