"""`mzi sync`: files of Zoho records into the store."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, aclosing, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Annotated

import attrs
from cyclopts import Parameter

from mzi_adapters.files import (
    DateOrder,
    FileProblem,
    Format,
    RecordPage,
    RecordPages,
    Source,
    Ways,
    open_records,
    open_source,
)
from mzi_core.errors import MziError
from mzi_core.module import AnyModule
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.batches import overlay_of
from mzi_core.use_cases.deletions import Seen
from mzi_core.values import BatchResult, Code, Outcome, Outcomes, State, TenantId
from mzi_http.answers import result
from mzi_http.cli.progress import bar, so_far
from mzi_http.cli.refused import RefusalSummary
from mzi_http.cli.report import JsonResults, Report, ReportLine, open_report, worth_telling
from mzi_http.cli.shell import AsJson, Ended, Given, Missing, Shell, Tenant, UsageError
from mzi_http.cli.tally import Tally, changes, counted, summed
from mzi_http.cli.zoho_modules import of_zoho
from mzi_http.converters import offset_from_utc

STDIN = "-"

REMEMBERED = 200_000
"""Ids of a file that are remembered, to see one that stands in it twice."""


async def sync(
    module: str,
    /,
    *files: str,
    dry_run: bool = False,
    resume: bool = False,
    format: Format | None = None,
    dates: DateOrder | None = None,
    offset: str | None = None,
    label: Annotated[Sequence[str], Parameter(negative=())] = (),
    absent_means_empty: Annotated[bool, Parameter(negative=())] = False,
    page: Annotated[int | None, Parameter(show_default=False)] = None,
    report: Path | None = None,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Take records from files, page by page, and say what became of every one.

    A file is a JSON array, Zoho's `{"data": [...]}`, one record, one JSON object a line, a CSV export or a
    workbook. A field for which such a table has no column stays as it is stored.
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
    dates
        In which order a table writes its days: `dmy` for 31/12/2026, `mdy` for 12/31/2026.
    offset
        The offset from UTC of moments in a table that say none; the `offset` of the settings if not said.
    label
        What a column of a table is, as LABEL=API_NAME; `id` for the ids. May be given again.
    absent_means_empty
        Empty the fields for which a table has no column.
    page
        How many records are taken in one transaction; the `page` of the settings if not said.
    report
        Write every record that was not UNCHANGED into this CSV file.
    """
    declared = of_zoho(module, "mzi sync")
    _check(files, report, page)
    missing = Missing.EMPTY if dry_run else Missing.MAKE
    with ExitStack() as stack:
        intake = SyncCommand(
            shell=shell,
            module=declared,
            tenant=shell.tenant(tenant),
            format=format,
            ways=Ways(
                dates=dates,
                offset=shell.settings.offset if offset is None else _offset(offset),
                labels=_labels(label),
                absent_is_empty=absent_means_empty,
            ),
            page=page or shell.settings.page,
            dry_run=dry_run,
            resume=resume,
            report=None if report is None else stack.enter_context(open_report(str(report))),
            results=JsonResults(shell.line) if as_json else None,
        )
        try:
            intake.look_at(files, stack)
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
        if file != STDIN and not Path(file).exists():
            raise FileProblem(f"There is no file {file}.")
        if report is not None and report.exists() and file != STDIN and report.samefile(file):
            raise UsageError(f"--report {report} would overwrite the records themselves.")


def _lasting_name(file: str) -> tuple[str, bool]:
    """One name for a file, by whichever path it is named; and whether all it can be is this one stream."""
    if file == STDIN:
        return "standard input", False
    if Path(file).is_file():
        return os.path.realpath(file), True
    return str(Path(file).absolute()), False


def _offset(said: str) -> str:
    try:
        return offset_from_utc(said)
    except ValueError as error:
        raise UsageError(f"--offset {error}") from None


def _labels(said: Sequence[str]) -> dict[str, str]:
    labels = {}
    for each in said:
        title, given, name = each.rpartition("=")
        if not given or not title.strip() or not name.strip():
            raise UsageError("--label must be LABEL=API_NAME, such as 'City of birth=City'.")
        labels[title.strip()] = name.strip()
    return labels


