"""When something is tried again, and how long is waited before: one policy for every remote.

tenacity is not taken. Its sleep can be injected; its dice and its clock cannot (`wait_random_exponential`
draws from `random`, `stop_before_delay` reads `time.monotonic`), so the formula, the patience and Retry-After
would be callbacks of ours. What is left for it is the loop, and ours have to share one count: a pause that
holds for all calls, and rounds that send, read back and send the rest, draw on the same patience.
"""

from collections.abc import Callable
from enum import Enum
from random import SystemRandom

import attrs

from mzi_adapters.web.transport import Timer
from mzi_core.errors import GatewayError, GatewayUnavailable

Dice = Callable[[], float]
"""Numbers from 0 to 1."""

CHANCE: Dice = SystemRandom().random

_DOUBLED = 60
"""Doublings after which a wait is longer than any; one more could not be written as a float some day."""


class Failure(Enum):
    """How an attempt ended that did not bring what was wanted."""

    NOT_SENT = "nothing of it reached the remote"
    BUSY = "the remote takes no work now: too many requests, maintenance"
    READ_UNANSWERED = "a read got no usable answer"
    KEYED_WRITE_UNANSWERED = "a write got no usable answer, and its key or a reading tells what it did"
    WRITE_UNANSWERED = "a write got no usable answer, and sent again it could be done twice"
    OVERTAKEN = "another writer changed the record meanwhile"
    HELD = "another process has the lock"
    UNFINISHED = "the work was begun there and is not done yet"
    REFUSED = "an answer that stays the same"


TRANSIENT = frozenset(
    {
        Failure.NOT_SENT,
        Failure.BUSY,
        Failure.READ_UNANSWERED,
        Failure.KEYED_WRITE_UNANSWERED,
        Failure.OVERTAKEN,
    }
)
"""What a call of a remote is attempted again for."""


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """What is attempted again, how often, and how long is waited in between.

    `attempts`: how often at most, None for as often as the patience lasts. The wait after the nth attempt is
    `least` seconds, or as many as the remote asks for if these are more, and by chance up to `first` · 2ⁿ⁻¹
    more, but never more than `longest` more (exponential backoff with full jitter). `patience`: seconds that
    are waited in all; a wait that would exceed them is not begun.
    """

    attempts: int | None
    first: float = 1.0
    longest: float = 30.0
    least: float = 0.0
    patience: float = 300.0
    again: frozenset[Failure] = TRANSIENT

    def __attrs_post_init__(self) -> None:
        if self.attempts is None and self.least <= 0:
            raise ValueError("Attempts without number need a wait between them: `least` must be above 0.")

    def wait(self, attempt: int, asked: float | None, chance: float) -> float:
        """Seconds after an attempt, counted from 1, of which the remote asks for `asked`."""
        backoff = min(self.first * 2.0 ** min(attempt - 1, _DOUBLED), self.longest)
        return max(self.least, asked or 0.0) + chance * backoff


@attrs.define(kw_only=True, eq=False)
class Trying:
    """One piece of work under a policy: how often it was attempted, and how long was waited for it."""

    policy: RetryPolicy
    timer: Timer
    random: Dice
    attempts: int = attrs.field(default=0, init=False)
    """Attempts that ended and may be followed by another."""
    waited: float = attrs.field(default=0.0, init=False)

    def once(self) -> "Trying":
        """The same work when it may not be attempted again, nor wait."""
        return Trying(
            policy=attrs.evolve(self.policy, attempts=1, patience=0.0), timer=self.timer, random=self.random
        )

    async def again(self, failure: Failure, error: GatewayError | None = None) -> bool:
        """Whether to attempt it again; the wait before is over then.

        False means that `error` stands, which is what the remote said, if anything. If patience is what is
        lacking, it says after how many seconds the work may go on.
        """
        if failure not in self.policy.again:
            return False
        self.attempts += 1
        if self.policy.attempts is not None and self.attempts >= self.policy.attempts:
            return False
        asked = error.retry_after if isinstance(error, GatewayUnavailable) else None
        wait = self.policy.wait(self.attempts, asked, self.random())
        if await self.pause(wait):
            return True
        if isinstance(error, GatewayUnavailable) and error.retry_after is None:
            error.retry_after = wait
        return False

    async def pause(self, seconds: float) -> bool:
        """Wait, but for nothing that was attempted; False, without waiting, if patience does not suffice."""
        if self.waited + seconds > self.policy.patience:
            return False
        self.waited += seconds
        await self.timer.sleep(seconds)
        return True
