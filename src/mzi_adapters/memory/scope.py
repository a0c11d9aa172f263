"""What every part of a session in memory stands on: the tables, as one tenant sees them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import attrs

from mzi_core.module import AnyModule
from mzi_core.ports import Clock, Lock, ParkedRecord, Query, Stored
from mzi_core.values import TenantId

T = TypeVar("T")


_ABSENT = object()


class JournaledTable(dict[Any, Any]):
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
class Tables:
    """Everything there is, by key."""

    records: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, module, key) -> Stored
    marks: JournaledTable = attrs.field(
        factory=JournaledTable
    )  # (tenant, module, key) -> mark of the wire record
    owners: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, module, field, value) -> key
    parked: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, module, key) -> ParkedRecord
    history: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, number) -> HistoryEntry
    decisions: JournaledTable = attrs.field(
        factory=JournaledTable
    )  # (tenant, key) -> DecisionRecords, the one that stands first
    numbers: JournaledTable = attrs.field(factory=JournaledTable)  # what is counted -> the last number given
    events: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, id) -> Event
    repeatable: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, source, repeats) -> event id
    responses: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, key) -> StoredResponse
    runs: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, id) -> Run
    tokens: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, name) -> AccessToken
    leases: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, name) -> Lease
    breakers: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, service) -> OpenBreaker
    deliveries: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, flow, key) -> StoredDelivery
    pauses: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, flow) -> (reason, since)
    ledger: JournaledTable = attrs.field(
        factory=JournaledTable
    )  # (tenant, flow, action, key) -> (when it was reserved last, generation)
    plans: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, id) -> Plan
    reviews: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, ReviewAddress) -> ReviewItem
    notices: JournaledTable = attrs.field(factory=JournaledTable)  # (tenant, way, address) -> ToldNotice
    tenants: JournaledTable = attrs.field(factory=JournaledTable)  # tenant -> TenantSettings
    keys: JournaledTable = attrs.field(factory=JournaledTable)  # id -> ApiKey
    sources: JournaledTable = attrs.field(factory=JournaledTable)  # id -> EventSource

    def all(self) -> list[JournaledTable]:
        """Every table."""
        return [getattr(self, field.name) for field in attrs.fields(Tables)]


def page(items: Iterable[T], place: Callable[[T], tuple[datetime, str]], query: Query) -> list[T]:
    """The page of `items` that `query` asks for, in the order of their places."""
    ordered = sorted(items, key=place)
    if query.after is not None:
        end = (query.after.at, query.after.key)
        ordered = [item for item in ordered if place(item) > end]
    return ordered[: query.limit]


@attrs.frozen
class TenantTables:
    """The tables seen by one tenant."""

    tenant: TenantId
    tables: Tables
    clock: Clock

    async def lock(self, locks: Sequence[Lock]) -> None:
        """Nothing to wait for: one session at a time has everything."""

    def next_number(self, counted: str) -> int:
        """As a database counts: over all tenants, and a number that was given is not given again."""
        numbers = self.tables.numbers
        numbers.put(counted, numbers.get(counted, 0) + 1)
        return int(numbers[counted])

    def parked_of(self, module: str) -> Sequence[ParkedRecord]:
        """What is parked of a module."""
        return [one for key, one in self.tables.parked.items() if key[:2] == (self.tenant, module)]

    def rows_of(self, module: AnyModule) -> Sequence[Stored[Any]]:
        """The records of a module, deleted ones too."""
        return [row for key, row in self.tables.records.items() if key[:2] == (self.tenant, module.name)]
