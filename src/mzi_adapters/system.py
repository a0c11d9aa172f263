"""The real clock and the real dice, and a word to the garbage collector."""

import gc
import secrets
import time
from datetime import UTC, datetime
from typing import cast

import attrs

from mzi_core.values import RecordId

OBJECTS = 200_000
"""So many more objects than before, and the collector looks for cycles. A page makes none; and what a command
imports, some 120,000 objects, would be looked through for nothing."""


def moves_many_records() -> None:
    """Tell the collector what kind of process this is: a tenth of the time is saved.

    What was imported lives to the end, and a page makes thousands of objects and no cycle. To be called
    once, by who owns the process, before it imports what it works with.
    """
    gc.freeze()
    gc.set_threshold(OBJECTS, 20, 100)


def ends() -> None:
    """Tell the collector that the process ends, and everything with it: it need not look for cycles.

    Python would, several times over, in all that was imported; that takes a sixth of a short command's time.
    To be called once, by who owns the process, as the last thing it does.
    """
    gc.freeze()


@attrs.frozen
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


RANDOM_DIGITS = 15
"""How many hexadecimal digits of a UUID come from the operating system's randomness: 60 bits."""


_COUNTS = 2**12
"""How many ids may have one time."""


def ordered_uuids(milliseconds: int, random: str) -> list[RecordId]:
    """UUIDs of version 7 (RFC 9562) in increasing order, one for each `RANDOM_DIGITS` of `random`.

    The first carries the time `milliseconds` since 1970. Those of one call are told apart by a counter in the
    12 bits after the time; it runs over into the time, which after 4,096 ids is one millisecond ahead.
    """
    made: list[str] = []
    for later, first in enumerate(range(0, len(random), _COUNTS * RANDOM_DIGITS)):
        time = f"{milliseconds + later:012x}"
        time = f"{time[:8]}-{time[8:]}"
        starts = range(first, min(first + _COUNTS * RANDOM_DIGITS, len(random)), RANDOM_DIGITS)
        made += [
            f"{time}-7{count:03x}-8{random[start : start + 3]}-{random[start + 3 : start + RANDOM_DIGITS]}"
            for count, start in enumerate(starts)
        ]
    return cast("list[RecordId]", made)


@attrs.frozen
class SystemIds:
    """UUIDs in the order of time, and secrets from the operating system."""

    def record_ids(self, count: int) -> list[RecordId]:
        """So many UUIDs no one has had before, in increasing order."""
        needed = count * RANDOM_DIGITS
        random = secrets.token_hex((needed + 1) // 2)[:needed]
        return ordered_uuids(time.time_ns() // 1_000_000, random)

    def secret(self) -> str:
        """256 bits as URL-safe text."""
        return secrets.token_urlsafe(32)
