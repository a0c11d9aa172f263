"""Plans of the brake over HTTP: lists, one of them, and deciding about it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.http.serving import Api, serving

from mzi_core.ports import DeliveryState, Due, PlanState, Store
from mzi_core.values import DEFAULT_TENANT, TenantId
from mzi_http.answers import moment

HOUR = timedelta(hours=1)
KEYS = ("5398830000090000001", "é 7", "room/7")
BASE = "/api/v1/plans"


@attrs.frozen
class Filled:
    """The service over a store in which accounts are held under `id`, and nothing under other plans."""

    api: Api
    id: str

    async def get(self, path: str = "", **query: Any) -> dict[str, Any]:
        """What is answered to a request that goes well."""
        answer = await self.api.client.get(f"{BASE}{path}", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def filled(store: Store) -> AsyncIterator[Filled]:
    """A plan of `suspend` with what is held under it, one of `delete`, and one that was rejected."""
    async with store.begin(DEFAULT_TENANT) as session:
        await session.make_due([Due("account", key, f"students/{key}") for key in KEYS])
        claims = await session.claim("account", 9, HOUR)
        rejected = await session.open_plan("account", "suspend")
        await session.close_plan(rejected, PlanState.REJECTED, "A test.", "")
        plan = await session.open_plan("account", "suspend")
        await session.open_plan("account", "delete")
        await session.end_claims([claim.held(plan, "Too many.") for claim in claims])
    async with serving(store) as api:
        yield Filled(api, plan)


async def _states(filled: Filled) -> set[tuple[DeliveryState, str]]:
    async with filled.api.mzi.store.read(DEFAULT_TENANT) as session:
        lists = [await session.deliveries("account", state) for state in DeliveryState]
    return {(each.state, each.reason) for found in lists for each in found}


async def test_plans_are_listed_page_by_page(filled: Filled) -> None:
    """The last by id first, each once; all of them or those of a state."""
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = await filled.get(**query)
        found += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    ids = [each["id"] for each in found]
    assert (len(ids), ids) == (3, sorted(ids, reverse=True))
    assert {each["action"]: each["held"] for each in found if each["state"] == "open"} == {
        "suspend": 3,
        "delete": 0,
    }
    (rejected,) = (await filled.get(state="rejected"))["items"]
    assert (rejected["reason"], rejected["held"], rejected["decided_by"]) == ("A test.", 0, None)
    assert rejected["decided_at"] >= rejected["opened_at"]
    assert (await filled.get(state="approved")) == {"items": [], "next": None}


async def test_a_plan_is_shown_with_what_is_held_under_it(filled: Filled) -> None:
    """Page by page, and without what is remembered of people."""
    async with filled.api.mzi.store.read(DEFAULT_TENANT) as session:
        plan = await session.plan(filled.id)
    assert plan is not None
    first = await filled.get(f"/{filled.id}", limit=2)
    facts = {"id": filled.id, "flow": "account", "action": "suspend", "state": "open", "held": 3}
    undecided = {"decided_at": None, "decided_by": None, "reason": ""}
    assert first == {
        **facts,
        **undecided,
        "opened_at": moment(plan.opened_at),
        "deliveries": first["deliveries"],
        "next": first["next"],
    }
    second = await filled.get(f"/{filled.id}", limit=2, cursor=first["next"])
    held = [*first["deliveries"], *second["deliveries"]]
    assert [each["key"] for each in held] == sorted(KEYS)
    assert {(each["plan"], each["reason"]) for each in held} == {(filled.id, "Too many.")}
    assert second["next"] is None
    shown = await filled.api.client.get(f"/v1/plans/{filled.id}")
    assert shown.json()["held"] == 3


async def test_what_is_approved_is_due_and_it_is_kept_who_did_so(filled: Filled) -> None:
    answer = await filled.api.post(f"{BASE}/{filled.id}/approve", {"reason": "They left after the exams"})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["state"], said["decided"]) == ("approved", 3)
    assert said["reason"] == "They left after the exams."
    assert said["decided_by"].startswith("API key ")
    assert await _states(filled) == {(DeliveryState.DUE, "")}
    shown = await filled.get(f"/{filled.id}")
    assert (shown["held"], shown["deliveries"], shown["decided_by"]) == (0, [], said["decided_by"])


async def test_what_is_rejected_is_settled_with_the_reason(filled: Filled) -> None:
    answer = await filled.api.post(f"/v1/plans/{filled.id}/reject", {"reason": "A wrong filter."})
    assert (answer.json()["state"], answer.json()["decided"]) == ("rejected", 3)
    assert await _states(filled) == {(DeliveryState.SETTLED, "A wrong filter.")}


async def test_a_plan_is_decided_once(filled: Filled) -> None:
    await filled.api.post(f"{BASE}/{filled.id}/reject", {"reason": "No."})
    for word in ("approve", "reject"):
        answer = await filled.api.post(f"{BASE}/{filled.id}/{word}", {"reason": "Yes."})
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:mzi:problem:plan-decided")
        assert answer.json()["detail"] == f"The plan `{filled.id}` was rejected already: No."


@pytest.mark.parametrize(
    ("asked", "body", "status", "said"),
    [
        ("GET ?state=held", None, 400, "`state` must be one of open, approved, rejected."),
        ("GET ?limit=0", None, 400, "`limit` must be a whole number"),
        ("GET ?cursor=x", None, 400, "cursor"),
        ("GET ?flow=account", None, 400, "There is no parameter `flow`; there are state, limit, cursor"),
        ("GET /unknown", None, 404, "There is no plan `unknown`."),
        ("GET /%00", None, 404, "There is no plan"),
        ("GET /{id}?cursor=x", None, 400, "cursor"),
        ("GET /{id}?state=open", None, 400, "There is no parameter `state`"),
        ("GET /{id}/approve", None, 405, "use POST"),
        ("POST /unknown/approve", {"reason": "x"}, 404, "There is no plan `unknown`."),
        ("POST /unknown/reject", {"reason": "x"}, 404, "There is no plan `unknown`."),
        ("POST /{id}/approve", {}, 400, "`reason` must say why it may be done, or why not."),
        ("POST /{id}/reject", {"reason": 7}, 400, "`reason` must say why it may be done, or why not."),
        ("POST /{id}/approve", {"reason": "x", "by": "me"}, 400, "There is no field `by`"),
        ("POST /{id}/approve", {"reason": " "}, 422, "A reason has 1 to 500 characters"),
        ("POST /{id}/reject", {"reason": "a\ud800"}, 422, "Say why it may be done, or why not."),
        ("POST /{id}/approve", [], 400, "must be a JSON object"),
    ],
)
async def test_what_cannot_be_asked_is_refused_in_a_sentence(
    filled: Filled, asked: str, body: object, status: int, said: str
) -> None:
    method, _, path = asked.replace("{id}", filled.id).partition(" ")
    if body is None:
        answer = await filled.api.client.request(method, f"{BASE}{path}")
    else:
        answer = await filled.api.post(f"{BASE}{path}", body)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]
    assert (await filled.get(f"/{filled.id}"))["state"] == "open"


async def test_nobody_decides_without_a_key(filled: Filled) -> None:
    for path in ("", f"/{filled.id}"):
        answer = await filled.api.client.get(f"{BASE}{path}", headers={"X-API-Key": ""})
        assert answer.status_code == 401
    for word in ("approve", "reject"):
        answer = await filled.api.client.post(f"{BASE}/{filled.id}/{word}", headers={"X-API-Key": ""})
        assert answer.status_code == 401


async def test_the_plans_of_another_tenant_are_neither_told_nor_decided(filled: Filled) -> None:
    await filled.api.mzi.use_cases.add_tenant(TenantId("north"))
    north, client = {"X-Tenant-ID": "north"}, filled.api.client
    assert (await client.get(BASE, headers=north)).json() == {"items": [], "next": None}
    assert (await client.get(f"{BASE}/{filled.id}", headers=north)).status_code == 404
    answer = await client.post(f"{BASE}/{filled.id}/approve", headers=north, json={"reason": "Ours."})
    assert answer.status_code == 404
