"""Kept decisions over HTTP: the one that stands, every earlier one, and the page that people print."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from tests.http.serving import Api

from mzi_core.ports import Cursor
from mzi_core.values import TenantId
from mzi_http.cursors import write_cursor

KEY = "4101_1001_55"
PATH = f"/api/v1/grades/{KEY}"


async def judge(api: Api, *markings: dict[str, Any], key: str = KEY) -> None:
    """Decide and keep one after the other, a minute apart."""
    for marking in markings:
        api.mzi.clock.advance(timedelta(minutes=1))
        answer = await api.post("/api/v1/grades/decide", {"marking": marking, "record_as": key})
        assert answer.status_code == 200, answer.text


async def found(api: Api, path: str, status: int = 200) -> dict[str, Any]:
    answer = await api.client.get(path)
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_the_decision_that_stands_is_told_as_it_was_decided(api: Api) -> None:
    await judge(api, {"raw": 1})
    decided = (await api.post("/api/v1/grades/decide", {"marking": {"raw": 3}, "record_as": KEY})).json()
    told = await found(api, f"{PATH}/decision")
    assert (told["key"], told["decision"], told["superseded"]) == (KEY, decided, None)
    assert told["decided_at"].endswith("Z")
    assert await found(api, f"/v1/grades/{KEY}/decision") == told


async def test_every_earlier_decision_says_when_and_why_it_gave_way(memory: Api) -> None:
    await judge(memory, {"submitted": False}, {"raw": 1}, {"raw": 3, "attempt": 1})
    told = await found(memory, f"{PATH}/decisions")
    assert told["next"] is None
    assert [each["decision"]["grade"] for each in told["items"]] == ["M", "R", "F"]
    assert [each["superseded"] and each["superseded"]["causes"] for each in told["items"]] == [
        None,
        ["MARK", "ATTEMPT"],
        ["MARK", "WORK"],
    ]
    last = told["items"][1]["superseded"]
    assert last["at"] == told["items"][0]["decided_at"]
    assert (
        last["explanation"]["en"]
        == "Replaced because the mark or its scale changed, and the attempt or what is known of it changed."
    )
    assert last["explanation"]["ar"].startswith("استُبدل")


async def test_a_decision_tells_the_same_sentence_when_it_is_made_and_when_it_is_shown(api: Api) -> None:
    """Also where it is judged as of another moment, and when it is made once more."""
    marking = {"submitted": False, "due": "2026-01-02T12:00:00Z", "now": "2026-01-03T12:00:00Z"}
    told = []
    for _ in range(2):
        api.mzi.clock.advance(timedelta(minutes=1))
        answer = await api.post("/api/v1/grades/decide", {"marking": marking, "record_as": KEY})
        told.append(answer.json()["explanation"])
    shown = (await found(api, f"{PATH}/decision"))["decision"]["explanation"]
    assert told == [shown, shown]


@pytest.mark.parametrize(
    ("policy", "grade", "rule", "warnings"),
    [
        ("pearson-higher-national", "P", "REASSESSED_AFTER_PASS", []),
        ("btec-default", "P", "PASS", ["LOWER_THAN_BEFORE"]),
    ],
)
async def test_an_earlier_attempt_that_is_decided_again_takes_no_later_ones_place(
    api: Api, policy: str, grade: str, rule: str, warnings: list[str]
) -> None:
    first = {"raw": 1, "attempt": 0}
    for marking in (first, {"raw": 3, "attempt": 1}, first, {"raw": 2, "attempt": 2}, first):
        api.mzi.clock.advance(timedelta(minutes=1))
        body = {"marking": marking, "record_as": KEY, "policy": policy}
        assert (await api.post("/api/v1/grades/decide", body)).status_code == 200
    stands = (await found(api, f"{PATH}/decision"))["decision"]
    assert (stands["grade"], stands["rule"], stands["warnings"]) == (grade, rule, warnings)


@pytest.mark.parametrize("key", ["1", "k" * 255, "A.b-c_d:e@f", "4101_1001_55.html", "decide"])
async def test_what_is_kept_under_a_key_is_read_back_under_it(memory: Api, key: str) -> None:
    await judge(memory, {"raw": 3}, key=key)
    for path in ("decision", "decisions"):
        assert (await memory.client.get(f"/api/v1/grades/{key}/{path}")).status_code == 200


async def test_the_history_comes_in_pages(memory: Api) -> None:
    await judge(memory, *({"raw": str(n % 2 + 2)} for n in range(5)))
    whole = (await found(memory, f"{PATH}/decisions"))["items"]
    read: list[Any] = []
    more = ""
    while more is not None:
        page = await found(memory, f"{PATH}/decisions?limit=2{more}")
        read += page["items"]
        more = page["next"] and f"&cursor={page['next']}"
    assert len(read) == 5
    assert read == whole


@pytest.mark.parametrize("path", ["decision", "decisions", "decision.html"])
@pytest.mark.parametrize("key", ["1_2_3", "k" * 256, "k" * 255, "a%00b", "%FF"])
async def test_a_key_under_which_nothing_was_kept_is_404(memory: Api, path: str, key: str) -> None:
    told = await found(memory, f"/api/v1/grades/{key}/{path}", 404)
    assert told["type"] == "urn:mzi:problem:unknown-record"


@pytest.mark.parametrize("path", ["decision", "decisions", "decision.html"])
async def test_another_tenants_decisions_are_not_there(memory: Api, path: str) -> None:
    await judge(memory, {"raw": 1})
    await memory.mzi.use_cases.add_tenant(TenantId("others"))
    answer = await memory.client.get(f"{PATH}/{path}", headers={"X-Tenant-ID": "others"})
    assert answer.status_code == 404
    assert (await memory.client.post(f"{PATH}/{path}")).status_code == 405


def forged(key: str) -> str:
    """A cursor with the right checksum; it says where to go on, and that is no number."""
    place = json.dumps(["2026-02-15T08:00:00+00:00", key], ensure_ascii=False).encode()
    check = sha256(json.dumps(["default", "decisions", KEY, place.decode()]).encode()).digest()[:8]
    return base64.urlsafe_b64encode(check + place).decode().rstrip("=")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=0", "`limit` must be a whole number from 1 to 200."),
        ("cursor=nonsense", "This cursor is damaged"),
        (f"cursor={forged('x')}", "This cursor is damaged"),
        (f"cursor={forged('9' * 19)}", "This cursor is damaged"),
        ("state=NEW", "There is no parameter `state`; there are limit, cursor."),
    ],
)
async def test_what_a_history_cannot_be_asked_for_is_told(memory: Api, query: str, said: str) -> None:
    await judge(memory, {"raw": 1})
    told = await found(memory, f"{PATH}/decisions?{query}", 400)
    assert said in told["detail"]


async def test_a_cursor_goes_with_its_key(memory: Api) -> None:
    await judge(memory, {"raw": 1}, {"raw": 2}, {"raw": 3})
    await judge(memory, {"raw": 1}, {"raw": 2}, {"raw": 3}, key="other")
    cursor = (await found(memory, f"{PATH}/decisions?limit=1"))["next"]
    assert (await found(memory, f"/api/v1/grades/other/decisions?cursor={cursor}", 400))["detail"]


@pytest.mark.parametrize(("lang", "direction"), [("en", "ltr"), ("ar", "rtl")])
async def test_the_page_is_in_the_language_that_was_asked_for(memory: Api, lang: str, direction: str) -> None:
    await judge(memory, {"raw": 1}, {"raw": 3})
    told = (await found(memory, f"{PATH}/decision"))["decision"]["explanation"][lang]
    answer = await memory.client.get(f"{PATH}/decision.html?lang={lang}")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Language"] == lang
    assert answer.headers["Cache-Control"] == "no-store"
    assert f'<html lang="{lang}" dir="{direction}">' in answer.text
    assert told in answer.text
    assert "<article>" not in answer.text
    assert "<article>" in (await memory.client.get(f"{PATH}/decision.html?lang={lang}&history=true")).text


async def test_the_page_lets_a_browser_load_and_run_nothing_but_its_style(memory: Api) -> None:
    await judge(memory, {"raw": 1})
    answer = await memory.client.get(f"{PATH}/decision.html")
    policy = answer.headers["Content-Security-Policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    assert re.findall(r"\b(src|href|style|on\w+)=", answer.text) == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("lang=fr", "`lang` must be one of en, ar."),
        ("history=yes", "`history` must be true or false."),
        ("limit=5", "There is no parameter `limit`; there are lang, history."),
        ("lang=en&lang=ar", "`lang` is given more than once."),
    ],
)
async def test_what_a_page_cannot_be_asked_for_is_told(memory: Api, query: str, said: str) -> None:
    assert (await found(memory, f"{PATH}/decision.html?{query}", 400))["detail"] == said


def test_a_cursor_of_a_history_is_what_write_cursor_writes() -> None:
    """Or the forged ones above would prove nothing."""

    place = Cursor(datetime(2026, 2, 15, 8, tzinfo=UTC), "7")
    assert write_cursor(place, ("default", "decisions", KEY)) == forged("7")
