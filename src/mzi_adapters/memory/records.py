"""The records of the modules."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from mzi_adapters.memory.scope import TenantTables, page
from mzi_core.decide import Known, Touch, Write, unique_values
from mzi_core.errors import StoreRefused
from mzi_core.module import AnyModule, E, Module, Version
from mzi_core.page_decisions import NewRows, RecordUpdate, StoredValues
from mzi_core.ports import FIRST_REVISION, Query, Stored
from mzi_core.values import MoodleId, RecordKey, State, Value


@attrs.frozen
class Records(TenantTables):
    """The part of a session that is about records."""

    def _row(self, module: AnyModule, key: RecordKey) -> Stored[Any] | None:
        return self.tables.records.get((self.tenant, module.name, key))

    async def known(self, module: AnyModule, ids: Collection[RecordKey]) -> dict[RecordKey, Known]:
        return {
            key: Known(
                id=row.id,
                fingerprint=row.fingerprint,
                modified_at=row.entity.modified_at,
                event_number=row.entity.event_number,
                links={
                    f.name: MoodleId(value)
                    for f in module.links
                    if (value := getattr(row.entity, f.name)) is not None
                },
                deleted=row.deleted_at is not None,
                mark=self.tables.marks.get((self.tenant, module.name, key)),
            )
            for key, row in (await self.stored(module, ids)).items()
        }

    async def marks(self, module: AnyModule, ids: Collection[RecordKey]) -> dict[RecordKey, str | None]:
        known = await self.known(module, ids)
        return {key: None if one.deleted else one.mark for key, one in known.items()}

    async def values(self, module: AnyModule, ids: Collection[RecordKey]) -> dict[RecordKey, StoredValues]:
        return {
            key: StoredValues(
                values=module.values_of(row.entity),
                fingerprint=row.fingerprint,
                mark=self.tables.marks.get((self.tenant, module.name, key)),
                state=row.state,
                deleted=row.deleted_at is not None,
            )
            for key, row in (await self.stored(module, ids)).items()
        }

    async def stored(self, module: Module[E], ids: Collection[RecordKey]) -> dict[RecordKey, Stored[E]]:
        return {key: row for key in ids if (row := self._row(module, key)) is not None}

    async def owners(
        self, module: AnyModule, values: Mapping[str, Collection[Value]]
    ) -> dict[str, dict[Value, RecordKey]]:
        return {
            name: {
                value: owner
                for value in wanted
                if (owner := self.tables.owners.get((self.tenant, module.name, name, value))) is not None
            }
            for name, wanted in values.items()
        }

    async def present(self, module: AnyModule, ids: Collection[RecordKey]) -> set[RecordKey]:
        return set(await self.stored(module, ids))

    async def write(self, module: Module[E], rows: Sequence[Write[E]], at: datetime) -> None:
        tables = self.tables.records, self.tables.owners, self.tables.marks
        before = [len(table.journal) for table in tables]
        try:
            for row in rows:
                self._write(module, row, at)
        except StoreRefused:
            for table, length in zip(tables, before, strict=True):
                table.undo(length)
            raise

    def _write(self, module: Module[E], row: Write[E], at: datetime) -> None:
        key = row.entity.key
        before = self._row(module, key)
        if row.new != (before is None):
            there = "is there already" if row.new else "is not there"
            raise StoreRefused(f"The {module.singular} to store {there}.")
        if before is not None and before.id != row.id:
            raise StoreRefused(f"The {module.singular} to store is there under another id.")
        for name, parent in module.depends_on.items():
            wanted = getattr(row.entity, name)
            if wanted is not None and (self.tenant, parent, wanted) not in self.tables.records:
                raise StoreRefused(f"`{name}` points at nothing among the {parent}.")
        self.tables.marks.put((self.tenant, module.name, key), row.mark)
        self._keep(
            module,
            before,
            Stored(
                id=row.id,
                entity=row.entity,
                fingerprint=row.fingerprint,
                state=row.state,
                revision=before.revision + 1 if before else FIRST_REVISION,
                created_at=before.created_at if before else at,
                updated_at=at,
            ),
        )

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        columns = zip(rows.ids, rows.values, rows.fingerprints, rows.marks, strict=True)
        writes = [
            Write(
                id=record_id,
                entity=module.entity_of(values),
                fingerprint=fingerprint,
                state=State.NEW,
                new=True,
                mark=mark,
            )
            for record_id, values, fingerprint, mark in columns
        ]
        await self.write(module, writes, at)

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        records = self.tables.records
        before = len(records.journal)
        key_at, modified_at = module.key_place, module.place["modified_at"]
        for change in changes:
            row = self._row(module, change.values[key_at])
            if row is None or row.deleted_at is not None:
                records.undo(before)
                raise StoreRefused(f"The {module.singular} to store is not there.")
            values = [*module.values_of(row.entity)]
            for place in (modified_at, *change.places):
                values[place] = change.values[place]
            key = (self.tenant, module.name, change.values[key_at])
            changed = attrs.evolve(
                row,
                entity=module.entity_of(tuple(values)),
                fingerprint=change.fingerprint,
                state=State.UPDATED,
                revision=row.revision + 1,
                updated_at=at,
            )
            records.put(key, changed)
        for change in changes:
            self.tables.marks.put((self.tenant, module.name, change.values[key_at]), change.mark)

    async def touch(self, module: AnyModule, touches: Sequence[Touch]) -> None:
        for touch in touches:
            row = self._row(module, touch.key)
            if row is not None:
                entity = row.entity.as_of(Version(touch.modified_at, touch.event_number))
                entity = attrs.evolve(entity, field_versions=touch.field_versions)
                key = (self.tenant, module.name, touch.key)
                again = attrs.evolve(row, entity=entity, fingerprint=touch.fingerprint)
                self.tables.records.put(key, attrs.evolve(again, revision=row.revision + 1))
                self.tables.marks.put(key, touch.mark)

    def _keep(self, module: AnyModule, before: Stored[Any] | None, after: Stored[Any]) -> None:
        """Put a row, and keep the index of unique values of live rows true."""
        key = after.entity.key
        if before is not None and before.deleted_at is None:
            for pair in unique_values(module, before.entity):
                self.tables.owners.drop((self.tenant, module.name, *pair))
        if after.deleted_at is None:
            for pair in unique_values(module, after.entity):
                claim = (self.tenant, module.name, *pair)
                if claim in self.tables.owners:
                    raise StoreRefused(f"`{pair[0]}` already belongs to another of the {module.name}.")
                self.tables.owners.put(claim, key)
        self.tables.records.put((self.tenant, module.name, key), after)

    async def delete(
        self, module: AnyModule, ids: Collection[RecordKey], at: datetime
    ) -> tuple[RecordKey, ...]:
        deleted = []
        for key in dict.fromkeys(ids):
            row = self._row(module, key)
            if row is not None and row.deleted_at is None:
                gone = attrs.evolve(row, deleted_at=at, updated_at=at, revision=row.revision + 1)
                self._keep(module, row, gone)
                deleted.append(key)
        return tuple(deleted)

    async def linked(self, module: Module[E], field: str, value: int) -> Stored[E] | None:
        owner = self.tables.owners.get((self.tenant, module.name, field, value))
        return None if owner is None else self._row(module, owner)

    async def pointing_at(
        self, module: AnyModule, field: str, ids: Collection[RecordKey]
    ) -> Mapping[RecordKey, Sequence[RecordKey]]:
        wanted, found = set(ids), defaultdict[RecordKey, list[RecordKey]](list)
        for row in sorted(self.rows_of(module), key=lambda row: row.entity.key):
            target = getattr(row.entity, field)
            if row.deleted_at is None and target in wanted:
                found[target].append(row.entity.key)
        return dict(found)

    async def list(self, module: Module[E], query: Query) -> Sequence[Stored[E]]:
        rows = (
            row
            for row in self.rows_of(module)
            if (query.state is None or row.state is query.state)
            and (query.with_deleted or row.deleted_at is None)
            and (query.updated_since is None or row.updated_at >= query.updated_since)
        )
        return page(rows, lambda row: (row.updated_at, row.entity.key), query)

    async def count(self, module: AnyModule) -> dict[State, int]:
        live = Counter(row.state for row in self.rows_of(module) if row.deleted_at is None)
        live.update(held.state for held in self.parked_of(module.name))
        return dict(live)
