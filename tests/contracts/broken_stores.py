"""Stores that each break one promise, and the test of the contract that notices it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence, Set
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import attrs

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.contracts.fixtures import ALL, BEGAN, CANARY, OURS, later
from mzi_adapters.testing.contracts.samples import row
from mzi_core.decide import Known, Touch, Write, unique_values
from mzi_core.errors import MziError, StoreRefused, StoreUnavailable
from mzi_core.event_proofs import Scheme
from mzi_core.grading import decide
from mzi_core.module import AnyModule, Side
from mzi_core.modules import CATALOGUE
from mzi_core.page_decisions import NewRows, RecordUpdate, StoredValues
from mzi_core.ports import (
    MOST_DECISIONS,
    PROGRAM,
    AccessToken,
    ApiKey,
    BrakePlan,
    Claim,
    Cursor,
    DecisionRecord,
    DeliveryKey,
    DeliveryQuery,
    DeliveryState,
    Due,
    Ending,
    EventSource,
    FlowStatus,
    Forgotten,
    HistoryEntry,
    Lease,
    Lock,
    ModuleStatus,
    OpenBreaker,
    ParkedRecord,
    PlanState,
    Query,
    Registry,
    ReviewAddress,
    ReviewItem,
    ReviewKind,
    ReviewQuestion,
    ReviewState,
    Run,
    Session,
    SourceSecret,
    Store,
    Stored,
    StoredDelivery,
    StoredResponse,
    StoreHealth,
    TenantSettings,
)
from mzi_core.values import MoodleId, Parent, RecordId, State, TenantId, Value, ZohoId

Rows = Sequence[Write[Any]]
ByAttempt = dict[str, Sequence[DecisionRecord]]
HOUR = timedelta(hours=1)


class Faithful:
    """A session that passes everything on; the classes below each break one promise."""

    noticed_by = ""

    def __init__(self, session: Any) -> None:
        self.real = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


@attrs.define(slots=False)
class FaithfulStore:
    """A store that passes everything on."""

    noticed_by: ClassVar[str] = ""

    session: type[Faithful] = Faithful
    real: Store = attrs.field(factory=MemoryStore)

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        async with self.real.begin(tenant, discard=discard) as session:
            broken: Any = self.session(session)
            yield broken

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        async with self.real.read(tenant) as session:
            broken: Any = self.session(session)
            yield broken

    def begin_together(self) -> AbstractAsyncContextManager[Callable[[TenantId], Session]]:
        return self.real.begin_together()

    def registry(self) -> AbstractAsyncContextManager[Registry]:
        return self.real.registry()

    def read_registry(self) -> AbstractAsyncContextManager[Registry]:
        return self.real.read_registry()

    async def health(self) -> StoreHealth:
        return await self.real.health()


class ForgetsTheTenantInOwners(Faithful):
    noticed_by = "test_what_only_another_tenant_has_is_nothing_here"

    async def owners(self, module: AnyModule, values: Mapping[str, Collection[Value]]) -> object:
        theirs = await attrs.evolve(self.real, tenant=CANARY).owners(module, values)
        mine = await self.real.owners(module, values)
        return {name: {**theirs[name], **mine[name]} for name in mine}


class ForgetsTheTenantInKnown(Faithful):
    noticed_by = "test_what_only_another_tenant_has_is_nothing_here"

    async def known(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Known]:
        theirs = await attrs.evolve(self.real, tenant=CANARY).known(module, ids)
        return {**theirs, **await self.real.known(module, ids)}


class ForgetsTheTenantInRelease(Faithful):
    noticed_by = "test_what_both_tenants_have_is_changed_for_one"

    async def unpark(self, module: str, ids: Collection[ZohoId]) -> None:
        for tenant in (OURS, CANARY):
            await attrs.evolve(self.real, tenant=tenant).unpark(module, ids)


class ForgetsTheTenantInDelete(Faithful):
    noticed_by = "test_what_both_tenants_have_is_changed_for_one"

    async def delete(self, module: AnyModule, ids: Collection[ZohoId], at: datetime) -> object:
        await attrs.evolve(self.real, tenant=CANARY).delete(module, ids, at)
        return await self.real.delete(module, ids, at)


class WritesToBothTenants(Faithful):
    noticed_by = "test_choices_are_read_as_they_were_saved"

    async def save_settings(self, settings: TenantSettings) -> None:
        await self.real.save_settings(settings)
        if self.real.tenant == OURS:
            await attrs.evolve(self.real, tenant=CANARY).save_settings(settings)


class IsUniqueAmongTheDeleted(Faithful):
    noticed_by = "test_the_values_of_a_deleted_record_are_free"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        for one in await self.real.list(module, ALL):
            for written in rows:
                shared = set(unique_values(module, one.entity)) & set(unique_values(module, written.entity))
                if one.deleted_at and shared and one.entity.key != written.entity.key:
                    raise StoreRefused("taken")
        await self.real.write(module, rows, at)


class LetsTwoHaveOneValue(Faithful):
    noticed_by = "test_a_unique_value_has_one_live_owner"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        for each in rows:
            try:
                await self.real.write(module, [each], at)
            except StoreRefused as refused:
                if "belongs" not in str(refused):
                    raise


class IsHalfWritten(Faithful):
    noticed_by = "test_a_refused_change_leaves_no_new_rows"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        for each in rows:
            await self.real.write(module, [each], at)


class SaysWhoseValueItIs(Faithful):
    noticed_by = "test_a_refusal_repeats_no_personal_data"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        try:
            await self.real.write(module, rows, at)
        except StoreRefused as refused:
            raise StoreRefused(
                f"{refused} {[getattr(r.entity, 'academic_email', '') for r in rows]}"
            ) from None


class AsksForNoParents(Faithful):
    noticed_by = "test_a_record_needs_the_parents_it_points_at"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        try:
            await self.real.write(module, rows, at)
        except StoreRefused as refused:
            if "points at" not in str(refused):
                raise


class ForgetsTheMark(Faithful):
    noticed_by = "test_the_mark_of_a_record_is_remembered"

    async def known(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Known]:
        return {
            i: attrs.evolve(known, mark=None) for i, known in (await self.real.known(module, ids)).items()
        }


class RemembersTheMarksOfWhatItWillNotWrite(Faithful):
    noticed_by = "test_a_refused_call_changes_no_mark"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        try:
            await self.real.write(module, rows, at)
        except StoreRefused:
            marks = {each.entity.key: each.mark for each in rows}
            for zoho_id, one in (await self.real.known(module, marks)).items():
                touch = Touch(
                    key=zoho_id,
                    fingerprint=one.fingerprint,
                    modified_at=one.modified_at,
                    mark=marks[zoho_id],
                )
                await self.real.touch(module, [touch])
            raise


class TellsTheMarkOfADeletedRecord(Faithful):
    noticed_by = "test_the_marks_of_many_records_are_read_at_once"

    async def marks(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, str | None]:
        return {i: one.mark for i, one in (await self.real.known(module, ids)).items()}


class ReadsNoMoreThanFiftyMarks(Faithful):
    noticed_by = "test_the_marks_of_many_records_are_read_at_once"

    async def marks(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, str | None]:
        found: dict[ZohoId, str | None] = await self.real.marks(module, list(ids)[:50])
        return found


class ReadsNoMoreThanFiftyRecordsAsValues(Faithful):
    noticed_by = "test_the_values_of_many_records_are_read_at_once"

    async def values(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, StoredValues]:
        found: dict[ZohoId, StoredValues] = await self.real.values(module, list(ids)[:50])
        return found


class TakesDeletedValuesForLive(Faithful):
    noticed_by = "test_the_values_of_a_deleted_record_say_so"

    async def values(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, StoredValues]:
        found = await self.real.values(module, ids)
        return {i: one._replace(deleted=False) for i, one in found.items()}


class TakesChangedValuesForNew(Faithful):
    noticed_by = "test_beside_the_values_stands_what_is_remembered"

    async def values(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, StoredValues]:
        found = await self.real.values(module, ids)
        return {i: one._replace(state=State.NEW) for i, one in found.items()}


class ReadsValuesWithoutTheirMark(Faithful):
    noticed_by = "test_beside_the_values_stands_what_is_remembered"

    async def values(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, StoredValues]:
        found = await self.real.values(module, ids)
        return {i: one._replace(mark=None) for i, one in found.items()}


class ReadsValuesWithoutATenantsOwn(Faithful):
    noticed_by = "test_values_are_those_of_the_stored_record"

    async def values(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, StoredValues]:
        found = await self.real.values(module, ids)
        return {i: one._replace(values=(*one.values[:-1], {})) for i, one in found.items()}


class AddsHalf(Faithful):
    noticed_by = "test_one_refused_record_leaves_none_that_was_to_be_added"

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        for place in range(len(rows.ids)):
            one = {f.name: getattr(rows, f.name)[place : place + 1] for f in attrs.fields(NewRows)}
            await self.real.add(module, NewRows(**one), at)


class AddsWithoutMarks(Faithful):
    noticed_by = "test_what_is_added_is_there_whole"

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        await self.real.add(module, attrs.evolve(rows, marks=[None] * len(rows.ids)), at)


class ChangesWithoutSayingWhen(Faithful):
    noticed_by = "test_a_change_sets_what_it_names_and_when_it_was"

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        await self.real.change(module, changes, BEGAN)


class ChangesHalf(Faithful):
    noticed_by = "test_one_refused_change_leaves_all_as_they_were"

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        for each in changes:
            await self.real.change(module, [each], at)


class ChangesInAllWhatChangedInTheFirst(Faithful):
    noticed_by = "test_changes_of_one_call_may_be_of_different_fields"

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        alike = [each._replace(places=changes[0].places) for each in changes]
        await self.real.change(module, alike, at)


class ChangesNothingOfATenantsOwn(Faithful):
    noticed_by = "test_every_field_can_be_changed"

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        last = len(module.fields)
        kept = [each._replace(places=tuple(p for p in each.places if p != last)) for each in changes]
        await self.real.change(module, kept, at)


class ChangesNoMoreThanFifty(Faithful):
    noticed_by = "test_many_changes_are_made_at_once"

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        await self.real.change(module, changes[:50], at)


class ReadsValuesOfAllTenants(Faithful):
    noticed_by = "test_there_are_values_and_marks_only_of_what_is_there"

    async def values(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, StoredValues]:
        theirs = await attrs.evolve(self.real, tenant=CANARY).values(module, ids)
        return {**theirs, **await self.real.values(module, ids)}


class TellsTheMarksOfAllTenants(Faithful):
    noticed_by = "test_there_are_values_and_marks_only_of_what_is_there"

    async def marks(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, str | None]:
        theirs = await attrs.evolve(self.real, tenant=CANARY).marks(module, ids)
        return {**theirs, **await self.real.marks(module, ids)}


class ReadsAmountsAsText(Faithful):
    noticed_by = "test_values_are_those_that_were_added"

    async def values(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, StoredValues]:
        def as_text(value: object) -> object:
            return str(value) if isinstance(value, Decimal) else value

        found = await self.real.values(module, ids)
        return {i: one._replace(values=tuple(map(as_text, one.values))) for i, one in found.items()}


def _each(found: ByAttempt, broken: Callable[[DecisionRecord], DecisionRecord]) -> ByAttempt:
    return {key: [broken(one) for one in records] for key, records in found.items()}


def _decided(record: DecisionRecord) -> tuple[datetime, int]:
    return record.decided_at, record.number


def _chosen(rows: NewRows, places: Collection[int]) -> NewRows:
    """Some of the rows."""
    columns = {f.name: getattr(rows, f.name) for f in attrs.fields(NewRows)}
    return NewRows(**{name: [column[place] for place in places] for name, column in columns.items()})


class AddsWhatIsNotThereYet(Faithful):
    noticed_by = "test_a_record_that_is_there_or_claims_what_is_taken_leaves_all_as_it_was"

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        ids = [values[module.key_place] for values in rows.values]
        there = await self.real.present(module, ids)
        await self.real.add(module, _chosen(rows, [p for p, i in enumerate(ids) if i not in there]), at)


class AddsAllButWhatIsTaken(Faithful):
    noticed_by = "test_a_unique_value_can_be_added_once"

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        try:
            await self.real.add(module, rows, at)
        except StoreRefused as refused:
            if "belongs" not in str(refused):
                raise


class AddsAllButOrphans(Faithful):
    noticed_by = "test_a_record_to_be_added_needs_the_parents_it_points_at"

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        try:
            await self.real.add(module, rows, at)
        except StoreRefused as refused:
            if "points at" not in str(refused):
                raise


class AddsNoValueOfADeletedRecord(Faithful):
    noticed_by = "test_values_of_deleted_records_and_ids_of_other_tenants_can_be_added"

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        gone = [one.entity for one in await self.real.list(module, ALL) if one.deleted_at]
        taken = {pair for entity in gone for pair in unique_values(module, entity)}
        for values in rows.values:
            if taken & set(unique_values(module, module.entity_of(values))):
                raise StoreRefused("taken")
        await self.real.add(module, rows, at)


class AddsNothingWithoutAllParents(Faithful):
    noticed_by = "test_an_added_record_may_point_at_a_deleted_parent_and_at_none"

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        if any(values[module.place[name]] is None for values in rows.values for name in module.depends_on):
            raise StoreRefused("A parent is missing.")
        await self.real.add(module, rows, at)


class QuotesWhatItWillNotAdd(Faithful):
    noticed_by = "test_a_value_too_much_is_not_added_or_kept_without_repeating_it"

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        if any("\x00" in value for values in rows.values for value in values if isinstance(value, str)):
            raise StoreRefused(f"Cannot add {rows.values}.")
        await self.real.add(module, rows, at)


class SaysWhoseValueWasToBeAdded(Faithful):
    noticed_by = "test_a_refusal_to_add_repeats_no_personal_data"

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        try:
            await self.real.add(module, rows, at)
        except StoreRefused as refused:
            raise StoreRefused(str(refused)) from Exception(rows.values)


class RefusesToAddNothing(Faithful):
    noticed_by = "test_adding_and_changing_nothing_is_no_error"

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        if not rows.ids:
            raise StoreRefused("Nothing to add.")
        await self.real.add(module, rows, at)


class RefusesToChangeNothing(Faithful):
    noticed_by = "test_adding_and_changing_nothing_is_no_error"

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        if not changes:
            raise StoreRefused("Nothing to change.")
        await self.real.change(module, changes, at)


class ChangesWhatIsThere(Faithful):
    noticed_by = "test_a_record_that_is_not_there_leaves_all_as_it_was"

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        ids = {each.values[module.key_place]: each for each in changes}
        there = await self.real.known(module, ids)
        await self.real.change(module, [each for i, each in ids.items() if i in there], at)


class RemembersTheMarksOfWhatItWillNotChange(Faithful):
    noticed_by = "test_a_record_that_is_not_there_leaves_all_as_it_was"

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        try:
            await self.real.change(module, changes, at)
        except StoreRefused:
            ids = {each.values[module.key_place]: each for each in changes}
            for zoho_id, one in (await self.real.known(module, ids)).items():
                touch = Touch(
                    key=zoho_id,
                    fingerprint=one.fingerprint,
                    modified_at=one.modified_at,
                    mark=ids[zoho_id].mark,
                )
                await self.real.touch(module, [touch])
            raise


class QuotesWhatItWillNotChange(Faithful):
    noticed_by = "test_a_value_too_much_changes_nothing_or_is_kept_without_repeating_it"

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        if any("\x00" in value for each in changes for value in each.values if isinstance(value, str)):
            raise StoreRefused(f"Cannot set {changes}.")
        await self.real.change(module, changes, at)


class SaysWhomItWillNotChange(Faithful):
    noticed_by = "test_a_refusal_to_change_repeats_no_personal_data"

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        try:
            await self.real.change(module, changes, at)
        except StoreRefused as refused:
            raise StoreRefused(f"{refused} {changes}") from None


class EmptiesToEmptyText(Faithful):
    noticed_by = "test_every_field_that_may_be_empty_can_be_emptied"

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        def emptied(each: RecordUpdate) -> RecordUpdate:
            values = [*each.values]
            for place in each.places:
                values[place] = "" if values[place] is None else values[place]
            return each._replace(values=tuple(values))

        await self.real.change(module, list(map(emptied, changes)), at)


class KeepsTheMarkOfAChangedRecord(Faithful):
    noticed_by = "test_every_field_that_may_be_empty_can_be_emptied"

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        await self.real.change(module, [each._replace(mark=each.mark or "m" * 32) for each in changes], at)


class FreesTheValuesOfChangedRecords(Faithful):
    noticed_by = "test_a_changed_record_keeps_its_unique_values_and_parents"

    async def owners(self, module: AnyModule, values: Mapping[str, Collection[Value]]) -> object:
        rows = await self.real.list(module, Query(state=State.UPDATED, limit=10_000))
        changed = {row.entity.key for row in rows}
        owned = await self.real.owners(module, values)
        return {name: {v: i for v, i in found.items() if i not in changed} for name, found in owned.items()}


class SaysThatNothingIsParked(Faithful):
    noticed_by = "test_what_is_parked_and_what_is_awaited_are_told_by_module"

    async def status(self, module: AnyModule) -> ModuleStatus:
        found: ModuleStatus = await self.real.status(module)
        return attrs.evolve(found, holds=False)


class SaysThatNothingIsAwaited(Faithful):
    noticed_by = "test_what_is_parked_and_what_is_awaited_are_told_by_module"

    async def status(self, module: AnyModule) -> ModuleStatus:
        found: ModuleStatus = await self.real.status(module)
        return attrs.evolve(found, awaited=False)


class LooksAtWhatAnotherTenantHolds(Faithful):
    noticed_by = "test_what_is_parked_and_what_is_awaited_are_told_by_module"

    async def status(self, module: AnyModule) -> ModuleStatus:
        theirs: ModuleStatus = await attrs.evolve(self.real, tenant=CANARY).status(module)
        mine: ModuleStatus = await self.real.status(module)
        return attrs.evolve(mine, holds=theirs.holds or mine.holds)


class ForgetsWhenItWasDeleted(Faithful):
    noticed_by = "test_the_latest_change_of_a_module_is_known"

    async def status(self, module: AnyModule) -> ModuleStatus:
        found: ModuleStatus = await self.real.status(module)
        rows = await self.real.list(module, Query(limit=10_000))
        return attrs.evolve(found, latest=max((row.updated_at for row in rows), default=None))


class KeepsTheMarkOfAReplacedRecord(Faithful):
    noticed_by = "test_the_mark_of_a_record_is_remembered"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        known = await self.real.known(module, [each.entity.key for each in rows])
        before = {i: one.mark for i, one in known.items()}
        kept = [attrs.evolve(r, mark=r.mark or before.get(r.entity.key)) for r in rows]
        await self.real.write(module, kept, at)


class TouchesNothing(Faithful):
    noticed_by = "test_what_came_again_is_remembered_and_counts_as_not_written"

    async def touch(self, module: AnyModule, touches: Sequence[Touch]) -> None:
        """Nothing."""


class WritesWhatItTouches(Faithful):
    noticed_by = "test_what_came_again_is_remembered_and_counts_as_not_written"

    async def touch(self, module: AnyModule, touches: Sequence[Touch]) -> None:
        await self.real.touch(module, touches)
        for one in (await self.real.stored(module, [touch.key for touch in touches])).values():
            again = row(module, one.entity, state=State.UPDATED)
            await self.real.write(module, [attrs.evolve(again, fingerprint=one.fingerprint)], later(9))


class ForgetsEventNumbers(Faithful):
    noticed_by = "test_the_number_of_the_event_that_told_it_is_remembered"

    async def touch(self, module: AnyModule, touches: Sequence[Touch]) -> None:
        await self.real.touch(module, [attrs.evolve(each, event_number=None) for each in touches])


class ForgetsOfWhenFieldsAre(Faithful):
    noticed_by = "test_of_when_its_fields_are_is_remembered"

    async def touch(self, module: AnyModule, touches: Sequence[Touch]) -> None:
        await self.real.touch(module, [attrs.evolve(each, field_versions=()) for each in touches])


class RaisesNoRevision(Faithful):
    noticed_by = "test_each_write_to_a_row_raises_its_revision_and_no_other"

    async def stored(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Stored[Any]]:
        found = await self.real.stored(module, ids)
        return {i: attrs.evolve(each, revision=1) for i, each in found.items()}


class TouchesBothTenants(Faithful):
    noticed_by = "test_what_only_another_tenant_has_does_not_come_again"

    async def touch(self, module: AnyModule, touches: Sequence[Touch]) -> None:
        for tenant in (OURS, CANARY):
            await attrs.evolve(self.real, tenant=tenant).touch(module, touches)


class LosesMicroseconds(Faithful):
    noticed_by = "test_moments_are_aware_and_exact_to_the_microsecond"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        await self.real.write(module, rows, at.replace(microsecond=0))


class ForgetsTheZone(Faithful):
    noticed_by = "test_moments_are_aware_and_exact_to_the_microsecond"

    async def stored(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Stored[Any]]:
        found = await self.real.stored(module, ids)
        return {i: attrs.evolve(s, updated_at=s.updated_at.replace(tzinfo=None)) for i, s in found.items()}


def _evolved(written: Write[Any], change: Any) -> Write[Any]:
    values = {
        name: change(getattr(written.entity, name)) for name in attrs.asdict(written.entity, recurse=False)
    }
    return attrs.evolve(written, entity=attrs.evolve(written.entity, **values))


class MakesFloatsOfDecimals(Faithful):
    noticed_by = "test_amounts_come_back_to_the_last_digit"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        def rounded(value: object) -> object:
            return Decimal(float(value)) if isinstance(value, Decimal) else value

        await self.real.write(module, [_evolved(each, rounded) for each in rows], at)


class TrimsText(Faithful):
    noticed_by = "test_texts_come_back_letter_by_letter"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        def trimmed(value: object) -> object:
            return value.strip() if isinstance(value, str) else value

        await self.real.write(module, [_evolved(each, trimmed) for each in rows], at)


class TakesEmptyTextForNone(Faithful):
    noticed_by = "test_texts_come_back_letter_by_letter"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        await self.real.write(
            module, [_evolved(each, lambda value: None if value == "" else value) for each in rows], at
        )


class KeepsExtraAsPlainJson(Faithful):
    noticed_by = "test_values_keep_their_types"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        def plain(each: Write[Any]) -> Write[Any]:
            extra = json.loads(json.dumps(dict(each.entity.extra), default=str))
            return attrs.evolve(each, entity=attrs.evolve(each.entity, extra=extra))

        await self.real.write(module, [plain(each) for each in rows], at)


class MakesANewRecordOfEachWrite(Faithful):
    noticed_by = "test_a_deleted_record_says_when"

    async def stored(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Stored[Any]]:
        found = await self.real.stored(module, ids)
        return {i: attrs.evolve(s, created_at=s.updated_at) for i, s in found.items()}


class TakesAnyKeyForARecord(Faithful):
    noticed_by = "test_a_row_to_replace_must_be_there"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        known = await self.real.known(module, [each.entity.key for each in rows])
        same = [attrs.evolve(r, id=known[i].id) if (i := r.entity.key) in known else r for r in rows]
        await self.real.write(module, same, at)


class TakesNothingForAValue(Faithful):
    noticed_by = "test_nothing_is_no_value"

    async def write(self, module: AnyModule, rows: Rows, at: datetime) -> None:
        for field in module.unique:
            if [getattr(each.entity, field.name) for each in rows].count(None) > 1:
                raise StoreRefused("None twice.")
        await self.real.write(module, rows, at)


class KnowsLinksThatAreNone(Faithful):
    noticed_by = "test_a_record_without_links_has_none"

    async def known(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Known]:
        none: Any = {field.name: None for field in module.links}
        found = await self.real.known(module, ids)
        return {i: attrs.evolve(known, links={**none, **known.links}) for i, known in found.items()}


class KnowsNoLinks(Faithful):
    noticed_by = "test_a_record_is_known_by_what_decisions_need"

    async def known(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Known]:
        return {i: attrs.evolve(known, links={}) for i, known in (await self.real.known(module, ids)).items()}


class MixesModules(Faithful):
    noticed_by = "test_an_id_is_of_one_module"

    async def known(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Known]:
        found: dict[ZohoId, Known] = {}
        for each in CATALOGUE:
            found |= await self.real.known(each, ids)
        return found


class KnowsNoDeleted(Faithful):
    noticed_by = "test_deleted_records_are_still_known"

    async def known(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Known]:
        return {i: known for i, known in (await self.real.known(module, ids)).items() if not known.deleted}


class FindsNoDeletedParents(Faithful):
    noticed_by = "test_deleted_records_are_still_known"

    async def present(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, RecordId]:
        found = await self.real.stored(module, ids)
        return {i: stored.id for i, stored in found.items() if stored.deleted_at is None}


class LetsTheDeletedOwn(Faithful):
    noticed_by = "test_the_owner_of_a_unique_value_is_the_live_record_that_has_it"

    async def owners(self, module: AnyModule, values: Mapping[str, Collection[Value]]) -> object:
        rows = await self.real.list(module, ALL)
        return {
            name: {getattr(s.entity, name): s.entity.key for s in rows if getattr(s.entity, name) in wanted}
            for name, wanted in values.items()
        }


class LinksToTheDeleted(Faithful):
    noticed_by = "test_a_record_is_found_by_its_moodle_id"

    async def linked(self, module: AnyModule, field: str, value: int) -> Stored[Any] | None:
        rows = await self.real.list(module, ALL)
        return next((s for s in rows if getattr(s.entity, field) == value), None)


class FindsTheDeletedThatPoint(Faithful):
    noticed_by = "test_records_are_found_by_what_they_point_at"

    async def pointing_at(self, module: AnyModule, field: str, ids: Collection[ZohoId]) -> object:
        rows = sorted(await self.real.list(module, ALL), key=lambda s: str(s.entity.key))
        wanted = {getattr(s.entity, field) for s in rows} & set(ids)
        return {id: [s.entity.key for s in rows if getattr(s.entity, field) == id] for id in wanted}


class AnswersOnlyAHundred(Faithful):
    noticed_by = "test_any_number_of_ids_may_be_asked_for"

    async def stored(self, module: AnyModule, ids: Collection[ZohoId]) -> dict[ZohoId, Stored[Any]]:
        found: dict[ZohoId, Stored[Any]] = await self.real.stored(module, list(ids)[:100])
        return found


class DeletesWhatIsDeleted(Faithful):
    noticed_by = "test_deleting_says_which_were_live"

    async def delete(self, module: AnyModule, ids: Collection[ZohoId], at: datetime) -> tuple[ZohoId, ...]:
        await self.real.delete(module, ids, at)
        return tuple(await self.real.present(module, ids))


class SkipsEqualTimes(Faithful):
    noticed_by = "test_pages_of_any_size_show_every_row_once"

    async def list(self, module: AnyModule, query: Query) -> object:
        after = query.after and Cursor(query.after.at, "\U0010ffff")
        return await self.real.list(module, attrs.evolve(query, after=after))


class RepeatsEqualTimes(Faithful):
    noticed_by = "test_pages_of_any_size_show_every_row_once"

    async def list(self, module: AnyModule, query: Query) -> object:
        after = query.after and Cursor(query.after.at, "")
        return await self.real.list(module, attrs.evolve(query, after=after))


class ListsTheDeleted(Faithful):
    noticed_by = "test_pages_of_any_size_show_every_row_once"

    async def list(self, module: AnyModule, query: Query) -> object:
        return await self.real.list(module, attrs.evolve(query, with_deleted=True))


class ListsEveryState(Faithful):
    noticed_by = "test_lists_can_be_narrowed"

    async def list(self, module: AnyModule, query: Query) -> object:
        return await self.real.list(module, attrs.evolve(query, state=None))


class ForgetsWhenItBegan(Faithful):
    noticed_by = "test_records_are_listed_by_time_and_id"

    async def list(self, module: AnyModule, query: Query) -> object:
        found = await self.real.list(module, query)
        return [s for s in found if query.updated_since is None or s.updated_at > query.updated_since]


class CountsTheDeleted(Faithful):
    noticed_by = "test_records_are_counted_by_state"

    async def count(self, module: AnyModule) -> dict[State, int]:
        counted: dict[State, int] = await self.real.count(module)
        gone = [s for s in await self.real.list(module, ALL) if s.deleted_at]
        for stored in gone:
            counted[stored.state] = counted.get(stored.state, 0) + 1
        return counted


class ForgetsWhatCausedAChange(Faithful):
    noticed_by = "test_a_change_comes_back_as_it_was_kept"

    async def keep_history(self, entries: Sequence[HistoryEntry]) -> None:
        await self.real.keep_history([attrs.evolve(each, caused_by=PROGRAM) for each in entries])


class ListsTheOldestChangeFirst(Faithful):
    noticed_by = "test_changes_are_listed_in_pages_the_newest_first"

    async def history(self, module: str, key: ZohoId, before: int | None, limit: int) -> object:
        found = await self.real.history(module, key, None, 10_000)
        return [each for each in found[::-1] if before is None or each.number > before][:limit]


class ListsChangesOfEveryModule(Faithful):
    noticed_by = "test_changes_are_listed_in_pages_the_newest_first"

    async def history(self, module: str, key: ZohoId, before: int | None, limit: int) -> object:
        found = []
        for each in CATALOGUE:
            found += await self.real.history(each.name, key, before, limit)
        return sorted(found, key=lambda each: -each.number)[:limit]


class ForgetsTheNewestChanges(Faithful):
    noticed_by = "test_old_changes_are_forgotten_the_oldest_first"

    async def forget_history(self, until: datetime, limit: int) -> int:
        return int(await self.real.forget_history(until + timedelta(minutes=1), limit))


class KeepsTheFirstParked(Faithful):
    noticed_by = "test_a_parked_record_takes_the_place_of_the_one_before"

    async def park(self, parked: Sequence[ParkedRecord]) -> None:
        for one in parked:
            if not await self.real.parked(one.module, [one.key]):
                await self.real.park([one])


class ParksWithoutReasons(Faithful):
    noticed_by = "test_parked_lists_can_be_narrowed"

    async def park(self, parked: Sequence[ParkedRecord]) -> None:
        await self.real.park([attrs.evolve(one, reasons=()) for one in parked])


class ForgetsWhatWaitsBesideARefusedVersion(Faithful):
    noticed_by = "test_a_parked_record_comes_back_as_it_came"

    async def park(self, parked: Sequence[ParkedRecord]) -> None:
        await self.real.park([attrs.evolve(one, waiting=None) for one in parked])


class UnparksEveryModule(Faithful):
    noticed_by = "test_unparked_records_are_forgotten"

    async def unpark(self, module: str, ids: Collection[ZohoId]) -> None:
        for each in CATALOGUE:
            await self.real.unpark(each.name, ids)


class ParksOnlyWhatAColumnKeeps(Faithful):
    noticed_by = "test_a_parked_record_comes_back_as_it_came"

    async def park(self, parked: Sequence[ParkedRecord]) -> None:
        def kept(record: object) -> object:
            return record.replace("\x00", "") if isinstance(record, str) else record

        await self.real.park([attrs.evolve(one, record=kept(one.record)) for one in parked])


class WaitsForAnyModule(Faithful):
    noticed_by = "test_what_waits_for_a_record_is_found_oldest_first"

    async def waiting_for(self, module: str, ids: Collection[ZohoId], limit: int) -> object:
        found: list[ParkedRecord] = []
        for each in CATALOGUE:
            found += await self.real.waiting_for(each.name, ids, limit)
        return sorted(found, key=lambda parked: parked.parked_at)[:limit]


class FindsTheNewestWaitingFirst(Faithful):
    noticed_by = "test_any_number_of_parents_may_be_waited_for"

    async def waiting_for(self, module: str, ids: Collection[ZohoId], limit: int) -> object:
        return (await self.real.waiting_for(module, ids, 10_000))[::-1][:limit]


class LimitsEachPartOfTheWaiting(Faithful):
    noticed_by = "test_any_number_of_parents_may_be_waited_for"

    async def waiting_for(self, module: str, ids: Collection[ZohoId], limit: int) -> object:
        found: list[ParkedRecord] = []
        for start in range(0, len(ids), 500):
            found += await self.real.waiting_for(module, list(ids)[start : start + 500], limit)
        return found


class KeepsTheWaitOfAReplacedRecord(Faithful):
    noticed_by = "test_a_parked_record_takes_the_place_of_the_one_before"

    async def park(self, parked: Sequence[ParkedRecord]) -> None:
        for one in parked:
            before = (await self.real.parked(one.module, [one.key])).get(one.key)
            kept: Parent | None = one.waits_for or (before and before.waits_for)
            await self.real.park([attrs.evolve(one, waits_for=kept)])


class CountsTheLastDecision(Faithful):
    noticed_by = "test_the_newest_decision_about_an_attempt_counts"

    async def record_decisions(self, records: Sequence[DecisionRecord]) -> None:
        for record in records:
            before = await self.real.decision_history(record.key)
            at = max(each.decided_at for each in (record, *before))
            await self.real.record_decisions([attrs.evolve(record, decided_at=at)])


class ListsTheNewestDecision(Faithful):
    noticed_by = "test_a_decision_about_the_latest_attempt_stands"

    async def decisions(self, after: Cursor | None, limit: int) -> object:
        found: Sequence[DecisionRecord] = await self.real.decisions(after, limit)
        return [max(await self.real.decision_history(one.key), key=_decided) for one in found]


class KnowsOnlyTheLatestAttempt(Faithful):
    noticed_by = "test_a_decision_about_the_latest_attempt_stands"

    async def decisions_by_attempt(self, keys: Collection[str]) -> ByAttempt:
        found: ByAttempt = await self.real.decisions_by_attempt(keys)
        return {key: attempts[-1:] for key, attempts in found.items()}


class OrdersAttemptsAsTexts(Faithful):
    noticed_by = "test_a_decision_about_the_latest_attempt_stands"

    async def decisions_by_attempt(self, keys: Collection[str]) -> ByAttempt:
        found: ByAttempt = await self.real.decisions_by_attempt(keys)
        return {key: sorted(each, key=lambda one: str(one.attempt)) for key, each in found.items()}


class ForgetsTheOldestWhateverItIs(Faithful):
    noticed_by = "test_what_counts_of_an_attempt_is_forgotten_last"

    async def decisions_by_attempt(self, keys: Collection[str]) -> ByAttempt:
        found: ByAttempt = await self.real.decisions_by_attempt(keys)
        histories = {key: await self.real.decision_history(key) for key in found}
        if not any(len(history) >= MOST_DECISIONS for history in histories.values()):
            return found
        return {key: [one for one in each if one.decided_at > later(2)] for key, each in found.items()}


class CountsTheFirstDecision(Faithful):
    noticed_by = "test_decisions_are_listed_by_key"

    async def record_decisions(self, records: Sequence[DecisionRecord]) -> None:
        for record in records:
            if not await self.real.decision_history(record.key):
                await self.real.record_decisions([record])


class ForgetsNoDecision(Faithful):
    noticed_by = "test_of_very_many_decisions_under_a_key_the_oldest_are_forgotten"

    async def record_decisions(self, records: Sequence[DecisionRecord]) -> None:
        for record in records:
            if len(await self.real.decision_history(record.key)) < MOST_DECISIONS:
                await self.real.record_decisions([record])


class TellsHistoryByTime(Faithful):
    noticed_by = "test_every_decision_under_a_key_stays"

    async def decision_history(self, key: str) -> Sequence[DecisionRecord]:
        return sorted(await self.real.decision_history(key), key=_decided, reverse=True)


class KeepsOnlyTheNewestDecision(Faithful):
    noticed_by = "test_every_decision_under_a_key_stays"

    async def decision_history(self, key: str) -> Sequence[DecisionRecord]:
        found: Sequence[DecisionRecord] = await self.real.decision_history(key)
        return found[:1]


class PagesDecisionsFromTheStart(Faithful):
    noticed_by = "test_decisions_are_listed_by_key"

    async def decisions(self, after: Cursor | None, limit: int) -> object:
        return await self.real.decisions(None, limit)


class DecidesAnew(Faithful):
    noticed_by = "test_a_decision_is_kept_as_it_was_made"

    async def decisions_by_attempt(self, keys: Collection[str]) -> ByAttempt:
        found: ByAttempt = await self.real.decisions_by_attempt(keys)
        return _each(
            found, lambda one: attrs.evolve(one, decision=decide(one.decision.marking, one.decision.policy))
        )


class TellsTheTraceAnew(Faithful):
    noticed_by = "test_a_decision_is_kept_as_it_was_made"

    async def decisions_by_attempt(self, keys: Collection[str]) -> ByAttempt:
        found: ByAttempt = await self.real.decisions_by_attempt(keys)
        return _each(
            found, lambda one: DecisionRecord(key=one.key, decision=one.decision, decided_at=one.decided_at)
        )


class DecidesByTodaysPolicy(Faithful):
    noticed_by = "test_a_decision_comes_back_equal"

    async def decisions_by_attempt(self, keys: Collection[str]) -> ByAttempt:
        found: ByAttempt = await self.real.decisions_by_attempt(keys)
        return _each(found, lambda one: attrs.evolve(one, decision=decide(one.decision.marking)))


class KeepsTheFirstAnswer(Faithful):
    noticed_by = "test_an_answer_takes_the_place_of_the_one_before"

    async def keep_response(self, answer: StoredResponse, forget_before: datetime) -> None:
        if await self.real.response(answer.key) is None:
            await self.real.keep_response(answer, forget_before)


class AnswersNothingWithEmptyText(Faithful):
    noticed_by = "test_an_answer_comes_back_as_it_was_kept"

    async def response(self, key: str) -> StoredResponse | None:
        found: StoredResponse | None = await self.real.response(key)
        return found and attrs.evolve(found, body=found.body or "")


class NeverForgetsAnAnswer(Faithful):
    noticed_by = "test_old_answers_are_forgotten"

    async def keep_response(self, answer: StoredResponse, forget_before: datetime) -> None:
        await self.real.keep_response(answer, forget_before.replace(year=1))


class ForgetsTheEdge(Faithful):
    noticed_by = "test_old_answers_are_forgotten"

    async def keep_response(self, answer: StoredResponse, forget_before: datetime) -> None:
        await self.real.keep_response(
            answer, forget_before.replace(microsecond=forget_before.microsecond + 1)
        )


class ShowsTheOldestRunFirst(Faithful):
    noticed_by = "test_the_latest_runs_come_first"

    async def runs(self, limit: int) -> object:
        return (await self.real.runs(10_000))[::-1][:limit]


class CountsNothingInRuns(Faithful):
    noticed_by = "test_a_run_is_kept_in_place_of_the_one_with_its_id"

    async def save_run(self, run: Run) -> None:
        await self.real.save_run(attrs.evolve(run, counts={}))


class ForgetsTheBookmark(Faithful):
    noticed_by = "test_a_run_is_kept_in_place_of_the_one_with_its_id"

    async def save_run(self, run: Run) -> None:
        await self.real.save_run(attrs.evolve(run, bookmark=""))


class TakesTheLatestRunForAFinishedOne(Faithful):
    noticed_by = "test_the_latest_run_that_reached_the_end_is_found"

    async def finished(self, module: str, source: str) -> Run | None:
        runs = [run for run in await self.real.runs(99) if (run.module, run.source) == (module, source)]
        return runs[0] if runs and runs[0].status.reached_the_end else None


class KeepsOneTokenForAllServices(Faithful):
    noticed_by = "test_a_token_comes_back_as_it_was_kept"

    async def token(self, name: str) -> AccessToken | None:
        found: AccessToken | None = await self.real.token("zoho")
        return found

    async def save_token(self, token: AccessToken) -> None:
        await self.real.save_token(attrs.evolve(token, name="zoho"))


class KeepsOneLeaseForEverything(Faithful):
    noticed_by = "test_a_lease_comes_back_as_it_was_kept"

    async def lease(self, name: str) -> Lease | None:
        found: Lease | None = await self.real.lease("any")
        return found

    async def save_lease(self, lease: Lease) -> None:
        await self.real.save_lease(attrs.evolve(lease, name="any"))


class EndsNoLease(Faithful):
    noticed_by = "test_a_lease_comes_back_as_it_was_kept"

    async def end_lease(self, name: str) -> None:
        """Nothing."""


class KeepsOneBreakerForAllServices(Faithful):
    noticed_by = "test_a_breaker_comes_back_as_it_was_kept"

    async def save_breaker(self, breaker: OpenBreaker) -> None:
        for each in await self.real.open_breakers():
            await self.real.close_breaker(each.service)
        await self.real.save_breaker(breaker)


class ForgetsWhoProbes(Faithful):
    noticed_by = "test_a_breaker_comes_back_as_it_was_kept"

    async def save_breaker(self, breaker: OpenBreaker) -> None:
        await self.real.save_breaker(attrs.evolve(breaker, probed_until=None))


class ClosesNoBreaker(Faithful):
    noticed_by = "test_a_breaker_comes_back_as_it_was_kept"

    async def close_breaker(self, service: str) -> None:
        """Nothing."""


class ClosesTheBreakersOfEveryTenant(Faithful):
    noticed_by = "test_a_breaker_is_one_tenant_s"

    async def close_breaker(self, service: str) -> None:
        for tenant in (OURS, CANARY):
            await attrs.evolve(self.real, tenant=tenant).close_breaker(service)


class ShowsTheBreakersOfAnotherTenant(Faithful):
    noticed_by = "test_a_breaker_is_one_tenant_s"

    async def open_breakers(self) -> Sequence[OpenBreaker]:
        mine: Sequence[OpenBreaker] = await self.real.open_breakers()
        theirs: Sequence[OpenBreaker] = await attrs.evolve(self.real, tenant=CANARY).open_breakers()
        return mine or theirs


class MergesSettings(Faithful):
    noticed_by = "test_choices_are_read_as_they_were_saved"

    async def save_settings(self, settings: TenantSettings) -> None:
        before = await self.real.settings()
        await self.real.save_settings(
            attrs.evolve(settings, mappings={**before.mappings, **settings.mappings})
        )


class KnowsEveryTenant(Faithful):
    noticed_by = "test_choices_of_a_tenant_nobody_made_are_refused"

    async def settings(self) -> TenantSettings:
        try:
            found: TenantSettings = await self.real.settings()
        except MziError:
            return TenantSettings()
        return found


class KeepsWritesOnExceptions(FaithfulStore):
    noticed_by = "test_an_exception_takes_everything_back"

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        failed = None
        async with self.real.begin(tenant, discard=discard) as session:
            try:
                yield session
            except Exception as error:
                failed = error
        if failed:
            raise failed


class KeepsWritesOnCancellation(FaithfulStore):
    noticed_by = "test_a_cancelled_session_keeps_nothing"

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        failed = None
        async with self.real.begin(tenant, discard=discard) as session:
            try:
                yield session
            except BaseException as error:
                if isinstance(error, Exception):
                    raise
                failed = error
        if failed:
            raise failed


class StaysLockedByCancellation(FaithfulStore):
    noticed_by = "test_a_session_cancelled_in_a_statement_leaves_the_store_free"

    locked = False

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        if self.locked:
            raise StoreUnavailable("Nobody gets a turn.")
        try:
            async with self.real.begin(tenant, discard=discard) as session:
                yield session
        except asyncio.CancelledError:
            self.locked = True
            raise


class KeepsPreviews(FaithfulStore):
    noticed_by = "test_a_preview_sees_its_writes_and_keeps_none"

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        async with self.real.begin(tenant) as session:
            yield session


class KeepsNothing(FaithfulStore):
    noticed_by = "test_what_a_session_writes_is_kept_and_seen_at_once"

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        async with self.real.begin(tenant, discard=True) as session:
            yield session


class KnowsNoTenants(FaithfulStore):
    noticed_by = "test_tenants_are_kept_apart"

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        async with self.real.begin(OURS, discard=discard) as session:
            yield session

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        async with self.real.read(OURS) as session:
            yield session


class KeepsWhatReadersWrite(FaithfulStore):
    noticed_by = "test_reading_keeps_nothing"

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        async with self.begin(tenant) as session:
            yield session


class KeepsWhatReadersOfTheRegistryWrite(FaithfulStore):
    noticed_by = "test_reading_the_registry_keeps_nothing"

    def read_registry(self) -> AbstractAsyncContextManager[Registry]:
        return self.registry()


class KeepsTheRegistryOnExceptions(FaithfulStore):
    noticed_by = "test_an_exception_takes_back_tenants_and_keys"

    @asynccontextmanager
    async def registry(self) -> AsyncIterator[Registry]:
        failed = None
        async with self.real.registry() as registry:
            try:
                yield registry
            except Exception as error:
                failed = error
        if failed:
            raise failed


class FaithfulRegistry:
    """A registry that passes everything on."""

    noticed_by = ""

    def __init__(self, registry: Any) -> None:
        self.real = registry

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class HidesRevokedKeys(FaithfulRegistry):
    noticed_by = "test_a_key_is_kept_in_place_of_the_one_with_its_id"

    async def keys(self) -> Sequence[ApiKey]:
        return [key for key in await self.real.keys() if key.revoked_at is None]


class ListsKeysById(FaithfulRegistry):
    noticed_by = "test_keys_are_listed_oldest_first"

    async def keys(self) -> Sequence[ApiKey]:
        return sorted(await self.real.keys(), key=lambda key: key.id)


class FindsKeysInAnyCase(FaithfulRegistry):
    noticed_by = "test_a_key_is_kept_in_place_of_the_one_with_its_id"

    async def key(self, id: str) -> ApiKey | None:
        found: ApiKey | None = await self.real.key(id.lower())
        return found


class MakesATenantTwice(FaithfulRegistry):
    noticed_by = "test_tenants_are_listed_by_name_and_made_once"

    async def add_tenant(self, tenant: TenantId, at: datetime) -> bool:
        await self.real.add_tenant(tenant, at)
        return True


class HidesTheDefaultTenant(FaithfulRegistry):
    noticed_by = "test_the_default_tenant_is_always_there"

    async def tenants(self) -> Sequence[TenantId]:
        return [tenant for tenant in await self.real.tenants() if tenant != OURS]


class ListsSourcesByNumber(FaithfulRegistry):
    noticed_by = "test_sources_are_listed_oldest_first"

    async def sources(self) -> Sequence[EventSource]:
        return sorted(await self.real.sources(), key=lambda source: source.id)


class ForgetsWhenASecretRetires(FaithfulRegistry):
    noticed_by = "test_a_source_comes_back_as_it_was_kept"

    async def add_source(self, source: EventSource) -> None:
        secrets = [attrs.evolve(each, retires_at=None) for each in source.secrets]
        await self.real.add_source(attrs.evolve(source, secrets=tuple(secrets)))


class TakesOverASource(FaithfulRegistry):
    noticed_by = "test_a_source_is_not_kept_in_place_of_another"

    async def add_source(self, source: EventSource) -> None:
        if await self.real.source(source.id) is None:
            await self.real.add_source(source)


class FindsOnlyTheNewestToken(FaithfulRegistry):
    noticed_by = "test_a_token_finds_its_source"

    async def source_of_token(self, digest: str) -> EventSource | None:
        found: EventSource | None = await self.real.source_of_token(digest)
        return found if found is not None and found.secrets[-1].digest == digest else None


class FindsTokensInAnyCase(FaithfulRegistry):
    noticed_by = "test_a_token_finds_its_source"

    async def source_of_token(self, digest: str) -> EventSource | None:
        found: EventSource | None = await self.real.source_of_token(digest.lower())
        return found


class _Active(FaithfulRegistry):
    """Answers some other question about active sources than the one that was asked."""

    async def active_sources(
        self,
        origin: Side,
        *,
        scheme: Scheme | None = None,
        tenant: TenantId | None = None,
        limit: int,
    ) -> Sequence[EventSource]:
        found: Sequence[EventSource] = await self.real.active_sources(
            origin, **self.asked(scheme=scheme, tenant=tenant, limit=limit)
        )
        return found

    def asked(self, **given: Any) -> dict[str, Any]:
        return given


class MixesTheSourcesOfTenants(_Active):
    noticed_by = "test_active_sources_are_those_that_were_asked_for"

    def asked(self, **given: Any) -> dict[str, Any]:
        return {**given, "tenant": None}


class MixesSchemes(_Active):
    noticed_by = "test_active_sources_are_those_that_were_asked_for"

    def asked(self, **given: Any) -> dict[str, Any]:
        return {**given, "scheme": None}


class TellsOfEverySource(_Active):
    noticed_by = "test_active_sources_are_those_that_were_asked_for"

    def asked(self, **given: Any) -> dict[str, Any]:
        return {**given, "limit": 1_000}


class KeepsOldSecrets(FaithfulRegistry):
    noticed_by = "test_secrets_are_replaced"

    async def rotate_source(self, id: str, secrets: Sequence[SourceSecret]) -> None:
        source: EventSource = await self.real.source(id)
        kept = {each.number: each for each in (*source.secrets, *secrets)}
        await self.real.rotate_source(id, tuple(kept.values()))


class SealsWhateverIsThere(FaithfulRegistry):
    noticed_by = "test_what_is_sealed_anew_stands_in_place_of_just_that"

    async def replace_sealed(self, id: str, before: str, after: str) -> None:
        source: EventSource = await self.real.source(id)
        secrets = [attrs.evolve(each, sealed=after) for each in source.secrets]
        await self.real.rotate_source(id, tuple(secrets))


class RemembersTheSecretsOfTheRevoked(FaithfulRegistry):
    noticed_by = "test_a_source_is_revoked_once_and_for_good"

    async def revoke_source(self, id: str, at: datetime) -> None:
        source: EventSource | None = await self.real.source(id)
        await self.real.revoke_source(id, at)
        if source is not None:
            await self.real.rotate_source(id, source.secrets)


@attrs.define(slots=False)
class StoreOfRegistry(FaithfulStore):
    """A faithful store but for its registry."""

    kind: type[FaithfulRegistry] = FaithfulRegistry

    @asynccontextmanager
    async def registry(self) -> AsyncIterator[Registry]:
        async with self.real.registry() as registry:
            broken: Any = self.kind(registry)
            yield broken


class WakesBothTenants(Faithful):
    noticed_by = "test_whoever_waits_is_woken_by_what_it_waits_for"

    async def wake(self, parents: Collection[DeliveryKey]) -> Mapping[str, int]:
        await attrs.evolve(self.real, tenant=CANARY).wake(parents)
        woken: Mapping[str, int] = await self.real.wake(parents)
        return woken


class ClaimsOfBothTenants(Faithful):
    noticed_by = "test_nothing_of_another_flow_is_claimed"

    async def claim(self, flow: str, limit: int, lease: timedelta, **only: Any) -> Sequence[Claim]:
        theirs: Sequence[Claim] = await attrs.evolve(self.real, tenant=CANARY).claim(flow, limit, lease)
        return [*theirs, *await self.real.claim(flow, limit, lease, **only)]


class ClaimsOthersThanAreNamed(Faithful):
    noticed_by = "test_only_those_that_are_named_are_claimed"

    async def claim(self, flow: str, limit: int, lease: timedelta, **only: Any) -> Sequence[Claim]:
        claims: Sequence[Claim] = await self.real.claim(flow, limit, lease)
        return claims


class CountsNoGenerations(Faithful):
    noticed_by = "test_each_time_it_is_made_due_a_delivery_has_a_new_generation"

    async def make_due(self, dues: Collection[Due]) -> None:
        there = [await self.real.delivery(DeliveryKey(due.flow, due.key)) for due in dues]
        await self.real.make_due(dues)
        for before in there:
            if before is not None:
                self.real._put(before)


class ShortensAPause(Faithful):
    noticed_by = "test_a_failure_that_put_it_off_is_not_forgotten"

    async def make_due(self, dues: Collection[Due]) -> None:
        await self.real.make_due(dues)
        for due in dues:
            row = await self.real.delivery(DeliveryKey(due.flow, due.key))
            self.real._put(attrs.evolve(row, due_at=row.updated_at))


class PutsOffWhatIsDueAtOnce(Faithful):
    noticed_by = "test_what_brings_all_that_is_needed_is_not_put_off"

    async def make_due(self, dues: Collection[Due]) -> None:
        await self.real.make_due([attrs.evolve(due, at_once=False) for due in dues])


class TakesTheWorkOfWhatIsDueAtOnce(Faithful):
    noticed_by = "test_who_is_at_work_keeps_the_claim_whatever_is_due_at_once"

    async def make_due(self, dues: Collection[Due]) -> None:
        await self.real.make_due(dues)
        for due in dues:
            if due.at_once:
                row = await self.real.delivery(DeliveryKey(due.flow, due.key))
                self.real._put(attrs.evolve(row, leased_until=None))


class ClaimsOfAPausedFlow(Faithful):
    noticed_by = "test_nothing_of_a_paused_flow_is_claimed"

    async def claim(self, flow: str, limit: int, lease: timedelta, **only: Any) -> Sequence[Claim]:
        paused = [each for each in await self.real.flows() if each.flow == flow and each.paused]
        await self.real.resume(flow)
        claims: Sequence[Claim] = await self.real.claim(flow, limit, lease, **only)
        for each in paused:
            await self.real.pause(flow, each.paused)
        return claims


class PutsOffWhatIsAtWork(Faithful):
    noticed_by = "test_what_was_put_off_is_counted_with_the_reason_of_the_first"

    async def flows(self) -> Sequence[FlowStatus]:
        return [
            attrs.evolve(each, put_off=each.put_off and attrs.evolve(each.put_off, number=each.counts["due"]))
            for each in await self.real.flows()
        ]


class TellsWhyTheLastWasPutOff(Faithful):
    noticed_by = "test_what_was_put_off_is_counted_with_the_reason_of_the_first"

    async def flows(self) -> Sequence[FlowStatus]:
        found = []
        for each in await self.real.flows():
            due = await self.real.deliveries(each.flow, DeliveryState.DUE)
            last = max(due, key=lambda one: one.due_at, default=None)
            reason = each.put_off and last and attrs.evolve(each.put_off, reason=last.reason)
            found.append(attrs.evolve(each, put_off=reason))
        return found


class CountsAllThatWasPutOff(Faithful):
    noticed_by = "test_of_very_many_that_were_put_off_not_all_are_counted"

    async def flows(self) -> Sequence[FlowStatus]:
        return [
            attrs.evolve(each, put_off=each.put_off and attrs.evolve(each.put_off, number=each.counts["due"]))
            for each in await self.real.flows()
        ]


class ClaimsTogetherWhatNeverEnded(Faithful):
    noticed_by = "test_what_was_begun_twice_and_never_ended_is_claimed_alone"

    async def claim(self, flow: str, limit: int, lease: timedelta, **only: Any) -> Sequence[Claim]:
        claims: list[Claim] = [*await self.real.claim(flow, limit, HOUR, **only)]
        while len(claims) < limit and (
            more := await self.real.claim(flow, limit - len(claims), HOUR, **only)
        ):
            claims += more
        renewed: Sequence[Claim] = await self.real.renew(claims, lease)
        return renewed


class EndsWhatIsClaimedByNow(Faithful):
    noticed_by = "test_when_its_lease_is_over_a_claim_is_lost_to_the_next"

    async def end_claims(self, endings: Collection[Ending]) -> Mapping[DeliveryKey, DeliveryState]:
        newest = []
        for ending in endings:
            row = await self.real.delivery(ending.claim.address)
            claim = attrs.evolve(ending.claim, number=row.claim)
            newest.append(attrs.evolve(ending, claim=claim))
        ended: Mapping[DeliveryKey, DeliveryState] = await self.real.end_claims(newest)
        return ended


class SettlesTheNewestGeneration(Faithful):
    noticed_by = "test_what_came_meanwhile_is_due"

    async def end_claims(self, endings: Collection[Ending]) -> Mapping[DeliveryKey, DeliveryState]:
        newest = []
        for ending in endings:
            row = await self.real.delivery(ending.claim.address)
            claim = attrs.evolve(ending.claim, generation=row.generation)
            newest.append(attrs.evolve(ending, claim=claim))
        ended: Mapping[DeliveryKey, DeliveryState] = await self.real.end_claims(newest)
        return ended


class CountsPauses(Faithful):
    noticed_by = "test_a_try_counts_and_a_pause_does_not"

    async def end_claims(self, endings: Collection[Ending]) -> Mapping[DeliveryKey, DeliveryState]:
        counted = [attrs.evolve(each, counts=each.state is DeliveryState.DUE) for each in endings]
        ended: Mapping[DeliveryKey, DeliveryState] = await self.real.end_claims(counted)
        return ended


class LooksNeverAgain(Faithful):
    noticed_by = "test_what_was_taken_over_is_looked_at_once_more"

    async def end_claims(self, endings: Collection[Ending]) -> Mapping[DeliveryKey, DeliveryState]:
        once = [attrs.evolve(each, look_again=None) for each in endings]
        ended: Mapping[DeliveryKey, DeliveryState] = await self.real.end_claims(once)
        return ended


class ListsFromTheBeginningOfAFlow(Faithful):
    noticed_by = "test_deliveries_are_listed_by_whatever_is_asked_of_them"

    async def list_deliveries(self, query: DeliveryQuery) -> Sequence[StoredDelivery]:
        begin = query.after and attrs.evolve(query.after, key="")
        listed: Sequence[StoredDelivery] = await self.real.list_deliveries(attrs.evolve(query, after=begin))
        return listed


class ListsUnderAPlanWhateverElseIsAsked(Faithful):
    noticed_by = "test_deliveries_are_listed_by_whatever_is_asked_of_them"

    async def list_deliveries(self, query: DeliveryQuery) -> Sequence[StoredDelivery]:
        if query.plan_id is not None:
            query = DeliveryQuery(plan_id=query.plan_id, after=query.after, limit=query.limit)
        listed: Sequence[StoredDelivery] = await self.real.list_deliveries(query)
        return listed


class TellsHowTheOtherTenantsStand(Faithful):
    noticed_by = "test_how_deliveries_stand_is_told_at_once"

    async def delivery_states(
        self, deliveries: Collection[DeliveryKey]
    ) -> Mapping[DeliveryKey, DeliveryState]:
        theirs = await attrs.evolve(self.real, tenant=CANARY).delivery_states(deliveries)
        return {**theirs, **await self.real.delivery_states(deliveries)}


class TellsWhatOtherTenantsDeliver(Faithful):
    noticed_by = "test_deliveries_are_told_whole_at_once"

    async def deliveries_at(self, addresses: Collection[DeliveryKey]) -> Mapping[DeliveryKey, StoredDelivery]:
        theirs = await attrs.evolve(self.real, tenant=CANARY).deliveries_at(addresses)
        return {**theirs, **await self.real.deliveries_at(addresses)}


class GivesOneClaimTwice(Faithful):
    noticed_by = "test_what_was_forgotten_begins_anew_and_its_claims_do_not"

    async def make_due(self, dues: Collection[Due]) -> None:
        new = [due for due in dues if await self.real.delivery(DeliveryKey(due.flow, due.key)) is None]
        await self.real.make_due(dues)
        for due in new:
            row = await self.real.delivery(DeliveryKey(due.flow, due.key))
            self.real._put(attrs.evolve(row, claim=0))


class ForgetsWhatWasAgreed(Faithful):
    noticed_by = "test_settled_ones_are_forgotten_in_time"

    async def forget_settled(
        self, flow: str, older_than: timedelta, *, after: str = "", limit: int = 1000
    ) -> Forgotten:
        for settled in await self.real.deliveries(flow, DeliveryState.SETTLED):
            self.real._put(attrs.evolve(settled, agreed=None))
        forgotten: Forgotten = await self.real.forget_settled(flow, older_than, after=after, limit=limit)
        return forgotten


class ReservesEverything(Faithful):
    noticed_by = "test_the_first_by_key_are_let_through_up_to_the_limit"

    async def reserve(
        self, flow: str, action: str, wanted: Mapping[str, int], limit: int, **more: Any
    ) -> Set[str]:
        passing: Set[str] = await self.real.reserve(flow, action, wanted, limit + len(wanted), **more)
        return passing


class CountsOneSessionAlone(Faithful):
    noticed_by = "test_sessions_at_the_same_time_let_no_more_through"

    async def reserve(
        self, flow: str, action: str, wanted: Mapping[str, int], limit: int, **more: Any
    ) -> Set[str]:
        return set(sorted(wanted)[:limit])


class CountsThoseWhoComeAgainTwice(Faithful):
    noticed_by = "test_who_was_let_through_is_so_again_and_counts_once"

    async def reserve(
        self, flow: str, action: str, wanted: Mapping[str, int], limit: int, **more: Any
    ) -> Set[str]:
        lower = limit - len(await self.real.reserve(flow, action, wanted, 0, **more))
        passing: Set[str] = await self.real.reserve(flow, action, wanted, lower, **more)
        return passing


class HoldsWhatIsApproved(Faithful):
    noticed_by = "test_what_is_approved_always_passes_and_takes_nobodys_place"

    async def reserve(
        self, flow: str, action: str, wanted: Mapping[str, int], limit: int, **more: Any
    ) -> Set[str]:
        passing: Set[str] = await self.real.reserve(flow, action, wanted, limit)
        return passing


class CountsAllActionsTogether(Faithful):
    noticed_by = "test_each_action_of_each_flow_is_counted_by_itself"

    async def reserve(
        self, flow: str, action: str, wanted: Mapping[str, int], limit: int, **more: Any
    ) -> Set[str]:
        passing: Set[str] = await self.real.reserve(flow, "any", wanted, limit, **more)
        return passing


class CountsForEver(Faithful):
    noticed_by = "test_only_what_was_reserved_within_the_time_counts"

    async def reserve(
        self, flow: str, action: str, wanted: Mapping[str, int], limit: int, **more: Any
    ) -> Set[str]:
        passing: Set[str] = await self.real.reserve(
            flow, action, wanted, limit, **{**more, "within": timedelta(days=9)}
        )
        return passing


class ForgetsReservationsThatCount(Faithful):
    noticed_by = "test_old_reservations_are_forgotten_the_oldest_first"

    async def forget_reservations(self, older_than: timedelta, limit: int) -> int:
        forgotten: int = await self.real.forget_reservations(timedelta(0), limit)
        return forgotten


class ForgetsTheReservationsOfEveryTenant(Faithful):
    noticed_by = "test_plans_and_reservations_are_one_tenant_s"

    async def forget_reservations(self, older_than: timedelta, limit: int) -> int:
        await attrs.evolve(self.real, tenant=CANARY).forget_reservations(older_than, limit)
        forgotten: int = await self.real.forget_reservations(older_than, limit)
        return forgotten


class OpensOnePlanForAllActions(Faithful):
    noticed_by = "test_only_an_open_plan_can_be_closed"

    async def open_plan(self, flow: str, action: str) -> str:
        id: str = await self.real.open_plan(flow, "any")
        return id


class OpensAPlanForEachDelivery(Faithful):
    noticed_by = "test_a_plan_is_open_until_somebody_decides"

    async def open_plan(self, flow: str, action: str) -> str:
        for each in await self.real.plans(PlanState.OPEN):
            await self.real.close_plan(each.id, PlanState.REJECTED, "", "")
        id: str = await self.real.open_plan(flow, action)
        return id


class ClosesAPlanTwice(Faithful):
    noticed_by = "test_only_an_open_plan_can_be_closed"

    async def close_plan(self, id: str, state: PlanState, reason: str, by: str) -> bool:
        await self.real.close_plan(id, state, reason, by)
        return True


class ShowsThePlansOfAnotherTenant(Faithful):
    noticed_by = "test_plans_and_reservations_are_one_tenant_s"

    async def plan(self, id: str) -> BrakePlan | None:
        mine: BrakePlan | None = await self.real.plan(id)
        theirs: BrakePlan | None = await attrs.evolve(self.real, tenant=CANARY).plan(id)
        return mine or theirs


class ListsTheOldestPlansFirst(Faithful):
    noticed_by = "test_plans_are_listed_the_newest_first"

    async def plans(
        self, state: PlanState | None = None, *, after: str | None = None, limit: int = 100
    ) -> Sequence[BrakePlan]:
        return list(reversed(await self.real.plans(state, after=after, limit=limit)))


class CountsWhatWasHeldOnce(Faithful):
    noticed_by = "test_what_is_held_is_counted_by_plan"

    async def held_under(self, plan_ids: Collection[str]) -> Mapping[str, int]:
        rows = self.real.tables.deliveries.values()
        return {id: sum(row.plan_id == id for row in rows) for id in plan_ids}


class AsksOneQuestionUnderAKey(Faithful):
    noticed_by = "test_a_question_comes_back_as_it_was_asked"

    async def put_reviews(self, questions: Collection[ReviewQuestion]) -> None:
        await self.real.put_reviews([attrs.evolve(each, kind=ReviewKind.ACCOUNT) for each in questions])


class AsksAnewEachTime(Faithful):
    noticed_by = "test_a_question_that_is_open_is_asked_once"

    async def put_reviews(self, questions: Collection[ReviewQuestion]) -> None:
        await self.real.close_reviews([each.address for each in questions])
        await self.real.put_reviews(questions)


class ForgetsWhatWasDecided(Faithful):
    noticed_by = "test_what_was_decided_stays_until_the_candidates_differ"

    async def put_reviews(self, questions: Collection[ReviewQuestion]) -> None:
        for each in questions:
            await self.real.put_reviews([attrs.evolve(each, candidates=())])
        await self.real.put_reviews(questions)


class HearsOnlyTheFirstQuestion(Faithful):
    noticed_by = "test_what_was_decided_stays_until_the_candidates_differ"

    async def put_reviews(self, questions: Collection[ReviewQuestion]) -> None:
        new = [each for each in questions if await self.real.review(each.address) is None]
        await self.real.put_reviews(new)


class DecidesTwice(Faithful):
    noticed_by = "test_only_what_is_open_is_decided"

    async def decide_review(
        self, address: ReviewAddress, state: ReviewState, choice: MoodleId | None, by: str
    ) -> ReviewItem | None:
        found: ReviewItem | None = await self.real.review(address)
        if found is not None:
            self.real._put_review(attrs.evolve(found, state=ReviewState.OPEN))
        decided: ReviewItem | None = await self.real.decide_review(address, state, choice, by)
        return decided


class DecidesForEveryTenant(Faithful):
    noticed_by = "test_only_what_is_open_is_decided"

    async def decide_review(
        self, address: ReviewAddress, state: ReviewState, choice: MoodleId | None, by: str
    ) -> ReviewItem | None:
        await attrs.evolve(self.real, tenant=CANARY).decide_review(address, state, choice, by)
        decided: ReviewItem | None = await self.real.decide_review(address, state, choice, by)
        return decided


class ClosesWhatWasDecided(Faithful):
    noticed_by = "test_what_is_no_longer_asked_is_closed"

    async def close_reviews(self, addresses: Collection[ReviewAddress]) -> None:
        for address in addresses:
            found = await self.real.review(address)
            if found is not None:
                self.real._put_review(attrs.evolve(found, state=ReviewState.OPEN))
        await self.real.close_reviews(addresses)


class ForgetsEveryClosedReview(Faithful):
    noticed_by = "test_what_was_closed_is_forgotten_in_time"

    async def forget_closed_reviews(self, older_than: timedelta, limit: int) -> int:
        return int(await self.real.forget_closed_reviews(timedelta(0), limit))


class ListsReviewsFromTheBeginningOfAKind(Faithful):
    noticed_by = "test_the_list_is_told_in_pages"

    async def reviews(
        self,
        state: ReviewState | None = None,
        kind: ReviewKind | None = None,
        after: ReviewAddress | None = None,
        limit: int = 100,
    ) -> Sequence[ReviewItem]:
        begin = after and attrs.evolve(after, key="")
        listed: Sequence[ReviewItem] = await self.real.reviews(state, kind, begin, limit)
        return listed


class TellsChoicesOfOtherKinds(Faithful):
    noticed_by = "test_what_was_chosen_is_told_at_once"

    async def choices(self, kind: ReviewKind, keys: Collection[str]) -> Mapping[str, MoodleId]:
        found: dict[str, MoodleId] = {}
        for each in (ReviewKind.COURSE, ReviewKind.ACCOUNT):
            found |= await self.real.choices(each, keys)
        return found


class TakesNoLocks(Faithful):
    """One of `AMONG_OTHERS`: where one session is at work at a time, nobody can tell."""

    async def lock(self, locks: Sequence[Lock]) -> None:
        """Nothing."""


class SharesEveryLock(Faithful):
    """One of `AMONG_OTHERS`."""

    async def lock(self, locks: Sequence[Lock]) -> None:
        await self.real.lock([attrs.evolve(lock, shared=True) for lock in locks])


class SharesNoLock(Faithful):
    """One of `AMONG_OTHERS`."""

    async def lock(self, locks: Sequence[Lock]) -> None:
        await self.real.lock([attrs.evolve(lock, shared=False) for lock in locks])


class TakesLocksOfEveryModule(Faithful):
    """One of `AMONG_OTHERS`."""

    async def lock(self, locks: Sequence[Lock]) -> None:
        await self.real.lock([attrs.evolve(lock, module="any") for lock in locks])


class TakesLocksOfEveryTenant(Faithful):
    """One of `AMONG_OTHERS`."""

    async def lock(self, locks: Sequence[Lock]) -> None:
        await attrs.evolve(self.real, tenant=OURS).lock(locks)


class SeesManyMoments(FaithfulStore):
    """One of `AMONG_OTHERS`."""

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        async with self.begin(tenant, discard=True) as session:
            yield session


class ReadsAfterWriters(FaithfulStore):
    """One of `AMONG_OTHERS`."""

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        async with self.real.begin(tenant, discard=True) as session:
            await session.lock([Lock("students", shared=True)])
            yield session


AMONG_OTHERS: Mapping[type[Faithful | FaithfulStore], str] = {
    TakesNoLocks: "test_sessions_that_ask_for_one_lock_have_it_one_after_the_other",
    SharesEveryLock: "test_sessions_that_ask_for_one_lock_have_it_one_after_the_other",
    SharesNoLock: "test_a_shared_lock_is_had_by_many_and_by_none_who_wants_it_alone",
    TakesLocksOfEveryModule: "test_locks_of_another_tenant_or_module_are_not_waited_for",
    TakesLocksOfEveryTenant: "test_locks_of_another_tenant_or_module_are_not_waited_for",
    SeesManyMoments: "test_a_reader_sees_one_moment",
    ReadsAfterWriters: "test_reading_waits_for_no_writer",
}
"""What breaks promises about several sessions at a time, and the test that notices."""

SESSIONS = [each for each in Faithful.__subclasses__() if each not in AMONG_OTHERS]
REGISTRIES = [
    each for each in (*FaithfulRegistry.__subclasses__(), *_Active.__subclasses__()) if each is not _Active
]
STORES = [
    each
    for each in FaithfulStore.__subclasses__()
    if each is not StoreOfRegistry and each not in AMONG_OTHERS
]
