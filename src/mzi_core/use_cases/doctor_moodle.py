"""Checks of Moodle: the token, the service's functions, the plugin, what forms PHP takes, the clock."""

from collections.abc import Sequence

from mzi_core.errors import GatewayError
from mzi_core.ports import Feature, MoodleGateway
from mzi_core.use_cases.doctor import Check, CheckName, Environment, Finding, Severity, clock_finding, refused

MOST_SENT = 900
"""How many form fields the gateway puts into a call at most."""

MOODLE_WANTS = 5000
"""What Moodle itself asks `max_input_vars` to be."""

MANY = 1100
"""More form fields than PHP takes by default."""

PLUGIN = "local_mzi_"
"""What the functions of the plugin begin with."""

_ANY_REMEDY = "Check `moodle.url`, which must be the site's own address, and `moodle.token`."


def moodle_of(environment: Environment) -> MoodleGateway:
    """The gateway; the doctor passes over a service without one."""
    assert environment.moodle is not None  # noqa: S101  # see above
    return environment.moodle


async def _token(environment: Environment) -> Sequence[Finding]:
    try:
        site = await moodle_of(environment).site()
    except GatewayError as error:
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
    if await moodle.takes_form_of(MOST_SENT):
        said = f"PHP cuts forms of {MANY:,} fields without a word; mzi sends {MOST_SENT} at most."
        return [Finding(check=CheckName.MOODLE_FORM_FIELDS, level=Severity.AMBER, said=said, remedy=remedy)]
    said = f"PHP cuts even forms of {MOST_SENT} fields without a word: what mzi sends is lost in part."
    return [Finding(check=CheckName.MOODLE_FORM_FIELDS, level=Severity.RED, said=said, remedy=remedy)]


async def _clock(environment: Environment) -> Sequence[Finding]:
    return [clock_finding(CheckName.MOODLE_CLOCK, environment, await moodle_of(environment).server_time())]


TOKEN = Check((CheckName.MOODLE_TOKEN,), _token, first=True)
SITE = (
    Check((CheckName.MOODLE_CLOCK,), _clock),
    Check((CheckName.MOODLE_FUNCTIONS,), _functions),
    Check((CheckName.MOODLE_PLUGIN,), _plugin),
)
FORM_FIELDS = Check((CheckName.MOODLE_FORM_FIELDS,), _form_fields)
