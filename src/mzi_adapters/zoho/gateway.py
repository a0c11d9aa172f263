"""The Zoho CRM v8 client: the port put together from its parts."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from typing import TypeVar, assert_never

import attrs

from mzi_adapters.web import CHANCE, Dice, RetryPolicy, Timer, Transport
from mzi_adapters.zoho.answers import Json
from mzi_adapters.zoho.bulk_read import BulkRead
from mzi_adapters.zoho.calling import RETRIES, ZohoCaller
from mzi_adapters.zoho.changing import Changing
from mzi_adapters.zoho.coql import CoqlReader, columns_of, named
from mzi_adapters.zoho.forecast import forecast
from mzi_adapters.zoho.hosts import ZohoAccount
from mzi_adapters.zoho.limits import Pace, UsageMeter
from mzi_adapters.zoho.listing import Listing, since_criteria
from mzi_adapters.zoho.metadata import Metadata
from mzi_adapters.zoho.oauth import TokenSource
from mzi_adapters.zoho.refusals import NO_COLUMN
from mzi_adapters.zoho.subforms import SubformReader
from mzi_adapters.zoho.watching import Watches
from mzi_adapters.zoho.writing import RecordWriting
from mzi_core.errors import GatewayRefused
from mzi_core.ports import (
    ApiUsage,
    Channel,
    Clock,
    Cost,
    Deleted,
    Leases,
    NotWatching,
    Organization,
    ReadMethod,
    Selection,
    Store,
    Vault,
    Watching,
    WireRecord,
    WriteResult,
    ZohoField,
    ZohoGateway,
    ZohoModule,
)
from mzi_core.values import TenantId, ZohoId

K = TypeVar("K", bound=str)


@attrs.frozen(kw_only=True)
class ZohoClient:
    """A ZohoGateway over any wire; `open_zoho` makes it."""

    metadata: Metadata
    listing: Listing
    coql: CoqlReader
    bulk: BulkRead
    rows: SubformReader
    writing: RecordWriting
    changing: Changing
    watches: Watches
    access: TokenSource
    meter: UsageMeter

    async def modules(self) -> Sequence[ZohoModule]:
        """Every module of the organisation."""
        return await self.metadata.modules()

    async def fields(self, module: str) -> Sequence[ZohoField]:
        """The fields of a module."""
        return await self.metadata.fields(module)

    async def organization(self) -> Organization:
        """The organisation behind the credentials."""
        return await self.metadata.organization()

    async def scopes(self) -> frozenset[str] | None:
        """What the token opens."""
        return await self.access.scopes()

    async def usage(self) -> ApiUsage:
        """What was asked so far."""
        return self.meter.usage

    async def server_time(self) -> datetime | None:
        """The time at Zoho when it last answered."""
        return self.meter.answered_at

    async def get(self, module: str, zoho_id: ZohoId) -> WireRecord | None:
        """One record with its subforms."""
        return await self.rows.whole(module, zoho_id)

    async def get_many(
        self, module: str, ids: Sequence[ZohoId], selection: Selection
    ) -> dict[ZohoId, WireRecord]:
        """These records, a hundred a query."""

        async def read(wanted: Selection) -> dict[ZohoId, Json]:
            return await self.coql.by_id(module, ids, columns_of(wanted.fields))

        return await self._completed(module, selection, read)

    async def find(
        self, module: str, field: str, values: Sequence[str], selection: Selection
    ) -> dict[str, WireRecord]:
        """The record that has exactly this value in a field, by value."""

        async def read(wanted: Selection) -> dict[str, Json]:
            columns = columns_of((*wanted.fields, field))
            return await self.coql.by_value(module, named(field), values, columns)

        return await self._completed(module, selection, read)

    async def _completed(
        self, module: str, selection: Selection, read: Callable[[Selection], Awaitable[dict[K, Json]]]
    ) -> dict[K, WireRecord]:
        """What a query finds, with its rows; metadata is asked for only where the query is refused."""
        try:
            found = await read(selection)
        except GatewayRefused as refused:
            if refused.code not in NO_COLUMN:
                raise
            wanted = await self.metadata.told_apart(module, selection)
            if wanted == selection:
                raise refused from None
            selection, found = wanted, await read(wanted)
        whole = await self.rows.completed(module, list(found.values()), selection.subforms)
        return dict(zip(found, whole, strict=True))

    async def count(self, module: str, *, since: datetime | None = None) -> int:
        """How many records there are."""
        return await self.coql.count(module, since)

    async def pages(
        self,
        module: str,
        selection: Selection,
        *,
        via: ReadMethod = ReadMethod.COQL,
        since: datetime | None = None,
        after: ZohoId | None = None,
    ) -> AsyncIterator[Sequence[WireRecord]]:
        """All records by id ascending, a page at a time."""
        wanted = await self.metadata.told_apart(module, selection)
        async with aclosing(self._plain(module, wanted.fields, via, since, after)) as pages:
            async for page in pages:
                if page:
                    yield await self.rows.completed(module, page, wanted.subforms)

    def _plain(
        self,
        module: str,
        fields: Sequence[str],
        via: ReadMethod,
        since: datetime | None,
        after: ZohoId | None,
    ) -> AsyncGenerator[list[Json], None]:
        match via:
            case ReadMethod.RECORDS:
                return self.listing.pages(module, fields, since, after)
            case ReadMethod.COQL:
                return self.coql.keyset(module, columns_of(fields), since_criteria(since), after=after)
            case ReadMethod.BULK:
                return self.bulk.pages(module, fields, since, after)
        assert_never(via)

    def cost(self, records: int, selection: Selection, *, via: ReadMethod) -> Cost:
        """What reading so many records will take."""
        return forecast(records, selection, via)

    async def deleted(self, module: str, since: datetime | None = None) -> AsyncIterator[Sequence[Deleted]]:
        """What was deleted."""
        async for page in self.listing.deleted(module, since):
            yield page

    async def upsert(
        self, module: str, records: Sequence[WireRecord], *, by: Sequence[str]
    ) -> Sequence[WriteResult]:
        """Insert or update by key."""
        return await self.writing.upsert(module, records, by)

    async def insert(self, module: str, records: Sequence[WireRecord]) -> Sequence[WriteResult]:
        """Add records that have no key."""
        return await self.writing.insert(module, records)

    async def update(
        self, module: str, record: WireRecord, *, unless_modified_since: datetime | None = None
    ) -> WriteResult:
        """Change one record."""
        return await self.changing.update(module, record, unless_modified_since)

    async def update_many(self, module: str, records: Sequence[WireRecord]) -> Sequence[WriteResult]:
        """Change records by id."""
        return await self.writing.update(module, records)

    async def put_rows(
        self, module: str, zoho_id: ZohoId, subform: str, rows: Sequence[WireRecord], *, key: Sequence[str]
    ) -> WriteResult:
        """Make a subform hold just these rows."""
        return await self.changing.put_rows(module, zoho_id, subform, rows, key)

    async def delete(self, module: str, ids: Sequence[ZohoId]) -> Sequence[WriteResult]:
        """Delete records."""
        return await self.changing.delete(module, ids)

    async def watch(self, channels: Sequence[Channel]) -> Sequence[Watching | NotWatching]:
        """Create or renew channels."""
        return await self.watches.watch(channels)

    async def unwatch(self, channel_ids: Sequence[str]) -> None:
        """End channels."""
        await self.watches.unwatch(channel_ids)


def _proof(client: ZohoClient) -> ZohoGateway:
    """The type checker's word that this is the port."""
    return client


