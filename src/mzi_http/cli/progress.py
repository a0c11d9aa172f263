"""The bar that moves while records are taken."""

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from mzi_core.values import State
from mzi_http.cli.console_tables import STYLES
from mzi_http.cli.shell import Shell
from mzi_http.cli.tally import Tally, rate


def so_far(tally: Tally) -> str:
    """What is said beside the bar."""
    states = "  ".join(
        f"[{STYLES[state]}]{state.value} {tally.counts[state]:,}[/]" for state in State if tally.counts[state]
    )
    return f"{tally.records:,} records, {rate(tally)} a second  {states}"


def bar(shell: Shell) -> Progress:
    """A bar on a terminal, nothing elsewhere."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TaskProgressColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
        console=shell.err,
        disable=not shell.err.is_terminal,
        transient=True,
    )
