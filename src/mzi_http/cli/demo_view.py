"""How the acts of `mzi demo` look."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from mzi_adapters.testing.college import Breakage, Broken, College
from mzi_core.grading import Decision
from mzi_core.values import Outcome, State
from mzi_http.cli.console_tables import STYLES, OneLine, key, number, plain, table
from mzi_http.cli.grade import explained, graded
from mzi_http.cli.tally import Tally, counted, summed

_WIDE = 100
"""From so many columns on there is room for the rule beside the sentence."""

_SETTLED_LATER = 4
"""Whose grade is explained in full: a Refer on a second attempt, which settles into a Double Refer."""


def _heading(title: str, *sentences: str) -> Iterable[RenderableType]:
    yield ""
    yield Text(title, style="bold underline")
    yield from sentences
    yield ""


def opening(college: College) -> Iterable[RenderableType]:
    """What this is."""
    records = sum(map(len, college.records.values()))
    yield Text("mzi demo", style="bold")
    yield (
        f"An invented college of {college.students:,} students: {records:,} records as Zoho CRM would send "
        f"them, {len(college.broken):,} of them broken the way real data breaks. None is about a real person."
    )


def first_round(tallies: Sequence[Tally]) -> Iterable[RenderableType]:
    """The first sync."""
    total = summed(tallies)
    yield from _heading(
        "1  The first sync",
        "Every module is taken, parents before children. A record that is refused harms no other; one whose "
        "parent is missing is parked.",
    )
    yield counted(tallies, "module")
    yield Text(f"{total.records:,} records in {total.seconds:.1f} s.", style="dim")


def meets(label: Broken, outcome: Outcome) -> bool:
    """Whether mzi did with a broken record what it has to: refused it, or took it, for the right reason."""
    codes = {reason.code.value for reason in outcome.reasons}
    refused = outcome.state is State.INVALID
    return refused is label.refused and (label.reason is None or label.reason in codes)


def _answer(label: Broken, outcome: Outcome) -> str:
    if outcome.parked:
        return "parked"
    if label.refused:
        return "refused"
    return "noticed" if label.reason else "taken"


def _sentence(label: Broken, outcome: Outcome) -> str:
    said = [reason.message for reason in outcome.reasons if reason.code == label.reason]
    return plain(said[0] if said else outcome.message)


def faults(college: College, outcomes: Mapping[tuple[str, int], Outcome]) -> Iterable[RenderableType]:
    """Every way in which the data was broken, how often, and what was said about the first one."""
    yield from _heading(
        f"2  The {len(college.broken):,} broken records",
        "How many of each kind got the answer they have to get, and one of the answers.",
    )
    shown = table(key("what is wrong"), number("right"), "answer", "for example")
    for fault in Breakage:
        labels = [label for label in college.broken if label.kind is fault]
        pairs = [(label, outcomes[label.module, label.position]) for label in labels]
        if pairs:
            answer = _answer(*pairs[0])
            style = STYLES[State.INVALID] if labels[0].refused else STYLES[State.NEW]
            shown.add_row(
                fault.replace("_", " "),
                f"{sum(meets(*pair) for pair in pairs):,} of {len(pairs):,}",
                Text(answer, style="yellow" if answer == "parked" else style),
                _sentence(*pairs[0]),
            )
    yield shown
    labelled = {(label.module, label.position) for label in college.broken}
    alarms = sum(not o.state.accepted for place, o in outcomes.items() if place not in labelled)
    sound = len(outcomes) - len(labelled)
    said = "none was refused" if not alarms else f"{alarms:,} were refused"
    yield Text(f"Of the {sound:,} sound records {said}.", style="dim")


def _happened(college: College) -> str:
    """What is different from the week before, in words."""
    kinds = Counter(change.kind for change in college.changes)
    parts = [
        f"{kinds['changed']:,} records were edited",
        f"{kinds['new']:,} are new",
        f"{kinds['repaired']:,} were repaired",
    ]
    if kinds["arrived"]:
        parts.append(f"{kinds['arrived']:,} arrived for which others were parked")
    return ", ".join(parts)


def second_round(college: College, tallies: Sequence[Tally], again: Tally) -> Iterable[RenderableType]:
    """The sync a week later, and one module of it once more."""
    yield from _heading(
        "3  A week later",
        f"Zoho sends everything again. Since then {_happened(college)}. What did not change is not written.",
    )
    yield counted(tallies, "module")
    total = summed(tallies)
    written = again.counts[State.NEW] + again.counts[State.UPDATED]
    yield Text(
        f"{total.records:,} records in {total.seconds:.1f} s. Then the {again.name} once more, as they were: "
        f"{again.counts[State.UNCHANGED]:,} UNCHANGED, {written:,} written.",
        style="dim",
    )


def graded_class(
    people: Sequence[Mapping[str, Any]], decisions: Sequence[Decision], zone: tzinfo, width: int
) -> Iterable[RenderableType]:
    """A class with its grades and the sentence each student may be shown."""
    policy = decisions[0].policy
    yield from _heading(
        "4  A class is graded",
        f"What markers did in Moodle, judged by the policy {policy.name} (version {policy.version}), which "
        "publishes nothing before it is released. An arrow shows what a grade settles into later.",
    )
    rule = ["rule"] if width >= _WIDE else []
    shown = table(key("student"), number("mark"), number("try"), "grade", *rule, "why")
    for person, decision in zip(people, decisions, strict=True):
        marking = decision.marking
        given = "–" if marking.raw is None else f"{marking.raw}"
        grade = Text.assemble(*graded(decision))
        _, _, why = decision.reason(zone=zone).partition(": ")
        row = [Text(decision.rule, style="dim")] if rule else []
        tried = str(marking.attempt_shown)
        shown.add_row(plain(person["name"]), given, tried, grade, *row, plain(why[:1].upper() + why[1:]))
    yield shown


def one_trace(
    people: Sequence[Mapping[str, Any]], decisions: Sequence[Decision], zone: tzinfo
) -> Iterable[RenderableType]:
    """One decision in full."""
    place = min(_SETTLED_LATER, len(decisions) - 1)
    name = plain(people[place]["name"])
    yield from _heading(
        f"5  Why {name} got this", "Every rule in order, until one held. The trace is kept with the grade."
    )
    yield from explained(decisions[place], zone)


def _commands(college: College, keep: Path | None) -> Iterable[tuple[str, str]]:
    """What to type, and what it shows."""
    file = keep or Path("college.db")
    store = f"mzi --store {shlex.quote(f'sqlite:///{file}')}"
    refused = next(b for b in college.broken if b.refused and b.module == "students" and b.zoho_id)
    if keep is None:
        yield (
            f"mzi demo --students {college.students} --seed {college.seed} --keep {shlex.quote(str(file))}",
            "the same again, and the store stays for the commands below",
        )
    yield f"{store} show students {refused.zoho_id}", "a record, and why its newest version was refused"
    yield f"{store} fields students --all", "every field mzi reads, and those it could"
    yield (
        f"{store} grade simulate --policy btec-default --set merit_from=2.5",
        "whose grade would change if a Merit began at 2.5; nothing is written",
    )
    yield (
        "mzi grade explain --raw 4 --attempt 1 --policy pearson-higher-national",
        "one mark under another policy",
    )
    yield f"{store} serve --dev", "the HTTP service over this store, with its API described at /docs"
    yield "mzi demo --remotes", "a Zoho and a Moodle on this machine, to try pull, push and deliver on"
    yield "mzi moodle setup", "how to set up a Moodle for tests, to push the people of this store to"
    yield "mzi sync --help", "how to take files of your own: JSON, NDJSON, or a CSV export from Zoho"


def next_steps(college: College, keep: Path | None) -> Iterable[RenderableType]:
    """Commands that work when they are copied."""
    yield from _heading("6  What to try next")
    for command, shows in _commands(college, keep):
        yield OneLine(f"# {shows}", style="dim")
        yield OneLine(command, style="bold cyan")
