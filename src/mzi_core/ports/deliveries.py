"""Deliveries: what is due to be looked at, who is at work on it, and how that ended.

A delivery is one key of one flow. It is made due again and again; each time its `generation` grows, so that
what comes while somebody is at work on it is neither lost nor done twice. Workers claim what is due: a claim
is a lease with a number, which grows with every claim of the key and is the fence. Whatever a worker keeps is
kept only while that number is still the newest; whoever makes a key due needs no claim.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import attrs

from mzi_core.values import TenantId

JsonObject = Mapping[str, object]
"""An object of JSON, of what `json.dumps` takes."""

AT_ONCE = timedelta(0)

MOST_PUT_OFF = 1_000
"""So many deliveries of a flow that were put off are counted; of more it is told that there are so many."""


class DeliveryState(StrEnum):
    """How a delivery stands.

    `due`: to be looked at as soon as its time has come; `waiting`: when another delivery has what it needs;
    `held`: by the brake, until a person decides about its plan; `dead`: given up, until it changes or a
    person has it tried again; `settled`: both sides agree as far as was known.
    """

    DUE = "due"
    WAITING = "waiting"
    HELD = "held"
    DEAD = "dead"
    SETTLED = "settled"


@attrs.frozen(order=True)
class DeliveryKey:
    """Which delivery of a tenant. Ordered as stores order them: by flow, then by key, by code point."""

    flow: str
    key: str


@attrs.frozen
class Due:
    """A delivery that must be looked at. `subject`: the person or thing it is about; "" if not known.

    `at_once`: whoever looks at it has all that is new, and need not ask for it: no failure stands against it.
    """

    flow: str
    key: str
    subject: str = ""
    at_once: bool = False


def each_once(dues: Iterable[Due]) -> Sequence[Due]:
    """Each delivery once, by flow and key: about the last subject that was named, at once if any is."""
    found: dict[tuple[str, str], Due] = {}
    for due in dues:
        before = found.get((due.flow, due.key), due)
        subject, at_once = due.subject or before.subject, due.at_once or before.at_once
        found[due.flow, due.key] = attrs.evolve(due, subject=subject, at_once=at_once)
    return [found[address] for address in sorted(found)]


@attrs.frozen(kw_only=True)
class Claim:
    """The right to work on one delivery until `leased_until`.

    `number`: the fence. `generation`: what is worked on; a later one is another claim's. `starts`: how often
    it was begun, this time included, and never ended: above 1 another worker was at it and may still be.
    `tries`: how often it ended badly. `agreed`: what both sides said when they last agreed. `intent`: what an
    earlier claim was about to send. `plan_id`: the last plan it was held under, "" for none to remember.
    `approved_generation`: the generation that a person has approved, or 0. `is_second_look`: it was settled,
    and is looked at once more as its ending wanted.
    """

    flow: str
    key: str
    subject: str
    number: int
    generation: int
    starts: int
    tries: int
    due_at: datetime
    leased_until: datetime
    agreed: JsonObject | None = attrs.field(default=None, repr=False)
    intent: JsonObject | None = attrs.field(default=None, repr=False)
    plan_id: str = ""
    approved_generation: int = 0
    is_second_look: bool = False

    @property
    def is_in_doubt(self) -> bool:
        """Whether something may have been done of which nobody here heard, so that both are read again."""
        return self.is_second_look or self.starts > 1

    @property
    def address(self) -> DeliveryKey:
        """Which delivery it is of."""
        return DeliveryKey(self.flow, self.key)

    def settled(
        self,
        reason: str = "",
        *,
        agreed: JsonObject | None = None,
        plan_id: str | None = None,
        look_again: timedelta | None = None,
    ) -> "Ending":
        """Both sides agree; `reason`: why nothing had to be done, where that needs saying."""
        return Ending(
            claim=self,
            state=DeliveryState.SETTLED,
            reason=reason,
            agreed=agreed,
            plan_id=plan_id,
            look_again=look_again,
        )

    def waiting(self, for_: DeliveryKey, reason: str = "") -> "Ending":
        """It is due again when somebody wakes those who wait for another delivery.

        Only in a session that has the lock, shared, of the module whose writer wakes, and that has looked
        once more under this lock whether what is waited for is still missing. Without the lock neither of
        two sessions sees what the other is about to keep, and the delivery sleeps for ever.
        """
        return Ending(claim=self, state=DeliveryState.WAITING, reason=reason, waits_for=for_)

    def held(self, plan_id: str, reason: str = "", *, agreed: JsonObject | None = None) -> "Ending":
        """The brake holds it under a plan, until a person decides."""
        return Ending(claim=self, state=DeliveryState.HELD, reason=reason, agreed=agreed, plan_id=plan_id)

    def dead(self, reason: str, *, look_again: timedelta | None = None) -> "Ending":
        """It is a dead letter; `reason` is the sentence that a person reads."""
        return Ending(claim=self, state=DeliveryState.DEAD, reason=reason, look_again=look_again)

    def retried(self, after: timedelta, reason: str, *, look_again: timedelta | None = None) -> "Ending":
        """It ended badly, and is due again after so long; the try counts."""
        return Ending(
            claim=self,
            state=DeliveryState.DUE,
            reason=reason,
            after=after,
            counts=True,
            look_again=look_again,
        )

    def given_back(self, after: timedelta = AT_ONCE, reason: str = "") -> "Ending":
        """It was not worked on: the flow is paused, the remote is down, or the process ends.

        Neither the try nor the start counts.
        """
        return Ending(claim=self, state=DeliveryState.DUE, reason=reason, after=after)


@attrs.frozen(kw_only=True)
class Ending:
    """How a claim ends; the methods of `Claim` make one.

    `agreed`: None leaves what was agreed as it is, an empty object forgets it. `plan_id`: the plan it is held
    under; None leaves the last one as it is, "" forgets it. `after`: when a delivery that
    is given back is due. `look_again`: after so long the delivery is due once more, if it is settled by then;
    for what was taken over from another worker, or was sent and not answered.
    """

    claim: Claim
    state: DeliveryState
    reason: str = ""
    agreed: JsonObject | None = attrs.field(default=None, repr=False)
    waits_for: DeliveryKey | None = None
    plan_id: str | None = None
    after: timedelta = AT_ONCE
    counts: bool = False
    look_again: timedelta | None = None


@attrs.frozen(kw_only=True)
class Note:
    """What is to be remembered of a claim before it ends: what is about to be sent, and what was agreed.

    None leaves what is remembered as it is, an empty object forgets it. A settled delivery has no intent.
    """

    claim: Claim
    intent: JsonObject | None = attrs.field(default=None, repr=False)
    agreed: JsonObject | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class StoredDelivery:
    """A delivery as the store has it. `settled`: the last generation that was settled, 0 if none was.

    `leased_until`: None where nobody is at work on it. `look_at`: when it is looked at once more. `plan_id`:
    the plan it is held under, or was held under last, for as long as that is to be remembered.
    """

    flow: str
    key: str
    subject: str
    state: DeliveryState
    generation: int
    settled: int
    due_at: datetime
    claim: int
    leased_until: datetime | None
    starts: int
    tries: int
    look_at: datetime | None
    waits_for: DeliveryKey | None
    agreed: JsonObject | None = attrs.field(repr=False)
    intent: JsonObject | None = attrs.field(repr=False)
    plan_id: str
    approved_generation: int
    reason: str
    updated_at: datetime

    @property
    def address(self) -> DeliveryKey:
        """Which delivery it is."""
        return DeliveryKey(self.flow, self.key)


@attrs.frozen(kw_only=True)
class DeliveryQuery:
    """Which deliveries to list, by flow and key: those that have all that is given; behind the one `after`.

    `subject`: none are about "". `plan_id`: those that are held under it, and none about which was decided.
    """

    flow: str | None = None
    state: DeliveryState | None = None
    subject: str | None = None
    plan_id: str | None = None
    after: DeliveryKey | None = None
    limit: int = 100


@attrs.frozen(kw_only=True)
class PutOff:
    """Deliveries of a flow that are due at a later time: their `number`, which is `MOST_PUT_OFF` at most.

    `until`: when the first of them is due; `reason`: why that was put off.
    """

    number: int
    until: datetime
    reason: str


@attrs.frozen(kw_only=True)
class FlowStatus:
    """How a flow of a tenant stands. `counts`: deliveries by state, without those of which there are none.

    `oldest_due`: for how long the oldest has been due, whether somebody is at work on it or not; None where
    none is due by now. `put_off`: what is due later; None where nothing is. `paused`: why the flow is paused;
    None where it is not. `paused_at`: since when.
    """

    flow: str
    counts: Mapping[DeliveryState, int]
    oldest_due: timedelta | None
    put_off: PutOff | None = None
    paused: str | None = None
    paused_at: datetime | None = None


@attrs.frozen(order=True)
class TenantFlow:
    """A flow of a tenant."""

    tenant: TenantId
    flow: str


@attrs.frozen
class Forgotten:
    """How far a clean-up got: how many were forgotten, and the last key it looked at; None at the end."""

    number: int
    after: str | None


class Deliveries(Protocol):
    """The part of a session that is about deliveries. All times are the store's.

    Each method takes many at once, in any order, and is one step for all of them. Two sessions that each call
    several of those that change deliveries may wait for each other, and then one of them is given up with
    StoreUnavailable; a session that first asks for all it will change by `lock_deliveries` never is.

    Not promised: that a worker whose lease is over has stopped; that deliveries are claimed in the order in
    which they became due where several workers claim; that a wake-up is kept for who waits later.
    """

    async def make_due(self, dues: Collection[Due]) -> None:
        """Have these looked at: a new generation each, whatever their state, and due now.

        Where one is due already its time stays, also one that a failure put off, and so do its starts and
        tries. What is due `at_once` is due now all the same, and its tries begin anew: what failed before may
        not fail any more. Who is at work on it is left alone, and may put it off for what came meanwhile; who
        does so looks, after the end and in the same session, whether that was due at once.

        One without a subject keeps the subject it has.
        """
        ...

    async def claim(
        self, flow: str, limit: int, lease: timedelta, *, only: Collection[str] | None = None
    ) -> Sequence[Claim]:
        """Claim due deliveries that nobody has, oldest first; none of a paused flow. `only`: of these keys.

        Settled ones whose time to be looked at once more has come are claimed after those that are due, and
        have a new generation. One that was begun twice and never ended is claimed alone, so that it takes no
        other with it. The caller gives up one that was begun too often.
        """
        ...

    async def fence(self, claims: Collection[Claim]) -> Collection[DeliveryKey]:
        """Those whose claim is still the newest and not ended; to the session's end nobody else gets these.

        They can be made due meanwhile.
        """
        ...

    async def renew(self, claims: Collection[Claim], lease: timedelta) -> Sequence[Claim]:
        """Have claims end so long from now instead; those that are lost or ended are left out."""
        ...

    async def note(self, notes: Collection[Note]) -> Collection[DeliveryKey]:
        """Remember something of claims; those that are lost or ended are left out and keep what they had."""
        ...

    async def end_claims(self, endings: Collection[Ending]) -> Mapping[DeliveryKey, DeliveryState]:
        """End claims, and say how each delivery stands now; those that are lost or ended are left out.

        A delivery of which a new generation came meanwhile is due, whatever the ending says: at once, or
        when the ending says so for one that is given back.
        """
        ...

    async def wake(self, parents: Collection[DeliveryKey]) -> Mapping[str, int]:
        """Make due whatever waits for one of these, by flow how many.

        Only in a session that has the lock, alone, of the module in which it writes what was waited for.
        """
        ...

    async def redrive(self, deliveries: Collection[DeliveryKey]) -> int:
        """Make dead ones due, and say how many were."""
        ...

    async def approve(self, plan_id: str) -> Mapping[str, int]:
        """Make due what is held under a plan, the new generation approved; by flow how many."""
        ...

    async def reject(self, plan_id: str, reason: str) -> Mapping[str, int]:
        """Settle what is held under a plan without doing it; by flow how many. Each remembers the plan."""
        ...

    async def lock_deliveries(self, deliveries: Collection[DeliveryKey]) -> None:
        """Wait until no other session is changing these, and keep them to the end; unknown ones are none.

        Not promised: that it does anything where only one session writes at a time.
        """
        ...

    async def pause(self, flow: str, reason: str) -> None:
        """Let nothing of a flow be claimed; one that is paused already has a new reason."""
        ...

    async def resume(self, flow: str) -> None:
        """Let a flow be claimed again; one that is not paused is no error."""
        ...

    async def flows(self) -> Sequence[FlowStatus]:
        """Every flow that has ever had a delivery or is paused, by name."""
        ...

    async def deliveries(
        self, flow: str, state: DeliveryState, *, after: str = "", limit: int = 100
    ) -> Sequence[StoredDelivery]:
        """Those of a flow in a state, by key, at most `limit`, behind the key `after`."""
        ...

    async def deliveries_about(
        self, subject: str, *, after: DeliveryKey | None = None, limit: int = 100
    ) -> Sequence[StoredDelivery]:
        """Those about a subject, by flow and key, at most `limit`, behind `after`; none are about ""."""
        ...

    async def deliveries_held(
        self, plan_id: str, *, after: DeliveryKey | None = None, limit: int = 100
    ) -> Sequence[StoredDelivery]:
        """Those held under a plan, by flow and key, at most `limit`, behind `after`."""
        ...

    async def held_under(self, plan_ids: Collection[str]) -> Mapping[str, int]:
        """How many deliveries are held under each of these plans; also those under which none is."""
        ...

    async def list_deliveries(self, query: DeliveryQuery) -> Sequence[StoredDelivery]:
        """The part of all deliveries that a query asks for, by flow and key."""
        ...

    async def delivery(self, address: DeliveryKey) -> StoredDelivery | None:
        """One delivery."""
        ...

    async def deliveries_at(self, addresses: Collection[DeliveryKey]) -> Mapping[DeliveryKey, StoredDelivery]:
        """Each of these; unknown ones are left out."""
        ...

    async def delivery_states(
        self, deliveries: Collection[DeliveryKey]
    ) -> Mapping[DeliveryKey, DeliveryState]:
        """How each of these stands; unknown ones are left out."""
        ...

    async def forget_settled(
        self, flow: str, older_than: timedelta, *, after: str = "", limit: int = 1000
    ) -> Forgotten:
        """Look at settled deliveries by key behind `after`, at most `limit`, and forget the old among them.

        Old is what nothing has changed for so long. One of which something was agreed or is to be looked at
        once more is never forgotten. One that is made due later begins again at generation 1, and its claims
        have numbers that none has had before, as long as the store's clock is not put back by `older_than`.
        """
        ...
