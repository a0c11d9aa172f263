"""The contract of the `Breaker` port: subclass `BreakerContract` over a fixture `shared`, a `SharedBreakers`.

The breakers must follow `mzi_core.circuit_breaker.POLICY`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import attrs

from mzi_adapters.testing.contracts.fixtures import CANARY, OURS, raises
from mzi_core.circuit_breaker import POLICY
from mzi_core.errors import (
    AlreadyTaken,
    AmbiguousWrite,
    AuthRevoked,
    GatewayError,
    GatewayLimited,
    GatewayUnavailable,
    ProtocolError,
)
from mzi_core.ports import Breaker
from mzi_core.values import TenantId

SERVICE = "Moodle"
SOON = 10.0
"""Seconds after which a process must know what another one did."""

A_CALL = 60.0
"""Seconds that a call here may take."""


def away(retry_after: float | None = None) -> GatewayUnavailable:
    """What is raised where a service does not answer."""
    return GatewayUnavailable(SERVICE, "The site cannot be reached.", retry_after=retry_after)


@attrs.frozen
class SharedBreakers:
    """Breakers that are closed. `process` makes the breaker that one more process has of a tenant's service.

    `pass_by` lets so many seconds pass for all of them.
    """

    process: Callable[[TenantId, str], Breaker]
    pass_by: Callable[[float], Awaitable[None]]

    def one(self) -> Breaker:
        """That of one more process of ours."""
        return self.process(OURS, SERVICE)

    async def opened(self, retry_after: float | None = None) -> Breaker:
        """That of a process which has found no answer as often as opens it."""
        breaker = self.one()
        for _ in range(POLICY.least):
            await failing(breaker, away(retry_after))
        return breaker

    async def half_open(self) -> Breaker:
        """That of a process in which a probe may be sent now."""
        breaker = await self.opened()
        await self.pass_by(POLICY.first)
        return breaker


async def passed(breaker: Breaker) -> bool:
    """Make a call that is answered; whether it was a probe. Raises GatewayUnavailable where it is refused."""
    async with breaker.passing(A_CALL) as is_probe:
        return is_probe


async def failing(breaker: Breaker, error: GatewayError) -> None:
    """Make a call that raises this."""
    with raises(type(error)) as caught:
        async with breaker.passing(A_CALL, {"busy"}):
            raise error
    assert caught.error is error, "It was refused."


async def refused(breaker: Breaker) -> GatewayUnavailable:
    """What a call is told that must be refused; nothing of it is carried out."""
    with raises(GatewayUnavailable) as caught:
        async with breaker.passing(A_CALL):
            raise AssertionError("It was let through.")
    assert caught.error is not None
    return caught.error


class BreakerContract:
    """Everything the docstrings of the port promise, a test each."""

    async def test_calls_that_are_answered_go_through(self, shared: SharedBreakers) -> None:
        """And none of them is a probe."""
        breaker = shared.one()
        assert [await passed(breaker) for _ in range(20)] == [False] * 20

    async def test_too_few_calls_open_nothing(self, shared: SharedBreakers) -> None:
        """Whatever came of them; and no call opens it that was answered."""
        breaker = shared.one()
        for _ in range(POLICY.least - 1):
            await failing(breaker, away())
        assert [await passed(breaker), await passed(breaker)] == [False, False]

    async def test_a_service_that_does_not_answer_is_left_alone(self, shared: SharedBreakers) -> None:
        """The refusal names it, and says when it is worth coming back."""
        error = await refused(await shared.opened())
        assert error.service == SERVICE
        assert error.retry_after == POLICY.first
        assert "mzi doctor" in error.told

    async def test_writes_without_an_answer_open_it_too(self, shared: SharedBreakers) -> None:
        """Though nobody knows what became of them."""
        breaker = shared.one()
        for _ in range(POLICY.least):
            await failing(breaker, AmbiguousWrite(SERVICE, "It may have been carried out."))
        await refused(breaker)

    async def test_a_service_that_answers_is_not_left_alone(self, shared: SharedBreakers) -> None:
        """Not for a refusal, its limits, withdrawn credentials, or one thing in it that is busy."""
        breaker = shared.one()
        for error in (
            AlreadyTaken(SERVICE, "Another user has this address."),
            GatewayLimited(SERVICE, "Too many requests.", retry_after=60),
            AuthRevoked(SERVICE, "The token is unknown."),
            ProtocolError(SERVICE, "The answer is not JSON."),
            GatewayUnavailable(SERVICE, "A gradebook is busy.", code="busy"),
        ):
            for _ in range(POLICY.sample):
                await failing(breaker, error)
        assert await passed(breaker) is False

    async def test_other_processes_leave_it_alone_soon(self, shared: SharedBreakers) -> None:
        """Those that called before, and those that begin."""
        other = shared.one()
        await passed(other)
        await shared.opened()
        await refused(shared.one())
        await shared.pass_by(SOON)
        await refused(other)

    async def test_who_opens_it_second_does_not_lengthen_the_pause(self, shared: SharedBreakers) -> None:
        """Its calls were under way when the first one opened it."""
        second = shared.one()
        calls = [second.passing(A_CALL) for _ in range(POLICY.least)]
        for call in calls:
            await call.__aenter__()
        await shared.opened()
        await shared.pass_by(3)
        for call in calls:
            assert not await call.__aexit__(GatewayUnavailable, away(), None)
        assert (await refused(second)).retry_after == POLICY.first - 3

    async def test_of_many_calls_one_is_the_probe(self, shared: SharedBreakers) -> None:
        """Of any process, once its time has come; the others are refused until it has ended."""
        first = await shared.half_open()
        breakers = [first, shared.one(), shared.one()]
        arrived: list[bool | None] = []  # whether it is a probe; None for a call that is refused
        everybody = asyncio.Event()

        async def call(breaker: Breaker) -> None:
            with suppress(GatewayUnavailable):
                async with breaker.passing(A_CALL) as is_probe:
                    arrive(is_probe)
                    await everybody.wait()
                return
            arrive(None)

        def arrive(is_probe: bool | None) -> None:
            arrived.append(is_probe)
            if len(arrived) == len(calls):
                everybody.set()

        calls = [call(breaker) for breaker in breakers * 3]
        await asyncio.gather(*calls)
        assert sorted(arrived, key=str) == [None] * (len(calls) - 1) + [True]

    async def test_before_its_time_there_is_no_probe(self, shared: SharedBreakers) -> None:
        """Not a second before."""
        breaker = await shared.opened()
        await shared.pass_by(POLICY.first - 1)
        await refused(breaker)
        await refused(shared.one())

    async def test_an_answer_to_the_probe_closes_it_for_all(self, shared: SharedBreakers) -> None:
        """A refusal is an answer as well; and what was counted before counts no more."""
        first, second = await shared.half_open(), shared.one()
        await failing(second, AlreadyTaken(SERVICE, "Another user has this address."))
        assert await passed(second) is False
        await shared.pass_by(SOON)
        for _ in range(POLICY.least - 1):
            await failing(first, away())
        assert await passed(first) is False

    async def test_a_probe_without_an_answer_opens_it_for_longer(self, shared: SharedBreakers) -> None:
        """Twice as long each time, and no longer than the longest; then there is another probe."""
        breaker, pause = await shared.half_open(), POLICY.first
        for _ in range(8):
            await failing(breaker, away())
            pause = min(2 * pause, POLICY.longest)
            assert (await refused(shared.one())).retry_after == pause
            await shared.pass_by(pause)
        assert await passed(breaker) is True
        assert await passed(breaker) is False

    async def test_it_stays_open_for_as_long_as_the_service_asks(self, shared: SharedBreakers) -> None:
        """Where that is longer, within reason."""
        breaker = await shared.opened(retry_after=100)
        assert (await refused(breaker)).retry_after == 100
        await shared.pass_by(100)
        await failing(breaker, away(1e9))
        assert (await refused(breaker)).retry_after == POLICY.longest_asked

    async def test_a_probe_that_is_given_up_makes_room(self, shared: SharedBreakers) -> None:
        """At once: it told nothing. Nor did one that met our own limits."""
        breaker, other = await shared.half_open(), shared.one()
        with raises(asyncio.CancelledError):
            async with breaker.passing(A_CALL):
                raise asyncio.CancelledError
        await failing(other, GatewayLimited(SERVICE, "Too many requests."))
        assert await passed(shared.one()) is True

    async def test_a_probe_whose_process_died_makes_room_in_the_end(self, shared: SharedBreakers) -> None:
        """When the time of its call is up, and not before; what it finds later counts for nothing."""
        dead, other = await shared.half_open(), shared.one()
        late = dead.passing(A_CALL)
        assert await late.__aenter__() is True
        await shared.pass_by(A_CALL - 1)
        await refused(other)
        await shared.pass_by(1)
        second = other.passing(A_CALL)
        assert await second.__aenter__() is True
        await late.__aexit__(None, None, None)
        await refused(shared.one())
        await second.__aexit__(None, None, None)
        assert await passed(shared.one()) is False

    async def test_services_and_tenants_do_not_disturb_each_other(self, shared: SharedBreakers) -> None:
        """Each has a breaker of its own."""
        await shared.opened()
        for other in (shared.process(OURS, "Zoho"), shared.process(CANARY, SERVICE)):
            assert await passed(other) is False
        await refused(shared.one())
