"""Which request meets which fault."""

import random
from collections.abc import Callable, Sequence

import attrs

from mzi_adapters.testing.faults.kinds import COMMON, Fault
from mzi_adapters.web.transport import Request


@attrs.define
class Faults:
    """Which request meets which fault. Requests are numbered from 1 in the order in which they come.

    Faults().at(3, Reset(applied=True)).when(lambda request: request.method == "PUT", Cut())
    """

    seen: int = attrs.field(default=0, init=False)
    met: list[tuple[int, Fault]] = attrs.field(factory=list, init=False)
    """What happened so far, with the number of the request."""
    _rules: list[Callable[[int, Request], Fault | None]] = attrs.field(factory=list, init=False)

    def at(self, number: int, fault: Fault) -> "Faults":
        """Request `number` meets it."""
        self._rules.append(lambda seen, _: fault if seen == number else None)
        return self

    def when(self, applies: Callable[[Request], bool], fault: Fault, *, times: int = 1) -> "Faults":
        """The first `times` requests of which `applies` is true meet it."""
        left = iter(range(times))
        self._rules.append(
            lambda _, request: fault if applies(request) and next(left, None) is not None else None
        )
        return self

    def at_random(
        self, seed: int, *, share: float = 0.3, among: Sequence[Fault] = COMMON, first: int | None = None
    ) -> "Faults":
        """A share of the `first` requests, or of all, meets any of these; the same ones for the same seed."""

        def roll(seen: int, _: Request) -> Fault | None:
            if first is not None and seen > first:
                return None
            dice = random.Random(f"{seed} {seen}")  # noqa: S311  # a schedule, not a secret
            return dice.choice(among) if dice.random() < share else None

        self._rules.append(roll)
        return self

    def next(self, request: Request) -> Fault | None:
        """The fault this request meets; it counts as seen."""
        self.seen += 1
        fault = next((found for rule in self._rules if (found := rule(self.seen, request))), None)
        if fault:
            self.met.append((self.seen, fault))
        return fault
