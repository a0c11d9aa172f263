"""`mzi grade`: what a mark comes to and why, and what another policy would make of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mzi_core.grading import (
    BUILT_IN,
    Decision,
    Grade,
    GradingPolicy,
    Language,
    RuleOutcome,
    TraceStep,
    criterion_from,
    lint,
)
from mzi_core.use_cases.grades import book_of
from mzi_http.answers import decided
from mzi_http.cli import simulate
from mzi_http.cli.console_tables import key, plain, table
from mzi_http.cli.shell import AsJson, Ended, Given, Missing, Tenant, UsageError

STYLES: Mapping[Grade, str] = {
    Grade.D: "bold green",
    Grade.M: "green",
    Grade.P: "cyan",
    Grade.R: "yellow",
    Grade.RR: "magenta",
    Grade.F: "red",
    Grade.PENDING: "dim",
}
_OUTCOMES: Mapping[RuleOutcome, tuple[str, str]] = {
    RuleOutcome.HELD: ("held", "bold green"),
    RuleOutcome.NOT_HELD: ("no", ""),
    RuleOutcome.NOT_REACHED: ("not reached", "dim"),
}


async def explain(
    *,
    raw: str | None = None,
    minimum: str | None = None,
    maximum: str | None = None,
    items: str | None = None,
    scale: str | None = None,
    letter: str | None = None,
    not_submitted: bool = False,
    takes_no_submissions: bool = False,
    attempt: int | None = None,
    before: str | None = None,
    repeats_unit: bool = False,
    feedback: str | None = None,
    workflow: str | None = None,
    due: str | None = None,
    extension: str | None = None,
    cutoff: str | None = None,
    submitted_at: str | None = None,
    now: str | None = None,
    criteria: Annotated[str | None, Parameter(show_default=False)] = None,
    policy: str | None = None,
    level: str | None = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Decide one grade and show how: every rule in order, what it looked at, and the student's sentence.

    Nothing is kept. Times are written 2026-02-09T14:30:00+00:00.

    Parameters
    ----------
    raw
        The mark in Moodle; leave it out for work without one. -1 is Moodle's “not graded”.
    minimum
        The least mark of the assignment; 0 if not said.
    maximum
        The best mark of the assignment. 4 is the BTEC scale; of any other the mark is a percentage.
    items
        The items of its Moodle scale, lowest first: Refer,Pass,Merit,Distinction.
    scale
        btec-0-4, or percent; follows from the maximum or the items.
    letter
        A letter or word that somebody decided on; it wins over the mark.
    not_submitted
        Nothing was handed in.
    takes_no_submissions
        The assignment takes none: an observation, a presentation.
    attempt
        The attempt, counted from 0.
    before
        The best grade of an earlier attempt at this work.
    repeats_unit
        The student studies the whole unit again.
    feedback
        The marker's feedback, HTML and all.
    workflow
        Moodle's marking workflow state, such as inmarking or released.
    due
        When the work was due.
    extension
        Until when this student was given time.
    cutoff
        After which nothing is taken any more.
    submitted_at
        When the work was handed in.
    now
        The moment as of which it is judged whether a deadline has passed; the present if not said.
    criteria
        P1=yes,M1=no: what the marker ticked.
    policy
        The built-in policy to judge by; `mzi grade policies` lists them.
    level
        The programme level (L3, L5, L7), to judge by the tenant's policy for it.
    """
    said = {
        "raw": raw,
        "minimum": minimum,
        "maximum": maximum,
        "items": None if items is None else [item.strip() for item in items.split(",")],
        "scale": scale,
        "letter": letter,
        "submitted": False if not_submitted else None,
        "attempt": attempt,
        "before": before,
        "repeats_unit": repeats_unit or None,
        "feedback": feedback,
        "workflow": workflow,
        "due": due,
        "extension": extension,
        "cutoff": cutoff,
        "submitted_at": submitted_at,
        "now": now,
        "criteria": None if criteria is None else _criteria(criteria),
    }
    marking: dict[str, object] = {name: value for name, value in said.items() if value is not None}
    if takes_no_submissions:
        marking["submitted"] = None
    async with shell.open(Missing.EMPTY) as use_cases:
        told = await use_cases.decide_grade.as_told(shell.tenant(tenant), marking, policy=policy, level=level)
    if as_json:
        shell.json(decided(told.decision, told.zone, told.decided_at))
    else:
        shell.show(*explained(told.decision, told.zone, told.decided_at))
    return Ended.WELL


