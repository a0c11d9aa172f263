"""Insert, update, upsert, delete: results by position, and what each record can be refused for."""

from typing import Any

import pytest
from tests.gateways.zoho_fake.asking import Asking

ME = {"Name": "Sara A.", "External_Key": "m-1"}


async def upsert(ask: Asking, *records: dict[str, Any], by: tuple[str, ...] = ("External_Key",)) -> Any:
    """An upsert of students that runs no workflow."""
    body: dict[str, Any] = {"data": list(records), "trigger": []}
    if by:
        body["duplicate_check_fields"] = list(by)
    return await ask("POST", "/Students/upsert", body)


async def test_an_insert_answers_201_with_the_stamps_of_the_integrations_user(ask: Asking) -> None:
    said = await ask("POST", "/Students", {"data": [ME], "trigger": []})
    item = said.body["data"][0]
    robot = {"name": "Sync Bot", "id": ask.zoho.organization.robot.id}
    assert (said.status, item["code"], item["message"]) == (201, "SUCCESS", "record added")
    assert (robot, robot) == (item["details"]["Created_By"], item["details"]["Modified_By"])
    assert item["details"]["Modified_Time"] == "2026-09-01T11:00:00+03:00"
    stored = ask.zoho.records("Students")[item["details"]["id"]]
    assert {**ME, "Modified_By": robot}.items() <= stored.items()


async def test_results_keep_the_order_and_the_status_says_how_many_failed(ask: Asking) -> None:
    good, bad = {"Name": "Fine"}, {"Name": "Bad", "Nope": 1}
    statuses = {}
    for path in ("/Students", "/Students/upsert"):
        for data in ([good, good], [good, bad, good], [bad, bad]):
            said = await ask("POST", path, {"data": data})
            statuses[path, len(data)] = said.status
            expected = ["SUCCESS" if each is good else "INVALID_DATA" for each in data]
            assert expected == said.codes
            assert (said.status == 400) == (data == [bad, bad])
    assert {key: status for key, status in statuses.items() if key[1] == 3} == {
        ("/Students", 3): 207,
        ("/Students/upsert", 3): 207,
    }


async def test_a_record_gets_the_owner_it_is_given(ask: Asking) -> None:
    robot, person = ask.zoho.organization.robot, ask.zoho.organization.person
    said = await ask("POST", "/Students", {"data": [{**ME, "Owner": {"id": person.id}}]})
    student = said.body["data"][0]["details"]["id"]
    owners = [ask.zoho.records("Students")[student]["Owner"]]
    assert (await ask("PUT", f"/Students/{student}", {"data": [{"Owner": {"id": robot.id}}]})).status == 200
    owners.append(ask.zoho.records("Students")[student]["Owner"])
    assert [("Registrar", person.id), ("Sync Bot", robot.id)] == [
        (owner["name"], owner["id"]) for owner in owners if isinstance(owner, dict)
    ]
    nobody = await ask("PUT", f"/Students/{student}", {"data": [{"Owner": {"id": "77"}}]})
    assert (nobody.status, nobody.code) == (400, "INVALID_DATA")


