"""Whether a record is plain decides how soon it is taken, and never what becomes of it."""

import json
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.repetitions import often
from tests.use_cases.both_ways import (
    MAPPINGS,
    PLAIN,
    Record,
    Step,
    assert_alike,
    messy,
    plain_share,
    take,
    with_decimals,
)

from mzi_adapters.files import JsonLine
from mzi_adapters.memory import MemoryStore
from mzi_adapters.sql import open_store
from mzi_core.mapping import FieldMapping
from mzi_core.ports import Store

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
async def database(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    """One for all these tests: each example has tenants of its own."""
    path = tmp_path_factory.mktemp("both ways") / "mzi.db"
    shutil.copy(migrated, path)
    async with open_store(f"sqlite:///{path}") as store:
        yield store


@pytest.mark.parametrize("seed", range(often(12, gate=4)))
async def test_a_messy_college_comes_to_the_same(seed: int) -> None:
    steps = messy(seed)
    assert plain_share(steps) > 0.6  # otherwise both ways would be one
    await assert_alike(MemoryStore, steps, MAPPINGS if seed % 2 else {})


@pytest.mark.parametrize("seed", range(100, 100 + often(2, gate=1)))
async def test_a_messy_college_comes_to_the_same_in_a_database(seed: int, database: Store) -> None:
    await assert_alike(lambda: database, messy(seed, rounds=3))


# few ids, addresses and times, so that records often get into each other's way


def _one_of(*values: object) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def _lookup(*ids: str) -> st.SearchStrategy[Any]:
    return _one_of(*({"id": each} for each in ids), *ids, None)


_ids = _one_of("1", "2", "3", "4", "1", "2", "4", 1, 2, " 1 ", "x y")
_times = _one_of(None, "2026-03-01T10:00:00+03:00", "2026-03-02T10:00:00+03:00", "2026-03-02")
_links = _one_of(None, 7, 8, "7", 0, "x")
_words = _one_of(None, "", "A", "B", "A", "B", "CafÃ©", "${!X}", "\ud800", 5)
_amounts = _one_of(None, 5, 5.5, "5.00", "6 JOD", "6 EUR", "much")
_emails = _one_of(*(f"{name}@b.example" for name in "acdeA"), "a@b")

Fields = Mapping[str, st.SearchStrategy[Any]]


def _rows(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Record]]:
    return st.lists(st.fixed_dictionaries({}, optional=fields), max_size=2)


RECORDS: Mapping[str, tuple[Fields, Fields]] = {
    "students": (
        {"Name": _one_of("A"), "Academic_Email": _emails},
        {
            "Student_Moodle_ID": _links,
            "Moodle_Student_ID": _links,
            "City": _words,
            "Major": _words,
            "Modified_Time": _times,
            "Units_Passed_Count": _one_of(None, 1, 2, "x"),
            "Registration_Fees": _amounts,
        },
    ),
    "programs": ({"Product_Name": _one_of("P", "Q")}, {"Modified_Time": _times}),
    "classes": ({"Class_Name": _one_of("C", "D")}, {"Moodle_Class_ID": _links, "Modified_Time": _times}),
    "registrations": (
        {"Student_ID": _lookup("1", "2"), "Program": _lookup("1", "2")},
        {
            "Payment_Schedule": _rows(Installment_No=_one_of(1, 2, "x"), Installment_Amount=_amounts),
            "Program_Price": _amounts,
            "Currency": _one_of("JOD", "EUR", None),
            "Modified_Time": _times,
        },
    ),
    "payments": (
        {"Registration_ID": _lookup("1", "2", "3"), "Payment_Amount": _amounts},
        {"Note": _words, "SRM_Active": _one_of("no", "yes", None)},
    ),
    "units": (
        {"Name": _one_of("U", "V")},
        {
            "P1_description": _words,
            "P11_description": _words,
            "BTEC_Grading_Template_P1": _rows(P11_description=_words),
            "Unit_Credit": _amounts,
        },
    ),
    "grades": (
        {"Student": _lookup("1", "2")},
        {
            "Unit": _lookup("1", "2"),
            "Class": _lookup("1", "2"),
            "Moodle_Grade_ID": _links,
            "Moodle_Grade_Composite_Key": _one_of(None, "k", "l"),
            "Grade": _one_of("Merit", "M", "x", None),
            "Learning_Outcomes_Assessm": _rows(LO_Code=_words, LO_Score=_words),
        },
    ),
}
"""The fields that a record of each module has but for its id, and those that it may have."""

