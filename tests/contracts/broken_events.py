"""Stores that each break one promise about events, and the test of the contract that notices it."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import attrs
from tests.contracts.broken_stores import Faithful, FaithfulStore

from mzi_adapters.testing.contracts.fixtures import CANARY, OURS
from mzi_core.ports import Event, EventQuery, EventState, Forgotten, Session
from mzi_core.values import RecordId, RecordKey, TenantId


def _of(session: Any, tenant: TenantId) -> Any:
    return attrs.evolve(session, tenant=tenant)


class KeepsRepetitions(Faithful):
    noticed_by = "test_a_repetition_gives_what_was_kept_first"

    async def keep_events(self, events: Sequence[Event]) -> object:
        await self.real.keep_events([attrs.evolve(each, repeats=None) for each in events])
        return events


class GivesTheRepetition(Faithful):
    noticed_by = "test_a_repetition_gives_what_was_kept_first"

    async def keep_events(self, events: Sequence[Event]) -> object:
        await self.real.keep_events(events)
        return events


class RepeatsAcrossSources(Faithful):
    noticed_by = "test_a_repetition_gives_what_was_kept_first"

    async def keep_events(self, events: Sequence[Event]) -> object:
        return await self.real.keep_events([attrs.evolve(each, source="one") for each in events])


class ReadsTextsAsFarAsTheirFirstNul(Faithful):
    noticed_by = "test_a_repetition_is_known_by_any_text_or_refused"

    async def keep_events(self, events: Sequence[Event]) -> object:
        return await self.real.keep_events(
            [attrs.evolve(each, repeats=each.repeats and each.repeats.partition("\0")[0]) for each in events]
        )


class TakesHintsForRepetitions(Faithful):
    noticed_by = "test_no_hint_is_a_repetition"

    async def keep_events(self, events: Sequence[Event]) -> object:
        return await self.real.keep_events(
            [attrs.evolve(each, repeats=each.repeats or each.body[:5]) for each in events]
        )


class LosesTheReason(Faithful):
    noticed_by = "test_an_event_comes_back_as_it_was_kept"

    async def event(self, id: RecordId) -> object:
        found = await self.real.event(id)
        return found and attrs.evolve(found, reason="")


class TellsWhenAnyWasReceivedFirst(Faithful):
    noticed_by = "test_what_has_waited_longest_is_told"

    async def oldest_waiting(self) -> object:
        found = await self.real.events(EventQuery(state=EventState.WAITING))
        return min((each.received_at for each in found), default=None)


class TellsOfWhatHasEnded(Faithful):
    noticed_by = "test_what_has_waited_longest_is_told"

    async def oldest_waiting(self) -> object:
        found = await self.real.events(EventQuery())
        return found[-1].received_at if found else None


class GivesTheNewestFirst(Faithful):
    noticed_by = "test_what_waits_for_records_is_found_the_oldest_first"

    async def waiting_events(self, module: str, keys: Collection[RecordKey], limit: int) -> object:
        return (await self.real.waiting_events(module, keys, 10_000))[::-1][:limit]


class GivesWhatHasEnded(Faithful):
    noticed_by = "test_what_waits_for_records_is_found_the_oldest_first"

    async def waiting_events(self, module: str, keys: Collection[RecordKey], limit: int) -> object:
        found = await self.real.events(EventQuery(module=module, limit=10_000))
        return [each for each in found[::-1] if each.key in keys][:limit]


class GivesWhatWasTakenTheOldestFirst(Faithful):
    noticed_by = "test_what_was_taken_about_records_is_found_the_newest_first"

    async def taken_events(self, module: str, keys: Collection[RecordKey], kind: str, limit: int) -> object:
        return (await self.real.taken_events(module, keys, kind, 10_000))[::-1][:limit]


class GivesWhatWasTakenOfEveryKind(Faithful):
    noticed_by = "test_what_was_taken_about_records_is_found_the_newest_first"

    async def taken_events(self, module: str, keys: Collection[RecordKey], kind: str, limit: int) -> object:
        found = await self.real.events(EventQuery(module=module, state=EventState.TAKEN, limit=10_000))
        return [each for each in found if each.key in keys][:limit]


class GivesWhatAnotherTenantTook(Faithful):
    noticed_by = "test_what_another_tenant_was_told_is_nothing_here"

    async def taken_events(self, module: str, keys: Collection[RecordKey], kind: str, limit: int) -> object:
        theirs = await _of(self.real, CANARY).taken_events(module, keys, kind, limit)
        return [*theirs, *await self.real.taken_events(module, keys, kind, limit)]


class EndsTwice(Faithful):
    noticed_by = "test_an_event_ends_once_and_can_wait_again"

    async def end_events(
        self, ids: Collection[RecordId], state: EventState, reason: str, at: datetime
    ) -> object:
        await self.real.replay_events(ids)
        return await self.real.end_events(ids, state, reason, at)


class ReplaysInNameOnly(Faithful):
    noticed_by = "test_an_event_ends_once_and_can_wait_again"

    async def replay_events(self, ids: Collection[RecordId]) -> object:
        found = [await self.real.event(id) for id in dict.fromkeys(ids)]
        return [
            attrs.evolve(each, state=EventState.WAITING, reason="", ended_at=None)
            for each in found
            if each is not None and each.state is not EventState.WAITING
        ]


class ListsTheOldestFirst(Faithful):
    noticed_by = "test_events_are_listed_the_newest_first_by_all_that_is_asked_for"

    async def events(self, query: EventQuery) -> object:
        return (await self.real.events(query))[::-1]


class ListsEveryKind(Faithful):
    noticed_by = "test_events_are_listed_the_newest_first_by_all_that_is_asked_for"

    async def events(self, query: EventQuery) -> object:
        return await self.real.events(attrs.evolve(query, kind=None))


class ListsTheSamePageAgain(Faithful):
    noticed_by = "test_events_are_listed_the_newest_first_by_all_that_is_asked_for"

    async def events(self, query: EventQuery) -> object:
        return await self.real.events(attrs.evolve(query, after=None))


class CountsWhatWaitsAlone(Faithful):
    noticed_by = "test_events_are_counted_by_their_state"

    async def event_counts(self) -> Mapping[EventState, int]:
        return {EventState.WAITING: (await self.real.event_counts()).get(EventState.WAITING, 0)}


class ForgetsAllAtOnce(Faithful):
    noticed_by = "test_events_are_forgotten_so_many_at_a_time"

    async def forget_events(self, state: EventState, before: datetime, **how: Any) -> object:
        return await self.real.forget_events(state, before, **{**how, "limit": 10_000})


class ForgetsFromTheBeginning(Faithful):
    noticed_by = "test_events_are_forgotten_so_many_at_a_time"

    async def forget_events(self, state: EventState, before: datetime, **how: Any) -> object:
        return await self.real.forget_events(state, before, **{**how, "after": None})


class ForgetsEveryKind(Faithful):
    noticed_by = "test_old_events_that_have_ended_are_forgotten"

    async def forget_events(self, state: EventState, before: datetime, **how: Any) -> object:
        return await self.real.forget_events(state, before, **{**how, "keeping": ()})


class ForgetsEveryEndedState(Faithful):
    noticed_by = "test_old_events_that_have_ended_are_forgotten"

    async def forget_events(self, state: EventState, before: datetime, **how: Any) -> object:
        await self.real.forget_events(EventState.DEAD, before, **how)
        return await self.real.forget_events(state, before, **how)


class ForgetsNothing(Faithful):
    noticed_by = "test_old_events_that_have_ended_are_forgotten"

    async def forget_events(self, state: EventState, before: datetime, **how: Any) -> object:
        return Forgotten(0, None)


class EndsTheEventsOfEveryTenant(Faithful):
    noticed_by = "test_what_another_tenant_was_told_is_nothing_here"

    async def end_events(
        self, ids: Collection[RecordId], state: EventState, reason: str, at: datetime
    ) -> object:
        await _of(self.real, CANARY).end_events(ids, state, reason, at)
        return await self.real.end_events(ids, state, reason, at)


class ReplaysTheEventsOfEveryTenant(Faithful):
    noticed_by = "test_what_another_tenant_was_told_is_nothing_here"

    async def replay_events(self, ids: Collection[RecordId]) -> object:
        await _of(self.real, CANARY).replay_events(ids)
        return await self.real.replay_events(ids)


class ForgetsTheEventsOfEveryTenant(Faithful):
    noticed_by = "test_what_another_tenant_was_told_is_nothing_here"

    async def forget_events(self, state: EventState, before: datetime, **how: Any) -> object:
        await _of(self.real, CANARY).forget_events(state, before, **how)
        return await self.real.forget_events(state, before, **how)


class ShowsTheEventsOfAnotherTenant(Faithful):
    noticed_by = "test_what_another_tenant_was_told_is_nothing_here"

    async def events(self, query: EventQuery) -> object:
        return [*await self.real.events(query), *await _of(self.real, CANARY).events(query)]


class FindsTheEventOfAnotherTenant(Faithful):
    noticed_by = "test_what_another_tenant_was_told_is_nothing_here"

    async def event(self, id: RecordId) -> object:
        return await self.real.event(id) or await _of(self.real, CANARY).event(id)


class FindsWhatWaitsOfAnotherTenant(Faithful):
    noticed_by = "test_what_another_tenant_was_told_is_nothing_here"

    async def waiting_events(self, module: str, keys: Collection[RecordKey], limit: int) -> object:
        mine = await self.real.waiting_events(module, keys, limit)
        return mine or await _of(self.real, CANARY).waiting_events(module, keys, limit)


class CountsTheEventsOfAnotherTenant(Faithful):
    noticed_by = "test_what_another_tenant_was_told_is_nothing_here"

    async def event_counts(self) -> object:
        return await _of(self.real, CANARY).event_counts()


class GivesOneSessionForAll(FaithfulStore):
    noticed_by = "test_what_is_kept_together_is_each_tenants_own"

    @asynccontextmanager
    async def begin_together(self) -> AsyncIterator[Callable[[TenantId], Session]]:
        async with self.real.begin_together() as session_of:
            yield lambda _: session_of(OURS)


class KeepsWhatFailedTogether(FaithfulStore):
    noticed_by = "test_what_is_kept_together_is_each_tenants_own"

    @asynccontextmanager
    async def begin_together(self) -> AsyncIterator[Callable[[TenantId], Session]]:
        failed = None
        async with self.real.begin_together() as session_of:
            try:
                yield session_of
            except LookupError as error:
                failed = error
        if failed is not None:
            raise failed