@asynccontextmanager
async def open_zoho(
    account: ZohoAccount,
    *,
    wire: Transport,
    timer: Timer,
    clock: Clock,
    store: Store,
    leases: Leases,
    tenant: TenantId,
    vault: Vault | None = None,
    random: Dice = CHANCE,
    retries: RetryPolicy = RETRIES,
) -> AsyncIterator[ZohoClient]:
    """A client for one organisation. Its token is shared through the store with the tenant's other processes,
    of which one at a time renews it: the one that has the lease. There it stands as the `vault` seals it;
    without a vault it is not kept there, and every process has a token of its own.

    Sends nothing until it is asked something. `random` spreads what is attempted again; `retries` says when
    a call is.
    """
    meter = UsageMeter()
    access = TokenSource(
        account=account,
        wire=wire,
        timer=timer,
        clock=clock,
        store=store,
        leases=leases,
        tenant=tenant,
        meter=meter,
        random=random,
        vault=vault,
    )
    caller = ZohoCaller(
        access=access,
        wire=wire,
        timer=timer,
        clock=clock,
        pace=Pace(concurrency=account.concurrency, timer=timer),
        meter=meter,
        random=random,
        retries=retries,
    )
    coql = CoqlReader(caller=caller)
    metadata = Metadata(caller=caller)
    rows = SubformReader(caller=caller, coql=coql, metadata=metadata)
    try:
        yield ZohoClient(
            metadata=metadata,
            listing=Listing(caller=caller, coql=coql),
            coql=coql,
            bulk=BulkRead(caller=caller, metadata=metadata),
            rows=rows,
            writing=RecordWriting(caller=caller),
            changing=Changing(caller=caller, coql=coql, rows=rows),
            watches=Watches(caller=caller),
            access=access,
            meter=meter,
        )
    finally:
        await access.close()
