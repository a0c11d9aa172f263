"""Zoho's records, written."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from mzi_core.ports.zoho.reading import WireRecord
from mzi_core.values import ZohoId


class WriteAction(StrEnum):
    """What a write did."""

    INSERTED = "insert"
    UPDATED = "update"
    DELETED = "delete"


@attrs.frozen(kw_only=True)
class Written:
    """A record that was written. `modified_at` is what makes its echo known again."""

    zoho_id: ZohoId
    action: WriteAction
    modified_at: datetime | None = None


@attrs.frozen(kw_only=True)
class FieldError:
    """One reason why a record was not written: Zoho's code, the field, the JSON path, a sentence."""

    code: str
    field: str
    path: str
    message: str


@attrs.frozen(kw_only=True)
class NotWritten:
    """A record that was not written. `existing`: the record of the same module that has its unique value.

    `later`: the same write may go through another day, for the record is locked, in a blueprint or
    unapproved; or Zoho would not be asked any more after other records of the same call were written.
    """

    problems: tuple[FieldError, ...]
    existing: ZohoId | None = None
    later: bool = False


@attrs.frozen(kw_only=True)
class Unsure:
    """A write that may or may not have been applied, and could not be told by any key."""

    why: str


WriteResult = Written | NotWritten | Unsure


class ZohoWriting(Protocol):
    """Records inserted, changed and deleted; no workflow of Zoho's runs.

    A write of many records raises only when none of them was written; else each has its result.
    """

    async def upsert(
        self, module: str, records: Sequence[WireRecord], *, by: Sequence[str]
    ) -> Sequence[WriteResult]:
        """Insert or update by the unique fields `by`, a result for each record in order; no workflow runs.

        Redone by key when an answer is lost, so nothing is doubled. Of records with one key the last is sent
        and all have its result. Raises ValueError without a key: Zoho would merge people of one name.
        """
        ...

    async def insert(self, module: str, records: Sequence[WireRecord]) -> Sequence[WriteResult]:
        """Add records that have no key; a lost answer leaves them Unsure and nothing is sent again."""
        ...

    async def update(
        self, module: str, record: WireRecord, *, unless_modified_since: datetime | None = None
    ) -> WriteResult:
        """Change the record with this `id`; raises GatewayConflict when it was modified after a moment."""
        ...

    async def update_many(self, module: str, records: Sequence[WireRecord]) -> Sequence[WriteResult]:
        """Change records by their `id`, a result for each in order; without rows, so that it can be redone.

        Redone when an answer is lost. Raises ValueError for a record without `id` or with subform rows.
        """
        ...

    async def put_rows(
        self, module: str, zoho_id: ZohoId, subform: str, rows: Sequence[WireRecord], *, key: Sequence[str]
    ) -> WriteResult:
        """Make a subform hold just `rows`, told apart by the columns `key`; done twice it changes nothing."""
        ...

    async def delete(self, module: str, ids: Sequence[ZohoId]) -> Sequence[WriteResult]:
        """Delete records, a result for each in order; one that is already gone counts as deleted."""
        ...
