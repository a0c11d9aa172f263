"""Deliver what is due between Zoho and Moodle: claim pairs, bring them to agree, and say how each ended."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

import attrs

from mzi_core.errors import (
    AuthRevoked,
    MziError,
    OutOfTime,
    StoreError,
)
from mzi_core.flows.flow import Flow
from mzi_core.flows.rules import FlowName, Rules, rules_of
from mzi_core.ports import (
    Applied,
    Claim,
    DeliveryKey,
    DeliveryState,
    Ending,
    JsonObject,
    Note,
    Session,
    Store,
    Unknown,
    WriteResult,
)
from mzi_core.provisioning import StepResult
from mzi_core.use_cases.claim_endings import DEADLY, is_deadly, may_be_about_one, put_off
from mzi_core.values import MoodleId, TenantId, ZohoId

LEASE = timedelta(minutes=5)
"""How long one batch may take."""

LAST_SEND = timedelta(minutes=4)
"""After so much of it nothing is sent any more: a request may take the rest."""

SECOND_LOOK = 4 * LEASE
"""After so long a pair is looked at once more that two workers may have been at, or whose answer was lost."""

Result = StepResult[ZohoId | MoodleId]

K = TypeVar("K", bound=str)


def _now() -> float:
    """The time of the loop, which no change of the clock disturbs."""
    return asyncio.get_running_loop().time()


class Remembered(Protocol):
    """What is remembered of a pair beside its records, whether somebody is at work on it or not.

    Each is what a claim has of the same name.
    """

    @property
    def generation(self) -> int:
        """How often it was made due."""
        ...

    @property
    def agreed(self) -> JsonObject | None:
        """What both sides last said."""
        ...

    @property
    def intent(self) -> JsonObject | None:
        """What was about to be sent."""
        ...

    @property
    def plan_id(self) -> str:
        """The plan it was held under."""
        ...

    @property
    def approved_generation(self) -> int:
        """Which generation a person has approved."""
        ...


@attrs.define(kw_only=True, eq=False)
class Hold:
    """The claims that a worker has at hand, by key, and until when it may send.

    `begun`: when they were asked for, by the loop: no lease counts from earlier on. `by_hand`: as `Deliver`
    takes it. `in_doubt`: of which something was sent that may still be carried out later, for it was not
    answered, or not the first time.
    """

    store: Store
    tenant: TenantId
    claims: Mapping[str, Claim]
    begun: float
    by_hand: bool = False
    in_doubt: set[str] = attrs.field(factory=set)
    _under_way: set[str] = attrs.field(factory=set)

    def halves(self) -> tuple["Hold", "Hold"]:
        """The first half of the claims, and the second."""
        items, half = list(self.claims.items()), len(self.claims) // 2
        first, second = (attrs.evolve(self, claims=dict(part)) for part in (items[:half], items[half:]))
        return first, second

    async def about_to_send(self, intents: Mapping[K, JsonObject]) -> Collection[K]:
        """Note what is about to be sent; the keys of those that are still ours to send.

        Raises OutOfTime.
        """
        notes = [Note(claim=self.claims[key], intent=intent) for key, intent in intents.items()]
        async with self.store.begin(self.tenant) as session:
            ours = await session.note(notes)
        if _now() > self.begun + LAST_SEND.total_seconds():
            raise OutOfTime
        keys = _those(intents, ours)
        self._under_way.update(keys)
        return keys

    def answered(self, results: Mapping[K, WriteResult[ZohoId | MoodleId]]) -> None:
        """Take note of what became of what was sent."""
        self._under_way.difference_update(results)
        self.in_doubt.update(
            key
            for key, each in results.items()
            if isinstance(each, Unknown) or (isinstance(each, Applied) and each.again)
        )

    def ended(self, ending: Ending) -> Ending:
        """How a claim ends: looked at once more where what was sent may still be carried out later.

        So is one that was to be looked at once more, and could not be.
        """
        is_open = ending.claim.key in self.in_doubt | self._under_way
        is_open = is_open or (ending.claim.is_second_look and ending.state is not DeliveryState.SETTLED)
        return attrs.evolve(ending, look_again=SECOND_LOOK) if is_open else ending

    async def still_ours(self, session: Session, keys: Collection[K]) -> Collection[K]:
        """Those whose claim nobody has taken over; to the end of the session nobody does."""
        held = await session.fence([self.claims[key] for key in keys])
        return _those(keys, held)


def _those(keys: Iterable[K], held: Collection[DeliveryKey]) -> Collection[K]:
    names = {address.key for address in held}
    return [key for key in keys if key in names]


@attrs.frozen(kw_only=True)
class Worked:
    """How the claims of a batch are to end, and what was done about each record.

    `ended`: how those stand that had to be ended before, under a lock.
    """

    endings: Sequence[Ending]
    results: Sequence[Result] = ()
    ended: Sequence[DeliveryState] = ()


class PairWorker(Protocol):
    """Brings the pairs of one flow to agree."""

    async def __call__(self, rules: Rules, hold: Hold) -> Worked:
        """Work on the claims at hand. Raises GatewayError, StoreError, OutOfTime.

        A claim that needs a lock to end, as one that waits, is ended here, and is not among the endings.
        """
        ...


@attrs.frozen(kw_only=True)
class Delivered:
    """What became of one batch: how many pairs were worked on, and how many stand in which state now.

    `error`: what kept pairs from being worked on. `paused`: nothing more of the flow is delivered until it is
    resumed.
    """

    worked_on: int
    states: Counter[DeliveryState]
    results: Sequence[Result] = ()
    error: MziError | None = None
    paused: bool = False

    @property
    def put_off(self) -> str:
        """Why pairs are tried later; nothing where all were worked on."""
        return "" if self.error is None else self.error.told

    @property
    def stopped(self) -> bool:
        """Whether the next batch would end in the same way."""
        return self.error is not None

    def __add__(self, other: "Delivered") -> "Delivered":
        """Both together; of two reasons the first."""
        return Delivered(
            worked_on=self.worked_on + other.worked_on,
            states=self.states + other.states,
            results=[*self.results, *other.results],
            error=self.error or other.error,
            paused=self.paused or other.paused,
        )


@attrs.frozen(kw_only=True)
class Deliver:
    """Claims what is due of a flow, has its worker bring it to agree, and ends the claims."""

    store: Store
    workers: Mapping[FlowName, PairWorker]

    async def __call__(
        self, tenant: TenantId, flow: Flow, *, by_hand: bool = False, only: Collection[str] | None = None
    ) -> Delivered | None:
        """One batch; None where nothing is due. Raises UnknownTenant, StoreUnavailable.

        `only`: of the pairs with these keys. `by_hand`: a person wants it and sees how it goes. So accounts,
        categories and courses are made whatever the rules, and where the service refuses the account of mzi
        the flow is not paused.
        """
        begun = _now()
        async with self.store.begin(tenant) as session:
            claims = await session.claim(flow.name, flow.at_once, LEASE, only=only)
            await session.end_claims([claim.dead(DEADLY) for claim in claims if is_deadly(claim)])
            rules = rules_of(await session.settings())
        if by_hand:
            rules = attrs.evolve(rules, create_accounts=True, create_programs=True, create_courses=True)
        if not claims:
            return None
        hold = Hold(
            store=self.store,
            tenant=tenant,
            claims={claim.key: claim for claim in claims if not is_deadly(claim)},
            begun=begun,
            by_hand=by_hand,
        )
        return await self._worked(flow, rules, hold)

    async def _worked(self, flow: Flow, rules: Rules, hold: Hold) -> Delivered:
        """Where the service refuses them all, each half by itself: one record spoils no other."""
        try:
            async with asyncio.timeout_at(hold.begun + LEASE.total_seconds()):
                worked = await self.workers[flow.name](rules, hold)
        except StoreError:
            raise
        except (MziError, TimeoutError) as error:
            known = error if isinstance(error, MziError) else OutOfTime()
            if len(hold.claims) > 1 and may_be_about_one(known):
                first, second = hold.halves()
                done = await self._worked(flow, rules, first)
                return done + await self._worked(flow, rules, second)
            return await self._put_off(flow, hold, known)
        async with self.store.begin(hold.tenant) as session:
            states = await session.end_claims([hold.ended(_looked_at_again(each)) for each in worked.endings])
        return Delivered(
            worked_on=len(hold.claims),
            states=Counter([*states.values(), *worked.ended]),
            results=worked.results,
        )

    async def _put_off(self, flow: Flow, hold: Hold, error: MziError) -> Delivered:
        """Try later; what was sent before may have been done, so it is looked at once more in any case."""
        async with self.store.begin(hold.tenant) as session:
            states = await session.end_claims(
                [hold.ended(put_off(claim, error)) for claim in hold.claims.values()]
            )
            paused = isinstance(error, AuthRevoked) and not hold.by_hand
            if paused:
                await session.pause(flow.name, error.told)
        return Delivered(worked_on=0, states=Counter(states.values()), error=error, paused=paused)


def _looked_at_again(ending: Ending) -> Ending:
    """Where another worker was at it before, and may be still, it is looked at once more."""
    if ending.claim.starts > 1 and ending.state in (DeliveryState.SETTLED, DeliveryState.DEAD):
        return attrs.evolve(ending, look_again=SECOND_LOOK)
    return ending
