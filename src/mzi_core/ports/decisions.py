"""Grading decisions that were kept."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from mzi_core.grading import Decision
from mzi_core.ports.records import Cursor

MOST_DECISIONS = 100
"""Decisions that stay under one key; when more are recorded some are forgotten.

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

    @property
    def attempt(self) -> int:
        """The attempt that it is about, from 0."""
        return self.decision.marking.attempt

    @property
    def order(self) -> tuple[int, datetime, int]:
        """What puts the decisions under one key in order: the last stands.

        A later attempt comes before whatever is decided about an earlier one, and whenever.
        """
        return self.attempt, self.decided_at, self.number


def forgotten(orders: Iterable[tuple[int, datetime, int]]) -> Collection[int]:
    """The numbers of the decisions under one key that are more than `MOST_DECISIONS`, by their `order`.

    First go the oldest of those that a newer one about the same attempt took the place of, then those of the
    earliest attempts.
    """
    ordered = sorted(orders)
    newest = {attempt: number for attempt, _, number in ordered}
    superseded = [(at, number) for attempt, at, number in ordered if newest[attempt] != number]
    going = [number for _, number in sorted(superseded)] + list(newest.values())
    return going[: max(0, len(ordered) - MOST_DECISIONS)]


class Decisions(Protocol):
    """The part of a session that is about grading decisions."""

    async def record_decisions(self, records: Sequence[DecisionRecord]) -> None:
        """Keep decisions beside the earlier ones under their keys, at most `MOST_DECISIONS` under each.

        Of the decisions under a key the last by `DecisionRecord.order` stands: of the latest attempt the
        newest, and of two made at one moment the one that was recorded later. `forgotten` says which go.
        """
        ...

    async def decisions(self, after: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        """The decision that stands under each key, by key; `after.key` is the key to go on after."""
        ...

    async def decisions_by_attempt(self, keys: Collection[str]) -> dict[str, Sequence[DecisionRecord]]:
        """The newest decision about each attempt under each of these keys, earliest attempt first.

        The last of a key stands. A key without decisions is left out. One read however many keys.
        """
        ...

    async def decision_history(self, key: str) -> Sequence[DecisionRecord]:
        """All decisions under a key from the one that stands on, in the reverse of `DecisionRecord.order`."""
        ...