REFUSED: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "A field nobody defined": ({"Nope": 1}, "INVALID_DATA", {"api_name": "Nope"}),
    "Text that is a number": ({"External_Key": 5}, "INVALID_DATA", {"expected_data_type": "text"}),
    "Text that is too long": ({"Name": "N" * 121}, "INVALID_DATA", {"maximum_length": 120}),
    "A number that is text": ({"Score": "3"}, "INVALID_DATA", {"expected_data_type": "double"}),
    "A whole number that is not": ({"Attempts": 1.5}, "INVALID_DATA", {"expected_data_type": "integer"}),
    "A number of too many digits": ({"Attempts": 10**9}, "INVALID_DATA", {"maximum_length": 9}),
    "A number that is true": ({"Attempts": True}, "INVALID_DATA", {"expected_data_type": "integer"}),
    "A boolean that is text": ({"Active": "yes"}, "INVALID_DATA", {"expected_data_type": "boolean"}),
    "A date that is a number": ({"Birth_Date": 5}, "INVALID_DATA", {"expected_data_type": "date"}),
    "A moment that never was": (
        {"Enrolled_At": "2026-02-30T09:30:00Z"},
        "INVALID_DATA",
        {"expected_data_type": "datetime"},
    ),
    "A date that is none": ({"Birth_Date": "2026-02-30"}, "INVALID_DATA", {"expected_data_type": "date"}),
    "A moment without an offset": (
        {"Enrolled_At": "2026-03-01T09:30:00"},
        "INVALID_DATA",
        {"expected_data_type": "datetime", "json_path": "$.data[1].Enrolled_At"},
    ),
    "A moment with fractions": (
        {"Enrolled_At": "2026-03-01T09:30:00.5+03:00"},
        "INVALID_DATA",
        {"expected_data_type": "datetime"},
    ),
    "An address that is none": ({"Academic_Email": "sara"}, "INVALID_DATA", {"expected_data_type": "email"}),
    "A choice nobody offers": ({"Level": "L9"}, "INVALID_DATA", {"supported_values": ["L2", "L3"]}),
    "A mandatory field emptied": (
        {"Name": None},
        "MANDATORY_NOT_FOUND",
        {"api_name": "Name", "json_path": "$.data[1].Name"},
    ),
    "Two mistakes at once": ({"Nope": 1, "Score": "3"}, "MULTIPLE_OR_MULTI_ERRORS", {}),
}


@pytest.mark.parametrize("sentence", REFUSED, ids=repr)
async def test_a_record_is_refused_alone(sentence: str, ask: Asking) -> None:
    """With its code, its field and its place, while its neighbour is stored."""
    values, code, details = REFUSED[sentence]
    said = await ask("POST", "/Students", {"data": [{"Name": "Fine"}, {"Name": "Bad", **values}]})
    first, second = said.body["data"]
    assert (207, "SUCCESS", code) == (said.status, first["code"], second["code"])
    assert details.items() <= second["details"].items()
    assert [record["Name"] for record in ask.zoho.records("Students").values()] == ["Fine"]


async def test_every_mistake_of_a_record_is_told(ask: Asking) -> None:
    said = await ask("POST", "/Students", {"data": [{"Nope": 1, "Score": "3"}]})
    inner = said.body["data"][0]["details"]["errors"]
    assert [each["details"]["json_path"] for each in inner] == [
        "$.data[0].Nope",
        "$.data[0].Score",
        "$.data[0].Name",
    ]


@pytest.mark.parametrize("value", ["5000000000000009999", "abc"], ids=repr)
async def test_a_lookup_needs_a_record_that_is_there(ask: Asking, value: str) -> None:
    said = await ask("POST", "/Grades", {"data": [{"Key": "k", "Student": {"id": value}}]})
    assert (said.status, said.code) == (400, "INVALID_DATA")
    assert said.body["data"][0]["details"]["json_path"] == "$.data[0].Student.id"
    bare = await ask("POST", "/Grades", {"data": [{"Key": "k", "Student": value}]})
    assert bare.body["data"][0]["details"]["expected_data_type"] == "jsonobject"


async def test_a_lookup_is_set_by_id_and_cleared_by_null(ask: Asking) -> None:
    student = ask.zoho.add("Students", ME)
    said = await ask("POST", "/Grades", {"data": [{"Key": "k", "Student": {"id": student}}]})
    grade = said.body["data"][0]["details"]["id"]
    assert {"name": "Sara A.", "id": student} == ask.zoho.records("Grades")[grade]["Student"]
    await ask("PUT", "/Grades", {"data": [{"id": grade, "Student": None}]})
    assert ask.zoho.records("Grades")[grade]["Student"] is None


async def test_automatic_numbers_and_formulas_are_not_written(ask: Asking) -> None:
    said = await ask("POST", "/Grades", {"data": [{"Key": "k", "Name": "Mine"}]})
    name = ask.zoho.records("Grades")[said.body["data"][0]["details"]["id"]]["Name"]
    assert str(name).startswith("Grades-")
    await upsert(ask, {**ME, "Total": "12", "Modified_Time": "2020-01-01T00:00:00Z"})
    (student,) = ask.zoho.records("Students").values()
    assert (student["Total"], student["Modified_Time"]) == (None, "2026-09-01T11:00:00+03:00")


