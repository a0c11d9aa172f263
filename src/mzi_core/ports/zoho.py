"""What the core needs of Zoho CRM. Records are wire records: JSON objects under Zoho's API names.

Every method raises GatewayError's descendants: AuthRevoked stops all work, GatewayUnavailable passes,
GatewayRefused does not. What concerns one record of a call is a result of that record, never an exception.
"""

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
class ZohoModule:
    """A module as Zoho's metadata describes it."""

    api_name: str
    label: str
    api_supported: bool = True


@attrs.frozen(kw_only=True)
class ZohoField:
    """A field as Zoho's metadata describes it; `data_type` and `json_type` in Zoho's words."""

    api_name: str
    label: str
    data_type: str
    json_type: str | None = None
    mandatory: bool = False
    read_only: bool = False
    unique: bool = False
    length: int | None = None
    choices: tuple[str, ...] = ()
    """The values of a picklist, as they are sent."""
    lookup: str | None = None
    """The module a lookup points at, or the module that holds a subform's rows."""

    @property
    def holds_text(self) -> bool:
        """Whether a value is sent as text, whatever it is here."""
        return self.json_type == "string"


@attrs.frozen(kw_only=True)
class Organization:
    """The Zoho organisation behind the credentials."""

    id: str
    name: str
    edition: str
    time_zone: str = ""
    currency: str = ""


@attrs.frozen(kw_only=True)
class Deleted:
    """A record that is gone; `permanently`: not even in the recycle bin."""

    zoho_id: ZohoId
    deleted_at: datetime
    permanently: bool


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


@attrs.frozen(kw_only=True)
class Channel:
    """A watch channel: Zoho calls `notify_url` with `token` when one of `events` (`Module.edit`) happens."""

    id: str
    events: tuple[str, ...]
    expires_at: datetime
    token: str = attrs.field(repr=False)
    notify_url: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Watching:
    """A channel as Zoho took it. `shortened`: it ends far earlier than asked for, and somebody should know.

    `renew_at`: when half its life is over.
    """

    channel_id: str
    expires_at: datetime
    renew_at: datetime
    shortened: bool


@attrs.frozen(kw_only=True)
class NotWatching:
    """A channel Zoho refused."""

    channel_id: str
    problems: tuple[FieldError, ...]


@attrs.frozen(kw_only=True)
class ApiUsage:
    """What a gateway has asked of Zoho since it was opened; `remaining` credits only when Zoho says so."""

    calls: int = 0
    credits: int = 0
    tokens: int = 0
    remaining: int | None = None


@attrs.frozen(kw_only=True)
class Cost:
    """Calls and credits."""

    calls: int
    credits: int

    def __add__(self, other: "Cost") -> "Cost":
        """Both together."""
        return Cost(calls=self.calls + other.calls, credits=self.credits + other.credits)


class ZohoGateway(Protocol):
    """One tenant's Zoho CRM. Not promised: that a read sees a write at once, or that any two reads agree.

    A write of many records raises only when none of them was written; else each has its result.
    """

    async def modules(self) -> Sequence[ZohoModule]:
        """Every module of the organisation."""
        ...

    async def fields(self, module: str) -> Sequence[ZohoField]:
        """The fields of a module; raises RemoteNotFound for a module the organisation lacks."""
        ...

    async def organization(self) -> Organization:
        """The organisation; raises AccessRefused without the scope for it."""
        ...

    async def scopes(self) -> frozenset[str] | None:
        """The scopes our account was given, in Zoho's words; None when Zoho does not say."""
        ...

    async def usage(self) -> ApiUsage:
        """What was asked of Zoho so far; sends nothing."""
        ...

    async def server_time(self) -> datetime | None:
        """The time by Zoho's own clock when it last answered, if it says it; sends nothing."""
        ...

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

    def cost(self, records: int, selection: Selection, *, via: ReadMethod) -> Cost:
        """What `pages` of so many records take, once the fields of the module are known; sends nothing.

        Not promised: how often a slow Bulk Read job is asked after, a call and a credit each; what rows take
        that no query tells, or of which a hundred records have more than a query gives.
        """
        ...

    def deleted(self, module: str, since: datetime | None = None) -> AsyncIterator[Sequence[Deleted]]:
        """What was deleted at or after a moment. Zoho forgets after 60 days (120 for permanent ones)."""
        ...

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

    async def watch(self, channels: Sequence[Channel]) -> Sequence[Watching | NotWatching]:
        """Create channels, or renew those that exist, a result for each in order."""
        ...

    async def unwatch(self, channel_ids: Sequence[str]) -> None:
        """End channels; unknown ones are no error."""
        ...
