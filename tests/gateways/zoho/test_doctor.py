"""What the doctor finds of the account at Zoho."""

import json
import re
from datetime import timedelta

import pytest
from tests.use_cases.doctoring import (
    AMBER,
    RED,
    Case,
    Plant,
    Plants,
    is_named_alone,
    of,
    revoked,
    zoho_answers,
)

from mzi_adapters.web import Response
from mzi_core.use_cases.doctor import CheckName


def zoho_refuses(path: str) -> Plant:
    def plant(case: Case) -> None:
        said = {"code": "OAUTH_SCOPE_MISMATCH", "details": {}, "message": "Unauthorized", "status": "error"}
        case.college.to_zoho.instead[path] = lambda: Response(
            status=401, headers={"content-type": "application/json"}, body=json.dumps(said).encode()
        )

    return plant


def wrong_secret(case: Case) -> None:
    case.account["client_secret"] = "another"


def wrong_data_centre(case: Case) -> None:
    case.account["client_id"] = "1000.OF.ANOTHER.DATA.CENTRE"


def foreign_api_domain(case: Case) -> None:
    said = {
        "access_token": "1000.x",
        "api_domain": "https://www.zohoapis.com",
        "token_type": "Bearer",
        "expires_in": 3600,
    }
    case.college.to_zoho.instead["/oauth/v2/token"] = lambda: Response(
        status=200, headers={"content-type": "application/json"}, body=json.dumps(said).encode()
    )


def few_credits(left: int) -> Plant:
    def plant(case: Case) -> None:
        college = case.college
        said = {"org": [{"zgid": "1", "company_name": "C", "license_details": {"paid_type": "free"}}]}
        college.to_zoho.instead["/crm/v8/org"] = lambda: Response(
            status=200,
            headers={"content-type": "application/json", "x-api-credits-remaining": str(left)},
            body=json.dumps(said).encode(),
        )

    return plant


def clock_of_zoho(case: Case) -> None:
    case.college.to_zoho.ahead = timedelta(minutes=-10)


PLANTS: Plants = {
    "wrong client secret": (wrong_secret, CheckName.ZOHO_TOKEN, RED, "invalid_client", "zoho.client_secret"),
    "refresh token revoked": (revoked, CheckName.ZOHO_TOKEN, RED, "invalid_code", "make a new one"),
    "client of another data centre": (
        wrong_data_centre,
        CheckName.ZOHO_TOKEN,
        RED,
        "invalid_client",
        "zoho.data_centre",
    ),
    "organisation in another data centre": (
        foreign_api_domain,
        CheckName.ZOHO_TOKEN,
        RED,
        "outside the configured data centre",
        "zoho.data_centre",
    ),
    "a scope is missing": (
        zoho_refuses("/crm/v8/coql"),
        CheckName.ZOHO_SCOPES,
        RED,
        "`ZohoCRM.coql.READ`",
        "refresh token",
    ),
    "the scope for the organisation is missing": (
        zoho_refuses("/crm/v8/org"),
        CheckName.ZOHO_SCOPES,
        RED,
        "`ZohoCRM.org.READ`",
        "refresh token",
    ),
    "the scope for the modules is missing": (
        zoho_refuses("/crm/v8/settings/modules"),
        CheckName.ZOHO_SCOPES,
        RED,
        "`ZohoCRM.settings.modules.READ`",
        "refresh token",
    ),
    "the scope for the fields is missing": (
        zoho_refuses("/crm/v8/settings/fields"),
        CheckName.ZOHO_SCOPES,
        RED,
        "`ZohoCRM.settings.fields.READ`",
        "refresh token",
    ),
    "the credits are nearly used up": (
        few_credits(400),
        CheckName.ZOHO_CREDITS,
        AMBER,
        "400 credits are left of 5,000",
        "Put large pulls off",
    ),
    "the credits are used up": (
        few_credits(30),
        CheckName.ZOHO_CREDITS,
        RED,
        "30 credits",
        "Put large pulls off",
    ),
    "Zoho's clock is ten minutes off": (
        clock_of_zoho,
        CheckName.ZOHO_CLOCK,
        RED,
        "10 minutes ahead of Zoho's",
        "set-ntp",
    ),
    "Zoho is down": (
        zoho_answers("/crm/v8/org", 503, b"<h1>Maintenance</h1>"),
        CheckName.ZOHO_TOKEN,
        RED,
        "503",
        "Check the address and the network",
    ),
    "Zoho speaks in riddles": (
        zoho_answers("/crm/v8/org", 200, b"<h1>Hello</h1>"),
        CheckName.ZOHO_TOKEN,
        RED,
        "Zoho",
        "mzi --debug doctor",
    ),
}


@pytest.mark.parametrize("name", PLANTS)
async def test_what_is_wrong_is_named_with_its_remedy_and_no_other_check_is_red(name: str) -> None:
    await is_named_alone(*PLANTS[name])


@pytest.mark.parametrize(
    ("scope", "named"),
    [
        ("ZohoCRM.modules.ALL", ["ZohoCRM.modules.READ"]),
        ("ZohoCRM.settings.ALL", ["ZohoCRM.settings.modules.READ", "ZohoCRM.settings.fields.READ"]),
        ("ZohoCRM.org.READ", ["ZohoCRM.org.READ"]),
        ("ZohoCRM.coql.READ", ["ZohoCRM.coql.READ"]),
    ],
    ids=repr,
)
async def test_a_scope_that_the_token_lacks_is_named_once(scope: str, named: list[str]) -> None:
    case = Case()
    accounts = case.college.zoho.accounts
    accounts.scopes = [each for each in accounts.scopes if each != scope]
    found = of(await case.findings(), RED)
    assert list(found) == [CheckName.ZOHO_SCOPES]
    assert re.findall(r"`(ZohoCRM[^`]+)`", found[CheckName.ZOHO_SCOPES].said) == named


@pytest.mark.parametrize(
    ("scope", "instead", "named"),
    [
        ("ZohoCRM.bulk.ALL", "", "`ZohoCRM.bulk.READ` for `mzi pull --via bulk`"),
        ("ZohoCRM.notifications.ALL", "", "`ZohoCRM.notifications.ALL` for being told of changes"),
        ("ZohoCRM.modules.ALL", "ZohoCRM.modules.READ", "`ZohoCRM.modules.ALL` for `mzi push`"),
    ],
    ids=repr,
)
async def test_a_scope_that_only_some_commands_need_is_worth_a_word(
    scope: str, instead: str, named: str
) -> None:
    case = Case()
    accounts = case.college.zoho.accounts
    given = [instead if each == scope else each for each in accounts.scopes]
    accounts.tells = {"scope": " ".join(filter(None, given))}
    found = await case.findings()
    assert of(found, RED) == {}
    assert list(of(found, AMBER)) == [CheckName.ZOHO_SCOPES]
    assert f"The refresh token lacks {named}." in of(found, AMBER)[CheckName.ZOHO_SCOPES].said


async def test_where_zoho_does_not_say_what_it_gave_only_reading_is_looked_at() -> None:
    case = Case()
    case.college.zoho.accounts.tells = {"scope": ""}
    found = await case.findings()
    assert (of(found, RED), of(found, AMBER)) == ({}, {})
    said = next(each.said for each in found if each.check is CheckName.ZOHO_SCOPES)
    assert "Zoho does not say which others are" in said
