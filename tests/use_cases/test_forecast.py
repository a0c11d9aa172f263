"""What a pull is said to cost is what it costs at Zoho."""

from math import inf

import pytest
from tests.use_cases.pulling import World, world

from mzi_core.ports import ReadMethod, Selection
from mzi_core.use_cases.forecast import Cost, cheapest, forecast


async def counted(college: World, module: str, selection: Selection, via: ReadMethod) -> tuple[int, Cost]:
    """How many records came, and what the fake saw."""
    college.zoho.bulk_read.polls = 0  # a job that is slow is asked after more often
    await college.pulling.plan.zoho.fields(module)  # which a plan has asked for already
    calls, credits = college.zoho.calls, college.zoho.credits_used
    pages = college.pulling.plan.zoho.pages(module, selection, via=via)
    records = sum([len(page) async for page in pages])
    return records, Cost(calls=college.zoho.calls - calls, credits=college.zoho.credits_used - credits)


@pytest.mark.parametrize("via", list(ReadMethod), ids=repr)
@pytest.mark.parametrize("records", [0, 1, 200, 201, 2_000, 2_001, 4_100])
async def test_a_list_costs_what_was_foreseen(records: int, via: ReadMethod) -> None:
    async with world() as college:
        college.students(*range(records))
        fields = ("Name", "City")
        found = await counted(college, "BTEC_Students", Selection(fields=fields), via)
    assert found == (records, forecast(records, via, fields=len(fields)))


@pytest.mark.parametrize("via", list(ReadMethod), ids=repr)
@pytest.mark.parametrize("more", [46, 47, 48, 49, 96, 97])
async def test_more_fields_than_one_call_carries_cost_what_was_foreseen(more: int, via: ReadMethod) -> None:
    async with world() as college:
        names = [f"Field_{n}" for n in range(more)]
        college.zoho.define("BTEC_Students", names)
        college.students(*range(250))
        found = await counted(college, "BTEC_Students", Selection(fields=("Name", *names)), via)
    assert found == (250, forecast(250, via, fields=more + 1))


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
        await college.pulling.plan.zoho.fields("Learning_Outcomes_Assessm")
        found = await counted(college, "BTEC_Grades", selection, ReadMethod.COQL)
    assert found == (records, forecast(records, ReadMethod.COQL, fields=1, subforms=1))


def test_a_hundred_thousand_students_cost_what_zoho_says() -> None:
    found = {via: forecast(100_000, via, fields=30) for via in ReadMethod}
    assert found == {
        ReadMethod.RECORDS: Cost(calls=500, credits=500),
        ReadMethod.COQL: Cost(calls=50, credits=150),
        ReadMethod.BULK: Cost(calls=3, credits=52),
    }
    assert cheapest(found) is ReadMethod.BULK


def test_behind_the_hundred_thousandth_record_queries_go_on() -> None:
    listed, behind = forecast(100_000, ReadMethod.RECORDS), forecast(3_000, ReadMethod.COQL)
    assert forecast(103_000, ReadMethod.RECORDS) == listed + behind


def test_the_way_with_the_fewest_calls_is_taken_and_of_equal_ones_the_cheaper() -> None:
    assert cheapest({via: forecast(150, via) for via in ReadMethod}) is ReadMethod.RECORDS
    assert cheapest({via: forecast(300, via) for via in ReadMethod}) is ReadMethod.COQL
    assert cheapest({via: forecast(8_000, via) for via in ReadMethod}) is ReadMethod.BULK


def test_what_is_foreseen_never_falls_when_there_is_more_to_read() -> None:
    for via in ReadMethod:
        least = -inf
        for records in range(0, 300_000, 997):
            calls = forecast(records, via, fields=60, subforms=2).calls
            assert calls >= least
            least = calls
