"""The records of the modules: what is known of them, writing, deleting, listing, counting."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from mzi_adapters.sql.rows import Shape, shape_of
from mzi_adapters.sql.scope import Scope, chunks, page
from mzi_adapters.sql.tables import HELD
from mzi_adapters.sql.translation import said_by, translated
from mzi_core.decide import Known, Write
from mzi_core.errors import StoreRefused
from mzi_core.module import AnyModule, E, Module
from mzi_core.ports import Query, Stored
from mzi_core.values import RecordId, State, Value, ZohoId


def _refusal(shape: Shape[Any], error: exc.DBAPIError) -> str:
    """Which rule the rows break, named by its field and never by the value."""
    module, said = shape.module, said_by(error)
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

    async def known(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Known]:
        """What is known of these records, deleted ones too."""
        shape = shape_of(module)
        found: dict[ZohoId, Known] = {}
        for some in chunks(ids):
            rows = await self.run(
                sa.select(*shape.known).where(self.mine(shape.table), shape.table.c.zoho_id.in_(some))
            )
            found |= shape.what_is_known(rows)
        return found

    async def stored(self, module: Module[E], ids: Collection[ZohoId]) -> dict[ZohoId, Stored[E]]:
        """These records whole, deleted ones too."""
        shape = shape_of(module)
        found: dict[ZohoId, Stored[E]] = {}
        for some in chunks(ids):
            rows = await self.run(
                sa.select(*shape.whole).where(self.mine(shape.table), shape.table.c.zoho_id.in_(some))
            )
            found |= {one.entity.zoho_id: one for one in map(shape.stored, rows)}
        return found

    async def owners(
        self, module: AnyModule, values: Mapping[str, Collection[Value]]
    ) -> dict[str, dict[Value, ZohoId]]:
        """By unique field, which live record has each of these values."""
        return {name: await self._owners(shape_of(module), name, wanted) for name, wanted in values.items()}

    async def _owners(self, shape: Shape[Any], name: str, values: Collection[Value]) -> dict[Value, ZohoId]:
        table = shape.table
        column = table.c[shape.column(name)]
        found: dict[Value, ZohoId] = {}
        for some in chunks(values):
            rows = await self.run(
                sa.select(column, table.c.zoho_id).where(
                    self.mine(table), table.c.deleted_at.is_(None), column.in_(some)
                )
            )
            found |= dict(rows.all())
        return found

    async def present(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, RecordId]:
        """Which of these records are there, deleted ones too."""
        table = shape_of(module).table
        found: dict[ZohoId, RecordId] = {}
        for some in chunks(ids):
            rows = await self.run(
                sa.select(table.c.zoho_id, table.c.id).where(self.mine(table), table.c.zoho_id.in_(some))
            )
            found |= dict(rows.all())
        return found

    async def write(self, module: Module[E], rows: Sequence[Write[E]], at: datetime) -> None:
        """Add the new rows, then replace the others; all or nothing."""
        shape = shape_of(module)
        refusal = partial(_refusal, shape)
        new = [shape.row(self.tenant, row, at) for row in rows if row.new]
        changed = [row for row in rows if not row.new]
        there = await self.present(module, [row.entity.zoho_id for row in changed])
        if any(there.get(row.entity.zoho_id) != row.id for row in changed):
            raise StoreRefused(f"The {module.singular} to store is not there, or under another id.")
        with translated(refusal):
            async with self.connection.begin_nested():
                if new:
                    await self.run(sa.insert(shape.table), new, refusal)
                if changed:
                    statement, values = self._replacing(shape, changed, at)
                    await self.run(statement, values, refusal)

    def _replacing(
        self, shape: Shape[E], rows: Sequence[Write[E]], at: datetime
    ) -> tuple[sa.Update, list[dict[str, Any]]]:
        table = shape.table
        statement = sa.update(table).where(
            table.c.tenant_id == sa.bindparam("whose"), table.c.id == sa.bindparam("which")
        )
        kept = ("tenant_id", "id", "zoho_id", "created_at")
        values = []
        for row in rows:
            value = {name: v for name, v in shape.row(self.tenant, row, at).items() if name not in kept}
            values.append({**value, "whose": self.tenant, "which": row.id})
        return statement, values

    async def delete(self, module: AnyModule, ids: Collection[ZohoId], at: datetime) -> tuple[ZohoId, ...]:
        """Mark live records deleted and say which were."""
        table = shape_of(module).table
        deleted: set[ZohoId] = set()
        for some in chunks(ids):
            rows = await self.run(
                sa.update(table)
                .where(self.mine(table), table.c.zoho_id.in_(some), table.c.deleted_at.is_(None))
                .values(deleted_at=at, updated_at=at)
                .returning(table.c.zoho_id)
            )
            deleted |= set(rows.scalars())
        return tuple(zoho_id for zoho_id in dict.fromkeys(ids) if zoho_id in deleted)

    async def linked(self, module: Module[E], field: str, value: int) -> Stored[E] | None:
        """The live record with this Moodle id."""
        shape = shape_of(module)
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
        shape = shape_of(module)
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
        table = shape_of(module).table
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
