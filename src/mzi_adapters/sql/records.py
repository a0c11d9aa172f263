"""The records of the modules: what is known of them, writing, deleting, listing, counting."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from mzi_adapters.sql.scope import Scope, page
from mzi_adapters.sql.shape import Shape, shape_of
from mzi_adapters.sql.tables import HELD
from mzi_adapters.sql.translation import translated
from mzi_core.decide import Known, Write
from mzi_core.errors import StoreRefused
from mzi_core.module import AnyModule, E, Module
from mzi_core.plain import Change, NewRows, StoredValues
from mzi_core.ports import Query, Stored
from mzi_core.values import RecordId, State, Value, ZohoId


def _refusal(shape: Shape[Any], said: str) -> str:
    """Which rule the rows break, named by its field and never by the value."""
    module = shape.module
    if "unique" in said.lower():
        for field in module.unique:
            if shape.column(field.name) in said:
                return f"`{field.name}` already belongs to another of the {module.name}."
        return f"The {module.singular} to store is there already."
    if "foreign key" in said.lower() or any(column in said for column in shape.parents.values()):
        return f"The {module.singular} points at a record that is not there."
    return f"The {module.singular} breaks a rule of its table."


class Records(Scope):
    """The part of a session that is about records."""

    __slots__ = ()

    def _shape(self, module: Module[E]) -> Shape[E]:
        return shape_of(module, self.connection.dialect)

    async def known(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Known]:
        """What is known of these records, deleted ones too."""
        shape = self._shape(module)
        return shape.what_is_known(await self.find(shape.find_known, ids))

    async def marks(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, str | None]:
        """The marks with which these records were last taken, where they are there; None for deleted ones."""
        return self._shape(module).marks(await self.find(self._shape(module).find_marks, ids))

    async def values(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, StoredValues]:
        """These records as values, deleted ones too."""
        shape = self._shape(module)
        return shape.stored_values(await self.find(shape.find_values, ids))

    async def stored(self, module: Module[E], ids: Collection[ZohoId]) -> dict[ZohoId, Stored[E]]:
        """These records whole, deleted ones too."""
        shape = self._shape(module)
        found = await self.find(shape.find_whole, ids)
        return {one.entity.zoho_id: one for one in shape.found_whole(found)}

    async def owners(
        self, module: AnyModule, values: Mapping[str, Collection[Value]]
    ) -> dict[str, dict[Value, ZohoId]]:
        """By unique field, which live record has each of these values."""
        shape = self._shape(module)
        return {
            name: dict(await self.find(shape.find_owners[name], wanted)) for name, wanted in values.items()
        }

    async def present(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, RecordId]:
        """Which of these records are there, deleted ones too."""
        return dict(await self.find(self._shape(module).find_present, ids))

    async def write(self, module: Module[E], rows: Sequence[Write[E]], at: datetime) -> None:
        """Add the new rows, then replace the others; all or nothing."""
        shape = self._shape(module)
        new = shape.rows(self.tenant, [row for row in rows if row.new], at)
        changed = shape.rows(self.tenant, [row for row in rows if not row.new], at)
        if not rows:
            return
        with translated(partial(_refusal, shape)):
            async with self.connection.begin_nested():
                if new:
                    await self.driver.add(self.connection, shape.table, new)
                if changed and len(changed) != await self.driver.replace(
                    self.connection, shape.table, changed
                ):
                    raise StoreRefused(f"The {module.singular} to store is not there, or under another id.")

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        """Add new records whole; all or nothing."""
        shape = self._shape(module)
        made = shape.new_rows(self.tenant, rows, at)
        with translated(partial(_refusal, shape)):
            async with self.connection.begin_nested():
                await self.driver.add(self.connection, shape.table, made)

    async def change(self, module: AnyModule, changes: Sequence[Change], at: datetime) -> None:
        """Set what changed of live records that are stored; all or nothing."""
        shape = self._shape(module)
        columns, rows = shape.changed(changes, at)
        with translated(partial(_refusal, shape)):
            async with self.connection.begin_nested():
                done = await self.driver.change(self.connection, shape.table, self.tenant, columns, rows)
                if done != len(changes):
                    raise StoreRefused(f"The {module.singular} to store is not there.")

    async def delete(self, module: AnyModule, ids: Collection[ZohoId], at: datetime) -> tuple[ZohoId, ...]:
        """Mark live records deleted and say which were."""
        table = self._shape(module).table
        rows = await self.run(
            sa.update(table)
            .where(self.mine(table), self.among(table.c.zoho_id, ids), table.c.deleted_at.is_(None))
            .values(deleted_at=at, updated_at=at)
            .returning(table.c.zoho_id)
        )
        deleted = set(rows.scalars())
        return tuple(zoho_id for zoho_id in dict.fromkeys(ids) if zoho_id in deleted)

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

    async def list(self, module: Module[E], query: Query) -> Sequence[Stored[E]]:
        """Records by (updated_at, zoho_id), at most `query.limit`."""
        shape = self._shape(module)
        table = shape.table
        statement = sa.select(*shape.whole).where(self.mine(table))
        if query.state is not None:
            statement = statement.where(table.c.state == query.state.value)
        if not query.with_deleted:
            statement = statement.where(table.c.deleted_at.is_(None))
        rows = await self.run(page(statement, table.c.updated_at, table.c.zoho_id, query))
        return [shape.stored(row) for row in rows]

    async def count(self, module: AnyModule) -> dict[State, int]:
        """How many live records are NEW and UPDATED, and how many held ones INVALID and ERROR."""
        table = self._shape(module).table
        live = (
            sa.select(table.c.state, sa.func.count())
            .where(self.mine(table), table.c.deleted_at.is_(None))
            .group_by(table.c.state)
        )
        held = (
            sa.select(HELD.c.state, sa.func.count())
            .where(self.mine(HELD), HELD.c.module == module.name)
            .group_by(HELD.c.state)
        )
        return {State(state): number for state, number in await self.run(live.union_all(held))}
