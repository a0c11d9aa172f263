"""How much is asked of Zoho at once, when it is left in peace, and what was asked so far."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

import attrs

from mzi_adapters.web import Timer, Trying
from mzi_adapters.web.transport import moment_of, retry_after
from mzi_adapters.zoho.answers import SERVICE, Said, part, text
from mzi_core.errors import GatewayLimited
from mzi_core.ports import ApiUsage

HEAVY = 10
"""How many sorted lists, queries and writes of more than ten records may be under way, in every edition."""

_DIGITS = 10
"""Of a number in a header that are read."""

LONGEST_PAUSE = 2 * 60 * 60.0
"""Seconds after which Zoho is asked again, whatever it said; also when the credits of the day are spent."""


@attrs.define(kw_only=True)
class UsageMeter:
    """Counts of what went out."""

    calls: int = 0
    credits: int = 0
    tokens: int = 0
    remaining: int | None = None
    answered_at: datetime | None = None

    def sent(self, credits: int) -> None:
        """A call of the API went out."""
        self.calls += 1
        self.credits += credits

    def told(self, headers: Mapping[str, str]) -> None:
        """Zoho says what is left of the credits only once half of them are used; and what time it is."""
        left = headers.get("x-api-credits-remaining", "")
        self.remaining = int(left[:_DIGITS]) if left.isascii() and left.isdigit() else None
        self.answered_at = moment_of(headers)

    @property
    def usage(self) -> ApiUsage:
        """The counts as they are now."""
        return ApiUsage(calls=self.calls, credits=self.credits, tokens=self.tokens, remaining=self.remaining)


@attrs.define(kw_only=True, eq=False)
class Pace:
    """Slots for calls, and a pause for all of them. A cancelled caller frees its slot."""

    concurrency: int
    timer: Timer
    _slots: asyncio.Semaphore = attrs.field(init=False)
    _heavy: asyncio.Semaphore = attrs.field(init=False)
    _paused_until: float = attrs.field(default=0.0, init=False)

    def __attrs_post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.concurrency)
        self._heavy = asyncio.Semaphore(HEAVY)

    def pause(self, seconds: float) -> None:
        """Leave Zoho in peace for so long."""
        self._paused_until = max(self._paused_until, self.timer.monotonic() + seconds)

    @asynccontextmanager
    async def slot(self, trying: Trying, *, heavy: bool) -> AsyncIterator[None]:
        """A slot, once there is one and no pause; raises GatewayLimited if the patience is too short."""
        async with AsyncExitStack() as stack:
            if heavy:  # first, so that heavy calls that wait take no slot from light ones
                await stack.enter_async_context(self._heavy)
            await stack.enter_async_context(self._slots)
            while (left := self._paused_until - self.timer.monotonic()) > 0:
                if not await trying.pause(left):
                    raise limited(left)
            yield


def limited(seconds: float | None, code: str = "") -> GatewayLimited:
    """Zoho wants no calls for so long."""
    remedy = "" if seconds is None else f"Try again after {seconds:.0f} seconds."
    said = "its limit of calls or credits is reached."
    return GatewayLimited(SERVICE, said, code=code, remedy=remedy, retry_after=seconds)


def wanted_pause(headers: Mapping[str, str], said: Said, now: datetime) -> float | None:
    """Seconds Zoho asks to be left in peace: by header, in either form, or in the body; None: not a word."""
    seconds = retry_after(headers, now)
    if seconds is None:
        told = part(said.body, "details").get("retry_after")
        seconds = float(told) if isinstance(told, int | float) and told >= 0 else None
    if "credit" in text(said.body, "message").lower():
        seconds = max(seconds or 0.0, LONGEST_PAUSE)
    return None if seconds is None else min(seconds, LONGEST_PAUSE)
