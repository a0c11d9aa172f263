"""Grading decisions that were kept."""

from collections.abc import Sequence

import sqlalchemy as sa

from mzi_adapters.sql.rows import decision_from_row, decision_to_row
from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.tables import DECISIONS
from mzi_core.ports import Cursor, DecisionRecord


def _newest() -> sa.ColumnElement[bool]:
    """The condition under which no newer decision stands under the same key; of equal times the later one."""
    other = DECISIONS.alias("newer")
    newer = sa.tuple_(other.c.decided_at, other.c.number) > sa.tuple_(
        DECISIONS.c.decided_at, DECISIONS.c.number
    )
    same = sa.and_(other.c.tenant_id == DECISIONS.c.tenant_id, other.c.key == DECISIONS.c.key)
    return ~sa.exists().where(same, newer)


class Decisions(Scope):
    """The part of a session that is about grading decisions."""

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
