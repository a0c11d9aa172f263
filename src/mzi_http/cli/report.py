"""What a sync says about single records: a CSV report for people, one JSON document for programs."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Self

import attrs

from mzi_adapters import private
from mzi_adapters.files import FileProblem, Item
from mzi_core.ports import Unreadable
from mzi_core.values import Code, Outcome, Outcomes, State
from mzi_http.answers import result
from mzi_http.cli.console_tables import plain

_COLUMNS = (
    *("file", "record", "line", "module", "zoho_id", "state", "parked"),
    *("changed_fields", "codes", "paths", "messages"),
)
SUMMARY = "(summary)"
"""Stands for the name of a file in the rows that sum up a report, which come last."""

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""A spreadsheet takes a cell that begins so for a formula, and a formula can send data away."""


@attrs.frozen(kw_only=True)
class ReportLine:
    """One record's outcome, and where in which file the record stands.

    `line` None: it stood in no file, but was parked, and set free by a record of this one.
    """

    file: str
    line: int | None
    outcome: Outcome

    @classmethod
    def of(cls, file: str, item: Item, outcome: Outcome) -> Self:
        """The outcome of `item`; for what could not be read as a record, with the reason of that."""
        record = None if outcome.state.accepted or outcome.key else item.read()
        if isinstance(record, Unreadable):
            outcome = attrs.evolve(outcome, reasons=(record.reason(f"Line {item.line}"),))
        return cls(file=file, line=item.line, outcome=outcome)

    def data(self) -> dict[str, object]:
        """As JSON: what the service answers about a record, and its place."""
        return {"file": self.file, "line": self.line, **result(self.outcome)}


@attrs.frozen(kw_only=True)
class SummedReason:
    """One reason for which records were refused: how many, the first of them, and what may help."""

    code: Code
    path: str
    records: int
    first: ReportLine
    hint: str | None


def cell(value: object) -> str:
    """Text that no spreadsheet runs, and all of whose characters can be seen."""
    text = plain(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


@attrs.define
class Report:
    """A CSV file with a row for every record that was not UNCHANGED, and the summary below."""

    _stream: IO[str]

    def __attrs_post_init__(self) -> None:
        """The heading."""
        csv.writer(self._stream).writerow(_COLUMNS)

    def add(self, line: ReportLine) -> None:
        """Write one row."""
        outcome = line.outcome
        csv.writer(self._stream).writerow(
            map(
                cell,
                (
                    line.file,
                    "" if line.line is None else outcome.position + 1,
                    "" if line.line is None else line.line,
                    outcome.module,
                    outcome.key or "",
                    outcome.state,
                    "yes" if outcome.parked else "",
                    " ".join(outcome.changed_fields),
                    " ".join(reason.code for reason in outcome.reasons),
                    " ".join(reason.path for reason in outcome.reasons),
                    " ".join(reason.message for reason in outcome.reasons),
                ),
            )
        )

    def sum_up(self, module: str, counts: Mapping[State, int], reasons: Iterable[SummedReason]) -> None:
        """Write a row for each state that occurred, and one for each reason why records were refused."""
        of = sum(counts.values())
        for state in (state for state in State if counts[state]):
            row = (SUMMARY, "", "", module, "", state, *[""] * 4, f"{counts[state]:,} of {of:,} records.")
            csv.writer(self._stream).writerow(map(cell, row))
        for each in reasons:
            said = f"{each.records:,} of {of:,} records; this is the first."
            outcome, line = each.first.outcome, each.first.line
            first = (str(outcome.position + 1), "" if line is None else str(line))
            row = (
                SUMMARY,
                *first,
                module,
                outcome.key or "",
                outcome.state,
                "",
                "",
                each.code,
                each.path,
            )
            told = said if each.hint is None else f"{said} {each.hint}"
            csv.writer(self._stream).writerow(map(cell, (*row, told)))


@contextmanager
def open_report(path: str) -> Iterator[Report]:
    """A report in a new file, with the mark by which spreadsheets know UTF-8; only its owner can read it.

    Raises FileProblem.
    """
    try:
        stream = open(  # noqa: SIM115  # its errors are told apart
            path, "w", encoding="utf-8-sig", errors="backslashreplace", newline="", opener=private.opener
        )
    except OSError as error:
        raise FileProblem(f"The report {path} cannot be written: {error.strerror or error}.") from error
    with stream:
        yield Report(stream)


@attrs.define
class JsonResults:
    """One JSON document, written while the work goes on: however many results, none is kept.

    `name`: that of the member that has them.
    """

    _write: Callable[[str], None]
    _name: str = "results"
    _before: str = ""

    def __attrs_post_init__(self) -> None:
        """The beginning."""
        self._write(f"{{{json.dumps(self._name)}: [")

    def add(self, result: Mapping[str, object]) -> None:
        """Write one result."""
        self._write(f"{self._before}{json.dumps(result, ensure_ascii=False)}")
        self._before = ","

    def end(self, **rest: object) -> None:
        """The other members, and the end."""
        members = (
            f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in rest.items()
        )
        self._write("],\n" + ",\n".join(members) + "}")


def worth_telling(outcomes: Outcomes, *, new_ones: bool) -> Iterator[Outcome]:
    """The outcomes of which something happened: UNCHANGED records are only counted, NEW ones if wanted."""
    return (
        outcomes.other_than(State.UNCHANGED) if new_ones else outcomes.other_than(State.UNCHANGED, State.NEW)
    )
