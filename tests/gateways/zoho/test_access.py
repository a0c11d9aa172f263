"""Access tokens: one renewal for everybody, early, seldom, and none after Zoho said no for ever."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import attrs
import pytest
from tests.gateways.zoho.given import SECRETS, TOKEN_PATH, World, account

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.zoho_gateway_remote import GRADES, KEY, NOBODY
from mzi_adapters.testing.faults import Fault, Unreachable, says
from mzi_adapters.web import Request
from mzi_adapters.zoho import DATA_CENTRES, ZohoClient, data_centre
from mzi_adapters.zoho.calling import RETRIES
from mzi_adapters.zoho.oauth import BUDGET, LEASE, LOOKS, NAME
from mzi_core.errors import AccessRefused, AuthRevoked, GatewayLimited, GatewayUnavailable
from mzi_core.values import DEFAULT_TENANT

THROTTLED = json.dumps(
    {
        "error_description": "You have made too many requests continuously. Please try again later.",
        "error": "Access Denied",
        "status": "failure",
    }
).encode()
NOT_A_TOKEN = {
    "a page": says(200, b"<html>maintenance</html>", content_type="text/html"),
    "nothing": says(200),
    "no service": says(503, b"<html>unavailable</html>", content_type="text/html"),
    "a list": says(200, b"[]"),
    "an empty object": says(200, b"{}"),
}


def is_token(request: Request) -> bool:
    """Whether a request asks for a token."""
    return request.url.endswith(TOKEN_PATH)


def is_call(request: Request) -> bool:
    """Whether it asks for anything else."""
    return not is_token(request)


def at_token(world: World, fault: Fault, times: int = 1) -> World:
    """The world in which the next requests for a token meet a fault."""
    world.faults.when(is_token, fault, times=times)
    return world


async def reads(client: ZohoClient, times: int = 1) -> Sequence[object]:
    """So many reads at once."""
    return await asyncio.gather(*(client.get(GRADES, NOBODY) for _ in range(times)))


async def test_the_token_is_asked_for_in_a_form_and_sent_in_a_header() -> None:
    """No secret is in any address."""
    world = World()
    async with world.client() as client:
        await reads(client)
    token, call = world.zoho.seen
    assert token.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert b"grant_type=refresh_token" in (token.body or b"")
    assert call.headers["Authorization"].startswith("Zoho-oauthtoken 1000.")
    secrets = (*SECRETS, call.headers["Authorization"].split()[1])
    for request in world.zoho.seen:
        assert not any(secret in f"{request.url}{request.query}" for secret in secrets)


async def test_fifty_first_calls_ask_for_one_token() -> None:
    """They wait for it together."""
    world = World()
    async with world.client() as client:
        await reads(client, 50)
    assert (world.tokens_asked, world.api_calls) == (1, 50)


async def test_fifty_calls_after_its_end_ask_for_one_more() -> None:
    """And all of them succeed."""
    world = World()
    async with world.client() as client:
        await reads(client)
        await world.timer.sleep(3601)
        await reads(client, 50)
    assert (world.tokens_asked, world.api_calls) == (2, 51)


async def test_a_token_is_renewed_before_its_end() -> None:
    """Five minutes before, so that no call carries a dead one."""
    world = World()
    async with world.client() as client:
        await reads(client)
        await world.timer.sleep(3600 - 299)
        await reads(client)
    assert (world.tokens_asked, len(world.faults.met)) == (2, 0)
    tokens = {call.headers["Authorization"] for call in world.sent("GET")}
    assert len(tokens) == 2


async def test_fifty_refused_calls_are_replayed_with_one_new_token() -> None:
    """Each once."""
    world = World()
    async with world.client(account=account(concurrency=20)) as client:
        await reads(client)
        world.zoho.accounts.kill_tokens()
        await reads(client, 50)
    assert world.tokens_asked == 2
    refused = 20  # those under way when the token was found dead; the others took the new one at once
    assert world.api_calls == 1 + 50 + refused


async def test_a_late_refusal_of_the_old_token_renews_nothing() -> None:
    """The call is replayed with the one that is current by now."""
    world = World()
    async with world.client() as client:
        await reads(client)
        old = world.sent("GET")[0].headers["Authorization"].split()[1]
        world.zoho.accounts.kill_tokens()
        await reads(client)
        assert world.tokens_asked == 2
        client.caller.access.refused(old)
        assert await client.caller.access.token() != old
    assert world.tokens_asked == 2


async def test_a_refusal_of_the_new_token_ends_the_call() -> None:
    """There is no loop of renewing and asking."""
    world = World()
    world.faults.when(is_call, says(401, b'{"code":"INVALID_TOKEN","status":"error"}'), times=9)
    async with world.client() as client:
        with raises(AccessRefused):
            await reads(client)
    assert len(world.faults.met) == 2
    assert world.tokens_asked == 2  # the first one, and one in its place


@pytest.mark.parametrize("code", ["invalid_code", "invalid_client", "invalid_client_secret"])
async def test_what_is_revoked_stays_revoked(code: str) -> None:
    """A hundred further calls ask for nothing; nor does another process of the same credentials."""
    world = at_token(World(), says(200, json.dumps({"error": code}).encode()))
    async with world.client() as client, world.client(seed=2) as another:
        for _ in range(100):
            with raises(AuthRevoked) as caught:
                await reads(client)
        with raises(AuthRevoked):
            await reads(another)
    assert caught.error is not None
    assert caught.error.code == code
    assert (len(world.faults.met), len(world.zoho.seen)) == (1, 0)


async def test_new_credentials_start_anew() -> None:
    """What was kept under the old ones counts for nothing."""
    world = World()
    async with world.client() as client:
        await reads(client)
        world.zoho.accounts.revoke()
        with raises(AuthRevoked):
            await reads(client)
    world.zoho.accounts.revoked = False
    world.zoho.accounts.refresh_token = "1000.another.token"
    async with world.client(account=account(refresh_token="1000.another.token")) as client:
        await reads(client)


async def test_a_client_secret_that_is_put_right_starts_anew() -> None:
    """What Zoho said of the wrong one is remembered of the wrong one alone."""
    world = World()
    async with world.client(account=account(client_secret="wrong")) as client:
        with raises(AuthRevoked) as caught:
            await reads(client)
    assert "the client secret is not that of the client" in str(caught.error)
    async with world.client() as client:
        await reads(client)


async def test_what_went_wrong_first_is_told_when_no_more_tokens_are_asked_for() -> None:
    world = at_token(World(), says(503, b"<html>unavailable</html>"), times=9)
    async with world.client() as client:
        for _ in range(BUDGET):
            with raises(GatewayUnavailable):
                await reads(client)
        with raises(GatewayLimited) as caught:
            await reads(client)
    assert "What went wrong first: the accounts server answered 503" in str(caught.error)
    assert str(caught.error).endswith("seconds.")
    assert "by itself" not in str(caught.error)


async def test_what_went_wrong_first_is_told_by_every_process() -> None:
    """Each command is one: the fourth says what the first has met."""
    world = at_token(World(), says(503, b"<html>unavailable</html>"))
    at_token(world, says(500, b"<html>another</html>"), times=9)
    for seed in range(BUDGET):
        async with world.client(seed=seed) as client:
            with raises(GatewayUnavailable):
                await reads(client)
    async with world.client(seed=9) as client:
        with raises(GatewayLimited) as caught:
            await reads(client)
    assert "What went wrong first: the accounts server answered 503" in str(caught.error)


async def test_what_went_wrong_another_day_is_told_no_more() -> None:
    world = at_token(World(), says(503, b"<html>unavailable</html>"), times=BUDGET)
    async with world.client() as client:
        with raises(GatewayUnavailable):
            await reads(client)
    world.timer.jump(86_400)
    at_token(world, says(200, b'{"error": "Access Denied", "status": "failure"}'))
    async with world.client(seed=2) as client:
        with raises(GatewayLimited) as caught:
            await reads(client)
    assert "What went wrong first" not in str(caught.error)


async def test_an_accounts_server_that_is_not_reached_is_told_with_the_reason() -> None:
    world = at_token(World(), Unreachable(), times=99)
    async with world.client() as client:
        with raises(GatewayUnavailable) as caught:
            await reads(client)
    assert caught.error is not None
    assert caught.error.__cause__ is not None
    assert str(caught.error.__cause__).rstrip(".") in str(caught.error)


async def test_a_grant_withdrawn_in_the_middle_stops_all_work() -> None:
    """Those that were waiting raise the same, and the records that were not sent say that they can be."""
    world = World()
    async with world.client() as client:
        await reads(client)
        world.zoho.accounts.revoke()
        found = await asyncio.gather(
            *(client.upsert(GRADES, [{KEY: f"key {n}"}], by=[KEY]) for n in range(30)), return_exceptions=True
        )
    assert [type(each) for each in found] == [AuthRevoked] * 30
    assert world.tokens_asked == 2
    assert world.zoho.records(GRADES) == {}


@pytest.mark.parametrize("status", [200, 400])
async def test_a_throttled_renewal_leaves_the_old_token_in_use(status: int) -> None:
    """For as long as it lives; and the accounts server is left in peace for ten minutes at least."""
    world = World()
    async with world.client() as client:
        await reads(client)
        await world.timer.sleep(3600 - 299)
        at_token(world, says(status, THROTTLED), times=9)
        for _ in range(20):
            await reads(client)
            await world.timer.sleep(10)
        assert len(world.faults.met) == 1
        await world.timer.sleep(120)  # now it is dead
        with raises(GatewayLimited) as caught:
            await reads(client)
        assert len(world.faults.met) == 1
    assert caught.error is not None
    assert caught.error.retry_after is not None
    assert caught.error.retry_after > 300


async def test_work_goes_on_after_a_throttle() -> None:
    """By itself, once the pause is over."""
    world = at_token(World(), says(200, THROTTLED))
    async with world.client() as client:
        with raises(GatewayLimited) as caught:
            await reads(client)
        assert caught.error is not None
        assert (caught.error.retry_after or 0) >= 600
        await world.timer.sleep(caught.error.retry_after or 0)
        await reads(client)


@pytest.mark.parametrize("answer", NOT_A_TOKEN.values(), ids=NOT_A_TOKEN)
async def test_what_is_no_token_passes(answer: Fault) -> None:
    """It is asked for again a few times, and what is raised then holds no secret."""
    world = at_token(World(), answer)
    async with world.client() as client:
        await reads(client)
        assert world.zoho.tokens_issued == 1
    assert world.timer.monotonic() < 30  # whoever failed holds nobody up
    world = at_token(World(), answer, times=99)
    async with world.client() as client:
        with raises(GatewayUnavailable) as caught:
            await reads(client)
    assert len(world.faults.met) <= 3
    chain = [caught.error, caught.error and caught.error.__cause__, caught.error and caught.error.__context__]
    assert not any(secret in repr(each) for secret in SECRETS for each in chain)


async def test_an_accounts_server_that_cannot_be_reached_is_tried_again() -> None:
    """Nothing was sent, so nothing is used up."""
    world = at_token(World(), Unreachable(), times=2)
    async with world.client() as client:
        await reads(client)
    assert world.zoho.tokens_issued == 1


async def test_a_foreign_host_gets_no_request() -> None:
    """Nor the token that came with its name."""
    world = World()
    world.zoho.accounts.tells = {"api_domain": "https://evil.example"}
    async with world.client() as client:
        for kind in (AccessRefused,) * 3 + (GatewayLimited,) * 3:
            with raises(kind):
                await reads(client)
    assert world.api_calls == 0
    assert world.tokens_asked == 3


HOMES = {
    "https://www.zohoapis.eu": True,
    "https://sandbox.zohoapis.eu": True,
    "": True,
    "https://www.zohoapis.com": False,
    "http://www.zohoapis.eu": False,
    "https://zohoapis.eu": False,
    "https://www.zohoapis.eu.evil.example": False,
    "https://www.zohoapis.eu@evil.example": False,
}


@pytest.mark.parametrize(("domain", "is_home"), HOMES.items(), ids=repr)
async def test_the_named_host_must_be_of_the_data_centre(domain: str, is_home: bool) -> None:
    """Requests go to the configured one in any case."""
    world = World()
    world.zoho.accounts.tells = {"api_domain": domain}
    async with world.client() as client:
        if is_home:
            await reads(client)
        else:
            with raises(AccessRefused):
                await reads(client)
    assert {request.url.split("/crm")[0] for request in world.sent("GET")} <= {"https://www.zohoapis.eu"}
    assert bool(world.api_calls) == is_home


LIVES = {
    "an hour in seconds": ({"expires_in": 3600}, 3600),
    "milliseconds beside seconds": ({"expires_in": 3600000, "expires_in_sec": 3600}, 3600),
    "not told": ({"expires_in": None}, 3600),
    "ten minutes": ({"expires_in": 600}, 600),
    "nonsense": ({"expires_in": "soon"}, 3600),
    "a year": ({"expires_in": 31536000}, 3600),
}


@pytest.mark.parametrize(("tells", "seconds"), LIVES.values(), ids=LIVES)
async def test_how_long_a_token_is_used(tells: dict[str, object], seconds: int) -> None:
    """Six minutes less than it lives, at least."""
    world = World()
    world.zoho.accounts.tells = tells
    async with world.client() as client:
        await reads(client)
        await world.timer.sleep(seconds - 361)
        await reads(client)
        assert world.tokens_asked == 1
        await world.timer.sleep(61)
        await reads(client)
    assert world.tokens_asked == 2


@pytest.mark.parametrize("hours", [2, -2])
async def test_a_jump_of_the_clock_makes_no_storm(hours: int) -> None:
    """At most one renewal; and a token that Zoho refuses is renewed whatever the clock says."""
    world = World()
    async with world.client() as client:
        await reads(client)
        world.timer.jump(hours * 3600)
        await reads(client, 50)
        assert world.tokens_asked <= 2
        world.zoho.accounts.kill_tokens()
        await reads(client, 50)
        assert world.tokens_asked <= 3
    async with world.client(seed=2) as another:
        await reads(another)
    assert world.tokens_asked <= 4


async def test_a_lease_from_a_future_that_never_was_holds_nobody_up() -> None:
    """Nor does a pause of that kind."""
    world = World()
    async with world.client() as client:
        await reads(client)
    async with world.store.begin(DEFAULT_TENANT) as session:
        grant = await session.token("zoho")
        assert grant is not None
        off = world.timer.now() + timedelta(hours=5)
        await session.save_token(attrs.evolve(grant, token=None, paused_until=off, renewals=(off,) * 3))
    world.timer.jump(5 * 3600)
    assert await world.leases().take(DEFAULT_TENANT, NAME, LEASE)
    world.timer.jump(-5 * 3600)
    async with world.client() as client:
        began = world.timer.monotonic()
        await reads(client)
        assert world.timer.monotonic() - began < 60


async def test_processes_share_a_token() -> None:
    """Eight of them, five calls each at the same moment: one renewal."""
    world = World()
    async with AsyncExitStack() as stack:
        account_of_one = account(concurrency=2)
        clients = [
            await stack.enter_async_context(world.client(seed=n, account=account_of_one)) for n in range(8)
        ]
        await asyncio.gather(*(reads(client, 5) for client in clients))
        assert world.tokens_asked == 1
        world.zoho.accounts.kill_tokens()
        await asyncio.gather(*(reads(client, 5) for client in clients))
        assert world.tokens_asked == 2
        await world.timer.sleep(3590)
        await asyncio.gather(*(reads(client, 5) for client in clients))
    assert world.tokens_asked == 3


async def leased_elsewhere(world: World) -> None:
    """Another process is renewing the token, and has a minute left for it."""
    async with world.store.begin(DEFAULT_TENANT) as session:
        grant = await session.token("zoho")
        assert grant is not None
        await session.save_token(attrs.evolve(grant, token=None))
    assert await world.leases().take(DEFAULT_TENANT, NAME, LEASE)
    world.timer.jump(LEASE - 60)


async def test_a_process_that_died_while_renewing_is_waited_for_and_replaced() -> None:
    """The lease it took runs out."""
    world = World()
    async with world.client() as client:
        await reads(client)
    await leased_elsewhere(world)
    async with world.client() as client:
        began = world.timer.monotonic()
        await reads(client)
        assert 60 <= world.timer.monotonic() - began < 100


async def test_processes_that_die_one_after_the_other_are_not_waited_for_for_ever() -> None:
    """What is raised then says when to come back."""
    world = World()
    async with world.client() as client:
        await reads(client)
    await leased_elsewhere(world)

    async def die() -> None:
        while world.timer.monotonic() < 1000:
            await world.leases().take(DEFAULT_TENANT, NAME, LEASE)
            await world.timer.sleep(0.1)

    others = asyncio.create_task(die())
    async with world.client(retries=attrs.evolve(RETRIES, attempts=1)) as client:
        began = world.timer.monotonic()
        with raises(GatewayUnavailable) as caught:
            await reads(client)
        assert LOOKS.patience - 1 <= world.timer.monotonic() - began <= LOOKS.patience
    await others
    assert caught.error is not None
    assert caught.error.retry_after == LEASE
    assert world.tokens_asked == 1


async def test_a_lease_is_given_back_whatever_came_of_it() -> None:
    """Else the next process would wait for it."""
    answers: list[Fault] = [*NOT_A_TOKEN.values(), Unreachable(), says(200, THROTTLED)]
    for answer in answers:
        world = at_token(World(), answer, times=99)
        async with world.client(retries=attrs.evolve(RETRIES, attempts=1)) as client:
            with raises(GatewayUnavailable):
                await reads(client)
        assert await world.leases().take(DEFAULT_TENANT, NAME, LEASE)


async def test_tokens_that_die_again_and_again_are_not_renewed_for_ever() -> None:
    """Three in ten minutes, and then a pause: Zoho shuts out who goes on."""
    world = World()
    async with world.client() as client:
        refused = 0
        for _ in range(20):
            try:
                await reads(client)
            except GatewayLimited:
                refused += 1
            world.zoho.accounts.kill_tokens()
        assert world.tokens_asked == 3
        assert refused > 10
        await world.timer.sleep(600)
        await reads(client)


async def test_a_caller_who_gives_up_does_not_waste_the_token() -> None:
    """The others get it."""
    world = World()
    async with world.client() as client:
        first = asyncio.create_task(client.get(GRADES, NOBODY))
        others = asyncio.create_task(reads(client, 5))
        await world.timer.sleep(0.1)
        first.cancel()
        await others
    assert first.cancelled()
    assert world.tokens_asked == 1


async def test_closing_keeps_a_token_that_is_on_its_way() -> None:
    """Zoho has given it, and the next process can use it."""
    world = World()
    async with world.client() as client:
        caller = asyncio.create_task(client.get(GRADES, NOBODY))
        await world.timer.sleep(0.1)
        caller.cancel()
    async with world.client() as client:
        await reads(client)
    assert world.tokens_asked == 1


async def test_closing_does_not_wait_for_another_process() -> None:
    """Which may have died with the lease."""
    world = World()
    async with world.client() as client:
        await reads(client)
    await leased_elsewhere(world)
    began = world.timer.monotonic()
    async with world.client() as client:
        caller = asyncio.create_task(client.get(GRADES, NOBODY))
        await world.timer.sleep(1)
        caller.cancel()
    assert world.timer.monotonic() - began < 5


async def test_a_missing_scope_is_no_reason_for_a_new_token() -> None:
    """A person must make a refresh token with it."""
    world = World()
    world.zoho.accounts.scopes = ("ZohoCRM.settings.ALL",)
    async with world.client() as client:
        with raises(AccessRefused) as caught:
            await reads(client)
    assert "scope" in caught.message
    assert (world.tokens_asked, world.api_calls) == (1, 1)


async def test_no_secret_is_told_by_any_part_of_the_client() -> None:
    """Neither by what it consists of, nor by its account, nor by what stands in the store."""
    world = World()
    async with world.client() as client:
        await reads(client)
        async with world.store.read(DEFAULT_TENANT) as session:
            grant = await session.token("zoho")
        access = client.caller.access
        token = world.sent("GET")[0].headers["Authorization"].split()[1]
        for each in (client, access, account(), grant, world.zoho.seen):
            assert not any(secret in repr(each) for secret in (*SECRETS, token))


def test_hosts_are_a_list() -> None:
    """Nine data centres; another is refused, and one's own hosts are taken as they are."""
    assert sorted(DATA_CENTRES) == ["au", "ca", "cn", "eu", "in", "jp", "sa", "uk", "us"]
    assert data_centre("ca").accounts == "https://accounts.zohocloud.ca"
    assert data_centre("ca").api == "https://www.zohoapis.ca"
    assert data_centre("au").environment("sandbox").api == "https://sandbox.zohoapis.com.au"
    with raises(ValueError):
        data_centre("atlantis")
    with raises(ValueError):
        data_centre("eu").environment("staging")


async def test_asking_in_vain_while_nothing_reaches_zoho_counts_for_nothing() -> None:
    """Nobody there heard of it: the reason stays the same however often, and the way is free afterwards."""
    world = World()
    is_down = True
    world.faults.when(lambda request: is_down and request.url.endswith(TOKEN_PATH), Unreachable(), times=999)
    async with world.client() as client:
        for _ in range(10):
            with pytest.raises(GatewayUnavailable, match="the accounts server cannot be reached"):
                await reads(client)
        is_down = False
        await reads(client)
    assert world.tokens_asked == 1
