"""`mzi list`: the records of a module, page by page."""

import csv
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from io import StringIO
from typing import Annotated, Any

import attrs
from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE
from mzi_core.ports import ParkedRecord, Query, Stored
from mzi_core.use_cases import UseCases
from mzi_core.values import State, TenantId
from mzi_http.answers import held_record, stored_record
from mzi_http.answers import moment as instant
from mzi_http.cli.console_tables import KEY_NAMES, STYLES, identifier, key, moment, plain, table
from mzi_http.cli.moments import moment_of
from mzi_http.cli.report import cell
from mzi_http.cli.shell import AsJson, Ended, Given, Shell, Tenant, UsageError

FIRST = 50
"""Records of a table when nobody says how many; CSV and JSON have all of them."""

PAGE = 200
"""Records that are read at a time, and rows of which one table is made."""

_HELD = (State.INVALID, State.ERROR)
_TELLING = (
    *("display_name", "name", "composite_key", "full_name", "student_id", "registration_id"),
    *("username", "short_name", "assignment_name", "status"),
)
"""Fields that tell a person which record it is; a table has the first three that the page holds."""

_HELD_COLUMNS = ("state", "waits_for_module", "waits_for", "held_at", "codes", "paths", "messages")

Item = Stored[Any] | ParkedRecord


