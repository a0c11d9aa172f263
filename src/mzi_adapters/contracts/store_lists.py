"""What a store promises about lists: an order that pages can rely on, and every row once."""

from collections.abc import Sequence

import attrs

from mzi_adapters.contracts.furnished import BEGAN, GONE, THERE, held, later, ours
from mzi_adapters.contracts.samples import bare, changed, row, sample, zoho_id
from mzi_core.modules import CLASSES, ENROLLMENTS, GRADES, REGISTRATIONS, STUDENTS, TEACHERS, Teacher
from mzi_core.ports import Cursor, Held, Query, Session, Store, Stored
from mzi_core.values import Parent, State, ZohoId

ENDLESS = 100
"""More rows than any list here has: whoever sees so many goes round in circles."""


async def _walk(session: Session, query: Query) -> list[Stored[Teacher]]:
    """Every page of a list of teachers, one after another."""
    found: list[Stored[Teacher]] = []
    while page := await session.list(TEACHERS, query):
        assert len(page) <= query.limit
        found += page
        assert len(found) <= ENDLESS
        query = attrs.evolve(query, after=Cursor(page[-1].updated_at, page[-1].entity.zoho_id))
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
            assert [one.entity.zoho_id for one in page] == ["z", "10", "9", "B", "b", "é"]

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

            async def ids(query: Query) -> Sequence[ZohoId]:
                return [found.entity.zoho_id for found in await session.list(TEACHERS, query)]

            first, second, gone = (zoho_id(TEACHERS, n) for n in (1, 2, GONE))
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
            found = await session.stored(GRADES, [one.entity.zoho_id for one in page])
            assert list(page) == [found[zoho_id(GRADES, n)] for n in THERE]

    async def test_records_are_counted_by_state(self, store: Store) -> None:
        """Live ones by their last change, held ones by why they are held."""
        async with ours(store) as session:
            one = changed(STUDENTS, sample(STUDENTS, 1), city="1")
            await session.write(STUDENTS, [row(STUDENTS, one, state=State.UPDATED)], later(1))
            await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 20))], later(1))
            await session.hold([held(STUDENTS, 21, BEGAN, state=State.ERROR), held(STUDENTS, 22, BEGAN)])
            counted = {state: n for state, n in (await session.count(STUDENTS)).items() if n}
            assert counted == {State.NEW: 2, State.UPDATED: 1, State.INVALID: 2, State.ERROR: 1}
            await session.delete(STUDENTS, [zoho_id(STUDENTS, n) for n in (1, 2, 20)], later(2))
            counted = {state: n for state, n in (await session.count(STUDENTS)).items() if n}
            assert counted == {State.INVALID: 2, State.ERROR: 1}
            counted = {state: n for state, n in (await session.count(ENROLLMENTS)).items() if n}
            assert counted == {State.NEW: len(THERE)}


