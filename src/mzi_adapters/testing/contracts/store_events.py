"""What a store promises about events."""

import asyncio
from collections.abc import Sequence
from typing import Any

import attrs

from mzi_adapters.testing.contracts.fixtures import (
    BEGAN,
    CANARY,
    FURNISHED,
    OURS,
    event,
    furnished,
    later,
    ours,
    raises,
)
from mzi_core.errors import StoreRefused
from mzi_core.ports import Event, EventQuery, EventState, Forgotten, Store
from mzi_core.values import MoodleKey, RecordId, ZohoId

TAKEN, PARKED, DEAD = EventState.TAKEN, EventState.PARKED, EventState.DEAD


async def _listed(store: Store) -> list[Event]:
    async with store.read(OURS) as session:
        return list(await session.events(EventQuery()))


class EventPromises:
    """What sources told, until it is forgotten."""

    async def test_an_event_comes_back_as_it_was_kept(self, store: Store) -> None:
        """Whole or nearly empty."""
        async with ours(store) as session:
            whole = attrs.evolve(
                event(5),
                module="students",
                key=ZohoId("539"),
                state=EventState.PARKED,
                reason="`${!Id}` was not replaced.",
                ended_at=later(3),
            )
            bare = Event(id=event(6).id, source="", kind="", received_at=later(2), body="")
            assert list(await session.keep_events([whole, bare])) == [whole, bare]
            assert await session.event(whole.id) == whole
            assert await session.event(bare.id) == bare
            assert await session.event(event(7).id) is None
            assert list(await session.keep_events([])) == []

    async def test_a_repetition_gives_what_was_kept_first(self, store: Store) -> None:
        """Of the same source; in one call, in a later one, and after it was taken."""
        async with ours(store) as session:
            first, other = event(5), event(6)
            again = attrs.evolve(event(7), repeats=first.repeats, body="{}")
            elsewhere = attrs.evolve(event(8), repeats=first.repeats, source="another")
            given = [other, first, again, elsewhere]
            assert list(await session.keep_events(given)) == [other, first, first, elsewhere]
            await session.end_events([first.id], EventState.TAKEN, "", later(1))
            taken = await session.event(first.id)
            once_more = attrs.evolve(event(9), repeats=first.repeats)
            assert list(await session.keep_events([once_more])) == [taken]
            assert await session.event(once_more.id) is None

    async def test_a_repetition_is_known_by_any_text_or_refused(self, store: Store) -> None:
        """By a NUL or half a character too, where the store keeps one at all."""
        async with furnished(store):
            for n, text in enumerate(("a\x00b", "a\ud800"), 5):
                odd = attrs.evolve(event(n), repeats=text)
                is_kept = True
                try:
                    async with store.begin(OURS) as session:
                        assert list(await session.keep_events([odd])) == [odd]
                except StoreRefused:
                    is_kept = False
                async with store.begin(OURS) as session:
                    assert await session.event(odd.id) == (odd if is_kept else None)
                    if is_kept:
                        again = attrs.evolve(event(n + 5), repeats=text)
                        assert list(await session.keep_events([again])) == [odd]

    async def test_no_hint_is_a_repetition(self, store: Store) -> None:
        """Those without `repeats` are all kept, equal as they may be."""
        async with ours(store) as session:
            hints = [attrs.evolve(event(n), sent_as=None, repeats=None) for n in (5, 6)]
            assert list(await session.keep_events(hints)) == hints
            assert len(await session.events(EventQuery(source=hints[0].source))) == len(hints)

    async def test_what_waits_for_records_is_found_the_oldest_first(self, store: Store) -> None:
        """Of the module and the keys that are asked for, at most so many."""
        async with ours(store) as session:
            of = [
                ("students", "11"),
                ("students", "12"),
                ("teachers", "11"),
                ("students", "11"),
                (None, None),
            ]
            kept = [
                attrs.evolve(event(n), module=module, key=None if key is None else ZohoId(key))
                for n, (module, key) in enumerate(of, start=5)
            ]
            await session.keep_events(list(reversed(kept)))
            keys = [ZohoId("11"), ZohoId("12"), ZohoId("13")]
            assert list(await session.waiting_events("students", keys, 9)) == [kept[0], kept[1], kept[3]]
            assert list(await session.waiting_events("students", keys, 2)) == kept[:2]
            assert list(await session.waiting_events("students", keys[:1], 9)) == [kept[0], kept[3]]
            assert list(await session.waiting_events("students", [], 9)) == []
            await session.end_events([kept[0].id], EventState.DEAD, "Gone.", later(1))
            assert list(await session.waiting_events("students", keys[:1], 9)) == [kept[3]]

    async def test_what_was_taken_about_records_is_found_the_newest_first(self, store: Store) -> None:
        """Of the module, the keys and the kind that are asked for, at most so many."""
        async with ours(store) as session:
            of = [
                ("moodle_users", "11", "user_deleted"),
                ("moodle_users", "12", "user_deleted"),
                ("moodle_users", "11", "user_updated"),
                ("moodle_courses", "11", "user_deleted"),
                ("moodle_users", "11", "user_deleted"),
                ("moodle_users", "11", "user_deleted"),
                ("moodle_users", "11", "user_deleted"),
            ]
            kept = [
                attrs.evolve(event(n), module=module, key=MoodleKey(key), kind=kind)
                for n, (module, key, kind) in enumerate(of, start=5)
            ]
            await session.keep_events(kept)
            await session.end_events([each.id for each in kept[:5]], EventState.TAKEN, "", later(1))
            await session.end_events([kept[5].id], EventState.PARKED, "No.", later(1))
            keys = [MoodleKey("11"), MoodleKey("12"), MoodleKey("13")]

            async def found(keys: Sequence[MoodleKey], limit: int) -> list[RecordId]:
                taken = await session.taken_events("moodle_users", keys, "user_deleted", limit)
                assert all(each.state is EventState.TAKEN for each in taken)
                return [each.id for each in taken]

            assert await found(keys, 9) == [kept[4].id, kept[1].id, kept[0].id]
            assert await found(keys, 2) == [kept[4].id, kept[1].id]
            assert await found(keys[:1], 9) == [kept[4].id, kept[0].id]
            assert await found([], 9) == []

    async def test_an_event_ends_once_and_can_wait_again(self, store: Store) -> None:
        """What has ended stays as it ended, until it is replayed."""
        async with ours(store) as session:
            one, two = event(5), event(6)
            await session.keep_events([one, two])
            ended = attrs.evolve(one, state=EventState.PARKED, reason="قف", ended_at=later(2))
            unknown = event(9).id
            assert await session.end_events([one.id, unknown], EventState.PARKED, "قف", later(2)) == 1
            assert await session.end_events([one.id, two.id], EventState.TAKEN, "", later(3)) == 1
            assert await session.event(one.id) == ended
            assert list(await session.replay_events([one.id, unknown, one.id])) == [one]
            assert list(await session.replay_events([one.id])) == []
            assert await session.event(one.id) == one
            assert await session.end_events([], EventState.TAKEN, "", later(3)) == 0
            assert list(await session.replay_events([])) == []


