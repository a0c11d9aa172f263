"""How much is asked at once, how long is waited, and what becomes of answers that are none."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from tests.gateways.zoho.given import World, account
from tests.gateways.zoho.test_access import is_call, reads

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.zoho_gateway_remote import GRADES, KEY, NOBODY, PLAIN
from mzi_adapters.testing.faults import (
    Cut,
    Fault,
    Huge,
    Late,
    Reset,
    Short,
    Silence,
    Trickle,
    Unreachable,
    says,
)
from mzi_core.errors import AccessRefused, GatewayError, GatewayLimited, GatewayUnavailable, ProtocolError
from mzi_core.ports import ReadMethod

TOO_MANY = b'{"code":"TOO_MANY_REQUESTS","details":{},"message":"slow down","status":"error"}'
PAGE = b"<html><head><title>Sorry</title></head><body>" + b"Amina Student, amina@college.example " * 200


def at_call(fault: Fault, times: int = 1) -> World:
    """A world in which the first calls, tokens apart, meet a fault."""
    world = World()
    world.faults.when(is_call, fault, times=times)
    return world


def too_many(retry_after: float | None = None, message: str = "slow down") -> bytes:
    """What Zoho says to too many calls."""
    details = {} if retry_after is None else {"retry_after": retry_after}
    return json.dumps({"code": "TOO_MANY_REQUESTS", "details": details, "message": message}).encode()


WAITS = {
    "three seconds by header": (says(429, TOO_MANY, retry_after="3"), 3),
    "a minute in the body": (says(429, too_many(60)), 60),
    "header before body": (says(429, too_many(60), retry_after="3"), 3),
    "nothing said": (says(429, TOO_MANY), 0),
    "the other code": (says(429, b'{"code":"RATE_LIMIT_EXCEEDED","message":"slow down"}'), 0),
    "a gate before the API": (says(429, b"<html>", content_type="text/html", retry_after="7"), 7),
    "a moment gone by": (says(429, TOO_MANY, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"), 0),
    "nonsense": (says(429, TOO_MANY, retry_after="soon"), 0),
    "maintenance": (says(503, b"<html>", retry_after="20"), 20),
}


@pytest.mark.parametrize(("answer", "asked"), WAITS.values(), ids=WAITS)
async def test_how_long_is_waited(answer: Fault, asked: float) -> None:
    """As long as Zoho says, by header or body, and by chance up to a second longer."""
    world = at_call(answer)
    async with world.client(random=lambda: 0.25) as client:
        await reads(client)
    assert world.timer.monotonic() == pytest.approx(asked + 0.25 + 0.6)  # a token and the call itself
    assert world.api_calls == 1


async def test_waits_are_counted_together() -> None:
    """Each alone would be short enough; the error says how long the next one is."""
    world = at_call(says(429, TOO_MANY, retry_after="200"), times=2)
    async with world.client() as client:
        with raises(GatewayLimited) as caught:
            await reads(client)
    assert caught.error is not None
    assert caught.error.retry_after == 200
    assert len(world.faults.met) == 2
    assert 200 <= world.timer.monotonic() < 203


async def test_a_pause_of_all_calls_takes_from_the_patience_of_each() -> None:
    """Whoever waited for others to be let in again does not wait as long once more for itself."""
    world = at_call(says(429, TOO_MANY, retry_after="200"))
    async with world.client() as client:
        first = asyncio.create_task(reads(client))
        await world.timer.sleep(2)
        world.faults.when(is_call, says(503, b"<html>", retry_after="150"), times=2)
        found = await asyncio.gather(first, client.get(GRADES, NOBODY), return_exceptions=True)
    assert [isinstance(each, GatewayUnavailable) and each.retry_after for each in found] == [150, 150]
    assert len(world.faults.met) == 3
    assert world.timer.monotonic() < 210


async def test_a_moment_to_wait_for_is_a_wait() -> None:
    """The other form that the header has."""
    world = World()
    at = format_datetime(world.timer.now() + timedelta(seconds=40), usegmt=True)
    world.faults.when(is_call, says(429, TOO_MANY, retry_after=at))
    async with world.client() as client:
        await reads(client)
    assert 39 <= world.timer.monotonic() <= 43


@pytest.mark.parametrize(
    "answer",
    [
        says(429, TOO_MANY, retry_after="86400"),
        says(429, too_many(86400)),
        says(429, too_many(message="API credits of the last 24 hours are used up")),
    ],
    ids=["header", "body", "credits"],
)
async def test_a_long_wait_is_left_to_the_caller(answer: Fault) -> None:
    """He is told how long, at most two hours; nobody else asks meanwhile; then work goes on."""
    world = at_call(answer)
    async with world.client() as client:
        for _ in range(20):
            with raises(GatewayLimited) as caught:
                await reads(client)
        assert caught.error is not None
        assert 7000 < (caught.error.retry_after or 0) <= 7200
        assert len(world.faults.met) == 1
        assert world.api_calls == 0
        await world.timer.sleep(7200)
        await reads(client)


async def test_the_pause_is_everybodys() -> None:
    """While Zoho wants peace, no other call goes out either."""
    world = at_call(says(429, TOO_MANY, retry_after="30"))
    async with world.client() as client:
        first = asyncio.create_task(reads(client))
        await world.timer.sleep(2)
        await reads(client, 40)
        assert world.timer.monotonic() >= 30
        await first
    assert world.zoho.max_in_flight <= 20


async def test_too_many_for_too_long_is_given_up() -> None:
    """After five tries, and the caller learns that it may pass."""
    world = at_call(says(429, TOO_MANY), times=99)
    async with world.client() as client:
        with raises(GatewayLimited):
            await reads(client)
    assert len(world.faults.met) == 5


@pytest.mark.parametrize("concurrency", [1, 5, 20])
async def test_two_hundred_callers_are_never_too_many(concurrency: int) -> None:
    """Neither for the edition nor for the heavy calls, of which ten may run; and Zoho never had to say so."""
    world = World()
    async with world.client(account=account(concurrency=concurrency)) as client:
        light = [client.get(GRADES, NOBODY) for _ in range(100)]
        heavy = [client.find(GRADES, KEY, [f"key {n}"], PLAIN) for n in range(100)]
        await asyncio.gather(*light, *heavy)
    assert world.zoho.max_in_flight == concurrency
    assert world.zoho.max_heavy_in_flight == min(concurrency, 10)
    assert world.api_calls == 200


async def test_a_cancelled_caller_frees_its_place() -> None:
    """Also one that was waiting for it."""
    world = World()
    async with world.client(account=account(concurrency=2)) as client:
        tasks = [asyncio.create_task(client.get(GRADES, NOBODY)) for _ in range(40)]
        await world.timer.sleep(0.5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await reads(client, 10)
    assert world.zoho.max_in_flight == 2


PASSING = {
    "a page": says(200, PAGE, content_type="text/html"),
    "a page of an error": says(502, PAGE, content_type="text/html"),
    "an error of its own": says(500, b'{"code":"INTERNAL_ERROR","details":{},"message":"x"}'),
    "nothing at all": says(200),
    "cut JSON": Cut(),
    "a short body": Short(),
    "silence": Silence(),
    "a byte a minute": Trickle(pause=60),
    "a late answer": Late(seconds=600),
    "a reset": Reset(applied=True),
    "no connection": Unreachable(),
    "a redirect": says(302, b'{"data":[]}', location="https://evil.example"),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_a_read_is_tried_again(fault: Fault) -> None:
    """Three failures, then the answer: one success."""
    world = at_call(fault, times=3)
    wanted = world.zoho.add(GRADES, {KEY: "key 1"})
    async with world.client() as client:
        found = await client.get_many(GRADES, [wanted], PLAIN)  # type: ignore[list-item]  # a fake's id
    assert [each[KEY] for each in found.values()] == ["key 1"]


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_a_read_that_keeps_failing_says_why(fault: Fault) -> None:
    """Five tries; the message is short and repeats nothing of what came."""
    world = at_call(fault, times=99)
    world.zoho.add(GRADES, {KEY: "key 1"})
    async with world.client() as client:
        with raises(GatewayError) as caught:
            await client.count(GRADES)
    assert isinstance(caught.error, GatewayUnavailable | ProtocolError)
    assert len(world.faults.met) == 5
    assert len(caught.message) < 500
    assert "Amina" not in caught.message


async def test_a_huge_answer_is_refused_at_once() -> None:
    """Asking again would give the same."""
    world = at_call(Huge(size=40 * 2**20), times=9)
    async with world.client() as client:
        with raises(ProtocolError):
            await reads(client)
    assert len(world.faults.met) == 1


REFUSED = {
    "OAUTH_SCOPE_MISMATCH": (401, AccessRefused, "scopes"),
    "AUTHENTICATION_FAILURE": (401, AccessRefused, "data centre"),
    "NO_PERMISSION": (403, AccessRefused, "profile"),
    "AUTHORIZATION_FAILED": (400, AccessRefused, "profile"),
    "PAGINATION_LIMIT_EXCEEDED": (400, GatewayError, "Bulk Read"),
    "REQUIRED_PARAM_MISSING": (400, GatewayError, "REQUIRED_PARAM_MISSING"),
    "INVALID_URL_PATTERN": (404, GatewayError, "INVALID_URL_PATTERN"),
    "METHOD_NOT_ALLOWED": (405, GatewayError, "METHOD_NOT_ALLOWED"),
}


@pytest.mark.parametrize(("code", "refusal"), REFUSED.items(), ids=repr)
async def test_a_refusal_is_final_and_names_the_remedy(
    code: str, refusal: tuple[int, type[GatewayError], str]
) -> None:
    """It is not asked again, and no token is renewed for it."""
    status, kind, word = refusal
    body = json.dumps({"code": code, "details": {}, "message": "no", "status": "error"}).encode()
    world = at_call(says(status, body), times=9)
    async with world.client() as client:
        with raises(kind) as caught:
            await reads(client)
    assert not isinstance(caught.error, GatewayUnavailable)
    assert word in caught.message
    assert caught.error is not None
    assert caught.error.code == code
    assert (len(world.faults.met), world.tokens_asked) == (1, 1)


async def test_the_time_there_is_told_when_zoho_tells() -> None:
    """By the header that every web server sends; anything but a moment counts as not told."""
    world = World()
    async with world.client() as client:
        assert await client.server_time() is None
        for said, expected in (
            ("Sun, 01 Mar 2026 06:31:00 GMT", datetime(2026, 3, 1, 6, 31, tzinfo=UTC)),
            ("noon", None),
        ):
            world.faults.when(is_call, says(204, date=said))
            await reads(client)
            assert await client.server_time() == expected


async def test_what_is_left_of_the_credits_is_told_when_zoho_tells() -> None:
    """Which is once half of them are used; anything but a number counts as not told."""
    world = World()
    async with world.client() as client:
        await reads(client)
        assert (await client.usage()).remaining is None
        world.zoho.limits.credits = 20
        async for _ in client.pages(GRADES, PLAIN, via=ReadMethod.COQL):
            pass
        await reads(client, 6)
        usage = await client.usage()
        assert usage.remaining == 20 - world.zoho.credits_used
        assert (usage.calls, usage.tokens) == (world.api_calls, 1)
        assert usage.credits == world.zoho.credits_used
        world.faults.when(is_call, says(204, x_api_credits_remaining="many"))
        await reads(client)
        assert (await client.usage()).remaining is None
