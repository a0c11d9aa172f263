"""What failed is tried ten times in three days, and not all of it at once."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mzi_core.backoff import FIRST_DELAY, GROWTH, MOST_TRIES, SPREAD, delay_after


@given(st.text(max_size=20))
def test_ten_tries_take_about_three_days_each_after_a_longer_while(key: str) -> None:
    delays = [delay_after(tries, key) for tries in range(1, MOST_TRIES)]
    assert all(longer > shorter for shorter, longer in pairwise(delays))
    assert timedelta(hours=65) < sum(delays, timedelta()) < timedelta(hours=85)


@given(st.integers(1, MOST_TRIES), st.text(max_size=20))
def test_a_delay_is_spread_by_its_key_and_always_the_same(tries: int, key: str) -> None:
    delay = delay_after(tries, key)
    middle = FIRST_DELAY * GROWTH ** (tries - 1)
    assert middle * (1 - SPREAD) <= delay <= middle * (1 + SPREAD)
    assert delay == delay_after(tries, key)


def test_what_failed_together_does_not_come_back_together() -> None:
    delays = {delay_after(3, str(n)) for n in range(100)}
    assert len(delays) > 95
    assert max(delays) - min(delays) > FIRST_DELAY * GROWTH**2 * SPREAD


def test_no_number_of_tries_is_too_large() -> None:
    """A key that was tried more often, by hand say, waits as long as after the last try."""
    middle = FIRST_DELAY * GROWTH ** (MOST_TRIES - 1)
    assert delay_after(10**9, "a") <= middle * (1 + SPREAD)
