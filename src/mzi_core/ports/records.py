"""The records of the modules, as a store has them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Generic, Protocol

import attrs

from mzi_core.decide import Known, Touch, Write
from mzi_core.module import AnyModule, E, Module
from mzi_core.page_decisions import NewRows, RecordUpdate, StoredValues
from mzi_core.values import RecordId, RecordKey, State, Value

FIRST_REVISION = 1
"""That of a row that was just added."""


@attrs.frozen(kw_only=True)
class Stored(Generic[E]):
    """A record as the store has it. `state` is what its last change was: NEW or UPDATED.

    `revision`: raised by each write to the row, also by one that only remembers that the record came again.
    What was asked about a row counts for it as long as it has the same one.
    """

    id: RecordId
    entity: E
    fingerprint: str
    state: State
    revision: int = FIRST_REVISION
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


@attrs.frozen
class Cursor:
    """Where a page ended: the next one starts after this moment and key."""

    at: datetime
    key: str


@attrs.frozen(kw_only=True)
class Query:
    """Which records to list: those in a state, changed at or after `updated_since`, deleted or not."""

    state: State | None = None
    updated_since: datetime | None = None
    with_deleted: bool = False
    after: Cursor | None = None
    limit: int = 100


class Records(Protocol):
    """The part of a session that is about the records of the modules."""

    async def known(self, module: AnyModule, ids: Collection[RecordKey]) -> dict[RecordKey, Known]:
        """What is known of these records, deleted ones too; one read however many ids."""
        ...

    async def marks(self, module: AnyModule, ids: Collection[RecordKey]) -> dict[RecordKey, str | None]:
        """The marks with which these records were last taken, where they are there; None for deleted ones."""
        ...

    async def values(self, module: AnyModule, ids: Collection[RecordKey]) -> dict[RecordKey, StoredValues]:
        """These records as values, deleted ones too; one read however many ids."""
        ...

    async def stored(self, module: Module[E], ids: Collection[RecordKey]) -> dict[RecordKey, Stored[E]]:
        """These records whole, deleted ones too; one read however many ids."""
        ...

    async def owners(
        self, module: AnyModule, values: Mapping[str, Collection[Value]]
    ) -> dict[str, dict[Value, RecordKey]]:
        """By unique field, which live record has each of these values; values nobody has are left out."""
        ...

    async def present(self, module: AnyModule, ids: Collection[RecordKey]) -> set[RecordKey]:
        """Which of these records are there, deleted ones too: the children of a deleted parent stay."""
        ...

    async def write(self, module: Module[E], rows: Sequence[Write[E]], at: datetime) -> None:
        """Add the new rows and replace the others; a written row is live.

        All or nothing: on StoreRefused no row of this call is stored and the session can go on.
        """
        ...

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        """Add new records whole; all or nothing, as `write`."""
        ...

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        """Set what changed of live records that are stored; all or nothing, as `write`.

        In fields that a change does not name, its values are those that are stored.
        """
        ...

    async def touch(self, module: AnyModule, touches: Sequence[Touch]) -> None:
        """Remember that these stored records came again and say the same; they count as not written."""
        ...

    async def delete(
        self, module: AnyModule, ids: Collection[RecordKey], at: datetime
    ) -> tuple[RecordKey, ...]:
        """Mark live records deleted and say which were; their unique values are free for others."""
        ...

    async def linked(self, module: Module[E], field: str, value: int) -> Stored[E] | None:
        """The live record with this Moodle id."""
        ...

    async def pointing_at(
        self, module: AnyModule, field: str, ids: Collection[RecordKey]
    ) -> Mapping[RecordKey, Sequence[RecordKey]]:
        """By each of these ids, in order, the live records that point at it in a field they are found by.

        Ids that nothing points at are left out; one read however many ids.
        """
        ...

    async def list(self, module: Module[E], query: Query) -> Sequence[Stored[E]]:
        """Records by (updated_at, key), at most `query.limit`."""
        ...

    async def count(self, module: AnyModule) -> dict[State, int]:
        """How many live records are NEW and UPDATED, and how many parked ones INVALID and ERROR."""
        ...
