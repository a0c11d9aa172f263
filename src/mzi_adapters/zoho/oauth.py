"""Access tokens: renewed once for all tasks of a process and all processes of a tenant.

The token stands in the store as an AccessToken, sealed by the vault; without one each process has its own.
Whoever finds it near its end takes the lease on renewing it, looks again, asks Zoho with no session open,
writes the new token down and gives the lease back; the others go on with the old one or wait for the new.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from mzi_adapters.web import Dice, Failure, RetryPolicy, Timer, Transport, Trying
from mzi_adapters.zoho.answers import SERVICE
from mzi_adapters.zoho.hosts import ZohoAccount
from mzi_adapters.zoho.limits import UsageMeter
from mzi_adapters.zoho.redeeming import Redeemed, Throttled, Unreached, redeem, refusal_of, remedy_for
from mzi_core.errors import (
    AuthRevoked,
    GatewayLimited,
    GatewayUnavailable,
    SecretNotKept,
    SecretUnreadable,
    StoreError,
)
from mzi_core.ports import AccessToken, AccessTokens, Clock, Leases, Lock, Locks, Vault
from mzi_core.values import TenantId

NAME = "zoho"
TURN = Lock("grant zoho", shared=False)

LIFE = 3600.0
"""Seconds a token lives at most; a later end is another machine's clock."""

EARLY = 300.0
"""Seconds before its end at which a token is renewed; up to a minute earlier by chance."""

LEASE = 90.0
"""Seconds one process has for renewing."""

WINDOW = timedelta(minutes=10)
BUDGET = 3
"""Renewals within WINDOW. Zoho gives ten, and shuts everybody out who goes on asking."""

PAUSE = 900.0
"""Seconds of peace after Zoho said that it was asked too often; asking meanwhile prolongs it."""

LOOKS = RetryPolicy(
    attempts=None,
    least=0.25,
    first=0.5,
    longest=0.5,
    patience=LEASE + 15,
    again=frozenset({Failure.HELD}),
)
"""How long is waited for the token another process is fetching: until its lease has ended, if it died."""

LONGEST_CAUSE = 500
"""Characters of what went wrong first that are kept."""

_SHUT_OUT = "it gives no more access tokens for now"
_SPENT = f"access tokens were asked for {BUDGET} times in ten minutes, and more often would shut us out"


class TokenSession(AccessTokens, Locks, Protocol):
    """What is asked of a session that writes tokens down."""


class TokenStore(Protocol):
    """Where tokens are kept: the store, or what stands in for it where there is none."""

    def read(self, tenant: TenantId) -> AbstractAsyncContextManager[AccessTokens]:
        """To look at them."""
        ...

    def begin(self, tenant: TenantId) -> AbstractAsyncContextManager[TokenSession]:
        """To change them, all or nothing."""
        ...


