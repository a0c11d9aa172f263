"""What the organisation says of itself, and the modules mzi declares in it."""

import tracemalloc
from typing import Any

import pytest
from tests.gateways.zoho_fake.asking import Asking

from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.testing.zoho import FakeZoho, define_modules
from mzi_adapters.zoho.codec import ZohoCodec
from mzi_core.field_reference import known_fields
from mzi_core.mapping import NO_OVERLAY
from mzi_core.modules import CATALOGUE, GRADES, STUDENTS, ZOHO_CATALOGUE


async def fields(ask: Asking, module: str) -> dict[str, Any]:
    """The fields of a module by name."""
    said = await ask("GET", "/settings/fields", module=module)
    return {field["api_name"]: field for field in said.body["fields"]}


async def test_modules_and_the_modules_of_subform_rows_are_listed(ask: Asking) -> None:
    said = await ask("GET", "/settings/modules")
    assert [
        (each["api_name"], each["generated_type"], each["api_supported"]) for each in said.body["modules"]
    ] == [("Students", "custom", True), ("Rows", "subform", True), ("Grades", "custom", True)]


async def test_a_field_says_its_type_its_length_and_what_it_demands(ask: Asking) -> None:
    found = await fields(ask, "Students")
    assert tuple(
        found["Name"][each] for each in ("data_type", "json_type", "system_mandatory", "length")
    ) == ("text", "string", True, 120)
    assert (found["External_Key"]["unique"], found["Name"]["unique"]) == ({"casesensitive": "false"}, {})
    assert [each["actual_value"] for each in found["Level"]["pick_list_values"]] == ["L2", "L3"]
    assert tuple(found[each]["read_only"] for each in ("id", "Total", "Name")) == (True, True, False)


async def test_lookups_and_subforms_say_what_they_point_at(ask: Asking) -> None:
    found = await fields(ask, "Grades")
    assert found["Student"]["lookup"]["module"]["api_name"] == "Students"
    assert found["Rows"]["associated_module"]["module"] == "Rows"
    assert (await fields(ask, "Rows"))["Parent_Id"]["lookup"]["module"]["api_name"] == "Grades"


async def test_the_organisation_tells_its_edition_and_the_user_himself(ask: Asking) -> None:
    org = (await ask("GET", "/org")).body["org"][0]
    assert (
        org["company_name"],
        org["license_details"]["paid_type"],
    ) == ("Riverside College", "enterprise")
    queries: list[dict[str, Any]] = [{"type": "CurrentUser"}, {}]
    users = [
        [user["full_name"] for user in (await ask("GET", "/users", **query)).body["users"]]
        for query in queries
    ]
    assert users == [["Sync Bot"], ["Sync Bot", "Registrar"]]


@pytest.mark.parametrize("module", ZOHO_CATALOGUE.modules, ids=lambda module: repr(module.name))
async def test_a_declared_module_is_there_with_known_fields_and_its_own(module: Any) -> None:
    ask = Asking(FakeZoho(clock=VirtualTimer()), VirtualTimer())
    define_modules(ask.zoho)
    await ask.sign_in()
    found = await fields(ask, module.remote_name)
    assert set(known_fields(module.name)) <= set(found)
    assert {field.names[0] for field in module.fields if field.names} <= set(found)
    unique = {name for name, field in found.items() if field["unique"]}
    assert {field.names[0] for field in module.unique} <= unique
    for name, parent in {**module.depends_on, **module.refers_to}.items():
        lookup = found[module.field[name].names[0]]
        assert CATALOGUE[parent].remote_name == lookup["lookup"]["module"]["api_name"]
    for field in module.fields:
        if field.row is not None:
            assert field.names[0] == found[field.names[0]]["associated_module"]["module"]


def test_what_the_fake_answers_is_what_the_codec_reads() -> None:
    """A planted grade with rows comes back as the record mzi means."""
    zoho = FakeZoho(clock=VirtualTimer())
    define_modules(zoho)
    student = zoho.add("BTEC_Students", {"Academic_Email": "sara@college.example", "Student_Moodle_ID": 5})
    unit = zoho.add("BTEC", {"Name": "Networking"})
    grade = zoho.add(
        "BTEC_Grades",
        {
            "Student": {"id": student},
            "Unit": {"id": unit},
            "Grade": "Merit",
            "Attempt_Date": "2026-03-01",
            "Learning_Outcomes_Assessm": [{"LO_Code": "P1", "LO_Score": "Achieved"}],
        },
    )
    codec = ZohoCodec()
    known = codec.decoder(GRADES, NO_OVERLAY)(zoho.records("BTEC_Grades")[grade]).entity
    person = codec.decoder(STUDENTS, NO_OVERLAY)(zoho.records("BTEC_Students")[student]).entity
    assert known is not None
    assert person is not None
    assert (student, unit, "M", "P1") == (
        known.student,
        known.unit,
        known.grade_value,
        known.outcomes[0].code,
    )
    assert (person.academic_email, person.moodle_userid) == ("sara@college.example", 5)


def test_many_records_are_cheap_to_hold() -> None:
    """A hundred thousand fit into 120 MB, whatever is indexed of them."""
    zoho = FakeZoho(clock=VirtualTimer())
    zoho.define("Students", ["Name", "Key"], unique=["Key"])
    tracemalloc.start()
    for n in range(10_000):
        zoho.add("Students", {"Name": f"Student {n}", "Key": f"m-{n}"})
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 10_000 * 1_200
