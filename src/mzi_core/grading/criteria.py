"""Assessment criteria, and the unit outcome they add up to."""

import re
from collections.abc import Sequence
from enum import StrEnum

import attrs

from mzi_core.grading.grade import Grade
from mzi_core.grading.quoting import quoted


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


def _code(text: str) -> str:
    code = text.strip().upper()
    if not (_CRITERION.fullmatch(code) or _OUTCOME.fullmatch(code)):
        raise ValueError(
            f"{quoted(text)} is no criterion; write P1 to P20, M1 to M9, D1 to D9, or LO1, LO1.2"
        )
    return code


@attrs.frozen(kw_only=True)
class Criterion:
    """One criterion and what the marker said about it; `P2` sorts before `P10`, P before M before D."""

    code: str = attrs.field(converter=_code)
    achieved: bool
    title: str = ""
    definition: str = ""
    remark: str = ""

    @property
    def level(self) -> Level | None:
        """The grade it counts towards; None for a learning outcome such as LO1.2."""
        return None if self.code.startswith("LO") else Level(self.code[0])

    @property
    def order(self) -> tuple[int, tuple[int, ...]]:
        """The sort key: P, M, D, then learning outcomes, each by number."""
        group = len(_LADDER) if self.level is None else _LADDER.index(self.level)
        return group, tuple(int(number) for number in _NUMBER.findall(self.code))


def unit_outcome(criteria: Sequence[Criterion]) -> Grade | None:
    """The grade that criteria imply (Pearson): the highest level met with every level below it met.

    All P make a Pass; with all M a Merit; with all D a Distinction; a P missing is a Refer (Pearson's
    Unclassified). A level without criteria counts as met only where a higher level has some. None when no
    criterion counts towards a grade.
    """
    marked = {level: [each.achieved for each in criteria if each.level is level] for level in Level}
    highest = max((level for level in Level if marked[level]), key=_LADDER.index, default=None)
    if highest is None:
        return None
    outcome = Grade.R
    for level in _LADDER[: _LADDER.index(highest) + 1]:
        if not all(marked[level]):
            break
        outcome = Grade(level)
    return outcome
