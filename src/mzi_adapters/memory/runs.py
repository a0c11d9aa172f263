"""Bulk runs."""

from collections.abc import Sequence

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_core.ports import (
    Run,
)


@attrs.frozen
class Runs(TenantTables):
    """The part of a session that is about bulk runs."""

    async def save_run(self, run: Run) -> None:
        self.tables.runs.put((self.tenant, run.id), run)

    async def runs(self, limit: int) -> Sequence[Run]:
        mine = [run for key, run in self.tables.runs.items() if key[0] == self.tenant]
        return sorted(mine, key=lambda run: (run.started_at, run.id), reverse=True)[:limit]

    async def unfinished(self, module: str, source: str) -> Run | None:
        latest = next((r for r in await self.runs(10**9) if (r.module, r.source) == (module, source)), None)
        return None if latest is None or latest.status.reached_the_end else latest

    async def finished(self, module: str, source: str) -> Run | None:
        same = (r for r in await self.runs(10**9) if (r.module, r.source) == (module, source))
        return next((r for r in same if r.status.reached_the_end), None)
