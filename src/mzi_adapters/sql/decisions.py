"""Grading decisions that were kept."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from mzi_adapters.sql.rows import decision_from_row, decision_to_row
from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.tables import DECISIONS
from mzi_core.ports import MOST_DECISIONS, Cursor, DecisionRecord

_NEWEST_FIRST = (DECISIONS.c.decided_at.desc(), DECISIONS.c.number.desc())


def _place() -> sa.Tuple:
    """Where a decision stands among those under its key; of equal times the later one is newer."""
    return sa.tuple_(DECISIONS.c.decided_at, DECISIONS.c.number)


def _newest() -> sa.ColumnElement[bool]:
    """The condition under which no newer decision stands under the same key."""
    other = DECISIONS.alias("newer")
    newer = sa.tuple_(other.c.decided_at, other.c.number) > _place()
    return ~sa.exists().where(_under_the_same_key(other), newer)


def _under_the_same_key(other: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(other.c.tenant_id == DECISIONS.c.tenant_id, other.c.key == DECISIONS.c.key)


def _oldest_that_stays() -> sa.ScalarSelect[Any]:
    """The place of the oldest decision that a key may keep, where it has so many."""
    other = DECISIONS.alias("other")
    return (
        sa.select(other.c.decided_at, other.c.number)
        .where(_under_the_same_key(other))
        .order_by(other.c.decided_at.desc(), other.c.number.desc())
        .limit(1)
        .offset(MOST_DECISIONS - 1)
        .scalar_subquery()
    )


class Decisions(Scope):
    """The part of a session that is about grading decisions."""

    __slots__ = ()

    async def record_decisions(self, records: Sequence[DecisionRecord]) -> None:
        """Keep decisions beside the earlier ones under their keys, and forget the oldest of very many."""
        if not records:
            return
        await self.run(sa.insert(DECISIONS), [decision_to_row(self.tenant, record) for record in records])
        keys = {record.key for record in records}
        await self.run(
            sa.delete(DECISIONS).where(
                self.mine(DECISIONS), self.among(DECISIONS.c.key, keys), _place() < _oldest_that_stays()
            )
        )

    async def decisions(self, after: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        """The newest decision of each key, by key."""
        statement = sa.select(DECISIONS).where(self.mine(DECISIONS), _newest())
        if after is not None:
            statement = statement.where(DECISIONS.c.key > after.key)
        rows = await self.run(statement.order_by(DECISIONS.c.key).limit(limit))
        return [decision_from_row(row) for row in rows]

    async def newest_decisions(self, keys: Collection[str]) -> dict[str, DecisionRecord]:
        """The newest decision under each of these keys."""
        if not keys:
            return {}
        mine = (self.mine(DECISIONS), self.among(DECISIONS.c.key, keys), _newest())
        return {row.key: decision_from_row(row) for row in await self.run(sa.select(DECISIONS).where(*mine))}

    async def decision_history(self, key: str, start: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        """The decisions under a key, newest first."""
        statement = sa.select(DECISIONS).where(self.mine(DECISIONS), DECISIONS.c.key == key)
        if start is not None:
            at, number = DECISIONS.c.decided_at.type, DECISIONS.c.number.type
            place = sa.tuple_(sa.literal(start.at, at), sa.literal(int(start.key), number))
            statement = statement.where(_place() <= place)
        rows = await self.run(statement.order_by(*_NEWEST_FIRST).limit(limit))
        return [decision_from_row(row) for row in rows]
