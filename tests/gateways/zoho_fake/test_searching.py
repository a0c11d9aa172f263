"""Search: fuzzy, escaped, and behind the times."""

from typing import Any

import pytest
from tests.gateways.zoho_fake.asking import Asking


async def found(ask: Asking, criteria: str) -> set[str]:
    """The names a search finds."""
    said = await ask("GET", "/Students/search", criteria=criteria)
    return set() if said.status == 204 else {record["Name"] for record in said.body["data"]}


async def test_equals_finds_whatever_looks_alike(ask: Asking) -> None:
    for name, key in {"a": "S-1", "b": "S_1", "c": "xS-1y", "d": "S1"}.items():
        ask.zoho.add("Students", {"Name": name, "External_Key": key})
    assert {"a", "b", "c"} == await found(ask, "(External_Key:equals:S-1)")
    assert {"d"} == await found(ask, "(External_Key:not_equal:s*1)")
    assert {"a", "b"} == await found(ask, "(External_Key:starts_with:s 1)")


async def test_picklists_and_numbers_are_matched_exactly(ask: Asking) -> None:
    for name, level, score in (("a", "L2", 1), ("b", "L3", 2), ("c", "L3", 3)):
        ask.zoho.add("Students", {"Name": name, "Level": level, "Score": score, "Active": level == "L2"})
    assert set() == await found(ask, "(Level:equals:L)")
    assert {"c"} == await found(ask, "((Level:equals:L3)and(Score:greater_than:2))")
    assert {"a", "c"} == await found(ask, "((Level:equals:L2) or (Score:in:3,4))")
    assert {"a", "b"} == await found(ask, "(Score:between:1,2)")
    assert {"a"} == await found(ask, "(Active:equals:true)")
    assert {"a", "b"} == await found(ask, "((Score:less_equal:2)and((Level:equals:L2)or(Level:equals:L3)))")


@pytest.mark.parametrize("name", ["Burns,B (x)\\", "a+b c", "O'Neil", "سارة"], ids=repr)
async def test_brackets_commas_and_backslashes_are_escaped(ask: Asking, name: str) -> None:
    for each in (name, "Somebody else"):
        ask.zoho.add("Students", {"Name": each})
    escaped = "".join(f"\\{sign}" if sign in "(),\\" else sign for sign in name)
    assert {name} == await found(ask, f"(Name:equals:{escaped})")
    assert {name, "Somebody else"} == await found(ask, f"(Name:in:{escaped},Somebody else)")


async def test_a_fresh_record_is_not_in_the_index_yet(ask: Asking) -> None:
    await ask("POST", "/Students", {"data": [{"Name": "Fresh"}], "trigger": []})
    assert set() == await found(ask, "(Name:equals:Fresh)")
    assert len((await ask.coql("select id from Students where Name = 'Fresh'")).body["data"]) == 1
    await ask.time.sleep(60)
    assert {"Fresh"} == await found(ask, "(Name:equals:Fresh)")


async def test_a_search_is_by_criteria_or_address_or_number_or_word(ask: Asking) -> None:
    ask.zoho.add("Students", {"Name": "Ann", "Academic_Email": "ann@college.example"})
    ask.zoho.add("Students", {"Name": "Ben", "External_Key": "anna"})
    queries: list[dict[str, Any]] = [
        {"email": "ann@college.example"},
        {"word": "ann"},
        {"word": "ann", "criteria": "(Name:equals:Ben)"},
    ]
    names = [
        {record["Name"] for record in (await ask("GET", "/Students/search", **query)).body["data"]}
        for query in queries
    ]
    assert [{"Ann"}, {"Ann", "Ben"}, {"Ben"}] == names


async def test_a_search_comes_in_pages_of_200(ask: Asking) -> None:
    for n in range(201):
        ask.zoho.add("Students", {"Name": f"Alike {n}"})
    first = await ask("GET", "/Students/search", criteria="(Name:equals:Alike)", fields="Name")
    second = await ask("GET", "/Students/search", criteria="(Name:equals:Alike)", page=2)
    assert (len(first.body["data"]), first.body["info"]["more_records"]) == (200, True)
    assert (len(second.body["data"]), second.body["info"]["more_records"]) == (1, False)
    assert {"id", "Name"} == set(first.body["data"][0])
