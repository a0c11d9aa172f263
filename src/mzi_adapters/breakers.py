"""A circuit breaker whose state all processes at a store share.

What wraps what: it stands around a call with all its attempts, not around each attempt. Attempts are there
for what passes in seconds, and a command that meets such a moment is to get through it, as without a breaker;
counted one by one they would open it in the middle of the very call that they are to save. A breaker is for
what lasts: that hundreds of calls, in many processes and for hours, do not each make their five attempts. The
probe alone is sent once, for it only asks whether there is an answer.

purgatory is not taken. Its state machine reads `time.time` by itself, so no test can let time pass; it counts
failures in a row, without a least sample; half open, it lets every call through; and processes share it by
Redis alone. What would be left of it is what `mzi_core.circuit_breaker` says in some lines. aiobreaker,
untyped and last released in 2021, reads `datetime.now` and has no other store than Redis either.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress

import attrs

from mzi_adapters.web import Timer
from mzi_core.circuit_breaker import (
    POLICY,
    BreakerPolicy,
    Contact,
    RecentCalls,
    after_probe,
    asked_pause,
    contact,
    opened,
    probed,
    refusal,
    seconds_left,
)
from mzi_core.errors import StoreError
from mzi_core.ports import Breaker, Clock, Lock, OpenBreaker, Session, Store
from mzi_core.values import TenantId

LOOK = 5.0
"""Seconds for which a process believes what it last read: so long it may not know what another one did."""


@attrs.define(kw_only=True, eq=False)
class StoreBreaker:
    """The breaker of one service of a tenant, in one process; those of all processes share an OpenBreaker.

    What is kept are the transitions: opening, sending a probe, and what came of it. The calls are counted in
    the process, so that one which goes well writes nothing, and reads at most every `LOOK` seconds. So two
    processes do not know each other's failures: each opens the breaker by its own, and one that ends after a
    few calls never does; and one goes on sending for up to `LOOK` seconds after the other has opened it.

    A store that is away neither opens nor closes anything: what was last known holds, and an open breaker
    stays open, for without the store nobody could tell who sends the probe.

    `address`: where the service is asked, so that one that opened over a wrong address is forgotten once
    that is put right. `early`: a call is a probe before its time, for a person asks.
    """

    store: Store
    tenant: TenantId
    service: str
    address: str
    clock: Clock
    timer: Timer
    early: bool = False
    policy: BreakerPolicy = POLICY
    _kept: OpenBreaker | None = attrs.field(default=None, init=False)
    """What is known to be kept; None: it is closed."""
    _look_at: float = attrs.field(default=0.0, init=False)
    _recent: RecentCalls = attrs.field(factory=RecentCalls, init=False)
    _changes: int = attrs.field(default=0, init=False)
    """How often it opened or closed: a call that began before tells nothing about the time after."""
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False, repr=False)

    @asynccontextmanager
    async def passing(self, seconds: float, answers: Collection[str] = ()) -> AsyncIterator[bool]:
        """Let a call through, as the port says. No session is open while it is under way."""
        probe = await self._let_through(seconds)
        changes = self._changes
        try:
            yield probe is not None
        except (Exception, asyncio.CancelledError) as error:
            await self._ended(probe, changes, contact(error, answers), asked_pause(error))
            raise
        await self._ended(probe, changes, Contact.ANSWERED, 0.0)

    async def _ended(self, probe: OpenBreaker | None, changes: int, found: Contact, asked: float) -> None:
        """Draw the conclusions from a call; `changes`: how many there had been when it began."""
        if probe is not None:
            await self._end(probe, found, asked)
        elif found is not Contact.UNKNOWN and changes == self._changes:
            await self._count(found is Contact.FAILED, asked)

    async def _let_through(self, seconds: float) -> OpenBreaker | None:
        """The probe that a call is; None where the breaker is closed. Raises GatewayUnavailable."""
        if self.timer.monotonic() >= self._look_at:
            async with self._turn:
                if self.timer.monotonic() >= self._look_at:
                    await self._look()
        if self._kept is None:
            return None
        async with self._turn:  # one at a time goes to the store, and the others see what it found there
            kept = self._kept
            if kept is None:
                return None
            left = self._left(kept)
            if left > 0:
                raise refusal(kept, self.clock.now(), left)
            try:
                return await self._claim(seconds)
            except StoreError as error:
                raise refusal(kept, self.clock.now(), LOOK) from error

    async def _look(self) -> None:
        with suppress(StoreError):
            async with self.store.read(self.tenant) as session:
                kept = await self._of_service(session)
            if kept is not None and kept.address != self.address:
                kept = await self._without_another_address()
            self._know(kept)
        self._look_at = self.timer.monotonic() + LOOK  # also where the store does not answer

    async def _without_another_address(self) -> OpenBreaker | None:
        """Forget what is known of an address where the service is asked no more."""
        async with self.store.begin(self.tenant) as session:
            kept = await self._locked(session)
            if kept is None:
                await session.close_breaker(self.service)
            return kept

    async def _claim(self, seconds: float) -> OpenBreaker | None:
        """As `_let_through`, by what the store says. Raises StoreError too."""
        async with self.store.begin(self.tenant) as session:
            kept = await self._locked(session)
            now = self.clock.now()
            left = 0.0 if kept is None else self._left(kept)
            probe = None
            if kept is not None and left <= 0:
                probe = kept = probed(kept, now, seconds, self.policy)
                await session.save_breaker(probe)
        self._know(kept)
        if probe is None and kept is not None:
            raise refusal(kept, now, left)
        return probe

    async def _end(self, probe: OpenBreaker, found: Contact, asked: float) -> None:
        """Write down what came of a probe, if it is still the one that is under way."""
        self._look_at = 0.0  # where the store does not answer, the probe's time will be up
        with suppress(StoreError):
            async with self.store.begin(self.tenant) as session:
                kept = await self._locked(session)
                if kept == probe:
                    kept = after_probe(probe, found, self.clock.now(), asked, self.policy)
                    await (
                        session.close_breaker(self.service) if kept is None else session.save_breaker(kept)
                    )
            self._know(kept)

    async def _count(self, failed: bool, asked: float) -> None:
        """Count a call of a closed breaker, and open it if too many failed and nobody has done so yet."""
        self._recent = self._recent.followed_by(self.timer.monotonic(), failed, self.policy)
        if not (failed and self._recent.open_it(self.policy)):
            return
        with suppress(StoreError):
            async with self.store.begin(self.tenant) as session:
                kept = await self._locked(session)
                if kept is None:
                    now = self.clock.now()
                    kept = opened(self.service, self.address, now, asked, self.policy)
                    await session.save_breaker(kept)
            self._know(kept)

    async def _locked(self, session: Session) -> OpenBreaker | None:
        """What is kept of our address, which nobody changes before the session ends."""
        await session.lock((Lock(f"breaker {self.service}", shared=False),))
        kept = await self._of_service(session)
        return None if kept is None or kept.address != self.address else kept

    async def _of_service(self, session: Session) -> OpenBreaker | None:
        return next((each for each in await session.open_breakers() if each.service == self.service), None)

    def _know(self, kept: OpenBreaker | None) -> None:
        """Take over what the store holds; where the breaker has opened or closed since, count anew."""
        if (kept and kept.since) != (self._kept and self._kept.since):
            self._changes += 1
            self._recent = RecentCalls()
        self._kept = kept
        self._look_at = self.timer.monotonic() + LOOK

    def _left(self, kept: OpenBreaker) -> float:
        return seconds_left(kept, self.clock.now(), self.policy, early=self.early)


@attrs.frozen
class NoBreaker:
    """Lets every call through: for a gateway without a store."""

    @asynccontextmanager
    async def passing(self, seconds: float, answers: Collection[str] = ()) -> AsyncIterator[bool]:
        """Let a call through, which is no probe."""
        yield False


def _proof(breaker: StoreBreaker, none: NoBreaker) -> tuple[Breaker, Breaker]:
    """The type checker's word that these are the port."""
    return breaker, none
