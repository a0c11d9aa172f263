"""Zoho gateways that each break one promise, and the test of the contract that notices it."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import attrs

from mzi_adapters.testing.contracts.zoho_gateway_remote import GRADES, KEY
from mzi_core.errors import RemoteNotFound
from mzi_core.ports import (
    Applied,
    Channel,
    Cost,
    Deleted,
    ReadMethod,
    Rejected,
    RejectionKind,
    RejectionReason,
    Selection,
    Unknown,
    Watching,
    WireRecord,
    WriteResult,
    ZohoField,
)
from mzi_core.values import ZohoId


class Faithful:
    """A gateway that passes everything on; the classes below each break one promise."""

    noticed_by: ClassVar[str] = ""

    def __init__(self, gateway: Any) -> None:
        self.real = gateway

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class NamesNoScope(Faithful):
    noticed_by = "test_scopes_are_told_in_zoho_s_words_or_not_at_all"

    async def scopes(self) -> frozenset[str] | None:
        return frozenset()


class ForgetsTheOffsetOfZohosClock(Faithful):
    noticed_by = "test_the_time_at_zoho_is_known_from_its_last_answer"

    async def server_time(self) -> datetime | None:
        return datetime(2026, 2, 1)  # noqa: DTZ001  # that is the breakage


class ResultsInAnyOrder(Faithful):
    noticed_by = "test_two_hundred_and_fifty_records_are_three_calls"

    async def upsert(
        self, module: str, records: Sequence[WireRecord], *, by: Sequence[str], once: bool = False
    ) -> Any:
        return (await self.real.upsert(module, records, by=by))[::-1]


class EveryWriteInserts(Faithful):
    noticed_by = "test_a_new_key_is_inserted_and_a_known_one_updated"

    async def upsert(
        self, module: str, records: Sequence[WireRecord], *, by: Sequence[str], once: bool = False
    ) -> Any:
        return await self.real.insert(module, records)


class FirstOfOneKeyCounts(Faithful):
    noticed_by = "test_of_one_key_the_last_record_counts"

    async def upsert(
        self, module: str, records: Sequence[WireRecord], *, by: Sequence[str], once: bool = False
    ) -> Any:
        first: dict[object, WireRecord] = {}
        for record in records:
            first.setdefault(record[KEY], record)
        return await self.real.upsert(module, [first[record[KEY]] for record in records], by=by)


class AllOrNothing(Faithful):
    noticed_by = "test_one_refused_record_does_not_hold_up_the_others"

    async def upsert(
        self, module: str, records: Sequence[WireRecord], *, by: Sequence[str], once: bool = False
    ) -> Any:
        found = await self.real.upsert(module, records, by=by)
        refused = [each for each in found if isinstance(each, Rejected)]
        return [refused[0] if refused else each for each in found]


class KnowsOfNothing(Faithful):
    noticed_by = "test_twice_is_as_once"

    async def upsert(
        self, module: str, records: Sequence[WireRecord], *, by: Sequence[str], once: bool = False
    ) -> Any:
        return [Unknown(why="Who knows?") for _ in await self.real.upsert(module, records, by=by)]


class OwnerUntold(Faithful):
    noticed_by = "test_a_value_that_is_taken_tells_who_has_it"

    async def upsert(
        self, module: str, records: Sequence[WireRecord], *, by: Sequence[str], once: bool = False
    ) -> Any:
        found = await self.real.upsert(module, records, by=by)
        return [attrs.evolve(each, existing=None) if isinstance(each, Rejected) else each for each in found]


class KeylessUpsert(Faithful):
    noticed_by = "test_without_a_key_nothing_is_sent"

    async def upsert(
        self, module: str, records: Sequence[WireRecord], *, by: Sequence[str], once: bool = False
    ) -> Any:
        return await self.real.upsert(module, records, by=by or [KEY])


class BlindOverwrite(Faithful):
    noticed_by = "test_a_record_changed_meanwhile_is_not_overwritten"

    async def update(self, module: str, record: WireRecord, **_: object) -> Any:
        return await self.real.update(module, record)


class RowsAppended(Faithful):
    noticed_by = "test_one_row_is_changed_and_keeps_its_id"

    async def put_rows(
        self, module: str, zoho_id: ZohoId, subform: str, rows: Sequence[WireRecord], *, key: Sequence[str]
    ) -> Any:
        return await self.real.update(module, {"id": zoho_id, subform: list(rows)})


class RowsReplaced(Faithful):
    noticed_by = "test_one_row_is_changed_and_keeps_its_id"

    async def put_rows(
        self, module: str, zoho_id: ZohoId, subform: str, rows: Sequence[WireRecord], *, key: Sequence[str]
    ) -> Any:
        await self.real.put_rows(module, zoho_id, subform, [], key=key)
        return await self.real.put_rows(module, zoho_id, subform, rows, key=key)


class RowsKept(Faithful):
    noticed_by = "test_no_rows_wanted_leaves_none"

    async def put_rows(
        self, module: str, zoho_id: ZohoId, subform: str, rows: Sequence[WireRecord], *, key: Sequence[str]
    ) -> Any:
        return await self.real.put_rows(module, zoho_id, subform, rows or [{key[0]: "P1"}], key=key)


class RowsForManyRecords(Faithful):
    noticed_by = "test_rows_do_not_go_with_many_records"

    async def update_many(self, module: str, records: Sequence[WireRecord]) -> Any:
        return [await self.real.update(module, {"id": "5999999999999999999", **each}) for each in records]


class GoneIsAnError(Faithful):
    noticed_by = "test_what_is_already_gone_counts_as_deleted"

    async def delete(self, module: str, ids: Sequence[ZohoId]) -> Any:
        there = await self.real.get_many(module, ids, Selection(fields=(KEY,)))
        found = await self.real.delete(module, ids)
        reason = RejectionReason(code="INVALID_DATA", field="id", message="It is not there.")
        return [
            each if zoho_id in there else Rejected(kind=RejectionKind.NOT_FOUND, reasons=(reason,))
            for zoho_id, each in zip(ids, found, strict=True)
        ]


class NothingIsAnError(Faithful):
    noticed_by = "test_an_id_nobody_has_is_nothing"

    async def get(self, module: str, zoho_id: ZohoId) -> Any:
        found = await self.real.get(module, zoho_id)
        if found is None:
            raise RemoteNotFound("Zoho", "It is not there.")
        return found


class IdsAreNumbers(Faithful):
    noticed_by = "test_one_record_comes_whole"

    async def get(self, module: str, zoho_id: ZohoId) -> Any:
        found = await self.real.get(module, zoho_id)
        return found and {**found, "id": int(found["id"])}


class LikeIsEnough(Faithful):
    noticed_by = "test_a_record_is_found_by_exactly_its_value"

    async def find(self, module: str, field: str, values: Sequence[str], selection: Selection) -> Any:
        found = await self.real.find(module, field, values, selection)
        for value in {*values} - {*found}:
            near = await self.real.find(module, field, [value.lower()], selection)
            if near:
                found[value] = {field: value}
        return found


class AnyOfTwo(Faithful):
    noticed_by = "test_two_records_with_the_value_are_one_too_many"

    async def find(self, module: str, field: str, values: Sequence[str], selection: Selection) -> Any:
        return {value: {field: value} for value in values}


class RowsLeftOut(Faithful):
    noticed_by = "test_rows_of_subforms_come_with_the_pages"

    async def pages(self, module: str, selection: Selection, **how: Any) -> AsyncIterator[Any]:
        async for page in self.real.pages(module, Selection(fields=selection.fields), **how):
            yield [{**{name: [] for name in selection.subforms}, **each} for each in page]


class NewestFirst(Faithful):
    noticed_by = "test_every_record_comes_once_and_by_id"

    async def pages(self, module: str, selection: Selection, **how: Any) -> AsyncIterator[Any]:
        async for page in self.real.pages(module, selection, **how):
            yield page[::-1]


class FirstPageOnly(Faithful):
    noticed_by = "test_every_record_comes_once_and_by_id"

    async def pages(self, module: str, selection: Selection, **how: Any) -> AsyncIterator[Any]:
        async for page in self.real.pages(module, selection, **how):
            yield page[:200]
            return


class SinceForgotten(Faithful):
    noticed_by = "test_only_what_was_modified_since"

    async def pages(
        self, module: str, selection: Selection, *, since: datetime | None = None, **how: Any
    ) -> AsyncIterator[Any]:
        async for page in self.real.pages(module, selection, **how):
            yield page


class BeginsAnew(Faithful):
    noticed_by = "test_reading_goes_on_behind_a_record"

    async def pages(
        self, module: str, selection: Selection, *, after: ZohoId | None = None, **how: Any
    ) -> AsyncIterator[Any]:
        async for page in self.real.pages(module, selection, **how):
            yield page


class EmptyText(Faithful):
    noticed_by = "test_all_ways_tell_the_same_of_a_record"

    async def pages(
        self, module: str, selection: Selection, *, via: ReadMethod = ReadMethod.COQL, **how: Any
    ) -> AsyncIterator[Any]:
        async for page in self.real.pages(module, selection, via=via, **how):
            if via is ReadMethod.BULK:
                yield [{name: "" if value is None else value for name, value in r.items()} for r in page]
            else:
                yield page


class EverythingCostsNothing(Faithful):
    noticed_by = "test_reading_takes_what_was_foreseen"

    def cost(self, *_: object, **__: object) -> Cost:
        return Cost(calls=0, credits=0)


class ForgetsTheRows(Faithful):
    noticed_by = "test_reading_takes_what_was_foreseen"

    def cost(self, records: int, selection: Selection, *, via: ReadMethod, **how: Any) -> Any:
        return self.real.cost(records, Selection(fields=selection.fields), via=via, **how)


class ForgetsWhereItGoesOn(Faithful):
    noticed_by = "test_going_on_takes_what_was_foreseen"

    def cost(self, records: int, selection: Selection, *, via: ReadMethod, **_: object) -> Any:
        return self.real.cost(records, selection, via=via)


class NothingWasDeleted(Faithful):
    noticed_by = "test_a_deleted_record_is_listed"

    async def deleted(self, module: str, since: datetime | None = None) -> AsyncIterator[Sequence[Deleted]]:
        nothing: Sequence[Sequence[Deleted]] = ()
        for page in nothing:
            yield page


class AllThatWasDeleted(Faithful):
    noticed_by = "test_only_what_was_deleted_since"

    async def deleted(self, module: str, since: datetime | None = None) -> AsyncIterator[Sequence[Deleted]]:
        async for page in self.real.deleted(module):
            yield page


class CountsOnce(Faithful):
    noticed_by = "test_counting"

    async def count(self, module: str, **_: object) -> int:
        return 3


class NoUniqueFields(Faithful):
    noticed_by = "test_the_fields_of_a_module_are_described"

    async def fields(self, module: str) -> Sequence[ZohoField]:
        return [attrs.evolve(each, unique=False) for each in await self.real.fields(module)]


class OneHourForEverything(Faithful):
    noticed_by = "test_a_channel_is_made_and_renewed"

    async def watch(self, channels: Sequence[Channel]) -> Sequence[Watching | Rejected[str]]:
        found = await self.real.watch(channels)
        return [
            attrs.evolve(each, expires_at=each.renew_at + timedelta(minutes=30))
            if isinstance(each, Watching)
            else each
            for each in found
        ]


class OneBadChannelSpoilsAll(Faithful):
    noticed_by = "test_one_refused_channel_does_not_hold_up_the_others"

    async def watch(self, channels: Sequence[Channel]) -> Sequence[Watching | Rejected[str]]:
        found = await self.real.watch(channels)
        bad = [each for each in found if isinstance(each, Rejected)]
        return [bad[0] if bad else each for each in found]


class ChangesTheRest(Faithful):
    noticed_by = "test_a_record_is_changed_by_id"

    async def update(self, module: str, record: WireRecord, **how: Any) -> Any:
        return await self.real.update(module, {"Grader_Name": None, **record}, **how)


class InsertsNothing(Faithful):
    noticed_by = "test_an_inserted_record_is_there"

    async def insert(self, module: str, records: Sequence[WireRecord]) -> Sequence[WriteResult[ZohoId]]:
        found = await self.real.insert(module, records)
        await self.real.delete(GRADES, [each.id for each in found if isinstance(each, Applied)])
        return list(found)


BROKEN = Faithful.__subclasses__()
