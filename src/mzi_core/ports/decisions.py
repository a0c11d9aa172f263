"""Grading decisions that were kept."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from mzi_core.grading import Decision
from mzi_core.ports.records import Cursor

MOST_DECISIONS = 100
"""Decisions that stay under one key; when more are recorded the oldest are forgotten.

Far more than one student's work is ever marked: it bounds what a sender that repeats itself can fill.
"""


def _told(record: "DecisionRecord") -> Sequence[Mapping[str, object]]:
    return tuple(step.as_data() for step in record.decision.trace)


@attrs.frozen(kw_only=True)
class DecisionRecord:
    """A grading decision that was recorded under a key (the composite key of the grade)."""

    key: str
    decision: Decision
    decided_at: datetime

    trace: Sequence[Mapping[str, object]] = attrs.field(default=attrs.Factory(_told, takes_self=True))
    """The trace as it was told on the day, each step as `TraceStep.as_data` has it.

    `decision.trace` is derived when it is asked for, by the rules of the version that is asked.
    """

    number: int = attrs.field(default=0, eq=False)
    """Given by the store, rising with every decision it records; 0 before it is recorded."""

    @property
    def place(self) -> Cursor:
        """Where it stands in the history of its key."""
        return Cursor(self.decided_at, str(self.number))


class Decisions(Protocol):
    """The part of a session that is about grading decisions."""

    async def record_decisions(self, records: Sequence[DecisionRecord]) -> None:
        """Keep decisions beside the earlier ones under their keys, at most `MOST_DECISIONS` under each.

        The newest counts, and of two made at one moment the one that was recorded later.
        """
        ...

    async def decisions(self, after: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        """The newest decision of each key, by key; `after.key` is the key to go on after."""
        ...

    async def newest_decisions(self, keys: Collection[str]) -> dict[str, DecisionRecord]:
        """The newest decision under each of these keys, where there is one; one read however many keys."""
        ...

    async def decision_history(self, key: str, start: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        """The decisions under a key, newest first, from the one whose `place` is `start` on."""
        ...
