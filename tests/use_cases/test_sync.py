"""Batches of Zoho records through the real use case, over memory."""

import json
import random
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import permutations
from typing import Any, cast

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.repetitions import often
from tests.strategies import texts

from mzi_adapters.files import JsonLine
from mzi_adapters.memory import MemoryStore
from mzi_adapters.memory.store import MemorySession
from mzi_adapters.testing.college import build
from mzi_adapters.testing.harness import Harness
from mzi_adapters.zoho import ZohoCodec
from mzi_core import fingerprints
from mzi_core.decide import Write
from mzi_core.errors import KeyReused, SourceChanged, StoreRefused, UnknownTenant
from mzi_core.mapping import FieldMapping
from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE, STUDENTS, ZOHO_CATALOGUE
from mzi_core.page_decisions import NewRows, RecordUpdate
from mzi_core.ports import Lock, ParkedRecord, Query, Session
from mzi_core.use_cases.sync import REMEMBERED, IdempotencyKey, Replay
from mzi_core.values import DEFAULT_TENANT, BatchResult, Code, Parent, State, TenantId, ZohoId

Record = dict[str, Any]


def student(n: object, **more: Any) -> Record:
    return {"id": str(n), "Name": f"A{n}", "Academic_Email": f"s{n}@b.example", **more}


def clazz(n: object, **more: Any) -> Record:
    return {"id": str(n), "Class_Name": f"C{n}", **more}


def enrollment(n: object, student: object, clazz: object) -> Record:
    return {"id": str(n), "Enrolled_Students": {"id": str(student)}, "Classes": {"id": str(clazz)}}


async def sync(mzi: Harness, module: str, *records: object, **how: Any) -> BatchResult:
    result = await mzi.use_cases.sync(how.pop("tenant", DEFAULT_TENANT), CATALOGUE[module], records, **how)
    assert isinstance(result, BatchResult)
    return result


def states(result: BatchResult) -> list[str]:
    return [outcome.state.value for outcome in result.outcomes]


async def contents(mzi: Harness, tenant: TenantId = DEFAULT_TENANT) -> dict[str, Any]:
    """Everything a tenant has, without our own ids and times."""
    found: dict[str, Any] = {}
    async with mzi.store.begin(tenant) as session:
        for module in ZOHO_CATALOGUE:
            rows = await session.list(module, Query(limit=10**6))
            held = await session.parked_list(module.name, Query(limit=10**6))
            found[module.name] = {row.entity.key: (row.entity, row.fingerprint) for row in rows}
            found[f"held {module.name}"] = {h.key: (h.reasons, h.waits_for) for h in held}
    return found


async def parked(mzi: Harness, enrollment: str) -> ParkedRecord:
    async with mzi.store.begin(DEFAULT_TENANT) as session:
        return (await session.parked("enrollments", [ZohoId(enrollment)]))[ZohoId(enrollment)]


async def test_records_are_new_and_the_second_time_unchanged() -> None:
    mzi = Harness()
    assert states(await sync(mzi, "students", student(1), student(2))) == ["NEW", "NEW"]
    before = await contents(mzi)
    again = await sync(mzi, "students", student(1), student(2))
    assert states(again) == ["UNCHANGED", "UNCHANGED"]
    assert await contents(mzi) == before
    assert again.complete
    assert again.summary == {"NEW": 0, "UPDATED": 0, "UNCHANGED": 2, "INVALID": 0, "ERROR": 0}


async def test_positions_count_from_where_the_caller_says() -> None:
    result = await sync(Harness(), "students", student(1), {}, first_position=40)
    assert [outcome.position for outcome in result.outcomes] == [40, 41]


async def test_an_unchanged_record_costs_no_write() -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1))
    mzi.clock.advance(timedelta(days=1))
    await sync(mzi, "students", student(1))
    shown = await mzi.use_cases.show_record(DEFAULT_TENANT, CATALOGUE["students"], ZohoId("1"))
    assert shown.stored is not None
    assert shown.stored.updated_at == shown.stored.created_at == mzi.clock.now() - timedelta(days=1)


