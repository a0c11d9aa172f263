"""COQL: what a query finds, in which order, and at what price."""

from typing import Any

import pytest
from tests.gateways.zoho_fake.asking import Asking


@pytest.fixture
def names(ask: Asking) -> dict[str, str]:
    """Four students, their ids by name, and a grade for the first with two rows."""
    given: dict[str, dict[str, Any]] = {
        "Ann": {"Score": 1.5, "External_Key": "m-1", "Active": True, "Birth_Date": "2008-01-02"},
        "Ben": {"Score": 2, "External_Key": "m-2", "Active": False, "Birth_Date": "2008-03-04"},
        "O'Neil": {"Score": 3, "External_Key": "M-3", "Level": "L3"},
        "Ann Two": {"Modified_Time": "2026-03-01T09:30:00+00:00"},
    }
    ids = {name: ask.zoho.add("Students", {"Name": name, **values}) for name, values in given.items()}
    rows = [{"Code": "P1", "Points": 1}, {"Code": "P2"}]
    ids["grade"] = ask.zoho.add("Grades", {"Key": "k", "Student": {"id": ids["Ann"]}, "Rows": rows})
    return ids


FOUND = {
    "External_Key in ('m-1','m-2')": ["Ann", "Ben"],
    "External_Key = 'm-3'": ["O'Neil"],
    "External_Key not in ('m-1','m-2')": ["O'Neil"],
    "Name = 'O''Neil'": ["O'Neil"],
    "Name = 'ann'": ["Ann"],
    "Name != 'Ann'": ["Ben", "O'Neil", "Ann Two"],
    "Name like 'Ann%'": ["Ann", "Ann Two"],
    "Name not like '%nn%'": ["Ben", "O'Neil"],
    "Score >= 2": ["Ben", "O'Neil"],
    "Score < 2": ["Ann"],
    "Score between 1.5 and 2": ["Ann", "Ben"],
    "Score is null": ["Ann Two"],
    "Score is not null": ["Ann", "Ben", "O'Neil"],
    "Active = true": ["Ann"],
    "Birth_Date > '2008-02-01'": ["Ben"],
    "Modified_Time <= '2026-03-01T12:30:00+03:00'": ["Ann Two"],
    "Modified_Time > '2026-03-01T12:30:00+03:00'": ["Ann", "Ben", "O'Neil"],
    "(Score > 1 and Level = 'L3')": ["O'Neil"],
    "(Score = 1.5 or (Score = 2 and Active = false))": ["Ann", "Ben"],
    "((id > 0 and Score > 1) and (Score < 3 and Name is not null))": ["Ann", "Ben"],
    "Owner = '5000000000000000001'": ["Ann", "Ben", "O'Neil", "Ann Two"],
    "Owner.id in ('5000000000000000002')": [],
    "Created_By = 5000000000000000001": ["Ann", "Ben", "O'Neil", "Ann Two"],
    "Modified_By != 5000000000000000001": [],
    "Created_Time > '2027-01-01T00:00:00Z'": [],
    "Active = 'true'": None,
    "Active = 1": None,
    "Modified_Time > 'yesterday'": None,
    "id in (1, '2')": [],
    "SCORE_IS_MISSPELT = 1": None,
}


@pytest.mark.parametrize("where", FOUND, ids=repr)
async def test_a_condition_finds_its_records(ask: Asking, names: dict[str, str], where: str) -> None:
    expected = FOUND[where]
    said = await ask.coql(f"select Name from Students where {where} order by id asc")  # noqa: S608  # COQL
    if expected is None:
        assert (said.status, said.code) == (400, "INVALID_QUERY")
    elif expected:
        assert expected == [record["Name"] for record in said.body["data"]]
    else:
        assert (said.status, said.body) == (204, b"")


