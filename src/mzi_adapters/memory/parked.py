"""Parked records."""

from collections.abc import Collection, Sequence

import attrs

from mzi_adapters.memory.scope import TenantTables, page
from mzi_core.module import AnyModule
from mzi_core.ports import (
    ModuleStatus,
    ParkedRecord,
    Query,
)
from mzi_core.values import Parent, RecordKey


@attrs.frozen
class ParkedRecords(TenantTables):
    """The part of a session that is about parked records."""

    async def park(self, records: Sequence[ParkedRecord]) -> None:
        for one in records:
            self.tables.parked.put((self.tenant, one.module, one.key), one)

    async def unpark(self, module: str, ids: Collection[RecordKey]) -> None:
        for key in ids:
            self.tables.parked.drop((self.tenant, module, key))

    async def parked(self, module: str, ids: Collection[RecordKey]) -> dict[RecordKey, ParkedRecord]:
        places = ((key, (self.tenant, module, key)) for key in ids)
        return {key: self.tables.parked[place] for key, place in places if place in self.tables.parked}

    async def status(self, module: AnyModule) -> ModuleStatus:
        mine = [parked for key, parked in self.tables.parked.items() if key[0] == self.tenant]
        return ModuleStatus(
            holds=any(parked.module == module.name for parked in mine),
            awaited=any(parked.waits_for and parked.waits_for.module == module.name for parked in mine),
            latest=max((row.updated_at for row in self.rows_of(module)), default=None),
        )

    async def parked_list(self, module: str, query: Query) -> Sequence[ParkedRecord]:
        rows = (
            parked
            for parked in self.parked_of(module)
            if (query.state is None or parked.state is query.state)
            and (query.updated_since is None or parked.parked_at >= query.updated_since)
        )
        return page(rows, lambda parked: (parked.parked_at, parked.key), query)

    async def waiting_for(
        self, module: str, ids: Collection[RecordKey], limit: int
    ) -> Sequence[ParkedRecord]:
        parents = {Parent(module, key) for key in ids}
        waiting = [
            parked
            for key, parked in self.tables.parked.items()
            if key[0] == self.tenant and parked.waits_for in parents
        ]
        return sorted(waiting, key=lambda parked: (parked.parked_at, parked.module, parked.key))[:limit]
