"""What a store promises about lists: an order that pages can rely on, and every row once."""

from collections.abc import Sequence

import attrs

from mzi_adapters.testing.contracts.fixtures import BEGAN, GONE, THERE, later, ours, parked
from mzi_adapters.testing.contracts.samples import bare, changed, key_of, row, sample
from mzi_core.modules import ENROLLMENTS, GRADES, STUDENTS, TEACHERS, Teacher
from mzi_core.ports import Cursor, Query, Session, Store, Stored
from mzi_core.values import RecordKey, State, ZohoId

ENDLESS = 100
"""More rows than any list here has: whoever sees so many goes round in circles."""


async def _walk(session: Session, query: Query) -> list[Stored[Teacher]]:
    """Every page of a list of teachers, one after another."""
    found: list[Stored[Teacher]] = []
    while page := await session.list(TEACHERS, query):
        assert len(page) <= query.limit
        found += page
        assert len(found) <= ENDLESS
        query = attrs.evolve(query, after=Cursor(page[-1].updated_at, page[-1].entity.key))
    return found


class ListingPromises:
    """Lists of records."""

    async def test_records_are_listed_by_time_and_id(self, store: Store) -> None:
        """Ids in the order of their characters, so that `10` comes before `9`."""
        async with ours(store) as session:
            for at, ids in ((later(2), ("b", "B", "10", "9", "é")), (later(1), ("z",))):
                entities = [changed(TEACHERS, bare(TEACHERS, 20), zoho_id=ZohoId(name)) for name in ids]
                await session.write(TEACHERS, [row(TEACHERS, entity) for entity in entities], at)
            page = await session.list(TEACHERS, Query(updated_since=later(1)))
            assert [one.entity.key for one in page] == ["z", "10", "9", "B", "b", "é"]

    async def test_pages_of_any_size_show_every_row_once(self, store: Store) -> None:
        """Also where several rows were written at one moment, and where that moment has microseconds."""
        async with ours(store) as session:
            for at in (later(1), later(2)):
                n = 20 if at == later(1) else 30
                await session.write(TEACHERS, [row(TEACHERS, bare(TEACHERS, n + i)) for i in range(5)], at)
            whole = list(await session.list(TEACHERS, Query(limit=100)))
            assert len(whole) == len(THERE) + 10
            for limit in (1, 2, 3, 5, 12, 13):
                assert await _walk(session, Query(limit=limit)) == whole

    async def test_a_list_is_limited(self, store: Store) -> None:
        """Never more than was asked for."""
        async with ours(store) as session:
            assert len(await session.list(STUDENTS, Query(limit=1))) == 1

    async def test_lists_can_be_narrowed(self, store: Store) -> None:
        """By state, by the time of the last change (that moment included), with deleted ones or not."""
        async with ours(store) as session:
            one = changed(TEACHERS, sample(TEACHERS, 1), phone="1")
            await session.write(TEACHERS, [row(TEACHERS, one, state=State.UPDATED)], later(1))

            async def ids(query: Query) -> Sequence[RecordKey]:
                return [found.entity.key for found in await session.list(TEACHERS, query)]

            first, second, gone = (key_of(TEACHERS, n) for n in (1, 2, GONE))
            assert await ids(Query()) == [second, first]
            assert await ids(Query(with_deleted=True)) == [second, gone, first]
            assert await ids(Query(state=State.NEW)) == [second]
            assert await ids(Query(state=State.UPDATED)) == [first]
            assert await ids(Query(updated_since=later(1))) == [first]
            assert await ids(Query(updated_since=later(1.001))) == []
            assert await ids(Query(updated_since=BEGAN, state=State.NEW, with_deleted=True)) == [second, gone]
            after = Cursor(BEGAN, second)
            assert await ids(Query(after=after, updated_since=BEGAN, with_deleted=True)) == [gone, first]

    async def test_a_list_gives_records_whole(self, store: Store) -> None:
        """The same as asked for by id."""
        async with ours(store) as session:
            page = await session.list(GRADES, Query())
            found = await session.stored(GRADES, [one.entity.key for one in page])
            assert list(page) == [found[key_of(GRADES, n)] for n in THERE]

    async def test_records_are_counted_by_state(self, store: Store) -> None:
        """Live ones by their last change, parked ones by why they are parked."""
        async with ours(store) as session:
            one = changed(STUDENTS, sample(STUDENTS, 1), city="1")
            await session.write(STUDENTS, [row(STUDENTS, one, state=State.UPDATED)], later(1))
            await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 20))], later(1))
            await session.park([parked(STUDENTS, 21, BEGAN, state=State.ERROR), parked(STUDENTS, 22, BEGAN)])
            counted = {state: n for state, n in (await session.count(STUDENTS)).items() if n}
            assert counted == {State.NEW: 2, State.UPDATED: 1, State.INVALID: 2, State.ERROR: 1}
            await session.delete(STUDENTS, [key_of(STUDENTS, n) for n in (1, 2, 20)], later(2))
            counted = {state: n for state, n in (await session.count(STUDENTS)).items() if n}
            assert counted == {State.INVALID: 2, State.ERROR: 1}
            counted = {state: n for state, n in (await session.count(ENROLLMENTS)).items() if n}
            assert counted == {State.NEW: len(THERE)}
