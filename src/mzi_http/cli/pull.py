"""`mzi pull`: records from Zoho, or from Moodle, into the store."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Annotated, assert_never

import attrs
from cyclopts import Parameter

from mzi_core.errors import (
    AccessRefused,
    AuthRevoked,
    FieldsMissing,
    GatewayRefused,
    MziError,
    RemoteNotFound,
)
from mzi_core.module import AnyModule, Side
from mzi_core.modules import CATALOGUE, ZOHO_CATALOGUE
from mzi_core.ports import ApiUsage, ReadMethod, ZohoGateway
from mzi_core.use_cases.bulk import closing
from mzi_core.use_cases.planning_pull import PullPlan, PullScope
from mzi_core.use_cases.pull import PullDone
from mzi_core.use_cases.remote import RemoteUseCases
from mzi_core.use_cases.sync_runs import PageDone
from mzi_core.values import State
from mzi_http.cli.moments import moment_of
from mzi_http.cli.progress import bar, so_far
from mzi_http.cli.pulled import (
    PageTelling,
    PruneOptions,
    Pulled,
    beside_of,
    foreseen,
    outcome_of,
    pruned_of,
    told,
)
from mzi_http.cli.report import JsonResults, open_report
from mzi_http.cli.shell import AsJson, Ended, Given, Missing, Shell, UsageError
from mzi_http.gateways import need

ALL = "all"

ASK_ABOVE = 500
"""Credits from which on a person is asked first: a tenth of what the smallest edition has in a day."""


async def pull(
    module: str,
    /,
    *,
    since: str | None = None,
    course: Annotated[Sequence[int], Parameter(negative=(), show_default=False)] = (),
    full: bool = False,
    via: ReadMethod | None = None,
    resume: bool = False,
    prune: bool = False,
    insist: bool = False,
    dry_run: bool = False,
    yes: Annotated[bool, Parameter(alias="-y")] = False,
    report: Path | None = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Read records from Zoho or Moodle, page by page, and say what became of every one.

    Of Zoho it reads what changed since the last pull that got to its end, or everything when there was none,
    in the way that takes the fewest calls; what Zoho has deleted since is marked deleted. Of Moodle it reads
    everything, for Moodle does not say when most of it was changed. It works for the tenant of the settings,
    whose accounts they name.

    Parameters
    ----------
    module
        What to read: students, payments, …, or all of Zoho's, parents first; or moodle_users, moodle_courses,
        moodle_enrollments, moodle_marks.
    since
        Read what changed at or after this day or moment, such as 2026-09-01 or 2026-09-01T08:00:00Z; of
        Moodle's only courses and marks.
    course
        Read only what belongs to this course of Moodle, by its id there. May be given again.
    full
        Read everything from Zoho, and tell which records here it does not have.
    via
        How: a list of records, COQL queries, or a Bulk Read job.
    resume
        Go on behind the last page of a pull that was stopped.
    prune
        Mark the records deleted that Zoho does not have, after a pull of everything; of Moodle courses, and
        enrolments in the courses that were read. Nothing is marked where fewer came than were counted, or
        more than a tenth would go, unless somebody insists.
    insist
        Prune all the same.
    dry_run
        Only show what would change.
    yes
        Ask nothing.
    report
        Write every record that was not UNCHANGED into this CSV file.
    """
    asked = PullOptions(moment=moment_of(since, "--since"), full=full, via=via, resume=resume)
    if full and since is not None:
        raise UsageError("Everything or what changed since a moment: take either --full or --since.")
    if insist and not prune:
        raise UsageError("--insist says something of --prune alone: add --prune, or leave it out.")
    if module.strip().lower() != ALL and CATALOGUE[module].side is Side.MOODLE:
        if full or via is not None:
            raise UsageError(
                "--full and --via are about pulls from Zoho; from Moodle everything is read each time: leave "
                "them out."
            )
        from mzi_http.cli.pull_moodle import MoodlePullOptions, pull_moodle  # noqa: PLC0415  # few pulls are

        options = MoodlePullOptions(
            courses=course,
            since=asked.moment,
            resume=resume,
            dry_run=dry_run,
            prune=PruneOptions(yes=yes, insist=insist, dry_run=dry_run) if prune else None,
        )
        return await pull_moodle(shell, CATALOGUE[module], options, report=report, as_json=as_json)
    if course:
        raise UsageError("--course is about records of Moodle: take moodle_users, moodle_marks, …")
    modules = ZOHO_CATALOGUE.in_order() if module.strip().lower() == ALL else [CATALOGUE[module]]
    need("Zoho", shell.settings.zoho)  # before a store is made for nothing
    with ExitStack() as stack:
        draw = Draw(
            shell=shell,
            dry_run=dry_run,
            yes=yes,
            prune=prune,
            insist=insist,
            telling=PageTelling(
                report=None if report is None else stack.enter_context(open_report(str(report))),
                results=JsonResults(shell.line) if as_json else None,
            ),
        )
        try:
            async with shell.open(Missing.EMPTY if dry_run else Missing.MAKE) as use_cases:
                remote = use_cases.remote
                draw.zoho = await remote.connections.zoho(shell.settings.tenant)
                plans = await _plans(shell, remote, modules, asked, draw.left_out)
                if not draw.may_begin(plans):
                    return await draw.end(report, stopped="Somebody said no to what it costs.")
                for plan in plans:
                    await draw.take_or_leave(remote, plan, alone=len(modules) == 1)
                if all(plan.module.name in draw.left_out for plan in plans):
                    raise next(iter(draw.left_out.values()))
        except Exception as error:
            await draw.end(
                report, stopped=str(error) if isinstance(error, MziError) else type(error).__name__
            )
            raise
        except asyncio.CancelledError:
            await draw.end(report, stopped=Ended.STOPPED.value)
            raise
        return await draw.end(report)


