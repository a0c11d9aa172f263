"""What a program hands in: a module of its own, and ids from its own source."""

from typing import Annotated

import attrs

from mzi_adapters.testing.harness import Harness
from mzi_core.module import Entity, Module, zoho
from mzi_core.modules import STUDENTS
from mzi_core.use_cases import UseCases
from mzi_core.values import DEFAULT_TENANT, RecordId, State


async def test_a_module_of_nobody_elses_is_synced_like_any_other() -> None:
    @attrs.frozen(kw_only=True)
    class Room(Entity):
        seats: Annotated[int | None, zoho("Seats", minimum=0)] = None

    rooms = Module(name="rooms", singular="room", zoho_module="BTEC_Rooms", entity=Room)
    mzi = Harness()
    records = [{"id": "1", "Seats": "30"}, {"id": "2", "Seats": -1}]
    first = await mzi.use_cases.sync(DEFAULT_TENANT, rooms, records)
    assert [each.state for each in first.outcomes] == [State.NEW, State.INVALID]
    again = await mzi.use_cases.sync(DEFAULT_TENANT, rooms, records[:1])
    assert [each.state for each in again.outcomes] == [State.UNCHANGED]


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
