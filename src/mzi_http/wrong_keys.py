"""Wrong keys, tokens and signatures: how many an address may send before they are refused unseen."""

import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil

BURST = 20
"""Wrong keys that an address may send at once."""

EVERY = 3.0
"""Seconds after which it may send one more."""

_ADDRESSES = 10_000  # that are remembered
_KEYS = 10_000
_NETWORK = 64  # bits of an IPv6 address; whoever has one has the others behind it


class WrongKeys:
    """Counts wrong keys by address, and remembers which keys were right.

    A key that has opened something is always looked at, whatever else its address sends: behind a proxy that
    does not tell addresses apart, one caller with an old key must not shut out the others. From another
    address every key is looked at.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._right: OrderedDict[bytes, None] = OrderedDict()

    def wait(self, address: str, key: str | None) -> int:
        """Seconds after which this address may try a key that was never right; 0 for now."""
        left = self._left_of(address)
        if left >= 1 or _digest(key) in self._right:
            return 0
        return ceil((1 - left) * EVERY)

    def wrong(self, address: str) -> None:
        """A key from this address opened nothing."""
        left = self._left_of(address)
        self._left[_network(address)] = (max(left - 1, 0.0), self._clock())
        self._left.move_to_end(_network(address))
        if len(self._left) > _ADDRESSES:
            self._left.popitem(last=False)

    def right(self, key: str | None) -> None:
        """This key was known; of a sender that signs, what it says it is."""
        digest = _digest(key)
        self._right[digest] = None
        self._right.move_to_end(digest)
        if len(self._right) > _KEYS:
            self._right.popitem(last=False)

    def _left_of(self, address: str) -> float:
        left, at = self._left.get(_network(address), (float(BURST), 0.0))
        return min(BURST, left + (self._clock() - at) / EVERY)


@lru_cache(maxsize=_ADDRESSES)
def _network(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    inside = found.ipv4_mapped
    return str(inside or IPv6Network((found, _NETWORK), strict=False))


def _digest(key: str | None) -> bytes:
    """Not the key itself, which need not lie about in memory."""
    return blake2b((key or "").encode("utf-8", "surrogatepass"), digest_size=16).digest()