FORMS: Sequence[Callable[[Record], object]] = (
    *[lambda record: record] * 2,
    with_decimals,
    *[lambda record: JsonLine(json.dumps(record, separators=(",", ":")).encode())] * 4,
    lambda record: JsonLine(b" " + json.dumps(record).encode()),
    lambda record: JsonLine(json.dumps(record).encode()[:-2]),
    lambda record: JsonLine(json.dumps(record).encode()[:-1] + b',"id":"2"}'),
    lambda record: JsonLine(b'{"id":"1",' + json.dumps(record).encode()[1:]),
    lambda record: JsonLine(json.dumps(record).encode()[:-1] + b',"x":"\xff"}'),
)
"""How a record may be told: as an object, as a line, and as a line about which something is odd."""

UNTOLD = (
    frozenset({"city", "extra.quota"}),
    frozenset({"moodle_userid", "unit", "program", "composite_key"}),
)


def _told(module: str) -> st.SearchStrategy[object]:
    sure, more = RECORDS[module]
    record = st.fixed_dictionaries({"id": _ids, **sure}, optional=more)
    return st.builds(lambda form, record: form(record), st.sampled_from(FORMS), record)


def _step(module: str) -> st.SearchStrategy[Step]:
    return st.builds(
        Step,
        module=st.just(module),
        records=st.lists(_told(module), min_size=1, max_size=6),
        size=st.sampled_from([1, 3, 500, 500]),
        untold=st.sampled_from([*[frozenset[str]()] * 4, *UNTOLD]),
        dry_run=st.sampled_from([*[False] * 9, True]),
        deleted=st.sampled_from([(), (), ("1",), ("1", "2")]),
    )


def _student(n: int, **more: object) -> Record:
    return {"id": f"{n}", "Name": "A", "Academic_Email": f"{'_acd'[n]}@b.example", **more}


LINKED = Step(module="students", records=[_student(1, Student_Moodle_ID=7), _student(2), _student(3)])
PARENTS = (
    Step(module="students", records=[_student(1), _student(2)]),
    Step(module="programs", records=[{"id": "1", "Product_Name": "P"}]),
    Step(module="classes", records=[{"id": "1", "Class_Name": "C"}]),
    Step(module="units", records=[{"id": "1", "Name": "U"}]),
    Step(module="registrations", records=[{"id": "1", "Student_ID": "1", "Program": "1"}]),
)


def _after(*begun: Sequence[Step], then: st.SearchStrategy[Step], most: int) -> st.SearchStrategy[list[Step]]:
    """Some steps, from the beginning or after one of those that are given."""
    steps = st.lists(then, min_size=1, max_size=most)
    return st.builds(lambda first, rest: [*first, *rest], st.sampled_from([(), *begun]), steps)


students = _after([LINKED], then=_step("students"), most=4)
families = _after(PARENTS, then=st.sampled_from(sorted(RECORDS)).flatmap(_step), most=6)
mappings = st.sampled_from([MAPPINGS, {}])


@settings(max_examples=often(120, gate=36))
@given(students, mappings)
async def test_students_that_get_into_each_other_s_way_come_to_the_same(
    steps: list[Step], mappings: Mapping[str, list[FieldMapping]]
) -> None:
    await assert_alike(MemoryStore, steps, mappings)


@settings(max_examples=often(120, gate=36))
@given(families, mappings)
async def test_records_that_wait_for_each_other_come_to_the_same(
    steps: list[Step], mappings: Mapping[str, list[FieldMapping]]
) -> None:
    await assert_alike(MemoryStore, steps, mappings)


@settings(max_examples=often(80, gate=24))
@given(students, mappings)
async def test_records_come_to_the_same_together_as_one_by_one(
    steps: list[Step], mappings: Mapping[str, list[FieldMapping]]
) -> None:
    """Each is judged in the light of those before it, in whichever page they came."""
    told = [attrs.evolve(step, dry_run=False, untold=frozenset()) for step in steps]
    apart, together = [
        await take(MemoryStore(), PLAIN, [attrs.evolve(step, size=size) for step in told], mappings)
        for size in (1, 500)
    ]
    assert together.outcomes == apart.outcomes
    assert [kept.row.entity for kept in together.records] == [kept.row.entity for kept in apart.records]
    assert [held.record for held in together.held] == [held.record for held in apart.held]


@settings(max_examples=often(40, gate=12))
@given(students | families)
async def test_records_that_get_into_each_other_s_way_come_to_the_same_in_a_database(
    database: Store, steps: list[Step]
) -> None:
    await assert_alike(lambda: database, steps)
