"""What became of the records of one file or module so far, and how that looks."""

from collections import Counter
from collections.abc import Sequence

import attrs
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mzi_core.values import Outcome, Outcomes, State
from mzi_http.cli.console_tables import count, key, number, plain, states, table
from mzi_http.cli.report import ReportLine

SHOWN = 5
"""How many refused or changed records are shown; the report has all of them."""

_ALWAYS = (State.NEW, State.UPDATED, State.UNCHANGED, State.INVALID)
"""The states every table has a column for, even when there is nothing in it."""


@attrs.define
class Tally:
    """Counts by state, and the first few records worth a look. `seconds`: how long it took.

    `notes`: what is to be said about the whole file, a sentence each.
    """

    name: str
    counts: Counter[State] = attrs.field(factory=Counter)
    parked: int = 0
    released: int = 0
    seconds: float = 0.0
    notes: list[str] = attrs.field(factory=list)
    refused: list[ReportLine] = attrs.field(factory=list)
    changed: list[ReportLine] = attrs.field(factory=list)

    @property
    def records(self) -> int:
        """How many went through."""
        return self.counts.total()

    @property
    def turned_away(self) -> int:
        """How many were not accepted, parked ones too."""
        return sum(n for state, n in self.counts.items() if not state.accepted)

    @property
    def knew_some(self) -> bool:
        """Whether any of them was stored before."""
        return bool(self.counts[State.UPDATED] or self.counts[State.UNCHANGED])

    def count(self, outcomes: Outcomes) -> None:
        """Count the outcomes of a page by state."""
        self.counts.update(outcomes.states)

    def look_at(self, line: ReportLine) -> None:
        """Note what is to be shown of an outcome that was counted: of NEW and UNCHANGED ones nothing is."""
        outcome = line.outcome
        self.parked += outcome.parked
        if not outcome.state.accepted and len(self.refused) < SHOWN:
            self.refused.append(line)
        if outcome.state is State.UPDATED and len(self.changed) < SHOWN:
            self.changed.append(line)

    def data(self) -> dict[str, object]:
        """As JSON, under the names the service uses."""
        return {
            "file": self.name,
            "records": self.records,
            "summary": {state.value: self.counts[state] for state in State},
            "parked": self.parked,
            "released": self.released,
            "seconds": round(self.seconds, 3),
            **({"notes": self.notes} if self.notes else {}),
        }


def summed(tallies: Sequence[Tally]) -> Tally:
    """All of them as one."""
    total = Tally("in all")
    for tally in tallies:
        total.counts.update(tally.counts)
        total.parked += tally.parked
        total.released += tally.released
        total.seconds += tally.seconds
    return total


def rate(tally: Tally) -> str:
    """Records a second."""
    return f"{tally.records / tally.seconds:,.0f}" if tally.records and tally.seconds else ""


def counted(tallies: Sequence[Tally], what: str) -> Table:
    """A row of counts a tally, and their sum when there are several; rare columns only when needed."""
    total = summed(tallies)
    shown = [state for state in State if state in _ALWAYS or total.counts[state]]
    counts = table(key(what), number("records"), *states(*shown))
    if total.parked:
        counts.add_column("parked", justify="right")
    if total.released:
        counts.add_column("freed", justify="right")
    counts.add_column("per s", justify="right")
    for tally in [*tallies, *([total] if len(tallies) > 1 else [])]:
        counts.add_row(
            plain(tally.name),
            count(tally.records),
            *(count(tally.counts[state]) for state in shown),
            *([count(tally.parked)] if total.parked else []),
            *([count(tally.released)] if total.released else []),
            rate(tally),
            end_section=len(tallies) > 1 and tally is tallies[-1],
        )
    return counts


def changes(tallies: Sequence[Tally]) -> list[RenderableType]:
    """The first changed records with the names of their changed fields, and how many more there are."""
    lines = [line for tally in tallies for line in tally.changed][:SHOWN]
    if not lines:
        return []
    shown = table(number("record"), number("line"), key("Zoho id"), "fields that would change")
    for line in lines:
        shown.add_row(*place(line), plain(line.outcome.key), ", ".join(line.outcome.changed_fields))
    more = sum(tally.counts[State.UPDATED] for tally in tallies) - len(lines)
    return ["", shown, *([Text(f"… and {more:,} more.", style="dim")] if more else [])]


def place(line: ReportLine) -> tuple[str, str]:
    """Where a record stands in its file: how many-th it is, and on which line it begins."""
    return f"{line.outcome.position + 1:,}", "" if line.line is None else f"{line.line:,}"


def why(outcome: Outcome) -> str:
    """Every reason, with its code."""
    said = [f"{reason.message} ({reason.code})" for reason in outcome.reasons]
    if outcome.parked:
        said.append("Parked: it is taken by itself when that record arrives.")
    return plain("\n".join(said))
