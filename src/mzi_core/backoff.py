"""When what failed is tried again: ten times within about three days, each time after a longer while."""

from datetime import timedelta
from hashlib import sha256

MOST_TRIES = 10
"""After so many it is a dead letter, until a person or a change has it tried again."""

FIRST_DELAY = timedelta(seconds=5)
GROWTH = 3.75
"""So the nine delays between ten tries are 75 hours together, give or take what spreads them."""

SPREAD = 0.1
"""By so much of itself a delay is longer or shorter: what failed together does not come back together."""


def delay_after(tries: int, key: str) -> timedelta:
    """How long to wait after so many tries (1 is the first); always the same for the same key and try."""
    chance = int.from_bytes(sha256(f"{tries} {key}".encode()).digest()[:4], "big") / 2**32
    return FIRST_DELAY * GROWTH ** (min(tries, MOST_TRIES) - 1) * (1 + SPREAD * (2 * chance - 1))
