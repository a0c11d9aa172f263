"""The scales that marks are given on: points, and the items of a Moodle scale."""

import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from mzi_core.grading.grade import Grade

_BTEC_MAXIMUM = Decimal(4)


class Scale(StrEnum):
    """What the thresholds of a policy are compared with."""

    BTEC_0_4 = "btec-0-4"
    """Points from 0 to 4, or a Moodle scale of Refer, Pass, Merit and Distinction."""

    PERCENT = "percent"
    """Hundredths of the range of the points."""

    @property
    def maximum(self) -> Decimal:
        """The best mark there is."""
        return _BTEC_MAXIMUM if self is Scale.BTEC_0_4 else Decimal(100)

    @classmethod
    def of_points(cls, minimum: Decimal, maximum: Decimal) -> "Scale":
        """The scale of a Moodle grade item with points in this range: BTEC for 0 to 4, else percent.

        A 4 may be a Distinction or four per cent, so the mark itself never decides.
        """
        return cls.BTEC_0_4 if minimum == 0 and maximum == _BTEC_MAXIMUM else cls.PERCENT


LADDER = (Grade.R, Grade.P, Grade.M, Grade.D)
"""What the items of the BTEC scale mean, lowest first; the place of each, from 1, is its mark."""

MEANINGS = (Grade.F, *LADDER)
"""What an item of a scale may mean."""

_WORDS = {
    "refer": Grade.R,
    "referred": Grade.R,
    "pass": Grade.P,
    "passed": Grade.P,
    "merit": Grade.M,
    "distinction": Grade.D,
    "إعادة": Grade.R,
    "إعادة تسليم": Grade.R,
    "إحالة": Grade.R,
    "نجاح": Grade.P,
    "ناجح": Grade.P,
    "جدارة": Grade.M,
    "تفوق": Grade.M,
    "امتياز": Grade.D,
}

# Letters that Arabic writers use one for the other.
_ALIKE = str.maketrans("أإآٱىة", "اااايه")


def spelling(item: str) -> str:
    """An item as it is compared: in no case, without vowel signs, tatweel and characters of no width."""
    letters = unicodedata.normalize("NFKD", item).casefold().translate(_ALIKE)
    kept = (each for each in letters if unicodedata.category(each) not in ("Mn", "Cf") and each != "ـ")
    return " ".join("".join(kept).split())


KNOWN_ITEMS = {spelling(word): grade for word, grade in _WORDS.items()}
"""The meaning of each item that everybody reads alike, by its spelling."""


@lru_cache(maxsize=256)
def grades_of(items: tuple[str, ...], words: Iterable[tuple[str, Grade]] = ()) -> tuple[Grade, ...] | None:
    """The grade that each item of a scale means; None if one of them means nothing to anybody.

    `words` are the tenant's own meanings, by spelling.
    """
    known = {**KNOWN_ITEMS, **dict(words)}
    grades = [known.get(spelling(item)) for item in items]
    return None if None in grades else tuple(grade for grade in grades if grade is not None)
