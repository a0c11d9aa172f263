"""Take what sources told onto the shelf: the records that events are about are looked at, and stored.

Each module is a flow of deliveries of its own, `take:students`; a key of it is due once however many events
name it. The remote is read before a session is opened, and what could not be read changes nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from mzi_core.backoff import MOST_TRIES, delay_after
from mzi_core.errors import (
    AccessRefused,
    AuthRevoked,
    GatewayRefused,
    GatewayUnavailable,
    MziError,
    RemoteNotFound,
    StoreError,
)
from mzi_core.flows import take_flow
from mzi_core.module import AnyModule, Side
from mzi_core.ports import CausedBy, Causer, Claim, Deleted, DeliveryState, Ending, Event, EventState, Session
from mzi_core.use_cases.batches import Batches
from mzi_core.use_cases.deletions import MarkDeleted
from mzi_core.use_cases.looking import Look, Observed
from mzi_core.values import Outcome, RecordId, RecordKey, TenantId, ZohoId

AT_ONCE = 100
"""Records that are looked at together: as many as one call of Zoho's takes."""

MOST_EVENTS = 1_000
"""Events that end together. Of a key with more the rest ends with the next look at it."""

LEASE = timedelta(minutes=5)
"""How long one look may take; a call is given up long before."""

UNAVAILABLE = timedelta(minutes=1)
"""When a service is asked again that did not say when it can be."""


@attrs.frozen(kw_only=True)
class EventsTaken:
    """What became of one batch: how many records were `looked_at`, and how many events ended in each way.

    `put_off`: why the records are looked at later; nothing where they were. `paused`: nothing more of the
    module is, until it is resumed.
    """

    looked_at: int = 0
    taken: int = 0
    parked: int = 0
    dead: int = 0
    deleted: int = 0
    put_off: str = ""
    paused: bool = False

    def __add__(self, other: "EventsTaken") -> "EventsTaken":
        """Both together; of two reasons the first."""
        return EventsTaken(
            looked_at=self.looked_at + other.looked_at,
            taken=self.taken + other.taken,
            parked=self.parked + other.parked,
            dead=self.dead + other.dead,
            deleted=self.deleted + other.deleted,
            put_off=self.put_off or other.put_off,
            paused=self.paused or other.paused,
        )


