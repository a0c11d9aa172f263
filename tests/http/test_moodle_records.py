"""Records of Moodle, taken in batches, listed and shown."""

from typing import Any

import pytest
from tests.http.serving import Api

SECONDS = 1770640200


async def taken(api: Api, kind: str, body: object, **headers: str) -> dict[str, Any]:
    answer = await api.post(f"/api/v1/moodle/{kind}", body, **headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def user(id: int, **fields: object) -> dict[str, object]:
    return {"id": id, "username": f"u{id}", "email": f"u{id}@campus.example", **fields}


COURSE = {"id": 1001, "shortname": "NET-A", "fullname": "Networking A", "startdate": SECONDS}


def mark(student: int, **fields: object) -> dict[str, object]:
    ids = {"userid": student, "courseid": 1001, "assignid": 55, "attemptnumber": 0}
    return {**ids, "rawgrade": "3.00000", "timemodified": SECONDS, **fields}


async def test_users_are_taken_with_a_result_for_each(api: Api) -> None:
    body = {"users": [user(7, city="Irbid"), user(8), {"username": "nobody"}]}
    found = await taken(api, "users", body)
    assert (found["status"], found["received"]) == ("partial", 3)
    assert [(each["moodle_id"], each["status"]) for each in found["results"]] == [
        ("7", "NEW"),
        ("8", "NEW"),
        (None, "INVALID"),
    ]
    assert found["results"][2]["reasons"] == [
        {
            "code": "required",
            "path": "$.userid",
            "message": "`userid` is missing, and a record cannot do without it.",
        }
    ]
    assert found["summary"] == {"NEW": 2, "UPDATED": 0, "UNCHANGED": 0, "INVALID": 1, "ERROR": 0}
    again = await taken(api, "users", {"users": [user(7, city="Zarqa"), user(8)]})
    assert [each["status"] for each in again["results"]] == ["UPDATED", "UNCHANGED"]
    assert again["results"][0]["changed_fields"] == ["city"]


@pytest.mark.parametrize("name", ["users", "moodle_users", "data"])
async def test_users_are_taken_under_every_name_that_lists_have(api: Api, name: str) -> None:
    found = await taken(api, "users", {name: [user(7), 5, user(8)]})
    assert [each["status"] for each in found["results"]] == ["NEW", "INVALID", "NEW"]
    assert (await taken(api, "users", {name: user(9)}))["received"] == 1


@pytest.mark.parametrize("name", ["grades", "marks", "moodle_marks", "data"])
async def test_marks_are_taken_under_every_name_that_lists_have(api: Api, name: str) -> None:
    found = await taken(api, "grades", {name: [mark(7), mark(8)]})
    assert [(each["moodle_id"], each["parked"]) for each in found["results"]] == [
        ("7_1001_55", True),
        ("8_1001_55", True),
    ]


async def test_records_under_two_names_are_refused_for_nobody_knows_which_were_meant(api: Api) -> None:
    answer = await api.post("/api/v1/moodle/grades", {"data": [mark(7)], "marks": [mark(8)]})
    assert answer.status_code == 400
    said = "The body has records under `marks` and `data`; send them under one name."
    assert answer.json()["detail"] == said


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("sync/moodle_users", "`moodle_users` are records of Moodle: send them to `/api/v1/moodle/users`."),
        ("sync/moodle_marks/", "`moodle_marks` are records of Moodle: send them to `/api/v1/moodle/grades`."),
        ("moodle/moodle_users", "`moodle_users` are records of Moodle: send them to `/api/v1/moodle/users`."),
        ("moodle/students", "`students` are records of Zoho: send them to `/api/v1/sync/students`."),
        ("moodle/zzz", "`zzz` is not a module mzi knows. Did you mean `users` or `courses` or "),
    ],
)
async def test_a_kind_that_is_taken_elsewhere_is_told_with_the_path(api: Api, path: str, said: str) -> None:
    answer = await api.post(f"/api/v1/{path}", {"data": [user(7)]})
    assert (answer.status_code, said in answer.json()["detail"]) == (404, True), answer.text


async def test_an_older_event_of_the_same_second_changes_nothing(api: Api) -> None:
    newer, older = (user(7, timemodified=SECONDS, city=c, event_number=n) for c, n in (("A", 9), ("B", 8)))
    await taken(api, "users", {"users": [newer]})
    (result,) = (await taken(api, "users", {"users": [older]}))["results"]
    assert (result["status"], [each["code"] for each in result["reasons"]]) == ("UNCHANGED", ["stale"])
    assert (await api.stored("moodle_users", "7"))["city"] == "A"


async def test_what_a_record_does_not_name_stays_and_what_it_names_as_empty_is_emptied(api: Api) -> None:
    await taken(api, "users", {"users": [user(7, timemodified=SECONDS, city="Irbid", phone1="1")]})
    later = {"id": 7, "timemodified": SECONDS + 5, "phone1": None}
    (result,) = (await taken(api, "users", {"users": [later]}))["results"]
    assert result["status"] == "UPDATED"
    stored = await api.stored("moodle_users", "7")
    assert (stored["city"], stored["phone"]) == ("Irbid", None)
    older = {"id": 7, "timemodified": SECONDS + 1, "phone1": "2", "country": "JO"}
    (result,) = (await taken(api, "users", {"users": [older]}))["results"]
    assert result["status"] == "UPDATED"
    stored = await api.stored("moodle_users", "7")
    assert (stored["phone"], stored["country"]) == (None, "JO")
    (wrong,) = (await taken(api, "users", {"users": [{**later, "timemodified": SECONDS + 10**9}]}))["results"]
    assert (wrong["status"], wrong["reasons"][0]["code"]) == ("INVALID", "out_of_range")


