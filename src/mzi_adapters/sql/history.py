"""What was changed of records."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mzi_adapters import fast_json
from mzi_adapters.sql.scope import AnyRow, Scope
from mzi_adapters.sql.tables import HISTORY
from mzi_adapters.sql.translation import translated
from mzi_adapters.sql.types import UtcDateTime
from mzi_core.fingerprints import compact_json
from mzi_core.ports import CausedBy, Causer, ChangeKind, HistoryEntry, ValueChange
from mzi_core.values import RecordKey

_number = HISTORY.c.number


_WRITE = fast_json.COMPACT or compact_json


class RecordHistory(Scope):
    """The part of a session that is about what was changed."""

    __slots__ = ()

    async def keep_history(self, entries: Sequence[HistoryEntry]) -> None:
        """Keep what was changed, in this order."""
        if not entries:
            return
        written = UtcDateTime().bind_processor(self.connection.dialect)
        moments = {at: written(at) for at in {each.changed_at for each in entries}}  # a page has one
        tenant = self.tenant
        rows = [
            (
                *(tenant, each.module, each.key, each.kind, moments[each.changed_at], *each.caused_by),
                _WRITE([[name, *change] for name, change in each.fields.items()]).decode(),
            )
            for each in entries
        ]
        with translated():
            await self.driver.add(self.connection, HISTORY, rows)

    async def history(
        self, module: str, key: RecordKey, before: int | None, limit: int
    ) -> Sequence[HistoryEntry]:
        """The changes of a record, the newest first."""
        statement = sa.select(HISTORY).where(
            self.mine(HISTORY), HISTORY.c.module == module, HISTORY.c.key == key
        )
        if before is not None:
            statement = statement.where(_number < before)
        rows = await self.run(statement.order_by(_number.desc()).limit(limit))
        return [_entry(row) for row in rows]

    async def forget_history(self, until: datetime, limit: int) -> int:
        """Forget changes from before a moment, the oldest first."""
        old = (
            sa.select(_number)
            .where(self.mine(HISTORY), HISTORY.c.changed_at < until)
            .order_by(_number)
            .limit(limit)
        )
        done = await self.run(sa.delete(HISTORY).where(self.mine(HISTORY), _number.in_(old)))
        return int(done.rowcount)


def _entry(row: AnyRow) -> HistoryEntry:
    fields: list[list[Any]] = json.loads(row.fields)
    return HistoryEntry(
        module=row.module,
        key=row.key,
        kind=ChangeKind(row.kind),
        changed_at=row.changed_at,
        caused_by=CausedBy(Causer(row.caused_by), row.cause_id),
        fields={name: ValueChange(before, after) for name, before, after in fields},
        number=row.number,
    )
