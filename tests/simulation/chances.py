"""Named chances: each is a hash of its name and number, so that none uses up another's luck."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b
from typing import TypeVar

import attrs

T = TypeVar("T")


@attrs.define(kw_only=True, eq=False)
class Chances:
    """The luck of one seed.

    A chance is named by its kind, whom it meets and what that one is at, and numbered among those of the same
    name, such as `crash/one/PUT BTEC_Students/3`. `odds`: how likely each kind of fault is. `off`: the names
    of those that do not happen, by which a schedule is made smaller.
    """

    seed: int
    odds: Mapping[str, float]
    off: Collection[str] = ()
    is_on: bool = True
    fired: list[str] = attrs.field(factory=list, init=False)
    """The names of those that happened, in order."""
    _numbers: Counter[str] = attrs.field(factory=Counter, init=False)

    def share(self, kind: str, who: str = "", what: str = "") -> float:
        """A number from 0 to 1."""
        return self._drawn(kind, who, what)[1]

    def fires(self, kind: str, who: str = "", what: str = "") -> bool:
        """Whether a fault happens here and now."""
        name, drawn = self._drawn(kind, who, what)
        if not self.is_on or drawn >= self.odds.get(kind, 0) or name in self.off:
            return False
        self.fired.append(name)
        return True

    def pick(self, among: Sequence[T], kind: str, who: str = "", what: str = "") -> T:
        """One of these."""
        return among[int(self.share(kind, who, what) * len(among))]

    def _drawn(self, kind: str, who: str, what: str) -> tuple[str, float]:
        name = f"{kind}/{who}/{what}"
        self._numbers[name] += 1
        name = f"{name}/{self._numbers[name]}"
        digest = blake2b(f"{self.seed} {name}".encode(), digest_size=8).digest()
        return name, int.from_bytes(digest, "big") / 2**64