async def test_a_mark_of_an_unknown_user_is_parked_until_the_user_comes(api: Api) -> None:
    await taken(api, "courses", {"courses": [COURSE]})
    (waits,) = (await taken(api, "grades", {"grades": [mark(7)]}))["results"]
    assert (waits["moodle_id"], waits["status"], waits["parked"]) == ("7_1001_55", "INVALID", True)
    assert [each["code"] for each in waits["reasons"]] == ["dependency_missing"]
    held = (await api.client.get("/api/v1/moodle_marks/7_1001_55")).json()["held"]
    assert held["moodle_key"] == "7_1001_55"
    assert held["waits_for"] == {"module": "moodle_users", "moodle_key": "7"}
    found = await taken(api, "users", {"users": [user(7)]})
    assert [(each["module"], each["moodle_id"], each["status"]) for each in found["released"]] == [
        ("moodle_marks", "7_1001_55", "NEW")
    ]
    await taken(api, "grades", {"grades": [mark(7, attemptnumber=1, rawgrade=4)]})
    stored = await api.stored("moodle_marks", "7_1001_55")
    assert [(each["number"], each["raw"]) for each in stored["attempts"]] == [(0, "3.00000"), (1, "4")]


async def test_enrolments_wait_for_both_and_are_listed(api: Api) -> None:
    body = {
        "enrollments": [{"id": 12, "userid": 7, "courseid": 1001, "roleid": 5, "status": 0, "timeend": 0}]
    }
    (result,) = (await taken(api, "enrollments", body))["results"]
    assert (result["moodle_id"], result["parked"]) == ("1001_7", True)
    await taken(api, "users", user(7))
    released = (await taken(api, "courses", {"courses": COURSE}))["released"]
    assert [(each["moodle_id"], each["status"]) for each in released] == [("1001_7", "NEW")]
    (listed,) = (await api.client.get("/v1/moodle_enrollments")).json()["items"]
    assert (listed["moodle_key"], listed["state"]) == ("1001_7", "NEW")
    assert "zoho_id" not in listed
    assert (listed["record"]["course"], listed["record"]["status"]) == ("1001", "active")


async def test_a_request_under_one_key_is_carried_out_once(api: Api) -> None:
    body = {"users": [user(7)]}
    first = await taken(api, "users", body, **{"Idempotency-Key": "k"})
    again = await taken(api, "users", body, **{"Idempotency-Key": "k"})
    assert again == {**first, "idempotent_replay": True}
    for path in ("users", "courses"):
        answer = await api.post(f"/v1/moodle/{path}", {path: [COURSE]}, **{"Idempotency-Key": "k"})
        assert answer.status_code == 409


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "The body is a list."),
        ({}, "The body has no record."),
        ({"users": 5}, "`users` must be a list of records, or one record."),
    ],
    ids=repr,
)
async def test_a_body_without_records_is_refused_with_the_shape_that_is_read(
    api: Api, body: object, said: str
) -> None:
    answer = await api.post("/api/v1/moodle/users", body)
    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        f'{said} Send {{"users": [<record>, …]}}, {{"users": <record>}} or one record as the object itself.'
    )


async def test_no_other_kind_is_taken_here_and_none_of_moodles_by_sync(api: Api) -> None:
    answer = await api.post("/api/v1/moodle/students", {"students": []})
    assert answer.status_code == 404
    answer = await api.post("/api/v1/sync/moodle_users", {"data": []})
    assert answer.status_code == 404
    assert (await api.client.post("/api/v1/moodle/users", headers={"X-API-Key": "wrong"})).status_code == 401


async def test_what_a_stored_mark_comes_to_is_told_with_the_reason(api: Api) -> None:
    await taken(api, "users", {"users": [user(7), user(8)]})
    await taken(api, "courses", {"courses": [COURSE]})
    attempts = [{"attemptnumber": n, "rawgrade": 3 * n + 1, "submissionstatus": "submitted"} for n in (0, 1)]
    several = {"userid": 7, "courseid": 1001, "assignid": 55, "assigngrademax": 4, "attempts": attempts}
    await taken(api, "grades", {"grades": [several, mark(8, assigngrademax=-3)]})
    path = "/api/v1/moodle/grades"
    answer = await api.client.get(f"{path}/7_1001_55/decision")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["moodle_key"], told["errors"]) == ("7_1001_55", [])
    assert [(each["attempt"], each["decision"]["grade"]) for each in told["attempts"]] == [(0, "R"), (1, "D")]
    capped = await api.client.get(f"{path}/7_1001_55/decision?policy=pearson-higher-national")
    assert [each["decision"]["grade"] for each in capped.json()["attempts"]] == ["R", "P"]
    for asked, status in (
        ("9_1001_55/decision", 404),
        ("9" * 300 + "/decision", 404),
        ("7_1001_55/decision?polcy=percent", 400),
        ("7_1001_55/decision?policy=nonsense", 422),
        ("7_1001_55/decision?level=kindergarten", 200),
        ("8_1001_55/decision", 422),
    ):
        answer = await api.client.get(f"{path}/{asked}")
        assert (asked[:40], answer.status_code) == (asked[:40], status)
    assert "names a scale and not its items" in answer.json()["detail"]
