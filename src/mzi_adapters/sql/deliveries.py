"""What is due to be looked at, who is at work on it, and how that ended."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from mzi_adapters.sql import delivery_statements as say
from mzi_adapters.sql.delivery_statements import Statements
from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.types import UtcDateTime
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
from mzi_core.ports.deliveries import each_once

STATEMENTS: Mapping[str, Statements] = {"postgresql": say.POSTGRES, "sqlite": say.SQLITE}
BEGINNING = DeliveryKey("", "")
"""Before every delivery that there can be."""

_MOMENTS = UtcDateTime()
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimedScope(Scope):
    """What asks about deliveries: with the server's time where there is one, else with the clock's."""

    __slots__ = ()

    @property
    def say(self) -> Statements:
        """The statements in the words of the database at hand."""
        return STATEMENTS[self.connection.dialect.name]

    @property
    def _has_server(self) -> bool:
        return self.connection.dialect.name == "postgresql"

    def now(self) -> tuple[Any, ...]:
        """The moment as the last value of a statement; none where the server knows it."""
        return () if self._has_server else (self._text(self.clock.now()),)

    def _text(self, moment: datetime) -> Any:
        return _MOMENTS.bind_processor(self.connection.dialect)(moment)

    def in_(self, duration: timedelta) -> Any:
        """So long from now, as a value of a statement."""
        return duration if self._has_server else self._text(self.clock.now() + duration)

    def in_json(self, duration: timedelta | None) -> object:
        """So long from now, in a row of JSON."""
        if duration is None:
            return None
        return f"{duration // _MICROSECOND} microseconds" if self._has_server else self.in_(duration)

    def moment(self, value: Any) -> Any:
        """A moment that was read."""
        return _MOMENTS.process_result_value(value, self.connection.dialect)


def _json(rows: Iterable[Mapping[str, object]]) -> str:
    try:
        return json.dumps(list(rows), separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise StoreRefused("What is to be kept of a delivery is not JSON.") from error


def _object(found: Any) -> JsonObject | None:
    """What SQLAlchemy has read already where it carried out the statement; see `Driver.ask`."""
    read: JsonObject | None = json.loads(found) if isinstance(found, str) else found
    return read


def _key_row(address: DeliveryKey) -> dict[str, object]:
    return {"of_flow": address.flow, "of_key": address.key}


def _claim_row(claim: Claim) -> dict[str, object]:
    return {"of_flow": claim.flow, "of_key": claim.key, "number": claim.number}


def _endings(endings: Collection[Ending], scope: TimedScope) -> list[dict[str, object]]:
    durations = {each for ending in endings for each in (ending.after, ending.look_again)}
    in_json = {duration: scope.in_json(duration) for duration in durations}  # there are few
    return [
        {
            **_claim_row(ending.claim),
            "worked_on": ending.claim.generation,
            "ending": ending.state.value,
            "why": ending.reason,
            "new_agreed": ending.agreed,
            "on_flow": ending.waits_for and ending.waits_for.flow,
            "on_key": ending.waits_for and ending.waits_for.key,
            "under_plan": ending.plan_id,
            "after": in_json[ending.after],
            "counts": int(ending.counts),
            "look": in_json[ending.look_again],
        }
        for ending in endings
    ]


@attrs.frozen
class Deliveries(TimedScope):
    """The part of a session that is about deliveries."""

    _changed: Counter[tuple[str, str]] = attrs.field(factory=Counter, init=False, repr=False, eq=False)
    """How many more there are by flow and state than when the session began; see `keep_counts`."""

    def _count(self, flow: str, was: str, state: DeliveryState, number: int = 1) -> None:
        if was:  # a new one was in no state
            self._changed[flow, was] -= number
        self._changed[flow, state.value] += number

    async def keep_counts(self) -> None:
        """Keep the numbers, in the order of their key; to be called once, as the last of a session.

        Kept with each change, two sessions that change rows by turns would wait for each other: one for a
        number, which the other has, the other for a row.
        """
        rows = [
            {"of_flow": flow, "of_state": state, "more": more}
            for (flow, state), more in sorted(self._changed.items())
            if more
        ]
        if rows:
            await self.ask(self.say.add_counts, self.tenant, _json(rows))
            self._changed.clear()

    async def make_due(self, dues: Collection[Due]) -> None:
        """Have these looked at: a new generation each, and due now unless they are put off."""
        if not dues:
            return
        rows = [
            {
                "of_flow": due.flow,
                "of_key": due.key,
                "about": due.subject,
                "how": say.AT_ONCE if due.at_once else "",
            }
            for due in each_once(dues)
        ]
        now = self.now()
        if now:
            now = ((self.clock.now() - _EPOCH) // _MICROSECOND, *now)
        for flow, was, number in await self.ask(self.say.make_due, self.tenant, _json(rows), *now):
            self._count(flow, was, DeliveryState.DUE, number)

    async def claim(
        self, flow: str, limit: int, lease: timedelta, *, only: Collection[str] | None = None
    ) -> Sequence[Claim]:
        """Claim due deliveries that nobody has, oldest first; one by itself that was begun twice in vain."""
        question = self.say.claim if only is None else self.say.claim_some
        values = flow, limit, self.in_(lease), *self.now(), *(() if only is None else (json.dumps([*only]),))
        rows = await self.ask(question, self.tenant, *values)
        claims = []
        for *said, due_at, leased_until, agreed, intent, plan_id, approved, was in rows:
            flow, key, subject, number, generation, starts, tries = said
            self._count(flow, was, DeliveryState.DUE)
            claim = Claim(
                flow=flow,
                key=key,
                subject=subject,
                number=number,
                generation=generation,
                starts=starts,
                tries=tries,
                due_at=self.moment(due_at),
                leased_until=self.moment(leased_until),
                agreed=_object(agreed),
                intent=_object(intent),
                plan_id=plan_id,
                approved_generation=approved,
                is_second_look=was == DeliveryState.SETTLED,
            )
            claims.append(claim)
        return sorted(claims, key=lambda claim: (claim.due_at, claim.key))

    async def fence(self, claims: Collection[Claim]) -> Collection[DeliveryKey]:
        """Those whose claim is still the newest and not ended; nobody else gets these now."""
        rows = await self._of_claims(self.say.fence, map(_claim_row, claims))
        return {DeliveryKey(*address) for address in rows}

    async def renew(self, claims: Collection[Claim], lease: timedelta) -> Sequence[Claim]:
        """Have claims end so long from now instead."""
        until = self.in_(lease), *self.now()
        rows = await self._of_claims(self.say.renew, map(_claim_row, claims), *until)
        renewed = {(flow, key): self.moment(leased_until) for flow, key, leased_until in rows}
        return [
            attrs.evolve(claim, leased_until=renewed[claim.flow, claim.key])
            for claim in claims
            if (claim.flow, claim.key) in renewed
        ]

    async def note(self, notes: Collection[Note]) -> Collection[DeliveryKey]:
        """Remember something of claims."""
        kept = [
            {
                **_claim_row(note.claim),
                "new_agreed": note.agreed,
                "new_intent": note.intent,
            }
            for note in notes
        ]
        return {DeliveryKey(*address) for address in await self._of_claims(self.say.note, kept, *self.now())}

    async def end_claims(self, endings: Collection[Ending]) -> Mapping[DeliveryKey, DeliveryState]:
        """End claims, and say how each delivery stands now."""
        rows = await self._of_claims(self.say.end, _endings(endings, self), *self.now())
        ended = {DeliveryKey(flow, key): DeliveryState(state) for flow, key, state in rows}
        for address, state in ended.items():
            self._count(address.flow, DeliveryState.DUE.value, state)
        return ended

    async def _of_claims(
        self, question: str, rows: Iterable[Mapping[str, object]], *values: Any
    ) -> Sequence[Any]:
        asked = list(rows)
        return await self.ask(question, self.tenant, _json(asked), *values) if asked else ()

    async def wake(self, parents: Collection[DeliveryKey]) -> Mapping[str, int]:
        """Make due whatever waits for one of these, by flow how many."""
        if not parents:
            return {}
        values = _json(map(_key_row, parents)), *self.now()
        return await self._changing(self.say.wake, DeliveryState.WAITING, DeliveryState.DUE, *values)

    async def redrive(self, deliveries: Collection[DeliveryKey]) -> int:
        """Make dead ones due, and say how many were."""
        if not deliveries:
            return 0
        values = _json(map(_key_row, deliveries)), *self.now()
        redriven = await self._changing(self.say.redrive, DeliveryState.DEAD, DeliveryState.DUE, *values)
        return sum(redriven.values())

    async def approve(self, plan_id: str) -> Mapping[str, int]:
        """Make due what is held under a plan, the new generation approved; by flow how many."""
        values = plan_id, *self.now()
        return await self._changing(self.say.approve, DeliveryState.HELD, DeliveryState.DUE, *values)

    async def reject(self, plan_id: str, reason: str) -> Mapping[str, int]:
        """Settle what is held under a plan without doing it; by flow how many."""
        values = plan_id, reason, *self.now()
        return await self._changing(self.say.reject, DeliveryState.HELD, DeliveryState.SETTLED, *values)

    async def _changing(
        self, change: str, was: DeliveryState, state: DeliveryState, *values: Any
    ) -> Mapping[str, int]:
        changed: Counter[str] = Counter()
        for flow, number in await self.ask(change, self.tenant, *values):
            changed[flow] += number
        for flow, number in changed.items():
            self._count(flow, was.value, state, number)
        return dict(changed)

    async def lock_deliveries(self, deliveries: Collection[DeliveryKey]) -> None:
        """Wait until no other session is changing these, and keep them to the end."""
        if deliveries and self._has_server:
            await self.ask(say.LOCK, self.tenant, _json(map(_key_row, deliveries)))

    async def pause(self, flow: str, reason: str) -> None:
        """Let nothing of a flow be claimed."""
        await self.ask(self.say.pause, self.tenant, flow, reason, *self.now())

    async def resume(self, flow: str) -> None:
        """Let a flow be claimed again."""
        await self.ask(say.RESUME, self.tenant, flow)

    async def flows(self) -> Sequence[FlowStatus]:
        """Every flow that has ever had a delivery or is paused, by name."""
        await self.keep_counts()
        counts: dict[str, dict[DeliveryState, int]] = {}
        for flow, state, number in await self.ask(say.COUNTS, self.tenant):
            counts.setdefault(flow, {})[DeliveryState(state)] = number
        found = []
        for flow, due_at, paused, paused_at, now, number, until, reason in await self.ask(
            self.say.flows, self.tenant, *self.now()
        ):
            age = None if due_at is None else self.moment(now) - self.moment(due_at)
            found.append(
                FlowStatus(
                    flow=flow,
                    counts=counts.get(flow, {}),
                    oldest_due=None if age is None or age < timedelta(0) else age,
                    put_off=PutOff(number=number, until=self.moment(until), reason=reason)
                    if number
                    else None,
                    paused=paused,
                    paused_at=self.moment(paused_at),
                )
            )
        return found

    async def deliveries(
        self, flow: str, state: DeliveryState, *, after: str = "", limit: int = 100
    ) -> Sequence[StoredDelivery]:
        """Those of a flow in a state, by key."""
        behind = DeliveryKey(flow, after)
        return await self.list_deliveries(DeliveryQuery(flow=flow, state=state, after=behind, limit=limit))

    async def deliveries_about(
        self, subject: str, *, after: DeliveryKey | None = None, limit: int = 100
    ) -> Sequence[StoredDelivery]:
        """Those about a subject, by flow and key."""
        return await self.list_deliveries(DeliveryQuery(subject=subject, after=after, limit=limit))

    async def deliveries_held(
        self, plan_id: str, *, after: DeliveryKey | None = None, limit: int = 100
    ) -> Sequence[StoredDelivery]:
        """Those held under a plan, by flow and key."""
        return await self.list_deliveries(DeliveryQuery(plan_id=plan_id, after=after, limit=limit))

    async def held_under(self, plan_ids: Collection[str]) -> Mapping[str, int]:
        """How many deliveries are held under each of these plans."""
        if not plan_ids:
            return {}
        asked = json.dumps(list(plan_ids))
        return dict(map(tuple, await self.ask(self.say.held_under, self.tenant, asked)))

    async def list_deliveries(self, query: DeliveryQuery) -> Sequence[StoredDelivery]:
        """The part of all deliveries that a query asks for."""
        given = {name: getattr(query, name) for name in say.FILTERS}
        asked = {name: str(value) for name, value in given.items() if value is not None}
        behind = query.after or BEGINNING
        place: tuple[str, ...] = (behind.flow, behind.key)
        if query.flow is not None:
            if behind.flow > query.flow:
                return ()
            # By the key alone: of a pair no database sees that its first half is known already.
            place = (behind.key if behind.flow == query.flow else "",)
        question = say.listed(self.connection.dialect.name, *asked)
        return self._read(await self.ask(question, self.tenant, *asked.values(), *place, query.limit))

    async def delivery(self, address: DeliveryKey) -> StoredDelivery | None:
        """One delivery."""
        found = self._read(await self.ask(say.ONE, self.tenant, address.flow, address.key))
        return found[0] if found else None

    async def deliveries_at(self, addresses: Collection[DeliveryKey]) -> Mapping[DeliveryKey, StoredDelivery]:
        """Each of these."""
        if not addresses:
            return {}
        rows = await self.ask(self.say.at, self.tenant, _json(map(_key_row, addresses)))
        return {row.address: row for row in self._read(rows)}

    async def delivery_states(
        self, deliveries: Collection[DeliveryKey]
    ) -> Mapping[DeliveryKey, DeliveryState]:
        """How each of these stands."""
        if not deliveries:
            return {}
        rows = await self.ask(self.say.states, self.tenant, _json(map(_key_row, deliveries)))
        return {DeliveryKey(flow, key): DeliveryState(state) for flow, key, state in rows}

    def _read(self, rows: Sequence[Any]) -> list[StoredDelivery]:
        return [self._stored(dict(zip(say.COLUMNS, row, strict=True))) for row in rows]

    def _stored(self, row: dict[str, Any]) -> StoredDelivery:
        on_flow, on_key = row.pop("waits_flow"), row.pop("waits_key")
        for name in ("due_at", "leased_until", "look_at", "updated_at"):
            row[name] = self.moment(row[name])
        for name in ("agreed", "intent"):
            row[name] = _object(row[name])
        row["state"] = DeliveryState(row["state"])
        return StoredDelivery(**row, waits_for=None if on_flow is None else DeliveryKey(on_flow, on_key))

    async def forget_settled(
        self, flow: str, older_than: timedelta, *, after: str = "", limit: int = 1000
    ) -> Forgotten:
        """Look at settled deliveries by key behind `after`, and forget the old among them."""
        seen = [key for (key,) in await self.ask(say.SEEN, self.tenant, flow, after, limit)]
        if not seen:
            return Forgotten(0, None)
        before: Any = older_than if self._has_server else self.in_(-older_than)
        asked = _json(_key_row(DeliveryKey(flow, key)) for key in seen)
        gone = len(await self.ask(self.say.forget, self.tenant, asked, before))
        self._changed[flow, DeliveryState.SETTLED.value] -= gone
        return Forgotten(gone, seen[-1] if len(seen) == limit else None)
