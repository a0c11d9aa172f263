"""What Zoho's pick-list calls a grade, and what comes back from it."""

from collections.abc import Mapping

import attrs

from mzi_core.grading.grade import Grade

_FINAL = tuple(grade for grade in Grade if grade.is_final)


def _complete(words: Mapping[Grade | str, str]) -> dict[Grade, str]:
    """A word for every grade that can be recorded: the tenant's own, else the letter."""
    own = {Grade(grade): word for grade, word in words.items()}
    return {grade: own.get(grade, grade.value) for grade in _FINAL}


def _no_word_of_another(_: object, __: object, words: Mapping[Grade, str]) -> None:
    for grade, word in words.items():
        try:
            meant = Grade.parse(word)
        except ValueError:
            continue
        if words.get(meant) != word:
            raise ValueError(f"The pick-list calls {grade} {word!r}, which everybody would read as {meant}")


@attrs.frozen
class GradeWords:
    """A tenant's words, as in `GradeWords({"P": "Pass", "R": "Refer", "RR": "Refer"})`; else the letters.

    Two grades may share a word when the pick-list has no more. A ValueError refuses a word that is
    another grade's letter or name.
    """

    words: Mapping[Grade, str] = attrs.field(factory=dict, converter=_complete, validator=_no_word_of_another)

    def word(self, grade: Grade) -> str | None:
        """What to write into Zoho; None for PENDING, for which nothing is written."""
        return self.words.get(grade)

    def grade(self, text: str) -> Grade:
        """The grade that a text from Zoho means: the tenant's word, or any letter or word of `Grade.parse`.

        A word that two grades share is the one it is usually read as, else the first in the order of Grade.
        A ValueError names a text that is neither.
        """
        try:
            return Grade.parse(text)
        except ValueError:
            spelling = text.strip().casefold()
            for grade, word in self.words.items():
                if word.casefold() == spelling:
                    return grade
            raise


LETTERS = GradeWords()
