"""Bulk runs."""

from collections.abc import Sequence

import sqlalchemy as sa

from mzi_adapters.sql.scope import AnyRow, Scope
from mzi_adapters.sql.tables import RUNS
from mzi_core.ports import Run, RunStatus
from mzi_core.values import RecordId


class Runs(Scope):
    """The part of a session that is about bulk runs."""

    __slots__ = ()

    async def save_run(self, run: Run) -> None:
        """Keep a run in place of the one with its id."""
        row = {
            "tenant_id": self.tenant,
            "id": run.id,
            "module": run.module,
            "source": run.source,
            "status": run.status.value,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "cursor": run.cursor,
            "counts": dict(run.counts),
            "message": run.message,
            "bookmark": run.bookmark,
            "watermark": run.watermark,
        }
        await self.run(self.upsert(RUNS), [row])

    async def runs(self, limit: int) -> Sequence[Run]:
        """The latest runs, newest first."""
        newest_first = (RUNS.c.started_at.desc(), RUNS.c.id.desc())
        rows = await self.run(sa.select(RUNS).where(self.mine(RUNS)).order_by(*newest_first).limit(limit))
        return [_run(row) for row in rows]

    async def unfinished(self, module: str, source: str) -> Run | None:
        """The latest run of this module from this source, if it did not get to its end."""
        latest = await self._latest(module, source)
        return None if latest is None or latest.status.reached_the_end else latest

    async def finished(self, module: str, source: str) -> Run | None:
        """The latest run of this module from this source that got to its end."""
        ends = [status.value for status in RunStatus if status.reached_the_end]
        return await self._latest(module, source, RUNS.c.status.in_(ends))

    async def _latest(self, module: str, source: str, *conditions: sa.ColumnElement[bool]) -> Run | None:
        found = await self.run(
            sa.select(RUNS)
            .where(self.mine(RUNS), RUNS.c.module == module, RUNS.c.source == source, *conditions)
            .order_by(RUNS.c.started_at.desc(), RUNS.c.id.desc())
            .limit(1)
        )
        row = found.first()
        return None if row is None else _run(row)


def _run(row: AnyRow) -> Run:
    return Run(
        id=RecordId(row.id),
        module=row.module,
        source=row.source,
        status=RunStatus(row.status),
        started_at=row.started_at,
        finished_at=row.finished_at,
        cursor=row.cursor,
        counts=row.counts,
        message=row.message,
        bookmark=row.bookmark,
        watermark=row.watermark,
    )
