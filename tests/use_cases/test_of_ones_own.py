"""What a program hands in: a module of its own, and ids from its own source."""

from typing import Annotated

import attrs

from mzi_adapters.testing.harness import Harness
from mzi_core.module import Module, ZohoEntity, lookup, zoho
from mzi_core.modules import CATALOGUE, STUDENTS, Catalogue
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.batches import locks_for
from mzi_core.values import DEFAULT_TENANT, RecordId, State, ZohoId


async def test_a_module_of_nobody_elses_is_synced_like_any_other() -> None:
    @attrs.frozen(kw_only=True)
    class Room(ZohoEntity):
        seats: Annotated[int | None, zoho("Seats", minimum=0)] = None

    rooms = Module(name="rooms", singular="room", remote_name="BTEC_Rooms", entity=Room)
    mzi = Harness()
    records = [{"id": "1", "Seats": "30"}, {"id": "2", "Seats": -1}]
    first = await mzi.use_cases.sync(DEFAULT_TENANT, rooms, records)
    assert [each.state for each in first.outcomes] == [State.NEW, State.INVALID]
    again = await mzi.use_cases.sync(DEFAULT_TENANT, rooms, records[:1])
    assert [each.state for each in again.outcomes] == [State.UNCHANGED]


@attrs.frozen(kw_only=True)
class Hall(ZohoEntity):
    """A hall of a college's own."""

    name: Annotated[str, zoho("Name")]


@attrs.frozen(kw_only=True)
class Booking(ZohoEntity):
    """A student's booking of a hall."""

    hall: Annotated[ZohoId, lookup("Hall")]
    student: Annotated[ZohoId, lookup("Student")]


HALLS = Module(name="halls", singular="hall", remote_name="BTEC_Halls", entity=Hall)
BOOKINGS = Module(
    name="bookings",
    singular="booking",
    remote_name="BTEC_Bookings",
    entity=Booking,
    depends_on={"hall": "halls", "student": "students"},
)
OURS = Catalogue((*CATALOGUE, HALLS, BOOKINGS))


async def test_records_of_a_catalogue_handed_in_wait_for_each_other() -> None:
    """Also for those of a declared module, and whichever comes last."""
    mzi = Harness(catalogue=OURS)
    sync = mzi.use_cases.sync
    booking = {"id": "9", "Hall": {"id": "1"}, "Student": {"id": "2"}}
    (waits,) = (await sync(DEFAULT_TENANT, BOOKINGS, [booking])).outcomes
    assert (waits.state, waits.parked) == (State.INVALID, True)
    assert (await sync(DEFAULT_TENANT, HALLS, [{"id": "1", "Name": "Aula"}])).released == ()
    student = {"id": "2", "Name": "A2", "Academic_Email": "a2@college.example"}
    (freed,) = (await sync(DEFAULT_TENANT, STUDENTS, [student])).released
    assert (freed.module, freed.state) == ("bookings", State.NEW)
    again = [booking, {**booking, "id": "10", "Hall": {"id": "77"}}]
    states = [each.state for each in (await sync(DEFAULT_TENANT, BOOKINGS, again)).outcomes]
    assert states == [State.UNCHANGED, State.INVALID]


async def test_a_record_that_is_judged_alone_finds_its_parent_in_the_catalogue_handed_in() -> None:
    mzi = Harness(catalogue=OURS)
    await mzi.use_cases.sync(DEFAULT_TENANT, HALLS, [{"id": "1", "Name": "Aula"}])
    student = {"id": "2", "Name": "A2", "Academic_Email": "a2@college.example"}
    await mzi.use_cases.sync(DEFAULT_TENANT, STUDENTS, [student])
    twice = [{"id": "9", "Hall": {"id": "1"}, "Student": {"id": "2"}}] * 2
    result = await mzi.use_cases.sync(DEFAULT_TENANT, BOOKINGS, twice)
    assert [each.state for each in result.outcomes] == [State.NEW, State.UNCHANGED]


def test_a_batch_shares_the_parents_of_its_catalogue() -> None:
    """While a booking is being parked, the hall it misses must not arrive unseen."""
    locks = locks_for(BOOKINGS, catalogue=OURS)
    assert {lock.module: lock.shared for lock in locks} == {
        "students": True,
        "halls": True,
        "bookings": False,
    }
    freeing = locks_for(HALLS, catalogue=OURS, unparking=True)
    assert {lock.module: lock.shared for lock in freeing} == {
        "students": True,
        "halls": False,
        "bookings": False,
    }


async def test_ids_may_come_one_at_a_time() -> None:
    @attrs.define
    class Single:
        made: int = 0

        def record_id(self) -> RecordId:
            self.made += 1
            return RecordId(f"id-{self.made}")

        def secret(self) -> str:
            return "s" * 32

    mzi = Harness()
    use_cases = UseCases.over(store=mzi.store, codec=mzi.codec, clock=mzi.clock, ids=Single())
    students = [{"id": str(n), "Name": f"A{n}", "Academic_Email": f"a{n}@b.example"} for n in range(2)]
    await use_cases.sync(DEFAULT_TENANT, STUDENTS, students)
    shown = [await use_cases.show_record(DEFAULT_TENANT, STUDENTS, str(n)) for n in range(2)]
    assert [each.stored.id for each in shown if each.stored is not None] == ["id-1", "id-2"]
    _, secret = await use_cases.new_key("a key", None)
    assert "s" * 32 in secret
