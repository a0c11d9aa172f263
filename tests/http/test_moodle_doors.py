"""The doors of Moodle's events: what is kept before it is answered, what is answered, and who is let in."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import httpx2
import pytest
from tests.http.serving import PAYLOADS, Api, serving
from tests.recordings import recorded_events

from mzi_adapters.memory import MemoryStore
from mzi_adapters.moodle.events import MOST_EVENTS
from mzi_core.errors import StoreUnavailable
from mzi_core.event_proofs import Scheme, signing_headers
from mzi_core.module import Side
from mzi_core.modules import CATALOGUE
from mzi_core.ports import DeliveryState
from mzi_core.values import DEFAULT_TENANT
from mzi_http.routes.moodle_events import DESCRIBED

WEBHOOKS = "/api/v1/webhooks"
EVENTS = "/api/v1/events/moodle"
AT = 1770640200
USER = {"event_id": "e1", "event_type": "user_created", "event_data": {"userid": 7, "username": "u7"}}


@attrs.frozen
class Doors:
    """A service with a source of Moodle that sends a token."""

    api: Api
    token: str

    async def send(self, body: object, path: str = WEBHOOKS, **headers: str) -> httpx2.Response:
        """What is answered to JSON, or to bytes as they are; without the API key."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        said = {"Content-Type": "application/json", "X-API-Key": "", "X-Moodle-Token": self.token}
        return await self.api.client.post(path, content=content, headers={**said, **headers})

    async def events(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.api.client.get("/api/v1/events", params=query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def due(self, module: str) -> list[str]:
        async with self.api.mzi.store.read(DEFAULT_TENANT) as session:
            return [each.key for each in await session.deliveries(f"take:{module}", DeliveryState.DUE)]

    async def take(self) -> None:
        """What is due is taken, as the worker does."""
        events = self.api.mzi.use_cases.events
        for due in await events.find_due():
            await events.take_due(due.tenant, due.modules)

    async def known(self, *users: int) -> None:
        """Users and the course of the payloads, so that nothing waits for them."""
        told = [{"userid": each, "username": f"u{each}"} for each in users]
        await self.send(told, f"{EVENTS}/user_created")
        await self.send({"courseid": 1001, "shortname": "NET-A"}, f"{EVENTS}/course_created")


@pytest.fixture
async def doors() -> AsyncIterator[Doors]:
    async with serving() as api:
        _, token = await api.mzi.use_cases.sources.add(
            Side.MOODLE, "plugin", DEFAULT_TENANT, scheme=Scheme.HEADER
        )
        yield Doors(api, token)


def _payload(number: int) -> dict[str, Any]:
    (file,) = [
        *PAYLOADS.rglob(f"{number}_*.json"),
        *(PAYLOADS.parent / "events").glob(f"{number}_*.json"),
    ]
    found: dict[str, Any] = json.loads(Path(file).read_text("utf-8"))
    return found


async def _sent(doors: Doors, number: int, **more: str) -> httpx2.Response:
    """What is answered to a payload, by the way it says it proves itself."""
    payload = _payload(number)
    by = {
        name: value.replace("demo-token", doors.token) for name, value in payload["target"]["headers"].items()
    }
    return await doors.send(
        payload["body"], payload["target"]["path"], **{"X-Moodle-Token": "", **by, **more}
    )


# what is kept


@pytest.mark.parametrize(
    ("number", "kind", "key"),
    [
        (31, "user_created", "moodle_users/4101"),
        (32, "user_created", "moodle_users/456"),
        (33, "enrollment_created", "moodle_enrollments/1001_4101"),
        (35, "grade_updated", "moodle_marks/4101_1001_55"),
        (36, "grade_updated", "moodle_marks/4101_1001_55"),
        (40, "grade_updated", "moodle_marks/4102_1001_55"),
        (41, "grade_updated", "moodle_marks/4101_1001_55"),
        (42, "grade_updated", "moodle_marks/4101_1001_55"),
    ],
)
async def test_a_payload_is_kept_queued_and_taken(doors: Doors, number: int, kind: str, key: str) -> None:
    answer = await _sent(doors, number)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["success"], said["status"], said["events"]) == (True, "queued", [said["event_id"]])
    (event,) = await doors.events()
    assert (event["id"], event["kind"], event["state"]) == (said["event_id"], kind, "waiting")
    assert f"{event['module']}/{event['key']}" == key
    await doors.known(4101, 4102)
    await doors.take()
    module, _, id = key.partition("/")
    answer = await doors.api.client.get(f"/api/v1/{module}/{id}")
    assert answer.json()["stored"]["deleted_at"] is None
    assert {each["state"] for each in await doors.events()} == {"taken"}


async def _mark(doors: Doors, key: str = "4101_1001_55") -> dict[str, Any]:
    await doors.known(4101, 4102)
    await doors.take()
    return await doors.api.stored("moodle_marks", key)


async def test_33_an_end_of_0_is_none(doors: Doors) -> None:
    await _sent(doors, 33)
    await doors.known(4101)
    await doors.take()
    stored = await doors.api.stored("moodle_enrollments", "1001_4101")
    assert (stored["status"], stored["ends_at"], stored["starts_at"]) == (
        *("active", None, "2026-02-14T21:00:00Z"),
    )


async def test_32_a_second_delivery_duplicates_nothing(doors: Doors) -> None:
    first, again = await _sent(doors, 32), await _sent(doors, 32)
    assert again.json() == first.json()
    await doors.take()
    listed = await doors.api.client.get("/api/v1/moodle_users")
    assert [each["moodle_key"] for each in listed.json()["items"]] == ["456"]


async def test_35_to_42_the_facts_of_a_marking_are_on_the_shelf(doors: Doors) -> None:
    """As they were told; a policy judges them later."""
    await _sent(doors, 35)
    (attempt,) = (await _mark(doors))["attempts"]
    assert (attempt["letter"], attempt["raw"], attempt["number"]) == ("M", "3.00000", 0)
    scores = [(each["code"], each["score"], each["achieved"]) for each in attempt["criteria"]]
    assert scores == [("P1", "1", "true"), ("M1", "0", "true")]
    for number, raw, feedback in ((41, "3.5", "01122"), (42, "-1", "")):
        async with serving() as api:
            _, token = await api.mzi.use_cases.sources.add(
                Side.MOODLE, "plugin", DEFAULT_TENANT, scheme=Scheme.HEADER
            )
            other = Doors(api, token)
            await _sent(other, number)
            (attempt,) = (await _mark(other))["attempts"]
            assert attempt["raw"] == raw
            assert feedback in attempt["feedback"]


@pytest.mark.parametrize("order", [1, -1])
async def test_45_two_changes_within_seconds_end_in_the_later(doors: Doors, order: int) -> None:
    target = _payload(45)
    for event in target["body"][::order]:
        assert (await doors.send(event)).json()["status"] == "queued"
    (attempt,) = (await _mark(doors))["attempts"]
    assert (attempt["letter"], attempt["raw"], attempt["feedback"]) == ("D", "4.0", "Regraded")


@pytest.mark.parametrize(
    ("number", "said"), [(38, "whose mark it is about"), (44, "`courseid`"), (69, "`courseid`")]
)
async def test_what_names_no_mark_is_parked_with_what_is_missing(
    doors: Doors, number: int, said: str
) -> None:
    answer = await _sent(doors, number)
    assert answer.status_code == 200
    assert (answer.json()["success"], answer.json()["status"]) == (False, "parked")
    assert said in answer.json()["message"]
    (event,) = await doors.events(state="parked")
    assert event["reason"] == answer.json()["message"]
    assert await doors.due("moodle_marks") == []


@pytest.mark.parametrize("prefix", ["/api/v1", "/v1"])
@pytest.mark.parametrize("door", DESCRIBED)
async def test_every_door_takes_what_is_told_there(doors: Doors, door: str, prefix: str) -> None:
    facts = {"userid": 7, "courseid": 2, "assignid": 3, "username": "u", "shortname": "c", "timecreated": AT}
    answer = await doors.send(facts, f"{prefix}/events/moodle/{door}")
    assert answer.status_code == 200, answer.text
    is_parked = door == "request_submitted"
    assert answer.json()["status"] == ("parked" if is_parked else "queued")
    due = {"user": "7", "course": "2", "enrollment": "2_7", "mark": "7_2_3"}
    found = {module.name: await doors.due(module.name) for module in CATALOGUE if module.side is Side.MOODLE}
    keys = [key for each in found.values() for key in each]
    assert keys == ([] if is_parked else [due[_noun(door)]])


def _noun(door: str) -> str:
    if door.startswith("enrollment") or door == "user_enrolled":
        return "enrollment"
    return door.partition("_")[0] if door.startswith(("user", "course")) else "mark"


async def test_a_list_is_kept_whole_and_a_bad_event_spoils_none_beside_it(doors: Doors) -> None:
    """Not even one that two readers could understand differently."""
    doors.api.mzi.clock.advance(timedelta(days=365))  # behind the recorded event
    twice = b'{"event_type": "user_created", "event_type": "user_deleted"}'
    events = [json.dumps(USER).encode(), b"7", twice, b'{"event_type": "moon_landed"}']
    events.append(json.dumps(recorded_events()["user_updated_1"]).encode())
    answer = await doors.send(b"[" + b",".join(events) + b"]")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (len(said["events"]), said["status"]) == (5, "parked")
    assert said["message"].startswith("3 of 5 are parked.")
    parked = {each["kind"]: each["reason"] for each in await doors.events(state="parked")}
    assert parked["moon_landed"] == "Nothing is known of events called `moon_landed`."
    await doors.take()
    assert {each["key"] for each in await doors.events(state="taken")} == {"7", "80"}


async def test_an_event_in_another_list_is_the_same_event(doors: Doors) -> None:
    first = await doors.send([USER, recorded_events()["user_updated_1"]])
    again = await doors.send([recorded_events()["user_updated_1"], USER])
    assert again.json()["events"] == first.json()["events"][::-1]
    assert len(await doors.events()) == 2


async def test_as_many_events_as_the_plugin_may_send_are_taken_and_no_more(doors: Doors) -> None:
    many = [
        {**USER, "event_id": f"e{n}", "event_data": {"userid": n, "username": "u"}} for n in range(1, 502)
    ]
    answer = await doors.send(many)
    assert answer.status_code == 413
    assert answer.json()["detail"] == (
        f"The body lists 501 events, and one request takes {MOST_EVENTS}; send several requests."
    )
    assert await doors.events() == []
    answer = await doors.send(many[:MOST_EVENTS])
    assert len(answer.json()["events"]) == MOST_EVENTS


async def test_a_course_that_is_deleted_is_told_from_withdrawals(doors: Doors) -> None:
    await doors.known(4101)
    enrolled = {"userid": 4101, "courseid": 1001, "enrollment_id": 27, "status": 0}
    await doors.send(enrolled, f"{EVENTS}/user_enrolled")
    await doors.take()
    ended = [
        {"event_type": "enrollment_deleted", "event_data": enrolled, "timestamp": AT},
        {"event_type": "course_deleted", "event_data": {"courseid": 1001}, "timestamp": AT},
    ]
    assert (await doors.send(ended)).json()["status"] == "queued"
    await doors.take()
    for module, key in (("moodle_enrollments", "1001_4101"), ("moodle_courses", "1001")):
        found = (await doors.api.client.get(f"/api/v1/{module}/{key}")).json()["stored"]
        assert found["deleted_at"] is not None
    (over,) = await doors.events(kind="enrollment_deleted")
    assert (over["state"], "nobody has withdrawn" in over["reason"]) == ("taken", True)


# who is believed


@pytest.mark.parametrize("path", [WEBHOOKS, "/v1/webhooks", f"{EVENTS}/user_created"])
@pytest.mark.parametrize("dev", [False, True])
async def test_who_proves_nothing_is_not_believed(path: str, dev: bool) -> None:
    """Also where no source is configured, also under --dev; and an API key is no proof."""
    async with serving(open_to_all=dev) as api:
        for headers in ({}, {"X-Moodle-Token": "x" * 40}, {"X-API-Key": ""}):
            answer = await api.post(path, USER, **headers)
            assert answer.status_code == 401
            assert "mzi sources add moodle" in answer.json()["detail"]
        listed = await api.client.get("/api/v1/events")
        assert listed.json()["items"] == []


async def test_70_without_a_token_nothing_is_kept(doors: Doors) -> None:
    assert (await _sent(doors, 70)).status_code == 401
    assert await doors.events() == []


@pytest.mark.parametrize("scheme", [Scheme.STANDARD, Scheme.HMAC])
async def test_a_signature_covers_every_byte(scheme: Scheme) -> None:
    body = json.dumps(USER).encode()
    async with serving() as api:
        _, secret = await api.mzi.use_cases.sources.add(Side.MOODLE, "plugin", DEFAULT_TENANT, scheme=scheme)
        doors = Doors(api, "")
        signed: Mapping[str, str] = signing_headers(
            Side.MOODLE, scheme, secret, body, id="msg_1", at=api.mzi.clock.now()
        )
        assert (await doors.send(body.replace(b"u7", b"u8"), **signed)).status_code == 401
        assert (await doors.send(b"not JSON", **signed)).status_code == 401, "before it is parsed"
        assert (await doors.send(body, **signed)).status_code == 200


async def test_a_token_is_taken_as_bearer_too(doors: Doors) -> None:
    answer = await doors.send(USER, **{"X-Moodle-Token": "", "Authorization": f"Bearer {doors.token}"})
    assert answer.status_code == 200


async def test_a_source_of_zoho_opens_no_door_of_moodle(doors: Doors) -> None:
    _, token = await doors.api.mzi.use_cases.sources.add(
        Side.ZOHO, "rules", DEFAULT_TENANT, scheme=Scheme.HEADER
    )
    assert (await doors.send(USER, **{"X-Moodle-Token": token})).status_code == 401


async def test_events_are_about_the_tenant_of_their_source(doors: Doors) -> None:
    assert (await doors.send(USER, **{"X-Tenant-ID": "another"})).status_code == 403
    assert await doors.events() == []


# what the plugin asks


@pytest.mark.parametrize("prefix", ["/api/v1", "/v1"])
async def test_a_source_learns_that_it_is_believed_and_how_its_events_stand(
    doors: Doors, prefix: str
) -> None:
    await doors.send([USER, {"event_type": "moon_landed"}])
    answer = await doors.api.client.get(
        f"{prefix}/webhooks/status", headers={"X-API-Key": "", "X-Moodle-Token": doors.token}
    )
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["success"], said["label"], said["tenant_id"]) == (True, "plugin", DEFAULT_TENANT)
    counts = {"waiting": 1, "taken": 0, "parked": 1, "dead": 0, "total": 2}
    assert said["events"] == {**counts, "put_off": {}, "paused": {}}
    assert said["source"] in doors.token


