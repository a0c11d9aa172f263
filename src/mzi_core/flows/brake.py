"""The brake: how much may be taken away in a day before a person is asked."""

from enum import StrEnum

LEAST = 25
"""So many are let through however few there are: a small college has ordinary days too."""

ONE_OF = 20
"""Of what is there, one of so many may be touched."""


class DestructiveAction(StrEnum):
    """What takes something away from people, and is counted for that."""

    SUSPEND = "suspend"
    UNENROL = "unenrol"
    DELETE = "delete"
    DOWNGRADE = "downgrade"
    """A grade that was told already becomes a lower one."""


def limit(there: int) -> int:
    """How many may be touched by one action within a day, where so many are there."""
    return max(LEAST, there // ONE_OF)