@attrs.frozen(kw_only=True)
class PullOptions:
    """What the command line asked of each module."""

    moment: datetime | None
    full: bool
    via: ReadMethod | None
    resume: bool


async def _plans(
    shell: Shell,
    remote: RemoteUseCases,
    modules: Sequence[AnyModule],
    asked: PullOptions,
    left_out: dict[str, GatewayRefused],
) -> list[PullPlan]:
    """A plan for each module. Raises FieldsMissing with the problems of all.

    Of several modules one that Zoho lacks or does not open to us is told, and noted in `left_out`; where all
    of them are, that is an error.
    """
    plans: list[PullPlan] = []
    problems: list[str] = []
    for module in modules:
        try:
            plan = await remote.plan_pull(
                shell.settings.tenant,
                module,
                since=asked.moment,
                full=asked.full,
                via=asked.via,
                resume=asked.resume,
            )
        except FieldsMissing as missing:
            problems += missing.problems
            continue
        except (RemoteNotFound, AccessRefused) as error:
            if len(modules) == 1 or isinstance(error, AuthRevoked):
                raise
            left_out[module.name] = error
            shell.say(f"The {module.name} are left out. {error.told}")
            continue
        plans.append(plan)
        for note in plan.choice.notes:
            shell.say(note)
        if asked.resume and plan.resumed is None:
            shell.say(f"{module.name}: no pull was stopped on the way, so there is nothing to go on with.")
    if problems:
        raise FieldsMissing(problems)
    if not plans:
        raise next(iter(left_out.values()))
    return plans


