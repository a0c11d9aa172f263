"""What a call costs and how many may be under way: credits of a day, concurrency by edition."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import attrs

from mzi_adapters.testing.zoho.answers import ApiError
from mzi_core.ports import Clock

HEAVY_AT_ONCE = 10
"""Of lists with an order, writes of more than ten records, and COQL, in every edition."""

EDITIONS = {
    "free": (5_000, 5),
    "standard": (50_000, 10),
    "professional": (50_000, 15),
    "enterprise": (50_000, 20),
    "ultimate": (50_000, 25),
}
"""Credits of 24 hours without any users, and calls at once."""

_DAY = timedelta(hours=24)


@attrs.define(kw_only=True)
class ApiLimits:
    """Counts what is asked; refuses with 429 what goes beyond."""

    clock: Clock
    edition: str = "enterprise"
    credits: int = attrs.field()
    calls: int = 0
    credits_used: int = 0
    in_flight: int = 0
    heavy_in_flight: int = 0
    max_in_flight: int = 0
    max_heavy_in_flight: int = 0
    _spent: deque[tuple[datetime, int]] = attrs.field(factory=deque, init=False, repr=False)
    _today: int = attrs.field(default=0, init=False)

    @credits.default
    def _of_edition(self) -> int:
        return EDITIONS[self.edition][0]

    @contextmanager
    def one(self, *, heavy: bool) -> Iterator[None]:
        """One call under way, from when it came until it is answered. Raises ApiError."""
        self.calls += 1
        self.in_flight += 1
        self.heavy_in_flight += heavy
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        self.max_heavy_in_flight = max(self.max_heavy_in_flight, self.heavy_in_flight)
        try:
            if self.in_flight > EDITIONS[self.edition][1]:
                raise ApiError(429, "TOO_MANY_REQUESTS", "too many concurrent requests", {})
            if self.heavy_in_flight > HEAVY_AT_ONCE:
                raise ApiError(429, "TOO_MANY_REQUESTS", "too many concurrent requests of this kind", {})
            yield
        finally:
            self.in_flight -= 1
            self.heavy_in_flight -= heavy

    def spend(self, cost: int) -> None:
        """Take credits. Raises ApiError when the last 24 hours have used them up; that costs none."""
        if self._remaining() < cost:
            raise ApiError(429, "TOO_MANY_REQUESTS", "API credits of the last 24 hours are used up", {})
        self._spent.append((self.clock.now(), cost))
        self._today += cost
        self.credits_used += cost

    def _remaining(self) -> int:
        now = self.clock.now()
        while self._spent and now - self._spent[0][0] >= _DAY:
            self._today -= self._spent.popleft()[1]
        return self.credits - self._today

    def told(self) -> dict[str, str]:
        """The header that tells what is left, once half is used."""
        left = self._remaining()
        return {"x-api-credits-remaining": str(left)} if left * 2 <= self.credits else {}
