"""The letters a BTEC college records, and the words people write for them."""

from enum import StrEnum
from typing import Self

from mzi_core.grading.quoting import quoted


class Grade(StrEnum):
    """What is recorded for one attempt at one assignment; PENDING says that nothing is to be recorded yet."""

    F = "F"
    R = "R"
    RR = "RR"
    P = "P"
    M = "M"
    D = "D"
    PENDING = "PENDING"

    @property
    def is_final(self) -> bool:
        """Whether this is a grade at all, something that may be published."""
        return self is not Grade.PENDING

    @property
    def rank(self) -> int:
        """How much was achieved: 3 D, 2 M, 1 P, 0 for F, R and RR alike.

        Fail, Refer and Double Refer say *why* nothing was achieved, not how much, so none of them is
        better than another. PENDING has achieved nothing yet and is 0 too; ask `is_final` first.
        """
        return _RANKS.get(self, 0)

    @property
    def is_achieved(self) -> bool:
        """Whether the unit's Pass criteria are met: P, M or D."""
        return self.rank > 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a letter or a word, whatever its case and surrounding blanks: `P`, `pass`, `Double Refer`.

        A ValueError names a text that is neither.
        """
        short = text.strip()[: _LONGEST + 1]
        spelling = " ".join(short.replace("-", " ").replace("_", " ").casefold().split())
        if spelling not in _SPELLINGS:
            raise ValueError(
                f"{quoted(text)} is no grade; write F, R, RR, P, M or D, or Fail, Refer, Double Refer, Pass, "
                "Merit or Distinction"
            )
        return cls(_SPELLINGS[spelling])


_LONGEST = 40
"""Characters of a letter or a word for one, separators and all."""

_RANKS = {Grade.P: 1, Grade.M: 2, Grade.D: 3}

_SPELLINGS = {
    "f": Grade.F,
    "fail": Grade.F,
    "failed": Grade.F,
    "r": Grade.R,
    "refer": Grade.R,
    "referred": Grade.R,
    "rr": Grade.RR,
    "double refer": Grade.RR,
    "double referred": Grade.RR,
    "p": Grade.P,
    "pass": Grade.P,
    "passed": Grade.P,
    "m": Grade.M,
    "merit": Grade.M,
    "d": Grade.D,
    "distinction": Grade.D,
    "pending": Grade.PENDING,
    "not graded": Grade.PENDING,
    "ungraded": Grade.PENDING,
}


def is_letter(value: object) -> bool:
    """Whether a value says a grade, as a letter or a word."""
    try:
        return isinstance(value, str) and Grade.parse(value) in Grade
    except ValueError:
        return False


def letter_from(value: str | None) -> Grade | None:
    """An explicit letter as a Grade; None and a blank text are no letter. Errors as `Grade.parse`."""
    return Grade.parse(value) if value is not None and value.strip() else None
