"""What tests put there by hand: spelt as on the wire, and refused when it cannot be."""

from typing import Any

import pytest
from tests.gateways.zoho_fake.asking import Asking

SARA = {"Name": "Sara A.", "External_Key": "m-1"}
MISTAKES: dict[str, tuple[str, dict[str, Any]]] = {
    "a field nobody defined": ("Students", {"Name": "A", "Nope": 1}),
    "a unique value somebody has": ("Students", {"Name": "A", "External_Key": "M-1"}),
    "an id somebody has": ("Students", {"Name": "A", "id": "5000000000000009999"}),
    "a row with a field nobody defined": ("Grades", {"Key": "k", "Rows": [{"Nope": 1}]}),
}


@pytest.mark.parametrize("what", MISTAKES, ids=repr)
async def test_a_mistake_in_a_test_is_told_to_the_test(ask: Asking, what: str) -> None:
    ask.zoho.add("Students", {**SARA, "id": "5000000000000009999"})
    module, record = MISTAKES[what]
    with pytest.raises(ValueError, match=r"has|have"):
        ask.zoho.add(module, record)


async def test_a_unique_field_has_to_exist(ask: Asking) -> None:
    with pytest.raises(ValueError, match="`Nope` is to be unique"):
        ask.zoho.define("Students", [], unique=["Nope"])


async def test_a_field_can_become_unique(ask: Asking) -> None:
    student = ask.zoho.add("Students", {**SARA, "Phone_Number": "07700 900001"})
    ask.zoho.define("Students", [], unique=["Phone_Number"])
    said = await ask("POST", "/Students", {"data": [{"Name": "B", "Phone_Number": "07700 900001"}]})
    assert ("DUPLICATE_DATA", student) == (said.code, said.body["data"][0]["details"]["id"])


async def test_stamps_can_be_planted_and_a_hand_leaves_its_own(ask: Asking) -> None:
    at = "2026-03-01T09:30:00+03:00"
    student = ask.zoho.add("Students", {**SARA, "Modified_Time": at, "Modified_By": "Sync Bot"})
    record: Any = ask.zoho.records("Students")[student]
    assert (at, at, "Sync Bot") == (
        record["Created_Time"],
        record["Modified_Time"],
        record["Modified_By"]["name"],
    )
    ask.zoho.edit("Students", student, {"Name": "Sara B.", "External_Key": None})
    record = ask.zoho.records("Students")[student]
    assert (
        record["Name"],
        record["External_Key"],
        record["Modified_By"]["name"],
    ) == ("Sara B.", None, "Registrar")
    assert at < record["Modified_Time"]


async def test_a_subform_edited_by_hand_holds_just_these_rows(ask: Asking) -> None:
    grade = ask.zoho.add("Grades", {"Key": "k", "Rows": [{"Code": "A"}, {"Code": "B"}]})
    ask.zoho.edit("Grades", grade, {"Rows": [{"Code": "C"}]})
    rows: Any = ask.zoho.records("Grades")[grade]["Rows"]
    assert [row["Code"] for row in rows] == ["C"]


async def test_records_planted_out_of_order_are_listed_in_order(ask: Asking) -> None:
    for number in (3, 1, 2):
        ask.zoho.add("Students", {"Name": f"N{number}", "id": f"500000000000000800{number}"})
    said = await ask("GET", "/Students", fields="Name", sort_by="id", sort_order="asc")
    assert [record["Name"] for record in said.body["data"]] == ["N1", "N2", "N3"]