async def test_id_always_comes_and_a_lookup_is_its_id_alone(ask: Asking, names: dict[str, str]) -> None:
    said = await ask.coql(
        "select Student, Student.Name, Student.External_Key, Modified_By from Grades where Key = 'k'"
    )
    assert [
        {
            "id": names["grade"],
            "Student": {"id": names["Ann"]},
            "Student.Name": "Ann",
            "Student.External_Key": "m-1",
            "Modified_By": {"id": ask.zoho.organization.person.id},
        }
    ] == said.body["data"]
    assert said.body["info"] == {"count": 1, "more_records": False}


async def test_conditions_reach_through_a_lookup(ask: Asking, names: dict[str, str]) -> None:
    for where in (f"Student = '{names['Ann']}'", f"Student.id = {names['Ann']}", "Student.Name = 'Ann'"):
        said = await ask.coql(f"select Key from Grades where {where}")  # noqa: S608  # COQL
        assert [record["Key"] for record in said.body["data"]] == ["k"]


async def test_a_lookup_of_nothing_leads_nowhere(ask: Asking, names: dict[str, str]) -> None:
    ask.zoho.add("Grades", {"Key": "loose"})
    said = await ask.coql("select Student.Name from Grades where (Key = 'loose' and Student.Name is null)")
    assert [record["Student.Name"] for record in said.body["data"]] == [None]
    assert (
        await ask.coql("select id from Grades where (Key = 'loose' and Student.Name = 'A')")
    ).status == 204


async def test_the_rows_of_a_subform_are_a_module_of_their_own(ask: Asking, names: dict[str, str]) -> None:
    query = f"select id, Parent_Id, Code, Points from Rows where Parent_Id in ({names['grade']})"  # noqa: S608
    said = await ask.coql(f"{query} order by id asc limit 2000")
    parent = {"id": names["grade"]}
    assert [(parent, "P1", 1), (parent, "P2", None)] == [
        (row["Parent_Id"], row["Code"], row["Points"]) for row in said.body["data"]
    ]


async def test_rows_are_ordered_by_several_columns(ask: Asking, names: dict[str, str]) -> None:
    said = await ask.coql("select Name from Students where id > 0 order by Active desc, Score desc")
    assert [record["Name"] for record in said.body["data"]] == ["Ann", "Ben", "O'Neil", "Ann Two"]


async def test_count_of_ids_is_one_row(ask: Asking, names: dict[str, str]) -> None:
    said = await ask.coql("select COUNT(id) from Students where Score > 1")
    assert said.body["data"] == [{"COUNT(id)": 3}]


async def test_a_keyset_walk_has_every_record_once(ask: Asking) -> None:
    planted = [ask.zoho.add("Students", {"Name": f"N{n}"}) for n in range(4_500)]
    last, found, more = "0", [], True
    while more:
        said = await ask.coql(
            f"select id from Students where id > {last} order by id asc limit 2000"  # noqa: S608  # COQL
        )
        found += [record["id"] for record in said.body["data"]]
        last, more = found[-1], said.body["info"]["more_records"]
    assert planted == found
    assert ask.zoho.calls == 3


async def test_a_window_is_taken_by_offset(ask: Asking) -> None:
    planted = [ask.zoho.add("Students", {"Name": f"N{n}"}) for n in range(10)]
    for window in ("limit 3 offset 4", "limit 4, 3"):
        said = await ask.coql(f"select id from Students where id > 0 order by id asc {window}")  # noqa: S608
        assert planted[4:7] == [record["id"] for record in said.body["data"]]
        assert said.body["info"]["more_records"]


async def test_200_rows_come_when_no_limit_is_given(ask: Asking) -> None:
    for n in range(201):
        ask.zoho.add("Students", {"Name": f"N{n}"})
    said = await ask.coql("select id from Students where id > 0")
    assert said.body["info"] == {"count": 200, "more_records": True}


@pytest.mark.parametrize(("limit", "credits"), [(200, 1), (201, 2), (1000, 2), (2000, 3)], ids=repr)
async def test_a_query_costs_by_its_limit(ask: Asking, limit: int, credits: int) -> None:
    await ask.coql(f"select id from Students where id > 0 limit {limit}")  # noqa: S608  # COQL
    assert credits == ask.zoho.credits_used