class HeldPromises:
    """Records kept aside."""

    async def test_a_held_record_comes_back_as_it_came(self, store: Store) -> None:
        """Whatever JSON can say, even what no column keeps; with its reasons and what it waits for."""
        async with ours(store) as session:
            records: tuple[object, ...] = (
                {"id": "1", "Name": "رنا", "Deep": [{"a": [1, 2.5, -0.1, 1e300, None, True, ""]}], "": 2**80},
                [],
                "text with \x00 and \ud83d and 🎓",
                None,
                0.30000000000000004,
                {"z": 1, "a": 2},
            )
            for n, record in enumerate(records, start=30):
                for waits_for in (None, Parent("students", ZohoId("7"))):
                    one = attrs.evolve(held(CLASSES, n, later(n), waits_for=waits_for), record=record)
                    await session.hold([one])
                    assert await session.held("classes", [one.zoho_id]) == {one.zoho_id: one}

    async def test_a_held_record_takes_the_place_of_the_one_before(self, store: Store) -> None:
        """One to a module and id."""
        async with ours(store) as session:
            parent = Parent("students", ZohoId("7"))
            first = held(CLASSES, 30, later(1), waits_for=parent)
            second = attrs.evolve(held(CLASSES, 30, later(2), state=State.ERROR), record=[1], reasons=())
            other = held(STUDENTS, 30, later(1))
            await session.hold([first, attrs.evolve(other, zoho_id=first.zoho_id)])
            await session.hold([second])
            assert await session.held("classes", [first.zoho_id]) == {first.zoho_id: second}
            assert await session.waiting_for("students", [parent.zoho_id], 9) == []
            assert list(await session.held("students", [first.zoho_id])) == [first.zoho_id]

    async def test_holding_and_releasing_nothing_is_no_error(self, store: Store) -> None:
        """Nor is releasing what is not held."""
        async with ours(store) as session:
            await session.hold([])
            await session.release("classes", [])
            await session.release("classes", [ZohoId("nowhere")])
            assert await session.held("classes", []) == {}

    async def test_released_records_are_forgotten(self, store: Store) -> None:
        """Of this module and under these ids, no others."""
        async with ours(store) as session:
            many = [held(CLASSES, 1000 + n, later(1)) for n in range(1201)]
            await session.hold(many)
            ids = [one.zoho_id for one in many]
            assert await session.held("classes", ids) == {one.zoho_id: one for one in many}
            await session.release("students", ids)
            await session.release("classes", ids[1:])
            assert list(await session.held("classes", ids)) == ids[:1]

    async def test_held_records_are_listed_by_time_and_id(self, store: Store) -> None:
        """In pages that show every one once, also where several were held at one moment."""
        async with ours(store) as session:
            wanted = [held(CLASSES, n, at) for at, n in ((later(1), 32), (later(1), 33), (later(2), 30))]
            wanted.append(held(CLASSES, 31, later(2), state=State.ERROR))
            await session.hold(wanted[::-1])
            for limit in (1, 2, 3, 4, 9):
                found: list[Held] = []
                query = Query(limit=limit)
                while page := await session.held_list("classes", query):
                    assert len(page) <= limit
                    found += page
                    assert len(found) <= ENDLESS
                    query = attrs.evolve(query, after=Cursor(page[-1].held_at, page[-1].zoho_id))
                assert found == wanted

    async def test_held_lists_can_be_narrowed(self, store: Store) -> None:
        """By state, and by time (that moment included)."""
        async with ours(store) as session:
            old, new = held(CLASSES, 30, later(1)), held(CLASSES, 31, later(2), state=State.ERROR)
            await session.hold([old, new])
            assert await session.held_list("classes", Query(state=State.INVALID)) == [old]
            assert await session.held_list("classes", Query(state=State.ERROR)) == [new]
            assert await session.held_list("classes", Query(updated_since=later(2))) == [new]
            assert await session.held_list("classes", Query()) == [old, new]

    async def test_what_waits_for_a_record_is_found_oldest_first(self, store: Store) -> None:
        """In whichever module it is; limited; what is refused for good waits for nothing."""
        async with ours(store) as session:
            seven, eight = Parent("students", ZohoId("7")), Parent("students", ZohoId("8"))
            third = held(CLASSES, 30, later(3), waits_for=seven)
            first = held(REGISTRATIONS, 31, later(1), waits_for=seven)
            second = held(CLASSES, 32, later(2), waits_for=eight)
            strange = held(CLASSES, 33, later(1), waits_for=Parent("units", ZohoId("7")))
            await session.hold([third, first, second, strange, held(CLASSES, 34, later(1))])
            both = [seven.zoho_id, eight.zoho_id]
            assert await session.waiting_for("students", both, 9) == [first, second, third]
            assert await session.waiting_for("students", both, 2) == [first, second]
            assert await session.waiting_for("students", both[1:], 9) == [second]
            assert await session.waiting_for("students", [], 9) == []
            assert await session.waiting_for("teachers", both, 9) == []

    async def test_any_number_of_parents_may_be_waited_for(self, store: Store) -> None:
        """The oldest of all of them come first, whichever parent they wait for."""
        async with ours(store) as session:
            waiting = [
                held(CLASSES, 1000 + n, later(2000 - n), waits_for=Parent("units", ZohoId(str(n))))
                for n in range(1201)
            ]
            await session.hold(waiting)
            ids = [ZohoId(str(n)) for n in range(1201)]
            assert await session.waiting_for("units", ids, 3) == waiting[:-4:-1]
            assert len(await session.waiting_for("units", ids, 5000)) == 1201
