"""Access tokens: how they are given, refused, evicted and withdrawn."""

import pytest
from tests.gateways.zoho_fake.asking import GRANT, Asking, read

from mzi_adapters.web.transport import NotSent, Request

MINUTE = 60.0


async def works(ask: Asking, token: str) -> bool:
    """Whether a token opens the API."""
    said = await ask("GET", "/Students", headers={"Authorization": f"Zoho-oauthtoken {token}"}, fields="id")
    return said.status != 401


async def test_a_refresh_token_gives_an_access_token_for_an_hour_and_no_refresh_token(ask: Asking) -> None:
    said = await ask.sign_in()
    assert said.status == 200
    assert {"access_token", "scope", "api_domain", "token_type", "expires_in"} == set(said.body)
    assert (
        said.body["api_domain"],
        said.body["token_type"],
        said.body["expires_in"],
    ) == ("https://www.zohoapis.eu", "Bearer", 3600)


@pytest.mark.parametrize(
    ("instead", "error"),
    [
        ({"refresh_token": "1000.another"}, "invalid_code"),
        ({"client_id": "1000.ANOTHER"}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client_secret"),
        ({"grant_type": "authorization_code"}, "invalid_code"),
    ],
    ids=repr,
)
async def test_a_refused_token_request_is_an_error_with_status_200(
    ask: Asking, instead: dict[str, str], error: str
) -> None:
    said = await ask.sign_in(**instead)
    assert (200, {"error": error}) == (said.status, said.body)
    assert ask.zoho.tokens_issued == 1


async def test_secrets_in_the_address_are_not_read(ask: Asking) -> None:
    url = f"{ask.zoho.accounts_url}/oauth/v2/token"
    said = read(await ask.zoho.send(Request(method="POST", url=url, query=tuple(GRANT.items()))))
    assert said.body == {"error": "invalid_client"}


async def test_the_eleventh_token_in_ten_minutes_is_denied_until_the_first_is_ten_minutes_old(
    ask: Asking,
) -> None:
    for _ in range(9):
        assert "access_token" in (await ask.sign_in()).body
    for status in (200, 400):
        ask.zoho.accounts.throttled_with = status
        denied = await ask.sign_in()
        assert (status, "Access Denied", "failure") == (
            denied.status,
            denied.body["error"],
            denied.body["status"],
        )
    await ask.time.sleep(10 * MINUTE)
    assert "access_token" in (await ask.sign_in()).body
    assert ask.zoho.tokens_issued == 11


async def test_the_sixteenth_live_token_kills_the_oldest(ask: Asking) -> None:
    tokens = [ask.token]
    for _ in range(15):
        await ask.time.sleep(MINUTE)
        await ask.sign_in()
        tokens.append(ask.token)
    assert [await works(ask, tokens[place]) for place in (0, 1, 15)] == [False, True, True]


async def test_a_token_dies_after_an_hour(ask: Asking) -> None:
    await ask.time.sleep(3599)
    assert await works(ask, ask.token)
    await ask.time.sleep(1)
    assert (await ask("GET", "/Students", fields="id")).code == "INVALID_TOKEN"


async def test_killed_tokens_are_replaced_and_a_withdrawn_grant_is_not(ask: Asking) -> None:
    ask.zoho.accounts.kill_tokens()
    assert not await works(ask, ask.token)
    await ask.sign_in()
    assert await works(ask, ask.token)
    ask.zoho.accounts.revoke()
    assert not await works(ask, ask.token)
    assert (await ask.sign_in()).body == {"error": "invalid_code"}


@pytest.mark.parametrize("header", ["", "Bearer {token}", "Zoho-oauthtoken"], ids=repr)
async def test_only_zohos_own_scheme_is_a_login(ask: Asking, header: str) -> None:
    said = await ask(
        "GET", "/Students", headers={"Authorization": header.format(token=ask.token)}, fields="id"
    )
    assert (said.status, said.code) == (401, "AUTHENTICATION_FAILURE")


@pytest.mark.parametrize(
    ("scopes", "path", "fine"),
    [
        (["ZohoCRM.modules.ALL"], "/Students", True),
        (["ZohoCRM.modules.Students.ALL"], "/Students", True),
        (["ZohoCRM.modules.Students.ALL"], "/Grades", False),
        (["ZohoCRM.modules.ALL"], "/org", False),
        (["ZohoCRM.modules.ALL"], "/Students/search", False),
        (["ZohoCRM.modules.ALL", "ZohoSearch.securesearch.READ"], "/Students/search", True),
        (["ZohoCRM.settings.fields.READ"], "/settings/fields", True),
        (["ZohoCRM.settings.fields.READ"], "/settings/modules", False),
    ],
    ids=repr,
)
async def test_a_scope_that_was_not_granted_is_missing(
    ask: Asking, scopes: list[str], path: str, fine: bool
) -> None:
    ask.zoho.accounts.scopes = scopes
    said = await ask("GET", path, fields="id", word="sara", module="Students")
    assert fine == (said.status != 401)
    assert fine or said.code == "OAUTH_SCOPE_MISMATCH"


async def test_a_token_answer_says_what_a_test_plants(ask: Asking) -> None:
    ask.zoho.accounts.tells = {"api_domain": "https://evil.example", "expires_in": None}
    said = await ask.sign_in()
    assert said.body["api_domain"] == "https://evil.example"
    assert "expires_in" not in said.body


async def test_there_is_no_other_host_in_the_fakes_world(ask: Asking) -> None:
    with pytest.raises(NotSent):
        await ask.zoho.send(Request(method="GET", url="https://evil.example/crm/v8/Students"))