def _criteria(text: str) -> list[dict[str, object]]:
    """`P1=yes,M1=no` as a marking has it."""
    rows = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        code, _, word = part.partition("=")
        try:
            criterion = criterion_from({"code": code, "score": word or None})
        except ValueError as error:
            raise UsageError(f"--criteria: {error}.") from error
        rows.append({"code": criterion.code, "achieved": criterion.achieved})
    return rows


def explained(
    decision: Decision, zone: tzinfo, decided_at: datetime | None = None
) -> Iterable[RenderableType]:
    """A decision as people read it: the grade, the trace, the sentences, with times in `zone`.

    It was made at `decided_at`, else when the marking was judged.
    """
    policy = decision.policy
    yield Text.assemble(
        *graded(decision), "  by rule ", (decision.rule, "bold"), f" of {policy.name} {policy.version}"
    )
    yield from warned(decision)
    yield ""
    yield traced(decision.trace)
    for language in Language:
        yield ""
        yield plain_sentence(decision.explain(language, zone, decided_at))


def warned(decision: Decision) -> Iterable[Text]:
    """What somebody should look at, a line each."""
    for warning, note in zip(decision.warnings, decision.notes(), strict=True):
        yield Text(f"Look at this: {warning}: {plain(note)}", style="yellow")


def graded(decision: Decision) -> list[tuple[str, str]]:
    """The grade, and what it settles into where that is another."""
    parts = [(decision.grade.value, STYLES[decision.grade])]
    if decision.settled is not decision.grade:
        parts += [(" → ", ""), (decision.settled.value, STYLES[decision.settled])]
    return parts


def plain_sentence(sentence: str) -> str:
    """A sentence for the terminal: the marks that isolate a number in Arabic text are for browsers."""
    return sentence.replace("\u2068", "").replace("\u2069", "")


def traced(trace: Iterable[TraceStep]) -> Table:
    """A trace as a table."""
    shown = table(key("rule"), "held?", "looked at")
    for step in trace:
        word, style = _OUTCOMES[step.outcome]
        looked = ", ".join(f"{name} {_seen(name, value)}" for name, value in step.saw.items())
        shown.add_row(Text(step.rule, style=style), Text(word, style=style), Text(looked, style=style))
    return shown


def _seen(name: str, value: object) -> str:
    match value:
        case None:
            return "–"
        case str() if name == "found":
            return f"“{plain(value).strip()}”"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}Z"
        case _:
            return plain(value)


async def policies(*, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """List the policies: those that are built in, and those the tenant chose."""
    async with shell.open(Missing.EMPTY) as use_cases:
        book = book_of(await use_cases.read_settings(shell.tenant(tenant)))
    chosen = {"everything else": book.default} | {str(name): own for name, own in book.by_family.items()}
    if as_json:
        shell.json(
            {
                "built_in": [policy.to_data() for policy in BUILT_IN.values()],
                "chosen": {family: policy.to_data() for family, policy in chosen.items()},
            }
        )
        return Ended.WELL
    shell.show("Built in:", "", _policies((policy.name, policy) for policy in BUILT_IN.values()))
    shell.show("", "The tenant's:", "", _policies(chosen.items()))
    return Ended.WELL


async def choose(
    *,
    policy: str,
    changes: simulate.Changes = (),
    level: str | None = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Grade a qualification family by a policy from now on. A policy that cannot be right is refused.

    Parameters
    ----------
    policy
        The built-in policy to begin with; `mzi grade policies` lists them.
    changes
        merit_from=3.2: change a field of it; may be said several times.
    level
        The family: L3, L5 or L7; without it, whatever has no policy of its own.
    """
    async with shell.open(Missing.MAKE) as use_cases:
        data = simulate.policy_data(policy, changes)
        chosen = await use_cases.choose_policy(shell.tenant(tenant), level, data)
    for warning in lint(chosen):
        shell.say(f"Look at this: {warning.sentence}.")
    if as_json:
        shell.json(chosen.to_data())
    else:
        shell.show(_policies([(level or "everything else", chosen)]))
    return Ended.WELL


def _policies(listed: Iterable[tuple[str, GradingPolicy]]) -> Table:
    shown = table(key(""), key("policy", style=""), "P M D from", "in percent", "cap", "code", "settles")
    for name, policy in listed:
        btec: Any = policy.btec
        percent: Any = policy.percent
        shown.add_row(
            name,
            f"{policy.name} {policy.version}",
            f"{btec.pass_from} {btec.merit_from} {btec.distinction_from}",
            f"{percent.pass_from} {percent.merit_from} {percent.distinction_from}",
            policy.reassessment_cap or "–",
            policy.invalid_code or "–",
            policy.settle,
        )
    return shown
