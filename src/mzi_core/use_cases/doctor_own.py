"""Checks of what is ours: the store and the settings."""

from collections.abc import Callable, Sequence
from shlex import quote

from mzi_core.errors import UnknownTenant
from mzi_core.flows.rules import rules_of
from mzi_core.ports import Notifier, NotifyFailed
from mzi_core.use_cases.doctor import Check, CheckName, Environment, Finding, Severity, Subject


async def _store(environment: Environment) -> Sequence[Finding]:
    health = environment.health
    if health.ready:
        said = f"{health.backend} {health.version}: {health.message}".strip()
        return [Finding(check=CheckName.STORE, level=Severity.GREEN, said=said)]
    return [
        Finding(
            check=CheckName.STORE,
            level=Severity.RED,
            said=health.message,
            remedy="`mzi db upgrade` makes a store and brings its schema up to date.",
        )
    ]


def settings_check(*further: Callable[[Environment], Sequence[Finding]]) -> Check:
    """The check of the settings. `further`: what adapters find of those that only they understand."""

    async def look(environment: Environment) -> Sequence[Finding]:
        findings = _missing(environment)
        findings += [finding for look_at in further for finding in look_at(environment)]
        if findings:
            return findings
        said = "Zoho and Moodle have their credentials."
        return [Finding(check=CheckName.SETTINGS, level=Severity.GREEN, said=said)]

    return Check((CheckName.SETTINGS,), look)


def _missing(environment: Environment) -> list[Finding]:
    findings = []
    for service in (Subject.ZOHO, Subject.MOODLE):
        names = environment.missing.get(service, ())
        if names:
            variables = ", ".join(f"`MZI_{name.upper().replace('.', '_')}`" for name in names)
            said = ", ".join(f"`{name}`" for name in names)
            findings.append(
                Finding(
                    check=CheckName.SETTINGS,
                    level=Severity.RED,
                    said=f"{service} cannot be reached without {said}: nothing of it is checked.",
                    remedy=f"Set them in mzi.toml, or as {variables}.",
                )
            )
    return findings


async def _files(environment: Environment) -> Sequence[Finding]:
    if not environment.files:
        said = "There is neither a settings file nor a store in a file."
        return [Finding(check=CheckName.FILES, level=Severity.UNKNOWN, said=said)]
    if not environment.exposed:
        said = f"Only their owner can read {' and '.join(f'`{name}`' for name in environment.files)}."
        return [Finding(check=CheckName.FILES, level=Severity.GREEN, said=said)]
    names = " and ".join(f"`{name}`" for name in environment.exposed)
    return [
        Finding(
            check=CheckName.FILES,
            level=Severity.AMBER,
            said=f"Others on this machine can read {names}: secrets and people's records stand there.",
            remedy=f"`chmod 600 {' '.join(map(quote, environment.exposed))}` leaves them to their owner.",
        )
    ]


async def _breakers(environment: Environment) -> Sequence[Finding]:
    """Before the services are looked at: what answers then is left alone no more."""
    if not environment.health.ready:  # the store that is read in its place knows of none
        return ()
    async with environment.store.read(environment.tenant) as session:
        found = await session.open_breakers()
    if not found:
        said = "Zoho and Moodle are asked whenever there is something to do."
        return [Finding(check=CheckName.BREAKERS, level=Severity.GREEN, said=said)]
    return [
        Finding(
            check=CheckName.BREAKERS,
            level=Severity.AMBER,
            said=f"{each.service} stopped answering: nothing has been sent to it since "
            f"{each.since:%Y-%m-%d %H:%M} UTC, and it was to be tried again at "
            f"{each.until:%Y-%m-%d %H:%M} UTC.",
            remedy=f"It is tried now: if the checks of {each.service} find an answer, work with it goes on.",
        )
        for each in found
    ]


async def _notify(environment: Environment) -> Sequence[Finding]:
    """Nothing is sent; of a way that cannot be tried so it is only told that it is set."""
    if environment.notifiers:
        return [await _way(notifier) for notifier in environment.notifiers]
    if not environment.health.ready:  # the store that is read in its place has no rules
        return ()
    try:
        async with environment.store.read(environment.tenant) as session:
            settings = await session.settings()
    except UnknownTenant:  # which is told where its fields are looked at
        return ()
    if not rules_of(settings).flows:
        said = "No flow runs by itself, so nobody need be told when one stands still."
        return [Finding(check=CheckName.NOTIFY, level=Severity.GREEN, said=said)]
    return [
        Finding(
            check=CheckName.NOTIFY,
            level=Severity.AMBER,
            said="Flows run by themselves, and nobody is told when one stands still or waits for a person.",
            remedy="Set `notify.mail` or `notify.webhook`, and try it with `mzi notify test`.",
        )
    ]


async def _way(notifier: Notifier) -> Finding:
    try:
        is_known = await notifier.check()
    except NotifyFailed as failed:
        return Finding(
            check=CheckName.NOTIFY,
            level=Severity.RED,
            said=f"Nobody can be told by {notifier.way}. {failed}",
            remedy="Repair it, and try it with `mzi notify test`.",
        )
    said = f"People are told by {notifier.way}" + (
        ", which takes what mzi hands over." if is_known else "; `mzi notify test` shows whether it arrives."
    )
    return Finding(check=CheckName.NOTIFY, level=Severity.GREEN, said=said)


STORE = Check((CheckName.STORE,), _store)
FILES = Check((CheckName.FILES,), _files)
BREAKERS = Check((CheckName.BREAKERS,), _breakers)
NOTIFY = Check((CheckName.NOTIFY,), _notify)
