"""Grading decisions that were kept."""

from collections.abc import Collection, Sequence

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_core.ports import (
    MOST_DECISIONS,
    Cursor,
    DecisionRecord,
)


@attrs.frozen
class Decisions(TenantTables):
    """The part of a session that is about grading decisions."""

    async def record_decisions(self, records: Sequence[DecisionRecord]) -> None:
        decisions = self.tables.decisions
        for record in records:
            place = (self.tenant, record.key)
            numbered = attrs.evolve(record, number=self.next_number("decisions"))
            newest_first = sorted((numbered, *decisions.get(place, ())), key=_order, reverse=True)
            decisions.put(place, tuple(newest_first[:MOST_DECISIONS]))

    async def decisions(self, after: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        mine = sorted(
            (under[0] for key, under in self.tables.decisions.items() if key[0] == self.tenant),
            key=lambda record: record.key,
        )
        return [record for record in mine if after is None or record.key > after.key][:limit]

    async def newest_decisions(self, keys: Collection[str]) -> dict[str, DecisionRecord]:
        decisions = self.tables.decisions
        return {key: decisions[self.tenant, key][0] for key in keys if (self.tenant, key) in decisions}

    async def decision_history(self, key: str, start: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        under = self.tables.decisions.get((self.tenant, key), ())
        if start is not None:
            under = [each for each in under if _order(each) <= (start.at, int(start.key))]
        return list(under[:limit])


def _order(record: DecisionRecord) -> tuple[object, int]:
    return record.decided_at, record.number