@attrs.define(kw_only=True)
class Draw:
    """One run of the command: what it was asked for, and what has been pulled so far."""

    shell: Shell
    dry_run: bool
    yes: bool
    prune: bool
    insist: bool
    telling: PageTelling
    pulled: list[Pulled] = attrs.field(factory=list)
    left_out: dict[str, GatewayRefused] = attrs.field(factory=dict)
    zoho: ZohoGateway | None = None

    def may_begin(self, plans: Sequence[PullPlan]) -> bool:
        """Say what is to come; ask before it costs much."""
        if self.prune and any(plan.scope is not PullScope.EVERYTHING for plan in plans):
            raise UsageError("--prune needs a pull of everything: add --full.")
        self.shell.note(*foreseen(plans))
        credits = sum(plan.cost.credits for plan in plans)
        if self.yes or credits <= ASK_ABOVE:
            return True
        return self.shell.agrees(f"This takes about {credits:,} of the day's credits. Go on?")

    async def take_or_leave(self, remote: RemoteUseCases, plan: PullPlan, *, alone: bool) -> None:
        """Pull one module; of several, one whose records are closed to us is left out, and that is told."""
        try:
            await self.take(remote, plan)
        except AccessRefused as error:
            if alone or isinstance(error, AuthRevoked):
                raise
            self.left_out[plan.module.name] = error
            self.shell.say(f"The {plan.module.name} are left out. {error.told}")

    async def take(self, remote: RemoteUseCases, plan: PullPlan) -> None:
        """Pull one module. Raises GatewayError, StoreError."""
        pulled = Pulled(plan)
        self.pulled.append(pulled)
        begun = perf_counter()
        stream = remote.pull(plan, dry_run=self.dry_run)
        with bar(self.shell) as progress:
            task = progress.add_task(plan.module.name, total=plan.records, counts="")
            async with closing(stream):
                async for done in stream:
                    pulled.tally.seconds = perf_counter() - begun
                    match done:
                        case PageDone():
                            self.telling.page(done, plan.module, pulled.tally)
                        case PullDone():
                            pulled.done = done
                        case _:
                            assert_never(done)
                    progress.update(task, completed=pulled.tally.records, counts=so_far(pulled.tally))
        for sentence in pulled.unanswered:
            self.shell.say(sentence)
        if self.prune and pulled.done.missing:
            asked = PruneOptions(yes=self.yes, insist=self.insist, dry_run=self.dry_run)
            pulled.pruned = await pruned_of(self.shell, remote, plan, pulled.done, asked)

    async def end(self, report: Path | None, stopped: str | None = None) -> Ended:
        """Say how it went; `stopped`: why it went no further."""
        held = not self.dry_run and any(each.pruned.held for each in self.pulled)
        turned_away = any(each.tally.turned_away for each in self.pulled)
        ended = Ended.REFUSED if turned_away or held else Ended.WELL
        asked = ApiUsage() if self.zoho is None else await self.zoho.usage()
        if self.telling.results is not None:
            refused = "partial" if ended is Ended.REFUSED else "success"
            self.telling.results.end(
                status="stopped" if stopped else refused,
                **({"error": stopped} if stopped else {}),
                tenant_id=self.shell.settings.tenant,
                dry_run=self.dry_run,
                summary={state.value: sum(p.tally.counts[state] for p in self.pulled) for state in State},
                modules=[each.data() for each in self.pulled],
                left_out=[{"module": name, "why": error.told} for name, error in self.left_out.items()],
                released=self.telling.released(),
                asked=attrs.asdict(asked),
            )
            return ended
        read = [each for each in self.pulled if each.plan.module.name not in self.left_out]
        self.shell.show(
            *outcome_of(
                [(each.plan.module, each.tally) for each in self.pulled],
                dry_run=self.dry_run,
                report=report,
                nothing_new=None if stopped or not read else self._nothing_new(),
                beside=[said for each in self.pulled for said in beside_of(each, dry_run=self.dry_run)],
            )
        )
        if stopped and not self.dry_run:
            self._say_what_is_kept()
        if asked.calls:
            self.shell.say(told(asked))
        return ended

    def _nothing_new(self) -> str:
        """What is said where nothing came; of a module that is closed to us nobody knows."""
        return f"There is nothing new in {'the modules that were read' if self.left_out else 'Zoho'}."

    def _say_what_is_kept(self) -> None:
        """Say what a stopped pull has left in the store, if it has left anything."""
        if self.pulled and self.pulled[-1].has_place:
            self.shell.say("What came before is kept; with --resume the next pull goes on behind it.")
        elif any(each.tally.records for each in self.pulled):
            self.shell.say("What came before is kept.")
