"""What was changed of records."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_core.ports import HistoryEntry
from mzi_core.values import RecordKey


@attrs.frozen
class RecordHistory(TenantTables):
    """The part of a session that is about what was changed."""

    async def keep_history(self, entries: Sequence[HistoryEntry]) -> None:
        for entry in entries:
            numbered = attrs.evolve(entry, number=self.next_number("history"))
            self.tables.history.put((self.tenant, numbered.number), numbered)

    def _entries(self) -> list[HistoryEntry]:
        return [entry for (tenant, _), entry in self.tables.history.items() if tenant == self.tenant]

    async def history(
        self, module: str, key: RecordKey, before: int | None, limit: int
    ) -> Sequence[HistoryEntry]:
        found = [each for each in self._entries() if (each.module, each.key) == (module, key)]
        older = [each for each in found if before is None or each.number < before]
        return sorted(older, key=lambda each: -each.number)[:limit]

    async def forget_history(self, until: datetime, limit: int) -> int:
        old = sorted(each.number for each in self._entries() if each.changed_at < until)[:limit]
        for number in old:
            self.tables.history.drop((self.tenant, number))
        return len(old)