async def test_who_signs_asks_for_its_status_with_no_body() -> None:
    async with serving() as api:
        _, secret = await api.mzi.use_cases.sources.add(
            Side.MOODLE, "plugin", DEFAULT_TENANT, scheme=Scheme.STANDARD
        )
        signed = signing_headers(
            Side.MOODLE, Scheme.STANDARD, secret, b"", id="msg_1", at=api.mzi.clock.now()
        )
        path = f"{WEBHOOKS}/status"
        assert (await api.client.get(path, headers={"X-API-Key": "", **signed})).status_code == 200
        tried = await api.client.post(f"{WEBHOOKS}/test", headers={"X-API-Key": "", **signed})
        assert tried.status_code == 200, tried.text


async def test_what_is_tried_is_understood_and_not_kept(doors: Doors) -> None:
    tried = [USER, {"event_type": "moon_landed"}, recorded_events()["user_graded_1"]]
    answer = await doors.send(tried, f"{WEBHOOKS}/test")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["success"], said["message"]) == (False, "1 of 3 would be parked.")
    assert [
        (each["kind"], each["key"], each["is_fact"], each["problem"] != "") for each in said["events"]
    ] == [
        ("user_created", "7", True, False),
        ("moon_landed", None, False, True),
        ("user_graded", "13_2_", False, False),
    ]
    assert await doors.events() == []
    good = (await doors.send(USER, f"{WEBHOOKS}/test")).json()
    assert (good["success"], good["message"]) == (True, "They would be kept, and looked at.")
    bare = (await doors.send(b"", f"{WEBHOOKS}/test")).json()
    assert (bare["success"], bare["message"], bare["events"]) == (True, "This source is believed.", [])


