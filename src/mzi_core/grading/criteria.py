"""Assessment criteria, and the unit outcome they add up to."""

import re
from collections.abc import Sequence
from enum import StrEnum

import attrs

from mzi_core.grading.grade import Grade


class Level(StrEnum):
    """The grade that a criterion counts towards."""

    P = "P"
    M = "M"
    D = "D"


# As many as a unit specification has room for: P1 to P20, M1 to M9, D1 to D9.
_CRITERION = re.compile(r"P(?:[1-9]|1[0-9]|20)|[MD][1-9]")

# Some senders speak of learning outcomes instead (LO1, LO1.2); these count towards no grade.
_OUTCOME = re.compile(r"LO[0-9]{1,3}(?:\.[0-9]{1,3})*")

_NUMBER = re.compile("[0-9]+")

_LADDER = (Level.P, Level.M, Level.D)

_LONGEST = 40
"""Characters of a code that can be read."""


def _code(text: str) -> str:
    """The code in capitals where it can be read, else as it came: its row is not lost for it."""
    code = text.strip()
    capitals = code.upper() if len(code) <= _LONGEST else ""
    known = _CRITERION.fullmatch(capitals) or _OUTCOME.fullmatch(capitals)
    return capitals if known else code


@attrs.frozen(kw_only=True)
class Criterion:
    """One criterion and what the marker said about it; `P2` sorts before `P10`, P before M before D."""

    code: str = attrs.field(converter=_code)
    achieved: bool
    title: str = ""
    definition: str = ""
    remark: str = ""

    is_readable: bool = attrs.field(init=False, eq=False, repr=False)
    """Whether the code is P1 to P20, M1 to M9, D1 to D9, or a learning outcome such as LO1.2."""

    level: Level | None = attrs.field(init=False, eq=False, repr=False)
    """The grade it counts towards; None for a learning outcome, and for a code that cannot be read."""

    @is_readable.default
    def _can_be_read(self) -> bool:
        return bool(_CRITERION.fullmatch(self.code) or _OUTCOME.fullmatch(self.code))

    @level.default
    def _counts_towards(self) -> Level | None:
        return Level(self.code[0]) if _CRITERION.fullmatch(self.code) else None

    @property
    def order(self) -> tuple[int, tuple[int, ...], str]:
        """The sort key: P, M, D, then learning outcomes, each by number, then what cannot be read."""
        if not self.is_readable:
            return len(_LADDER) + 1, (), self.code
        group = len(_LADDER) if self.level is None else _LADDER.index(self.level)
        return group, tuple(int(number) for number in _NUMBER.findall(self.code)), ""


def unit_outcome(criteria: Sequence[Criterion]) -> Grade | None:
    """The grade that criteria imply (Pearson): the highest level met with every level below it met.

    All P make a Pass; with all M a Merit; with all D a Distinction; a P missing is a Refer (Pearson's
    Unclassified). A level without criteria is passed through on the way to a higher one that is met, and
    is never itself awarded. None when no criterion counts towards a grade.
    """
    outcome, counted = Grade.R, False
    for level in _LADDER:
        marked = [each.achieved for each in criteria if each.level is level]
        counted = counted or bool(marked)
        if not all(marked):
            break
        if marked:
            outcome = Grade(level)
    return outcome if counted else None
