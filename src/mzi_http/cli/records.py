"""`mzi show` and `mzi modules`: what is stored, and what could be."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
from rich.console import RenderableType

from mzi_core.module import AnyModule, Entity, Side
from mzi_core.modules import CATALOGUE
from mzi_http.cli.console_tables import key, moment, number, pairs, plain, table
from mzi_http.cli.record_history import show_history
from mzi_http.cli.shell import AsJson, Ended, Given, Tenant

if TYPE_CHECKING:
    from mzi_core.ports import ParkedRecord, Stored


async def show(
    module: str,
    id: str,
    /,
    *,
    history: bool = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """Show a record: as it is stored, and a later version that was refused or waits.

    Parameters
    ----------
    module
        What the record is: students, payments, …, moodle_users, …, or the name that its side has for it.
    id
        Its Zoho id, or its key in Moodle, such as 4101_1001_55 for a mark.
    history
        What was changed of it, newest first: when, from what to what, and by what.
    """
    declared = CATALOGUE[module]
    if history:
        return await show_history(declared, id.strip(), tenant=tenant, as_json=as_json, shell=shell)
    async with shell.open() as use_cases:
        shown = await use_cases.show_record(shell.tenant(tenant), declared, id.strip())
    if as_json:
        from mzi_http.answers import one_record  # noqa: PLC0415  # `mzi modules` does without

        shell.json(one_record(shown))
        return Ended.WELL
    if shown.stored is not None:
        shell.show(*_stored(declared, shown.stored))
    if shown.held is not None:
        if shown.stored is not None:
            shell.show("")
        shell.show(*_held(declared, shown.held))
    return Ended.WELL


def _stored(module: AnyModule, stored: "Stored[Any]") -> Iterable[RenderableType]:
    entity: Entity = stored.entity
    gone = "" if stored.deleted_at is None else f", deleted {moment(stored.deleted_at)}"
    when = f"stored {moment(stored.created_at)}, changed {moment(stored.updated_at)}{gone}"
    yield f"{_in_words(module).capitalize()} {entity.key}: {stored.state}, {when}"
    yield ""
    yield pairs(_values(module, entity))


def _in_words(module: AnyModule) -> str:
    return module.singular.replace("_", " ")


def _values(module: AnyModule, entity: Entity) -> Iterable[tuple[str, object]]:
    """The fields that hold something, a row of a subform each by itself."""
    for field in module.fields:
        value = getattr(entity, field.name)
        if value is None or value == ():
            continue
        if isinstance(value, tuple):
            yield from _rows(field.name, value)
        elif isinstance(value, datetime):
            yield field.name, f"{value:%Y-%m-%d %H:%M:%S}Z"
        else:
            yield field.name, value
    yield from ((f"extra.{name}", _row(value)) for name, value in sorted(entity.extra.items()))


def _rows(name: str, rows: tuple[Any, ...]) -> Iterable[tuple[str, object]]:
    """Rows of a subform, each followed by the rows that stand in it."""
    for place, row in enumerate(rows):
        yield f"{name}[{place}]", _row(row)
        for cell, value in _cells(row):
            if _holds_rows(value):
                yield from _rows(f"{name}[{place}].{cell}", value)


def _holds_rows(value: object) -> bool:
    return isinstance(value, tuple) and any(attrs.has(type(each)) for each in value)


def _cells(row: Any) -> Iterable[tuple[str, Any]]:
    return attrs.asdict(row, recurse=False).items() if attrs.has(type(row)) else ()


def _row(value: Any) -> str:
    """A value, or a row of a subform with the cells that hold something."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if not attrs.has(type(value)):
        return str(value)
    told = ((name, cell) for name, cell in _cells(value) if cell not in (None, ()) and not _holds_rows(cell))
    return ", ".join(f"{name}: {_cell(cell)}" for name, cell in told)


def _cell(value: object) -> object:
    return f"{value:%Y-%m-%d %H:%M:%S}Z" if isinstance(value, datetime) else value


def _as_sent(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _held(module: AnyModule, held: "ParkedRecord") -> Iterable[RenderableType]:
    """What is parked: a version that waits or was refused, or one of each, the newer of which was refused."""
    name, is_refused = f"{_in_words(module)} {held.key}", held.waits_for is None or held.waiting is not None
    waits = "" if held.waits_for is None else f"waits for {held.waits_for.module} {held.waits_for.key}"
    if held.waiting is not None:
        yield f"A version of {name} {waits}."
        yield ""
        yield _as_it_came(held.waiting)
        yield ""
    which = "A version" if held.waiting is None else "A newer version"
    fate = "was refused" if is_refused else waits
    yield f"{which} of {name} of {moment(held.parked_at)} {fate} ({held.state}):"
    yield ""
    reasons = table(key("where"), "why", key("code"))
    for reason in held.reasons:
        reasons.add_row(plain(reason.path), plain(reason.message), reason.code)
    yield reasons
    if isinstance(held.record, Mapping):
        yield ""
        yield _as_it_came(held.record)


def _as_it_came(record: Mapping[str, object]) -> RenderableType:
    return pairs(((str(k), _as_sent(v)) for k, v in record.items() if v is not None), title="As it came")


def modules(*, as_json: AsJson = False, shell: Given) -> Ended:
    """List the modules mzi knows, parents before children."""
    if as_json:
        shell.json([_module(module) for module in CATALOGUE.in_order()])
        return Ended.WELL
    shown = table(key("module"), key("called there", ""), "needs first", "points at", number("fields"))
    for module in CATALOGUE.in_order():
        shown.add_row(
            module.name,
            "\n".join((module.remote_name, *module.aliases)),
            ", ".join(dict.fromkeys(module.depends_on.values())),
            ", ".join(dict.fromkeys(module.refers_to.values())),
            str(len(module.fields)),
        )
    shell.show(shown)
    return Ended.WELL


def _module(module: AnyModule) -> dict[str, object]:
    return {
        "name": module.name,
        "singular": module.singular,
        "side": module.side,
        "zoho_module": module.remote_name if module.side is Side.ZOHO else None,
        "aliases": list(module.aliases),
        "depends_on": dict(module.depends_on),
        "refers_to": dict(module.refers_to),
        "fields": [field.name for field in module.fields],
    }