@attrs.frozen(kw_only=True)
class TakeEvents:
    """Claims records of a module that are due, looks at them, stores what was seen, and ends their events."""

    batches: Batches
    looks: Mapping[Side, Look]
    mark_deleted: MarkDeleted

    async def __call__(self, tenant: TenantId, module: AnyModule) -> EventsTaken | None:
        """One batch; None where nothing is due. Raises UnknownTenant, StoreUnavailable."""
        store = self.batches.store
        async with store.begin(tenant) as session:
            claims = await session.claim(take_flow(module.name), AT_ONCE, LEASE)
        return await self._taken(tenant, module, claims) if claims else None

    async def _taken(self, tenant: TenantId, module: AnyModule, claims: Sequence[Claim]) -> EventsTaken:
        """Where the service refuses to show them all, each half by itself: one record spoils no other."""
        store = self.batches.store
        keys = [module.side.key(claim.key) for claim in claims]
        async with store.read(tenant) as session:
            events = await session.waiting_events(module.name, keys, MOST_EVENTS + 1)
        try:
            seen = await self.looks[module.side](tenant, module, keys, events)
        except StoreError:
            raise
        except MziError as error:
            if len(claims) > 1 and _may_be_about_one(error):
                half = len(claims) // 2
                return await self._taken(tenant, module, claims[:half]) + await self._taken(
                    tenant, module, claims[half:]
                )
            return await self._put_off(tenant, module, claims, events, error)
        gone = [Deleted(zoho_id=ZohoId(key), deleted_at=self._now(), permanently=False) for key in seen.gone]
        caused_by = CausedBy(Causer.EVENT)
        deleted = await self.mark_deleted(tenant, module, gone, caused_by=caused_by) if gone else 0
        done = await self._store(tenant, module, claims, events, seen)
        return attrs.evolve(done, deleted=deleted)

    def _now(self) -> datetime:
        return self.batches.clock.now()

    async def _store(
        self,
        tenant: TenantId,
        module: AnyModule,
        claims: Sequence[Claim],
        events: Sequence[Event],
        seen: Observed,
    ) -> EventsTaken:
        """Store what was seen, and end the claims and the events in the same session."""
        causes = {event.key: CausedBy(Causer.EVENT, event.id) for event in events if event.key is not None}
        batch = self.batches.open(tenant, module, caused_by=CausedBy(Causer.EVENT), causes=causes)
        async with batch:
            outcomes: Sequence[Outcome] = ()
            if seen.records:
                outcomes = (await batch.take(seen.records, untold=seen.untold)).outcomes
            refused = {**seen.unknown, **_refused(outcomes)}
            more, events = len(events) > MOST_EVENTS, events[:MOST_EVENTS]
            ended = await batch.session.end_claims(
                [claim.given_back() if more else claim.settled() for claim in claims]
            )
            ours = {delivery.key for delivery in ended}
            parked = await self._end(batch.session, events, ours & refused.keys(), refused)
            taken = await self._end(batch.session, events, ours - refused.keys(), {})
        return EventsTaken(looked_at=len(claims), taken=taken, parked=parked)

    async def _end(
        self,
        session: Session,
        events: Sequence[Event],
        keys: Collection[str],
        reasons: Mapping[RecordKey, str],
    ) -> int:
        """End the events about these records: parked for a reason, or taken; how many they were."""
        by_reason: dict[str, list[RecordId]] = defaultdict(list)
        for event in events:
            if event.key is not None and event.key in keys:
                by_reason[reasons.get(event.key, "")].append(event.id)
        now = self._now()
        return sum(
            [
                await session.end_events(ids, EventState.PARKED if reason else EventState.TAKEN, reason, now)
                for reason, ids in sorted(by_reason.items())
            ]
        )

    async def _put_off(
        self,
        tenant: TenantId,
        module: AnyModule,
        claims: Sequence[Claim],
        events: Sequence[Event],
        error: MziError,
    ) -> EventsTaken:
        """Look again later; what was tried too often is given up, with its events."""
        async with self.batches.store.begin(tenant) as session:
            endings = [_ending(claim, error) for claim in claims]
            ended = await session.end_claims(endings)
            dead = {address.key for address, state in ended.items() if state is DeliveryState.DEAD}
            ids = [event.id for event in events if event.key in dead]
            buried = await session.end_events(ids, EventState.DEAD, error.told, self._now()) if ids else 0
            paused = isinstance(error, AuthRevoked)
            if paused:
                await session.pause(take_flow(module.name), error.told)
        return EventsTaken(looked_at=0, dead=buried, put_off=error.told, paused=paused)


def _may_be_about_one(error: MziError) -> bool:
    """Whether the service may refuse one record alone, and not the account or the module."""
    return isinstance(error, GatewayRefused) and not isinstance(error, AccessRefused | RemoteNotFound)


def _ending(claim: Claim, error: MziError) -> Ending:
    """How a look ends that failed: an outage and used-up limits count as no try."""
    if isinstance(error, GatewayUnavailable):
        seconds = error.retry_after
        after = UNAVAILABLE if seconds is None else timedelta(seconds=seconds)
        return claim.given_back(after, error.told)
    if isinstance(error, AuthRevoked):
        return claim.given_back(reason=error.told)
    if claim.tries + 1 >= MOST_TRIES:
        return claim.dead(error.told)
    return claim.retried(delay_after(claim.tries + 1, claim.key), error.told)


def _refused(outcomes: Iterable[Outcome]) -> dict[RecordKey, str]:
    """Why records were refused; one that waits for another is not, for it is taken by itself."""
    return {
        outcome.key: " ".join(reason.message for reason in outcome.reasons)
        for outcome in outcomes
        if outcome.key is not None and not outcome.state.accepted and not outcome.parked
    }
