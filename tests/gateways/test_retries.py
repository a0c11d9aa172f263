"""Both clients wait by the same policy, whatever sequence of answers they meet."""

from collections.abc import Awaitable, Callable, Sequence

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateways.moodle.given import Line
from tests.gateways.zoho.given import World
from tests.gateways.zoho.test_access import is_call

from mzi_adapters.moodle import MoodleAccount, MoodleClient
from mzi_adapters.testing.contracts.zoho_gateway_remote import GRADES, NOBODY
from mzi_adapters.testing.faults import Fault, Reset, Unreachable, says
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.web import RetryPolicy, Transport
from mzi_core.errors import GatewayError, GatewayUnavailable

PATIENCE = 20.0
POLICY = RetryPolicy(attempts=6, first=2, longest=5, patience=PATIENCE)

ASKED = st.none() | st.integers(0, 25)
"""The seconds that a remote asks to be left in peace."""

ANSWERS = st.lists(
    st.tuples(st.just("no connection") | st.just("reset"), st.none())
    | st.tuples(st.just("429") | st.just("503"), ASKED),
    max_size=8,
)


@attrs.define
class Waiting(VirtualTimer):
    """Notes how long was slept at a time."""

    slept: list[float] = attrs.field(factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await VirtualTimer.sleep(self, seconds)


def fault(kind: str, asked: int | None) -> Fault:
    """What a request meets."""
    if kind == "no connection":
        return Unreachable()
    if kind == "reset":
        return Reset(applied=False)
    body = b'{"code":"TOO_MANY_REQUESTS","message":"slow down"}' if kind == "429" else b"<html>"
    return says(int(kind), body, **({} if asked is None else {"retry_after": str(asked)}))  # type: ignore[arg-type]


Reads = Callable[[Sequence[Fault], float], Awaitable[tuple[GatewayError | None, int, list[float]]]]


async def zoho(faults: Sequence[Fault], chance: float) -> tuple[GatewayError | None, int, list[float]]:
    """A read of Zoho: its error, how often it was sent, and what was slept."""
    timer = Waiting()
    world = World(timer=timer)
    world.zoho.latency = 0
    async with world.client(random=lambda: chance, retries=POLICY) as client:
        await client.caller.access.token()
        for each in faults:
            world.faults.when(is_call, each)
        timer.slept.clear()
        error = await error_of(client.get(GRADES, NOBODY))
    return error, len(world.faults.met) + world.api_calls, timer.slept


async def moodle(faults: Sequence[Fault], chance: float) -> tuple[GatewayError | None, int, list[float]]:
    """A read of Moodle, likewise."""
    timer = Waiting()
    line = Line(timer=timer)
    wire: Transport = line.moodle.wire
    for each in faults:
        line.on("core_webservice_get_site_info", each)
    account = MoodleAccount(line.site.url, line.moodle.account.token)
    client = MoodleClient(account, wire, timer, random=lambda: chance, retries=POLICY)
    error = await error_of(client.site())
    return error, line.faults.seen, timer.slept


async def error_of(work: Awaitable[object]) -> GatewayError | None:
    """What it raises, if anything."""
    try:
        await work
    except GatewayError as error:
        return error
    return None


@pytest.mark.parametrize("reads", [zoho, moodle], ids=["zoho", "moodle"])
@given(answers=ANSWERS, chance=st.floats(0, 1))
async def test_no_sequence_of_answers_makes_a_client_ask_too_often_or_wait_too_long(
    reads: Reads, answers: list[tuple[str, int | None]], chance: float
) -> None:
    """And it asks again no earlier than the remote wishes."""
    error, sent, slept = await reads([fault(*each) for each in answers], chance)
    assert sent <= 6
    assert sum(slept) <= PATIENCE + 1e-6
    expected = [POLICY.wait(n, asked, chance) for n, (_, asked) in enumerate(answers, start=1)]
    assert slept == pytest.approx(expected[: len(slept)])
    if len(answers) >= 6 or sum(expected) > PATIENCE:
        assert error is not None
    else:
        assert error is None
        assert sent == len(answers) + 1
    if error is not None and sent < 6:
        assert isinstance(error, GatewayUnavailable)
        assert sum(slept) + (error.retry_after or 0) + POLICY.longest * chance > PATIENCE
