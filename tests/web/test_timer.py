"""Time that passes at once: in order, never while somebody could run, and the same in every run."""

import asyncio
import time
from datetime import timedelta
from heapq import heappop, heappush

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mzi_adapters.testing.virtual_time import BEGINNING, VirtualTimer
from mzi_adapters.web import LoopTimer, Timer

Woken = list[tuple[float, int]]
"""At which second which task went on."""


async def live(timer: VirtualTimer, lives: list[list[int]]) -> Woken:
    """Tasks that each sleep so and so long, one sleep after the other."""
    woken: Woken = []

    async def one(number: int, sleeps: list[int]) -> None:
        for seconds in sleeps:
            await timer.sleep(seconds)
            woken.append((timer.monotonic(), number))

    await asyncio.gather(*(one(number, sleeps) for number, sleeps in enumerate(lives)))
    return woken


def expected(lives: list[list[int]]) -> Woken:
    """The same by a queue of (moment, order of lying down)."""
    queue: list[tuple[float, int, int, list[int]]] = []
    order = 0
    for number, sleeps in enumerate(lives):
        if sleeps:
            heappush(queue, (sleeps[0], order, number, sleeps[1:]))
            order += 1
    woken: Woken = []
    while queue:
        moment, _, number, rest = heappop(queue)
        woken.append((moment, number))
        if rest:
            heappush(queue, (moment + rest[0], order, number, rest[1:]))
            order += 1
    return woken


@given(st.lists(st.lists(st.integers(1, 5), max_size=6), max_size=12))
def test_sleepers_wake_by_the_moment_and_then_by_the_order_of_lying_down(lives: list[list[int]]) -> None:
    assert asyncio.run(live(VirtualTimer(), lives)) == expected(lives)


async def test_a_year_takes_no_time() -> None:
    timer, begun = VirtualTimer(), time.monotonic()
    await asyncio.gather(*(timer.sleep(day * 86400) for day in range(1, 366)))
    assert timer.now() == BEGINNING + timedelta(days=365)
    assert time.monotonic() - begun < 5


async def test_many_tasks_sleep_at_once() -> None:
    lives = [[1 + number % 7] * 5 for number in range(2000)]
    assert await live(VirtualTimer(), lives) == expected(lives)


async def test_time_stands_while_anybody_can_run() -> None:
    timer = VirtualTimer()
    seen: set[float] = set()

    async def busy() -> None:
        for _ in range(1000):
            await asyncio.sleep(0)
            seen.add(timer.monotonic())

    await asyncio.gather(timer.sleep(1), busy(), timer.sleep(2))
    assert seen == {0}


async def test_who_wakes_runs_until_it_waits_before_the_next_of_the_same_moment_does() -> None:
    timer, said = VirtualTimer(), []

    async def one(name: str) -> None:
        await timer.sleep(1)
        for _ in range(3):
            said.append(name)
            await asyncio.sleep(0)

    await asyncio.gather(one("a"), one("b"))
    assert "".join(said) == "aaabbb"


async def test_waiting_for_each_other_takes_no_time() -> None:
    timer, gate, found = VirtualTimer(), asyncio.Semaphore(2), []

    async def one(number: int) -> None:
        async with gate:
            await timer.sleep(10)
            found.append((number, timer.monotonic()))

    await asyncio.gather(*(one(number) for number in range(5)))
    assert found == [(0, 10), (1, 10), (2, 20), (3, 20), (4, 30)]


async def test_who_is_cancelled_holds_no_time_up_and_moves_none() -> None:
    timer = VirtualTimer()
    sleeper = asyncio.create_task(timer.sleep(100))
    await asyncio.sleep(0)
    sleeper.cancel()
    await timer.sleep(7)
    assert timer.monotonic() == 7
    assert sleeper.cancelled()


async def test_cancelling_the_only_sleeper_lets_later_ones_sleep() -> None:
    timer = VirtualTimer()
    sleeper = asyncio.create_task(timer.sleep(100))
    await asyncio.sleep(0)
    sleeper.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    await timer.sleep(3)
    assert timer.monotonic() == 3


@pytest.mark.parametrize("seconds", [0, -1])
async def test_no_sleep_takes_no_time_but_lets_others_run(seconds: float) -> None:
    timer = VirtualTimer()
    other = asyncio.create_task(asyncio.sleep(0))
    await timer.sleep(seconds)
    await timer.sleep(seconds)
    assert (timer.monotonic(), other.done()) == (0, True)


async def test_a_jump_moves_the_clock_and_wakes_nobody() -> None:
    timer = VirtualTimer()
    sleeper = asyncio.create_task(timer.sleep(60))
    await asyncio.sleep(0)
    timer.jump(7200)
    assert (timer.now(), timer.monotonic()) == (BEGINNING + timedelta(hours=2), 0)
    timer.jump(-3 * 3600)
    await sleeper
    assert (timer.now(), timer.monotonic()) == (BEGINNING - timedelta(minutes=59), 60)


async def test_two_timers_in_one_loop_do_not_wait_for_each_other() -> None:
    one, other = VirtualTimer(), VirtualTimer()
    await asyncio.wait_for(asyncio.gather(live(one, [[1, 2], [3]]), live(other, [[50, 60]])), 5)
    assert (one.monotonic(), other.monotonic()) == (3, 110)


def test_a_timer_can_be_used_in_one_loop_after_another() -> None:
    timer = VirtualTimer()
    for _ in range(3):
        asyncio.run(timer.sleep(5))
    assert timer.monotonic() == 15


@pytest.mark.parametrize(
    ("patience", "passed"), [(0, 60), (0.3, 0)], ids=["without patience", "with patience"]
)
async def test_with_patience_time_stands_while_a_thread_works(patience: float, passed: float) -> None:
    timer = VirtualTimer(patience=patience)
    sleeper = asyncio.create_task(timer.sleep(60))
    await asyncio.to_thread(time.sleep, 0.05)
    assert timer.monotonic() == passed
    await sleeper
    assert timer.monotonic() == 60


async def test_patience_begins_anew_whenever_somebody_runs() -> None:
    timer = VirtualTimer(patience=0.3)
    sleeper = asyncio.create_task(timer.sleep(60))
    for _ in range(10):
        await asyncio.to_thread(time.sleep, 0.06)
    assert timer.monotonic() == 0
    await sleeper


@pytest.mark.parametrize("timer", [LoopTimer(), VirtualTimer()], ids=["real", "virtual"])
async def test_sleeping_takes_at_least_as_long_as_said(timer: Timer) -> None:
    begun = timer.monotonic()
    await timer.sleep(0.05)
    assert 0.045 <= timer.monotonic() - begun < 5
