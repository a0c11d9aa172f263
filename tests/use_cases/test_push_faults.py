"""Whatever goes wrong on the way: what was pushed is there once, and pushing again ends in agreement."""

from contextlib import suppress
from typing import Any

import pytest
from tests.repetitions import often
from tests.use_cases.remotes import College

from mzi_adapters.testing.faults import Faults, FaultyTransport
from mzi_core.errors import GatewayError
from mzi_core.provisioning import Action
from mzi_core.values import DEFAULT_TENANT

pytestmark = pytest.mark.slow

SEEDS = range(often(100, gate=20))
ORDER = ("students", "classes", "enrollments")


async def college() -> College:
    """Five students enrolled in two classes; nothing of it is in Moodle."""
    college = College()
    students = [
        {
            "id": f"53988300000900000{number}",
            "Name": f"A{number}",
            "Academic_Email": f"a{number}@college.example",
            "First_Name": "Rana",
            "Last_Name": f"Example{number}",
        }
        for number in range(1, 6)
    ]
    classes = [
        {"id": f"53988300000700000{number}", "Class_Name": f"Unit {number}", "Class_Status": "Active"}
        for number in range(1, 3)
    ]
    enrollments: list[dict[str, object]] = [
        {
            "id": f"5398830000060000{number}{place}",
            "Enrolled_Students": {"id": student["id"]},
            "Classes": {"id": class_["id"]},
        }
        for number, student in enumerate(students)
        for place, class_ in enumerate(classes)
    ]
    await college.sync("students", students)
    await college.sync("classes", classes)
    await college.sync("enrollments", enrollments)
    return college


@pytest.mark.parametrize("seed", SEEDS)
async def test_in_moodle_nobody_is_doubled_and_everybody_arrives(seed: int) -> None:
    here = await college()
    faults = Faults().at_random(seed, share=0.4)
    here.to_moodle.wire = FaultyTransport(here.moodle, faults, here.timer)
    for module in ORDER:
        with suppress(GatewayError):
            await here.push_moodle(module)
    assert faults.met
    here.to_moodle.wire = here.moodle
    for module in ORDER:
        here.timer.jump(600)  # Zoho gives few access tokens in ten minutes
        await here.push_moodle(module)
    here.timer.jump(600)
    acts = [r.step.act for module in ORDER for page in await here.push_moodle(module) for r in page.results]
    assert acts == [Action.NOTHING] * 17
    site = here.moodle.site
    assert sorted(user.username for user in site.people.rows.values() if "@college" in user.username) == [
        f"a{number}@college.example" for number in range(1, 6)
    ]
    assert sorted(course.shortname for course in site.courses.values()) == ["Unit 1", "Unit 2", "mzi"]
    client = await here.connections().moodle(DEFAULT_TENANT)
    courses = [row.moodle_class_id for row in (await here.stored("classes")).values()]
    assert [len(await client.enrolled(course)) for course in courses] == [5, 5]


@pytest.mark.parametrize("seed", SEEDS)
async def test_in_zoho_no_grade_and_no_row_is_doubled(seed: int) -> None:
    here = College()
    student = here.zoho.add("BTEC_Students", {"Name": "A1", "Academic_Email": "a1@college.example"})
    class_ = here.zoho.add("BTEC_Classes", {"Name": "NET", "Class_Name": "Networking"})
    for number in range(3):
        here.zoho.add(
            "BTEC_Grades",
            {
                "Name": f"G{number}",
                "Student": {"id": student},
                "Class": {"id": class_},
                "Grade": "P",
                "Moodle_Grade_Composite_Key": f"501_9_{number}",
                "Learning_Outcomes_Assessm": [{"LO_Code": "P1", "LO_Score": "Achieved"}],
            },
        )
    for api_name, module in (("BTEC_Students", "students"), ("BTEC_Classes", "classes")):
        await here.sync(module, list(here.zoho.records(api_name).values()))
    ours: list[dict[str, Any]] = [
        {
            **record,
            "Grade": "D",
            "Learning_Outcomes_Assessm": [
                *record["Learning_Outcomes_Assessm"],  # type: ignore[misc]  # a list, as planted above
                {"LO_Code": "M1", "LO_Score": "Achieved"},
            ],
        }
        for record in here.zoho.records("BTEC_Grades").values()
    ]
    await here.sync("grades", ours)
    here.timer.jump(60)
    faults = Faults().at_random(seed, share=0.4)
    here.to_zoho.wire = FaultyTransport(here.zoho, faults, here.timer)
    with suppress(GatewayError):
        await here.push_zoho("grades", force=True)
    assert faults.met
    here.to_zoho.wire = here.zoho
    here.timer.jump(3 * 60 * 60)
    await here.push_zoho("grades", force=True)
    assert [r.step.act for page in await here.push_zoho("grades") for r in page.results] == [
        Action.NOTHING
    ] * 3
    for record in here.zoho.records("BTEC_Grades").values():
        rows: Any = record["Learning_Outcomes_Assessm"]
        assert (record["Grade"], [row["LO_Code"] for row in rows]) == ("D", ["P1", "M1"])
    assert len(here.zoho.records("BTEC_Grades")) == 3
