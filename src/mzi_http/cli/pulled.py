"""What `mzi pull` says: what it is going to read, and what became of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import assert_never

import attrs
from rich.console import RenderableType
from rich.text import Text

from mzi_core.module import AnyModule
from mzi_core.ports import ApiUsage
from mzi_core.use_cases.planning_pull import PullPlan, PullScope
from mzi_core.use_cases.pull import CountedPull, EndedPull, PruneDone, PullDone
from mzi_core.use_cases.remote import RemoteUseCases
from mzi_core.use_cases.sync_runs import PageDone
from mzi_core.values import State
from mzi_http.answers import moment as instant
from mzi_http.answers import result
from mzi_http.cli.console_tables import KEY_NAMES, count, key, moment, number, plain, table
from mzi_http.cli.report import JsonResults, Report, ReportLine, worth_telling
from mzi_http.cli.shell import Shell
from mzi_http.cli.tally import SHOWN, Tally, counted, summed, why


@attrs.frozen(kw_only=True)
class PulledLine(ReportLine):
    """The outcome of a record that came out of no file; `file` is the module."""

    def data(self) -> dict[str, object]:
        """As JSON."""
        return {"module": self.file, **result(self.outcome)}


@attrs.define(kw_only=True)
class PageTelling:
    """Where the records of a pull are told one by one, if anywhere: in a report, in JSON, or in both.

    `freed`: the records of other modules that were unparked, for JSON.
    """

    report: Report | None = None
    results: JsonResults | None = None
    freed: list[dict[str, object]] = attrs.field(factory=list)

    def page(self, done: PageDone, module: AnyModule, tally: Tally) -> None:
        """Count a page, and tell of its records."""
        for freed in done.result.released:
            tally.released += 1
            if self.report is not None:
                self.report.add(PulledLine(file=module.name, line=None, outcome=freed))
            if self.results is not None:
                self.freed.append({**result(freed), "module": freed.module})
        tally.count(done.result.outcomes)
        told = self.report is not None or self.results is not None
        for outcome in worth_telling(done.result.outcomes, new_ones=told):
            line = PulledLine(file=module.name, line=None, outcome=outcome)
            tally.look_at(line)
            if self.report is not None:
                self.report.add(line)
            if self.results is not None:
                self.results.add(line.data())

    def released(self) -> list[dict[str, object]]:
        """What was unparked, as JSON."""
        return [{**each, "position": place} for place, each in enumerate(self.freed)]


def _tally_of(pulled: "Pulled") -> Tally:
    return Tally(pulled.plan.module.name)


@attrs.define
class Pulled:
    """One module of a pull: its plan, and what became of it so far."""

    plan: PullPlan
    tally: Tally = attrs.field(default=attrs.Factory(_tally_of, takes_self=True))
    done: PullDone = attrs.field(factory=lambda: PullDone(deleted=0))
    pruned: PruneDone = attrs.field(factory=PruneDone)
    """What was marked; held where that was asked for and nobody was there to decide."""

    @property
    def has_place(self) -> bool:
        """Whether a page of it is kept, in this run or in the one that it goes on with."""
        return bool(self.tally.records) or self.plan.resumed is not None

    @property
    def unanswered(self) -> list[str]:
        """A sentence for each field that Zoho has, and that no record of a page had."""
        names = self.plan.choice.named.names
        return [
            f"`{field}` of the {self.plan.module.name} stays as it is stored where no record of a page has "
            f"`{names[field]}`: let mzi's account see it in Zoho."
            for field in sorted(self.done.unanswered)
        ]

    def data(self) -> dict[str, object]:
        """As JSON."""
        plan = self.plan
        counts = self.tally.data()
        del counts["file"]
        return {
            "module": plan.module.name,
            "scope": plan.scope.value,
            "since": None if plan.since is None else instant(plan.since),
            "resumed_after": None if plan.resumed is None else plan.resumed.bookmark,
            "via": plan.via.value,
            "forecast": {
                "records": plan.records,
                "ways": {via.value: attrs.asdict(cost) for via, cost in plan.costs.items()},
            },
            **counts,
            "deleted": self.done.deleted,
            "missing": list(self.done.missing),
            "pruned": self.pruned.marked,
            "held": list(self.pruned.held),
            "left_as_stored": sorted(plan.choice.untold | self.done.unanswered),
            "notes": [*plan.choice.notes, *self.unanswered],
        }


def many(number: int, module: AnyModule) -> str:
    """So many records of a module."""
    return f"{number:,} {module.singular if number == 1 else module.name}"


def foreseen(plans: Sequence[PullPlan]) -> Iterator[RenderableType]:
    """What is going to be read and what it will cost; of one module, by each way."""
    for plan in plans if len(plans) == 1 else ():
        yield f"About {many(plan.records, plan.module)} to read: {_scope(plan)}."
    if len(plans) == 1:
        ways = table(key("way"), number("calls"), number("credits"), "")
        for via, cost in plans[0].costs.items():
            chosen = "this way" if via is plans[0].via else ""
            ways.add_row(via.value, count(cost.calls), count(cost.credits), chosen)
        yield ways
    elif plans:
        shown = table(key("module"), "what", number("records"), "way", number("calls"), number("credits"))
        for plan in plans:
            shown.add_row(
                plan.module.name,
                _scope(plan),
                f"{plan.records:,}",
                plan.via.value,
                f"{plan.cost.calls:,}",
                f"{plan.cost.credits:,}",
            )
        yield shown


def _scope(plan: PullPlan) -> str:
    match plan.scope:
        case PullScope.EVERYTHING:
            said = "everything"
        case PullScope.CHANGES | PullScope.SINCE:
            said = f"changes since {moment(plan.since)}"
        case _:
            assert_never(plan.scope)
    if plan.resumed is None:
        return said
    return f"{said}, behind the {plan.resumed.cursor:,} that were done"


def outcome_of(
    tallies: Sequence[tuple[AnyModule, Tally]],
    *,
    dry_run: bool,
    report: Path | None,
    nothing_new: str | None,
    beside: Sequence[str] = (),
) -> Iterator[RenderableType]:
    """What became of the records of these modules, in a table, and what is to be known `beside` it.

    `nothing_new` is said where no record came; None where the pull did not get to its end.
    """
    total = summed([tally for _, tally in tallies])
    if total.records:
        became = "would become" if dry_run else "became"
        came = [(module, tally) for module, tally in tallies if tally.records]
        what = many(total.records, came[0][0]) if len(came) == 1 else f"{total.records:,} records"
        yield f"What {became} of {what}:"
        yield ""
        yield counted([tally for _, tally in came], "module")
        name = KEY_NAMES[came[0][0].side]
        if dry_run:
            yield from _listed(
                [
                    (line, ", ".join(line.outcome.changed_fields))
                    for _, tally in tallies
                    for line in tally.changed
                ],
                sum(tally.counts[State.UPDATED] for _, tally in tallies),
                name,
                "fields that would change",
            )
        yield from _listed(
            [(line, why(line.outcome)) for _, tally in tallies for line in tally.refused],
            total.turned_away,
            name,
            "why it was refused",
            "--report FILE writes down every one." if report is None else f"All are in {report}.",
        )
    elif nothing_new is not None:
        yield nothing_new
    if beside:
        yield ""
    yield from beside
    if dry_run and nothing_new is not None:
        yield ""
        yield "This was a dry run: nothing was kept."


def _listed(
    lines: Sequence[tuple[ReportLine, str]], of: int, name: str, heading: str, rest: str = ""
) -> Iterator[RenderableType]:
    """The first few records with what is to be said of each, and how many more there are."""
    if not lines:
        return
    shown = table(key("module"), key(name), heading)
    for line, said in lines[:SHOWN]:
        shown.add_row(line.outcome.module, plain(line.outcome.key or "–"), said)
    yield ""
    yield shown
    if more := of - len(lines[:SHOWN]):
        yield Text(f"… and {more:,} more. {rest}".rstrip(), style="dim")


def beside_of(pulled: Pulled, *, dry_run: bool) -> Iterator[str]:
    """What is to be known of a module besides what became of its records."""
    name, done = pulled.plan.module.name, pulled.done
    if done.deleted:
        marked = "would be marked so" if dry_run else "are marked so"
        yield f"{name}: {done.deleted:,} deleted in Zoho {marked} here."
    yield from told_of_missing(pulled.plan.module, done, pulled.pruned, options="--full ", dry_run=dry_run)


def told_of_missing(
    module: AnyModule, done: EndedPull, pruned: PruneDone, *, options: str = "", dry_run: bool
) -> Iterator[str]:
    """What became of the records here that their side does not have.

    `options`: those, each with a blank behind it, that a pull needs besides --prune.
    """
    name, side = module.name, module.side.title()
    if pruned.held:
        held = "would be held" if dry_run else "are held"
        yield (
            f"{name}: {len(done.missing):,} here are not in {side}, and {held}: {' '.join(pruned.held)} "
            f"Look at them in {side}; `mzi pull {name} {options}--prune --insist` marks them all the same."
        )
    elif pruned.marked:
        yield f"{name}: {pruned.marked:,} that {side} does not have are marked deleted."
    elif done.missing:
        yield (
            f"{name}: {len(done.missing):,} here are not in {side}. "
            f"`mzi pull {name} {options}--prune` marks them deleted."
        )


@attrs.frozen(kw_only=True)
class PruneOptions:
    """What the command line said of records that their side does not have."""

    yes: bool
    insist: bool
    dry_run: bool


async def pruned_of(
    shell: Shell, remote: RemoteUseCases, plan: CountedPull, done: EndedPull, asked: PruneOptions
) -> PruneDone:
    """Mark what is missing, once its number was shown; hold it where that looks wrong."""
    side = plan.module.side.title()
    shell.say(f"{side} does not have {many(len(done.missing), plan.module)} that we have.")
    doubts = () if asked.insist else await remote.prune.doubts(plan, done)
    if doubts and (asked.dry_run or asked.yes or not shell.is_attended):
        return PruneDone(held=doubts)
    if asked.dry_run:
        return PruneDone()
    question = " ".join([*doubts, "Mark them deleted all the same?" if doubts else "Mark them deleted?"])
    if asked.yes or shell.agrees(question):
        return await remote.prune(plan, done, insist=True)
    return PruneDone()


def told(asked: ApiUsage) -> str:
    """What was asked of Zoho."""
    left = "" if asked.remaining is None else f" {asked.remaining:,} credits are left today."
    return f"Zoho was asked {asked.calls:,} times, for {asked.credits:,} credits.{left}"