async def test_an_upsert_says_what_it_did_and_by_which_field(ask: Asking) -> None:
    first = (await upsert(ask, ME)).body["data"][0]
    second = (await upsert(ask, {**ME, "Name": "Sara B."})).body["data"][0]
    assert (first["action"], first["duplicate_field"]) == ("insert", None)
    assert (second["action"], second["duplicate_field"]) == ("update", "External_Key")
    assert [record["Name"] for record in ask.zoho.records("Students").values()] == ["Sara B."]


async def test_an_upsert_without_fields_to_check_merges_people_of_one_name(ask: Asking) -> None:
    await upsert(ask, {**ME, "External_Key": "m-1"}, by=())
    said = await upsert(ask, {**ME, "External_Key": "m-2"}, by=())
    assert (said.body["data"][0]["action"], said.body["data"][0]["duplicate_field"]) == ("update", "Name")
    assert [record["External_Key"] for record in ask.zoho.records("Students").values()] == ["m-2"]


async def test_without_fields_to_check_unique_fields_decide_behind_the_name(ask: Asking) -> None:
    await upsert(ask, ME)
    said = await upsert(ask, {"Name": "Another", "External_Key": "M-1"}, by=())
    assert said.body["data"][0]["duplicate_field"] == "External_Key"


async def test_an_upsert_by_id_updates(ask: Asking) -> None:
    student = ask.zoho.add("Students", ME)
    said = await upsert(ask, {"id": student, "Name": "New"}, {"id": "77", "Name": "Nobody"})
    assert said.codes == ["SUCCESS", "INVALID_DATA"]
    assert ask.zoho.records("Students")[student]["Name"] == "New"


async def test_a_unique_value_of_another_record_is_a_duplicate(ask: Asking) -> None:
    holder = ask.zoho.add("Students", {**ME, "Academic_Email": "sara@college.example"})
    said = await ask(
        "POST",
        "/Students",
        {"data": [{"Name": "B", "External_Key": "M-1"}, {**ME, "Academic_Email": "SARA@college.example"}]},
    )
    one, two = said.body["data"]
    assert ("DUPLICATE_DATA", "External_Key", holder) == (
        one["code"],
        one["details"]["api_name"],
        one["details"]["duplicate_record"]["id"],
    )
    assert one["details"]["duplicate_record"]["module"]["api_name"] == "Students"
    assert two["code"] == "MULTIPLE_OR_MULTI_ERRORS"
    assert [each["code"] for each in two["details"]["errors"]] == ["DUPLICATE_DATA"] * 2


async def test_a_record_may_keep_its_own_unique_value_and_a_freed_one_is_free(ask: Asking) -> None:
    first, second = ask.zoho.add("Students", ME), ask.zoho.add("Students", {"Name": "B"})
    assert (await ask("PUT", f"/Students/{first}", {"data": [ME]})).status == 200
    taken = {"data": [{"External_Key": "m-1"}]}
    assert (await ask("PUT", f"/Students/{second}", taken)).status == 400
    await ask("PUT", f"/Students/{first}", {"data": [{"External_Key": None}]})
    assert (await ask("PUT", f"/Students/{second}", taken)).status == 200


async def test_an_update_needs_an_id_that_is_there(ask: Asking) -> None:
    said = await ask("PUT", "/Students", {"data": [{"Name": "A"}, {"id": "77", "Name": "B"}]})
    assert (said.status, said.codes) == (400, ["MANDATORY_NOT_FOUND", "INVALID_DATA"])
    assert (await ask("PUT", "/Students/77", {"data": [{"Name": "A"}]})).status == 400


async def test_an_update_leaves_alone_what_it_does_not_name(ask: Asking) -> None:
    student = ask.zoho.add("Students", {**ME, "Score": 2})
    await ask.time.sleep(5)
    await ask("PUT", f"/Students/{student}", {"data": [{"Name": "New"}]})
    record = ask.zoho.records("Students")[student]
    assert (record["Name"], record["Score"], record["External_Key"]) == ("New", 2, "m-1")
    assert record["Modified_Time"] == "2026-09-01T11:00:05+03:00"


