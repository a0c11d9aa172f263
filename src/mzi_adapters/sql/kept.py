"""What mzi keeps of its own doings: grading decisions, answers to requests, sync runs, grants."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from mzi_adapters.sql.rows import decision_from_row, decision_to_row
from mzi_adapters.sql.scope import AnyRow, Scope
from mzi_adapters.sql.tables import ANSWERS, DECISIONS, GRANTS, RUNS
from mzi_core.ports import Answer, Cursor, DecisionRecord, Grant, Run, RunStatus
from mzi_core.values import RecordId


def _newest() -> sa.ColumnElement[bool]:
    """The condition under which no newer decision stands under the same key; of equal times the later one."""
    other = DECISIONS.alias("newer")
    newer = sa.tuple_(other.c.decided_at, other.c.number) > sa.tuple_(
        DECISIONS.c.decided_at, DECISIONS.c.number
    )
    same = sa.and_(other.c.tenant_id == DECISIONS.c.tenant_id, other.c.key == DECISIONS.c.key)
    return ~sa.exists().where(same, newer)


class Kept(Scope):
    """The part of a session that is about decisions, answers, runs and grants."""

    __slots__ = ()

    async def record_decision(self, record: DecisionRecord) -> None:
        """Keep a decision beside the earlier ones under its key."""
        await self.run(sa.insert(DECISIONS), [decision_to_row(self.tenant, record)])

    async def decisions(self, after: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        """The newest decision of each key, by key."""
        statement = sa.select(DECISIONS).where(self.mine(DECISIONS), _newest())
        if after is not None:
            statement = statement.where(DECISIONS.c.key > after.key)
        rows = await self.run(statement.order_by(DECISIONS.c.key).limit(limit))
        return [decision_from_row(row) for row in rows]

    async def decision(self, key: str) -> DecisionRecord | None:
        """The newest decision under a key."""
        newest_first = (DECISIONS.c.decided_at.desc(), DECISIONS.c.number.desc())
        rows = await self.run(
            sa.select(DECISIONS)
            .where(self.mine(DECISIONS), DECISIONS.c.key == key)
            .order_by(*newest_first)
            .limit(1)
        )
        row = rows.first()
        return None if row is None else decision_from_row(row)

    async def answer(self, key: str) -> Answer | None:
        """What was answered under an idempotency key."""
        rows = await self.run(sa.select(ANSWERS).where(self.mine(ANSWERS), ANSWERS.c.key == key))
        row = rows.first()
        if row is None:
            return None
        return Answer(key=row.key, digest=row.digest, body=row.body, answered_at=row.answered_at)

    async def keep_answer(self, answer: Answer, forget_before: datetime) -> None:
        """Keep an answer in place of the one under its key, and forget those older than a moment."""
        await self.run(sa.delete(ANSWERS).where(self.mine(ANSWERS), ANSWERS.c.answered_at < forget_before))
        row = {
            "tenant_id": self.tenant,
            "key": answer.key,
            "digest": answer.digest,
            "body": answer.body,
            "answered_at": answer.answered_at,
        }
        await self.run(self.upsert(ANSWERS), [row])

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

    async def grant(self, name: str) -> Grant | None:
        """What a remote service granted."""
        found = await self.run(sa.select(GRANTS).where(self.mine(GRANTS), GRANTS.c.name == name))
        row = found.first()
        if row is None:
            return None
        return Grant(
            name=row.name,
            origin=row.origin,
            token=row.token,
            scope=row.scope,
            expires_at=row.expires_at,
            renewing_until=row.renewing_until,
            renewals=tuple(map(datetime.fromisoformat, row.renewals)),
            paused_until=row.paused_until,
            revoked=row.revoked,
        )

    async def save_grant(self, grant: Grant) -> None:
        """Keep a grant in place of the one with its name."""
        row = {
            "tenant_id": self.tenant,
            "name": grant.name,
            "origin": grant.origin,
            "token": grant.token,
            "scope": grant.scope,
            "expires_at": grant.expires_at,
            "renewing_until": grant.renewing_until,
            "renewals": [moment.isoformat() for moment in grant.renewals],
            "paused_until": grant.paused_until,
            "revoked": grant.revoked,
        }
        await self.run(self.upsert(GRANTS), [row])


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
    )
