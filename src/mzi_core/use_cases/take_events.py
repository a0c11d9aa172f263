"""Take what sources told onto the shelf: the records that events are about are looked at, and stored.

Each module is a flow of deliveries of its own, `take:students`; a key of it is due once however many events
name it. The remote is read before a session is opened, and what could not be read changes nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from mzi_core.errors import (
    AccountMissing,
    AuthRevoked,
    MziError,
    StoreError,
)
from mzi_core.flows import looked_at_for, take_flow
from mzi_core.module import AnyModule, Side
from mzi_core.ports import (
    CausedBy,
    Causer,
    Claim,
    DeliveryState,
    Ending,
    Event,
    EventReader,
    EventState,
    Session,
)
from mzi_core.use_cases.batches import Batches
from mzi_core.use_cases.claim_endings import (
    DEADLY,
    WITHOUT_ACCOUNT,
    is_deadly,
    may_be_about_one,
    put_off,
)
from mzi_core.use_cases.deletions import delete_records
from mzi_core.use_cases.looking import Look, Observed
from mzi_core.values import Code, Outcome, RecordId, RecordKey, TenantId

AT_ONCE = 100
"""Records that are looked at together: as many as one call of Zoho's takes."""

MOST_EVENTS = 1_000
"""Events that end together. Of a key with more the rest ends with the next look at it."""

LEASE = timedelta(minutes=5)
"""How long one look may take; a call is given up long before."""


@attrs.frozen(kw_only=True)
class EventsTaken:
    """What became of one batch: how many records were `looked_at`, and how many events ended in each way.

    `put_off`: why records are looked at later; nothing where all of them were. `stopped`: whether the next
    batch would end in the same way. `paused`: nothing more of the module is, until it is resumed.
    """

    looked_at: int = 0
    taken: int = 0
    parked: int = 0
    dead: int = 0
    deleted: int = 0
    put_off: str = ""
    paused: bool = False
    stopped: bool = False

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
            stopped=self.stopped or other.stopped,
        )