async def list_records(
    module: str,
    /,
    *,
    state: State | None = None,
    parked: bool = False,
    since: str | None = None,
    deleted: bool = False,
    limit: Annotated[int | None, Parameter(show_default=False)] = None,
    tenant: Tenant = None,
    as_csv: Annotated[bool, Parameter(name="--csv", help="Print CSV instead of a table.")] = False,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """List the records of a module, or those that were refused or wait for another record.

    A table has the first 50 unless --limit says how many; CSV and JSON have all of them, and are written
    page by page, however many there are.

    Parameters
    ----------
    module
        What to list: students, payments, …, moodle_users, …, or the name that its side has for it.
    state
        Only records that are so: NEW or UPDATED ones are stored, INVALID and ERROR ones are parked.
    parked
        Only records that wait for another one.
    since
        Only what changed, or was parked, at or after this day or moment, such as 2026-09-01.
    deleted
        Deleted records too.
    limit
        How many at most.
    """
    if as_csv and as_json:
        raise UsageError("Take either --csv or --json.")
    if limit is not None and limit < 1:
        raise UsageError("--limit must be at least 1.")
    if state is State.UNCHANGED:
        raise UsageError(
            "UNCHANGED is what became of a record in one run, and no state it stays in; "
            "ask for NEW or UPDATED."
        )
    if parked and state not in (None, State.INVALID):
        raise UsageError(f"A record that waits for another one is INVALID, never {state}: leave --state out.")
    declared = CATALOGUE[module]
    asked = Asked(
        tenant=shell.tenant(tenant),
        module=declared,
        query=Query(
            state=State.INVALID if parked else state,
            updated_since=moment_of(since, "--since"),
            with_deleted=deleted,
            limit=PAGE,
        ),
        parked=parked,
        most=FIRST if limit is None and not (as_csv or as_json) else limit,
    )
    draw = _as_csv if as_csv else _as_json if as_json else _as_table
    async with shell.open() as use_cases:
        await draw(shell, asked, asked.pages(use_cases))
    return Ended.WELL


@attrs.define(kw_only=True)
class Asked:
    """What the command line asked for; `more`: whether there was more than that, once all was read."""

    tenant: TenantId
    module: AnyModule
    query: Query
    parked: bool
    most: int | None
    more: bool = False

    @property
    def held(self) -> bool:
        """Whether what is listed is parked."""
        return self.query.state in _HELD

    async def pages(self, use_cases: UseCases) -> AsyncIterator[Sequence[Item]]:
        """The records page by page; no page is empty, and none is kept."""
        query, left = self.query, self.most
        while True:
            page = await use_cases.list_records(self.tenant, self.module, query)
            found = [item for item in page.items if not self.parked or _waits(item)]
            if left is not None:
                self.more = len(found) > left or (len(found) == left and page.next is not None)
                found = found[:left]
                left -= len(found)
            if found:
                yield found
            if page.next is None or left == 0:
                return
            query = attrs.evolve(query, after=page.next)


def _waits(item: Item) -> bool:
    return isinstance(item, ParkedRecord) and item.waits_for is not None


async def _as_json(shell: Shell, asked: Asked, pages: AsyncIterator[Sequence[Item]]) -> None:
    before = f'{{"module": {json.dumps(asked.module.name)}, "records": ['
    async for page in pages:
        for item in page:
            data = held_record(item) if isinstance(item, ParkedRecord) else stored_record(item)
            shell.line(f"{before}{json.dumps(data, ensure_ascii=False)}")
            before = ","
    shell.line("]}" if before == "," else f"{before}]}}")


async def _as_csv(shell: Shell, asked: Asked, pages: AsyncIterator[Sequence[Item]]) -> None:
    names = [field.name for field in asked.module.fields if field.name != asked.module.key_name]
    key_name = asked.module.key_name
    told = _HELD_COLUMNS if asked.held else ("state", "updated_at", "deleted_at", *names, "extra")
    shell.line(_csv([(key_name, *told)]))

    def cells(item: Item) -> Sequence[object]:
        return _held_cells(item) if isinstance(item, ParkedRecord) else _stored_cells(item, names)

    async for page in pages:
        shell.line(_csv(map(cells, page)))


def _csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows without the last line's end."""
    written = StringIO()
    csv.writer(written, lineterminator="\n").writerows([cell(value) for value in row] for row in rows)
    return written.getvalue().removesuffix("\n")


def _stored_cells(item: Stored[Any], names: Sequence[str]) -> Sequence[object]:
    record = stored_record(item)
    values = record["record"]
    return [
        item.entity.key,
        record["state"],
        record["updated_at"],
        record["deleted_at"] or "",
        *(_as_text(values[name]) for name in names),
        _as_text(values.get("extra") or None),
    ]


def _held_cells(item: ParkedRecord) -> Sequence[object]:
    parent = item.waits_for
    return [
        item.key,
        item.state,
        "" if parent is None else parent.module,
        "" if parent is None else parent.key,
        instant(item.parked_at),
        " ".join(reason.code for reason in item.reasons),
        " ".join(reason.path for reason in item.reasons),
        " ".join(reason.message for reason in item.reasons),
    ]


def _as_text(value: object) -> str:
    if value is None or value == []:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


async def _as_table(shell: Shell, asked: Asked, pages: AsyncIterator[Sequence[Item]]) -> None:
    shown = 0
    async for page in pages:
        if shown:
            shell.show("")
        shown += len(page)
        shell.show(_held_table(asked.module, page) if asked.held else _stored_table(asked.module, page))
    if not shown:
        shell.show(_nothing(asked))
    if asked.more:
        said = f"The first {shown:,}; --limit shows more, and --csv or --json all of them."
        shell.note(Text(said, style="dim"))


def _nothing(asked: Asked) -> str:
    what = asked.module.name
    if asked.parked:
        said = f"None of the {what} waits for another record"
    elif asked.query.state is None:
        said = f"There are no {what} in the store"
    else:
        said = f"None of the {what} is {asked.query.state}"
    return f"{said}{' since then' if asked.query.updated_since else ''}."


def _stored_table(module: AnyModule, page: Sequence[Item]) -> Table:
    stored = [each for each in page if isinstance(each, Stored)]
    known = [name for name in _TELLING if name in module.field]
    telling = [name for name in known if any(getattr(each.entity, name) is not None for each in stored)][:3]
    shown = table(identifier(KEY_NAMES[module.side]), key("", ""), "changed", *telling)
    for item in stored:
        gone = " deleted" if item.deleted_at is not None else ""
        shown.add_row(
            plain(item.entity.key),
            Text(f"{item.state}{gone}", style=STYLES[item.state]),
            moment(item.updated_at),
            *(_shown(getattr(item.entity, name)) for name in telling),
        )
    return shown


def _shown(value: object) -> str:
    return "" if value is None else plain(value)


def _held_table(module: AnyModule, page: Sequence[Item]) -> Table:
    shown = table(identifier(KEY_NAMES[module.side]), key("", ""), "since", "why")
    for item in (each for each in page if isinstance(each, ParkedRecord)):
        said = [f"{reason.message} ({reason.code})" for reason in item.reasons]
        shown.add_row(
            plain(item.key),
            Text("parked" if item.waits_for else item.state, style=STYLES[item.state]),
            moment(item.parked_at),
            plain("\n".join(said)),
        )
    return shown
