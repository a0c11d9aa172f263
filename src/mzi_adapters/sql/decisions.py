"""Grading decisions that were kept."""

from collections import defaultdict
from collections.abc import Collection, Sequence

import sqlalchemy as sa

from mzi_adapters.sql.rows import decision_from_row, decision_to_row
from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.tables import DECISIONS
from mzi_core.ports import MOST_DECISIONS, Cursor, DecisionRecord
from mzi_core.ports.decisions import forgotten


def _attempt(table: sa.FromClause) -> sa.ColumnElement[int]:
    """The attempt that a decision is about: it stands in the marking alone."""
    return sa.cast(table.c.marking["attempt"].as_string(), sa.BigInteger)


def _order(table: sa.FromClause) -> sa.Tuple:
    """What puts the decisions under one key in order, as `DecisionRecord.order`."""
    return sa.tuple_(_attempt(table), table.c.decided_at, table.c.number)


def _stands() -> sa.ColumnElement[bool]:
    """The condition under which no decision under the same key comes later in their order."""
    other = DECISIONS.alias("later")
    return ~sa.exists().where(_under_the_same_key(other), _order(other) > _order(DECISIONS))


def _newest_of_its_attempt() -> sa.ColumnElement[bool]:
    """The condition under which no newer decision is about the same attempt."""
    other = DECISIONS.alias("newer")
    newer = sa.and_(_attempt(other) == _attempt(DECISIONS), _order(other) > _order(DECISIONS))
    return ~sa.exists().where(_under_the_same_key(other), newer)


def _under_the_same_key(other: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(other.c.tenant_id == DECISIONS.c.tenant_id, other.c.key == DECISIONS.c.key)


class Decisions(Scope):
    """The part of a session that is about grading decisions."""

    __slots__ = ()

    async def record_decisions(self, records: Sequence[DecisionRecord]) -> None:
        """Keep decisions beside the earlier ones under their keys, and forget some of very many."""
        if not records:
            return
        await self.run(sa.insert(DECISIONS), [decision_to_row(self.tenant, record) for record in records])
        await self._forget({record.key for record in records})

    async def _forget(self, keys: Collection[str]) -> None:
        """Delete what is more than a key may keep."""
        under = (self.mine(DECISIONS), self.among(DECISIONS.c.key, keys))
        counted = sa.select(DECISIONS.c.key).where(*under).group_by(DECISIONS.c.key)
        found = await self.run(counted.having(sa.func.count() > MOST_DECISIONS))
        for key in [row.key for row in found]:
            mine = (self.mine(DECISIONS), DECISIONS.c.key == key)
            orders = sa.select(_attempt(DECISIONS), DECISIONS.c.decided_at, DECISIONS.c.number).where(*mine)
            numbers = forgotten([(row[0], row[1], row[2]) for row in await self.run(orders)])
            await self.run(sa.delete(DECISIONS).where(*mine, DECISIONS.c.number.in_(numbers)))

    async def decisions(self, after: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        """The decision that stands under each key, by key."""
        statement = sa.select(DECISIONS).where(self.mine(DECISIONS), _stands())
        if after is not None:
            statement = statement.where(DECISIONS.c.key > after.key)
        rows = await self.run(statement.order_by(DECISIONS.c.key).limit(limit))
        return [decision_from_row(row) for row in rows]

    async def decisions_by_attempt(self, keys: Collection[str]) -> dict[str, Sequence[DecisionRecord]]:
        """The newest decision about each attempt under each of these keys."""
        if not keys:
            return {}
        statement = sa.select(DECISIONS).where(
            self.mine(DECISIONS), self.among(DECISIONS.c.key, keys), _newest_of_its_attempt()
        )
        found: dict[str, list[DecisionRecord]] = defaultdict(list)
        for record in map(decision_from_row, await self.run(statement)):
            found[record.key].append(record)
        return {key: sorted(records, key=lambda record: record.order) for key, records in found.items()}

    async def decision_history(self, key: str) -> Sequence[DecisionRecord]:
        """All decisions under a key, from the one that stands on."""
        rows = await self.run(sa.select(DECISIONS).where(self.mine(DECISIONS), DECISIONS.c.key == key))
        return sorted(map(decision_from_row, rows), key=lambda record: record.order, reverse=True)
