"""A pull clears no field only because Zoho does not tell it."""

from collections.abc import AsyncIterator

import pytest
from tests.use_cases.pulling import World, student, without, world

from mzi_core.mapping import FieldMapping
from mzi_core.modules import CATALOGUE, STUDENTS
from mzi_core.ports import ZohoField
from mzi_core.values import DEFAULT_TENANT


@pytest.fixture
async def college() -> AsyncIterator[World]:
    """An empty Zoho."""
    async with world() as made:
        yield made


async def test_a_field_zoho_does_not_have_stays_as_it_is_stored(college: World) -> None:
    await college.sync("students", student(1, City="Irbid", Major="IT", Modified_Time="2026-01-01T00:00:00Z"))
    without(college, "BTEC_Students", "City")
    college.students(1, Major="Art")
    drawn = await college.pull()
    assert drawn.plan.choice.untold == {"city"}
    assert drawn.plan.choice.notes == (
        "`city` of the students stays as it is stored: `City` is not in BTEC_Students.",
    )
    assert drawn.pages[0].result.outcomes[0].changed_fields == ("major",)
    found = (await college.stored(student(1)["id"])).entity
    assert (found.city, found.major) == ("Irbid", "Art")


async def test_silence_of_a_pull_is_not_taken_for_an_empty_field_of_another_source(college: World) -> None:
    await college.sync("students", student(1, City="Irbid", Modified_Time="2026-01-01T00:00:00Z"))
    without(college, "BTEC_Students", "City")
    college.students(1, Modified_Time="2026-02-01T00:00:00Z")
    await college.pull()
    emptied = {**student(1), "City": None, "Modified_Time": "2026-02-01T00:00:00Z"}
    told = await college.sync("students", emptied)
    assert [o.changed_fields for o in told.outcomes] == [("city",)]


async def test_a_tenants_own_field_that_is_missing_stays_as_it_is_stored(college: World) -> None:
    mapped = [FieldMapping("extra.intake", "Intake")]
    await college.use_cases.map_fields(DEFAULT_TENANT, STUDENTS, mapped)
    await college.sync("students", student(1, Intake="Autumn", Modified_Time="2026-01-01T00:00:00Z"))
    without(college, "BTEC_Students", "Intake")
    college.students(1, City="Irbid")
    drawn = await college.pull()
    assert "extra.intake" in drawn.plan.choice.untold
    found = (await college.stored(student(1)["id"])).entity
    assert (found.extra["intake"], found.city) == ("Autumn", "Irbid")


async def test_rows_whose_module_cannot_be_read_stay_as_they_are_stored(college: World) -> None:
    (pupil,) = college.students(1)
    unit = college.zoho.add("BTEC", {"Name": "Unit 1"})
    row = {"LO_Code": "P1", "LO_Score": "1"}
    for module in ("students", "units"):
        await college.pull(module)
    await college.sync(
        "grades",
        {
            "id": "700",
            "Student": {"id": pupil},
            "Unit": {"id": unit},
            "Learning_Outcomes_Assessm": [row],
            "Modified_Time": "2026-01-01T00:00:00Z",
        },
    )
    college.zoho.add(
        "BTEC_Grades",
        {"id": "700", "Name": "G", "Student": {"id": pupil}, "Unit": {"id": unit}, "Grade": "M"},
    )
    without(college, "BTEC_Grades", "Learning_Outcomes_Assessm")
    drawn = await college.pull("grades")
    assert drawn.plan.choice.untold == {"outcomes"}
    found = (await college.stored("700", "grades")).entity
    assert ([each.code for each in found.outcomes], found.grade_value) == (["P1"], "M")


async def test_a_default_is_no_word_of_zohos_either(college: World) -> None:
    unit = college.zoho.add("BTEC", {"Name": "Unit 1"})
    await college.sync(
        "units", {"id": unit, "Name": "Unit 0", "Status": "Closed", "Modified_Time": "2026-01-01T00:00:00Z"}
    )
    without(college, "BTEC", "Status")
    await college.pull("units")
    found = (await college.stored(unit, "units")).entity
    assert (found.unit_name, found.status) == ("Unit 1", "Closed")


async def test_what_a_declaration_works_out_is_worked_out_anew(college: World) -> None:
    (pupil,) = college.students(1)
    program = college.zoho.add(CATALOGUE["programs"].remote_name, {"Name": "P"})
    registration = college.zoho.add(
        "BTEC_Registrations",
        {
            "Name": "R",
            "Student_ID": {"id": pupil},
            "Program": {"id": program},
            "Registration_Status": "Active",
        },
    )
    paid = {"Name": "1", "Registration_ID": {"id": registration}, "Payment_Amount": 10}
    payment = college.zoho.add("BTEC_Payments", paid)
    without(college, "BTEC_Payments", "Payment_Status")
    for module in ("students", "programs", "registrations"):
        await college.pull(module)
    drawn = await college.pull("payments")
    assert "payment_status" in drawn.plan.choice.untold
    assert (await college.stored(payment, "payments")).entity.payment_status == "Confirmed"
    college.zoho.edit("BTEC_Payments", payment, {"SRM_Decline_Reason": "No funds"})
    await college.pull("payments", full=True)
    assert (await college.stored(payment, "payments")).entity.payment_status == "Declined"


async def test_a_parked_record_keeps_what_zoho_does_not_tell_until_its_parent_comes(college: World) -> None:
    pupil, other = college.students(1, 2)
    await college.pull()
    await college.sync(
        "requests",
        {
            "id": "800",
            "Name": "R",
            "Student": {"id": pupil},
            "Reason": "Lost card",
            "Modified_Time": "2026-01-01T00:00:00Z",
        },
    )
    without(college, "BTEC_Student_Requests", "Reason")
    (newcomer,) = college.students(3)
    college.zoho.add("BTEC_Student_Requests", {"id": "800", "Name": "R", "Student": {"id": newcomer}})
    assert (await college.pull("requests")).counts == {"INVALID": 1}
    await college.pull("students", full=True)
    found = (await college.stored("800", "requests")).entity
    assert (found.student, found.reason, other) == (newcomer, "Lost card", student(2)["id"])


async def test_every_name_of_a_field_that_exists_is_read_as_a_whole_record_would_be(college: World) -> None:
    college.zoho.define(
        "BTEC_Students", [ZohoField(api_name="Moodle_Student_ID", label="M", data_type="text")]
    )
    college.students(1, Moodle_Student_ID="41")
    await college.pull()
    assert (await college.stored(student(1)["id"])).entity.moodle_userid == 41


async def test_rows_whose_module_zoho_does_not_show_are_left_and_told(college: World) -> None:
    (pupil,) = college.students(1)
    college.zoho.add("BTEC_Grades", {"Name": "G", "Student": {"id": pupil}, "Grade": "M"})
    del college.zoho.organization.tables["Learning_Outcomes_Assessm"]
    plan = await college.plan("grades")
    assert "outcomes" in plan.choice.untold
    assert plan.choice.selection.subforms == {}
    assert any("the rows of `Learning_Outcomes_Assessm` cannot be read" in note for note in plan.choice.notes)
