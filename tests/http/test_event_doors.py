"""The doors of events: what is kept before it is answered, what is answered, and who is let in."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import httpx2
import pytest
from tests.http.serving import PAYLOADS, Api, serving

from mzi_adapters.memory import MemoryStore
from mzi_adapters.sql import open_store
from mzi_core.errors import StoreUnavailable
from mzi_core.event_proofs import Scheme
from mzi_core.module import Side
from mzi_core.modules import CATALOGUE
from mzi_core.ports import DeliveryState, StoreHealth
from mzi_core.values import DEFAULT_TENANT
from mzi_http.answers import moment

ID = "5398830000090000001"
ZOHO = "/api/v1/events/zoho"
DASHBOARD = "/api/v1/webhooks/student-dashboard"


@attrs.frozen
class Doors:
    """A service with a source of Zoho that sends a token, and one whose address holds one."""

    api: Api
    token: str

    async def send(self, path: str, body: object = None, **headers: str) -> httpx2.Response:
        """What is answered to JSON, or to bytes as they are; without the API key."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        said = {"Content-Type": "application/json", "X-API-Key": "", "X-Zoho-Token": self.token}
        return await self.api.client.post(path, content=content, headers={**said, **headers})

    async def events(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.api.client.get("/api/v1/events", params=query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def due(self, module: str) -> list[str]:
        async with self.api.mzi.store.read(DEFAULT_TENANT) as session:
            return [each.key for each in await session.deliveries(f"take:{module}", DeliveryState.DUE)]


@pytest.fixture
async def doors() -> AsyncIterator[Doors]:
    async with serving() as api:
        _, token = await api.mzi.use_cases.sources.add(
            Side.ZOHO, "rules", DEFAULT_TENANT, scheme=Scheme.HEADER
        )
        yield Doors(api, token)


def _payload(name: str) -> dict[str, Any]:
    (file,) = PAYLOADS.rglob(f"{name}_*.json")
    found: dict[str, Any] = json.loads(Path(file).read_text("utf-8"))
    return found


@pytest.mark.parametrize(
    ("name", "module", "kind"),
    [
        ("01", "students", "student_updated"),
        ("02", "students", "student_deleted"),
        ("04", "units", "unit_deleted"),
        ("06", "students", "student_updated"),
        ("07", "students", "student_updated"),
        ("10", "payments", "payment_updated"),
        ("11", "registrations", "registration_created"),
        ("13", "units", "unit_created"),
        ("28", "grades", "grade_updated"),
        ("51", "requests", "request_updated"),
        ("66", "students", "student_updated"),
    ],
)
async def test_what_rules_and_scripts_send_makes_the_record_due(
    doors: Doors, name: str, module: str, kind: str
) -> None:
    payload = _payload(name)
    body = payload["raw_body"].encode() if "raw_body" in payload else payload["body"]
    answer = await doors.send(payload["target"]["path"], body)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["success"], said["status"]) == (True, "queued")
    (event,) = await doors.events()
    assert (event["id"], event["kind"], event["state"]) == (said["event_id"], kind, "waiting")
    assert said["events"] == [event["id"]]
    assert await doors.due(module) == [event["key"]]


@pytest.mark.parametrize(
    "module", [module for module in CATALOGUE if module.side == "zoho"], ids=lambda m: m.name
)
@pytest.mark.parametrize("verb", ["created", "updated", "deleted"])
async def test_every_module_has_its_doors(doors: Doors, module: Any, verb: str) -> None:
    for path in (f"{DASHBOARD}/{module.singular}_{verb}", f"/v1/events/zoho/{module.singular}"):
        answer = await doors.send(path, {"zoho_id": ID, "module": module.remote_name, "operation": verb})
        assert answer.json()["status"] == "queued", answer.text
    assert {each["kind"] for each in await doors.events()} == {f"{module.singular}_{verb}"}
    assert await doors.due(module.name) == [ID]


async def test_a_form_and_an_address_name_a_record_too(doors: Doors) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for path, body in (
        (f"{DASHBOARD}/student_updated", f"zoho_id={ID}&module=BTEC_Students".encode()),
        (f"{DASHBOARD}/student_updated", f"ids[0]={ID}".encode()),
        (f"{DASHBOARD}/student_updated?zoho_id={ID}", b"module=BTEC_Students"),
    ):
        answer = await doors.send(path, body, **form)
        assert answer.json()["status"] == "queued", answer.text
    assert await doors.due("students") == [ID]
    for kind in ("", "application/json"):
        answer = await doors.send(f"{DASHBOARD}/student_updated?zoho_id={ID}", b"", **{"Content-Type": kind})
        assert answer.json()["status"] == "queued", answer.text
    answer = await doors.send(f"{DASHBOARD}/student_updated?zoho_id={ID}", {"module": "BTEC_Students"})
    assert answer.json()["status"] == "queued"


async def test_all_that_is_named_is_due_and_all_that_was_sent_is_shown(doors: Doors) -> None:
    """In the address too, and what stands there twice; but for what proves who sends."""
    source, token = await doors.api.mzi.use_cases.sources.add(
        Side.ZOHO, "a rule", DEFAULT_TENANT, scheme=Scheme.URL
    )
    path = f"{DASHBOARD}/student_updated?zoho_id={ID}&zoho_id=7&note=x&token={token}&source={source.id}"
    answer = await doors.send(path, {"id": "8", "module": "BTEC_Students"}, **{"X-Zoho-Token": ""})
    assert answer.json()["status"] == "queued", answer.text
    assert sorted(await doors.due("students")) == sorted([ID, "7", "8"])
    for id in answer.json()["events"]:
        shown = (await doors.api.client.get(f"/api/v1/events/{id}")).json()["body"]
        assert shown == {"id": "8", "module": "BTEC_Students", "?zoho_id": f"{ID},7", "?note": "x"}


async def test_the_token_of_a_channel_is_not_kept(doors: Doors) -> None:
    """Not even where nobody is shown it."""
    _, token = await doors.api.mzi.use_cases.sources.add(
        Side.ZOHO, "channel", DEFAULT_TENANT, scheme=Scheme.CHANNEL
    )
    message = {"module": "BTEC_Students", "ids": [ID], "operation": "update", "channel_id": "1"}
    answer = await doors.send(f"{ZOHO}/channel", {**message, "token": token}, **{"X-Zoho-Token": ""})
    assert answer.json()["status"] == "queued", answer.text
    kept = await doors.api.mzi.use_cases.events.show(DEFAULT_TENANT, answer.json()["event_id"])
    assert json.loads(kept.body) == message


async def test_a_merge_field_that_was_not_replaced_is_parked_with_what_repairs_the_rule(doors: Doors) -> None:
    payload = _payload("03")
    answer = await doors.send(payload["target"]["path"], payload["body"])
    assert answer.status_code == 200
    said = answer.json()
    assert (said["success"], said["status"]) == (False, "parked")
    assert "choose it again" in said["message"]
    (event,) = await doors.events(state="parked")
    assert event["reason"] == said["message"]
    assert await doors.due("students") == []


async def test_an_event_id_that_was_seen_is_answered_as_the_first_and_due_once_more(doors: Doors) -> None:
    message = {"event_id": "zoho_78", "record_id": ID, "event_type": "updated"}
    first = await doors.send(f"{ZOHO}/payment", message)
    again = await doors.send(f"{ZOHO}/payment", message)
    assert again.json() == first.json()
    assert len(await doors.events()) == 1
    async with doors.api.mzi.store.read(DEFAULT_TENANT) as session:
        (delivery,) = await session.deliveries("take:payments", DeliveryState.DUE)
    assert delivery.generation == 2


async def test_the_same_bare_hint_is_never_a_repetition(doors: Doors) -> None:
    """The body of a workflow rule is the same each time."""
    for _ in range(2):
        await doors.send(f"{DASHBOARD}/student_updated", {"zoho_id": ID, "module": "BTEC_Students"})
    assert len(await doors.events()) == 2


@pytest.mark.parametrize(
    "path", [f"{ZOHO}/student", f"{DASHBOARD}/student_updated", "/v1/events/zoho/channel"]
)
@pytest.mark.parametrize("dev", [False, True])
async def test_who_proves_nothing_is_not_believed(path: str, dev: bool) -> None:
    """Also where no source is configured, also under --dev; and an API key is no proof."""
    async with serving(open_to_all=dev) as api:
        for headers in ({}, {"X-Zoho-Token": "x" * 40}, {"X-API-Key": ""}):
            answer = await api.post(path, {"zoho_id": ID, "ids": [ID], "module": "BTEC_Students"}, **headers)
            assert answer.status_code == 401
            assert "mzi sources add zoho" in answer.json()["detail"]
        listed = await api.client.get("/api/v1/events")
        assert listed.json()["items"] == []


async def test_a_signature_covers_every_byte(doors: Doors) -> None:
    """One changed byte and it is nobody's."""
    payload = _payload("07")
    assert (await doors.send(payload["target"]["path"], b"{}", **{"X-Zoho-Token": ""})).status_code == 401
    bad = _payload("08")
    headers = {**bad["target"]["headers"], "X-Zoho-Token": ""}
    answer = await doors.send(bad["target"]["path"], bad["raw_body"].encode(), **headers)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"7", "application/json", 400),
        (b'"text"', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"id": "1", "id": "2"}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"zoho_id=1", "text/plain", 415),
        (b"x" * 20_000_000, "application/json", 413),
        (json.dumps({"ids": [str(n) for n in range(1000)]}).encode(), "application/json", 400),
    ],
    ids=["cut", "number", "text", "deep", "twice", "bytes", "plain", "large", "many"],
)
async def test_what_no_rule_sends_is_refused_in_a_sentence_and_not_kept(
    doors: Doors, body: bytes, kind: str, status: int
) -> None:
    answer = await doors.send(f"{ZOHO}/student", body, **{"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
    assert await doors.events() == []


async def test_a_door_that_nobody_knows_keeps_what_came(doors: Doors) -> None:
    answer = await doors.send(f"{DASHBOARD}/invoice_updated", {"zoho_id": ID})
    assert answer.json()["status"] == "parked"
    (event,) = await doors.events(state="parked")
    assert "invoice" in event["reason"]


async def test_when_the_store_is_down_the_sender_is_told_to_come_again() -> None:
    class Away(MemoryStore):
        away = False

        def begin_together(self) -> Any:
            if self.away:
                raise StoreUnavailable("The store is being moved.")
            return super().begin_together()

    store = Away()
    async with serving(store) as api:
        _, token = await api.mzi.use_cases.sources.add(
            Side.ZOHO, "rules", DEFAULT_TENANT, scheme=Scheme.HEADER
        )
        doors = Doors(api, token)
        store.away = True
        answer = await doors.send(f"{ZOHO}/student", {"zoho_id": ID})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        store.away = False
        assert (await doors.send(f"{ZOHO}/student", {"zoho_id": ID})).status_code == 200


async def test_events_are_listed_shown_counted_and_replayed_with_a_key(doors: Doors) -> None:
    for n in range(3):
        await doors.send(f"{ZOHO}/student", {"zoho_id": str(n + 1), "token": "secret", "n": n})
    await doors.send(f"{ZOHO}/payment", {"zoho_id": ID})
    client = doors.api.client
    page = (await client.get("/api/v1/events", params={"limit": 3})).json()
    rest = (await client.get("/api/v1/events", params={"limit": 3, "cursor": page["next"]})).json()
    assert [each["key"] for each in [*page["items"], *rest["items"]]] == [ID, "3", "2", "1"]
    assert rest["next"] is None
    assert [each["key"] for each in await doors.events(subject="students/2")] == ["2"]
    assert len(await doors.events(kind="student_updated")) == 3
    assert await doors.events(state="dead") == []
    assert len(await doors.events(source=page["items"][0]["source"])) == 4
    event = page["items"][1]
    shown = (await client.get(f"/api/v1/events/{event['id']}")).json()
    assert shown == {**event, "put_off": None, "body": {"zoho_id": "3", "token": "•••", "n": 2}}
    counts = (await client.get("/api/v1/events/stats")).json()
    numbers = {"waiting": 4, "taken": 0, "parked": 0, "dead": 0, "total": 4}
    assert counts == {**numbers, "put_off": {}, "paused": {}}
    again = await client.post(f"/api/v1/events/{event['id']}/replay")
    assert again.json() == event


async def test_what_is_put_off_or_paused_says_so(doors: Doors) -> None:
    answer = await doors.send(f"{ZOHO}/student", {"zoho_id": ID})
    paused = await doors.send(f"{ZOHO}/payment", {"zoho_id": ID})
    async with doors.api.mzi.store.begin(DEFAULT_TENANT) as session:
        (claim,) = await session.claim("take:students", 1, timedelta(hours=1))
        await session.end_claims([claim.given_back(timedelta(hours=1), "Zoho did not answer.")])
        (flow,) = [each for each in await session.flows() if each.put_off]
        assert flow.put_off is not None
        until = flow.put_off.until
        await session.pause("take:payments", "Zoho has withdrawn the access.")
    client = doors.api.client
    shown = (await client.get(f"/api/v1/events/{answer.json()['event_id']}")).json()
    assert shown["put_off"] == {"until": moment(until), "reason": "Zoho did not answer."}
    shown = (await client.get(f"/api/v1/events/{paused.json()['event_id']}")).json()
    assert shown["put_off"] == {"until": None, "reason": "Zoho has withdrawn the access."}
    counts = (await client.get("/api/v1/events/stats")).json()
    off = {"records": 1, "until": moment(until), "reason": "Zoho did not answer."}
    assert counts["put_off"] == {"students": off}
    assert counts["paused"]["payments"]["reason"] == "Zoho has withdrawn the access."


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/events/not-an-id", 404),
        ("GET", "/api/v1/events/019f0000-0000-7000-8000-000000000001", 404),
        ("POST", "/api/v1/events/019f0000-0000-7000-8000-000000000001/replay", 404),
        ("GET", "/api/v1/events?state=new", 400),
        ("GET", "/api/v1/events?subject=leads/1", 400),
        ("GET", "/api/v1/events?subject=students", 400),
        ("GET", "/api/v1/events?cursor=x", 400),
        ("GET", "/api/v1/events?what=x", 400),
        ("GET", f"{ZOHO}/student", 405),
    ],
)
async def test_what_there_is_none_of_is_told(doors: Doors, method: str, path: str, status: int) -> None:
    answer = await doors.api.client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["detail"]


