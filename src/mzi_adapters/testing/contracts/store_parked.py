"""What a store promises about parked records."""

import attrs

from mzi_adapters.testing.contracts.fixtures import later, ours, parked
from mzi_core.modules import CLASSES, REGISTRATIONS, STUDENTS
from mzi_core.ports import Cursor, ParkedRecord, Query, Store
from mzi_core.values import Parent, State, ZohoId

ENDLESS = 100
"""More rows than any list here has: whoever sees so many goes round in circles."""


class ParkedRecordPromises:
    """Parked records."""

    async def test_a_parked_record_comes_back_as_it_came(self, store: Store) -> None:
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
                one = attrs.evolve(parked(CLASSES, n, later(n)), record=record)
                parent = Parent("students", ZohoId("7"))
                beside = attrs.evolve(one, waits_for=parent, waiting={"id": one.key, "all": list(records)})
                for each in (one, attrs.evolve(one, waits_for=parent), beside):
                    await session.park([each])
                    assert await session.parked("classes", [one.key]) == {one.key: each}
                assert await session.waiting_for("students", [parent.key], 9) == [beside]
                await session.unpark("classes", [one.key])

    async def test_a_parked_record_takes_the_place_of_the_one_before(self, store: Store) -> None:
        """One to a module and id."""
        async with ours(store) as session:
            parent = Parent("students", ZohoId("7"))
            first = attrs.evolve(parked(CLASSES, 30, later(1), waits_for=parent), waiting={"id": "30"})
            second = attrs.evolve(parked(CLASSES, 30, later(2), state=State.ERROR), record=[1], reasons=())
            other = parked(STUDENTS, 30, later(1))
            await session.park([first, attrs.evolve(other, key=first.key)])
            await session.park([second])
            assert await session.parked("classes", [first.key]) == {first.key: second}
            assert await session.waiting_for("students", [parent.key], 9) == []
            assert list(await session.parked("students", [first.key])) == [first.key]

    async def test_parking_and_unparking_nothing_is_no_error(self, store: Store) -> None:
        """Nor is releasing what is not parked."""
        async with ours(store) as session:
            await session.park([])
            await session.unpark("classes", [])
            await session.unpark("classes", [ZohoId("nowhere")])
            assert await session.parked("classes", []) == {}

    async def test_unparked_records_are_forgotten(self, store: Store) -> None:
        """Of this module and under these ids, no others."""
        async with ours(store) as session:
            many = [parked(CLASSES, 1000 + n, later(1)) for n in range(1201)]
            await session.park(many)
            ids = [one.key for one in many]
            assert await session.parked("classes", ids) == {one.key: one for one in many}
            await session.unpark("students", ids)
            await session.unpark("classes", ids[1:])
            assert list(await session.parked("classes", ids)) == ids[:1]

    async def test_parked_records_are_listed_by_time_and_id(self, store: Store) -> None:
        """In pages that show every one once, also where several were parked at one moment."""
        async with ours(store) as session:
            wanted = [parked(CLASSES, n, at) for at, n in ((later(1), 32), (later(1), 33), (later(2), 30))]
            wanted.append(parked(CLASSES, 31, later(2), state=State.ERROR))
            await session.park(wanted[::-1])
            for limit in (1, 2, 3, 4, 9):
                found: list[ParkedRecord] = []
                query = Query(limit=limit)
                while page := await session.parked_list("classes", query):
                    assert len(page) <= limit
                    found += page
                    assert len(found) <= ENDLESS
                    query = attrs.evolve(query, after=Cursor(page[-1].parked_at, page[-1].key))
                assert found == wanted

    async def test_parked_lists_can_be_narrowed(self, store: Store) -> None:
        """By state, and by time (that moment included)."""
        async with ours(store) as session:
            old, new = parked(CLASSES, 30, later(1)), parked(CLASSES, 31, later(2), state=State.ERROR)
            await session.park([old, new])
            assert await session.parked_list("classes", Query(state=State.INVALID)) == [old]
            assert await session.parked_list("classes", Query(state=State.ERROR)) == [new]
            assert await session.parked_list("classes", Query(updated_since=later(2))) == [new]
            assert await session.parked_list("classes", Query()) == [old, new]

    async def test_what_waits_for_a_record_is_found_oldest_first(self, store: Store) -> None:
        """In whichever module it is; limited; what is refused for good waits for nothing."""
        async with ours(store) as session:
            seven, eight = Parent("students", ZohoId("7")), Parent("students", ZohoId("8"))
            third = parked(CLASSES, 30, later(3), waits_for=seven)
            first = parked(REGISTRATIONS, 31, later(1), waits_for=seven)
            second = parked(CLASSES, 32, later(2), waits_for=eight)
            strange = parked(CLASSES, 33, later(1), waits_for=Parent("units", ZohoId("7")))
            await session.park([third, first, second, strange, parked(CLASSES, 34, later(1))])
            both = [seven.key, eight.key]
            assert await session.waiting_for("students", both, 9) == [first, second, third]
            assert await session.waiting_for("students", both, 2) == [first, second]
            assert await session.waiting_for("students", both[1:], 9) == [second]
            assert await session.waiting_for("students", [], 9) == []
            assert await session.waiting_for("teachers", both, 9) == []

    async def test_any_number_of_parents_may_be_waited_for(self, store: Store) -> None:
        """The oldest of all of them come first, whichever parent they wait for."""
        async with ours(store) as session:
            waiting = [
                parked(CLASSES, 1000 + n, later(2000 - n), waits_for=Parent("units", ZohoId(str(n))))
                for n in range(1201)
            ]
            await session.park(waiting)
            ids = [ZohoId(str(n)) for n in range(1201)]
            assert await session.waiting_for("units", ids, 3) == waiting[:-4:-1]
            assert len(await session.waiting_for("units", ids, 5000)) == 1201
