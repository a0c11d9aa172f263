"""Checks of what is ours: the store and the settings."""

from collections.abc import Sequence
from difflib import get_close_matches
from shlex import quote

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


async def _settings(environment: Environment) -> Sequence[Finding]:
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
    findings += _auth(environment.defaults.auth)
    if findings:
        return findings
    return [
        Finding(
            check=CheckName.SETTINGS, level=Severity.GREEN, said="Zoho and Moodle have their credentials."
        )
    ]


LOGINS = (
    *("cas", "db", "email", "ldap", "lti", "manual", "mnet", "nologin", "none", "oauth2", "shibboleth"),
    *("webservice", "oidc", "saml2"),
)
"""The login methods that come with Moodle 4.5, and two plugins that many sites have."""


def _auth(auth: str | None) -> Sequence[Finding]:
    """Moodle refuses every new account for a login method it does not have, and does not say for what."""
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


async def _files(environment: Environment) -> Sequence[Finding]:
    if not environment.exposed:
        said = "Only their owner can read the settings file and the store."
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


OWN = (
    Check((CheckName.STORE,), _store),
    Check((CheckName.SETTINGS,), _settings),
    Check((CheckName.FILES,), _files),
)