async def test_a_monitor_is_told_what_waits_and_for_how_long(doors: Doors) -> None:
    """200 while all goes on by itself; 503 with the same particulars once a person has to act."""
    client = doors.api.client
    nothing: dict[str, Any] = {
        "waiting": 0,
        "parked": 0,
        "dead": 0,
        "oldest_waiting": None,
        "put_off": {},
        "paused": {},
    }
    assert (await client.get("/api/v1/events/health")).json() == {"ready": True, **nothing}
    for id in (ID, "${Id}"):
        await doors.send(f"{ZOHO}/student", {"zoho_id": id})
    answer = await client.get("/v1/events/health")
    said = answer.json()
    assert answer.status_code == 200
    assert said == {"ready": True, **nothing, "waiting": 1, "parked": 1, "oldest_waiting": 0}
    async with doors.api.mzi.store.begin(DEFAULT_TENANT) as session:
        await session.pause("take:students", "Zoho has withdrawn the access.")
    answer = await client.get("/api/v1/events/health")
    assert answer.status_code == 503
    assert "students are taken until `mzi take --resume`" in answer.json()["detail"]
    assert answer.headers["Retry-After"]
    assert answer.json()["paused"]["students"]["reason"] == "Zoho has withdrawn the access."
    paused = {"ready": False, "paused": answer.json()["paused"]}
    assert {name: answer.json()[name] for name in said} == {**said, **paused}
    unknown = await client.get("/api/v1/events/health", headers={"X-Tenant-ID": "nobody"})
    assert unknown.status_code == 404


