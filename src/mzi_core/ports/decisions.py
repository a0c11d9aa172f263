"""Grading decisions that were kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs

from mzi_core.grading import Decision
from mzi_core.ports.records import Cursor


@attrs.frozen(kw_only=True)
class DecisionRecord:
    """A grading decision that was recorded under a key (the composite key of the grade)."""

    key: str
    decision: Decision
    decided_at: datetime


class Decisions(Protocol):
    """The part of a session that is about grading decisions."""

    async def record_decision(self, record: DecisionRecord) -> None:
        """Keep a decision; several may stand under one key, the newest counts."""
        ...

    async def decisions(self, after: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        """The newest decision of each key, by key; `after.key` is the key to go on after."""
        ...

    async def decision(self, key: str) -> DecisionRecord | None:
        """The newest decision under a key."""
        ...
