"""Checks of what is ours: the store and the settings."""

from collections.abc import Sequence

from mzi_core.use_cases.doctor import Check, Exam, Finding, Level, Patient, Service


async def _store(patient: Patient) -> Sequence[Finding]:
    health = patient.health
    if health.ready:
        said = f"{health.backend} {health.version}: {health.message}".strip()
        return [Finding(check=Check.STORE, level=Level.GREEN, said=said)]
    return [
        Finding(
            check=Check.STORE,
            level=Level.RED,
            said=health.message,
            remedy="`mzi db upgrade` makes a store and brings its schema up to date.",
        )
    ]


async def _settings(patient: Patient) -> Sequence[Finding]:
    findings = []
    for service in (Service.ZOHO, Service.MOODLE):
        names = patient.missing.get(service, ())
        if names:
            variables = ", ".join(f"`MZI_{name.upper().replace('.', '_')}`" for name in names)
            said = ", ".join(f"`{name}`" for name in names)
            findings.append(
                Finding(
                    check=Check.SETTINGS,
                    level=Level.RED,
                    said=f"{service} cannot be reached without {said}: nothing of it is checked.",
                    remedy=f"Set them in mzi.toml, or as {variables}.",
                )
            )
    if findings:
        return findings
    return [Finding(check=Check.SETTINGS, level=Level.GREEN, said="Zoho and Moodle have their credentials.")]


OWN = (Exam((Check.STORE,), _store), Exam((Check.SETTINGS,), _settings))
