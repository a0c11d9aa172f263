"""`mzi fields`: what mzi reads of a module, and the fields a tenant adds to that."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.table import Table

from mzi_core.errors import AccountMissing, GatewayError
from mzi_core.field_reference import KnownField, known_fields
from mzi_core.mapping import EXTRA, FieldMapping, overlay, suggest
from mzi_core.module import AnyModule, Field, Side, declared
from mzi_core.modules import CATALOGUE
from mzi_core.secrecy import names_a_secret
from mzi_core.suggestions import either
from mzi_http.cli.console_tables import key, plain, table
from mzi_http.cli.shell import AsJson, Ended, Given, Missing, Tenant, UsageError

if TYPE_CHECKING:
    from mzi_core.use_cases import UseCases
    from mzi_core.values import TenantId


async def fields(
    module: str,
    /,
    *,
    every: Annotated[bool, Parameter(name="--all")] = False,
    map: Sequence[str] = (),
    unmap: Sequence[str] = (),
    tenant: Tenant = None,
    as_json: AsJson = False,
    shell: Given,
) -> Ended:
    """List the fields of a module, or have one more of Zoho's fields kept.

    Parameters
    ----------
    module
        Whose fields: students, payments, …, moodle_users, …, or the name that its side has for it.
    every
        List the other fields that Zoho is known to have, too.
    map
        ZOHO_FIELD or ZOHO_FIELD=name: keep this field of Zoho's as well, or read a field from it first.
    unmap
        The name of a field that was mapped: keep it no longer.
    """
    listed = CATALOGUE[module]
    if listed.side is Side.MOODLE and (every or map or unmap):
        raise UsageError(
            f"`{listed.name}` are records of Moodle, of which mzi reads just the fields that `mzi fields "
            f"{listed.name}` lists; --all, --map and --unmap are about fields of Zoho."
        )
    whose = shell.tenant(tenant)
    async with shell.open(Missing.MAKE if map or unmap else Missing.EMPTY) as use_cases:
        settings = await use_cases.read_settings(whose)
        lines: Sequence[FieldMapping] = settings.mappings.get(listed.name, ())
        if map or unmap:
            lines = _changed(listed, lines, map, unmap)
            asked = {each.partition("=")[0] for each in map}
            new = [line for line in lines if line.zoho_name in asked]
            compared = await _compared(use_cases, whose, listed, new) if new else ""
            await use_cases.map_fields(whose, listed, lines)
            shell.say(f"Kept. The {listed.name} that are stored get it when they are synced again.")
            if compared:
                shell.say(compared)
    if as_json:
        shell.json(_data(listed, lines, every))
        return Ended.WELL
    shell.show(_table(listed, lines))
    if every:
        shell.show("", _known(listed, lines))
    return Ended.WELL


async def _compared(
    use_cases: "UseCases", whose: "TenantId", module: AnyModule, lines: Sequence[FieldMapping]
) -> str:
    """Compare what is mapped with the fields the organisation has, and say what it was compared with.

    Raises UsageError for a field that the organisation does not have.
    """
    reference = "Compared with the fields a college's Zoho is known to have"
    from mzi_core.naming import nearest_names  # noqa: PLC0415  # a list of fields does without
    from mzi_core.use_cases.field_selection import describe  # noqa: PLC0415

    try:
        described = await describe(await use_cases.remote.connections.zoho(whose), module)
    except AccountMissing:
        return f"{reference}, not with your own."
    except GatewayError as error:
        return f"{reference}, for your own could not be asked. {error.told}"
    problems = []
    for line in lines:
        if line.zoho_name not in described.fields:
            near = nearest_names(line.zoho_name, described.labels)
            hint = f" Did you mean {either(near)}?" if near else ""
            problems.append(f"{described.api_name} of your Zoho has no field `{line.zoho_name}`.{hint}")
    if problems:
        raise UsageError("\n".join(problems))
    return f"Compared with the {len(described.fields):,} fields that {described.api_name} has in your Zoho."


def _changed(
    module: AnyModule, lines: Sequence[FieldMapping], map: Sequence[str], unmap: Sequence[str]
) -> list[FieldMapping]:
    kept = {line.field: line for line in lines}
    for name in unmap:
        field = name if name in kept else f"{EXTRA}{name}"
        if field not in kept:
            close = get_close_matches(name, [f.removeprefix(EXTRA) for f in kept], n=1)
            hint = f"Did you mean `{close[0]}`?" if close else f"Mapped are: {', '.join(kept) or 'none'}."
            raise UsageError(f"`{name}` is not a mapped field of the {module.name}. {hint}")
        del kept[field]
    for asked in map:
        line = _line(module, asked)
        kept[line.field] = line
    return list(kept.values())


def _line(module: AnyModule, asked: str) -> FieldMapping:
    """`ZOHO_FIELD=name`; without a name one is made, and what mzi reads anyhow is pointed out."""
    zoho_name, given, name = asked.partition("=")
    if given:
        is_field = name in module.field or name.startswith(EXTRA)
        return FieldMapping(name if is_field else f"{EXTRA}{name}", zoho_name)
    reader = next((f.name for f in module.fields if zoho_name in f.names), None)
    if reader is not None:
        raise UsageError(f"`{zoho_name}` is read already: it is `{reader}`.")
    return FieldMapping(f"{EXTRA}{suggest(zoho_name)}", zoho_name)


def _names(field: Field) -> tuple[str, ...]:
    """Every name under which a field is read; the last may be those of a number that is counted from 1."""
    return (*field.names, *field.wire.from_one)


def _parts(field: Field) -> str:
    """What a key without a name is made of."""
    return "_".join(f"{{{part}}}" for part in field.wire.parts)


def _cells(field: Field) -> Iterator[tuple[str, Field]]:
    """The cells of a subform's rows, and those of the rows in them, with the way there."""
    for cell in declared(field.row) if field.row is not None else ():
        yield f"{field.name}.{cell.name}", cell
        yield from ((f"{field.name}.{name}", inner) for name, inner in _cells(cell))


