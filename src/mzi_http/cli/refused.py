"""Why records of files were refused: a summary by reason first, then an example of each."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from rich.console import RenderableType
from rich.text import Text

from mzi_adapters.files import Item
from mzi_core.values import Code, Reason
from mzi_http.cli.console_tables import key, number, plain, table
from mzi_http.cli.report import ReportLine, SummedReason
from mzi_http.cli.tally import place, why

_ROW = re.compile(r"\[[0-9]{1,9}\]")
_PATH = 200
_WITH_SLASHES = re.compile(r"\s*([0-9]{1,2})[/.-]([0-9]{1,2})[/.-][0-9]{4}")
_DAY_AT_MOST = 40
_MONTHS = 12


@attrs.define
class _Days:
    """How the days of a column seem to be written, where they are not written YYYY-MM-DD."""

    looked_at: int = 0
    alike: int = 0
    first_is_day: bool = False
    second_is_day: bool = False

    def look_at(self, value: object) -> None:
        self.looked_at += 1
        found = _WITH_SLASHES.match(value) if isinstance(value, str) and len(value) <= _DAY_AT_MOST else None
        if found:
            self.alike += 1
            self.first_is_day |= int(found[1]) > _MONTHS
            self.second_is_day |= int(found[2]) > _MONTHS

    def seem(self) -> Mapping[str, str]:
        """What the column may be, by the value of --dates that reads it so; nothing where it is mixed."""
        if not self.looked_at or self.alike < self.looked_at or (self.first_is_day and self.second_is_day):
            return {}
        ways = {"dmy": "DD/MM/YYYY", "mdy": "MM/DD/YYYY"}
        if self.first_is_day:
            del ways["mdy"]
        if self.second_is_day:
            del ways["dmy"]
        return ways


@attrs.define(kw_only=True)
class _Seen:
    """One reason in one field: how often, and the first record that has it."""

    code: Code
    path: str
    example: ReportLine
    is_table: bool
    records: int = 0
    days: _Days = attrs.field(factory=_Days)

    def data(self, of: int) -> dict[str, object]:
        """As JSON."""
        seems = self.days.seem()
        return {
            "code": self.code,
            "path": self.path,
            "records": self.records,
            "of": of,
            "example": self.example.data(),
            **(
                {"seems": list(seems.values()), "dates": list(seems) if self.is_table else []}
                if seems
                else {}
            ),
        }

    @property
    def field(self) -> str:
        """The field, by its path in a record."""
        return self.path.removeprefix("$.").removeprefix("$")

    @property
    def hint(self) -> str | None:
        """What the column seems to be, and what reads it so."""
        seems = self.days.seem()
        if not seems:
            return None
        reads = " or ".join(f"--dates {way}" for way in seems)
        read = f": {reads} reads it so" if self.is_table else ""
        return f"`{self.field}` seems to be written {' or '.join(seems.values())}{read}."


@attrs.define
class RefusalSummary:
    """The reasons of all files so far. What is held grows with the kinds of reason, not with the records."""

    records: int = 0
    _seen: dict[tuple[Code, str], _Seen] = attrs.field(factory=dict)

    def add(self, line: ReportLine, item: Item, *, is_table: bool) -> None:
        """Count the reasons of a record that was refused; `is_table`: it was a row of one."""
        self.records += 1
        kinds = {
            (reason.code, _ROW.sub("[]", reason.path[:_PATH])): reason for reason in line.outcome.reasons
        }
        for (code, path), reason in kinds.items():
            seen = self._seen.get((code, path))
            if seen is None:
                seen = self._seen[code, path] = _Seen(code=code, path=path, example=line, is_table=is_table)
            seen.records += 1
            if code is Code.DATE_INVALID:
                seen.days.look_at(_value(item.read(), reason))

    @property
    def _by_number(self) -> list[_Seen]:
        return sorted(self._seen.values(), key=lambda seen: -seen.records)

    def summed(self) -> Iterator[SummedReason]:
        """The reasons, the most frequent first."""
        for seen in self._by_number:
            yield SummedReason(
                code=seen.code, path=seen.path, records=seen.records, first=seen.example, hint=seen.hint
            )

    def data(self, of: int) -> list[dict[str, object]]:
        """As JSON; `of`: how many records there were in all."""
        return [seen.data(of) for seen in self._by_number]

    def shown(self, of: int, report: str | None) -> list[RenderableType]:
        """The summary, the examples, and where all of them are; one record alone is no example."""
        if not self._seen:
            return []
        what = "for example" if self.records > 1 else "why it was refused"
        summary = table(number("records"), number("of"), number("line"), key("field"), key("reason", ""))
        examples = table(number("record"), number("line"), key("Zoho id"), what)
        told: set[tuple[str, int]] = set()
        for seen in self._by_number:
            at, line = place(seen.example)
            summary.add_row(f"{seen.records:,}", f"{of:,}", line, plain(seen.field), seen.code)
            this = (seen.example.file, seen.example.outcome.position)
            if this not in told:
                told.add(this)
                zoho_id = plain(seen.example.outcome.key or "–")
                examples.add_row(at, line, zoho_id, why(seen.example.outcome))
        more = self.records - len(told)
        where = f"All are in {report}." if report else "--report FILE writes down every one."
        left = f"… and {more:,} more. {where}" if more else where if report else ""
        shown: list[RenderableType] = ["", summary] if self.records > 1 else []
        hints = [Text(plain(seen.hint)) for seen in self._by_number if seen.hint is not None]
        if hints:
            shown += ["", *hints]
        return [*shown, "", examples, *([Text(left, style="dim")] if left else [])]


def _value(record: object, reason: Reason) -> Any:
    """What stands in a field of a record itself; of rows nothing."""
    return record.get(reason.path.removeprefix("$.")) if isinstance(record, Mapping) else None
