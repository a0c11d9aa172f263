"""What reading is said to cost is what it costs at Zoho."""

from math import inf

import pytest
from tests.use_cases.pulling import World, killed_after, world

from mzi_adapters.zoho.forecast import forecast
from mzi_core.ports import Cost, ReadMethod, Selection
from mzi_core.use_cases.planning_pull import cheapest
from mzi_core.values import DEFAULT_TENANT

NAME = Selection(fields=("Name",))
MANY_FIELDS = Selection(fields=tuple(f"Field_{n}" for n in range(60)), subforms={"One": (), "Other": ()})


async def counted(college: World, module: str, selection: Selection, via: ReadMethod) -> tuple[int, Cost]:
    """How many records came, and what the fake saw."""
    college.zoho.bulk_read.polls = 0  # a job that is slow is asked after more often
    zoho = await college.use_cases.remote.connections.zoho(DEFAULT_TENANT)
    await zoho.fields(module)  # which a plan has asked for already
    calls, credits = college.zoho.calls, college.zoho.credits_used
    pages = zoho.pages(module, selection, via=via)
    records = sum([len(page) async for page in pages])
    return records, Cost(calls=college.zoho.calls - calls, credits=college.zoho.credits_used - credits)


@pytest.mark.parametrize("via", list(ReadMethod), ids=repr)
@pytest.mark.parametrize("records", [0, 1, 200, 201, 2_000, 2_001, 4_100])
async def test_a_list_costs_what_was_foreseen(records: int, via: ReadMethod) -> None:
    selection = Selection(fields=("Name", "City"))
    async with world() as college:
        college.students(*range(records))
        found = await counted(college, "BTEC_Students", selection, via)
    assert found == (records, forecast(records, selection, via))


@pytest.mark.parametrize("via", list(ReadMethod), ids=repr)
@pytest.mark.parametrize("more", [46, 47, 48, 49, 96, 97, 146, 195])
async def test_more_fields_than_one_call_carries_cost_what_was_foreseen(more: int, via: ReadMethod) -> None:
    async with world() as college:
        names = [f"Field_{n}" for n in range(more)]
        college.zoho.define("BTEC_Students", names)
        college.students(*range(250))
        selection = Selection(fields=("Name", *names))
        found = await counted(college, "BTEC_Students", selection, via)
    assert found == (250, forecast(250, selection, via))


@pytest.mark.parametrize("via", list(ReadMethod), ids=repr)
async def test_a_field_that_is_read_in_any_case_costs_nothing_more(via: ReadMethod) -> None:
    """Forty-nine fields, of which one is always read and one is named twice: a call carries them all."""
    async with world() as college:
        names = [f"Field_{n}" for n in range(48)]
        college.zoho.define("BTEC_Students", names)
        college.students(*range(250))
        selection = Selection(fields=(*names, "Modified_Time", names[0]))
        found = await counted(college, "BTEC_Students", selection, via)
    assert found == (250, forecast(250, selection, via))
    assert forecast(250, selection, via) == forecast(250, NAME, via)


@pytest.mark.parametrize("records", [1, 100, 101, 450])
async def test_rows_of_subforms_cost_what_was_foreseen(records: int) -> None:
    async with world() as college:
        (pupil,) = college.students(1)
        for n in range(records):
            rows = [{"LO_Code": "P1"}, {"LO_Code": "P2"}]
            college.zoho.add(
                "BTEC_Grades",
                {"Name": f"G{n}", "Student": {"id": pupil}, "Learning_Outcomes_Assessm": rows},
            )
        selection = Selection(fields=("Name",), subforms={"Learning_Outcomes_Assessm": ("LO_Code",)})
        zoho = await college.use_cases.remote.connections.zoho(DEFAULT_TENANT)
        await zoho.fields("Learning_Outcomes_Assessm")
        found = await counted(college, "BTEC_Grades", selection, ReadMethod.COQL)
    assert found == (records, forecast(records, selection, ReadMethod.COQL))


async def test_a_job_for_what_changed_costs_what_the_whole_module_costs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It reads all records, and what did not change is passed over here."""
    monkeypatch.setattr("mzi_adapters.zoho.bulk_read.MOST_RECORDS", 100)
    async with world() as college:
        college.zoho.bulk_read.per_page, college.zoho.bulk_read.polls = 100, 0
        college.students(*range(450))
        await college.later(hours=1)
        await college.pull()
        await college.later(hours=1)
        college.students(900)
        plan = await college.plan(via=ReadMethod.BULK)
        calls = college.zoho.calls
        async for _ in college.use_cases.remote.pull(plan):
            pass
    deleted = 1
    assert plan.records == 1
    assert plan.cost.calls == college.zoho.calls - calls - deleted == 3 * 5


async def test_a_pull_by_lists_that_goes_on_costs_what_queries_cost() -> None:
    """A list cannot begin behind a record."""
    async with world() as college:
        college.students(*range(900))
        await killed_after(college, 1, via=ReadMethod.RECORDS)
        await college.later(minutes=2)
        plan = await college.plan(via=ReadMethod.RECORDS, resume=True)
        calls = college.zoho.calls
        async for _ in college.use_cases.remote.pull(plan):
            pass
    deleted = 1
    assert plan.records == 700
    assert plan.costs[ReadMethod.RECORDS] == plan.costs[ReadMethod.COQL]
    assert plan.cost.calls == college.zoho.calls - calls - deleted == 1


def test_a_hundred_thousand_students_cost_what_zoho_says() -> None:
    selection = Selection(fields=tuple(f"Field_{n}" for n in range(30)))
    found = {via: forecast(100_000, selection, via) for via in ReadMethod}
    assert found == {
        ReadMethod.RECORDS: Cost(calls=500, credits=500),
        ReadMethod.COQL: Cost(calls=50, credits=150),
        ReadMethod.BULK: Cost(calls=3, credits=52),
    }


def test_behind_the_hundred_thousandth_record_queries_go_on() -> None:
    listed, behind = forecast(100_000, NAME, ReadMethod.RECORDS), forecast(3_000, NAME, ReadMethod.COQL)
    assert forecast(103_000, NAME, ReadMethod.RECORDS) == listed + behind


def test_the_more_there_is_the_further_the_way_that_is_taken_reaches() -> None:
    for records, way in (150, ReadMethod.RECORDS), (300, ReadMethod.COQL), (8_000, ReadMethod.BULK):
        assert cheapest({via: forecast(records, NAME, via) for via in ReadMethod}) is way


def test_what_is_foreseen_never_falls_when_there_is_more_to_read() -> None:
    for via in ReadMethod:
        least = -inf
        for records in range(0, 300_000, 997):
            calls = forecast(records, MANY_FIELDS, via).calls
            assert calls >= least
            least = calls
