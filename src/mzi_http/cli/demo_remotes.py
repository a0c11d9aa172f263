"""`mzi demo --remotes`: an invented college's Zoho and Moodle on this machine, to work with by hand."""

import shlex
from collections.abc import Iterable, Mapping

from rich.console import RenderableType
from rich.text import Text

from mzi_adapters.system import SystemClock
from mzi_adapters.testing.college import build
from mzi_adapters.testing.remotes import at_work, furnish, serving_remotes, sound_moodle, sound_zoho
from mzi_http.cli.console_tables import OneLine
from mzi_http.cli.shell import Ended, Shell
from mzi_http.cli.stopping import told_to_stop
from mzi_http.sources import variable_of

_STORE = "sqlite:///remotes.db"
"""A file of its own, so that no invented record comes into the store of somebody's settings."""

_COMMANDS: Mapping[str, str] = {
    "mzi pull all": "everything from Zoho into the store remotes.db, parents first",
    "mzi push teachers": "accounts in Moodle, and their ids in Zoho; before that you are asked",
    "mzi push students": "the same for students",
    "mzi push programs": "a category for each program that is active",
    "mzi push classes": "a course in it for each class that is active",
    "mzi push enrollments": "who is in which of these courses",
    "mzi pull moodle_users": "what Moodle says of them, into the store",
    "mzi push students --dry-run": "once more: both agree, so nothing is left to write",
    "mzi rules set flows=account,program,course,enrolment,grade": "have mzi do so by itself from now on",
    "mzi deliver": "a first look at every pair; what changes later `mzi serve --dev` brings over",
    "mzi doctor": "whether all is well with the store, Zoho and Moodle",
}
"""What to try, in this order, and what it does."""


async def serve_remotes(shell: Shell, seed: int, students: int) -> Ended:
    """Serve both until somebody has seen enough."""
    clock = SystemClock()
    zoho, moodle = sound_zoho(clock), sound_moodle(clock)
    at_work(moodle)
    with shell.err.status("Making up a college …"):
        furnish(zoho, build(seed, students), in_moodle=False)
    async with serving_remotes(zoho, moodle) as served:
        stop = told_to_stop()
        shell.show(*_told(served.settings, students))
        await stop.wait()
    shell.say("Both are gone, and nothing of them is kept.")
    return Ended.WELL


def _told(settings: Mapping[str, str], students: int) -> Iterable[RenderableType]:
    yield Text("mzi demo --remotes", style="bold")
    yield (
        f"A Zoho with an invented college of {students:,} students, and a Moodle with nobody in it, answer "
        f"at {settings['zoho.api_url']} and {settings['moodle.url']} until you press Ctrl-C here. No other "
        "machine can reach them, and nothing of them is kept."
    )
    yield from _heading("1  In another terminal, set where they are")
    for name, value in {"store": _STORE, **settings}.items():
        yield OneLine(f"export {variable_of(name)}={shlex.quote(value)}", style="bold cyan")
    yield from _heading("2  And there try")
    for command, shows in _COMMANDS.items():
        yield OneLine(f"# {shows}", style="dim")
        yield OneLine(command, style="bold cyan")


def _heading(title: str) -> Iterable[RenderableType]:
    yield ""
    yield Text(title, style="bold underline")
    yield ""
