"""The records of the modules: what is known of them, writing, deleting, listing, counting."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from mzi_adapters.sql.counts import Counted
from mzi_adapters.sql.scope import page
from mzi_adapters.sql.shape import Shape, shape_of
from mzi_adapters.sql.translation import translated
from mzi_core.decide import Known, Write
from mzi_core.errors import StoreRefused
from mzi_core.module import AnyModule, E, Module
from mzi_core.page_decisions import NewRows, RecordUpdate, StoredValues
from mzi_core.ports import Query, Stored
from mzi_core.values import RecordKey, State, Value

ASKED_AT_ONCE = 500
"""Parameters of one statement: every store takes so many."""

STORED = (State.NEW, State.UPDATED)
"""The states a stored record can be in."""


def _refusal(shape: Shape[Any], said: str) -> str:
    """Which rule the rows break, named by its field and never by the value."""
    module = shape.module
    if "unique" in said.lower():
        for field in module.unique:
            if shape.column(field.name) in said:
                return f"`{field.name}` already belongs to another of the {module.name}."
        return f"The {module.singular} to store is there already."
    if "foreign key" in said.lower():
        return f"The {module.singular} points at a record that is not there."
    return f"The {module.singular} breaks a rule of its table."


class Records(Counted):
    """The part of a session that is about records."""

    __slots__ = ()

    def _shape(self, module: Module[E]) -> Shape[E]:
        return shape_of(module, self.connection.dialect)

    async def known(self, module: AnyModule, ids: Collection[RecordKey]) -> dict[RecordKey, Known]:
        """What is known of these records, deleted ones too."""
        shape = self._shape(module)
        return shape.what_is_known(await self.find(shape.find_known, ids))

    async def marks(self, module: AnyModule, ids: Collection[RecordKey]) -> dict[RecordKey, str | None]:
        """The marks with which these records were last taken, where they are there; None for deleted ones."""
        return self._shape(module).marks(await self.find(self._shape(module).find_marks, ids))

    async def values(self, module: AnyModule, ids: Collection[RecordKey]) -> dict[RecordKey, StoredValues]:
        """These records as values, deleted ones too."""
        shape = self._shape(module)
        return shape.stored_values(await self.find(shape.find_values, ids))

    async def stored(self, module: Module[E], ids: Collection[RecordKey]) -> dict[RecordKey, Stored[E]]:
        """These records whole, deleted ones too."""
        shape = self._shape(module)
        found = await self.find(shape.find_whole, ids)
        return {one.entity.key: one for one in shape.found_whole(found)}

    async def owners(
        self, module: AnyModule, values: Mapping[str, Collection[Value]]
    ) -> dict[str, dict[Value, RecordKey]]:
        """By unique field, which live record has each of these values."""
        shape = self._shape(module)
        return {
            name: dict(await self.find(shape.find_owners[name], wanted)) for name, wanted in values.items()
        }

    async def present(self, module: AnyModule, ids: Collection[RecordKey]) -> set[RecordKey]:
        """Which of these records are there, deleted ones too."""
        return {key for (key,) in await self.find(self._shape(module).find_present, ids)}

    async def write(self, module: Module[E], rows: Sequence[Write[E]], at: datetime) -> None:
        """Add the new rows, then replace the others; all or nothing."""
        if not rows:
            return
        shape = self._shape(module)
        others = [row for row in rows if not row.new]
        new = shape.rows(self.tenant, [row for row in rows if row.new], at)
        changed = shape.rows(self.tenant, others, at)
        now = Counter(row.state.value for row in rows)
        with translated(partial(_refusal, shape)):
            async with self.all_or_nothing():
                if new:
                    await self.driver.add(self.connection, shape.table, new)
                before = await self.find(shape.find_states, [row.entity.key for row in others])
                if changed and len(changed) != await self.driver.replace(
                    self.connection, shape.table, changed
                ):
                    raise StoreRefused(f"The {module.singular} to store is not there, or under another id.")
                await self.counted(module.name, now, Counter(state for (state,) in before if state))

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        """Add new records whole; all or nothing."""
        shape = self._shape(module)
        made = shape.new_rows(self.tenant, rows, at)
        with translated(partial(_refusal, shape)):
            async with self.all_or_nothing():
                await self.driver.add(self.connection, shape.table, made)
                await self.counted(module.name, Counter({State.NEW.value: len(made)}), Counter())

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        """Set what changed of live records that are stored; all or nothing."""
        if not changes:
            return
        shape = self._shape(module)
        columns, rows = shape.changed(changes, at)
        with translated(partial(_refusal, shape)):
            async with self.all_or_nothing():
                done = await self.driver.change(self.connection, shape.table, self.tenant, columns, rows)
                if done != len(changes):
                    raise StoreRefused(f"The {module.singular} to store is not there.")
                before = Counter(change.was.value for change in changes)
                await self.counted(module.name, Counter({State.UPDATED.value: done}), before)

    async def delete(
        self, module: AnyModule, ids: Collection[RecordKey], at: datetime
    ) -> tuple[RecordKey, ...]:
        """Mark live records deleted and say which were."""
        table = self._shape(module).table
        key = table.c[module.key_name]
        rows = await self.run(
            sa.update(table)
            .where(self.mine(table), self.among(key, ids), table.c.deleted_at.is_(None))
            .values(deleted_at=at, updated_at=at, revision=table.c.revision + 1)
            .returning(key, table.c.state)
        )
        deleted = {row[0]: row.state for row in rows}
        await self.counted(module.name, Counter(), Counter(deleted.values()))
        return tuple(key for key in dict.fromkeys(ids) if key in deleted)

    async def linked(self, module: Module[E], field: str, value: int) -> Stored[E] | None:
        """The live record with this Moodle id."""
        shape = self._shape(module)
        table = shape.table
        row = await self.run(
            sa.select(*shape.whole).where(
                self.mine(table), table.c.deleted_at.is_(None), table.c[shape.column(field)] == value
            )
        )
        found = row.first()
        return None if found is None else shape.stored(found)

    async def pointing_at(
        self, module: AnyModule, field: str, ids: Collection[RecordKey]
    ) -> Mapping[RecordKey, Sequence[RecordKey]]:
        """Which live records point at these."""
        shape, found = self._shape(module), defaultdict[RecordKey, list[RecordKey]](list)
        target, key = shape.table.c[shape.column(field)], shape.table.c[module.key_name]
        wanted = sorted(set(ids))
        for start in range(0, len(wanted), ASKED_AT_ONCE):
            some = target.in_(wanted[start : start + ASKED_AT_ONCE])
            live = shape.table.c.deleted_at.is_(None)
            # Not ordered there: SQLite would go through all records of the tenant by their keys.
            asked = sa.select(target, key).where(self.mine(shape.table), live, some)
            for pointed_at, one in await self.run(asked):
                found[pointed_at].append(one)
        return {pointed_at: sorted(keys) for pointed_at, keys in found.items()}

    async def list(self, module: Module[E], query: Query) -> Sequence[Stored[E]]:
        """Records by (updated_at, key), at most `query.limit`."""
        shape = self._shape(module)
        table = shape.table
        states = STORED if query.state is None else (query.state,)
        live, deleted = table.c.deleted_at.is_(None), table.c.deleted_at.is_not(None)
        lists = [
            sa.select(*shape.whole).where(self.mine(table), table.c.state == state.value, which)
            for state in states
            for which in ((live, deleted) if query.with_deleted else (live,))
        ]
        rows = await self.run(page(lists, table.c.updated_at, table.c[module.key_name], query))
        return [shape.stored(row) for row in rows]
