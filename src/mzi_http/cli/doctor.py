"""`mzi doctor`: everything mzi depends on, looked at without changing anything."""

from collections.abc import Sequence
from pathlib import Path

import attrs
from rich.text import Text

from mzi_core.errors import StoreError
from mzi_core.ports import StoreHealth
from mzi_core.use_cases.doctor import Finding, Severity
from mzi_http import services
from mzi_http.cli.console_tables import key, plain, table
from mzi_http.cli.shell import AsJson, Ended, Given, Shell
from mzi_http.doctor_checks import DOCTOR
from mzi_http.settings import MEMORY, Settings
from mzi_http.sources import settings_file

_STYLES = {
    Severity.GREEN: "green",
    Severity.AMBER: "yellow",
    Severity.RED: "bold red",
    Severity.UNKNOWN: "dim",
}


async def doctor(*, as_json: AsJson = False, shell: Given) -> Ended:
    """Look at the store, the settings, Zoho and Moodle, and say what is wrong and what helps.

    Nothing is changed anywhere, but that work goes on with a service which was left alone and answers. What
    Moodle lets the account do is found by reading, and by asking for what Moodle refuses in any case; what
    cannot be found so is named.
    """
    health = await _health(shell.settings)
    usable = shell.settings if health.ready else attrs.evolve(shell.settings, store=MEMORY)
    with shell.err.status("Looking …"):
        async with services.open_services(usable, by_hand=True) as opened:
            environment = await opened.environment(health, _files(shell))
            findings = [finding async for finding in DOCTOR(environment)]
    if as_json:
        shell.json(_data(findings))
    else:
        _show(shell, findings)
    return Ended.UNWELL if _worst(findings) is Severity.RED else Ended.WELL


def _files(shell: Shell) -> list[Path]:
    """The files with secrets and records in them."""
    said = settings_file(shell.settings_file)
    return [*([] if said is None else [said]), *services.files_of(shell.settings)]


async def _health(settings: Settings) -> StoreHealth:
    """How the store is; one that cannot even be opened is not ready, and says why."""
    file = services.file_of(settings)
    if file is not None and not file.exists():
        return _not_ready(f"There is no store at {file} yet.")
    try:
        async with services.open_use_cases(settings) as use_cases:
            return await use_cases.store.health()
    except StoreError as error:
        return _not_ready(str(error))


def _not_ready(why: str) -> StoreHealth:
    return StoreHealth(backend="", version="", ready=False, message=why)


def _worst(findings: Sequence[Finding]) -> Severity:
    found = {finding.level for finding in findings}
    return next(
        level for level in (Severity.RED, Severity.AMBER, Severity.GREEN) if level in found | {Severity.GREEN}
    )


def _show(shell: Shell, findings: Sequence[Finding]) -> None:
    shown = table(key(""), key("check", ""), "what was found, and what helps")
    for finding in findings:
        said = Text(plain(finding.said))
        if finding.remedy:
            said.append(f"\n→ {plain(finding.remedy)}", style="bold")
        shown.add_row(Text(finding.level, style=_STYLES[finding.level]), finding.check, said)
    shell.show(shown, "", _summary(findings))


def _summary(findings: Sequence[Finding]) -> str:
    counts = {level: sum(finding.level is level for finding in findings) for level in Severity}
    return ", ".join(f"{count} {level}" for level, count in counts.items() if count) + "."


def _data(findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "status": _worst(findings).value,
        "summary": {level.value: sum(f.level is level for f in findings) for level in Severity},
        "findings": [
            {
                "service": finding.check.service.value,
                "check": finding.check.value,
                "level": finding.level.value,
                "said": finding.said,
                "remedy": finding.remedy,
            }
            for finding in findings
        ],
    }
