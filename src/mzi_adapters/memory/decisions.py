"""Grading decisions that were kept."""

from collections.abc import Sequence

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_core.ports import (
    Cursor,
    DecisionRecord,
)


@attrs.frozen
class Decisions(TenantTables):
    """The part of a session that is about grading decisions."""

    async def record_decision(self, record: DecisionRecord) -> None:
        newest = await self.decision(record.key)
        if newest is None or newest.decided_at <= record.decided_at:
            self.tables.decisions.put((self.tenant, record.key), record)

    async def decisions(self, after: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        mine = sorted(
            (record for key, record in self.tables.decisions.items() if key[0] == self.tenant),
            key=lambda record: record.key,
        )
        return [record for record in mine if after is None or record.key > after.key][:limit]

    async def decision(self, key: str) -> DecisionRecord | None:
        return self.tables.decisions.get((self.tenant, key))
