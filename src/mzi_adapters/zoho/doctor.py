"""Checks of the account at Zoho: the token and what it opens, the clock, the edition, the day's credits."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from mzi_adapters.zoho.refusals import NO_SCOPE
from mzi_core.errors import AccessRefused, AuthRevoked, GatewayRefused, ModuleMissing
from mzi_core.modules import ZOHO_CATALOGUE
from mzi_core.naming import real_module
from mzi_core.ports import ZohoMetadata, ZohoModule
from mzi_core.use_cases.doctor import (
    Check,
    CheckName,
    Environment,
    Finding,
    Severity,
    clock_finding,
    refused,
    zoho_of,
)
from mzi_core.values import ZohoId

TOLD = {NO_SCOPE: "Not checked: it needs a scope that the refresh token lacks."}
"""What is said of other checks that were refused for what the check of the scopes tells."""

_ANY_REMEDY = "Check the `zoho` settings, and that the API is open to the user behind the refresh token."

_FURTHER: tuple[tuple[str, str, frozenset[str]], ...] = (
    (
        "ZohoCRM.modules.ALL",
        "`mzi push`",
        frozenset({"ZohoCRM.modules.ALL", "ZohoCRM.modules.custom.ALL"}),
    ),
    (
        "ZohoCRM.bulk.READ",
        "`mzi pull --via bulk`",
        frozenset({"ZohoCRM.bulk.READ", "ZohoCRM.bulk.ALL"}),
    ),
    (
        "ZohoCRM.notifications.ALL",
        "being told of changes",
        frozenset({"ZohoCRM.notifications.ALL"}),
    ),
)
"""Scopes that no harmless read shows, what each is for, and any of which will do."""

CREDITS: Mapping[str, int] = {"free": 5_000}
LEAST_CREDITS = 50_000
"""The credits of a day in every paid edition, before what each user adds."""

_FEW = 0.2
_HARDLY_ANY = 0.02


async def _token(environment: Environment) -> Sequence[Finding]:
    try:
        await zoho_of(environment).organization()
    except AccessRefused as error:
        if isinstance(error, AuthRevoked) or error.code != NO_SCOPE:
            return [refused(CheckName.ZOHO_TOKEN, error, _ANY_REMEDY)]
    return [Finding(check=CheckName.ZOHO_TOKEN, level=Severity.GREEN, said="Zoho lets us in.")]


async def _scopes(environment: Environment) -> Sequence[Finding]:
    zoho = zoho_of(environment)
    module = await _any_module(zoho)
    probes: tuple[tuple[str, Callable[[], Awaitable[object]]], ...] = (
        ("ZohoCRM.org.READ", zoho.organization),
        ("ZohoCRM.settings.modules.READ", zoho.modules),
        ("ZohoCRM.settings.fields.READ", lambda: zoho.fields(module)),
        ("ZohoCRM.modules.READ", lambda: zoho.get(module, ZohoId("1"))),
        ("ZohoCRM.coql.READ", lambda: zoho.count(module)),
    )
    lacking = [scope for scope, probe in probes if await _is_closed(probe)]
    if lacking:
        said = ", ".join(f"`{scope}`" for scope in lacking)
        return [
            Finding(
                check=CheckName.ZOHO_SCOPES,
                level=Severity.RED,
                said=f"The refresh token lacks {said}.",
                remedy="Make a refresh token with all scopes of docs/gateways.md; set `zoho.refresh_token`.",
            )
        ]
    given = await zoho.scopes()
    if given is None:
        said = "All scopes for reading are there; Zoho does not say which others are."
        return [Finding(check=CheckName.ZOHO_SCOPES, level=Severity.GREEN, said=said)]
    further = [f"`{scope}` for {what}" for scope, what, any_of in _FURTHER if given.isdisjoint(any_of)]
    if further:
        return [
            Finding(
                check=CheckName.ZOHO_SCOPES,
                level=Severity.AMBER,
                said=f"All scopes for reading are there. The refresh token lacks {', '.join(further)}.",
                remedy="If that is wanted, make a refresh token with all scopes of docs/gateways.md; "
                "set `zoho.refresh_token`.",
            )
        ]
    return [Finding(check=CheckName.ZOHO_SCOPES, level=Severity.GREEN, said="All scopes are there.")]


async def _any_module(zoho: ZohoMetadata) -> str:
    """A module of ours that the organisation has, as far as it can be seen."""
    try:
        real: Sequence[ZohoModule] = await zoho.modules()
    except GatewayRefused:
        real = ()
    for module in ZOHO_CATALOGUE:
        with suppress(ModuleMissing):
            return real_module(module, real)
    return ZOHO_CATALOGUE["students"].remote_name


async def _is_closed(probe: Callable[[], Awaitable[object]]) -> bool:
    """Whether Zoho says no for want of a scope. Any other refusal means that the scope is there."""
    try:
        await probe()
    except GatewayRefused as error:
        return error.code == NO_SCOPE
    return False


async def _edition(environment: Environment) -> Sequence[Finding]:
    organization = await zoho_of(environment).organization()
    said = f"Edition {organization.edition}." if organization.edition else "Zoho does not name the edition."
    base = CREDITS.get(organization.edition.lower(), LEAST_CREDITS)
    least = "" if organization.edition.lower() in CREDITS else "at least "
    found = [
        Finding(
            check=CheckName.ZOHO_EDITION,
            level=Severity.GREEN,
            said=f"{said} It has {least}{base:,} credits a day.",
        )
    ]
    left = (await zoho_of(environment).usage()).remaining
    if left is None:
        half = "Less than half of the day's credits are used."
        return [*found, Finding(check=CheckName.ZOHO_CREDITS, level=Severity.GREEN, said=half)]
    level = (
        Severity.GREEN
        if left >= _FEW * base
        else Severity.AMBER
        if left >= _HARDLY_ANY * base
        else Severity.RED
    )
    remedy = (
        ""
        if level is Severity.GREEN
        else (
            "Put large pulls off until they come back: each returns 24 hours after it was used. "
            "`mzi pull --via bulk` needs the fewest."
        )
    )
    told = f"{left:,} credits are left of {least}{base:,}."
    return [*found, Finding(check=CheckName.ZOHO_CREDITS, level=level, said=told, remedy=remedy)]


async def _clock(environment: Environment) -> Sequence[Finding]:
    return [clock_finding(CheckName.ZOHO_CLOCK, environment, await zoho_of(environment).server_time())]


ACCOUNT = (
    Check((CheckName.ZOHO_TOKEN,), _token, first=True),
    Check((CheckName.ZOHO_CLOCK,), _clock),
    Check((CheckName.ZOHO_SCOPES,), _scopes),
    Check((CheckName.ZOHO_EDITION, CheckName.ZOHO_CREDITS), _edition),
)
