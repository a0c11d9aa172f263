"""Credits and concurrency: what calls cost, and what happens to one too many."""

import asyncio
from typing import Any

import pytest
from tests.gateways.zoho_fake.asking import Asking

from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.testing.zoho import FakeZoho
from mzi_adapters.testing.zoho.limits import EDITIONS

DAY = 86_400.0


def data(count: int) -> dict[str, Any]:
    """So many students."""
    return {"data": [{"Name": f"N{n}"} for n in range(count)], "trigger": []}


COSTS: dict[str, tuple[str, str, Any, dict[str, Any], int]] = {
    "A get": ("GET", "/Students/1", None, {}, 1),
    "A listing": ("GET", "/Students", None, {"fields": "id"}, 1),
    "A listing of a custom view": ("GET", "/Students", None, {"fields": "id", "cvid": 1}, 3),
    "The deleted list": ("GET", "/Students/deleted", None, {}, 2),
    "A write of ten": ("POST", "/Students", data(10), {}, 1),
    "A write of eleven": ("POST", "/Students", data(11), {}, 2),
    "A write of a hundred": ("POST", "/Students/upsert", data(100), {}, 10),
    "A deletion": ("DELETE", "/Students", None, {"ids": "1"}, 1),
    "A bulk read": (
        "POST",
        "/crm/bulk/v8/read",
        {"query": {"module": {"api_name": "Students"}}},
        {},
        50,
    ),
}


@pytest.mark.parametrize("what", COSTS, ids=repr)
async def test_a_call_has_its_price(ask: Asking, what: str) -> None:
    method, path, body, query, cost = COSTS[what]
    await ask(method, path, body, **query)
    assert (1, cost) == (ask.zoho.calls, ask.zoho.credits_used)


async def test_a_token_is_no_call_and_planting_costs_nothing(ask: Asking) -> None:
    ask.zoho.add("Students", {"Name": "A"})
    assert (
        ask.zoho.calls,
        ask.zoho.credits_used,
        ask.zoho.tokens_issued,
        len(ask.zoho.seen),
    ) == (0, 0, 1, 1)


async def test_what_is_left_is_told_from_half_on(ask: Asking) -> None:
    ask.zoho.limits.credits = 10
    told = [(await ask("GET", "/Students/1")).headers.get("x-api-credits-remaining") for _ in range(6)]
    assert told == [None, None, None, None, "5", "4"]


async def test_used_up_credits_come_back_after_a_day(ask: Asking) -> None:
    ask.zoho.limits.credits = 1
    assert (await ask("GET", "/Students/1")).status == 204
    said = await ask("GET", "/Students/1")
    assert (said.status, said.code) == (429, "TOO_MANY_REQUESTS")
    assert "credits" in said.body["message"]
    await ask.time.sleep(DAY)
    await ask.sign_in()
    assert (await ask("GET", "/Students/1")).status == 204
    assert ask.zoho.credits_used == 2


@pytest.mark.parametrize("edition", EDITIONS, ids=repr)
async def test_calls_at_once_are_limited_by_edition(edition: str) -> None:
    time = VirtualTimer()
    ask = Asking(FakeZoho(clock=time, timer=time, latency=0.3, edition=edition), time)
    ask.zoho.define("Students", ["Name"])
    await ask.sign_in()
    allowed = EDITIONS[edition][1]
    said = await asyncio.gather(*(ask("GET", "/Students/1") for _ in range(allowed + 3)))
    assert [204] * allowed + [429] * 3 == sorted(each.status for each in said)
    assert allowed + 1 == ask.zoho.max_in_flight
    assert (await ask("GET", "/Students/1")).status == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "query"),
    [
        ("POST", "/coql", {"select_query": "select id from Students where id > 0"}, {}),
        ("GET", "/Students", None, {"fields": "id", "sort_by": "id"}),
        ("GET", "/Students", None, {"fields": "id", "cvid": 1}),
        ("POST", "/Students", data(11), {}),
    ],
    ids=repr,
)
async def test_ten_heavy_calls_run_at_once_in_every_edition(
    ask: Asking, method: str, path: str, body: Any, query: dict[str, Any]
) -> None:
    ask.zoho.latency = 0.3
    said = await asyncio.gather(*(ask(method, path, body, **query) for _ in range(12)))
    assert sum(each.status == 429 for each in said) == 2
    assert ask.zoho.max_heavy_in_flight == 11


async def test_light_calls_are_not_held_by_the_heavy_limit(ask: Asking) -> None:
    ask.zoho.latency = 0.3
    said = await asyncio.gather(*(ask("POST", "/Students", data(10)) for _ in range(12)))
    assert {201} == {each.status for each in said}
