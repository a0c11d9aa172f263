"""Real requests, damaged at random: each is answered by either database soon, and none with a 5xx."""

import random
import resource
import sys
from collections.abc import AsyncIterator
from time import process_time
from urllib.parse import quote

import pytest
from tests.http.serving import PAYLOADS, Api, serving
from tests.repetitions import often

from mzi_adapters.sql import open_store
from mzi_core.modules import ZOHO_CATALOGUE

pytestmark = pytest.mark.slow

REQUESTS = often(30_000, gate=400)

LONGEST = 1.0
"""Seconds of the processor that an answer may take: a busy machine makes no difference."""

MOST_MEMORY = 32 * 2**20
"""Bytes that two thirds of the requests may take more than the first third."""

PIECES = [
    *(
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"=",
        b"&",
        b"\\",
        b"null",
        b"true",
        b"-0",
        b"1.5",
        b" " * 50,
    ),
    *(b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\\u0000", b"\\ud800", b"%00", b"%ff", b"${!x}"),
    *(b"NaN", b"1e999", b"9" * 400, b"[" * 70, b'{"a":' * 70, b"5398830000090000001"),
    *(b'"id":', b'{"id":"1"}', b"data=", "ـ".encode()),
]
TYPES = (
    "application/json",
    "application/json;charset=utf-8",
    "application/x-www-form-urlencoded",
    "text/plain",
)


def damaged(raw: bytes, dice: random.Random) -> bytes:
    """The bytes with up to four wounds: cut off, taken out, doubled, or something put in."""
    for _ in range(dice.randrange(5)):
        at = dice.randrange(len(raw) + 1)
        end = at + dice.randrange(40)
        match dice.randrange(5):
            case 0:
                raw = raw[:at]
            case 1:
                raw = raw[:at] + raw[end:]
            case 2:
                raw = raw[:end] + raw[at:]
            case _:
                raw = raw[:at] + dice.choice(PIECES) + raw[end if dice.random() < 0.5 else at :]
    return raw


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """The service over each database."""
    async with open_store(database_url) as store, serving(store) as api:
        yield api


def memory_used() -> int:
    """Bytes that the process has had at its peak."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@pytest.mark.timeout(1800)
async def test_damaged_requests_are_answered_and_never_with_a_5xx(api: Api) -> None:
    dice = random.Random(20260215)  # the same damage in every run
    files = [path.read_bytes() for path in sorted(PAYLOADS.glob("*.json"))]
    bodies = [
        raw[raw.index(b'"body"') + 7 : raw.rindex(b'"expect"')].rstrip(b" \n,")
        for raw in files
        if b'"body"' in raw
    ]
    names = [module.name for module in ZOHO_CATALOGUE]
    used = 0
    for number in range(REQUESTS):
        if number == REQUESTS // 3:  # by now everything is imported and cached
            used = memory_used()
        begun = process_time()
        raw = damaged(dice.choice(bodies), dice)
        headers = {"Content-Type": dice.choices(TYPES, (10, 1, 2, 1))[0]}
        if dice.random() < 0.3:
            headers["Idempotency-Key"] = dice.choice("abcdefgh")
        answer = await api.client.post(f"/api/v1/sync/{dice.choice(names)}", content=raw, headers=headers)
        assert answer.status_code in (200, 400, 409, 415), (raw, answer.text)
        assert answer.json()
        assert process_time() - begun < LONGEST, raw
    assert memory_used() - used < MOST_MEMORY
    for name in names:
        for item in (await api.client.get(f"/api/v1/{name}", params={"state": "INVALID"})).json()["items"]:
            path = f"/api/v1/{name}/{quote(item['zoho_id'], safe='')}"
            assert (await api.client.get(path)).status_code == 200, path
