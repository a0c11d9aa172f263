"""`mzi moodle`: what has to stand in Moodle before mzi can work with it."""

from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter
from rich.text import Text

from mzi_adapters.moodle.account_setup import (
    FILE,
    SERVICE_NAME,
    SERVICE_SHORT_NAME,
    STEPS,
    role_preset,
)
from mzi_adapters.moodle.site import NEEDED
from mzi_http.cli.console_tables import OneLine
from mzi_http.cli.shell import AsJson, Ended, Given, Shell, UsageError

_OUT = Path("-")

_LAST = (
    "Set `moodle.url`, the address by which Moodle calls itself, and `moodle.token`. `mzi doctor` says what "
    "is still missing."
)


def setup(
    *,
    both: Annotated[bool, Parameter(name="--print")] = False,
    role: Path | None = None,
    functions: Path | None = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Say how to set Moodle up for mzi, and write the role and the list of functions that it takes.

    Without an option the steps are told that an administrator goes through once. Moodle is not asked.

    Parameters
    ----------
    both
        Print the role, and below it the functions, in place of the steps.
    role
        Write the role that Moodle imports into this new file; - prints it.
    functions
        Write the functions of the service into this new file, one a line; - prints them.
    """
    listed = "\n".join(NEEDED)
    if as_json and (both or _OUT in (role, functions)):
        raise UsageError("--json prints the role and the functions anyhow: leave --print and - out.")
    for file in (role, functions):
        if file is not None and file != _OUT and file.exists():
            raise UsageError(f"{file} is there already; name a file that is not.")
    if role is not None:
        _write(shell, role, role_preset().xml)
    if functions is not None:
        _write(shell, functions, f"{listed}\n")
    if as_json:
        shell.json(_data())
        return Ended.WELL
    if both:
        shell.say(f"The role, which Moodle imports from a file such as {FILE}:")
        shell.line(role_preset().xml)  # which ends with a line: so the two stand apart
        shell.say(f"The {len(NEEDED)} functions of the service `{SERVICE_NAME}`:")
        shell.line(listed)
    if not both and role is None and functions is None:
        _show_steps(shell)
    return Ended.WELL


def _write(shell: Shell, file: Path, text: str) -> None:
    if file == _OUT:
        shell.line(text.removesuffix("\n"))
        return
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror or error}.") from error
    shell.say(f"Wrote {file}.")


def _show_steps(shell: Shell) -> None:
    shell.show("What an administrator does in Moodle, under Site administration:")
    for number, step in enumerate(STEPS, 1):
        shell.show("", Text(f"{number}  {step.where}", style="bold"), step.what)
        if step.command:
            shell.show(OneLine(step.command, style="bold cyan"))
    shell.show("", Text(f"{len(STEPS) + 1}  Then, for mzi", style="bold"), _LAST)


def _data() -> dict[str, object]:
    preset = role_preset()
    return {
        "role": {
            "short_name": preset.short_name,
            "name": preset.name,
            "may_assign": list(preset.may_assign),
            "capabilities": list(preset.capabilities),
            "plugin_capabilities": list(preset.plugin_capabilities),
            "xml": preset.xml,
        },
        "service": {"name": SERVICE_NAME, "short_name": SERVICE_SHORT_NAME, "functions": list(NEEDED)},
        "steps": [attrs.asdict(step) for step in STEPS],
    }
