"""Zoho's records, read. Records are wire records: JSON objects under Zoho's API names."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from mzi_core.values import ZohoId

WireRecord = Mapping[str, object]
"""A record as Zoho writes it; ids are text."""


class ReadMethod(StrEnum):
    """How many records are read: by Get Records, by COQL keyset queries, or by a Bulk Read job."""

    RECORDS = "records"
    COQL = "coql"
    BULK = "bulk"


@attrs.frozen(kw_only=True)
class Selection:
    """Which fields to read: API names, and by API name of a subform the names of its columns.

    `id` and `Modified_Time` are always read. A multi-select lookup is a subform here, without columns.
    """

    fields: tuple[str, ...]
    subforms: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Deleted:
    """A record that is gone; `permanently`: not even in the recycle bin."""

    zoho_id: ZohoId
    deleted_at: datetime
    permanently: bool


@attrs.frozen(kw_only=True)
class Cost:
    """Calls and credits."""

    calls: int
    credits: int

    def __add__(self, other: "Cost") -> "Cost":
        """Both together."""
        return Cost(calls=self.calls + other.calls, credits=self.credits + other.credits)


class ZohoReading(Protocol):
    """Records, and what was deleted.

    Not promised: that a read sees a write at once, or that any two reads agree.
    """

    async def get(self, module: str, zoho_id: ZohoId) -> WireRecord | None:
        """One record with its subforms; None when there is none."""
        ...

    async def get_many(
        self, module: str, ids: Sequence[ZohoId], selection: Selection
    ) -> dict[ZohoId, WireRecord]:
        """These records, few calls for many; what is not there is left out."""
        ...

    async def find(
        self, module: str, field: str, values: Sequence[str], selection: Selection
    ) -> dict[str, WireRecord]:
        """The record that has exactly this value in `field`, by value; raises AmbiguousMatch for two."""
        ...

    async def count(self, module: str, *, since: datetime | None = None) -> int:
        """How many records there are, or were modified at or after a moment."""
        ...

    def pages(
        self,
        module: str,
        selection: Selection,
        *,
        via: ReadMethod = ReadMethod.COQL,
        since: datetime | None = None,
        after: ZohoId | None = None,
    ) -> AsyncIterator[Sequence[WireRecord]]:
        """All records by id ascending, from behind `after` on; every record once, one page held at a time.

        With `since` only what was modified at or after it. Subforms of the selection are whole.
        Not promised: that a record changed meanwhile is as it was when the reading began.
        """
        ...

    def cost(
        self,
        records: int,
        selection: Selection,
        *,
        via: ReadMethod,
        of: int | None = None,
        after: ZohoId | None = None,
    ) -> Cost:
        """What `pages` of so many records take, once the fields of the module are known; sends nothing.

        `of`: how many the module has, where `records` are not all of them: some ways read all the same.
        `after`: where the reading goes on, as for `pages`.
        Not promised: how often a slow Bulk Read job is asked after, a call and a credit each; what rows take
        that no query tells, or of which a hundred records have more than a query gives.
        """
        ...

    def deleted(self, module: str, since: datetime | None = None) -> AsyncIterator[Sequence[Deleted]]:
        """What was deleted at or after a moment. Zoho forgets after 60 days (120 for permanent ones)."""
        ...