async def test_an_update_keeps_our_id_and_when_it_was_first_stored() -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1))
    first = await mzi.use_cases.show_record(DEFAULT_TENANT, CATALOGUE["students"], ZohoId("1"))
    mzi.clock.advance(timedelta(days=1))
    await sync(mzi, "students", student(1, City="Irbid"))
    second = await mzi.use_cases.show_record(DEFAULT_TENANT, CATALOGUE["students"], ZohoId("1"))
    assert first.stored is not None
    assert second.stored is not None
    assert (second.stored.id, second.stored.created_at) == (first.stored.id, first.stored.created_at)
    assert second.stored.updated_at == mzi.clock.now()
    assert second.stored.state is State.UPDATED


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every record that is read, be it plain or not."""
    found: list[object] = []
    plain, judged = ZohoCodec.plain_reader, ZohoCodec.decoder

    def noting(records: Sequence[object], reader: Any) -> Any:
        found.extend(records)
        return reader(records)

    def plain_reader(self: ZohoCodec, module: Any, overlay: Any) -> Any:
        return partial(noting, reader=plain(self, module, overlay))

    def decoder(self: ZohoCodec, module: Any, overlay: Any) -> Any:
        return lambda record: noting([record], lambda records: judged(self, module, overlay)(*records))

    monkeypatch.setattr(ZohoCodec, "plain_reader", plain_reader)
    monkeypatch.setattr(ZohoCodec, "decoder", decoder)
    return found


async def test_a_record_that_says_the_same_word_for_word_is_not_even_read(read: list[object]) -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1), student(2), student(3))
    read.clear()
    again = await sync(mzi, "students", student(1), student(2, City="x"), {**student(3), "$x": 1}, None)
    assert states(again) == ["UNCHANGED", "UPDATED", "UNCHANGED", "INVALID"]
    assert [outcome.key for outcome in again.outcomes] == ["1", "2", "3", None]
    assert read == [None, student(2, City="x")] or read == [student(2, City="x"), None]


async def test_what_cannot_be_marked_is_read_every_time() -> None:
    """A Decimal is no value of JSON; whatever it says, it is never taken for what it said before."""
    mzi = Harness()
    for number, state in ((1, "NEW"), (1, "UNCHANGED"), (2, "UPDATED")):
        assert states(await sync(mzi, "students", student(1, City=Decimal(number)))) == [state]


async def test_a_record_that_comes_twice_in_a_page_is_judged_though_it_says_what_it_said_before() -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1))
    again = await sync(mzi, "students", student(1, City="x"), student(1))
    assert states(again) == ["UPDATED", "UPDATED"]
    assert (await contents(mzi))["students"]["1"][0].city is None


def line(record: object) -> JsonLine:
    return JsonLine(json.dumps(record).encode())


async def test_lines_are_taken_like_the_records_on_them() -> None:
    mzi, other = Harness(), Harness()
    records = [student(1), student(2), {"id": "3"}, 7, student(4, id=4)]
    first = await sync(mzi, "students", *map(line, records))
    assert first == await sync(other, "students", *records)
    assert await contents(mzi) == await contents(other)
    changed = [student(1), student(2, City="x"), {"id": "3"}, 7, student(4, id=4, City="y")]
    again = await sync(mzi, "students", *map(line, changed))
    assert states(again) == ["UNCHANGED", "UPDATED", "INVALID", "INVALID", "UPDATED"]
    assert again == await sync(other, "students", *changed)
    assert await contents(mzi) == await contents(other)


async def test_a_line_that_says_the_same_is_not_even_parsed(read: list[object]) -> None:
    mzi = Harness()
    await sync(mzi, "students", line(student(1)), line(student(2)))
    read.clear()
    again = await sync(mzi, "students", line(student(1)), line(student(2, City="x")))
    assert states(again) == ["UNCHANGED", "UPDATED"]
    assert read == [line(student(2, City="x"))]


async def test_another_format_of_fingerprints_costs_a_comparison_and_no_update(
    monkeypatch: pytest.MonkeyPatch, read: list[object]
) -> None:
    """At the first sync in which the record is read again; whatever it says word for word."""
    mzi = Harness()
    await sync(mzi, "students", student(1), student(2))
    before = await contents(mzi)
    shown = await mzi.use_cases.show_record(DEFAULT_TENANT, CATALOGUE["students"], ZohoId("1"))
    monkeypatch.setattr(fingerprints, "FORMAT", fingerprints.FORMAT + 1)
    mzi.clock.advance(timedelta(days=1))
    again = [
        student(1, Modified_Time="2026-02-16T09:00:00Z"),
        student(2, Modified_Time="2026-02-16T09:00:00Z"),
    ]
    assert states(await sync(mzi, "students", *again)) == ["UNCHANGED", "UNCHANGED"]
    after = await contents(mzi)
    assert all(after["students"][n][1] != before["students"][n][1] for n in ("1", "2"))
    now = await mzi.use_cases.show_record(DEFAULT_TENANT, CATALOGUE["students"], ZohoId("1"))
    assert now.stored is not None
    assert shown.stored is not None
    assert now.stored.updated_at == shown.stored.updated_at
    read.clear()
    assert states(await sync(mzi, "students", *again)) == ["UNCHANGED", "UNCHANGED"]
    assert (read, await contents(mzi)) == ([], after)


async def test_a_field_that_is_declared_later_costs_one_comparison(read: list[object]) -> None:
    """Only of records that have it the field is told as a change."""
    mzi, older = Harness(), attrs.evolve(CATALOGUE["students"])
    older.__dict__["fields"] = tuple(field for field in older.fields if field.name != "city")
    records = [student(1), student(2, City="x")]
    await mzi.use_cases.sync(DEFAULT_TENANT, older, records)
    before = await contents(mzi)
    mzi.clock.advance(timedelta(days=1))
    first = await sync(mzi, "students", *records)
    assert [outcome.changed_fields for outcome in first.outcomes] == [(), ("city",)]
    after = await contents(mzi)
    assert all(after["students"][n][1] != before["students"][n][1] for n in ("1", "2"))
    shown = await mzi.use_cases.show_record(DEFAULT_TENANT, CATALOGUE["students"], ZohoId("1"))
    assert shown.stored is not None
    assert shown.stored.updated_at == mzi.clock.now() - timedelta(days=1)
    read.clear()
    assert states(await sync(mzi, "students", *records)) == ["UNCHANGED", "UNCHANGED"]
    assert (read, await contents(mzi)) == ([], after)


async def test_a_line_whose_id_is_not_plain_is_known_by_what_it_says() -> None:
    """An id sent as a number; a version of it is parked already."""
    mzi = Harness()
    await sync(mzi, "students", line({"id": 5, "Name": "A5"}))
    assert list((await contents(mzi))["held students"]) == ["5"]
    (outcome,) = (await sync(mzi, "students", line({**student(5), "id": 5}))).outcomes
    assert (outcome.state, outcome.key) == (State.NEW, "5")
    (again,) = (await sync(mzi, "students", line({**student(5), "id": 5}))).outcomes
    assert again.state is State.UNCHANGED
    assert (await contents(mzi))["held students"] == {}


@pytest.mark.parametrize(
    "other",
    [
        JsonLine(b'{"id": 5, "Name": "N", "Academic_Email": "other@b.example"}'),
        JsonLine(b'{"id":"6","Name":"N","Academic_Email":"other@b.example","id":"5"}'),
    ],
    ids=["a number", "told twice"],
)
async def test_versions_of_a_record_are_taken_in_order_though_one_hides_its_id(other: JsonLine) -> None:
    """Whichever is the first of them: also where the other says what it said before."""
    usual = JsonLine(json.dumps(student(5), separators=(",", ":")).encode())
    for records in ([other, usual], [usual, other]):
        mzi = Harness()
        for _ in range(2):
            await sync(mzi, "students", *records)
            last = (await contents(mzi))["students"]["5"][0]
            assert last.academic_email == ("s5@b.example" if records[0] is other else "other@b.example")


async def test_an_older_version_stays_stale_though_a_newer_one_said_nothing_new() -> None:
    mzi = Harness()
    for hour, city in ((1, "A"), (3, "A"), (2, "B")):
        last = await sync(mzi, "students", student(1, City=city, Modified_Time=f"2026-02-01T0{hour}:00:00Z"))
    assert states(last) == ["UNCHANGED"]
    assert last.outcomes[0].message == "A newer version of this record is already stored."
    assert (await contents(mzi))["students"]["1"][0].city == "A"


async def test_what_was_noticed_about_a_record_is_told_every_time() -> None:
    mzi = Harness()
    for state in ("NEW", "UNCHANGED", "UNCHANGED"):
        result = await sync(mzi, "students", student(1, City="CafÃ©"))
        assert states(result) == [state]
        assert [r.code for r in result.outcomes[0].reasons] == [Code.MOJIBAKE]


async def test_a_new_mapping_reads_everything_again() -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1, Intake="Autumn"))
    await mzi.use_cases.map_fields(
        DEFAULT_TENANT, CATALOGUE["students"], [FieldMapping("extra.intake", "Intake")]
    )
    again = await sync(mzi, "students", student(1, Intake="Autumn"))
    assert [o.changed_fields for o in again.outcomes] == [("extra.intake",)]


async def test_a_refused_version_is_forgotten_when_the_stored_one_comes_again() -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1))
    await sync(mzi, "students", student(1, Birth_Date="soon"))
    assert states(await sync(mzi, "students", student(1))) == ["UNCHANGED"]
    assert (await contents(mzi))["held students"] == {}


async def _with_a_deleted_student(moodle_id: int) -> Harness:
    mzi = Harness()
    await sync(mzi, "students", student(1, Student_Moodle_ID=moodle_id))
    async with mzi.store.begin(DEFAULT_TENANT) as session:
        await session.delete(CATALOGUE["students"], [ZohoId("1")], mzi.clock.now())
    return mzi


@pytest.mark.parametrize("more", [{}, {"City": 5}], ids=["plain", "odd"])
async def test_a_deleted_record_that_returns_before_another_claims_its_link_keeps_it(more: Record) -> None:
    mzi = await _with_a_deleted_student(7)
    result = await sync(mzi, "students", student(1, **more), student(2, Student_Moodle_ID=7))
    assert states(result) == ["UPDATED", "INVALID"]
    assert "`Student_Moodle_ID` already belongs to record 1." in result.outcomes[1].reasons[0].message


@pytest.mark.parametrize("together", [False, True], ids=["in two pages", "in one page"])
@pytest.mark.parametrize("said", [{}, {"Student_Moodle_ID": 7}], ids=["silent", "said"])
async def test_a_deleted_record_comes_back_without_a_link_that_is_anothers_by_now(
    together: bool, said: Record
) -> None:
    """It is told once whose it is; a new record that claims it is refused."""
    mzi = await _with_a_deleted_student(7)
    records = [student(2, Student_Moodle_ID=7), student(1, **said)]
    if not together:
        await sync(mzi, "students", records.pop(0))
    (*_, last) = (await sync(mzi, "students", *records)).outcomes
    (reason,) = last.reasons
    assert (last.state, reason.code, reason.path) == (
        State.UPDATED,
        Code.DUPLICATE,
        "$.Student_Moodle_ID",
    )
    assert reason.message.endswith("`Student_Moodle_ID` belongs to record 2.")
    back = (await mzi.use_cases.show_record(DEFAULT_TENANT, CATALOGUE["students"], "1")).stored
    assert back is not None
    assert (back.entity.moodle_userid, back.entity.moodle_userid_in_zoho) == (
        None,
        said.get("Student_Moodle_ID"),
    )
    assert states(await sync(mzi, "students", student(3, Student_Moodle_ID=7))) == ["INVALID"]
    (again,) = (await sync(mzi, "students", student(1, **said))).outcomes
    (changed,) = (await sync(mzi, "students", student(1, City="Irbid", **said))).outcomes
    assert (again.state, changed.state) == (State.UNCHANGED, State.UPDATED)
    assert [len(each.reasons) for each in (again, changed)] == [len(said)] * 2, "as long as Zoho says it"
    await sync(mzi, "students", student(2, Student_Moodle_ID=9))
    (free,) = (await sync(mzi, "students", student(1, City="Irbid", **said))).outcomes
    assert free.changed_fields == (("moodle_userid",) if said else ())


async def test_what_zoho_says_of_a_link_stands_beside_it() -> None:
    """A link that it was not told of yet, or that somebody emptied there, is one all the same."""
    mzi = Harness()

    async def taken(**said: Any) -> tuple[Any, ...]:
        (outcome,) = (await sync(mzi, "students", student(1, **said))).outcomes
        row = (await mzi.use_cases.show_record(DEFAULT_TENANT, CATALOGUE["students"], "1")).stored
        assert row is not None
        return (
            outcome.state,
            outcome.changed_fields,
            row.entity.moodle_userid,
            row.entity.moodle_userid_in_zoho,
        )

    assert await taken() == (State.NEW, (), None, None)
    await mzi.use_cases.amend(DEFAULT_TENANT, CATALOGUE["students"], {ZohoId("1"): {"moodle_userid": 7}})
    assert await taken() == (State.UNCHANGED, (), 7, None)
    assert await taken(Student_Moodle_ID=7) == (State.UPDATED, ("moodle_userid_in_zoho",), 7, 7)
    assert await taken(Student_Moodle_ID=None) == (State.UPDATED, ("moodle_userid_in_zoho",), 7, None)
    assert await taken(Student_Moodle_ID=8) == (State.UPDATED, ("moodle_userid",), 8, 8)


# parking


async def test_a_record_without_its_parents_waits_and_is_taken_when_the_last_one_arrives() -> None:
    mzi = Harness()
    parked = await sync(mzi, "enrollments", enrollment(9, 1, 5))
    assert states(parked) == ["INVALID"]
    assert parked.outcomes[0].parked
    assert [r.code for r in parked.outcomes[0].reasons] == [Code.DEPENDENCY_MISSING] * 2
    assert not parked.complete

    one_there = await sync(mzi, "students", student(1))
    assert one_there.released == ()
    both_there = await sync(mzi, "classes", clazz(5))
    assert [(o.module, o.key, o.state) for o in both_there.released] == [("enrollments", "9", State.NEW)]
    assert (await contents(mzi))["held enrollments"] == {}


async def test_a_chain_of_waiting_records_is_unparked_in_one_go() -> None:
    mzi = Harness()
    await sync(mzi, "payments", {"id": "p", "Registration_ID": "r", "Payment_Amount": 5})
    await sync(mzi, "registrations", {"id": "r", "Student_ID": "1", "Program": "g"})
    await sync(mzi, "programs", {"id": "g", "Product_Name": "P"})
    unparked = await sync(mzi, "students", student(1))
    assert [(o.position, o.module, o.state) for o in unparked.released] == [
        (0, "registrations", State.NEW),
        (1, "payments", State.NEW),
    ]


NOBODY: Record = {"Name": "somebody without an id"}
DONE: Sequence[Record] = (student(1), NOBODY, student(2), student(3))


async def _taken(
    mzi: Harness,
    records: Sequence[Record],
    *,
    resume: bool,
    page: int = 1,
    stop: bool = False,
    untold: Collection[str] = (),
) -> list[int]:
    """How far a sync of `records` is after each page; it may break off behind them."""

    async def pages() -> AsyncGenerator[Sequence[Record], None]:
        for first in range(0, len(records), page):
            yield records[first : first + page]
        if stop:
            raise OSError("the line was cut")

    run = mzi.use_cases.bulk(DEFAULT_TENANT, STUDENTS, pages(), source="a", resume=resume, untold=untold)
    return [done.run.cursor async for done in run]


@pytest.mark.parametrize(
    "now",
    [
        [student(5), *DONE[1:], student(4)],
        [*DONE[:-1], student(5), student(4)],
        [*DONE[:2], student(5), DONE[3], student(4)],
        [DONE[0], DONE[2], DONE[1], DONE[3], student(4)],
        [*DONE[1:], student(4), student(5)],
        [student(4), *DONE],
        DONE[:-1],
        [],
    ],
    ids=["first", "last", "middle", "order", "one less", "one more", "shorter", "empty"],
)
async def test_a_stream_that_is_another_by_now_is_not_taken_up_where_it_was_stopped(
    now: Sequence[Record],
) -> None:
    mzi = Harness()
    with pytest.raises(OSError, match="the line was cut"):
        await _taken(mzi, DONE, resume=False, stop=True)
    with pytest.raises(SourceChanged) as refused:
        await _taken(mzi, now, resume=True)
    assert str(refused.value).startswith(
        "a is not what it was when it was stopped: the records that were done are not there in the same order"
    )
    assert await _taken(mzi, [*DONE, student(4)], resume=True) == [5]


@pytest.mark.parametrize("nobodies", [0, 2, 3], ids=["at no end", "at both ends", "alone"])
async def test_records_without_an_id_are_counted_among_those_that_were_done(nobodies: int) -> None:
    mzi = Harness()
    done = {0: DONE, 2: [NOBODY, *DONE, NOBODY], 3: [NOBODY] * 3}[nobodies]
    with pytest.raises(OSError, match="the line was cut"):
        await _taken(mzi, done, resume=False, stop=True)
    with pytest.raises(SourceChanged):
        await _taken(mzi, [*(student(n) for n in range(10, 10 + len(done))), student(4)], resume=True)
    assert await _taken(mzi, [*done, student(4)], resume=True) == [len(done) + 1]


async def test_a_stream_that_tells_other_fields_by_now_is_not_taken_up_where_it_was_stopped() -> None:
    """The records that were done would never learn what the new column says."""
    mzi = Harness()
    with pytest.raises(OSError, match="the line was cut"):
        await _taken(mzi, DONE, resume=False, stop=True, untold=["city", "gender"])
    with pytest.raises(SourceChanged):
        await _taken(mzi, DONE, resume=True, untold=["gender"])
    assert await _taken(mzi, [*DONE, student(4)], resume=True, untold=["gender", "city"]) == [5]


@pytest.mark.parametrize(("before", "after"), [(1, 3), (4, 1), (3, 5), (2, 2)])
async def test_pages_of_another_size_are_the_same_stream(before: int, after: int) -> None:
    mzi = Harness()
    with pytest.raises(OSError, match="the line was cut"):
        await _taken(mzi, DONE, resume=False, stop=True, page=before)
    with pytest.raises(OSError, match="the line was cut"):
        await _taken(mzi, [*DONE, student(4)], resume=True, page=after, stop=True)
    assert (await _taken(mzi, [*DONE, student(4), student(5)], resume=True, page=after))[-1] == 6


async def test_a_stream_with_nothing_left_in_it_is_taken_to_its_end() -> None:
    mzi = Harness()
    with pytest.raises(OSError, match="the line was cut"):
        await _taken(mzi, DONE, resume=False, stop=True)
    assert await _taken(mzi, DONE, resume=True) == []
    assert await _taken(mzi, DONE, resume=True) == [1, 2, 3, 4]


async def test_a_clock_that_was_set_back_takes_no_record_back_in_time() -> None:
    """Whoever lists what changed since the moment he was given last misses nothing."""
    mzi = Harness()
    await sync(mzi, "students", student(1), student(2))
    given_out = mzi.clock.now()
    mzi.clock.advance(-timedelta(hours=1))
    await sync(mzi, "students", student(1, City="Amman"), student(3), student(4))
    amend = mzi.use_cases.amend
    await amend(DEFAULT_TENANT, STUDENTS, {ZohoId("2"): {"city": "Irbid"}})
    async with mzi.store.read(DEFAULT_TENANT) as session:
        since = await session.list(STUDENTS, Query(updated_since=given_out))
        assert [row.entity.key for row in since] == ["1", "2", "3", "4"]
        assert {row.updated_at for row in since} == {given_out}


def raises_for(zoho_id: str, what: Any) -> Any:
    """As `what`, but for the entity or the record with this id."""

    def raising(about: Any, *more: Any) -> Any:
        if zoho_id in (getattr(about, "zoho_id", None), isinstance(about, dict) and about.get("id")):
            raise LookupError("quotes Rana")
        return what(about, *more)

    return raising


@attrs.frozen
class Faulty(ZohoCodec):
    """A codec with a fault in it: it cannot understand record 7, and reads nothing in the plain way."""

    def decoder(self, module: Any, overlay: Any) -> Any:
        return raises_for("7", super().decoder(module, overlay))

    def plain_reader(self, module: Any, overlay: Any) -> Any:
        return None


async def assert_only_record_7_is_an_error(mzi: Harness) -> None:
    result = await sync(mzi, "students", student(6), student(7), student(8))
    assert states(result) == ["NEW", "ERROR", "NEW"]
    (reason,) = result.outcomes[1].reasons
    assert (reason.code, reason.path) == (Code.UNFORESEEN, "$")
    assert reason.message == "It led to an error that mzi does not know (LookupError); please report it."
    async with mzi.store.read(DEFAULT_TENANT) as session:
        (parked,) = await session.parked_list("students", Query(state=State.ERROR))
    assert (parked.key, parked.waits_for) == ("7", None)
    assert states(await sync(mzi, "students", student(6), student(8))) == ["UNCHANGED"] * 2


async def test_a_record_whose_reading_raises_is_an_error_and_harms_no_other() -> None:
    await assert_only_record_7_is_an_error(Harness(codec=Faulty()))


async def test_a_record_whose_check_raises_is_an_error_and_harms_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whether it would be taken in the plain way or not."""
    monkeypatch.setitem(vars(STUDENTS), "check", raises_for("7", STUDENTS.check))
    await assert_only_record_7_is_an_error(Harness())


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The modules that the sessions had to themselves, one after the other."""
    taken: list[set[str]] = []

    async def lock(self: Session, locks: Sequence[Lock]) -> None:
        taken.append({lock.module for lock in locks if not lock.shared})

    monkeypatch.setattr(MemorySession, "lock", lock)
    return taken


BELOW_STUDENTS = {"students", "registrations", "payments", "enrollments", "grades", "requests"}


async def test_a_batch_for_whose_records_nobody_waits_has_its_module_alone(locked: list[set[str]]) -> None:
    """Whoever syncs classes, or payments, goes on meanwhile; so it is where somebody waits for another."""
    mzi = Harness()
    await sync(mzi, "students", student(1))
    await sync(mzi, "requests", {"id": "q", "Student": {"id": "7"}})
    await sync(mzi, "students", student(2), student(1, City="Amman"))
    assert locked == [{"students"}, {"requests"}, {"students"}]


async def test_a_batch_that_brings_what_somebody_waits_for_begins_again_with_all_that_may_wait(
    locked: list[set[str]],
) -> None:
    mzi = Harness()
    await sync(mzi, "requests", {"id": "q", "Student": {"id": "7"}})
    arrived = await sync(mzi, "students", student(1), student(7))
    assert states(arrived) == ["NEW", "NEW"]
    assert [(o.module, o.key, o.state) for o in arrived.released] == [("requests", "q", State.NEW)]
    assert locked == [{"requests"}, {"students"}, BELOW_STUDENTS]


@pytest.mark.parametrize(
    "hidden",
    [
        JsonLine(b'{"id":"8","Name":"A7","Academic_Email":"s7@b.example","id":"7"}'),
        {"id": {"of": "no use"}, "ID": "7", "Name": "A7", "Academic_Email": "s7@b.example"},
        {"id": 7, "Name": "A7", "Academic_Email": "s7@b.example"},
    ],
    ids=["said twice", "under another name", "as a number"],
)
async def test_who_waits_for_a_record_whose_id_does_not_show_at_once_is_unparked(
    hidden: object, locked: list[set[str]]
) -> None:
    mzi = Harness()
    await sync(mzi, "requests", {"id": "q", "Student": {"id": "7"}})
    arrived = await sync(mzi, "students", hidden)
    assert (states(arrived) == ["NEW"]) == bool(arrived.released)
    assert states(await sync(mzi, "students", student(7))) in (["NEW"], ["UPDATED"], ["UNCHANGED"])
    assert (await contents(mzi))["held requests"] == {}


async def test_an_identical_resend_after_the_parent_arrived_is_unchanged_not_ignored() -> None:
    mzi = Harness()
    await sync(mzi, "enrollments", enrollment(9, 1, 5))
    await sync(mzi, "students", student(1))
    await sync(mzi, "classes", clazz(5))
    assert states(await sync(mzi, "enrollments", enrollment(9, 1, 5))) == ["UNCHANGED"]


async def test_the_latest_parked_version_is_the_one_that_is_taken() -> None:
    mzi = Harness()
    await sync(mzi, "classes", clazz(5))
    await sync(mzi, "enrollments", enrollment(9, 1, 5) | {"Enrollment_Type": "old"})
    await sync(mzi, "enrollments", enrollment(9, 1, 5) | {"Enrollment_Type": "new"})
    await sync(mzi, "students", student(1))
    stored = (await contents(mzi))["enrollments"]["9"][0]
    assert stored.type == "new"


async def test_a_parked_update_does_not_touch_what_is_stored_until_its_parent_arrives() -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1))
    await sync(mzi, "classes", clazz(5))
    await sync(mzi, "enrollments", enrollment(9, 1, 5))
    assert states(await sync(mzi, "enrollments", enrollment(9, 1, 6))) == ["INVALID"]
    assert (await contents(mzi))["enrollments"]["9"][0].class_ == "5"
    unparked = await sync(mzi, "classes", clazz(6))
    assert [(o.state, o.changed_fields) for o in unparked.released] == [(State.UPDATED, ("class_",))]


OLD = enrollment(9, 1, 6) | {"Modified_Time": "2026-01-01T00:00:00Z"}
NEW = enrollment(9, 1, 5) | {"Modified_Time": "2026-02-01T00:00:00Z"}
SPOILT = NEW | {"Start_Date": "soon", "Modified_Time": "2026-03-01T00:00:00Z"}


async def test_a_parked_version_older_than_what_is_stored_meanwhile_is_dropped() -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1))
    await sync(mzi, "classes", clazz(5))
    await sync(mzi, "enrollments", OLD)
    await sync(mzi, "enrollments", NEW)
    assert (await contents(mzi))["held enrollments"] == {}
    assert (await sync(mzi, "classes", clazz(6))).released == ()


async def test_an_older_version_of_what_is_stored_is_stale_though_its_parent_is_missing() -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1))
    await sync(mzi, "classes", clazz(5))
    await sync(mzi, "enrollments", NEW)
    (outcome,) = (await sync(mzi, "enrollments", OLD)).outcomes
    assert (outcome.state, [r.code for r in outcome.reasons]) == (State.UNCHANGED, [Code.STALE])
    assert (await contents(mzi))["held enrollments"] == {}


@pytest.mark.parametrize("parents_come", range(4))
@pytest.mark.parametrize("versions", list(permutations([OLD, NEW, SPOILT])))
async def test_in_whatever_order_versions_and_parents_come_the_newest_good_one_is_stored(
    versions: tuple[Record, ...], parents_come: int
) -> None:
    """And a newer one that was refused stands beside it, for people to repair."""
    mzi = Harness()
    for place, version in enumerate((*versions, None)):
        if place == parents_come:
            await sync(mzi, "students", student(1))
            await sync(mzi, "classes", clazz(5), clazz(6))
        if version is not None:
            await sync(mzi, "enrollments", version)
    found = await contents(mzi)
    assert found["enrollments"]["9"][0].class_ == "5"
    held = await parked(mzi, "9")
    assert (held.record, held.waits_for, held.waiting) == (SPOILT, None, None)


async def test_a_version_that_waits_is_kept_beside_a_newer_one_that_is_refused() -> None:
    mzi = Harness()
    await sync(mzi, "students", student(1))
    await sync(mzi, "enrollments", NEW)
    await sync(mzi, "enrollments", SPOILT)
    held = await parked(mzi, "9")
    assert (held.record, [r.path for r in held.reasons]) == (SPOILT, ["$.Start_Date"])
    assert (held.waits_for, held.waiting) == (Parent("classes", ZohoId("5")), NEW)
    assert [o.state for o in (await sync(mzi, "classes", clazz(5))).released] == [State.NEW]


async def test_an_older_version_of_what_is_parked_changes_nothing() -> None:
    mzi = Harness()
    for version in (NEW, OLD):
        (outcome,) = (await sync(mzi, "enrollments", version)).outcomes
    assert (outcome.state, outcome.parked) == (State.UNCHANGED, False)
    assert [r.message for r in outcome.reasons] == ["A newer version of this record is already parked."]
    assert (await parked(mzi, "9")).record == NEW
    timeless = enrollment(9, 1, 5) | {"Enrollment_Type": "told last"}
    for version in (timeless, OLD):
        await sync(mzi, "enrollments", version)
    await sync(mzi, "students", student(1))
    await sync(mzi, "classes", clazz(5), clazz(6))
    stored = (await contents(mzi))["enrollments"]["9"][0]
    assert (stored.type, stored.class_) == ("told last", "5")


_ATTEMPTS = [
    {
        "userid": 5001,
        "courseid": 6001,
        "assignid": 7,
        "attemptnumber": n,
        "rawgrade": 1 + n,
        "timemodified": at,
    }
    for n, at in ((0, 100), (1, 200), (0, 300))
]


@pytest.mark.parametrize("parents_come", range(4))
@pytest.mark.parametrize("told", list(permutations(_ATTEMPTS)))
async def test_every_attempt_of_a_mark_is_kept_whenever_its_user_and_course_come(
    told: tuple[Record, ...], parents_come: int
) -> None:
    mzi = Harness()
    for place, attempt in enumerate((*told, None)):
        if place == parents_come:
            await sync(mzi, "moodle_courses", {"id": 6001, "fullname": "Networking"})
            await sync(mzi, "moodle_users", {"id": 5001, "username": "rana"})
        if attempt is not None:
            await sync(mzi, "moodle_marks", attempt)
    shown = await mzi.use_cases.show_record(DEFAULT_TENANT, CATALOGUE["moodle_marks"], "5001_6001_7")
    assert shown.stored is not None
    assert [(each.number, int(each.raw)) for each in shown.stored.entity.attempts] == [(0, 1), (1, 2)]
    assert shown.stored.entity.modified_at == datetime(1970, 1, 1, 0, 5, tzinfo=UTC)


async def test_more_waiting_records_than_a_page_are_all_unparked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mzi_core.use_cases.take_page.PAGE", 2)
    mzi = Harness()
    await sync(mzi, "classes", clazz(5))
    await sync(mzi, "enrollments", *(enrollment(n, 1, 5) for n in range(7)))
    unparked = await sync(mzi, "students", student(1))
    assert [o.state for o in unparked.released] == [State.NEW] * 7


# one bad record harms only itself


@attrs.define(slots=False)
class PickyStore(MemoryStore):
    """A store that will not hold some records, as a database refuses a value it cannot keep."""

    refuses: frozenset[str] = frozenset()

    def begin(self, tenant: TenantId, *, discard: bool = False) -> Any:
        return _Picky(super().begin(tenant, discard=discard), self.refuses)


@attrs.frozen
class _Picky:
    inner: Any
    refuses: frozenset[str]

    async def __aenter__(self) -> Session:
        return cast("Session", _Over(await self.inner.__aenter__(), self.refuses))

    async def __aexit__(self, *error: Any) -> Any:
        return await self.inner.__aexit__(*error)


class _Over:
    """A session that refuses, by whichever way they come."""

    def __init__(self, session: Session, refuses: frozenset[str]) -> None:
        self._session = session
        self._refuses = refuses

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def _look_at(self, ids: Iterable[str]) -> None:
        if not self._refuses.isdisjoint(ids):
            raise StoreRefused("The store cannot hold this.")

    async def write(self, module: AnyModule, rows: Sequence[Write[Any]], at: datetime) -> None:
        self._look_at(row.entity.key for row in rows)
        await self._session.write(module, rows, at)

    async def add(self, module: AnyModule, rows: NewRows, at: datetime) -> None:
        self._look_at(values[module.key_place] for values in rows.values)
        await self._session.add(module, rows, at)

    async def change(self, module: AnyModule, changes: Sequence[RecordUpdate], at: datetime) -> None:
        self._look_at(change.values[module.key_place] for change in changes)
        await self._session.change(module, changes, at)


async def test_a_change_that_the_store_refuses_is_an_error_of_its_own_too() -> None:
    store = PickyStore()
    mzi = Harness(store=store)
    await sync(mzi, "students", *(student(n) for n in range(1, 5)))
    store.refuses = frozenset({"3"})
    result = await sync(mzi, "students", *(student(n, City="Irbid") for n in range(1, 5)))
    assert states(result) == ["UPDATED", "UPDATED", "ERROR", "UPDATED"]
    assert list((await contents(mzi))["held students"]) == ["3"]


async def test_what_the_store_refuses_is_an_error_of_its_own_and_held() -> None:
    mzi = Harness(store=PickyStore(refuses=frozenset({"3"})))
    result = await sync(mzi, "students", *(student(n) for n in range(1, 8)))
    assert states(result) == ["NEW", "NEW", "ERROR", "NEW", "NEW", "NEW", "NEW"]
    assert [(r.code, r.path, r.message) for r in result.outcomes[2].reasons] == [
        (Code.STORAGE, "$", "The store cannot hold this.")
    ]
    found = await contents(mzi)
    assert set(found["students"]) == {"1", "2", "4", "5", "6", "7"}
    assert set(found["held students"]) == {"3"}


async def test_what_the_store_refuses_is_told_apart_from_what_claims_another_s_value() -> None:
    mzi = Harness(store=PickyStore(refuses=frozenset({"3"})))
    await sync(mzi, "students", student(1))
    address = student(1)["Academic_Email"]
    new = [student(2, Academic_Email=address), student(3), student(4)]
    result = await sync(mzi, "students", *map(line, new))
    assert [[reason.code for reason in outcome.reasons] for outcome in result.outcomes] == [
        [Code.DUPLICATE],
        [Code.STORAGE],
        [],
    ]


async def test_a_line_that_cannot_be_read_is_no_record_and_harms_none_beside_it() -> None:
    result = await sync(Harness(), "students", line(student(1)), JsonLine(b'{"id": "2",'))
    assert states(result) == ["NEW", "INVALID"]
    assert [reason.code for reason in result.outcomes[1].reasons] == [Code.NOT_AN_OBJECT]


async def test_a_field_that_is_not_told_and_is_empty_here_too_changes_nothing() -> None:
    """Of a plain record, and of one that is judged for what it claims."""
    mzi = Harness()
    await sync(mzi, "students", student(1), student(2))
    claims = student(2, Academic_Email=student(1)["Academic_Email"])
    result = await sync(mzi, "students", student(1, Major="IT"), claims, untold={"city"})
    assert [outcome.changed_fields for outcome in result.outcomes] == [("major",), ()]
    assert states(result) == ["UPDATED", "INVALID"]


async def test_nobody_is_unparked_by_a_parent_that_could_not_be_stored() -> None:
    mzi = Harness(store=PickyStore(refuses=frozenset({"1"})))
    await sync(mzi, "classes", clazz(5))
    await sync(mzi, "enrollments", enrollment(9, 1, 5))
    result = await sync(mzi, "students", student(1), student(1, City="x"))
    assert states(result) == ["ERROR", "ERROR"]
    assert [o.changed_fields for o in result.outcomes] == [(), ()]
    assert result.released == ()


async def test_a_released_record_the_store_refuses_stays_held_as_an_error() -> None:
    mzi = Harness(store=PickyStore(refuses=frozenset({"9"})))
    await sync(mzi, "classes", clazz(5))
    await sync(mzi, "enrollments", enrollment(9, 1, 5))
    unparked = await sync(mzi, "students", student(1))
    assert [o.state for o in unparked.released] == [State.ERROR]
    async with mzi.store.begin(DEFAULT_TENANT) as session:
        (held,) = (await session.parked("enrollments", [ZohoId("9")])).values()
    assert (held.state, held.waits_for) == (State.ERROR, None)


@settings(max_examples=often(40, gate=12))
@given(st.data())
async def test_a_bad_record_never_changes_what_becomes_of_another(data: st.DataObject) -> None:
    good = [student(n, City=data.draw(texts)) for n in range(6)]
    bad: list[object] = [
        {}, None, {"id": "b1"}, student("b2", Academic_Email="x@y"), student("b3", Birth_Date="soon"),
        student("b4", Academic_Email=good[0]["Academic_Email"].upper()), [], "x", {"id": {"deep": {}}},
    ]  # fmt: skip
    alone = await sync(Harness(), "students", *good)
    marked = [(True, r) for r in good] + [(False, r) for r in data.draw(st.lists(st.sampled_from(bad)))]
    order = data.draw(st.permutations(range(6, len(marked))))
    places = sorted(data.draw(st.lists(st.integers(0, 6), min_size=len(order), max_size=len(order))))
    mixed: list[tuple[bool, object]] = []
    for place in range(7):
        mixed += [marked[o] for o, p in zip(order, places, strict=True) if p == place]
        mixed += [marked[place]] if place < 6 else []
    first_good = next(i for i, (fine, _) in enumerate(mixed) if fine)
    mixed = mixed[first_good:]  # the double of good[0] must find its address taken
    result = await sync(Harness(), "students", *(record for _, record in mixed))
    assert len(result.outcomes) == len(mixed)
    assert [o.position for o in result.outcomes] == list(range(len(mixed)))
    kept = [o for o, (fine, _) in zip(result.outcomes, mixed, strict=True) if fine]
    lost = [o for o, (fine, _) in zip(result.outcomes, mixed, strict=True) if not fine]
    assert [o.state for o in kept] == [o.state for o in alone.outcomes]
    assert all(o.state is State.INVALID and o.reasons for o in lost)


@settings(max_examples=8)
@given(st.integers(0, 10**6), st.permutations(list(ZOHO_CATALOGUE)))
async def test_the_modules_may_come_in_any_order(seed: int, order: list[Any]) -> None:
    college = build(seed=seed, students=12)
    in_order, shuffled = Harness(), Harness()
    for mzi, modules in ((in_order, ZOHO_CATALOGUE.in_order()), (shuffled, order)):
        for module in modules:
            await sync(mzi, module.name, *college.records[module.name])
    assert await contents(shuffled) == await contents(in_order)


@settings(max_examples=8)
@given(st.integers(0, 10**6), st.integers(1, 50))
async def test_how_records_are_cut_into_pages_does_not_matter(seed: int, size: int) -> None:
    college = build(seed=seed, students=12)
    whole, cut = Harness(), Harness()
    for module in ZOHO_CATALOGUE.in_order():
        records = college.records[module.name]
        await sync(whole, module.name, *records)
        for start in range(0, len(records), size):
            await sync(cut, module.name, *records[start : start + size])
    assert await contents(cut) == await contents(whole)


async def test_a_whole_college_synced_twice_changes_nothing() -> None:
    mzi, college = Harness(), build(students=40)
    for module in ZOHO_CATALOGUE.in_order():
        await sync(mzi, module.name, *college.records[module.name])
    before = await contents(mzi)
    for module in ZOHO_CATALOGUE.in_order():
        records = list(college.records[module.name])
        random.Random(1).shuffle(records)
        again = await sync(mzi, module.name, *records)
        assert {State.NEW, State.UPDATED, State.ERROR} & {o.state for o in again.outcomes} == set()
        assert again.released == ()
    assert await contents(mzi) == before


# tenants, previews, idempotency


async def test_tenants_do_not_see_each_other() -> None:
    mzi = Harness()
    north = TenantId("north")
    await mzi.use_cases.add_tenant(north)
    await sync(mzi, "students", student(1))
    await sync(mzi, "enrollments", enrollment(9, 1, 5), tenant=north)
    assert states(await sync(mzi, "students", student(1, City="x"), tenant=north)) == ["NEW"]
    assert (await contents(mzi))["students"]["1"][0].city is None
    assert (await contents(mzi))["held enrollments"] == {}


async def test_an_unknown_tenant_is_refused_and_nothing_is_kept() -> None:
    mzi = Harness()
    with pytest.raises(UnknownTenant) as refused:
        await sync(mzi, "students", student(1), tenant=TenantId("nobody"))
    assert "`mzi tenants add nobody`" in str(refused.value)


async def test_a_dry_run_answers_the_same_and_keeps_nothing() -> None:
    mzi = Harness()
    await sync(mzi, "classes", clazz(5))
    await sync(mzi, "enrollments", enrollment(9, 1, 5))
    before = await contents(mzi)
    records = [student(1), student(2, Birth_Date="x"), student(1, City="x")]
    preview = await sync(mzi, "students", *records, dry_run=True)
    assert await contents(mzi) == before
    assert preview == await sync(mzi, "students", *records)
    assert states(preview) == ["NEW", "INVALID", "UPDATED"]
    assert [o.state for o in preview.released] == [State.NEW]


async def test_a_tenants_own_field_is_kept_and_its_change_is_a_change() -> None:
    mzi = Harness()
    await mzi.use_cases.map_fields(
        DEFAULT_TENANT, CATALOGUE["students"], [FieldMapping("extra.intake", "Intake")]
    )
    await sync(mzi, "students", student(1, Intake="Autumn"))
    again = await sync(mzi, "students", student(1, Intake="Spring"))
    assert [o.changed_fields for o in again.outcomes] == [("extra.intake",)]


def once(key: str = "k", digest: str = "d") -> IdempotencyKey:
    return IdempotencyKey(key, digest, lambda result: ",".join(states(result)))


async def replay(mzi: Harness, *records: object, **how: Any) -> BatchResult | Replay:
    return await mzi.use_cases.sync(DEFAULT_TENANT, CATALOGUE["students"], records, once=once(**how))


async def test_a_key_seen_before_replays_the_first_answer() -> None:
    mzi = Harness()
    first = await replay(mzi, student(1))
    assert isinstance(first, BatchResult)
    assert await replay(mzi, student(1)) == Replay("NEW")
    assert isinstance(await replay(mzi, student(1), key="other"), BatchResult)


async def test_a_key_with_another_request_is_refused() -> None:
    mzi = Harness()
    await replay(mzi, student(1))
    with pytest.raises(KeyReused) as refused:
        await replay(mzi, student(2), digest="other")
    assert refused.value.key == "k"


async def test_an_answer_with_a_refusal_is_never_frozen_but_its_key_is_bound() -> None:
    mzi = Harness()
    bad = {"id": "1", "Name": "A"}
    assert isinstance(await replay(mzi, student(2), bad), BatchResult)
    assert isinstance(await replay(mzi, student(2), bad), BatchResult)
    with pytest.raises(KeyReused):
        await replay(mzi, student(3), digest="other")


async def test_a_key_is_forgotten_on_time_even_if_no_other_is_kept() -> None:
    mzi = Harness()
    await replay(mzi, student(1))
    mzi.clock.advance(REMEMBERED)
    assert not isinstance(await replay(mzi, student(1)), BatchResult)
    mzi.clock.advance(timedelta(seconds=1))
    assert isinstance(await replay(mzi, student(2), digest="other"), BatchResult)


async def test_a_key_is_forgotten_in_the_end() -> None:
    mzi = Harness()
    await replay(mzi, student(1))
    mzi.clock.advance(REMEMBERED + timedelta(seconds=1))
    await replay(mzi, student(5), key="another")
    assert isinstance(await replay(mzi, student(2), digest="other"), BatchResult)
