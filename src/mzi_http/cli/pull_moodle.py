"""`mzi pull` of users, courses, enrolments and marks of Moodle."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import assert_never

import attrs

from mzi_core.errors import MziError
from mzi_core.module import AnyModule
from mzi_core.use_cases.bulk import closing
from mzi_core.use_cases.pull import PruneDone
from mzi_core.use_cases.pull_moodle import LISTED, MoodlePullDone, MoodlePullPlan
from mzi_core.use_cases.remote import RemoteUseCases
from mzi_core.use_cases.sync_runs import PageDone
from mzi_core.values import MoodleId, State
from mzi_http.answers import moment as instant
from mzi_http.cli.progress import bar, so_far
from mzi_http.cli.pulled import PageTelling, PruneOptions, outcome_of, pruned_of, told_of_missing
from mzi_http.cli.report import JsonResults, open_report
from mzi_http.cli.shell import Ended, Missing, Shell, UsageError
from mzi_http.cli.tally import Tally
from mzi_http.gateways import need

SHOWN = 10
"""Courses and assignments that were left out and are named; `--json` has all of them."""


@attrs.frozen(kw_only=True)
class MoodlePullOptions:
    """What the command line asked of a pull from Moodle."""

    courses: Sequence[int]
    since: datetime | None
    resume: bool
    dry_run: bool
    prune: PruneOptions | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse what can be no course."""
        if wrong := [course for course in self.courses if course < 1]:
            raise UsageError(f"--course {wrong[0]} is no course: say its id in Moodle, such as 1001.")


async def pull_moodle(
    shell: Shell, module: AnyModule, asked: MoodlePullOptions, *, report: Path | None, as_json: bool
) -> Ended:
    """Read one kind of record, page by page, and say what became of every one."""
    if asked.prune is not None and module.name not in LISTED:
        raise UsageError(
            f"--prune is for {' and '.join(LISTED)}, of which Moodle lists all that there are: leave it out."
        )
    need("Moodle", shell.settings.moodle)  # before a store is made for nothing
    with ExitStack() as stack:
        draw = MoodleDraw(
            shell=shell,
            module=module,
            asked=asked,
            telling=PageTelling(
                report=None if report is None else stack.enter_context(open_report(str(report))),
                results=JsonResults(shell.line) if as_json else None,
            ),
        )
        try:
            async with shell.open(Missing.EMPTY if asked.dry_run else Missing.MAKE) as use_cases:
                await draw.take(use_cases.remote)
        except Exception as error:
            draw.end(report, stopped=str(error) if isinstance(error, MziError) else type(error).__name__)
            raise
        except asyncio.CancelledError:
            draw.end(report, stopped=Ended.STOPPED.value)
            raise
        return draw.end(report)


@attrs.define(kw_only=True)
class MoodleDraw:
    """One run of the command: what it was asked for, and what came so far."""

    shell: Shell
    module: AnyModule
    asked: MoodlePullOptions
    telling: PageTelling
    plan: MoodlePullPlan | None = None
    done: MoodlePullDone = attrs.field(factory=lambda: MoodlePullDone(came=0))
    pruned: PruneDone = attrs.field(factory=PruneDone)
    tally: Tally = attrs.field(init=False)

    @tally.default
    def _of_the_module(self) -> Tally:
        return Tally(self.module.name)

    async def take(self, remote: RemoteUseCases) -> None:
        """Pull. Raises GatewayError, StoreError, CannotBePulled."""
        asked, name = self.asked, self.module.name
        self.plan = plan = await remote.pull_moodle.plan(
            self.shell.settings.tenant,
            self.module,
            courses=[MoodleId(course) for course in asked.courses],
            since=asked.since,
            resume=asked.resume,
        )
        if asked.resume and plan.resumed is None:
            self.shell.say(f"{name}: no pull was stopped on the way, so there is nothing to go on with.")
        begun = perf_counter()
        stream = remote.pull_moodle(plan, dry_run=asked.dry_run)
        with bar(self.shell) as progress:
            task = progress.add_task(name, total=None, counts="")
            async with closing(stream):
                async for done in stream:
                    self.tally.seconds = perf_counter() - begun
                    match done:
                        case PageDone():
                            self.telling.page(done, self.module, self.tally)
                        case MoodlePullDone():
                            self.done = done
                        case _:
                            assert_never(done)
                    progress.update(task, completed=self.tally.records, counts=so_far(self.tally))
        if asked.prune is not None and self.done.missing:
            self.pruned = await pruned_of(self.shell, remote, plan, self.done, asked.prune)

    def end(self, report: Path | None, stopped: str | None = None) -> Ended:
        """Say how it went; `stopped`: why it went no further."""
        held = self.pruned.held and not self.asked.dry_run
        ended = Ended.REFUSED if self.tally.turned_away or held else Ended.WELL
        if self.telling.results is not None:
            refused = "partial" if ended is Ended.REFUSED else "success"
            since = self.asked.since
            self.telling.results.end(
                status="stopped" if stopped else refused,
                **({"error": stopped} if stopped else {}),
                tenant_id=self.shell.settings.tenant,
                dry_run=self.asked.dry_run,
                module=self.module.name,
                courses=sorted(set(self.asked.courses)),
                since=None if since is None else instant(since),
                resumed_after=self._resumed,
                summary={state.value: self.tally.counts[state] for state in State},
                parked=self.tally.parked,
                missing=list(self.done.missing),
                pruned=self.pruned.marked,
                held=list(self.pruned.held),
                left_out=[{"what": what, "why": why} for what, why in self.done.left_out.items()],
                released=self.telling.released(),
                seconds=round(self.tally.seconds, 3),
            )
            return ended
        self.shell.show(
            *outcome_of(
                [(self.module, self.tally)],
                dry_run=self.asked.dry_run,
                report=report,
                nothing_new=None if stopped else f"Nothing of the {self.module.name} came from Moodle.",
                beside=self._beside(),
            )
        )
        if stopped and not self.asked.dry_run and (self.tally.records or self._resumed):
            self.shell.say("What came before is kept; with --resume the next pull goes on behind it.")
        return ended

    @property
    def _resumed(self) -> str | None:
        """The id behind which it went on, if it went on with another pull."""
        return None if self.plan is None or self.plan.resumed is None else self.plan.resumed.bookmark

    def _beside(self) -> list[str]:
        """What is missing, and what was left out."""
        gone = told_of_missing(self.module, self.done, self.pruned, dry_run=self.asked.dry_run)
        said = [f"{what.capitalize()} is left out. {why}" for what, why in self.done.left_out.items()]
        if more := len(said[SHOWN:]):
            said = [*said[:SHOWN], f"… and {more:,} more are left out; --json has all."]
        return [*gone, *said]