class EventListPromises:
    """Events looked at, counted, and forgotten."""

    async def test_events_are_listed_the_newest_first_by_all_that_is_asked_for(self, store: Store) -> None:
        """Page by page; names are compared exactly."""
        async with ours(store) as session:
            kept = [
                attrs.evolve(event(n), module="students", key=ZohoId(str(n % 2)), kind=f"kind {n % 3}")
                for n in range(5, 11)
            ]
            await session.keep_events(kept)
            await session.end_events([kept[0].id], EventState.DEAD, "", later(1))
            newest = [each.id for each in reversed(kept)]

            async def found(**what: Any) -> list[RecordId]:
                query = attrs.evolve(EventQuery(source=kept[0].source), **what)
                return [each.id for each in await session.events(query)]

            assert await found() == newest
            assert await found(limit=2) == newest[:2]
            assert await found(after=newest[1]) == newest[2:]
            assert await found(after=newest[1], limit=1) == newest[2:3]
            assert await found(kind="kind 0") == [kept[4].id, kept[1].id]
            assert await found(kind="Kind 0") == []
            assert await found(state=EventState.DEAD) == [kept[0].id]
            assert await found(state=EventState.WAITING) == newest[:-1]
            assert await found(module="students", key=ZohoId("1")) == [kept[4].id, kept[2].id, kept[0].id]
            assert await found(module="students", key=ZohoId("1"), kind="kind 1") == [kept[2].id]
            assert await found(source="nobody") == []

    async def test_events_are_counted_by_their_state(self, store: Store) -> None:
        """Whatever became of them; a repetition counts for nothing."""
        async with ours(store) as session:
            before = dict(await session.event_counts())
            await session.keep_events([event(5), event(6), event(7), attrs.evolve(event(8), repeats="5")])
            await session.keep_events([event(5)])
            await session.end_events([event(5).id, event(6).id], EventState.TAKEN, "", later(1))
            await session.end_events([event(7).id], EventState.PARKED, "", later(1))
            await session.replay_events([event(6).id])
            after = dict(await session.event_counts())
            more = {state: after.get(state, 0) - before.get(state, 0) for state in EventState}
            expected = {EventState.WAITING: 1, EventState.TAKEN: 1, EventState.PARKED: 1, EventState.DEAD: 0}
            assert more == expected

    async def test_what_has_waited_longest_is_told(self, store: Store) -> None:
        """By its id; what has ended waits no more, and what another tenant was told is nothing here."""
        async with ours(store) as session:
            waiting = await session.events(EventQuery(state=EventState.WAITING))
            await session.end_events([each.id for each in waiting], EventState.TAKEN, "", later(1))
            assert await session.oldest_waiting() is None
            await session.keep_events([event(7), attrs.evolve(event(5), received_at=later(9)), event(6)])
            assert await session.oldest_waiting() == later(9)
            await session.end_events([event(5).id], EventState.DEAD, "", later(10))
            assert await session.oldest_waiting() == event(6).received_at

    async def test_when_each_source_was_heard_last_is_told_at_once(self, store: Store) -> None:
        """By the last id, whatever became of the event; of who has told nothing there is nothing."""
        async with ours(store) as session:
            kept = [event(7, "a"), attrs.evolve(event(9, "a"), received_at=later(3)), event(8, "b")]
            await session.keep_events([*kept, attrs.evolve(event(10, "A"), received_at=later(9))])
            await session.end_events([event(9).id], EventState.DEAD, "", later(10))
            heard = await session.last_heard(["b", "a", "nobody", "a"])
            assert dict(heard) == {"a": later(3), "b": event(8).received_at}
            assert dict(await session.last_heard([])) == {}

    async def test_old_events_that_have_ended_are_forgotten(self, store: Store) -> None:
        """Of the state that is asked for, and none of kinds that are to stay; the counts know of it."""
        async with ours(store) as session:
            kept = [attrs.evolve(event(n), received_at=later(n)) for n in range(5, 12)]
            kept[1] = attrs.evolve(kept[1], kind="request_submitted")
            await session.keep_events(kept)
            for n, state in ((0, TAKEN), (1, TAKEN), (2, TAKEN), (3, DEAD), (4, TAKEN), (6, TAKEN)):
                await session.end_events([kept[n].id], state, "", later(20))
            counted = dict(await session.event_counts())
            forgotten = await session.forget_events(TAKEN, later(10), keeping=["request_submitted"])
            assert forgotten == Forgotten(3, None)
            source = EventQuery(source=kept[0].source)
            left = [each.id for each in await session.events(source)]
            assert left == [kept[n].id for n in (6, 5, 3, 1)]
            after = dict(await session.event_counts())
            assert counted[TAKEN] - after.get(TAKEN, 0) == 3
            assert after[DEAD] == counted[DEAD]
            assert await session.forget_events(PARKED, later(60)) == Forgotten(0, None)
            assert await session.forget_events(DEAD, later(8)) == Forgotten(0, None)
            assert await session.forget_events(DEAD, later(9)) == Forgotten(1, None)
            with raises(ValueError):
                await session.forget_events(EventState.WAITING, later(60))
            assert await session.event(kept[5].id) == kept[5]
            assert list(await session.keep_events([kept[0]])) == [kept[0]]

    async def test_events_are_forgotten_so_many_at_a_time(self, store: Store) -> None:
        """By id; one that is not old ends it, and those that stay hold up none behind them."""
        async with ours(store) as session:
            kept = [attrs.evolve(event(n), received_at=later(n), kind=f"kind {n % 2}") for n in range(5, 12)]
            await session.keep_events(kept)
            await session.end_events([each.id for each in kept], PARKED, "", later(20))
            stay = ["kind 0"]
            first = await session.forget_events(PARKED, later(11), keeping=stay, limit=3)
            assert first == Forgotten(2, kept[2].id)
            behind = RecordId(str(first.after))
            second = await session.forget_events(PARKED, later(11), keeping=stay, after=behind, limit=3)
            assert second == Forgotten(1, kept[5].id)
            end = RecordId(str(second.after))
            assert await session.forget_events(PARKED, later(11), after=end, limit=3) == Forgotten(0, None)
            left = [each.id for each in await session.events(EventQuery(source=kept[0].source))]
            assert left == [kept[n].id for n in (6, 5, 3, 1)]
            assert await session.forget_events(PARKED, later(60), limit=0) == Forgotten(0, None)
            assert await session.forget_events(PARKED, later(60), limit=4) == Forgotten(4, kept[6].id)


