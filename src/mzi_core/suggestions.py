"""Which real names somebody may have meant by one that does not exist."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

SHOWN = 3
"""Names offered at most: more is a list, not a hint."""

ALIKE = 0.62
"""From here on two spellings are near (difflib's ratio): `Phone` finds `Phone_Number`, not `Owner`."""

Spellings = Mapping[str, tuple[str, ...]]
"""Real names by every plain spelling that means them."""


def plain(name: str) -> str:
    """Letters and digits only, in one case: `Academic_Email`, `academic email` and `AcademicEmail` agree."""
    return "".join(filter(str.isalnum, name.casefold()))


def either(names: Iterable[str]) -> str:
    """The names as a sentence offers them: `A` or `B`."""
    return " or ".join(f"`{name}`" for name in dict.fromkeys(names))


def spellings(named: Iterable[tuple[str, str]]) -> Spellings:
    """Of (name, label) pairs: each is meant by its name and by its label."""
    found: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for name, label in named:
        for spelling in {plain(name), plain(label)}:
            if name not in found[spelling]:
                found[spelling] += (name,)
    return found


def nearest(name: str, known: Spellings, alike: float = ALIKE) -> tuple[str, ...]:
    """Up to three names that `name` may have meant, nearest first; none when nothing is near.

    A name or label that differs only in case and separators is the answer alone.
    """
    typed = plain(name)
    if typed in known:
        return known[typed][:SHOWN]
    close = get_close_matches(typed, known, n=2 * SHOWN, cutoff=alike)
    return tuple(dict.fromkeys(meant for spelling in close for meant in known[spelling]))[:SHOWN]