@pytest.mark.parametrize("path", ["/Students/{id}", "/Students", "/Students/upsert"], ids=repr)
async def test_a_record_modified_meanwhile_is_not_overwritten(ask: Asking, path: str) -> None:
    student = ask.zoho.add("Students", ME)
    read_at = {"If-Unmodified-Since": "2026-09-01T08:00:00+00:00"}
    await ask.time.sleep(1)
    ask.zoho.edit("Students", student, {"Name": "By hand"})
    method = "POST" if "upsert" in path else "PUT"
    body: dict[str, Any] = {"data": [{**ME, "id": student, "Name": "By us"}]}
    said = await ask(method, path.format(id=student), body, read_at)
    assert (said.status, said.code) == (412, "ALREADY_MODIFIED")
    assert said.body["data"][0]["details"]["Modified_Time"] == "2026-09-01T11:00:01+03:00"
    assert ask.zoho.records("Students")[student]["Name"] == "By hand"
    again = {"If-Unmodified-Since": "2026-09-01T08:00:01+00:00"}
    assert (await ask(method, path.format(id=student), body, again)).status == 200


@pytest.mark.parametrize(
    "code", ["RECORD_LOCKED", "NOT_APPROVED", "NOT_REVIEWED", "RECORD_IN_BLUEPRINT"], ids=repr
)
async def test_a_locked_record_is_neither_changed_nor_deleted(ask: Asking, code: str) -> None:
    student = ask.zoho.add("Students", ME)
    ask.zoho.lock("Students", student, code)
    answers = [
        await upsert(ask, ME),
        await ask("PUT", "/Students", {"data": [{"id": student, "Name": "New"}]}),
        await ask("DELETE", "/Students", ids=student, wf_trigger="false"),
    ]
    assert [(400, code)] * 3 == [(said.status, said.code) for said in answers]
    assert student in ask.zoho.records("Students")


async def test_deleting_tells_of_each_id_and_an_unknown_one_was_not_deleted(ask: Asking) -> None:
    first, second = ask.zoho.add("Students", ME), ask.zoho.add("Students", {"Name": "B"})
    said = await ask("DELETE", "/Students", ids=f"{first},77", wf_trigger="false")
    assert (said.status, said.codes) == (207, ["SUCCESS", "INVALID_DATA"])
    missing = said.body["data"][1]
    assert (missing["message"], missing["details"]) == ("record not deleted", {"id": "77"})
    assert (await ask("DELETE", f"/Students/{second}")).status == 200
    assert (await ask("DELETE", "/Students", ids=first)).status == 400
    assert ask.zoho.records("Students") == {}


@pytest.mark.parametrize(
    ("method", "more", "query", "runs"),
    [
        ("POST", {"trigger": []}, {}, []),
        ("POST", {}, {}, ["approval", "blueprint", "orchestration", "pathfinder", "workflow"]),
        ("POST", {"trigger": ["workflow"]}, {}, ["workflow"]),
        ("DELETE", {}, {"wf_trigger": "false"}, []),
        ("DELETE", {}, {"wf_trigger": "False"}, ["workflow"]),
        ("DELETE", {}, {}, ["workflow"]),
    ],
    ids=repr,
)
async def test_workflows_run_unless_they_are_told_not_to(
    ask: Asking, method: str, more: dict[str, Any], query: dict[str, Any], runs: list[str]
) -> None:
    student = ask.zoho.add("Students", ME)
    body = None if method == "DELETE" else {"data": [{"Name": "B"}], **more}
    await ask(method, f"/Students/{student}" if body is None else "/Students", body, **query)
    ran: set[str] = set().union(*(features for _, features in ask.zoho.changes.ran))
    assert ran.issuperset(runs)
    assert bool(runs) == bool(ran)


async def test_the_same_key_twice_in_one_call_is_taken_in_order(ask: Asking) -> None:
    said = await upsert(ask, ME, {**ME, "Name": "Second"})
    assert [item["action"] for item in said.body["data"]] == ["insert", "update"]
    again = await ask("POST", "/Students", {"data": [{"Name": "A", "External_Key": "n"}] * 2})
    assert again.codes == ["SUCCESS", "DUPLICATE_DATA"]
