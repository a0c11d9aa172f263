"""What is due to be looked at, who is at work on it, and how that ended."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_core.errors import StoreRefused
from mzi_core.ports import (
    Claim,
    DeliveryKey,
    DeliveryQuery,
    DeliveryState,
    Due,
    Ending,
    FlowStatus,
    Forgotten,
    JsonObject,
    Note,
    PutOff,
    StoredDelivery,
)
from mzi_core.ports.deliveries import MOST_PUT_OFF, each_once

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SOLO = 2
"""Begun so often and never ended, a delivery is claimed alone."""


def is_claimable(row: StoredDelivery, now: datetime) -> bool:
    """Whether nobody has a delivery that is due, or that is to be looked at once more."""
    if row.state is DeliveryState.DUE:
        return row.due_at <= now and (row.leased_until is None or row.leased_until <= now)
    return row.state is DeliveryState.SETTLED and row.look_at is not None and row.look_at <= now


def _remembered(new: JsonObject | None, before: JsonObject | None) -> JsonObject | None:
    """What is remembered from now on: a copy, as a database would make one."""
    if new is None:
        return before
    try:
        copy: JsonObject = json.loads(json.dumps(new, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise StoreRefused("What is to be kept of a delivery is not JSON.") from error
    return copy or None


def _made_due(row: StoredDelivery, now: datetime, **changes: Any) -> StoredDelivery:
    """One that was not due, made due."""
    fresh = {"starts": 0, "tries": 0, "waits_for": None, "reason": "", "due_at": now, "updated_at": now}
    generation = row.generation + 1
    return attrs.evolve(row, state=DeliveryState.DUE, generation=generation, **(fresh | changes))


def _ended(row: StoredDelivery, ending: Ending, now: datetime) -> StoredDelivery:
    back, worked_on = ending.state is DeliveryState.DUE, ending.claim.generation
    moved = row.generation > worked_on
    state = DeliveryState.DUE if moved else ending.state
    tries = row.tries + ending.counts if back else row.tries if state is DeliveryState.DEAD else 0
    look_at = row.look_at
    if ending.look_again is not None:
        look_at = max(now + ending.look_again, look_at or now)
    return attrs.evolve(
        row,
        state=state,
        settled=worked_on if ending.state is DeliveryState.SETTLED else row.settled,
        due_at=now + ending.after if back else now if moved else row.due_at,
        leased_until=None,
        starts=row.starts - 1 if back and not ending.counts else 0,
        tries=tries,
        look_at=look_at,
        waits_for=ending.waits_for if state is DeliveryState.WAITING else None,
        agreed=_remembered(ending.agreed, row.agreed),
        intent=None if ending.state is DeliveryState.SETTLED else row.intent,
        plan_id=row.plan_id if ending.plan_id is None else ending.plan_id,
        reason=ending.reason if back or not moved else "",
        updated_at=now,
    )


@attrs.frozen
class Deliveries(TenantTables):
    """The part of a session that is about deliveries."""

    def _put(self, row: StoredDelivery) -> None:
        self.tables.deliveries.put((self.tenant, row.flow, row.key), row)

    def _found(self, flow: str, key: str) -> StoredDelivery | None:
        return self.tables.deliveries.get((self.tenant, flow, key))

    def _chosen(self, which: Callable[[StoredDelivery], bool]) -> list[StoredDelivery]:
        rows = (row for (tenant, *_), row in self.tables.deliveries.items() if tenant == self.tenant)
        return sorted(filter(which, rows), key=lambda row: row.address)

    def _ours(self, claim: Claim) -> StoredDelivery | None:
        row = self._found(claim.flow, claim.key)
        is_ours = row is not None and row.claim == claim.number and row.leased_until is not None
        return row if is_ours else None

    async def make_due(self, dues: Collection[Due]) -> None:
        now = self.clock.now()
        for due in each_once(dues):
            row = self._found(due.flow, due.key)
            if row is None:
                self._put(_new(due.flow, due.key, due.subject, now))
            elif row.state is DeliveryState.DUE:
                again = attrs.evolve(row, generation=row.generation + 1, updated_at=now)
                if due.at_once:
                    again = attrs.evolve(again, due_at=min(row.due_at, now), tries=0, reason="")
                self._put(attrs.evolve(again, subject=due.subject or row.subject))
            else:
                self._put(_made_due(row, now, subject=due.subject or row.subject))

    async def claim(
        self, flow: str, limit: int, lease: timedelta, *, only: Collection[str] | None = None
    ) -> Sequence[Claim]:
        now = self.clock.now()
        if (self.tenant, flow) in self.tables.pauses:
            return []
        free = self._chosen(
            lambda row: row.flow == flow and is_claimable(row, now) and (only is None or row.key in only)
        )
        due = [row for row in free if row.state is DeliveryState.DUE]
        due.sort(key=lambda row: (row.due_at, row.key))
        looks = [row for row in free if row.state is DeliveryState.SETTLED]
        looks.sort(key=lambda row: (row.look_at, row.key))
        if due and due[0].starts >= SOLO:
            return [self._claimed(due[0], now, lease)]
        chosen = [row for row in due if row.starts < SOLO] + looks
        claims = [self._claimed(row, now, lease) for row in chosen[:limit]]
        return sorted(claims, key=lambda claim: (claim.due_at, claim.key))

    def _claimed(self, row: StoredDelivery, now: datetime, lease: timedelta) -> Claim:
        is_second_look = row.state is DeliveryState.SETTLED
        if is_second_look:
            row = _made_due(row, now, look_at=None)
        row = attrs.evolve(
            row,
            claim=row.claim + 1,
            starts=row.starts + 1,
            leased_until=now + lease,
            updated_at=now,
        )
        self._put(row)
        return Claim(
            flow=row.flow,
            key=row.key,
            subject=row.subject,
            number=row.claim,
            generation=row.generation,
            starts=row.starts,
            tries=row.tries,
            due_at=row.due_at,
            leased_until=now + lease,
            agreed=row.agreed,
            intent=row.intent,
            plan_id=row.plan_id,
            approved_generation=row.approved_generation,
            is_second_look=is_second_look,
        )

    async def fence(self, claims: Collection[Claim]) -> Collection[DeliveryKey]:
        return {claim.address for claim in claims if self._ours(claim) is not None}

    async def renew(self, claims: Collection[Claim], lease: timedelta) -> Sequence[Claim]:
        now = self.clock.now()
        renewed = []
        for claim in claims:
            row = self._ours(claim)
            if row is not None:
                self._put(attrs.evolve(row, leased_until=now + lease, updated_at=now))
                renewed.append(attrs.evolve(claim, leased_until=now + lease))
        return renewed

    async def note(self, notes: Collection[Note]) -> Collection[DeliveryKey]:
        noted, now = set(), self.clock.now()
        for note in notes:
            row = self._ours(note.claim)
            if row is not None:
                agreed, intent = _remembered(note.agreed, row.agreed), _remembered(note.intent, row.intent)
                self._put(attrs.evolve(row, agreed=agreed, intent=intent, updated_at=now))
                noted.add(row.address)
        return noted

    async def end_claims(self, endings: Collection[Ending]) -> Mapping[DeliveryKey, DeliveryState]:
        ended, now = {}, self.clock.now()
        for ending in endings:
            row = self._ours(ending.claim)
            if row is not None:
                row = _ended(row, ending, now)
                self._put(row)
                ended[row.address] = row.state
        return ended

    async def wake(self, parents: Collection[DeliveryKey]) -> Mapping[str, int]:
        wanted = set(parents)
        return self._make_due(self._chosen(lambda row: row.waits_for in wanted))

    async def redrive(self, deliveries: Collection[DeliveryKey]) -> int:
        wanted = set(deliveries)
        dead = self._chosen(lambda row: row.state is DeliveryState.DEAD and row.address in wanted)
        return sum(self._make_due(dead).values())

    def _held(self, plan_id: str) -> list[StoredDelivery]:
        return self._chosen(lambda row: _is_held(row, plan_id))

    async def approve(self, plan_id: str) -> Mapping[str, int]:
        approved = [attrs.evolve(row, approved_generation=row.generation + 1) for row in self._held(plan_id)]
        return self._make_due(approved)

    def _make_due(self, rows: Iterable[StoredDelivery]) -> Mapping[str, int]:
        now, flows = self.clock.now(), Counter[str]()
        for row in rows:
            self._put(_made_due(row, now))
            flows[row.flow] += 1
        return dict(flows)

    async def reject(self, plan_id: str, reason: str) -> Mapping[str, int]:
        now, held = self.clock.now(), self._held(plan_id)
        for row in held:
            settled = attrs.evolve(row, state=DeliveryState.SETTLED, settled=row.generation)
            self._put(attrs.evolve(settled, reason=reason, updated_at=now))
        return dict(Counter(row.flow for row in held))

    async def lock_deliveries(self, deliveries: Collection[DeliveryKey]) -> None:
        """Nothing to wait for: one session at a time has everything."""

    async def pause(self, flow: str, reason: str) -> None:
        _, since = self.tables.pauses.get((self.tenant, flow), ("", self.clock.now()))
        self.tables.pauses.put((self.tenant, flow), (reason, since))

    async def resume(self, flow: str) -> None:
        self.tables.pauses.drop((self.tenant, flow))

    async def flows(self) -> Sequence[FlowStatus]:
        now, rows = self.clock.now(), self._chosen(lambda _: True)
        pauses = {
            flow: pause for (tenant, flow), pause in self.tables.pauses.items() if tenant == self.tenant
        }
        found = []
        for flow in sorted({row.flow for row in rows} | pauses.keys()):
            mine = [row for row in rows if row.flow == flow]
            ages = [now - row.due_at for row in mine if row.state is DeliveryState.DUE and row.due_at <= now]
            reason, since = pauses.get(flow, (None, None))
            counts = dict(Counter(row.state for row in mine))
            found.append(
                FlowStatus(
                    flow=flow,
                    counts=counts,
                    oldest_due=max(ages, default=None),
                    put_off=_put_off([row for row in mine if row.due_at > now]),
                    paused=reason,
                    paused_at=since,
                )
            )
        return found

    async def deliveries(
        self, flow: str, state: DeliveryState, *, after: str = "", limit: int = 100
    ) -> Sequence[StoredDelivery]:
        behind = DeliveryKey(flow, after)
        return await self.list_deliveries(DeliveryQuery(flow=flow, state=state, after=behind, limit=limit))

    async def deliveries_about(
        self, subject: str, *, after: DeliveryKey | None = None, limit: int = 100
    ) -> Sequence[StoredDelivery]:
        return await self.list_deliveries(DeliveryQuery(subject=subject, after=after, limit=limit))

    async def deliveries_held(
        self, plan_id: str, *, after: DeliveryKey | None = None, limit: int = 100
    ) -> Sequence[StoredDelivery]:
        return await self.list_deliveries(DeliveryQuery(plan_id=plan_id, after=after, limit=limit))

    async def held_under(self, plan_ids: Collection[str]) -> Mapping[str, int]:
        held = Counter(row.plan_id for row in self._chosen(lambda row: row.state is DeliveryState.HELD))
        return {id: held[id] for id in plan_ids}

    async def list_deliveries(self, query: DeliveryQuery) -> Sequence[StoredDelivery]:
        return self._chosen(lambda row: _is_asked(row, query))[: query.limit]

    async def delivery(self, address: DeliveryKey) -> StoredDelivery | None:
        return self._found(address.flow, address.key)

    async def deliveries_at(self, addresses: Collection[DeliveryKey]) -> Mapping[DeliveryKey, StoredDelivery]:
        rows = {address: self._found(address.flow, address.key) for address in addresses}
        return {address: row for address, row in rows.items() if row is not None}

    async def delivery_states(
        self, deliveries: Collection[DeliveryKey]
    ) -> Mapping[DeliveryKey, DeliveryState]:
        return {address: row.state for address, row in (await self.deliveries_at(deliveries)).items()}

    async def forget_settled(
        self, flow: str, older_than: timedelta, *, after: str = "", limit: int = 1000
    ) -> Forgotten:
        seen = await self.deliveries(flow, DeliveryState.SETTLED, after=after, limit=limit)
        before = self.clock.now() - older_than
        old = [row for row in seen if row.updated_at <= before]
        gone = [row for row in old if row.agreed is None and row.look_at is None]
        for row in gone:
            self.tables.deliveries.drop((self.tenant, row.flow, row.key))
        return Forgotten(len(gone), seen[-1].key if len(seen) == limit else None)


def _is_asked(row: StoredDelivery, query: DeliveryQuery) -> bool:
    return (
        query.flow in (None, row.flow)
        and query.state in (None, row.state)
        and (query.subject is None or row.subject == query.subject != "")
        and (query.plan_id is None or _is_held(row, query.plan_id))
        and (query.after is None or row.address > query.after)
    )


def _is_held(row: StoredDelivery, plan_id: str) -> bool:
    return row.state is DeliveryState.HELD and row.plan_id == plan_id


def _new(flow: str, key: str, subject: str, now: datetime) -> StoredDelivery:
    return StoredDelivery(
        flow=flow,
        key=key,
        subject=subject,
        state=DeliveryState.DUE,
        generation=1,
        settled=0,
        due_at=now,
        claim=(now - _EPOCH) // timedelta(microseconds=1),
        leased_until=None,
        starts=0,
        tries=0,
        look_at=None,
        waits_for=None,
        agreed=None,
        intent=None,
        plan_id="",
        approved_generation=0,
        reason="",
        updated_at=now,
    )


def _put_off(later: Sequence[StoredDelivery]) -> PutOff | None:
    waiting = sorted((row for row in later if row.state is DeliveryState.DUE), key=lambda row: row.due_at)
    if not waiting:
        return None
    return PutOff(number=min(len(waiting), MOST_PUT_OFF), until=waiting[0].due_at, reason=waiting[0].reason)
