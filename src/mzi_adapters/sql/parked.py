"""Parked records: refused ones, and those that wait for another to arrive."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from functools import cache

import attrs
import sqlalchemy as sa

from mzi_adapters.sql.counts import Counted
from mzi_adapters.sql.driver import Find
from mzi_adapters.sql.own_tables import table_of
from mzi_adapters.sql.rows import parked_from_row, parked_to_row
from mzi_adapters.sql.scope import page
from mzi_adapters.sql.tables import PARKED_RECORDS
from mzi_adapters.sql.types import UtcDateTime
from mzi_core.module import AnyModule
from mzi_core.ports import ModuleStatus, ParkedRecord, Query
from mzi_core.values import RecordKey, State

FIND_PARKED = Find(
    PARKED_RECORDS.name, ("zoho_id",), by="zoho_id", kind="TEXT", within=("tenant_id", "module"), few=True
)
"""Which records are parked at all."""

FIND_STATES = attrs.evolve(FIND_PARKED, wanted=("state",))
"""In which state they are parked."""

STATUS = """\
SELECT EXISTS (SELECT 1 FROM parked_records WHERE tenant_id = %1 AND module = %2),
    EXISTS (SELECT 1 FROM parked_records WHERE tenant_id = %1 AND waits_for_module = %2),
    (SELECT max(latest) FROM ({changes}) AS changes)"""

CHANGES = (
    "SELECT max(updated_at) AS latest FROM {table} WHERE state = '{state}' AND tenant_id = %1 AND {which}"
)
"""By the index of a list; there are four."""


@cache
def _status_of(table: str) -> str:
    each = [
        CHANGES.format(table=table, state=state.value, which=which)
        for state in (State.NEW, State.UPDATED)
        for which in ("deleted_at IS NULL", "deleted_at IS NOT NULL")
    ]
    return STATUS.format(changes=" UNION ALL ".join(each))


PARKED_STATES = (State.INVALID, State.ERROR)
"""The states a record can be parked in."""


class ParkedRecords(Counted):
    """The part of a session that is about parked records."""

    __slots__ = ()

    def _of(self, module: str) -> sa.ColumnElement[bool]:
        return sa.and_(self.mine(PARKED_RECORDS), PARKED_RECORDS.c.module == module)

    async def park(self, records: Sequence[ParkedRecord]) -> None:
        """Park records, each in place of what was parked under its module and id."""
        by_module: dict[str, list[ParkedRecord]] = defaultdict(list)
        for one in records:
            by_module[one.module].append(one)
        for module, ones in by_module.items():
            before = await self.find(FIND_STATES, [one.key for one in ones], module)
            await self.run(self.upsert(PARKED_RECORDS), [parked_to_row(self.tenant, one) for one in ones])
            now = {one.key: one.state.value for one in ones}
            await self.counted(module, Counter(now.values()), Counter(state for (state,) in before))

    async def unpark(self, module: str, ids: Collection[RecordKey]) -> None:
        """Forget what is parked under these ids."""
        if ids:
            released = await self.run(
                sa.delete(PARKED_RECORDS)
                .where(self._of(module), self.among(PARKED_RECORDS.c.zoho_id, ids))
                .returning(PARKED_RECORDS.c.state)
            )
            await self.counted(module, Counter(), Counter(released.scalars()))

    async def parked(self, module: str, ids: Collection[RecordKey]) -> dict[RecordKey, ParkedRecord]:
        """What is parked under these ids."""
        there = [key for (key,) in await self.find(FIND_PARKED, ids, module)]
        if not there:  # as for most pages
            return {}
        rows = await self.run(
            sa.select(PARKED_RECORDS).where(self._of(module), self.among(PARKED_RECORDS.c.zoho_id, there))
        )
        return {one.key: one for one in map(parked_from_row, rows)}

    async def status(self, module: AnyModule) -> ModuleStatus:
        """What a page has to know of its module."""
        ((holds, awaited, latest),) = await self.ask(
            _status_of(table_of(module).name), self.tenant, module.name
        )
        moment = UtcDateTime().process_result_value(latest, self.connection.dialect)
        return ModuleStatus(bool(holds), bool(awaited), moment)

    async def parked_list(self, module: str, query: Query) -> Sequence[ParkedRecord]:
        """Parked records by (parked_at, key), at most `query.limit`."""
        states = PARKED_STATES if query.state is None else (query.state,)
        lists = [
            sa.select(PARKED_RECORDS).where(self._of(module), PARKED_RECORDS.c.state == state.value)
            for state in states
        ]
        rows = await self.run(page(lists, PARKED_RECORDS.c.held_at, PARKED_RECORDS.c.zoho_id, query))
        return [parked_from_row(row) for row in rows]

    async def waiting_for(
        self, module: str, ids: Collection[RecordKey], limit: int
    ) -> Sequence[ParkedRecord]:
        """Parked records that wait for one of these, oldest first, at most `limit`."""
        if not ids:
            return []
        rows = await self.run(
            sa.select(PARKED_RECORDS)
            .where(
                self.mine(PARKED_RECORDS),
                PARKED_RECORDS.c.waits_for_module == module,
                self.among(PARKED_RECORDS.c.waits_for_zoho_id, ids),
            )
            .order_by(PARKED_RECORDS.c.held_at, PARKED_RECORDS.c.module, PARKED_RECORDS.c.zoho_id)
            .limit(limit)
        )
        return [parked_from_row(row) for row in rows]
