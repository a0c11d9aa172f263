"""Getting, listing, counting, and the list of what was deleted."""

from typing import Any

import pytest
from tests.gateways.zoho_fake.asking import Asking, Said

DAY = 86_400.0


def students(ask: Asking, count: int, **values: object) -> list[str]:
    """So many students, planted."""
    return [ask.zoho.add("Students", {"Name": f"Student {n}", **values}) for n in range(count)]


def ids(said: Said) -> list[str]:
    """The ids of an answer."""
    return [record["id"] for record in said.body["data"]]


async def walk(ask: Asking, **query: Any) -> list[str]:
    """Every id of a listing, by page token."""
    said = await ask("GET", "/Students", fields="id", **query)
    found = ids(said)
    while said.body["info"]["more_records"]:
        token = said.body["info"]["next_page_token"]
        said = await ask("GET", "/Students", fields="id", page_token=token, **query)
        found += ids(said)
    return found


async def test_one_record_has_everything_and_no_info(ask: Asking) -> None:
    student = ask.zoho.add("Students", {"Name": "Sara A.", "Academic_Email": "sara@college.example"})
    grade = ask.zoho.add(
        "Grades", {"Key": "k", "Student": student, "Rows": [{"Code": "P1"}, {"Code": "P2", "Points": 2}]}
    )
    said = await ask("GET", f"/Grades/{grade}")
    record = said.body["data"][0]
    assert {"data"} == set(said.body)
    assert {"name": "Sara A.", "id": student} == record["Student"]
    assert [(row["Code"], row["Points"]) for row in record["Rows"]] == [("P1", None), ("P2", 2)]
    assert {"name": "Registrar", "id": ask.zoho.organization.person.id} == record["Modified_By"]
    assert record["Modified_Time"] == "2026-09-01T11:00:00+03:00"
    assert isinstance(record["id"], str)
    assert len(record["id"]) == 19


async def test_an_unknown_id_is_204_without_body_or_content_type(ask: Asking) -> None:
    said = await ask("GET", "/Students/5000000000000999999")
    assert (said.status, said.body, list(said.headers)) == (204, b"", ["date"])


async def test_a_subform_of_more_than_200_rows_is_cut_and_says_so(ask: Asking) -> None:
    grade = ask.zoho.add("Grades", {"Key": "k", "Rows": [{"Code": f"P{n}"} for n in range(201)]})
    record = (await ask("GET", f"/Grades/{grade}")).body["data"][0]
    assert (len(record["Rows"]), record["$has_more"]) == (200, {"Rows": True})


async def test_a_lookup_is_null_once_its_record_is_gone(ask: Asking) -> None:
    student = ask.zoho.add("Students", {"Name": "Sara A."})
    grade = ask.zoho.add("Grades", {"Key": "k", "Student": {"id": student}})
    ask.zoho.remove("Students", student)
    assert (await ask("GET", f"/Grades/{grade}")).body["data"][0]["Student"] is None


async def test_a_listing_has_the_fields_asked_for_and_never_many_valued_ones(ask: Asking) -> None:
    ask.zoho.add("Grades", {"Key": "k", "Rows": [{"Code": "P1"}], "Tutors": [{"id": "1"}]})
    said = await ask("GET", "/Grades", fields="Key,Rows,Tutors,Grade,Nothing")
    assert [{"id", "Key", "Grade"}] == [set(record) for record in said.body["data"]]


async def test_an_empty_listing_is_204(ask: Asking) -> None:
    said = await ask("GET", "/Students", fields="id")
    assert (said.status, said.body) == (204, b"")


async def test_a_listing_goes_by_id_descending_unless_told_otherwise(ask: Asking) -> None:
    planted = students(ask, 3)
    assert planted[::-1] == ids(await ask("GET", "/Students", fields="id"))
    assert planted == ids(await ask("GET", "/Students", fields="id", sort_by="id", sort_order="asc"))


async def test_pages_by_number_then_by_token_have_every_record_once(ask: Asking) -> None:
    planted = students(ask, 2_300)
    query: dict[str, Any] = {"fields": "id", "sort_by": "id", "sort_order": "asc", "per_page": 200}
    found, said = [], await ask("GET", "/Students", page=1, **query)
    for page in range(2, 11):
        found += ids(said)
        said = await ask("GET", "/Students", page=page, **query)
    found += ids(said)
    assert tuple(said.body["info"][name] for name in ("more_records", "page", "count")) == (True, 10, 200)
    while said.body["info"]["more_records"]:
        said = await ask("GET", "/Students", page_token=said.body["info"]["next_page_token"], **query)
        found += ids(said)
    assert planted == found
    assert said.body["info"]["next_page_token"] is None


