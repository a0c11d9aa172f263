"""Zoho's records, written."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mzi_core.ports.writes import WriteResult
from mzi_core.ports.zoho.reading import WireRecord
from mzi_core.values import ZohoId


class ZohoWriting(Protocol):
    """Records inserted, changed and deleted; no workflow of Zoho's runs.

    A write of many records raises only when none of them was written; else each has its result.
    """

    async def upsert(
        self, module: str, records: Sequence[WireRecord], *, by: Sequence[str], once: bool = False
    ) -> Sequence[WriteResult[ZohoId]]:
        """Insert or update by the unique fields `by`, a result for each record in order; no workflow runs.

        Redone by key when an answer is lost, so nothing is doubled; with `once` it is left Unknown instead,
        for a person may have changed meanwhile what would be sent again. Of records with one key the last is
        sent and all have its result. Raises ValueError without a key: Zoho would merge people of one name.
        """
        ...

    async def insert(self, module: str, records: Sequence[WireRecord]) -> Sequence[WriteResult[ZohoId]]:
        """Add records that have no key; a lost answer leaves them Unknown and nothing is sent again."""
        ...

    async def update(
        self, module: str, record: WireRecord, *, unless_modified_since: datetime | None = None
    ) -> WriteResult[ZohoId]:
        """Change the record with this `id`; raises GatewayConflict when it was modified after a moment."""
        ...

    async def update_many(
        self, module: str, records: Sequence[WireRecord], *, once: bool = False
    ) -> Sequence[WriteResult[ZohoId]]:
        """Change records by their `id`, a result for each in order; without rows, so that it can be redone.

        Redone when an answer is lost, unless it is to be sent `once`, as in `upsert`. Raises ValueError for a
        record without `id` or with subform rows.
        """
        ...

    async def put_rows(
        self, module: str, zoho_id: ZohoId, subform: str, rows: Sequence[WireRecord], *, key: Sequence[str]
    ) -> WriteResult[ZohoId]:
        """Make a subform hold just `rows`, told apart by the columns `key`; done twice it changes nothing."""
        ...

    async def delete(self, module: str, ids: Sequence[ZohoId]) -> Sequence[WriteResult[ZohoId]]:
        """Delete records, a result for each in order; one that is already gone counts as deleted."""
        ...
