"""What writing a subform does, line by line of Zoho's rules."""

from typing import Any

import pytest
from tests.gateways.zoho_fake.asking import Asking


@pytest.fixture
def grade(ask: Asking) -> str:
    """A grade with three rows."""
    return ask.zoho.add("Grades", {"Key": "k", "Rows": [{"Code": code, "Points": 1} for code in "ABC"]})


def rows(ask: Asking, grade: str) -> list[dict[str, Any]]:
    """The rows of the grade."""
    found: Any = ask.zoho.records("Grades")[grade]["Rows"]
    return list(found)


def codes(ask: Asking, grade: str) -> list[str]:
    """Their codes."""
    return [row["Code"] for row in rows(ask, grade)]


async def put(ask: Asking, grade: str, **values: object) -> Any:
    """An update of the grade."""
    return await ask("PUT", "/Grades", {"data": [{"id": grade, **values}], "trigger": []})


async def test_an_absent_key_touches_no_row(ask: Asking, grade: str) -> None:
    await put(ask, grade, Grade="P")
    assert codes(ask, grade) == ["A", "B", "C"]


async def test_a_row_with_its_id_changes_and_the_omitted_stay(ask: Asking, grade: str) -> None:
    second = rows(ask, grade)[1]["id"]
    await put(ask, grade, Rows=[{"id": second, "Code": "B2"}])
    assert codes(ask, grade) == ["A", "B2", "C"]
    assert rows(ask, grade)[1]["Points"] == 1


async def test_an_id_alone_changes_nothing(ask: Asking, grade: str) -> None:
    await put(ask, grade, Rows=[{"id": row["id"]} for row in rows(ask, grade)])
    assert codes(ask, grade) == ["A", "B", "C"]


async def test_a_row_without_id_is_appended_every_time(ask: Asking, grade: str) -> None:
    for _ in range(2):
        await put(ask, grade, Rows=[{"Code": "D"}])
    assert codes(ask, grade) == ["A", "B", "C", "D", "D"]


async def test_a_row_is_deleted_by_its_id_and_a_mark(ask: Asking, grade: str) -> None:
    first = rows(ask, grade)[0]["id"]
    await put(ask, grade, Rows=[{"id": first, "_delete": None}, {"Code": "D"}])
    assert codes(ask, grade) == ["B", "C", "D"]


async def test_an_empty_list_deletes_every_row(ask: Asking, grade: str) -> None:
    await put(ask, grade, Rows=[])
    assert codes(ask, grade) == []


async def test_an_upsert_by_key_appends_as_well(ask: Asking, grade: str) -> None:
    body = {"data": [{"Key": "k", "Rows": [{"Code": "D"}]}], "duplicate_check_fields": ["Key"], "trigger": []}
    await ask("POST", "/Grades/upsert", body)
    assert codes(ask, grade) == ["A", "B", "C", "D"]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("A", "$.data[0].Rows"),
        (None, "$.data[0].Rows"),
        (["A"], "$.data[0].Rows[0]"),
        ([{"Code": "D"}, {"id": "77", "Code": "D"}], "$.data[0].Rows[1].id"),
        ([{"id": "77", "_delete": None}], "$.data[0].Rows[0].id"),
        ([{"Points": "many"}], "$.data[0].Rows[0].Points"),
        ([{"Nope": 1}], "$.data[0].Rows[0].Nope"),
    ],
    ids=repr,
)
async def test_a_wrong_row_refuses_its_record_and_nothing_of_it_is_written(
    ask: Asking, grade: str, value: object, path: str
) -> None:
    said = await put(ask, grade, Rows=value, Grade="P")
    assert (said.status, said.code) == (400, "INVALID_DATA")
    assert path == said.body["data"][0]["details"]["json_path"]
    assert codes(ask, grade) == ["A", "B", "C"]
    assert ask.zoho.records("Grades")[grade]["Grade"] is None


async def test_rows_of_another_record_cannot_be_changed(ask: Asking, grade: str) -> None:
    other = ask.zoho.add("Grades", {"Key": "other", "Rows": [{"Code": "X"}]})
    said = await put(ask, grade, Rows=[{"id": rows(ask, other)[0]["id"], "Code": "mine"}])
    assert said.code == "INVALID_DATA"
    assert codes(ask, other) == ["X"]


async def test_rows_go_with_their_record(ask: Asking, grade: str) -> None:
    await ask("DELETE", "/Grades", ids=grade, wf_trigger="false")
    assert (await ask.coql("select id from Rows where id > 0")).status == 204
