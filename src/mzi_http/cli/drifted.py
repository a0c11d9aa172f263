"""What `mzi drift` says of the pairs it has read."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import attrs
from rich.console import RenderableType
from rich.text import Text

from mzi_core.errors import MziError
from mzi_core.flows.drift import Outlook, PairDrift
from mzi_core.provisioning import in_json
from mzi_core.use_cases.drift import DriftPage
from mzi_http.cli.console_tables import count, identifier, key, number, plain, table
from mzi_http.cli.pushed import said
from mzi_http.cli.report import JsonResults
from mzi_http.cli.shell import Ended, Shell

STYLES: Mapping[Outlook, str] = {
    Outlook.AGREES: "dim",
    Outlook.CREATE: "green",
    Outlook.CHANGE: "cyan",
    Outlook.SUSPEND: "yellow",
    Outlook.ACTIVATE: "cyan",
    Outlook.TELL: "cyan",
    Outlook.WAIT: "",
    Outlook.LEAVE: "dim",
    Outlook.ASK: "yellow",
    Outlook.CANNOT: "red",
}

LONGEST = 80
"""Characters of a value that a table shows, such as of a teacher's feedback; JSON has all of them."""


@attrs.frozen
class ListedPair:
    """A pair with the name of its flow."""

    flow: str
    pair: PairDrift


@attrs.define(kw_only=True)
class Drifted:
    """The pairs so far: counts, and the first of those that do not agree.

    `results`: where all of these go at once, for who wants JSON.
    """

    shell: Shell
    limit: int
    results: JsonResults | None
    counts: dict[str, Counter[Outlook]] = attrs.field(factory=dict)
    stopped: dict[str, MziError] = attrs.field(factory=dict)
    differing: list[ListedPair] = attrs.field(factory=list)
    others: list[ListedPair] = attrs.field(factory=list)
    """What waits or is left as it is, shown where there is room."""

    def pairs_of(self, flow: str) -> int:
        """How many pairs of a flow were read."""
        return self.counts[flow].total()

    def add(self, page: DriftPage) -> None:
        """Count a page."""
        flow = page.flow.name
        counts = self.counts.setdefault(flow, Counter())
        if page.error is not None:
            self.stopped[flow] = page.error
        for pair in page.pairs:
            counts[pair.outlook] += 1
            if pair.outlook is Outlook.AGREES:
                continue
            if self.results is not None:
                self.results.add(_data(flow, pair))
                continue
            shown = self.differing if pair.outlook.differs else self.others
            if len(shown) < self.limit:
                shown.append(ListedPair(flow, pair))

    @property
    def ended(self) -> Ended:
        """What the command has to say by its exit code."""
        if self.stopped:
            return Ended.NO_REMOTE
        return Ended.REFUSED if self._number(differs=True) else Ended.WELL

    def _number(self, *, differs: bool) -> int:
        """How many pairs differ; or, of those that do not agree, how many do not."""
        wanted = [each for each in Outlook if each.differs is differs and each is not Outlook.AGREES]
        return sum(counts[each] for counts in self.counts.values() for each in wanted)

    def tell(self, stopped: str | None = None) -> Ended:
        """Say what was found; `stopped`: why nothing more was read of any flow."""
        if self.results is not None:
            self.results.end(
                flows={
                    flow: {each.value: counts[each] for each in Outlook}
                    for flow, counts in self.counts.items()
                },
                stopped={flow: error.told for flow, error in self.stopped.items()},
                **({} if stopped is None else {"error": stopped}),
            )
        else:
            self.shell.show(*self._told(whole=stopped is None))
        return self.ended

    def _told(self, *, whole: bool) -> Iterator[RenderableType]:
        if any(counts.total() for counts in self.counts.values()):
            yield self._counted()
        elif whole and not self.stopped:
            yield "There are no pairs in the store; `mzi pull` brings the records."
        pairs = [*self.differing, *self.others][: self.limit]
        yield from _fields(pairs)
        yield from _reasons(pairs)
        more = self._number(differs=True) + self._number(differs=False) - len(pairs)
        if more:
            yield Text(f"… and {more:,} more; --limit shows more, --json has all.", style="dim")
        for flow, error in self.stopped.items():
            yield Text(plain(f"{flow} was not read to its end. {error.told}"), style="yellow")

    def _counted(self) -> RenderableType:
        """A column for each flow: there are fewer of them than of what may become of a pair."""
        shown = table(key("", ""), *map(number, self.counts))
        for each in Outlook:
            numbers = [counts[each] for counts in self.counts.values()]
            if any(numbers):
                shown.add_row(Text(each.value, style=STYLES[each]), *map(count, numbers))
        return shown


def _name(shown: ListedPair) -> Text:
    """What a pair is called, and under it what would become of it."""
    outlook = shown.pair.outlook
    style = f"not bold {STYLES[outlook]}".rstrip()
    return Text.assemble(plain(shown.pair.key), "\n", (f"{shown.flow} ", "not bold"), (outlook, style))


def _fields(pairs: Sequence[ListedPair]) -> Iterator[RenderableType]:
    """What both sides say, field by field; what one of them lacks whole is in one line."""
    rows = table(identifier("pair"), key("field", ""), "in Zoho", "in Moodle")
    for shown in pairs:
        fields = shown.pair.differing
        zoho, moodle = [each.zoho for each in fields], [each.moodle for each in fields]
        if len(fields) > 1 and (_is_nothing(zoho) or _is_nothing(moodle)):
            rows.add_row(_name(shown), "", _together(zoho), _together(moodle))
            continue
        for place, each in enumerate(fields):
            name = _name(shown) if place == 0 else ""
            rows.add_row(name, each.field, _short(each.zoho), _short(each.moodle))
    if rows.row_count:
        yield ""
        yield rows


def _reasons(pairs: Sequence[ListedPair]) -> Iterator[RenderableType]:
    """What there is to say of pairs."""
    rows = table(identifier("pair"), "why")
    for shown in pairs:
        if shown.pair.why:
            rows.add_row(_name(shown), plain(shown.pair.why))
    if rows.row_count:
        yield ""
        yield rows


def _is_nothing(values: Sequence[object]) -> bool:
    return all(value is None for value in values)


def _together(values: Sequence[object]) -> str:
    """What one side says of some fields, each value once."""
    there = dict.fromkeys(_short(value) for value in values if value is not None)
    return ", ".join(there) or said(None)


def _short(value: object) -> str:
    text = said(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _data(flow: str, pair: PairDrift) -> dict[str, object]:
    return {
        "flow": flow,
        "key": pair.key,
        "module": pair.module,
        "what": pair.outlook.value,
        "differs": pair.outlook.differs,
        "counterpart": pair.counterpart,
        "fields": [
            {"field": each.field, "zoho": in_json(each.zoho), "moodle": in_json(each.moodle)}
            for each in pair.differing
        ],
        "message": pair.why,
    }
