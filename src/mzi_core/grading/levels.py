"""The levels of programmes, as people write them in English and Arabic."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from mzi_core.grading.scales import spelling

_LONGEST = 200
"""Characters of a text that says a level; more is not looked at."""

_TOKEN = re.compile(r"[^\W\d_]+|[0-9]+|[/,،&+–-]")

# Words are as `spelling` has them, and Arabic ones without their article.
_LEVEL = frozenset(("l", "lvl", "level", "levels", "مستوي", "مستويات", "مستويين", "مستويان"))
_COMMA = frozenset((",", "،"))
_AND = frozenset(("/", "&", "+", "and", "or", "و", "او"))
_TO = frozenset(("-", "–", "to", "الي", "حتي"))
_NUMBERS = {
    **{str(number): number for number in range(3, 8)},
    **{f"0{number}": number for number in range(3, 8)},
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "ثالث": 3,
    "رابع": 4,
    "خامس": 5,
    "سادس": 6,
    "سابع": 7,
    "ثلاثه": 3,
    "اربعه": 4,
    "خمسه": 5,
    "سته": 6,
    "سبعه": 7,
}

_ALONE = _NUMBERS.keys() | _AND | _TO | _COMMA
"""What a text may be made of that is nothing but levels."""

# What means a level without saying one, the longer before what it begins with.
_NAMES: Sequence[tuple[tuple[str, ...], int]] = (
    (("hnc",), 4),
    (("hnd",), 5),
    (("higher", "national", "certificate"), 4),
    (("higher", "national", "diploma"), 5),
    (("higher", "national"), 5),
    (("شهاده", "وطنيه", "عليا"), 4),
    (("دبلوم", "وطني", "عالي"), 5),
    (("وطنيه", "عليا"), 5),
    (("وطني", "عالي"), 5),
)


def families_of(level: str | None) -> tuple[str, ...]:
    """The families of a programme level: `L5` for `L05`, `level 5`, `HND` or `المستوى الخامس`.

    More than one where a text says so (`Level 4/5`, `HNC and HND`); none where it says no level from 3 to 7.
    A number counts behind an L or the word, or when it is all there is: `3 years` is no level.
    """
    written = "".join(map(_western, spelling((level or "")[:_LONGEST])))
    tokens = [_bare(token) for token in _TOKEN.findall(written)]
    found = set(_said(tokens)) or set(_named(tokens))
    return tuple(f"L{number}" for number in sorted(found))


def _western(character: str) -> str:
    return str(unicodedata.decimal(character)) if character.isdecimal() else character


def _bare(token: str) -> str:
    """An Arabic word without the article and the "and" that are written with it."""
    for prefix in ("وال", "ال", "و"):
        rest = token.removeprefix(prefix)
        if rest in _NUMBERS or rest in _LEVEL or any(rest in name for name, _ in _NAMES):
            return rest
    return token


def _said(tokens: Sequence[str]) -> Iterator[int]:
    """The numbers that are said as levels."""
    place = 0
    if any(token not in _ALONE for token in tokens):
        place = _behind_the_word(tokens, 0)
    while place < len(tokens):
        last, place = _numbers(tokens, place)
        yield from last
        place = _behind_the_word(tokens, place)


def _behind_the_word(tokens: Sequence[str], start: int) -> int:
    """The place behind the next word for a level, and behind a dash after it; the end if there is none."""
    for place in range(start, len(tokens)):
        if tokens[place] in _LEVEL:
            return place + 2 if tokens[place + 1 : place + 2] in (["-"], ["–"]) else place + 1
    return len(tokens)


def _numbers(tokens: Sequence[str], start: int) -> tuple[list[int], int]:
    """The numbers from a place on that belong together, and the place behind them."""
    found: list[int] = []
    place, joined, is_range = start, True, False
    while place < len(tokens):
        token = tokens[place]
        if token in _NUMBERS and (joined or token.isalpha()):
            number = _NUMBERS[token]
            between = range(found[-1] + 1, number) if is_range else ()
            found += [*between, number]
            joined = is_range = False
        elif found and (_joins(tokens, place) or (joined and token in _LEVEL)):
            joined, is_range = True, is_range or token in _TO
        else:
            break
        place += 1
    return found, place


def _joins(tokens: Sequence[str], place: int) -> bool:
    token = tokens[place]
    if token in _COMMA:
        return not _counts_something(tokens, place + 1)
    return token in _AND or token in _TO


def _counts_something(tokens: Sequence[str], place: int) -> bool:
    """Whether the number at a place is one of something: 3 years."""
    behind = tokens[place + 1 : place + 2]
    return any(token.isalpha() and token not in _AND and token not in _TO for token in behind)


def _named(tokens: Sequence[str]) -> Iterator[int]:
    """The levels of qualifications that are called by their names."""
    place = 0
    while place < len(tokens):
        for name, number in _NAMES:
            if tuple(tokens[place : place + len(name)]) == name:
                yield number
                place += len(name) - 1
                break
        place += 1
