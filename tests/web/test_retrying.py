"""What is attempted again, and how long is waited before: by table, and for any sequence of answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.web import Failure, RetryPolicy, Trying
from mzi_adapters.web.retrying import TRANSIENT
from mzi_adapters.web.transport import retry_after
from mzi_core.errors import GatewayError, GatewayUnavailable, ProtocolError

Answers = list[tuple[Failure, float | None]]
"""How each attempt ends, and the seconds that the remote asks for."""

THRICE = RetryPolicy(attempts=3)
OFTEN = RetryPolicy(attempts=9, first=2, longest=10, patience=1000)
SHORT = RetryPolicy(attempts=9, patience=10)
LOCK = RetryPolicy(
    attempts=None, least=0.25, first=0.5, longest=0.5, patience=3, again=frozenset({Failure.HELD})
)
BUSY, HELD, NOT_SENT = Failure.BUSY, Failure.HELD, Failure.NOT_SENT
READ, KEYED, WRITE = Failure.READ_UNANSWERED, Failure.KEYED_WRITE_UNANSWERED, Failure.WRITE_UNANSWERED


async def waits(policy: RetryPolicy, answers: Answers, chance: float) -> tuple[list[float], int]:
    """The seconds waited after each attempt, and how many attempts were made."""
    timer = VirtualTimer()
    trying = Trying(policy=policy, timer=timer, random=lambda: chance)
    found: list[float] = []
    made = 0
    for failure, asked in answers:
        began = timer.monotonic()
        made += 1
        if not await trying.again(failure, GatewayUnavailable("Zoho", "not now.", retry_after=asked)):
            assert timer.monotonic() == began
            break
        found.append(timer.monotonic() - began)
    assert sum(found) == pytest.approx(trying.waited)
    return found, made


TABLE: dict[str, tuple[RetryPolicy, Answers, float, list[float]]] = {
    "ever longer": (OFTEN, [(NOT_SENT, None)] * 9, 1.0, [2, 4, 8, 10, 10, 10, 10, 10]),
    "by chance": (OFTEN, [(READ, None)] * 4, 0.5, [1, 2, 4, 5]),
    "at once, if chance has it so": (OFTEN, [(KEYED, None)] * 4, 0.0, [0, 0, 0, 0]),
    "no more attempts than said": (THRICE, [(BUSY, None)] * 9, 1.0, [1, 2]),
    "as long as the remote asks": (THRICE, [(BUSY, 40), (BUSY, None)], 0.0, [40, 0]),
    "and by chance longer": (THRICE, [(BUSY, 40), (BUSY, 7)], 0.5, [40.5, 8]),
    "the whole patience": (SHORT, [(BUSY, 6), (BUSY, 4), (BUSY, 1)], 0.0, [6, 4]),
    "not beyond the patience": (SHORT, [(BUSY, 6), (BUSY, 5)], 0.0, [6]),
    "a wait longer than the patience": (SHORT, [(BUSY, 11)], 0.0, []),
    "a write that would be done twice": (OFTEN, [(WRITE, None)], 1.0, []),
    "a refusal": (OFTEN, [(Failure.REFUSED, 3)], 1.0, []),
    "a refusal after another attempt": (OFTEN, [(BUSY, None), (Failure.REFUSED, None)], 1.0, [2]),
    "a lock, for as long as the patience lasts": (LOCK, [(HELD, None)] * 99, 1.0, [0.75] * 4),
    "a lock, at least so long": (LOCK, [(HELD, None)] * 99, 0.0, [0.25] * 12),
    "a call is not attempted again for a lock": (OFTEN, [(HELD, None)], 1.0, []),
}


@pytest.mark.parametrize(("policy", "answers", "chance", "expected"), TABLE.values(), ids=TABLE)
async def test_how_long_is_waited(
    policy: RetryPolicy, answers: Answers, chance: float, expected: list[float]
) -> None:
    found, _ = await waits(policy, answers, chance)
    assert found == pytest.approx(expected)


SECONDS = st.floats(0, 500)
POLICIES = st.builds(
    RetryPolicy,
    attempts=st.integers(1, 8) | st.none(),
    first=st.floats(0, 100),
    longest=st.floats(0, 100),
    least=st.floats(0.5, 100),
    patience=SECONDS,
    again=st.sets(st.sampled_from(Failure)).map(frozenset),
)
ANSWERS = st.lists(st.tuples(st.sampled_from(Failure), st.none() | SECONDS), max_size=20)


@given(policy=POLICIES, answers=ANSWERS, chance=st.floats(0, 1))
async def test_no_sequence_of_answers_exceeds_the_policy(
    policy: RetryPolicy, answers: Answers, chance: float
) -> None:
    """Neither the attempts nor the patience; and what the remote asks for is the least that is waited."""
    found, made = await waits(policy, answers, chance)
    assert policy.attempts is None or made <= policy.attempts
    assert sum(found) <= policy.patience + 1e-6
    for wait, (failure, asked) in zip(found, answers, strict=False):
        assert failure in policy.again
        least = max(policy.least, asked or 0)
        assert least - 1e-6 <= wait <= least + policy.longest + 1e-6


@given(attempt=st.integers(1, 10**6), chance=st.floats(0, 1))
def test_the_thousandth_wait_is_no_longer_than_the_longest(attempt: int, chance: float) -> None:
    assert 0 <= OFTEN.wait(attempt, None, chance) <= 10


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (GatewayUnavailable("Zoho", "not now.", retry_after=900), 900),
        (GatewayUnavailable("Zoho", "not now."), 8),
    ],
    ids=["as the remote says", "as the policy says"],
)
async def test_an_error_says_how_long_to_wait_where_the_patience_is_too_short(
    error: GatewayUnavailable, expected: float
) -> None:
    policy = RetryPolicy(attempts=2, first=8, patience=5)
    trying = Trying(policy=policy, timer=VirtualTimer(), random=lambda: 1.0)
    assert not await trying.again(BUSY, error)
    assert error.retry_after == expected


async def test_an_error_that_can_name_no_time_stands_as_it_is() -> None:
    policy = RetryPolicy(attempts=2, first=8, patience=5)
    trying = Trying(policy=policy, timer=VirtualTimer(), random=lambda: 1.0)
    error: GatewayError = ProtocolError("Zoho", "half an answer.")
    assert not await trying.again(READ, error)
    assert not hasattr(error, "retry_after")


async def test_a_pause_takes_patience_and_no_attempt() -> None:
    """What is waited for before anything was sent leaves less for what is waited for afterwards."""
    timer = VirtualTimer()
    trying = Trying(policy=SHORT, timer=timer, random=lambda: 0.0)
    assert await trying.pause(7)
    assert not await trying.pause(4)
    assert not await trying.again(BUSY, GatewayUnavailable("Zoho", "not now.", retry_after=4))
    assert await trying.again(BUSY, GatewayUnavailable("Zoho", "not now.", retry_after=3))
    assert (timer.monotonic(), trying.waited) == (10, 10)


def test_attempts_without_number_or_wait_are_refused() -> None:
    """With dice that fall badly they would never end."""
    with pytest.raises(ValueError, match="least"):
        RetryPolicy(attempts=None)


def test_a_write_that_may_be_done_twice_is_in_no_default() -> None:
    assert {WRITE, HELD, Failure.UNFINISHED, Failure.REFUSED}.isdisjoint(TRANSIENT)
    assert RetryPolicy(attempts=1).again == TRANSIENT


DATE = "Wed, 21 Oct 2026 07:28:00 GMT"
HEADERS: dict[str, tuple[dict[str, str], float | None]] = {
    "seconds": ({"retry-after": "7"}, 7),
    "blanks around them": ({"retry-after": " 7 "}, 7),
    "more digits than a wait has": ({"retry-after": "9" * 400}, 9_999_999_999),
    "a moment by the remote's own clock": (
        {"retry-after": DATE, "date": "Wed, 21 Oct 2026 07:27:20 GMT"},
        40,
    ),
    "a moment gone by": ({"retry-after": DATE, "date": "Wed, 21 Oct 2026 08:00:00 GMT"}, 0),
    "a moment that cannot be compared": ({"retry-after": DATE}, None),
    "digits of another script": ({"retry-after": "٧"}, None),
    "less than nothing": ({"retry-after": "-7"}, None),
    "words": ({"retry-after": "soon"}, None),
    "nothing": ({}, None),
}


@pytest.mark.parametrize(("headers", "expected"), HEADERS.values(), ids=HEADERS)
def test_what_a_remote_asks_for(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after(headers) == expected


async def test_work_that_may_be_attempted_once_is_not_attempted_again_and_waits_for_nothing() -> None:
    timer = VirtualTimer()
    trying = Trying(policy=OFTEN, timer=timer, random=lambda: 0.5)
    once = trying.once()
    assert await once.pause(1) is False
    assert await once.again(NOT_SENT) is False
    assert timer.monotonic() == 0
    assert await trying.again(NOT_SENT) is True
