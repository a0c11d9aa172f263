"""Checks of Moodle: the token, the service's functions, the plugin, what forms PHP takes, the clock."""

from collections.abc import Sequence

from mzi_core.errors import GatewayError
from mzi_core.ports import Feature, MoodleGateway
from mzi_core.use_cases.doctor import Check, Exam, Finding, Level, Patient, clock_finding, refused

MOST_SENT = 900
"""How many form fields the gateway puts into a call at most."""

MOODLE_WANTS = 5000
"""What Moodle itself asks `max_input_vars` to be."""

MANY = 1100
"""More form fields than PHP takes by default."""

PLUGIN = "local_mzi_"
"""What the functions of the plugin begin with."""

_ANY_REMEDY = "Check `moodle.url`, which must be the site's own address, and `moodle.token`."


def moodle_of(patient: Patient) -> MoodleGateway:
    """The gateway; the doctor passes over a service without one."""
    assert patient.moodle is not None  # noqa: S101  # see above
    return patient.moodle


async def _token(patient: Patient) -> Sequence[Finding]:
    try:
        site = await moodle_of(patient).site()
    except GatewayError as error:
        return [refused(Check.MOODLE_TOKEN, error, _ANY_REMEDY)]
    said = f"Moodle {site.release} lets us in."
    return [Finding(check=Check.MOODLE_TOKEN, level=Level.GREEN, said=said)]


async def _functions(patient: Patient) -> Sequence[Finding]:
    site = await moodle_of(patient).site()
    if not site.missing:
        said = f"The service has every function mzi calls, of {len(site.functions)}."
        return [Finding(check=Check.MOODLE_FUNCTIONS, level=Level.GREEN, said=said)]
    names = ", ".join(f"`{name}`" for name in site.missing)
    return [
        Finding(
            check=Check.MOODLE_FUNCTIONS,
            level=Level.RED,
            said=f"The service lacks {names}.",
            remedy="Add them under Site administration > Server > External services > Functions.",
        )
    ]


async def _plugin(patient: Patient) -> Sequence[Finding]:
    site = await moodle_of(patient).site()
    lacking = sorted(f"`{feature.value}`" for feature in set(Feature) - site.features)
    if not lacking:
        said = "The plugin local_mzi is there with all it offers."
        return [Finding(check=Check.MOODLE_PLUGIN, level=Level.GREEN, said=said)]
    there = any(name.startswith(PLUGIN) for name in site.functions)
    said = (
        f"The plugin local_mzi is too old: it lacks {', '.join(lacking)}."
        if there
        else "The plugin local_mzi is not there: criteria and unreleased feedback are not read, and "
        "templates not written."
    )
    return [
        Finding(
            check=Check.MOODLE_PLUGIN,
            level=Level.AMBER,
            said=said,
            remedy=f"{'Upgrade' if there else 'Install'} local_mzi, and add its functions to the service.",
        )
    ]


async def _form_fields(patient: Patient) -> Sequence[Finding]:
    moodle = moodle_of(patient)
    if await moodle.takes_form_of(MANY):
        said = f"PHP takes forms of {MANY:,} fields whole."
        return [Finding(check=Check.MOODLE_FORM_FIELDS, level=Level.GREEN, said=said)]
    remedy = f"Set `max_input_vars = {MOODLE_WANTS}` in the site's php.ini, as Moodle itself asks."
    if await moodle.takes_form_of(MOST_SENT):
        said = f"PHP cuts forms of {MANY:,} fields without a word; mzi sends {MOST_SENT} at most."
        return [Finding(check=Check.MOODLE_FORM_FIELDS, level=Level.AMBER, said=said, remedy=remedy)]
    said = f"PHP cuts even forms of {MOST_SENT} fields without a word: what mzi sends is lost in part."
    return [Finding(check=Check.MOODLE_FORM_FIELDS, level=Level.RED, said=said, remedy=remedy)]


async def _clock(patient: Patient) -> Sequence[Finding]:
    return [clock_finding(Check.MOODLE_CLOCK, patient, await moodle_of(patient).server_time())]


TOKEN = Exam((Check.MOODLE_TOKEN,), _token, first=True)
SITE = (
    Exam((Check.MOODLE_CLOCK,), _clock),
    Exam((Check.MOODLE_FUNCTIONS,), _functions),
    Exam((Check.MOODLE_PLUGIN,), _plugin),
)
FORM_FIELDS = Exam((Check.MOODLE_FORM_FIELDS,), _form_fields)
