"""Records put into the fake by a test: entered by a person, uncounted, and spelt as on the wire."""

from collections.abc import Mapping
from datetime import datetime

from mzi_adapters.testing.zoho.module_tables import Row, Table
from mzi_adapters.testing.zoho.organization import FakeOrganization
from mzi_core.ports.zoho.metadata import ZohoField

_STAMPS = frozenset({"Created_Time", "Modified_Time"})
_USERS = frozenset({"Owner", "Created_By", "Modified_By"})


def plant(
    organization: FakeOrganization, module: str, record: Mapping[str, object], row: Row | None = None
) -> Row:
    """A record as given, or changed so. Raises ValueError for a field the module lacks."""
    table = organization.table(module)
    values: dict[str, object] = {}
    subforms: dict[str, object] = {}
    for name, value in record.items():
        if name == "id" or name in _STAMPS | _USERS or name.startswith("$"):
            continue
        if name not in table.fields:
            raise ValueError(f"{module} has no field `{name}`; give it one with define().")
        if table.fields[name].data_type == "subform":
            subforms[name] = value
        else:
            values[name] = _held(table.fields[name], value)
    if row is None:
        row = _new(organization, table, record, values)
    else:
        table.change(row, values)
    for name, rows in subforms.items():
        _rows(organization, table.fields[name], row, rows)
    return row


def _new(
    organization: FakeOrganization, table: Table, record: Mapping[str, object], values: dict[str, object]
) -> Row:
    now, person = organization.now(), organization.person
    row_id = int(str(record["id"])) if "id" in record else next(organization.ids)
    if row_id in table.rows:
        raise ValueError(f"{table.name} already has a record {row_id}.")
    held = {name: value for name, value in values.items() if value is not None}
    modified = _moment(record.get("Modified_Time")) or now
    created = _moment(record.get("Created_Time")) or modified
    by = organization.robot if record.get("Modified_By") == organization.robot.name else person
    row = Row(row_id, held, person, created, modified, person, by)
    organization.number(table, row)
    for name in table.unique():
        if name in held and table.holder(name, held[name]):
            raise ValueError(f"Another record of {table.name} has this `{name}` already.")
    table.put(row)
    return row


def _rows(organization: FakeOrganization, field: ZohoField, row: Row, rows: object) -> None:
    """A subform that holds just these rows from now on."""
    table = organization.tables[field.lookup or ""]
    for each in organization.rows_of(table, field, row.id):
        table.drop(each.id)
    for given in rows if isinstance(rows, list | tuple) else ():
        values = {name: value for name, value in given.items() if name != "id"}
        unknown = [name for name in values if name not in table.fields]
        if unknown:
            raise ValueError(f"The rows of {table.name} have no field `{unknown[0]}`.")
        held = {name: _held(table.fields[name], value) for name, value in values.items()}
        held["Parent_Id"] = row.id
        at, by = organization.now(), organization.person
        row_id = int(str(given["id"])) if "id" in given else next(organization.ids)
        table.put(Row(row_id, held, by, at, at, by, by))


def _held(field: ZohoField, value: object) -> object:
    """A value as it is kept: a lookup as a bare id, a moment as a moment, a number in a text as text."""
    if field.data_type in ("lookup", "userlookup") and value is not None:
        return int(str(value["id"] if isinstance(value, Mapping) else value))
    if field.json_type == "string" and isinstance(value, int | float):
        return str(value)
    return _moment(value) if field.data_type == "datetime" else value


def _moment(value: object) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(str(value))