class EventTransactionPromises:
    """Events and sessions."""

    async def test_what_is_kept_together_is_each_tenants_own(self, store: Store) -> None:
        """The same event of two tenants is two; where the block fails neither is kept."""
        async with furnished(store):
            theirs = attrs.evolve(event(1, FURNISHED), body='{"whose": "theirs"}')
            async with store.begin_together() as session_of:
                assert list(await session_of(OURS).keep_events([event(5)])) == [event(5)]
                found = await session_of(CANARY).keep_events([theirs])
                assert list(found) == [event(1, FURNISHED)]
                assert await session_of(OURS).event(event(5).id) == event(5)
                assert await session_of(CANARY).event(event(5).id) is None
            listed = await _listed(store)
            try:
                async with store.begin_together() as session_of:
                    await session_of(CANARY).keep_events([event(6)])
                    await session_of(OURS).keep_events([event(7)])
                    raise LookupError
            except LookupError:
                pass
            assert await _listed(store) == listed

    async def test_what_another_tenant_was_told_is_nothing_here(self, store: Store) -> None:
        """Neither found nor changed: two tenants may have the same ids."""
        mine = attrs.evolve(event(5), module="students", key=ZohoId("5"))
        theirs = attrs.evolve(event(6), module="students", key=ZohoId("6"))
        ended = attrs.evolve(event(7), module="students", key=ZohoId("7"))
        gone = attrs.evolve(event(8), module="students", key=ZohoId("8"))
        async with furnished(store):
            async with store.begin(CANARY) as session:
                before = dict(await session.event_counts())
                await session.keep_events([mine, theirs, ended, gone])
                await session.end_events([gone.id], EventState.TAKEN, "", later(1))
                await session.end_events([ended.id], EventState.DEAD, "", later(1))
                there = await session.events(EventQuery())
            async with store.begin(OURS) as session:
                assert await session.event(theirs.id) is None
                assert list(await session.waiting_events("students", [ZohoId("6")], 9)) == []
                of = ("students", [ZohoId("8")], gone.kind)
                assert list(await session.taken_events(*of, 9)) == []
                assert list(await session.events(EventQuery(source=mine.source))) == []
                assert list(await session.keep_events([mine])) == [mine]
                both = [mine.id, theirs.id]
                assert await session.end_events(both, EventState.TAKEN, "", later(1)) == 1
                assert list(await session.replay_events([theirs.id, ended.id])) == []
                assert dict(await session.event_counts())[EventState.TAKEN] == 1
                assert await session.forget_events(TAKEN, later(60)) == Forgotten(1, None)
            async with store.begin(CANARY) as session:
                assert await session.events(EventQuery()) == there
                await session.end_events([mine.id, theirs.id], EventState.TAKEN, "", later(1))
                assert await session.forget_events(TAKEN, later(60)) == Forgotten(3, None)
                assert await session.forget_events(DEAD, later(60)) == Forgotten(1, None)
                assert await session.event_counts() == before

    async def test_the_same_event_at_once_is_kept_once(self, store: Store) -> None:
        """Both sessions get the same one."""

        async def keep(n: int) -> Event:
            async with store.begin(OURS) as session:
                (kept,) = await session.keep_events([attrs.evolve(event(n), repeats="the same")])
                await asyncio.sleep(0)
                return kept

        async with furnished(store):
            before = len(await _listed(store))
            found = await asyncio.gather(*map(keep, range(5, 13)))
            assert len({each.id for each in found}) == 1
            assert len(await _listed(store)) == before + 1

    async def test_events_in_any_order_at_once_never_stop_each_other(self, store: Store) -> None:
        """Two sessions that keep the same events in opposite orders both end."""
        many = [attrs.evolve(event(n), received_at=BEGAN) for n in range(5, 45)]

        async def keep(first: int) -> None:
            mine = [
                attrs.evolve(each, id=event(first + place).id) for place, each in enumerate(many, start=100)
            ]
            async with store.begin(OURS) as session:
                await session.keep_events(mine if first % 200 else mine[::-1])

        async with furnished(store):
            before = len(await _listed(store))
            await asyncio.gather(*(keep(100 * n) for n in range(8)))
            assert len(await _listed(store)) == before + len(many)
