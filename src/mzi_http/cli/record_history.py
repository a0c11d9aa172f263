"""`mzi show --history`: what was changed of a record."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType

from mzi_core.module import AnyModule
from mzi_http.cli.console_tables import OneLine, key, moment, plain, table
from mzi_http.cli.shell import Ended, Shell

if TYPE_CHECKING:
    from mzi_core.ports import HistoryEntry

SHOWN = 60
"""Characters of a value that are shown; `--json` has all of it."""


async def show_history(
    module: AnyModule, id: str, *, tenant: str | None, as_json: bool, shell: Shell
) -> Ended:
    """All that is kept of what was changed, newest first."""
    found: list[HistoryEntry] = []
    async with shell.open() as use_cases:
        whose, before = shell.tenant(tenant), None
        while True:
            page = await use_cases.show_history(whose, module, id, before=before)
            found += page.items
            before = page.next
            if before is None:
                break
    if as_json:
        from mzi_http.answers import record_change  # noqa: PLC0415  # `mzi modules` does without

        shell.json([record_change(entry) for entry in found])
    elif found:
        shell.show(*_told(found))
    else:
        shell.say(f"Nothing was changed of {module.singular.replace('_', ' ')} {id} that is still known.")
    return Ended.WELL


def _told(entries: "Sequence[HistoryEntry]") -> Iterator[RenderableType]:
    """A sentence for each change, and the fields that differ; the id of its cause can be copied."""
    for place, entry in enumerate(entries):
        if place:
            yield ""
        by = f"{entry.caused_by.what} {entry.caused_by.id}".strip()
        yield OneLine(f"{moment(entry.changed_at)}  {entry.kind.lower()} by {by}")
        if entry.fields:
            shown = table(key("field"), "before", "after")
            for name, change in entry.fields.items():
                before, after = (dict(_cells(name, value)) for value in change)
                for cell in dict.fromkeys((*before, *after)):
                    if before.get(cell) != after.get(cell):
                        said = (_short(each.get(cell)) for each in (before, after))
                        shown.add_row(plain(cell), *map(plain, said))
            yield shown


def _cells(name: str, value: object) -> Iterator[tuple[str, object]]:
    """A value by its name; of rows each cell by itself, with its place, as `mzi show` names them."""
    if isinstance(value, list) and any(isinstance(row, dict) for row in value):
        for place, row in enumerate(value):
            yield from _cells(f"{name}[{place}]", row)
    elif isinstance(value, dict) and "[" in name:
        for cell, each in value.items():
            yield from _cells(f"{name}.{cell}", each)
    elif value != []:
        yield name, value


def _short(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
