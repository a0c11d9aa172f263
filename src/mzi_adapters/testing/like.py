"""What databases call LIKE, in steps that grow with the text and the pattern, however many `%` there are."""

from collections.abc import Sequence
from enum import Enum
from typing import Final


class Wildcard(Enum):
    """What may stand in a pattern instead of a character."""

    ANYTHING = "%"
    ANY_ONE = "_"


ANYTHING: Final = Wildcard.ANYTHING
"""Any number of characters, also none."""

ANY_ONE: Final = Wildcard.ANY_ONE
"""One character, whichever."""

Step = str | Wildcard


def fits(steps: Sequence[Step], text: str) -> bool:
    """Whether the whole text can be gone through in these steps, each a character or a wildcard."""
    at = step = 0
    behind: tuple[int, int] | None = None  # the step after the last ANYTHING, and where it is tried next
    while at < len(text):
        now = steps[step] if step < len(steps) else None
        if now is ANYTHING:
            step += 1
            behind = (step, at)
        elif now is ANY_ONE or now == text[at]:
            step, at = step + 1, at + 1
        elif behind is None:
            return False
        else:
            step, at = behind[0], behind[1] + 1
            behind = (step, at)
    return all(left is ANYTHING for left in steps[step:])