@pytest.mark.parametrize("prefix", ["/api/v1", "/v1"])
async def test_nobody_else_learns_anything(doors: Doors, prefix: str) -> None:
    """Nor with an API key."""
    answers = [
        await doors.api.client.get(f"{prefix}/webhooks/status"),
        await doors.api.client.post(f"{prefix}/webhooks/test", json=USER),
        await doors.send(b"{", f"{prefix}/webhooks/test", **{"X-Moodle-Token": "x" * 40}),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert (await doors.send(b"{", f"{prefix}/webhooks/test")).status_code == 400
    assert (await doors.api.client.get(f"{prefix}/webhooks")).status_code == 405


# what is refused


@pytest.mark.parametrize("path", [WEBHOOKS, f"{EVENTS}/user_created"])
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"7", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "application/json", 400),
        (b"", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"userid": 1, "userid": 2}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"userid=1", "application/x-www-form-urlencoded", 415),
        (b"x" * 20_000_000, "application/json", 413),
    ],
    ids=["cut", "number", "empty list", "empty", "nothing", "deep", "twice", "bytes", "form", "large"],
)
async def test_what_no_plugin_sends_is_refused_in_a_sentence_and_not_kept(
    doors: Doors, path: str, body: bytes, kind: str, status: int
) -> None:
    answer = await doors.send(body, path, **{"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
    assert await doors.events() == []


async def test_while_the_store_is_down_the_sender_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    async with serving(store) as api:
        _, token = await api.mzi.use_cases.sources.add(
            Side.MOODLE, "plugin", DEFAULT_TENANT, scheme=Scheme.HEADER
        )
        doors = Doors(api, token)
        assert (await doors.send(USER)).status_code == 200

        def down() -> None:
            raise StoreUnavailable("The store is away.")

        monkeypatch.setattr(store, "begin_together", down)
        answer = await doors.send({**USER, "event_id": "e2"})
        assert (answer.status_code, answer.headers["Retry-After"] != "") == (503, True)
