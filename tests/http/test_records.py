"""Lists, cursors, and single records."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from tests.http.serving import Api, student

from mzi_core.modules import CATALOGUE
from mzi_core.values import DEFAULT_TENANT, ZohoId

STUDENTS = "/api/v1/students"


async def listed(api: Api, **query: Any) -> dict[str, Any]:
    answer = await api.client.get(STUDENTS, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(page: dict[str, Any]) -> list[str]:
    return [item["zoho_id"] for item in page["items"]]


async def refusal(api: Api, query: str) -> dict[str, Any]:
    answer = await api.client.get(f"{STUDENTS}?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"] == "urn:mzi:problem:bad-parameter"
    found: dict[str, Any] = answer.json()
    return found


async def fill(api: Api, count: int) -> None:
    """Students, each stored a minute after the one before."""
    for n in range(count):
        await api.sync("students", student(n))
        api.mzi.clock.advance(timedelta(minutes=1))


async def test_a_stored_record_is_shown_with_all_its_fields_in_plain_json(api: Api) -> None:
    await api.sync(
        "programs", {"id": "p", "Product_Name": "HND", "Program_Price": "9,500.50", "MoodleID": 12}
    )
    answer = (await api.client.get("/api/v1/programs/p")).json()
    assert answer["held"] is None
    stored = answer["stored"]
    assert (stored["zoho_id"], stored["state"]) == ("p", "NEW")
    assert stored["created_at"] == stored["updated_at"] == "2026-02-15T08:00:00Z"
    assert stored["deleted_at"] is None
    assert set(stored["record"]) == {"extra", *CATALOGUE["programs"].field}
    assert stored["record"]["price"] == "9500.50"
    assert stored["record"]["moodle_id"] == 12


async def test_a_damaged_id_is_refused_and_an_exported_one_is_the_bare_one(api: Api) -> None:
    damaged = {**student(1), "id": "5.39883E+18"}
    exported = {**student(2), "id": "zcrm_5398830000091000001"}
    first, second = (await api.sync("students", damaged, exported))["results"]
    assert (first["status"], first["reasons"][0]["code"]) == ("INVALID", "id_invalid")
    assert second["zoho_student_id"] == "5398830000091000001"
    assert await api.stored("students", "5398830000091000001") == await api.stored("students", exported["id"])


async def test_a_refused_version_is_shown_beside_the_stored_one(api: Api) -> None:
    await api.sync("students", student(1))
    await api.sync("students", student(1, Academic_Email="not an address"))
    answer = (await api.client.get(f"{STUDENTS}/1")).json()
    assert answer["stored"]["record"]["academic_email"] == "s1@college.example"
    assert answer["held"]["state"] == "INVALID"
    assert answer["held"]["received"]["Academic_Email"] == "not an address"
    assert answer["held"]["waits_for"] is None
    assert [reason["code"] for reason in answer["held"]["reasons"]] == ["email_invalid"]


async def test_of_a_refused_record_neither_secrets_nor_what_nobody_reads_are_kept_or_shown(api: Api) -> None:
    more = {"Academic_Password": "hunter2", "Diagnosis": "hunter2", "$owner": {"secret": "hunter2"}}
    program = {"id": "5", "name": "Level 3", "api_key": "hunter2"}
    await api.sync("students", student(1, Academic_Email="nowhere", Program=program, **more))
    for path in (f"{STUDENTS}/1", f"{STUDENTS}?state=INVALID"):
        answer = await api.client.get(path)
        assert "nowhere" in answer.text
        assert "Level 3" in answer.text
        assert "hunter2" not in answer.text
    async with api.mzi.store.read(DEFAULT_TENANT) as session:
        held = await session.parked("students", [ZohoId("1")])
    assert "hunter2" not in repr(held)


async def test_a_parked_record_says_what_it_waits_for(api: Api) -> None:
    await api.sync("requests", {"id": "q", "Student": {"id": "9"}})
    answer = (await api.client.get("/api/v1/requests/q")).json()
    assert answer["stored"] is None
    assert answer["held"]["waits_for"] == {"module": "students", "zoho_id": "9"}
    assert answer["held"]["waiting"] is None


async def test_a_version_that_waits_is_told_apart_from_a_refused_one_beside_it(api: Api) -> None:
    waiting = {"id": "q", "Student": {"id": "9"}, "Modified_Time": "2026-02-01T09:00:00+03:00"}
    refused = {**waiting, "Student": "${!Student}", "Modified_Time": "2026-02-02T09:00:00+03:00"}
    for record in (waiting, refused):
        await api.sync("requests", record)
    held = (await api.client.get("/api/v1/requests/q")).json()["held"]
    assert (held["waits_for"]["zoho_id"], held["waiting"], held["received"]) == ("9", waiting, refused)
    assert [each["code"] for each in held["reasons"]] == ["template_not_substituted"]


async def test_a_record_is_found_by_an_id_with_a_slash_and_with_arabic_letters(api: Api) -> None:
    for zoho_id, path in (("reg/1 x", "reg%2F1%20x"), ("طالب", "%D8%B7%D8%A7%D9%84%D8%A8")):
        await api.sync("teachers", {"id": zoho_id, "Name": "T"})
        answer = await api.client.get(f"/api/v1/teachers/{path}")
        assert answer.json()["stored"]["zoho_id"] == zoho_id


async def test_what_was_received_is_shown_even_if_it_is_half_a_character(api: Api) -> None:
    await api.sync("students", student(1, First_Name="a\ud800"))
    answer = await api.client.get(f"{STUDENTS}/1")
    assert answer.json()["held"]["received"]["First_Name"] == "a\ud800"


async def test_pages_follow_each_other_and_show_every_record_once(api: Api) -> None:
    await fill(api, 7)
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = await listed(api, **query)
        seen += ids(page)
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == [str(n) for n in range(7)]


async def test_a_list_is_50_long_unless_it_is_said(api: Api) -> None:
    await api.sync("students", *(student(n) for n in range(60)))
    assert len((await listed(api))["items"]) == 50
    assert len((await listed(api, limit=200))["items"]) == 60


async def test_lists_are_by_state_by_time_and_with_deleted_ones(api: Api) -> None:
    await fill(api, 3)
    await api.sync("students", student(0, City="Irbid"))
    await api.sync("students", {"id": "bad"})
    async with api.mzi.store.begin(DEFAULT_TENANT) as session:
        await session.delete(CATALOGUE["students"], [ZohoId("2")], api.mzi.clock.now())
    assert sorted(ids(await listed(api))) == ["0", "1"]
    assert ids(await listed(api, state="NEW")) == ["1"]
    assert ids(await listed(api, state="UPDATED")) == ["0"]
    assert ids(await listed(api, state="INVALID")) == ["bad"]
    assert ids(await listed(api, state="ERROR")) == []
    assert ids(await listed(api, updated_since="2026-02-15T11:02:00+03:00")) == ["0"]
    with_deleted = await listed(api, with_deleted="true", state="NEW")
    assert ids(with_deleted) == ["1", "2"]
    assert with_deleted["items"][1]["deleted_at"] == "2026-02-15T08:03:00Z"


async def test_unchanged_is_no_state_of_a_record_and_the_answer_says_so(memory: Api) -> None:
    found = await refusal(memory, "state=UNCHANGED")
    assert "what became of a request" in found["detail"]
    assert found["errors"] == [{"detail": found["detail"], "parameter": "state"}]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("state=new", "`state` must be one of NEW, UPDATED, INVALID, ERROR."),
        ("limit=0", "from 1 to 200"),
        ("limit=201", "from 1 to 200"),
        ("limit=ten", "from 1 to 200"),
        ("limit=%D9%A3", "from 1 to 200"),
        ("limit=" + "9" * 5000, "from 1 to 200"),
        ("updated_since=2026-02-15", "a time with its offset"),
        ("updated_since=2026-02-15T08:00:00", "a time with its offset"),
        ("updated_since=2026-02-15T08:00:00+03:00", "`+` is written %2B"),
        ("updated_since=0001-01-01T00:00:00%2B14:00", "a time with its offset"),
        ("updated_since=0001-01-01T00:00:00Z", "of the years 1900 to 2200"),
        ("updated_since=9999-12-31T23:59:59-14:00", "of the years 1900 to 2200"),
        (f"cursor={'A' * 5000}", "damaged"),
        ("with_deleted=1", "true or false"),
        ("cursor=", "damaged"),
        ("cursor=nonsense", "damaged"),
        ("cursor=%C3%A9", "damaged"),
        ("limit=1&limit=2", "`limit` is given more than once."),
        ("stat=NEW", "There is no parameter `stat`"),
    ],
)
async def test_a_parameter_that_cannot_be_is_400_with_a_sentence(memory: Api, query: str, said: str) -> None:
    assert said in (await refusal(memory, query))["detail"]


async def test_everything_wrong_with_a_query_is_said_at_once(memory: Api) -> None:
    found = await refusal(memory, "limit=0&state=x&nonsense=1")
    assert {error["parameter"] for error in found["errors"]} == {"limit", "state", "nonsense"}


async def test_a_cursor_that_was_changed_or_belongs_to_another_list_is_refused(api: Api) -> None:
    await fill(api, 3)
    cursor = (await listed(api, limit=1))["next"]
    for position in range(len(cursor)):
        changed = cursor[:position] + ("A" if cursor[position] != "A" else "B") + cursor[position + 1 :]
        answer = await api.client.get(STUDENTS, params={"cursor": changed})
        assert answer.status_code == 400 or ids(answer.json()) == ["1", "2"]
    for query in (
        f"cursor={cursor}&state=NEW",
        f"cursor={cursor}&with_deleted=true",
        f"cursor={cursor[:-4]}",
    ):
        assert "belongs to another list" in (await refusal(api, query))["detail"]
    answer = await api.client.get(f"/api/v1/teachers?cursor={cursor}")
    assert answer.status_code == 400


async def test_a_forged_cursor_is_refused(api: Api) -> None:
    """Even with a right checksum: a place must be a moment and a key that a record can have."""
    from mzi_http.cursors import _check

    list_id = (DEFAULT_TENANT, "students", None, None, False)
    for place in (b"[]", b"5", b'["x", "y"]', b'["2026-02-15T08:00:00", "1"]',
                  b'["0001-01-01T00:00:00Z", "1"]', b'["9999-12-31T23:59:59-14:00", "1"]', b"[" * 5_000,
                  b'["2026-02-15T08:00:00Z", 1]',
                  b'["2026-02-15T08:00:00Z", "\\u0000"]', b"\xff"):  # fmt: skip
        try:
            check = _check(place, list_id)
        except UnicodeDecodeError:
            check = b"12345678"
        forged = base64.urlsafe_b64encode(check + place).decode()
        await refusal(api, f"cursor={forged}")


async def test_what_was_changed_of_a_record_is_listed_newest_first_in_pages(api: Api) -> None:
    (key,) = await api.mzi.use_cases.list_keys()
    for city in ("Irbid", "Zarqa", "Amman"):
        await api.sync("students", student(1, City=city))
        api.mzi.clock.advance(timedelta(minutes=1))
    first = (await api.client.get(f"{STUDENTS}/1/history", params={"limit": 1})).json()
    assert first["items"] == [
        {
            "change": "UPDATED",
            "changed_at": "2026-02-15T08:02:00Z",
            "caused_by": {"what": "request", "id": key.id},
            "fields": {"city": {"before": "Zarqa", "after": "Amman"}},
        }
    ]
    rest = await api.client.get(f"{STUDENTS}/1/history", params={"cursor": first["next"]})
    assert [item["fields"]["city"]["after"] for item in rest.json()["items"]] == ["Zarqa"]
    assert rest.json()["next"] is None
    foreign = await api.client.get(f"{STUDENTS}/2/history", params={"cursor": first["next"]})
    assert foreign.status_code == 400


@pytest.mark.parametrize("key", ["2", "%00", "a/b"])
async def test_of_a_record_that_is_not_there_there_is_no_history(api: Api, key: str) -> None:
    assert (await api.client.get(f"{STUDENTS}/{key}/history")).status_code == 404
