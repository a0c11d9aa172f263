"""Checks of Zoho: the token and what it opens, the day's credits, modules and fields, the clock."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from mzi_core.errors import AccessRefused, AuthRevoked, GatewayRefused, ModuleMissing, RemoteNotFound
from mzi_core.mapping import Overlay, overlay
from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE
from mzi_core.naming import Absent, Described, naming, real_module
from mzi_core.ports import ZohoGateway, ZohoModule
from mzi_core.suggestions import either
from mzi_core.use_cases.doctor import Check, CheckName, Environment, Finding, Severity, clock_finding, refused
from mzi_core.use_cases.field_selection import describe
from mzi_core.values import ZohoId

NO_SCOPE = "OAUTH_SCOPE_MISMATCH"
"""What Zoho says to a token that lacks a scope: the token itself is good."""

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


def _zoho(environment: Environment) -> ZohoGateway:
    assert environment.zoho is not None  # noqa: S101  # the doctor passes over a service without a gateway
    return environment.zoho


async def _token(environment: Environment) -> Sequence[Finding]:
    try:
        await _zoho(environment).organization()
    except AccessRefused as error:
        if isinstance(error, AuthRevoked) or error.code != NO_SCOPE:
            return [refused(CheckName.ZOHO_TOKEN, error, _ANY_REMEDY)]
    return [Finding(check=CheckName.ZOHO_TOKEN, level=Severity.GREEN, said="Zoho lets us in.")]


async def _scopes(environment: Environment) -> Sequence[Finding]:
    zoho = _zoho(environment)
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


async def _any_module(zoho: ZohoGateway) -> str:
    """A module of ours that the organisation has, as far as it can be seen."""
    try:
        real: Sequence[ZohoModule] = await zoho.modules()
    except GatewayRefused:
        real = ()
    for module in CATALOGUE:
        with suppress(ModuleMissing):
            return real_module(module, real)
    return CATALOGUE["students"].zoho_module


async def _is_closed(probe: Callable[[], Awaitable[object]]) -> bool:
    """Whether Zoho says no for want of a scope. Any other refusal means that the scope is there."""
    try:
        await probe()
    except GatewayRefused as error:
        return error.code == NO_SCOPE
    return False


async def _edition(environment: Environment) -> Sequence[Finding]:
    organization = await _zoho(environment).organization()
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
    left = (await _zoho(environment).usage()).remaining
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


async def _modules(environment: Environment) -> Sequence[Finding]:
    real = await _zoho(environment).modules()
    findings = []
    for module in CATALOGUE:
        try:
            real_module(module, real)
        except ModuleMissing as missing:
            findings.append(
                Finding(
                    check=CheckName.ZOHO_MODULES, level=Severity.RED, said=missing.said, remedy=missing.remedy
                )
            )
    if findings:
        return findings
    said = f"All {len(CATALOGUE.modules)} modules are there."
    return [Finding(check=CheckName.ZOHO_MODULES, level=Severity.GREEN, said=said)]


def _hint(near: Sequence[str]) -> str:
    return f" The nearest is {either(near)}." if near else ""


async def _fields(environment: Environment) -> Sequence[Finding]:
    zoho = _zoho(environment)
    async with environment.store.read(environment.tenant) as session:
        settings = await session.settings()
    real = await zoho.modules()
    findings: list[Finding] = []
    seen = 0
    for module in CATALOGUE:
        laid, problems = overlay(module, settings.mappings.get(module.name, ()))
        findings += [_wrong_mapping(module, problem) for problem in problems]
        try:
            described = await describe(zoho, module, real)
        except ModuleMissing:  # told by the modules
            continue
        except RemoteNotFound as error:
            findings.append(_closed(module, real, error))
        else:
            findings += _fields_of(module, described, laid)
        seen += 1
    if not findings:
        said = f"Every field that is mapped or required is in its module; {seen} modules were looked at."
        findings.append(Finding(check=CheckName.ZOHO_FIELDS, level=Severity.GREEN, said=said))
    return findings


def _closed(module: AnyModule, real: Sequence[ZohoModule], error: RemoteNotFound) -> Finding:
    return Finding(
        check=CheckName.ZOHO_FIELDS,
        level=Severity.RED,
        said=str(error),
        remedy=f"Open {real_module(module, real)} to the API and to the profile of the API user.",
    )


def _fields_of(module: AnyModule, described: Described, laid: Overlay) -> list[Finding]:
    named = naming(module, laid, described)
    told = [each for each in named.absent if each.required or each.mapped or each.link]
    found = [_absent(module, described.api_name, each) for each in told]
    key = None if module.key is None else named.names.get(module.key)
    if key is not None and not described.fields[key].unique:
        found.append(
            Finding(
                check=CheckName.ZOHO_FIELDS,
                level=Severity.AMBER,
                said=f"`{key}` of {described.api_name} is not unique; {module.name} cannot be written by it.",
                remedy=f"Tick “Do not allow duplicate values” for `{key}` in Zoho.",
            )
        )
    return found


def _absent(module: AnyModule, api_name: str, absent: Absent) -> Finding:
    said = f"{api_name} has no field `{absent.names[0]}`, which `{absent.field}` is read from."
    if absent.mapped:
        remedy = f"Give `mzi fields {module.name}` its right name, or add the field in Zoho."
    elif absent.required:
        remedy = f"Add it in Zoho, or map another to `{absent.field}` with `mzi fields {module.name}`."
    else:
        remedy = "Add it in Zoho: without it the record's Moodle id is not seen there."
    return Finding(
        check=CheckName.ZOHO_FIELDS,
        level=Severity.RED if absent.required or absent.mapped else Severity.AMBER,
        said=f"{said}{_hint(absent.nearest)}",
        remedy=remedy,
    )


def _wrong_mapping(module: AnyModule, problem: str) -> Finding:
    return Finding(
        check=CheckName.ZOHO_FIELDS,
        level=Severity.RED,
        said=problem,
        remedy=f"Put the mapping right with `mzi fields {module.name}`.",
    )


async def _clock(environment: Environment) -> Sequence[Finding]:
    return [clock_finding(CheckName.ZOHO_CLOCK, environment, await _zoho(environment).server_time())]


ZOHO = (
    Check((CheckName.ZOHO_TOKEN,), _token, first=True),
    Check((CheckName.ZOHO_CLOCK,), _clock),
    Check((CheckName.ZOHO_SCOPES,), _scopes),
    Check((CheckName.ZOHO_EDITION, CheckName.ZOHO_CREDITS), _edition),
    Check((CheckName.ZOHO_MODULES,), _modules),
    Check((CheckName.ZOHO_FIELDS,), _fields),
)
