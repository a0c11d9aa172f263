"""A store in memory that keeps every promise of the port: transactions, uniqueness, tenants apart."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

import attrs

from mzi_core.decide import Known, Touch, Write, unique_values
from mzi_core.errors import StoreRefused, UnknownTenant
from mzi_core.module import AnyModule, E, Module
from mzi_core.plain import Change, NewRows, StoredValues
from mzi_core.ports import (
    Answer,
    ApiKey,
    Cursor,
    DecisionRecord,
    Grant,
    Held,
    Parking,
    Query,
    Registry,
    Run,
    Session,
    Store,
    Stored,
    StoreHealth,
    TenantSettings,
    Turn,
)
from mzi_core.values import DEFAULT_TENANT, MoodleId, Parent, State, TenantId, Value, ZohoId

T = TypeVar("T")
_ABSENT = object()


class _Table(dict[Any, Any]):
    """A dictionary that can take back what was done to it since a mark."""

    def __init__(self) -> None:
        super().__init__()
        self.journal: list[tuple[Any, Any]] = []

    def put(self, key: Any, value: Any) -> None:
        """Set a key, remembering what was there."""
        self.journal.append((key, self.get(key, _ABSENT)))
        self[key] = value

    def drop(self, key: Any) -> None:
        """Remove a key if it is there, remembering what was."""
        if key in self:
            self.journal.append((key, self[key]))
            del self[key]

    def undo(self, mark: int) -> None:
        """Go back to when the journal was `mark` long."""
        while len(self.journal) > mark:
            key, before = self.journal.pop()
            if before is _ABSENT:
                del self[key]
            else:
                self[key] = before


@attrs.define
class _Tables:
    records: _Table = attrs.field(factory=_Table)  # (tenant, module, zoho id) -> Stored
    marks: _Table = attrs.field(factory=_Table)  # (tenant, module, zoho id) -> mark of the wire record
    owners: _Table = attrs.field(factory=_Table)  # (tenant, module, field, value) -> zoho id
    held: _Table = attrs.field(factory=_Table)  # (tenant, module, zoho id) -> Held
    decisions: _Table = attrs.field(factory=_Table)  # (tenant, key) -> DecisionRecord
    answers: _Table = attrs.field(factory=_Table)  # (tenant, key) -> Answer
    runs: _Table = attrs.field(factory=_Table)  # (tenant, id) -> Run
    grants: _Table = attrs.field(factory=_Table)  # (tenant, name) -> Grant
    tenants: _Table = attrs.field(factory=_Table)  # tenant -> TenantSettings
    keys: _Table = attrs.field(factory=_Table)  # id -> ApiKey

    def all(self) -> list[_Table]:
        return [getattr(self, field.name) for field in attrs.fields(_Tables)]


def _after(items: Iterable[T], place: Callable[[T], tuple[datetime, str]], query: Query) -> list[T]:
    """The page of `items` that `query` asks for, in the order of their places."""
    ordered = sorted(items, key=place)
    if query.after is not None:
        end = (query.after.at, query.after.key)
        ordered = [item for item in ordered if place(item) > end]
    return ordered[: query.limit]


@attrs.frozen
class _MemorySession:
    """The tables seen by one tenant."""

    tenant: TenantId
    tables: _Tables

    async def lock(self, turns: Sequence[Turn]) -> None:
        """Nothing to wait for: one session at a time has everything."""

    async def settings(self) -> TenantSettings:
        if self.tenant not in self.tables.tenants:
            raise UnknownTenant(self.tenant)
        found: TenantSettings = self.tables.tenants[self.tenant]
        return found

    async def save_settings(self, settings: TenantSettings) -> None:
        await self.settings()
        self.tables.tenants.put(self.tenant, settings)

    def _row(self, module: AnyModule, zoho_id: ZohoId) -> Stored[Any] | None:
        return self.tables.records.get((self.tenant, module.name, zoho_id))

    def _rows(self, module: AnyModule) -> Sequence[Stored[Any]]:
        return [row for key, row in self.tables.records.items() if key[:2] == (self.tenant, module.name)]

    async def known(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Known]:
        return {
            zoho_id: Known(
                id=row.id,
                fingerprint=row.fingerprint,
                modified_at=row.entity.modified_at,
                links={
                    f.name: MoodleId(value)
                    for f in module.links
                    if (value := getattr(row.entity, f.name)) is not None
                },
                deleted=row.deleted_at is not None,
                mark=self.tables.marks.get((self.tenant, module.name, zoho_id)),
            )
            for zoho_id, row in (await self.stored(module, ids)).items()
        }

    async def marks(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, str | None]:
        known = await self.known(module, ids)
        return {zoho_id: None if one.deleted else one.mark for zoho_id, one in known.items()}

    async def values(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, StoredValues]:
        return {
            zoho_id: StoredValues(
                values=module.values_of(row.entity),
                fingerprint=row.fingerprint,
                mark=self.tables.marks.get((self.tenant, module.name, zoho_id)),
                state=row.state,
                deleted=row.deleted_at is not None,
            )
            for zoho_id, row in (await self.stored(module, ids)).items()
        }

    async def stored(self, module: Module[E], ids: Collection[ZohoId]) -> dict[ZohoId, Stored[E]]:
        return {zoho_id: row for zoho_id in ids if (row := self._row(module, zoho_id)) is not None}

    async def owners(
        self, module: AnyModule, values: Mapping[str, Collection[Value]]
    ) -> dict[str, dict[Value, ZohoId]]:
        return {
            name: {
                value: owner
                for value in wanted
                if (owner := self.tables.owners.get((self.tenant, module.name, name, value))) is not None
            }
            for name, wanted in values.items()
        }

    async def present(self, module: AnyModule, ids: Collection[ZohoId]) -> set[ZohoId]:
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
        zoho_id = row.entity.zoho_id
        before = self._row(module, zoho_id)
        if row.new != (before is None):
            there = "is there already" if row.new else "is not there"
            raise StoreRefused(f"The {module.singular} to store {there}.")
        if before is not None and before.id != row.id:
            raise StoreRefused(f"The {module.singular} to store is there under another id.")
        for name, parent in module.depends_on.items():
            wanted = getattr(row.entity, name)
            if wanted is not None and (self.tenant, parent, wanted) not in self.tables.records:
                raise StoreRefused(f"`{name}` points at nothing among the {parent}.")
        self.tables.marks.put((self.tenant, module.name, zoho_id), row.mark)
        self._keep(
            module,
            before,
            Stored(
                id=row.id,
                entity=row.entity,
                fingerprint=row.fingerprint,
                state=row.state,
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

    async def change(self, module: AnyModule, changes: Sequence[Change], at: datetime) -> None:
        records = self.tables.records
        before = len(records.journal)
        zoho_id_at, modified_at = module.place["zoho_id"], module.place["modified_at"]
        for change in changes:
            row = self._row(module, change.values[zoho_id_at])
            if row is None or row.deleted_at is not None:
                records.undo(before)
                raise StoreRefused(f"The {module.singular} to store is not there.")
            values = [*module.values_of(row.entity)]
            for place in (modified_at, *change.places):
                values[place] = change.values[place]
            key = (self.tenant, module.name, change.values[zoho_id_at])
            changed = attrs.evolve(
                row,
                entity=module.entity_of(tuple(values)),
                fingerprint=change.fingerprint,
                state=State.UPDATED,
                updated_at=at,
            )
            records.put(key, changed)
        for change in changes:
            self.tables.marks.put((self.tenant, module.name, change.values[zoho_id_at]), change.mark)

    async def touch(self, module: AnyModule, touches: Sequence[Touch]) -> None:
        for touch in touches:
            row = self._row(module, touch.zoho_id)
            if row is not None:
                entity = attrs.evolve(row.entity, modified_at=touch.modified_at)
                key = (self.tenant, module.name, touch.zoho_id)
                self.tables.records.put(key, attrs.evolve(row, entity=entity, fingerprint=touch.fingerprint))
                self.tables.marks.put(key, touch.mark)

    def _keep(self, module: AnyModule, before: Stored[Any] | None, after: Stored[Any]) -> None:
        """Put a row, and keep the index of unique values of live rows true."""
        zoho_id = after.entity.zoho_id
        if before is not None and before.deleted_at is None:
            for pair in unique_values(module, before.entity):
                self.tables.owners.drop((self.tenant, module.name, *pair))
        if after.deleted_at is None:
            for pair in unique_values(module, after.entity):
                key = (self.tenant, module.name, *pair)
                if key in self.tables.owners:
                    raise StoreRefused(f"`{pair[0]}` already belongs to another of the {module.name}.")
                self.tables.owners.put(key, zoho_id)
        self.tables.records.put((self.tenant, module.name, zoho_id), after)

    async def delete(self, module: AnyModule, ids: Collection[ZohoId], at: datetime) -> tuple[ZohoId, ...]:
        deleted = []
        for zoho_id in dict.fromkeys(ids):
            row = self._row(module, zoho_id)
            if row is not None and row.deleted_at is None:
                self._keep(module, row, attrs.evolve(row, deleted_at=at, updated_at=at))
                deleted.append(zoho_id)
        return tuple(deleted)

    async def linked(self, module: Module[E], field: str, value: int) -> Stored[E] | None:
        owner = self.tables.owners.get((self.tenant, module.name, field, value))
        return None if owner is None else self._row(module, owner)

    async def list(self, module: Module[E], query: Query) -> Sequence[Stored[E]]:
        rows = (
            row
            for row in self._rows(module)
            if (query.state is None or row.state is query.state)
            and (query.with_deleted or row.deleted_at is None)
            and (query.updated_since is None or row.updated_at >= query.updated_since)
        )
        return _after(rows, lambda row: (row.updated_at, row.entity.zoho_id), query)

    async def count(self, module: AnyModule) -> dict[State, int]:
        live = Counter(row.state for row in self._rows(module) if row.deleted_at is None)
        live.update(held.state for held in self._held(module.name))
        return dict(live)

    def _held(self, module: str) -> Sequence[Held]:
        return [held for key, held in self.tables.held.items() if key[:2] == (self.tenant, module)]

    async def hold(self, held: Sequence[Held]) -> None:
        for one in held:
            self.tables.held.put((self.tenant, one.module, one.zoho_id), one)

    async def release(self, module: str, ids: Collection[ZohoId]) -> None:
        for zoho_id in ids:
            self.tables.held.drop((self.tenant, module, zoho_id))

    async def held(self, module: str, ids: Collection[ZohoId]) -> dict[ZohoId, Held]:
        keys = ((zoho_id, (self.tenant, module, zoho_id)) for zoho_id in ids)
        return {zoho_id: self.tables.held[key] for zoho_id, key in keys if key in self.tables.held}

    async def parking(self, module: AnyModule) -> Parking:
        mine = [held for key, held in self.tables.held.items() if key[0] == self.tenant]
        return Parking(
            holds=any(held.module == module.name for held in mine),
            awaited=any(held.waits_for and held.waits_for.module == module.name for held in mine),
        )

    async def held_list(self, module: str, query: Query) -> Sequence[Held]:
        rows = (
            held
            for held in self._held(module)
            if (query.state is None or held.state is query.state)
            and (query.updated_since is None or held.held_at >= query.updated_since)
        )
        return _after(rows, lambda held: (held.held_at, held.zoho_id), query)

    async def waiting_for(self, module: str, ids: Collection[ZohoId], limit: int) -> Sequence[Held]:
        parents = {Parent(module, zoho_id) for zoho_id in ids}
        waiting = [
            held
            for key, held in self.tables.held.items()
            if key[0] == self.tenant and held.waits_for in parents
        ]
        return sorted(waiting, key=lambda held: (held.held_at, held.module, held.zoho_id))[:limit]

    async def record_decision(self, record: DecisionRecord) -> None:
        newest = await self.decision(record.key)
        if newest is None or newest.decided_at <= record.decided_at:
            self.tables.decisions.put((self.tenant, record.key), record)

    async def decisions(self, after: Cursor | None, limit: int) -> Sequence[DecisionRecord]:
        mine = sorted(
            (record for key, record in self.tables.decisions.items() if key[0] == self.tenant),
            key=lambda record: record.key,
        )
        return [record for record in mine if after is None or record.key > after.key][:limit]

    async def decision(self, key: str) -> DecisionRecord | None:
        return self.tables.decisions.get((self.tenant, key))

    async def answer(self, key: str) -> Answer | None:
        return self.tables.answers.get((self.tenant, key))

    async def keep_answer(self, answer: Answer, forget_before: datetime) -> None:
        old = [
            key
            for key, kept in self.tables.answers.items()
            if key[0] == self.tenant and kept.answered_at < forget_before
        ]
        for key in old:
            self.tables.answers.drop(key)
        self.tables.answers.put((self.tenant, answer.key), answer)

    async def save_run(self, run: Run) -> None:
        self.tables.runs.put((self.tenant, run.id), run)

    async def runs(self, limit: int) -> Sequence[Run]:
        mine = [run for key, run in self.tables.runs.items() if key[0] == self.tenant]
        return sorted(mine, key=lambda run: (run.started_at, run.id), reverse=True)[:limit]

    async def unfinished(self, module: str, source: str) -> Run | None:
        latest = next((r for r in await self.runs(10**9) if (r.module, r.source) == (module, source)), None)
        return None if latest is None or latest.status.reached_the_end else latest

    async def finished(self, module: str, source: str) -> Run | None:
        same = (r for r in await self.runs(10**9) if (r.module, r.source) == (module, source))
        return next((r for r in same if r.status.reached_the_end), None)

    async def grant(self, name: str) -> Grant | None:
        found: Grant | None = self.tables.grants.get((self.tenant, name))
        return found

    async def save_grant(self, grant: Grant) -> None:
        self.tables.grants.put((self.tenant, grant.name), grant)


@attrs.frozen
class _MemoryRegistry:
    tables: _Tables

    async def tenants(self) -> Sequence[TenantId]:
        return sorted(self.tables.tenants)

    async def add_tenant(self, tenant: TenantId, at: datetime) -> bool:
        if tenant in self.tables.tenants:
            return False
        self.tables.tenants.put(tenant, TenantSettings())
        return True

    async def keys(self) -> Sequence[ApiKey]:
        return sorted(self.tables.keys.values(), key=lambda key: (key.created_at, key.id))

    async def key(self, id: str) -> ApiKey | None:
        return self.tables.keys.get(id)

    async def save_key(self, key: ApiKey) -> None:
        self.tables.keys.put(key.id, key)


@attrs.define(slots=False)
class MemoryStore:
    """Everything in dictionaries; one session at a time, as in a database with one writer."""

    _tables: _Tables = attrs.field(factory=_Tables, repr=False)
    _turn: asyncio.Lock = attrs.field(factory=asyncio.Lock, repr=False)

    def __attrs_post_init__(self) -> None:
        """The default tenant is always there."""
        self._tables.tenants[DEFAULT_TENANT] = TenantSettings()

    @asynccontextmanager
    async def _transaction(self, *, discard: bool) -> AsyncIterator[_Tables]:
        async with self._turn:
            tables = self._tables.all()
            for table in tables:
                table.journal.clear()
            kept = False
            try:
                yield self._tables
                kept = not discard
            finally:
                if not kept:
                    for table in tables:
                        table.undo(0)

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        """A session that keeps its writes when the block ends well; with `discard` never."""
        async with self._transaction(discard=discard) as tables:
            yield _MemorySession(tenant, tables)

    def _aside(self) -> _Tables:
        """A copy of everything, without what a session that is at work has written."""
        copy = _Tables()
        for table, copied in zip(self._tables.all(), copy.all(), strict=True):
            copied.update(table)
            if self._turn.locked():
                copied.journal = list(table.journal)
                copied.undo(0)
        return copy

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        """A session over a copy, which keeps nothing and waits for nobody."""
        yield _MemorySession(tenant, self._aside())

    @asynccontextmanager
    async def registry(self) -> AsyncIterator[Registry]:
        """The tenants and keys, in a transaction."""
        async with self._transaction(discard=False) as tables:
            yield _MemoryRegistry(tables)

    @asynccontextmanager
    async def read_registry(self) -> AsyncIterator[Registry]:
        """The tenants and keys to look at, as `read`."""
        yield _MemoryRegistry(self._aside())

    async def health(self) -> StoreHealth:
        """Always well."""
        return StoreHealth(backend="memory", version="", ready=True, message="Nothing outlives the process.")


def _proof(store: MemoryStore) -> Store:
    """The type checker's word that this is a Store."""
    return store