def _marks(field: Field) -> str:
    marks = {
        "required": field.required,
        "unique": field.wire.unique,
        "Moodle link": field.wire.link,
        "not compared": field.wire.volatile,
    }
    return ", ".join(name for name, is_so in marks.items() if is_so)


def _points_at(module: AnyModule, field: Field) -> str:
    parent = module.depends_on.get(field.name)
    pointed = module.refers_to.get(field.name)
    return f"{parent}, needed first" if parent else pointed or ""


def _table(module: AnyModule, lines: Sequence[FieldMapping]) -> Table:
    laid, _ = overlay(module, lines)
    shown = table(key("field"), f"in {module.side.title()}, first to last", "kind", "")
    for field in module.fields:
        told = module.field[module.said_of_links.get(field.name, field.name)]
        names = (laid.names[told.name], *told.names) if told.name in laid.names else told.names
        notes = ", ".join(filter(None, (_marks(field), _points_at(module, field))))
        shown.add_row(field.name, ", ".join(dict.fromkeys(names)) or _parts(field), field.kind, notes)
        for name, cell in _cells(field):
            shown.add_row(name, ", ".join(_names(cell)), cell.kind, _marks(cell))
    for extra in laid.extras:
        shown.add_row(f"{EXTRA}{extra.name}", extra.zoho_name, extra.kind, "mapped")
    return shown


def _known(module: AnyModule, lines: Sequence[FieldMapping]) -> Table:
    read = {name for field in module.fields for name in field.names} | {line.zoho_name for line in lines}
    shown = table(key("Zoho's other fields"), "label", "type", "", title="--map keeps one of them")
    for field in known_fields(module.name).values():
        if field.api_name not in read:
            note = _why_not(field)
            label = "" if field.label == field.api_name.replace("_", " ") else plain(field.label)
            shown.add_row(field.api_name, label, field.zoho_type, note)
    return shown


def _why_not(field: KnownField) -> str:
    """Why a field cannot be mapped; nothing where it can."""
    if names_a_secret(field.api_name):
        return "a secret by its name"
    return "" if field.kind.mappable else "holds no value to map"


def _data(module: AnyModule, lines: Sequence[FieldMapping], every: bool) -> dict[str, object]:
    data: dict[str, object] = {
        "module": module.name,
        "fields": [
            {
                "name": field.name,
                f"{module.side}_names": list(_names(field)),
                "kind": field.kind,
                "required": field.required,
                "unique": field.wire.unique,
                "link": field.wire.link,
                "depends_on": module.depends_on.get(field.name),
                "refers_to": module.refers_to.get(field.name),
                "cells": [
                    {
                        "name": name.removeprefix(f"{field.name}."),
                        f"{module.side}_names": list(_names(cell)),
                        "kind": cell.kind,
                        "required": cell.required,
                    }
                    for name, cell in _cells(field)
                ],
            }
            for field in module.fields
        ],
        "mapped": [{"field": line.field, "zoho_name": line.zoho_name} for line in lines],
    }
    if every:
        data["known"] = [
            {"zoho_name": field.api_name, "label": field.label, "type": field.zoho_type, "kind": field.kind}
            for field in known_fields(module.name).values()
        ]
    return data