@attrs.define(kw_only=True)
class SyncCommand:
    """One run of the command: what it was asked for, and a tally for each file so far."""

    shell: Shell
    module: AnyModule
    tenant: TenantId
    format: Format | None
    ways: Ways
    page: int
    dry_run: bool
    resume: bool
    report: Report | None
    results: JsonResults | None
    tallies: list[Tally] = attrs.field(factory=list)
    freed: list[dict[str, object]] = attrs.field(factory=list)
    refused: RefusalSummary = attrs.field(factory=RefusalSummary)
    begun: dict[str, tuple[Source, RecordPages]] = attrs.field(factory=dict)
    seen: Seen = attrs.field(factory=Seen)
    is_table: bool = False
    without: dict[str, str] = attrs.field(factory=dict)
    """The required fields for which the table has no column: their Zoho names by their paths."""

    def look_at(self, files: Sequence[str], stack: ExitStack) -> None:
        """Begin to read each file, before there is a store: one that is refused leaves nothing behind.

        What can be read only once stays open until it is taken. Raises FileProblem.
        """
        for file in files:
            if file != STDIN and Path(file).is_file():
                with open_source(file) as source:
                    self._records(source)
            elif file not in self.begun:
                source = stack.enter_context(open_source(file))
                self.begun[file] = source, self._records(source)

    def _records(self, source: Source) -> RecordPages:
        return open_records(source, self.module, self.page, self.format, self.ways)

    @contextmanager
    def _opened(self, file: str) -> Iterator[tuple[Source, RecordPages]]:
        if file in self.begun:
            yield self.begun.pop(file)
        else:
            with open_source(file) as source:
                yield source, self._records(source)

    async def _untold(self, use_cases: UseCases, records: RecordPages, tally: Tally) -> frozenset[str]:
        """The fields that the source does not tell; what there is to say about its columns first is said."""
        if records.header is None:
            if self.ways.dates or self.ways.labels or self.ways.absent_is_empty:
                note = "It is no table, so --dates, --label and --absent-means-empty say nothing about it."
                self._note(note, tally)
            return frozenset()
        settings = await use_cases.read_settings(self.tenant)
        untold = records.header.untold(overlay_of(settings, self.module))
        for note in records.header.notes:
            self._note(note, tally)
        self.without = {f"$.{field.names[0]}": field.names[0] for field in records.header.required(untold)}
        if self.without:
            note = (
                f"It has no column for {' and '.join(f'`{name}`' for name in self.without.values())}, and no "
                "record can do without it: stored records keep it as it is, new ones are refused."
            )
            self._note(note, tally)
        return untold

    def _note(self, note: str, tally: Tally) -> None:
        tally.notes.append(note)
        self.shell.say(f"{tally.name}: {note}")

    async def take(self, use_cases: UseCases, file: str) -> None:
        """Take one file. Raises FileProblem, StoreUnavailable."""
        with self._opened(file) as (source, records), bar(self.shell) as progress:
            tally = Tally(source.name)
            self.tallies.append(tally)
            self.seen = Seen()
            self.is_table, self.without = records.header is not None, {}
            untold = await self._untold(use_cases, records, tally)
            feed = _Feed(records.pages)
            task = progress.add_task(source.name, total=source.size, counts="")
            begun = perf_counter()
            lasting, alone = _lasting_name(file)
            try:
                run = use_cases.bulk(
                    self.tenant,
                    self.module,
                    feed.pages(),
                    source=lasting,
                    dry_run=self.dry_run,
                    resume=self.resume,
                    untold=untold,
                    alone=alone,
                )
                async with aclosing(run):
                    async for done in run:
                        self._tell_of_page(feed.current, done.result, tally)
                        tally.seconds = perf_counter() - begun
                        progress.update(task, completed=source.taken, counts=so_far(tally))
                if records.header is not None and tally.knew_some:
                    left = records.header.left_as_stored(untold)
                    if left is not None:
                        self._note(left, tally)
            finally:
                tally.seconds = perf_counter() - begun

    def _tell_of_page(self, page: RecordPage, done: BatchResult, tally: Tally) -> None:
        before = done.outcomes[0].position
        if self.resume and not tally.records:
            self.shell.say(
                f"Passed over the first {before:,} of {tally.name}: done before."
                if before
                else f"{tally.name} is taken from its beginning: no sync of it was stopped."
            )
        tally.released += len(done.released)
        for freed in done.released:
            self._tell_of_freed(ReportLine(file=tally.name, line=None, outcome=freed))
        tally.count(done.outcomes)
        told = self.report is not None or self.results is not None
        for outcome in worth_telling(done.outcomes, new_ones=told):
            item = page.item(outcome.position)
            line = ReportLine.of(tally.name, item, self._with_its_column(outcome))
            tally.look_at(line)
            if not outcome.state.accepted:
                self.refused.add(line, item, is_table=self.is_table)
            elif outcome.state is State.UPDATED:
                self._tell_of_a_twin(line, done.outcomes, tally)
            if self.report is not None:
                self.report.add(line)
            if self.results is not None:
                self.results.add(line.data())
        if len(self.seen) < REMEMBERED:
            self.seen.add(filter(None, done.outcomes.ids))

    def _with_its_column(self, outcome: Outcome) -> Outcome:
        """The outcome, which names a column that the whole table lacks where a record needs it."""
        if not self.without or outcome.state.accepted:
            return outcome
        reasons = tuple(
            attrs.evolve(
                reason,
                message=f"`{self.without[reason.path]}` is missing: the file has no column for it, and a new "
                f"record cannot do without it.",
            )
            if reason.code is Code.REQUIRED and reason.path in self.without
            else reason
            for reason in outcome.reasons
        )
        return attrs.evolve(outcome, reasons=reasons)

    def _tell_of_a_twin(self, line: ReportLine, page: Outcomes, tally: Tally) -> None:
        """Say so where a record changed what only one may have, and stands in the file a second time."""
        outcome = line.outcome
        changed = [name for name in outcome.changed_fields if name in self.module.unique_names]
        before = page.ids[: outcome.position - page.first]
        if changed and (outcome.key in self.seen or outcome.key in before):
            self._note(
                f"Line {line.line}: {outcome.key} stands in the file twice, with another `{changed[0]}` "
                "each time; one of them may be somebody else's. The later one counts.",
                tally,
            )

    def _tell_of_freed(self, line: ReportLine) -> None:
        if self.report is not None:
            self.report.add(line)
        if self.results is not None:
            self.freed.append({**result(line.outcome), "module": line.outcome.module})

    def tell(self, report: Path | None, stopped: str | None = None) -> Ended:
        """Say how it went; `stopped`: why it went no further."""
        total = summed(self.tallies)
        ended = Ended.REFUSED if total.turned_away else Ended.WELL
        if self.report is not None:
            self.report.sum_up(self.module.name, total.counts, self.refused.summed())
        if self.results is not None:
            self.results.end(
                status="stopped" if stopped else "partial" if total.turned_away else "success",
                **({"error": stopped} if stopped else {}),
                tenant_id=self.tenant,
                module=self.module.name,
                dry_run=self.dry_run,
                summary={state.value: total.counts[state] for state in State},
                refused=self.refused.data(total.records),
                files=[tally.data() for tally in self.tallies],
                released=[{**each, "position": place} for place, each in enumerate(self.freed)],
            )
            return ended
        if not total.records:
            if not stopped:
                which = " that was not done before" if self.resume else ""
                self.shell.show(f"There is no record in it{which}.")
            return ended
        kept = "would become" if self.dry_run else "became"
        what = self.module.singular if total.records == 1 else self.module.name
        self.shell.show(f"What {kept} of {total.records:,} {what}:", "", counted(self.tallies, "file"))
        if self.dry_run:
            self.shell.show(*changes(self.tallies))
        self.shell.show(*self.refused.shown(total.records, None if report is None else str(report)))
        if self.dry_run:
            self.shell.show("", "This was a dry run: nothing was kept.")
        return ended


class _Feed:
    """The pages of a source as a sync takes them, and the one it is working on."""

    def __init__(self, pages: Iterator[RecordPage]) -> None:
        self._pages = pages
        self.current = RecordPage(0, (), ())

    async def pages(self) -> AsyncIterator[Sequence[object]]:
        """The records of each page in turn."""
        for page in self._pages:
            self.current = page
            yield page.records
