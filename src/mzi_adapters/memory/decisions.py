"""Grading decisions that were kept."""

from collections.abc import Collection, Iterable, Sequence

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_core.ports import Cursor, DecisionRecord
from mzi_core.ports.decisions import forgotten


@attrs.frozen
class Decisions(TenantTables):
    """The part of a session that is about grading decisions; under each key the one that stands is first."""

    async def record_decisions(self, records: Sequence[DecisionRecord]) -> None:
        decisions = self.tables.decisions
        for record in records:
            place = (self.tenant, record.key)
            numbered = attrs.evolve(record, number=self.next_number("decisions"))
            decisions.put(place, _that_stay((numbered, *decisions.get(place, ()))))

    async def decisions(self, after: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        mine = sorted(
            (under[0] for key, under in self.tables.decisions.items() if key[0] == self.tenant),
            key=lambda record: record.key,
        )
        return [record for record in mine if after is None or record.key > after.key][:limit]

    async def decisions_by_attempt(self, keys: Collection[str]) -> dict[str, Sequence[DecisionRecord]]:
        decisions = self.tables.decisions
        places = {key: (self.tenant, key) for key in keys}
        return {
            key: _newest_of_attempts(decisions[place]) for key, place in places.items() if place in decisions
        }

    async def decision_history(self, key: str) -> Sequence[DecisionRecord]:
        return list(self.tables.decisions.get((self.tenant, key), ()))


def _that_stay(records: Iterable[DecisionRecord]) -> tuple[DecisionRecord, ...]:
    """The decisions under one key that are not forgotten, the one that stands first."""
    ordered = sorted(records, key=lambda record: record.order, reverse=True)
    gone = forgotten([record.order for record in ordered])
    return tuple(record for record in ordered if record.number not in gone)


def _newest_of_attempts(ordered: Iterable[DecisionRecord]) -> list[DecisionRecord]:
    """Of decisions from the one that stands on, the newest about each attempt; earliest attempt first."""
    newest: dict[int, DecisionRecord] = {}
    for record in ordered:
        newest.setdefault(record.attempt, record)
    return list(newest.values())[::-1]