async def test_a_monitor_is_told_that_the_store_is_not_ready() -> None:
    class NotReady(MemoryStore):
        async def health(self) -> StoreHealth:
            return attrs.evolve(await super().health(), ready=False, message="The schema is older.")

    async with serving(NotReady(), open_to_all=True) as api:
        answer = await api.client.get("/api/v1/events/health")
    assert answer.status_code == 503
    said = answer.json()
    assert (said["detail"], said["ready"], said["waiting"]) == ("The schema is older.", False, None)


@pytest.mark.parametrize("path", ["", "/stats", "/health", "/019f0000-0000-7000-8000-000000000001"])
async def test_nobody_looks_at_events_without_a_key(doors: Doors, path: str) -> None:
    answer = await doors.api.client.get(f"/api/v1/events{path}", headers={"X-API-Key": ""})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("door", "message"),
    [
        ("student", {"event_id": "a\ud800", "zoho_id": ID}),
        ("student", {"event_id": "a\x00", "zoho_id": ID}),
        ("student", {"event_id": "a", "module": "Students\udfff", "zoho_id": ID}),
        ("student", {"event_id": "a", "zoho_id": "${!Students\x00.Id}\ud83d"}),
        ("student%00", {"event_id": "a", "zoho_id": ID}),
    ],
    ids=["half a character in its id", "NUL in its id", "module", "merge field", "door"],
)
async def test_what_no_database_keeps_keeps_no_event_out(
    database_url: str, door: str, message: dict[str, str]
) -> None:
    """It is told by the sign that stands for what cannot be read; sent again, the event is known."""
    async with open_store(database_url) as store, serving(store) as api:
        _, token = await api.mzi.use_cases.sources.add(
            Side.ZOHO, "rules", DEFAULT_TENANT, scheme=Scheme.HEADER
        )
        doors = Doors(api, token)
        first = await doors.send(f"{ZOHO}/{door}", message)
        assert first.status_code == 200, first.text
        assert (await doors.send(f"{ZOHO}/{door}", message)).json() == first.json()
        other = {**message, "event_id": "a\udfff"}
        assert (await doors.send(f"{ZOHO}/{door}", other)).json()["event_id"] != first.json()["event_id"]
        kept = await doors.events()
        assert len(kept) == 2
        shown = (await api.client.get(f"/api/v1/events/{kept[-1]['id']}")).json()
        assert "\N{REPLACEMENT CHARACTER}" in json.dumps(shown, ensure_ascii=False)


@pytest.mark.parametrize("name", ["source", "kind", "subject"])
async def test_a_parameter_that_no_database_takes_is_refused_by_its_name(
    database_url: str, name: str
) -> None:
    async with open_store(database_url) as store, serving(store) as api:
        answer = await api.client.get("/api/v1/events", params={name: "students/\x00"})
        assert answer.status_code == 400, answer.text
        (error,) = answer.json()["errors"]
        assert error == {
            "detail": f"`{name}` holds a NUL, which nothing that is kept has.",
            "parameter": name,
        }
