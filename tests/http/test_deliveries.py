"""Deliveries over HTTP: how flows stand, lists, one of them, and what steers them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.http.serving import Api, serving

from mzi_adapters.sql import open_store
from mzi_core.keepable_text import is_keepable
from mzi_core.ports import DeliveryKey, DeliveryQuery, Due, Note, Store
from mzi_core.values import DEFAULT_TENANT, TenantId
from mzi_http.answers import moment
from mzi_http.delivery_paths import BadSegment, path_of, read_path, read_segment

HOUR = timedelta(hours=1)
STUDENTS = "take:students"
KEYS = ("5398830000090000001", "room 7/a", "..", "pause", "é~%2F")
BASE = "/api/v1/deliveries"


async def fill(store: Store) -> None:
    """Of students two that are dead and others that are due; enrolments that wait and are held."""
    async with store.begin(DEFAULT_TENANT) as session:
        await session.make_due([Due(STUDENTS, key, "students/539") for key in ("1", "2")])
        claims = await session.claim(STUDENTS, 2, HOUR)
        await session.end_claims([claim.dead("Refused.") for claim in claims])
        await session.make_due([Due(STUDENTS, key, f"students/{key}") for key in KEYS])
        await session.make_due([Due("enrolment", "1"), Due("enrolment", "2"), Due("account", "7")])
        first, second = await session.claim("enrolment", 2, HOUR)
        waits = first.waiting(DeliveryKey("account", "7"), "No account yet.")
        await session.end_claims([waits, second.held("plan-7", "Too many.")])
        (account,) = await session.claim("account", 1, HOUR)
        await session.note([Note(claim=account, intent={"email": "rana@college.example"}, agreed={"a": 1})])


@pytest.fixture
async def filled(store: Store) -> AsyncIterator[Api]:
    """The service over a store with deliveries."""
    await fill(store)
    async with serving(store) as api:
        yield api


async def listed(api: Api, **query: Any) -> dict[str, Any]:
    """A page of deliveries."""
    answer = await api.client.get(BASE, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_how_every_flow_stands_is_told(filled: Api) -> None:
    async with filled.mzi.store.begin(DEFAULT_TENANT) as session:
        (claim,) = await session.claim(STUDENTS, 1, HOUR)
        await session.end_claims([claim.retried(HOUR, "Zoho did not answer.")])
        await session.pause("enrolment", "Moodle is moved.")
        flows = {each.flow: each for each in await session.flows()}
    answer = await filled.client.get(f"{BASE}/stats")
    assert answer.status_code == 200
    account, enrolment, students = answer.json()["flows"]
    paused_at, put_off = flows["enrolment"].paused_at, flows[STUDENTS].put_off
    assert paused_at is not None
    assert put_off is not None
    nothing = {"due": 0, "waiting": 0, "held": 0, "dead": 0, "settled": 0, "put_off": None, "paused": None}
    assert account == {**nothing, "flow": "account", "due": 1, "oldest_due": account["oldest_due"]}
    assert account["oldest_due"] >= 0
    stands = {"flow": "enrolment", "waiting": 1, "held": 1, "oldest_due": None}
    paused = {"since": moment(paused_at), "reason": "Moodle is moved."}
    assert enrolment == {**nothing, **stands, "paused": paused}
    assert (students["dead"], students["due"]) == (2, len(KEYS))
    off = {"deliveries": 1, "until": moment(put_off.until), "reason": "Zoho did not answer."}
    assert students["put_off"] == off


async def test_deliveries_are_listed_page_by_page(filled: Api) -> None:
    """By flow and key, whatever stands in the keys; nothing twice, and nothing is left out."""
    found, query = [], {"limit": 3}
    while True:
        page = await listed(filled, **query)
        found += [(each["flow"], each["key"]) for each in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    keys = sorted((*KEYS, "1", "2"))
    assert found == [
        *(("account", "7"), ("enrolment", "1"), ("enrolment", "2")),
        *((STUDENTS, key) for key in keys),
    ]


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({"flow": "enrolment"}, ["1", "2"]),
        ({"state": "dead"}, ["1", "2"]),
        ({"subject": f"BTEC_Students/{KEYS[0]}"}, [KEYS[0]]),
        ({"plan": "plan-7"}, ["2"]),
        ({"flow": STUDENTS, "state": "waiting"}, []),
        ({"plan": "another"}, []),
    ],
)
async def test_a_list_has_what_is_asked_for(filled: Api, query: dict[str, str], keys: list[str]) -> None:
    assert [each["key"] for each in (await listed(filled, **query))["items"]] == keys


async def test_each_is_found_under_its_path(filled: Api) -> None:
    """Also where its key would mean another thing in an address."""
    for each in (await listed(filled))["items"]:
        for base in (BASE, "/v1/deliveries"):
            answer = await filled.client.get(f"{base}/{each['path']}")
            assert answer.status_code == 200, answer.text
            shown = answer.json()
            assert {name: shown[name] for name in each} == each


async def test_one_is_shown_with_what_keeps_it_and_without_values(filled: Api) -> None:
    """What is remembered is about people: the names of the fields are told."""
    async with filled.mzi.store.begin(DEFAULT_TENANT) as session:
        await session.pause("enrolment", "Moodle is moved.")
    shown = (await filled.client.get(f"{BASE}/enrolment/1")).json()
    assert shown["waits_for"] == {"flow": "account", "key": "7", "path": "account/7"}
    assert (shown["awaited"], shown["reason"]) == ("due", "No account yet.")
    assert shown["paused"]["reason"] == "Moodle is moved."
    shown = (await filled.client.get(f"{BASE}/enrolment/2")).json()
    assert (shown["state"], shown["plan"], shown["approved"]) == ("held", "plan-7", False)
    answer = await filled.client.get(f"{BASE}/account/7", params={"values": "true"})
    assert (answer.json()["agreed"], answer.json()["intent"]) == (["a"], ["email"])
    assert "rana" not in answer.text
    assert answer.json()["claimed_until"] is not None


async def test_what_is_named_is_redriven_and_of_others_it_is_told_how_they_stand(filled: Api) -> None:
    body = {"flow": STUDENTS, "keys": ["1", KEYS[0], "9"]}
    left = [{"key": KEYS[0], "state": "due"}, {"key": "9", "state": None}]
    said = {"flow": STUDENTS, "redriven": 1, "left": left}
    dry = await filled.post(f"{BASE}/redrive", {**body, "dry_run": True})
    assert dry.json() == {**said, "dry_run": True}
    assert len((await listed(filled, state="dead"))["items"]) == 2
    assert (await filled.post(f"{BASE}/redrive", body)).json() == {**said, "dry_run": False}
    assert [each["key"] for each in (await listed(filled, state="dead"))["items"]] == ["2"]


async def test_all_dead_ones_of_a_flow_are_redriven(filled: Api) -> None:
    body = {"flow": STUDENTS, "all": True}
    said = {"flow": STUDENTS, "redriven": 2, "left": []}
    assert (await filled.post("/v1/deliveries/redrive", {**body, "dry_run": True})).json()["redriven"] == 2
    assert (await filled.post("/v1/deliveries/redrive", body)).json() == {**said, "dry_run": False}
    assert (await filled.post(f"{BASE}/redrive", body)).json()["redriven"] == 0
    async with filled.mzi.store.read(DEFAULT_TENANT) as session:
        assert len(await session.list_deliveries(DeliveryQuery(flow=STUDENTS))) == len(KEYS) + 2


async def test_a_flow_is_paused_and_resumed(filled: Api) -> None:
    answer = await filled.post(f"{BASE}/{STUDENTS}/pause", {"reason": "Zoho is moved"})
    assert answer.status_code == 200
    said = answer.json()
    assert (said["flow"], said["dead"], said["paused"]["reason"]) == (STUDENTS, 2, "Zoho is moved.")
    for _ in range(2):
        answer = await filled.client.post(f"{BASE}/{STUDENTS}/resume")
        assert answer.status_code == 200
        assert answer.json() == {**said, "paused": None, "oldest_due": answer.json()["oldest_due"]}


@pytest.mark.parametrize(
    ("asked", "body", "status", "said"),
    [
        ("GET ?flow=students", None, 400, "Did you mean `take:students`?"),
        ("GET ?state=new", None, 400, "`state` must be one of due, waiting, held, dead, settled."),
        ("GET ?subject=leads/1", None, 400, "`leads` is not a module"),
        ("GET ?subject=students", None, 400, "`subject` must be a module and a key"),
        ("GET ?plan=%00", None, 400, "`plan` holds a NUL"),
        ("GET ?cursor=x", None, 400, "cursor"),
        ("GET ?about=x", None, 400, "There is no parameter `about`; there are flow, state, subject, plan"),
        ("GET /students/1", None, 404, "Did you mean `take:students`?"),
        (f"GET /{STUDENTS}/9", None, 404, "There is no delivery of take:students under the key `9`."),
        (f"GET /{STUDENTS}/%00", None, 404, "There is no delivery"),
        (f"GET /{STUDENTS}/~x", None, 400, "Behind `~` stands no base64url"),
        ("GET /~_w/1", None, 400, "Behind `~` stands no base64url"),
        ("GET /redrive", None, 405, "use POST"),
        (f"GET /{STUDENTS}/pause", None, 405, "use POST"),
        ("POST /redrive", {"flow": STUDENTS}, 400, "Name the deliveries in `keys`, or say `all`"),
        ("POST /redrive", {"flow": STUDENTS, "keys": ["1"], "all": True}, 400, "one of both"),
        ("POST /redrive", {"flow": 7, "keys": ["1"]}, 400, "`flow` must be the name of a flow"),
        ("POST /redrive", {"flow": STUDENTS, "keys": [1]}, 400, "`keys` must be a list of texts"),
        ("POST /redrive", {"flow": STUDENTS, "keys": "1"}, 400, "`keys` must be a list of texts"),
        ("POST /redrive", {"flow": STUDENTS, "all": "yes"}, 400, "`all` must be true or false"),
        ("POST /redrive", {"flow": STUDENTS, "all": True, "dry_run": 1}, 400, "`dry_run` must be true or"),
        ("POST /redrive", {"flow": STUDENTS, "all": True, "dry": True}, 400, "There is no field `dry`"),
        ("POST /redrive", {"flow": "students", "all": True}, 400, "Did you mean `take:students`?"),
        ("POST /redrive", {"flow": STUDENTS, "keys": ["1"] * 10_001}, 413, "one request takes 10,000"),
        ("POST /redrive", [], 400, "must be a JSON object"),
        (f"POST /{STUDENTS}/pause", {}, 400, "`reason` must say why"),
        (f"POST /{STUDENTS}/pause", {"reason": 7}, 400, "`reason` must say why"),
        (f"POST /{STUDENTS}/pause", {"reason": "x", "by": "me"}, 400, "There is no field `by`"),
        (f"POST /{STUDENTS}/pause", {"reason": " "}, 422, "A reason has 1 to 500 characters"),
        (f"POST /{STUDENTS}/pause", {"reason": "a\ud800"}, 422, "no half character"),
        ("POST /students/pause", {"reason": "x"}, 404, "Did you mean `take:students`?"),
        ("POST /students/resume", None, 404, "Did you mean `take:students`?"),
        (f"POST /{STUDENTS}/1", None, 405, "use GET"),
    ],
)
async def test_what_cannot_be_asked_is_refused_in_a_sentence(
    filled: Api, asked: str, body: object, status: int, said: str
) -> None:
    method, _, path = asked.partition(" ")
    if body is None:
        answer = await filled.client.request(method, f"{BASE}{path}")
    else:
        answer = await filled.post(f"{BASE}{path}", body)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]


async def test_a_fault_names_the_field_it_is_about(filled: Api) -> None:
    answer = await filled.post(f"{BASE}/redrive", {"flow": 7, "keys": [1], "dry_run": "x"})
    assert [fault["parameter"] for fault in answer.json()["errors"]] == ["flow", "dry_run", "keys"]
    answer = await filled.client.get(BASE, params={"flow": "students"})
    assert (answer.json()["errors"][0]["parameter"], answer.json()["nearest"]) == ("flow", [STUDENTS])


@pytest.mark.parametrize("path", ["", "/stats", "/enrolment/1"])
async def test_nobody_looks_at_deliveries_without_a_key(filled: Api, path: str) -> None:
    for method in "GET POST":
        answer = await filled.client.request(method, f"{BASE}{path}", headers={"X-API-Key": ""})
        assert answer.status_code == 401
    for door in ("/redrive", f"/{STUDENTS}/pause", f"/{STUDENTS}/resume"):
        answer = await filled.client.post(f"{BASE}{door}", headers={"X-API-Key": ""})
        assert answer.status_code == 401


async def test_the_deliveries_of_another_tenant_are_not_told(filled: Api) -> None:
    unknown = await filled.client.get(f"{BASE}/stats", headers={"X-Tenant-ID": "nobody"})
    assert unknown.status_code == 404
    await filled.mzi.use_cases.add_tenant(TenantId("north"))
    assert (await filled.client.get(BASE, headers={"X-Tenant-ID": "north"})).json()["items"] == []
    gone = await filled.client.get(f"{BASE}/enrolment/1", headers={"X-Tenant-ID": "north"})
    assert gone.status_code == 404


@pytest.mark.parametrize(("name", "value"), [("plan", "x" * 3000), ("subject", "students/" + "x" * 3000)])
async def test_what_is_longer_than_any_key_is_found_nowhere(database_url: str, name: str, value: str) -> None:
    async with open_store(database_url) as store, serving(store) as api:
        assert (await listed(api, **{name: value}))["items"] == []


_TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
_KEEPABLE = _TEXTS.filter(is_keepable)


@given(flow=_KEEPABLE, key=_KEEPABLE)
def test_any_flow_and_key_come_back_out_of_a_path_that_no_proxy_changes(flow: str, key: str) -> None:
    path = path_of(DeliveryKey(flow, key))
    assert read_path(path) == DeliveryKey(flow, key)
    assert path.isascii()
    assert path.count("/") == 1
    assert not {"", ".", "..", "pause", "resume"} & set(path.split("/"))
    assert all(character.isalnum() or character in "-_.~:/" for character in path)


@given(segment=_TEXTS)
def test_whatever_stands_in_an_address_is_read_or_refused(segment: str) -> None:
    try:
        read = read_segment(segment)
    except BadSegment:
        assert segment.startswith("~")
    else:
        assert segment == read or segment.startswith("~")
