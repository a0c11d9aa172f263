"""Checks of Moodle: token, clock, functions of the service, plugin, rights, forms, and login methods."""

from collections.abc import Sequence
from difflib import get_close_matches

from mzi_adapters.moodle.batching import MOST_FIELDS
from mzi_adapters.moodle.plugin import PLUGIN
from mzi_adapters.moodle.refusals import NO_FUNCTION, UNREADY
from mzi_adapters.moodle.rights import RIGHTS
from mzi_core.errors import GatewayError
from mzi_core.ports import Feature, UserKey
from mzi_core.use_cases.doctor import (
    Check,
    CheckName,
    Environment,
    Finding,
    Severity,
    clock_finding,
    moodle_of,
    refused,
)

TOLD = {NO_FUNCTION: "Not checked: it needs a function that the service lacks."}
"""What is said of other checks that were refused for what the check of the functions tells."""

MOODLE_WANTS = 5000
"""What Moodle itself asks `max_input_vars` to be."""

MANY = 1100
"""More form fields than PHP takes by default."""

_ANY_REMEDY = "Check `moodle.url`, which must be the site's own address, and `moodle.token`."


async def _token(environment: Environment) -> Sequence[Finding]:
    moodle = moodle_of(environment)
    try:
        site = await moodle.site()
    except GatewayError as error:
        return [refused(CheckName.MOODLE_TOKEN, error, _ANY_REMEDY)]
    try:
        await moodle.find_users(UserKey.ID, [str(site.user_id)])
    except GatewayError as error:
        if error.code in UNREADY:  # Moodle answers nothing else until that is done
            return [refused(CheckName.MOODLE_TOKEN, error, _ANY_REMEDY)]
    said = f"Moodle {site.release} lets us in."
    return [Finding(check=CheckName.MOODLE_TOKEN, level=Severity.GREEN, said=said)]


async def _functions(environment: Environment) -> Sequence[Finding]:
    site = await moodle_of(environment).site()
    if not site.missing:
        said = f"The service has every function mzi calls, of {len(site.functions)}."
        return [Finding(check=CheckName.MOODLE_FUNCTIONS, level=Severity.GREEN, said=said)]
    names = ", ".join(f"`{name}`" for name in site.missing)
    return [
        Finding(
            check=CheckName.MOODLE_FUNCTIONS,
            level=Severity.RED,
            said=f"The service lacks {names}.",
            remedy="Add them under Site administration > Server > External services > Functions.",
        )
    ]


async def _plugin(environment: Environment) -> Sequence[Finding]:
    site = await moodle_of(environment).site()
    lacking = sorted(f"`{feature.value}`" for feature in set(Feature) - site.features)
    if not lacking:
        said = "The plugin local_mzi is there with all it offers."
        return [Finding(check=CheckName.MOODLE_PLUGIN, level=Severity.GREEN, said=said)]
    there = any(name.startswith(PLUGIN) for name in site.functions)
    said = (
        f"The plugin local_mzi is too old: it lacks {', '.join(lacking)}."
        if there
        else "The plugin local_mzi is not there: criteria and unreleased feedback are not read, and "
        "templates not written."
    )
    return [
        Finding(
            check=CheckName.MOODLE_PLUGIN,
            level=Severity.AMBER,
            said=said,
            remedy=f"{'Upgrade' if there else 'Install'} local_mzi, and add its functions to the service.",
        )
    ]


async def _form_fields(environment: Environment) -> Sequence[Finding]:
    moodle = moodle_of(environment)
    if await moodle.takes_form_of(MANY):
        said = f"PHP takes forms of {MANY:,} fields whole."
        return [Finding(check=CheckName.MOODLE_FORM_FIELDS, level=Severity.GREEN, said=said)]
    remedy = f"Set `max_input_vars = {MOODLE_WANTS}` in the site's php.ini, as Moodle itself asks."
    if await moodle.takes_form_of(MOST_FIELDS):
        said = f"PHP cuts forms of {MANY:,} fields without a word; mzi sends {MOST_FIELDS} at most."
        return [Finding(check=CheckName.MOODLE_FORM_FIELDS, level=Severity.AMBER, said=said, remedy=remedy)]
    said = f"PHP cuts even forms of {MOST_FIELDS} fields without a word: what mzi sends is lost in part."
    return [Finding(check=CheckName.MOODLE_FORM_FIELDS, level=Severity.RED, said=said, remedy=remedy)]


async def _clock(environment: Environment) -> Sequence[Finding]:
    return [clock_finding(CheckName.MOODLE_CLOCK, environment, await moodle_of(environment).server_time())]


LOGINS = (
    *("cas", "db", "email", "ldap", "lti", "manual", "mnet", "nologin", "none", "oauth2", "shibboleth"),
    *("webservice", "oidc", "saml2"),
)
"""The login methods that come with Moodle 4.5, and two plugins that many sites have."""


def login_method(environment: Environment) -> Sequence[Finding]:
    """Moodle refuses every new account for a login method it does not have, and does not say for what."""
    auth = environment.defaults.auth
    if auth is None or auth in LOGINS:
        return ()
    near = get_close_matches(auth.lower()[:100], LOGINS, n=1, cutoff=0.5)
    meant = f"Did you mean `{near[0]}`? " if near else ""
    return [
        Finding(
            check=CheckName.SETTINGS,
            level=Severity.AMBER,
            said=f"`moodle.auth` is `{auth[:100]}`, which is no login method that comes with Moodle: without "
            "a plugin of that name every new account is refused.",
            remedy=f"{meant}Site administration > Plugins > Authentication lists those of the site, by their "
            "short names.",
        )
    ]


CHECKS = (
    Check((CheckName.MOODLE_TOKEN,), _token, first=True),
    Check((CheckName.MOODLE_CLOCK,), _clock),
    Check((CheckName.MOODLE_FUNCTIONS,), _functions),
    Check((CheckName.MOODLE_PLUGIN,), _plugin),
    RIGHTS,
    Check((CheckName.MOODLE_FORM_FIELDS,), _form_fields),
)