@pytest.mark.parametrize("sort_by", ["id", "Created_Time", "Modified_Time"], ids=repr)
@pytest.mark.parametrize("sort_order", ["asc", "desc"], ids=repr)
async def test_every_order_can_be_walked(ask: Asking, sort_by: str, sort_order: str) -> None:
    planted = [
        ask.zoho.add("Students", {"Name": f"N{n}", "Modified_Time": f"2026-03-{1 + n % 5:02d}T00:00:00Z"})
        for n in range(25)
    ]
    found = await walk(ask, per_page=4, sort_by=sort_by, sort_order=sort_order)
    assert sorted(planted) == sorted(found)


async def test_a_page_token_holds_every_other_parameter_fast(ask: Asking) -> None:
    students(ask, 5)
    first = await ask("GET", "/Students", fields="id", per_page=2)
    token = first.body["info"]["next_page_token"]
    other: list[dict[str, Any]] = [
        {"fields": "id,Name", "per_page": 2},
        {"fields": "id", "per_page": 3},
        {"fields": "id", "per_page": 2, "sort_by": "id"},
    ]
    for query in other:
        assert (await ask("GET", "/Students", page_token=token, **query)).code == "TOKEN_BOUND_DATA_MISMATCH"


async def test_a_page_token_lives_a_day(ask: Asking) -> None:
    students(ask, 3)
    said = await ask("GET", "/Students", fields="id", per_page=2)
    assert said.body["info"]["page_token_expiry"] == "2026-09-02T11:00:00+03:00"
    await ask.time.sleep(DAY)
    await ask.sign_in()
    token = said.body["info"]["next_page_token"]
    assert (await ask("GET", "/Students", fields="id", per_page=2, page_token=token)).code == "EXPIRED_VALUE"


async def test_row_100_001_is_out_of_reach(ask: Asking) -> None:
    students(ask, 100_001)
    ask.described = False  # 501 answers of one shape
    query: dict[str, Any] = {"fields": "id", "sort_by": "id", "sort_order": "asc"}
    said = await ask("GET", "/Students", **query)
    calls = 1
    while "info" in said.body and said.body["info"]["more_records"]:
        last = ids(said)[-1]
        said = await ask("GET", "/Students", page_token=said.body["info"]["next_page_token"], **query)
        calls += 1
    assert (calls, said.code) == (501, "PAGINATION_LIMIT_EXCEEDED")
    beyond = (await ask.coql(f"select id from Students where id > {last}")).body["data"]  # noqa: S608  # COQL
    assert len(beyond) == 1


async def test_ids_filter_a_listing(ask: Asking) -> None:
    planted = students(ask, 4)
    said = await ask("GET", "/Students", fields="id", ids=f"{planted[1]},{planted[3]},77")
    assert [planted[3], planted[1]] == ids(said)


async def test_modified_since_is_inclusive_to_the_second_and_304_for_nothing(ask: Asking) -> None:
    for at in ("08:59:59", "09:00:00", "09:00:01"):
        ask.zoho.add("Students", {"Name": at, "Modified_Time": f"2026-03-01T{at}+00:00"})
    for since in ("2026-03-01T09:00:00+00:00", "2026-03-01T12:00:00+03:00"):
        said = await ask("GET", "/Students", headers={"If-Modified-Since": since}, fields="Name")
        assert [record["Name"] for record in said.body["data"]] == ["09:00:01", "09:00:00"]
    nothing = await ask(
        "GET", "/Students", headers={"If-Modified-Since": "2026-03-01T09:00:02+00:00"}, fields="id"
    )
    assert (nothing.status, nothing.body, list(nothing.headers)) == (304, b"", ["date"])


async def test_what_was_deleted_is_told_with_or_without_names(ask: Asking) -> None:
    first, second = students(ask, 2)
    ask.zoho.remove("Students", first)
    await ask.time.sleep(60)
    ask.zoho.remove("Students", second, permanently=True)
    said = await ask("GET", "/Students/deleted", type="all")
    assert [(first, "recycle", "Student 0"), (second, "permanent", None)] == [
        (gone["id"], gone["type"], gone["display_name"]) for gone in said.body["data"]
    ]
    assert [said.body["data"][1][name] for name in ("deleted_by", "created_by")] == [None, None]
    assert said.body["info"] == {"per_page": 200, "count": 2, "page": 1, "more_records": False}
    later = {"If-Modified-Since": "2026-09-01T11:01:00+03:00"}
    assert [second] == ids(await ask("GET", "/Students/deleted", headers=later))
    assert [first] == ids(await ask("GET", "/Students/deleted", type="recycle"))
    page = await ask("GET", "/Students/deleted", per_page=1)
    assert page.body["info"]["more_records"]
    assert (await ask("GET", "/Students/deleted", page=2)).status == 204


async def test_records_are_counted_with_or_without_criteria(ask: Asking) -> None:
    students(ask, 3, Level="L2")
    students(ask, 2, Level="L3")
    counts = [
        (await ask("GET", "/Students/actions/count")).body,
        (await ask("GET", "/Students/actions/count", criteria="(Level:equals:L3)")).body,
    ]
    assert counts == [{"count": 5}, {"count": 2}]