@attrs.frozen(kw_only=True)
class TakeEvents:
    """Claims records of a module that are due, looks at them, stores what was seen, and ends their events."""

    batches: Batches
    looks: Mapping[Side, Look]
    readers: Mapping[Side, EventReader]

    async def __call__(self, tenant: TenantId, module: AnyModule) -> EventsTaken | None:
        """One batch; None where nothing is due. Raises UnknownTenant, StoreUnavailable."""
        store = self.batches.store
        async with store.begin(tenant) as session:
            claims = await session.claim(take_flow(module.name), AT_ONCE, LEASE)
            buried = await self._bury(session, module, [claim for claim in claims if is_deadly(claim)])
        if not claims:
            return None
        left = [claim for claim in claims if not is_deadly(claim)]
        done = await self._taken(tenant, module, left) if left else EventsTaken()
        return attrs.evolve(done, dead=done.dead + buried)

    async def _bury(self, session: Session, module: AnyModule, deadly: Sequence[Claim]) -> int:
        """Give up records of which every worker died, with all events about them; how many those are."""
        if not deadly:
            return 0
        await session.end_claims([claim.dead(DEADLY) for claim in deadly])
        keys = [module.side.key(claim.key) for claim in deadly]
        buried = 0
        while events := await session.waiting_events(module.name, keys, MOST_EVENTS):
            ids = [event.id for event in events]
            buried += await session.end_events(ids, EventState.DEAD, DEADLY, self._now())
        return buried

    async def _taken(self, tenant: TenantId, module: AnyModule, claims: Sequence[Claim]) -> EventsTaken:
        """Where the service refuses to show them all, each half by itself: one record spoils no other."""
        store = self.batches.store
        keys = [module.side.key(claim.key) for claim in claims]
        async with store.read(tenant) as session:
            events = await session.waiting_events(module.name, keys, MOST_EVENTS + 1)
        if len(events) > MOST_EVENTS and len(claims) > 1:  # those left out may be all that can be taken
            return await self._halved(tenant, module, claims)
        try:
            seen = await self.looks[module.side](tenant, module, keys, events)
        except StoreError:
            raise
        except MziError as error:
            if len(claims) > 1 and may_be_about_one(error):
                return await self._halved(tenant, module, claims)
            return await self._put_off(tenant, module, claims, events, error)
        return await self._store(tenant, module, claims, events, seen)

    async def _halved(self, tenant: TenantId, module: AnyModule, claims: Sequence[Claim]) -> EventsTaken:
        half = len(claims) // 2
        first = await self._taken(tenant, module, claims[:half])
        return first + await self._taken(tenant, module, claims[half:])

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
            moved = await _moved(batch.session, module, claims, seen)
            seen = _without(seen, moved)
            outcomes: Sequence[Outcome] = ()
            if seen.records:
                outcomes = (
                    await batch.take(seen.records, untold=seen.untold, are_ours=seen.are_ours)
                ).outcomes
            deleted = await self._delete(batch.session, module, seen, causes) if seen.gone else 0
            looked_at, more, events = events, len(events) > MOST_EVENTS, events[:MOST_EVENTS]
            failed = {str(key): error for key, error in seen.failed.items()}
            endings_of_claims = [
                _ended(claim, failed.get(claim.key), more=more or claim.key in moved) for claim in claims
            ]
            state = await self._end_claims(batch.session, module, endings_of_claims, looked_at)
            refused, notes = _told_of(outcomes, seen, events)
            endings: dict[tuple[EventState, str], list[RecordId]] = defaultdict(list)
            for key, id in [(str(event.key), event.id) for event in events if event.key in state]:
                if key in moved:
                    continue
                if id not in seen.unanswered:
                    endings[_of_event(id, refused, notes)].append(id)
                elif state[key] is DeliveryState.DEAD:
                    endings[EventState.DEAD, failed[key].told].append(id)
            done = await self._end(batch.session, endings)
        return attrs.evolve(
            done,
            looked_at=len(claims) - len(failed) - len(moved),
            deleted=deleted,
            put_off=next((error.told for error in failed.values()), ""),
        )

    async def _delete(
        self, session: Session, module: AnyModule, seen: Observed, causes: Mapping[RecordKey, CausedBy]
    ) -> int:
        """Mark records deleted that are gone; how many were live until now."""
        at = (await session.status(module)).at(self._now())
        told = CausedBy(Causer.EVENT)
        return await delete_records(
            session, module, seen.gone, at, caused_by=told, causes=causes, versions=seen.gone_at
        )

    async def _end_claims(
        self, session: Session, module: AnyModule, endings: Collection[Ending], looked_at: Sequence[Event]
    ) -> Mapping[str, DeliveryState]:
        """End claims, by key; the facts that came since the look are not put off with what failed."""
        ended = await session.end_claims(endings)
        later = [module.side.key(each.claim.key) for each in endings if each.after]
        if later and len(looked_at) <= MOST_EVENTS:
            known = {event.id for event in looked_at}
            waiting = await session.waiting_events(module.name, later, len(known) + MOST_EVENTS)
            is_fact = self.readers[module.side].is_fact
            came = [event for event in waiting if event.id not in known and is_fact(event)]
            await session.make_due(looked_at_for(came, {event.id for event in came}))
        return {address.key: state for address, state in ended.items()}

    async def _end(
        self, session: Session, endings: Mapping[tuple[EventState, str], Collection[RecordId]]
    ) -> EventsTaken:
        """End events, each in its state and for its reason; how many they were."""
        counts: Counter[EventState] = Counter()
        now = self._now()
        for (state, reason), ids in sorted(endings.items()):
            counts[state] += await session.end_events(ids, state, reason, now)
        return EventsTaken(
            taken=counts[EventState.TAKEN], parked=counts[EventState.PARKED], dead=counts[EventState.DEAD]
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
            ended = await self._end_claims(
                session, module, [put_off(claim, error) for claim in claims], events
            )
            dead = {key for key, state in ended.items() if state is DeliveryState.DEAD}
            ids = [event.id for event in events if event.key in dead]
            buried = await session.end_events(ids, EventState.DEAD, error.told, self._now()) if ids else 0
            paused = isinstance(error, AuthRevoked)
            if paused:
                await session.pause(take_flow(module.name), error.told)
        return EventsTaken(looked_at=0, dead=buried, put_off=error.told, stopped=True, paused=paused)


async def _moved(
    session: Session, module: AnyModule, claims: Sequence[Claim], seen: Observed
) -> frozenset[str]:
    """Whose row was written since its record was asked for: what was seen may be older than that."""
    before = seen.before
    if before is None:
        return frozenset()
    rows = await session.stored(module, [module.side.key(claim.key) for claim in claims])
    return frozenset(str(key) for key, row in rows.items() if row.revision != before.get(key))


def _without(seen: Observed, moved: Collection[str]) -> Observed:
    """What was seen of the others."""
    if not moved:
        return seen
    return attrs.evolve(
        seen,
        records=[
            each for each in seen.records if isinstance(each, Mapping) and str(each.get("id")) not in moved
        ],
        gone=[key for key in seen.gone if key not in moved],
    )


def _ended(claim: Claim, error: MziError | None, *, more: bool) -> Ending:
    """How the look at one record ends; `more`: whether it is to be looked at again at once."""
    if isinstance(error, AccountMissing | AuthRevoked):  # what is told of other records is taken all the same
        return claim.given_back(WITHOUT_ACCOUNT, error.told)
    if error is not None:
        return put_off(claim, error)
    return claim.given_back() if more else claim.settled()


def _of_event(
    id: RecordId, refused: Mapping[RecordId, str], notes: Mapping[RecordId, str]
) -> tuple[EventState, str]:
    """How an event ends that was looked at, and why."""
    return (EventState.PARKED, refused[id]) if id in refused else (EventState.TAKEN, notes.get(id, ""))


_Reasons = dict[RecordId, str]


def _told_of(
    outcomes: Iterable[Outcome], seen: Observed, events: Sequence[Event]
) -> tuple[_Reasons, _Reasons]:
    """Why events are parked whose records were refused or cannot be told, and what is noted of others.

    A record that waits for another is not refused, for it is taken by itself: that is noted. So is that a
    newer version of it is there.
    """
    refused, notes = dict(seen.reasons), dict(seen.notes)
    refused_keys: dict[str | None, str] = {str(key): reason for key, reason in seen.unknown.items()}
    noted_keys: dict[str | None, str] = {}
    for outcome in outcomes:
        told = [each for each in outcome.reasons if not outcome.state.accepted or each.code is Code.STALE]
        if not told:
            continue
        reason = " ".join(each.message for each in told)
        if outcome.parked:
            reason = f"It waits. {reason}"
        is_taken = outcome.parked or outcome.state.accepted
        by_event, by_key = (notes, noted_keys) if is_taken else (refused, refused_keys)
        if seen.told_by:
            by_event |= dict.fromkeys(seen.told_by[outcome.position], reason)
        else:
            by_key[outcome.key] = reason
    refused |= {event.id: refused_keys[event.key] for event in events if event.key in refused_keys}
    notes |= {event.id: noted_keys[event.key] for event in events if event.key in noted_keys}
    return refused, notes
