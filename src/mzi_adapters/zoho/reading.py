"""Records as they are asked for: single ones, many by id or value, whole modules by any of three ways."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import TypeVar, assert_never

from mzi_adapters.zoho.answers import Json
from mzi_adapters.zoho.bulk_read import BulkRead
from mzi_adapters.zoho.coql import CoqlReader, columns_of, named
from mzi_adapters.zoho.forecast import forecast
from mzi_adapters.zoho.listing import Listing, since_criteria
from mzi_adapters.zoho.metadata import KnownFields
from mzi_adapters.zoho.refusals import NO_COLUMN
from mzi_adapters.zoho.subforms import SubformReader
from mzi_core.errors import GatewayRefused
from mzi_core.ports import Cost, Deleted, ReadMethod, Selection, WireRecord
from mzi_core.values import ZohoId

K = TypeVar("K", bound=str)


class ZohoReading:
    """The part of the gateway that reads records."""

    known: KnownFields
    coql: CoqlReader
    listing: Listing
    bulk: BulkRead
    rows: SubformReader

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
            wanted = await self.known.told_apart(module, selection)
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
        wanted = await self.known.told_apart(module, selection)
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

    def cost(
        self,
        records: int,
        selection: Selection,
        *,
        via: ReadMethod,
        of: int | None = None,
        after: ZohoId | None = None,
    ) -> Cost:
        """What reading so many records will take."""
        return forecast(records, selection, via, of=of, after=after)

    def deleted(self, module: str, since: datetime | None = None) -> AsyncIterator[Sequence[Deleted]]:
        """What was deleted."""
        return self.listing.deleted(module, since)
