"""The review list over HTTP: lists, one item, and deciding about it."""

from collections.abc import AsyncIterator
from typing import Any

import attrs
import pytest
from tests.http.serving import Api, serving

from mzi_core.modules import STUDENTS
from mzi_core.ports import Candidate, DeliveryState, ReviewAddress, ReviewKind, ReviewQuestion, Store
from mzi_core.values import DEFAULT_TENANT, MoodleId, TenantId

A, B = "5398830000090000001", "5398830000090000002"
BASE = "/api/v1/review"
WHY = "Moodle accounts 7, 9 share its username or address; keep one of them."


def question(key: str, kind: ReviewKind = ReviewKind.ACCOUNT) -> ReviewQuestion:
    """What is asked about a student, or an enrolment."""
    return ReviewQuestion(
        kind=kind,
        key=key,
        subject=f"students/{key}",
        module="students",
        why=WHY,
        candidates=(Candidate(MoodleId(9), "omar."), Candidate(MoodleId(7), "Rana.")),
    )


@attrs.frozen
class Filled:
    """The service over a store with a review list."""

    api: Api

    async def get(self, path: str = "", **query: Any) -> dict[str, Any]:
        """What is answered to a request that goes well."""
        answer = await self.api.client.get(f"{BASE}{path}", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def filled(store: Store) -> AsyncIterator[Filled]:
    """Two students and a withdrawal; one more that is closed."""
    async with serving(store) as api:
        students = [{"id": key, "Name": key, "Academic_Email": f"{key}@college.example"} for key in (A, B)]
        await api.mzi.use_cases.sync(DEFAULT_TENANT, STUDENTS, students)
        async with store.begin(DEFAULT_TENANT) as session:
            kinds = (ReviewKind.ACCOUNT, ReviewKind.WITHDRAWAL)
            await session.put_reviews([question(A), question(B), question(A, kinds[1]), question("3")])
            await session.close_reviews([ReviewAddress(kinds[0], "3")])
        yield Filled(api)


async def test_the_list_is_told_page_by_page(filled: Filled) -> None:
    """By kind and key, each once; all of it or those of a state or a kind."""
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 1}
    while True:
        page = await filled.get(**query)
        found += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert [(each["kind"], each["key"], each["state"]) for each in found] == [
        ("account", "3", "closed"),
        ("account", A, "open"),
        ("account", B, "open"),
        ("withdrawal", A, "open"),
    ]
    of_kind = (await filled.get(state="open", kind="account"))["items"]
    assert [each["key"] for each in of_kind] == [A, B]
    assert await filled.get(state="chosen") == {"items": [], "next": None}


async def test_an_item_says_why_and_what_the_candidates_are(filled: Filled) -> None:
    shown = await filled.get(f"/account/{A}")
    assert shown == {
        "kind": "account",
        "key": A,
        "subject": f"students/{A}",
        "module": "students",
        "why": WHY,
        "candidates": [{"id": 7, "sentence": "Rana."}, {"id": 9, "sentence": "omar."}],
        "state": "open",
        "opened_at": shown["opened_at"],
        "choice": None,
        "decided_by": None,
        "decided_at": None,
    }
    assert (await filled.api.client.get(f"/v1/review/account/{A}")).json() == shown


async def test_what_is_chosen_is_linked_and_it_is_kept_who_chose(filled: Filled) -> None:
    answer = await filled.api.post(f"{BASE}/account/{A}/choose", {"choice": 9})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["state"], said["choice"]) == ("chosen", 9)
    assert said["decided_by"].startswith("API key ")
    assert await filled.get(f"/account/{A}") == said
    record = (await filled.api.client.get(f"/api/v1/students/{A}")).json()
    assert record["stored"]["record"]["moodle_userid"] == 9
    history = (await filled.api.client.get(f"/api/v1/students/{A}/history")).json()
    assert history["items"][0]["caused_by"] == {"what": "person", "id": said["decided_by"]}
    async with filled.api.mzi.store.read(DEFAULT_TENANT) as session:
        (due,) = await session.deliveries("account", DeliveryState.DUE)
    assert (due.key, due.subject) == (A, f"students/{A}")


