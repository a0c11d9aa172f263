"""When a service that does not answer is left alone, and when it is tried again, as plain values.

A breaker is closed as long as calls come through. It opens when too many of the latest calls found no answer,
and then nothing is sent until a while has passed; after that it is half open: one call is sent as a probe,
and closes it if there is an answer, else it stays open for twice as long. An open breaker is an OpenBreaker,
a closed one is None; moments are given, so nothing here reads a clock.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import Enum

import attrs

from mzi_core.errors import (
    AmbiguousWrite,
    AuthRevoked,
    GatewayError,
    GatewayLimited,
    GatewayUnavailable,
    StoreError,
)
from mzi_core.ports import OpenBreaker, holds

_DOUBLED = 60
"""Doublings after which a pause is longer than any; one more could not be written as a float some day."""

_AWAITED = 30.0
"""Seconds after which it is worth asking what came of a probe that is under way."""


class Contact(Enum):
    """What a call tells of the service behind it."""

    ANSWERED = "it answered, be it with a refusal"
    FAILED = "there was no answer, no connection, or a failure of its own"
    UNKNOWN = "nothing was learned of it"


def contact(error: BaseException | None, answers: Collection[str] = ()) -> Contact:
    """What a call tells that ended with this error, or well.

    A failure is that the service is unavailable: for a write whose fate is unknown too. Limits are none, nor
    are credentials that were revoked: both may be known without asking, so they tell nothing. Nor does an
    error of our store. `answers`: codes of a GatewayUnavailable by which the service shows that it answers,
    because they are about one thing in it.
    """
    if error is None:
        return Contact.ANSWERED
    if isinstance(error, AmbiguousWrite):
        return Contact.FAILED if error.__cause__ is None else contact(error.__cause__, answers)
    if not isinstance(error, GatewayError) or isinstance(error.__cause__, StoreError):
        return Contact.UNKNOWN
    if isinstance(error, GatewayLimited | AuthRevoked):
        return Contact.UNKNOWN
    if isinstance(error, GatewayUnavailable) and error.code not in answers:
        return Contact.FAILED
    return Contact.ANSWERED


def asked_pause(error: BaseException | None) -> float:
    """Seconds that a service asked to be left in peace when it failed; 0 where it did not say."""
    if isinstance(error, AmbiguousWrite):
        return asked_pause(error.__cause__)
    return (error.retry_after or 0.0) if isinstance(error, GatewayUnavailable) else 0.0


@attrs.frozen(kw_only=True)
class BreakerPolicy:
    """When a breaker opens, and for how long.

    It looks at the latest `sample` calls that ended within `window` seconds, and opens when there are `least`
    of them and `share` of them or more failed. It is open for `first` seconds, then for twice as long each
    time the probe fails, at most `longest`; or for as long as the service asks, if that is more, at most
    `longest_asked`. In a day of silence that is about a hundred probes for a whole tenant. A probe that has
    not ended after `longest_probe` seconds makes room for another.

    The window is as wide as it is because what is counted is a call with all its attempts: five calls, one
    after the other, that each wait for five answers in vain, take about 26 minutes.
    """

    sample: int = 10
    least: int = 5
    share: float = 0.5
    window: float = 1800.0
    first: float = 30.0
    longest: float = 900.0
    longest_asked: float = 7200.0
    longest_probe: float = 1200.0

    def __attrs_post_init__(self) -> None:
        if not 1 <= self.least <= self.sample:
            raise ValueError("`least` is from 1 to `sample`: more calls are not looked at.")
        if not 0 < self.share <= 1:
            raise ValueError("`share` is above 0 and at most 1: it is a part of the calls.")
        if not 0 < self.first <= self.longest <= self.longest_asked:
            raise ValueError("Pauses are above 0 seconds, and `first`, `longest`, `longest_asked` grow.")
        if not (self.window > 0 and self.longest_probe > 0):
            raise ValueError("`window` and `longest_probe` are above 0 seconds.")

    def pause(self, openings: int, asked: float) -> float:
        """Seconds for which a breaker stays open that opened so often in a row."""
        grown = min(self.first * 2.0 ** min(openings - 1, _DOUBLED), self.longest)
        return min(max(grown, asked), self.longest_asked)


POLICY = BreakerPolicy()
"""By which Zoho and Moodle are left alone."""


@attrs.frozen
class RecentCalls:
    """The latest calls of a process while the breaker is closed, oldest first: when each ended, and whether
    it failed. Moments are seconds by any clock that nobody sets."""

    calls: tuple[tuple[float, bool], ...] = ()

    def followed_by(self, at: float, failed: bool, policy: BreakerPolicy) -> "RecentCalls":
        """These and one more, without those that are looked at no more."""
        calls = [call for call in self.calls if at - call[0] < policy.window]
        return RecentCalls((*calls, (at, failed))[-policy.sample :])

    def open_it(self, policy: BreakerPolicy) -> bool:
        """Whether so many failed that the breaker opens."""
        failed = sum(failed for _, failed in self.calls)
        return len(self.calls) >= policy.least and failed >= policy.share * len(self.calls)


def opened(
    service: str, address: str, now: datetime, asked: float = 0.0, policy: BreakerPolicy = POLICY
) -> OpenBreaker:
    """A breaker that opens now; `asked`: see `asked_pause`."""
    until = now + timedelta(seconds=policy.pause(1, asked))
    return OpenBreaker(service=service, address=address, since=now, until=until)


def seconds_left(
    breaker: OpenBreaker, now: datetime, policy: BreakerPolicy = POLICY, *, early: bool = False
) -> float:
    """Seconds until a probe may be sent; 0 when it may be sent now.

    `early`: it need not wait for its time, only for another probe.
    Moments that are further off than they can be were kept while some clock was wrong, and count for nothing.
    """
    left = [0.0]
    if not early and holds(breaker.until, now, policy.longest_asked):
        left.append((breaker.until - now) / timedelta(seconds=1))
    if breaker.probed_until is not None and holds(breaker.probed_until, now, policy.longest_probe):
        left.append((breaker.probed_until - now) / timedelta(seconds=1))
    return max(left)


def probed(
    breaker: OpenBreaker, now: datetime, seconds: float, policy: BreakerPolicy = POLICY
) -> OpenBreaker:
    """A breaker whose probe is sent now and has so many seconds, as far as the policy gives them."""
    until = now + timedelta(seconds=min(seconds, policy.longest_probe))
    return attrs.evolve(breaker, claims=breaker.claims + 1, probed_until=until)


def after_probe(
    breaker: OpenBreaker, found: Contact, now: datetime, asked: float = 0.0, policy: BreakerPolicy = POLICY
) -> OpenBreaker | None:
    """What a breaker is when its own probe has ended; None: closed.

    A probe that tells nothing makes room for another. So does one that failed before its time: it was a
    person's, who must not lengthen the pause of all others by looking.
    """
    if found is Contact.ANSWERED:
        return None
    released = attrs.evolve(breaker, probed_until=None)
    if found is Contact.UNKNOWN or holds(breaker.until, now, policy.longest_asked):
        return released
    openings = breaker.openings + 1
    until = now + timedelta(seconds=policy.pause(openings, asked))
    return attrs.evolve(released, openings=openings, until=until)


def refusal(breaker: OpenBreaker, now: datetime, left: float) -> GatewayUnavailable:
    """What a call is told that must wait so many seconds."""
    since = f"{breaker.since:%Y-%m-%d %H:%M:%S} UTC"
    if breaker.probed_until is not None and breaker.probed_until > now:
        when, left = "and one call finds out just now whether it answers again", min(left, _AWAITED)
    else:
        when = f"and it is tried again at {breaker.until:%Y-%m-%d %H:%M:%S} UTC"
    return GatewayUnavailable(
        breaker.service,
        f"it stopped answering, so nothing has been sent to it since {since}, {when}.",
        remedy=f"Try again after {left:.0f} seconds; `mzi doctor` tries it at once.",
        retry_after=left,
    )
