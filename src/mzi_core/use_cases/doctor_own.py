"""Checks of what is ours: the store and the settings."""

from collections.abc import Sequence

from mzi_core.use_cases.doctor import Check, CheckName, Environment, Finding, Severity, Subject


async def _store(patient: Environment) -> Sequence[Finding]:
    health = patient.health
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


async def _settings(patient: Environment) -> Sequence[Finding]:
    findings = []
    for service in (Subject.ZOHO, Subject.MOODLE):
        names = patient.missing.get(service, ())
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
    if findings:
        return findings
    return [
        Finding(
            check=CheckName.SETTINGS, level=Severity.GREEN, said="Zoho and Moodle have their credentials."
        )
    ]


OWN = (Check((CheckName.STORE,), _store), Check((CheckName.SETTINGS,), _settings))