async def test_what_another_record_has_is_refused_and_nothing_kept(filled: Filled) -> None:
    await filled.api.post(f"/v1/review/account/{A}/choose", {"choice": 9})
    answer = await filled.api.post(f"/v1/review/account/{B}/choose", {"choice": 9})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:mzi:problem:refused")
    assert f"already belongs to record {A}" in answer.json()["detail"]
    assert (await filled.get(f"/account/{B}"))["state"] == "open"


async def test_what_is_dismissed_is_not_under_review_any_more(filled: Filled) -> None:
    dismissed = await filled.api.client.post(f"/v1/review/withdrawal/{A}/dismiss")
    assert (dismissed.status_code, dismissed.json()["state"]) == (200, "dismissed")
    again = await filled.api.client.post(f"{BASE}/withdrawal/{A}/dismiss")
    assert (again.status_code, again.json()["type"]) == (409, "urn:mzi:problem:review-decided")
    assert "it was dismissed" in again.json()["detail"]


@pytest.mark.parametrize(
    ("asked", "body", "status", "said"),
    [
        ("GET ?state=dead", None, 400, "`state` must be one of open, chosen, dismissed, closed."),
        ("GET ?kind=person", None, 400, "`kind` must be one of account, course, withdrawal."),
        ("GET ?limit=0", None, 400, "`limit` must be a whole number"),
        ("GET ?cursor=x", None, 400, "cursor"),
        ("GET ?flow=account", None, 400, "There is no parameter `flow`"),
        ("GET /account/9", None, 404, "There is no account under review with the key `9`."),
        ("GET /account/%00", None, 404, "There is no account under review"),
        ("GET /person/9", None, 404, "There is no kind of review `person`."),
        ("GET /account/{A}/choose", None, 405, "use POST"),
        ("POST /person/9/choose", {"choice": 7}, 404, "There is no kind of review `person`."),
        ("POST /account/9/choose", {"choice": 7}, 404, "There is no account under review"),
        ("POST /account/9/dismiss", {}, 404, "There is no account under review"),
        ("POST /account/3/choose", {"choice": 7}, 409, "not under review any more: it was closed"),
        ("POST /account/{A}/choose", {}, 400, "`choice` must be the id of a candidate"),
        ("POST /account/{A}/choose", {"choice": True}, 400, "`choice` must be the id of a candidate"),
        ("POST /account/{A}/choose", {"choice": 0}, 400, "`choice` must be the id of a candidate"),
        ("POST /account/{A}/choose", {"choice": 7, "by": "me"}, 400, "There is no field `by`"),
        ("POST /account/{A}/choose", {"choice": 2**70}, 422, "is none of the candidates; those are 7, 9."),
        ("POST /withdrawal/{A}/choose", {"choice": 7}, 422, "nothing to choose about a withdrawal"),
        ("POST /account/{A}/choose", [], 400, "must be a JSON object"),
    ],
)
async def test_what_cannot_be_asked_is_refused_in_a_sentence(
    filled: Filled, asked: str, body: object, status: int, said: str
) -> None:
    method, _, path = asked.replace("{A}", A).partition(" ")
    if body is None:
        answer = await filled.api.client.request(method, f"{BASE}{path}")
    else:
        answer = await filled.api.post(f"{BASE}{path}", body)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]
    assert (await filled.get(f"/account/{A}"))["state"] == "open"


async def test_nobody_decides_without_a_key(filled: Filled) -> None:
    for path in ("", f"/account/{A}"):
        answer = await filled.api.client.get(f"{BASE}{path}", headers={"X-API-Key": ""})
        assert answer.status_code == 401
    for word in ("choose", "dismiss"):
        answer = await filled.api.client.post(f"{BASE}/account/{A}/{word}", headers={"X-API-Key": ""})
        assert answer.status_code == 401


async def test_the_list_of_another_tenant_is_neither_told_nor_decided(filled: Filled) -> None:
    await filled.api.mzi.use_cases.add_tenant(TenantId("north"))
    north, client = {"X-Tenant-ID": "north"}, filled.api.client
    assert (await client.get(BASE, headers=north)).json() == {"items": [], "next": None}
    assert (await client.get(f"{BASE}/account/{A}", headers=north)).status_code == 404
    answer = await client.post(f"{BASE}/account/{A}/choose", headers=north, json={"choice": 7})
    assert answer.status_code == 404