@attrs.define(kw_only=True, eq=False)
class TokenSource:
    """The way to a token that Zoho takes. No network call is made while a session is open."""

    account: ZohoAccount
    wire: Transport
    timer: Timer
    clock: Clock
    store: TokenStore
    leases: Leases
    tenant: TenantId
    meter: UsageMeter
    random: Dice
    vault: Vault | None = None
    _token: str | None = attrs.field(default=None, init=False, repr=False)
    _good_until: float = attrs.field(default=0.0, init=False)
    _mine: tuple[str, datetime] | None = attrs.field(default=None, init=False, repr=False)
    """The token this process was given, and when it ends."""
    _refused: str | None = attrs.field(default=None, init=False, repr=False)
    _revoked: str = attrs.field(default="", init=False)
    _redeeming: bool = attrs.field(default=False, init=False)
    _flight: "asyncio.Task[str] | None" = attrs.field(default=None, init=False, repr=False)

    async def token(self) -> str:
        """A token to call with.

        Raises AuthRevoked, for ever once it did; GatewayLimited when renewing is paused.
        """
        if self._revoked:
            raise _revoked(self._revoked)
        if self._token not in (None, self._refused) and self.timer.monotonic() < self._good_until:
            return self._token or ""
        for _ in range(2):  # a flight that began before a refusal may bring the refused token again
            found = await self._shared_flight()
            if found != self._refused:
                return found
        raise GatewayUnavailable(SERVICE, "the access token is refused and no other could be had yet.")

    async def scopes(self) -> frozenset[str] | None:
        """What a token opens; None when Zoho did not say. Raises as `token`."""
        await self.token()
        async with self.store.read(self.tenant) as session:
            grant = await self._kept(session)
        return frozenset(grant.scope.replace(",", " ").split()) or None

    def refused(self, token: str) -> None:
        """Zoho takes this one no more, whatever its end was to be."""
        self._refused = token

    async def close(self) -> None:
        """Let a token that is on its way arrive and be kept; stop waiting for another process's."""
        if self._flight is not None:
            if not self._redeeming:
                self._flight.cancel()
            await asyncio.wait([self._flight])

    async def _shared_flight(self) -> str:
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._renewed())
            self._flight.add_done_callback(_seen)
        return await asyncio.shield(self._flight)  # a caller who gives up must not waste the others' token

    async def _renewed(self) -> str:
        try:
            return await self._shared()
        except StoreError as error:
            said = (
                "the access token, which all processes share, cannot be had from the store; see to the store."
            )
            raise GatewayUnavailable(SERVICE, said) from error

    async def _shared(self) -> str:
        looks = Trying(policy=LOOKS, timer=self.timer, random=self.random)
        while True:
            async with self.store.read(self.tenant) as session:
                grant = await self._kept(session)
            found = self._usable(grant, EARLY) or await self._leased() or self._usable(grant, 0)
            if found is not None:
                return found
            if not await looks.again(Failure.HELD):
                said = f"another process has been fetching the access token for {LOOKS.patience:.0f} seconds."
                raise GatewayUnavailable(SERVICE, said, retry_after=LEASE)

    async def _leased(self) -> str | None:
        """What comes of renewing; None if another process is at it."""
        self._redeeming = True  # from here on what was begun is ended, or the others would wait for us
        try:
            lease = await self.leases.take(self.tenant, NAME, LEASE)
            if lease is None:
                return None
            try:
                return await self._begun() or await self._renew()
            finally:
                with suppress(StoreError):  # then it ends by itself
                    await self.leases.give_back(lease)
        finally:
            self._redeeming = False

    async def _begun(self) -> str | None:
        """Count a renewal that may be made, and None; or the token that another process fetched just now."""
        async with self.store.begin(self.tenant) as session:
            await session.lock((TURN,))
            grant = await self._kept(session)
            found = self._usable(grant, EARLY)
            if found is not None:
                return found
            now = self.clock.now()
            recent = tuple(at for at in grant.renewals if abs(now - at) < WINDOW)
            pause, why = _left(grant.paused_until, now, PAUSE), _SHUT_OUT
            if not pause and len(recent) >= BUDGET:
                pause, why = (min(recent) + WINDOW - now) / timedelta(seconds=1), _SPENT
            if pause > 0:
                return self._still(grant, _too_often(pause, why, grant.cause))
            cause = grant.cause if recent else ""  # another day's is nobody's concern
            await session.save_token(attrs.evolve(grant, renewals=(*recent, now), cause=cause))
            return None

    async def _kept(self, session: AccessTokens) -> AccessToken:
        """What these credentials were granted. Raises AuthRevoked if they are no longer accepted."""
        grant = await session.token(NAME)
        if grant is None or grant.origin != self.account.origin:
            return AccessToken(name=NAME, origin=self.account.origin)
        if grant.revoked:
            self._revoked = grant.revoked
            raise _revoked(grant.revoked)
        return grant

    async def _renew(self) -> str:
        self.meter.tokens += 1
        try:
            new = await redeem(self.account, self.wire, self.timer, self.random)
        except AuthRevoked as error:
            self._revoked = code = error.code
            await self._keep(lambda grant: attrs.evolve(grant, token=None, revoked=code))
            raise _revoked(code) from None
        except Throttled:
            until = self.clock.now() + timedelta(seconds=PAUSE)
            grant = await self._keep(lambda grant: attrs.evolve(grant, paused_until=until))
            return self._still(grant, _too_often(PAUSE, _SHUT_OUT, grant.cause))
        except Unreached as error:
            said = error.said
            grant = await self._keep(
                lambda grant: attrs.evolve(
                    grant, renewals=grant.renewals[:-1], cause=grant.cause or said[:LONGEST_CAUSE]
                )
            )
            return self._still(grant, error)
        except GatewayUnavailable as error:
            said = error.said
            grant = await self._keep(
                lambda grant: attrs.evolve(grant, cause=grant.cause or said[:LONGEST_CAUSE])
            )
            return self._still(grant, error)
        return await self._keep_new(new)

    async def _keep_new(self, new: Redeemed) -> str:
        seconds = min(new.seconds, LIFE)
        ends = self.clock.now() + timedelta(seconds=seconds)
        found = self._take(new.token, seconds)
        self._mine = (new.token, ends)
        sealed = self._sealed(new.token)
        await self._keep(
            lambda grant: attrs.evolve(
                grant, token=sealed, scope=new.scope, expires_at=ends, paused_until=None, cause=""
            )
        )
        return found

    async def _keep(self, change: Callable[[AccessToken], AccessToken]) -> AccessToken:
        """Write down what came of a renewal."""
        async with self.store.begin(self.tenant) as session:
            await session.lock((TURN,))
            grant = change(await self._kept(session))
            await session.save_token(grant)
            return grant

    def _still(self, grant: AccessToken, error: GatewayUnavailable) -> str:
        """The old token for as long as it lives; without one the error stands."""
        found = self._usable(grant, 0)
        if found is None:
            raise error
        return found

    def _usable(self, grant: AccessToken, least: float) -> str | None:
        """The token that is kept, if Zoho takes it for more than so many seconds."""
        left = _left(grant.expires_at, self.clock.now(), LIFE)
        token = self._opened(grant) if left > least else None
        return None if token is None or token == self._refused else self._take(token, left)

    def _sealed(self, token: str) -> str | None:
        """What the store keeps of a token: nothing where there is no vault, or none that takes it."""
        try:
            return None if self.vault is None else self.vault.seal(self._place, token)
        except SecretNotKept:
            return None

    def _opened(self, grant: AccessToken) -> str | None:
        """The token of a grant; without a way to open it only the one that this process was given."""
        if self.vault is not None and grant.token is not None:
            try:
                return self.vault.open(self._place, grant.token)
            except SecretUnreadable:  # sealed by a process that has other keys: it is as good as none
                pass
        return self._mine[0] if self._mine is not None and self._mine[1] == grant.expires_at else None

    @property
    def _place(self) -> str:
        return f"{self.tenant}/{NAME}"

    def _take(self, token: str, left: float) -> str:
        """Use a token, and look again when it nears its end; by a clock that nobody sets."""
        calm = left - EARLY - 60 * self.random()
        self._token = token
        self._good_until = self.timer.monotonic() + (calm if calm > 0 else min(left, 30.0))
        return token


def _left(until: datetime | None, now: datetime, most: float) -> float:
    """Seconds until then; none if it is further off than it can be, for then some clock was wrong."""
    if until is None:
        return 0.0
    seconds = (until - now) / timedelta(seconds=1)
    return seconds if seconds <= most + 1 else 0.0


def _seen(flight: "asyncio.Task[str]") -> None:
    """An error that every caller has stopped waiting for is nobody's surprise."""
    if not flight.cancelled():
        flight.exception()


def _too_often(seconds: float, why: str, cause: str) -> GatewayLimited:
    """`cause`: what went wrong when a token was first asked for in vain, by whichever process."""
    first = f" What went wrong first: {cause}" if cause else ""
    remedy = f"Try again after {seconds:.0f} seconds."
    return GatewayLimited(SERVICE, f"{why}.{first}", remedy=remedy, retry_after=seconds)


def _revoked(code: str) -> AuthRevoked:
    said = f"{refusal_of(code)} ({code}), so all work with Zoho stops."
    return AuthRevoked(SERVICE, said, code=code, remedy=remedy_for(code))
