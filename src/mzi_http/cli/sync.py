"""`mzi sync`: files of Zoho records into the store."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Annotated

import attrs
from cyclopts import Parameter

from mzi_adapters.files import FileProblem, Format, RecordPage, Source, open_source, read_pages
from mzi_core.errors import MziError
from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE
from mzi_core.use_cases import UseCases
from mzi_core.values import BatchResult, State, TenantId
from mzi_http.answers import result
from mzi_http.cli.progress import bar, so_far
from mzi_http.cli.report import JsonResults, Report, ReportLine, open_report, worth_telling
from mzi_http.cli.shell import AsJson, Ended, Given, Missing, Shell, Tenant, UsageError
from mzi_http.cli.tally import Tally, changes, counted, refusals, summed

STDIN = "-"


async def sync(
    module: str,
    /,
    *files: Annotated[str, Parameter(allow_leading_hyphen=True)],
    dry_run: bool = False,
    resume: bool = False,
    format: Format | None = None,
    page: Annotated[int | None, Parameter(show_default=False)] = None,
    report: Path | None = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Take records from files, page by page, and say what became of every one.

    A file is a JSON array, Zoho's `{"data": [...]}`, one record, one JSON object a line, or a CSV export.
    A record that is refused harms no other. A record whose parent is missing is parked, and taken by itself
    when the parent arrives, so the order of the files matters little.

    Parameters
    ----------
    module
        What the records are: students, payments, …, or Zoho's name. `mzi modules` lists them.
    files
        Where they are; `-` is standard input.
    dry_run
        Only show what would change.
    resume
        Pass over the records that an earlier sync of the same file had done when it was stopped.
    format
        How they are written; by the extension or the first line if not said.
    page
        How many records are taken in one transaction; the `page` of the settings if not said.
    report
        Write every record that was not UNCHANGED into this CSV file.
    """
    declared = CATALOGUE[module]
    _check(files, report, page)
    missing = Missing.EMPTY if dry_run else Missing.MAKE
    with ExitStack() as stack:
        intake = SyncCommand(
            shell=shell,
            module=declared,
            tenant=shell.tenant(tenant),
            format=format,
            page=page or shell.settings.page,
            dry_run=dry_run,
            resume=resume,
            report=None if report is None else stack.enter_context(open_report(str(report))),
            results=JsonResults(shell.line) if as_json else None,
        )
        try:
            async with shell.open(missing) as use_cases:
                for file in files:
                    await intake.take(use_cases, file)
        except Exception as error:
            intake.tell(report, stopped=str(error) if isinstance(error, MziError) else type(error).__name__)
            raise
        except asyncio.CancelledError:
            intake.tell(report, stopped=Ended.STOPPED.value)
            shell.say("Take the files again: what is stored will be UNCHANGED, and --resume passes over it.")
            raise
        return intake.tell(report)


def _check(files: Sequence[str], report: Path | None, page: int | None) -> None:
    """Refuse what can be seen to be wrong before anything is done."""
    if not files:
        raise UsageError("Name at least one file of records, or `-` for standard input.")
    if page is not None and page < 1:
        raise UsageError("--page must be at least 1.")
    for file in files:
        if file.startswith("-") and file != STDIN:
            raise UsageError(f"Unknown option {file}; `mzi sync --help` lists them.")
        if file != STDIN and not Path(file).exists():
            raise FileProblem(f"There is no file {file}.")
        if report is not None and report.exists() and file != STDIN and report.samefile(file):
            raise UsageError(f"--report {report} would overwrite the records themselves.")


@attrs.define(kw_only=True)
class SyncCommand:
    """One run of the command: what it was asked for, and a tally for each file so far."""

    shell: Shell
    module: AnyModule
    tenant: TenantId
    format: Format | None
    page: int
    dry_run: bool
    resume: bool
    report: Report | None
    results: JsonResults | None
    tallies: list[Tally] = attrs.field(factory=list)
    freed: list[dict[str, object]] = attrs.field(factory=list)

    async def take(self, use_cases: UseCases, file: str) -> None:
        """Take one file. Raises FileProblem, StoreUnavailable."""
        with open_source(file) as source, bar(self.shell) as progress:
            tally = Tally(source.name)
            self.tallies.append(tally)
            feed = _Feed(source, self)
            task = progress.add_task(source.name, total=source.size, counts="")
            begun = perf_counter()
            try:
                run = use_cases.bulk(
                    self.tenant,
                    self.module,
                    feed.pages(),
                    source=source.name,
                    dry_run=self.dry_run,
                    resume=self.resume,
                )
                async for done in run:
                    self._tell_of_page(feed.current, done.result, tally)
                    tally.seconds = perf_counter() - begun
                    progress.update(task, completed=source.taken, counts=so_far(tally))
            finally:
                tally.seconds = perf_counter() - begun

    def _tell_of_page(self, page: RecordPage, done: BatchResult, tally: Tally) -> None:
        before = done.outcomes[0].position
        if self.resume and not tally.records and before:
            self.shell.say(f"Passed over the first {before:,} of {tally.name}: done before.")
        tally.released += len(done.released)
        for freed in done.released:
            self._tell_of_freed(ReportLine(file=tally.name, line=None, outcome=freed))
        tally.count(done.outcomes)
        told = self.report is not None or self.results is not None
        for outcome in worth_telling(done.outcomes, new_ones=told):
            line = ReportLine.of(tally.name, page.item(outcome.position), outcome)
            tally.look_at(line)
            if self.report is not None:
                self.report.add(line)
            if self.results is not None:
                self.results.add(line)

    def _tell_of_freed(self, line: ReportLine) -> None:
        if self.report is not None:
            self.report.add(line)
        if self.results is not None:
            self.freed.append({**result(line.outcome), "module": line.outcome.module})

    def tell(self, report: Path | None, stopped: str | None = None) -> Ended:
        """Say how it went; `stopped`: why it went no further."""
        total = summed(self.tallies)
        ended = Ended.REFUSED if total.turned_away else Ended.WELL
        if self.results is not None:
            self.results.end(
                status="stopped" if stopped else "partial" if total.turned_away else "success",
                **({"error": stopped} if stopped else {}),
                tenant_id=self.tenant,
                module=self.module.name,
                dry_run=self.dry_run,
                summary={state.value: total.counts[state] for state in State},
                files=[tally.data() for tally in self.tallies],
                released=[{**each, "position": place} for place, each in enumerate(self.freed)],
            )
            return ended
        if not total.records:
            if not stopped:
                self.shell.show("There is no record in it.")
            return ended
        kept = "would become" if self.dry_run else "became"
        what = self.module.singular if total.records == 1 else self.module.name
        self.shell.show(f"What {kept} of {total.records:,} {what}:", "", counted(self.tallies, "file"))
        if self.dry_run:
            self.shell.show(*changes(self.tallies))
        self.shell.show(*refusals(self.tallies, None if report is None else str(report)))
        if self.dry_run:
            self.shell.show("", "This was a dry run: nothing was kept.")
        return ended


class _Feed:
    """The pages of a source as a sync takes them, and the one it is working on."""

    def __init__(self, source: Source, intake: SyncCommand) -> None:
        self._pages = read_pages(source, intake.module, intake.page, intake.format)
        self.current = RecordPage(0, (), ())

    async def pages(self) -> AsyncIterator[Sequence[object]]:
        """The records of each page in turn."""
        for page in self._pages:
            self.current = page
            yield page.records
