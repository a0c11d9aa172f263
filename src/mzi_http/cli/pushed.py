"""What `mzi push` says of the records it was about."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never

import attrs
from rich.console import RenderableType
from rich.text import Text

from mzi_core.module import AnyModule
from mzi_core.ports import Applied, Rejected, Unknown
from mzi_core.provisioning import Action, described
from mzi_core.use_cases.carry_out import PushResult
from mzi_core.use_cases.push import PagePushed
from mzi_http.cli.console_tables import count, key, moment, number, plain, table

SHOWN = 10
"""How many changes, and how many records that need somebody's hand, are shown; `--json` has all of them."""


class WriteStatus(StrEnum):
    """What became of a record that was sent, in the word for it on the screen and in JSON."""

    WRITTEN = "written"
    REFUSED = "refused"
    UNSURE = "unsure"


def _status(pushed: PushResult) -> WriteStatus | None:
    """None where nothing was sent."""
    match pushed.result:
        case None:
            return None
        case Applied():
            return WriteStatus.WRITTEN
        case Rejected():
            return WriteStatus.REFUSED
        case Unknown():
            return WriteStatus.UNSURE
    assert_never(pushed.result)


_STYLES = {
    Action.CREATE: "green",
    Action.CHANGE: "cyan",
    Action.LINK: "cyan",
    Action.NOTHING: "dim",
    Action.CONFLICT: "yellow",
    Action.CANNOT: "red",
    WriteStatus.WRITTEN: "green",
    WriteStatus.REFUSED: "bold red",
    WriteStatus.UNSURE: "yellow",
}


@attrs.define(kw_only=True)
class Beside:
    """Records that need nobody's hand, and of which the same is to be known; `example` is one of them."""

    example: str
    records: int = 0


_MOST_BESIDE = 1_000
"""Sentences that are counted; one more is not, however strange the records are."""


@attrs.define(kw_only=True)
class Sent:
    """What was sent, or would be, to one service: counts, and the first few records worth a look.

    `every`: all records about which there is something to say, for those who want them.
    """

    target: str
    every: list[PushResult] | None = None
    counts: Counter[Action | WriteStatus] = attrs.field(factory=Counter)
    records: int = 0
    changed: list[PushResult] = attrs.field(factory=list)
    apart: list[PushResult] = attrs.field(factory=list)
    disagree: int = 0
    """How many records are left alone though both sides differ; `apart` has the first of them."""

    unwell: list[PushResult] = attrs.field(factory=list)
    turned_away: int = 0
    beside: dict[str, Beside] = attrs.field(factory=dict)

    @property
    def writes(self) -> int:
        """How many records are written, or would be."""
        return sum(self.counts[act] for act in Action if act.writes)

    def add(self, page: PagePushed) -> None:
        """Count a page."""
        for pushed in page.results:
            self.records += 1
            self.counts[pushed.step.act] += 1
            if (status := _status(pushed)) is not None:
                self.counts[status] += 1
            shown = self.changed if pushed.step.act.agrees else self.apart
            self.disagree += bool(pushed.step.changes) and not pushed.step.act.agrees
            if pushed.step.changes and len(shown) < SHOWN:
                shown.append(pushed)
            why = pushed.step.why
            if pushed.well and why and (why in self.beside or len(self.beside) < _MOST_BESIDE):
                self.beside.setdefault(why, Beside(example=pushed.step.zoho_id)).records += 1
            if not pushed.well:
                self.turned_away += 1
                if len(self.unwell) < SHOWN:
                    self.unwell.append(pushed)
            if self.every is not None and (pushed.step.act is not Action.NOTHING or pushed.step.why):
                self.every.append(pushed)


def shown(module: AnyModule, sent: Sent, *, dry_run: bool) -> Iterator[RenderableType]:
    """A table of counts, what changes, and what needs somebody's hand."""
    target = sent.target.capitalize()
    if not sent.records:
        yield f"There are no {module.name} in the store."
        return
    became = "would become" if dry_run else "became"
    what = module.singular if sent.records == 1 else module.name
    yield f"What {became} of {sent.records:,} {what} in {target}:"
    yield ""
    columns = [each for each in (*Action, *WriteStatus) if sent.counts[each]]
    counts = table(number("records"), *(number(each.value, _STYLES[each]) for each in columns))
    counts.add_row(count(sent.records), *(count(sent.counts[each]) for each in columns))
    yield counts
    if dry_run:
        yield from _changes(sent.changed, sent.writes)
    yield from _changes(sent.apart, sent.disagree)
    yield from _open(sent)
    yield from _worth_knowing(sent)


def _changes(records: Sequence[PushResult], of: int) -> Iterator[RenderableType]:
    """The first records that would be written: a new one in one line, others field by field."""
    if not records:
        return
    rows = table(key("Zoho id"), "", key("field", ""), "before", "after")
    for pushed in records:
        step = pushed.step
        if step.act is Action.CREATE:
            new = (said(change.after) for change in step.changes if change.after is not None)
            rows.add_row(step.zoho_id, step.act, "", "", ", ".join(dict.fromkeys(new)))
            continue
        for place, change in enumerate(step.changes):
            first = (step.zoho_id, step.act) if place == 0 else ("", "")
            rows.add_row(*first, change.field, said(change.before), said(change.after))
    yield ""
    yield rows
    yield from _more(of - len(records))


def _open(sent: Sent) -> Iterator[RenderableType]:
    """The first records that need somebody's hand, and why."""
    if not sent.unwell:
        return
    rows = table(key("Zoho id"), "", "why")
    for pushed in sent.unwell:
        what = _status(pushed) or pushed.step.act
        rows.add_row(pushed.step.zoho_id, Text(what, style=_STYLES[what]), plain(pushed.why))
    yield ""
    yield rows
    yield from _more(sent.turned_away - len(sent.unwell))


def _worth_knowing(sent: Sent) -> Iterator[RenderableType]:
    """What is to be known of records that need nobody's hand, such as that an account is suspended."""
    if not sent.beside:
        return
    rows = table(number("records"), key("for example", ""), "worth knowing")
    most = sorted(sent.beside.items(), key=lambda each: -each[1].records)
    for why, beside in most[:SHOWN]:
        rows.add_row(count(beside.records), plain(beside.example), plain(why))
    yield ""
    yield rows
    yield from _more(sum(beside.records for _, beside in most[SHOWN:]))


def _more(count: int) -> Iterator[RenderableType]:
    if count:
        yield Text(f"… and {count:,} more; --json has all.", style="dim")


def said(value: object) -> str:
    """A value as a table shows it: rows by their number, and a dash for nothing."""
    if value is None or value == "":
        return "–"
    if isinstance(value, datetime):
        return moment(value)
    return f"{len(value)} rows" if isinstance(value, tuple) else plain(value)


def data_of(sent: Sent) -> dict[str, object]:
    """As JSON."""
    return {
        "to": sent.target,
        "records": sent.records,
        "planned": {act.value: sent.counts[act] for act in Action},
        "done": {status.value: sent.counts[status] for status in WriteStatus},
        "results": [_result(pushed) for pushed in sent.every or ()],
    }


def _result(pushed: PushResult) -> dict[str, object]:
    planned, status = described(pushed.step), _status(pushed)
    return {
        **planned,
        "counterpart": planned["counterpart"] if pushed.created is None else str(pushed.created),
        "result": None if status is None else status.value,
        "message": pushed.why,
    }
