"""What a value must be for Zoho to take it; every reason with the field and the JSON path."""

import re
from datetime import date, datetime

import attrs

from mzi_adapters.testing.zoho.answers import Json, error
from mzi_adapters.testing.zoho.calls import id_in
from mzi_adapters.testing.zoho.module_tables import Table
from mzi_adapters.testing.zoho.organization import FakeOrganization
from mzi_core.ports.zoho.metadata import ZohoField

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[+-]\d\d:\d\d|Z)")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WHOLE = frozenset({"integer", "bigint"})
_FRACTIONAL = frozenset({"double", "currency", "percent"})


@attrs.frozen
class Unfit(Exception):
    """A value Zoho does not take: the code, what it says, and its details."""

    message: str = "invalid data"
    details: Json = attrs.field(factory=dict)
    below: str = ""
    """What comes behind the field in the JSON path."""


def fits(organization: FakeOrganization, field: ZohoField, value: object) -> object:
    """The value as it is kept. Raises Unfit."""
    match field.data_type:
        case "lookup" | "userlookup" | "ownerlookup":
            return _lookup(organization, field, value)
        case "datetime":
            return _datetime(value)
        case "date":
            return _date(value)
        case "boolean":
            return _expect(isinstance(value, bool), value, "boolean")
        case "multiselectpicklist" | "multiselectlookup" | "multi_module_lookup":
            return _expect(isinstance(value, list), value, "jsonarray")
        case whole if whole in _WHOLE:
            return _number(field, value, isinstance(value, int) and not isinstance(value, bool))
        case fraction if fraction in _FRACTIONAL:
            fine = isinstance(value, int | float) and not isinstance(value, bool)
            return _number(field, value, fine)
        case _:
            return _text(field, value)


def _expect(fine: bool, value: object, data_type: str) -> object:
    if not fine:
        raise Unfit(details={"expected_data_type": data_type})
    return value


def _number(field: ZohoField, value: object, fine: bool) -> object:
    _expect(fine, value, field.data_type)
    if field.length is not None and len(str(value).lstrip("-").partition(".")[0]) > field.length:
        raise Unfit(details={"maximum_length": field.length})
    return value


def _text(field: ZohoField, value: object) -> object:
    if not isinstance(value, str):
        raise Unfit(details={"expected_data_type": field.data_type})
    if field.length is not None and len(value) > field.length:
        raise Unfit(details={"maximum_length": field.length})
    if field.data_type == "email" and not _ADDRESS.fullmatch(value):
        raise Unfit(details={"expected_data_type": "email"})
    if field.choices and value not in field.choices:
        raise Unfit(details={"supported_values": list(field.choices)})
    return value


def _datetime(value: object) -> datetime:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise Unfit(details={"expected_data_type": "datetime"})


def _date(value: object) -> str:
    if isinstance(value, str):
        try:
            if date.fromisoformat(value).isoformat() == value:
                return value
        except ValueError:
            pass
    raise Unfit(details={"expected_data_type": "date"})


def _lookup(organization: FakeOrganization, field: ZohoField, value: object) -> int:
    given = value.get("id") if isinstance(value, dict) else None
    if not isinstance(given, str | int):
        raise Unfit(details={"expected_data_type": "jsonobject"})
    row_id = id_in(given)
    users = {organization.person.id, organization.robot.id}
    if row_id is None or (field.data_type != "lookup" and str(given) not in users):
        raise Unfit(message="the id given seems to be invalid", below=".id")
    pointed = organization.tables.get(field.lookup or "")
    if pointed is not None and row_id not in pointed.rows:
        raise Unfit(message="the id given seems to be invalid", below=".id")
    return row_id


@attrs.frozen
class Checked:
    """What of a record can be kept, and everything that is wrong with it."""

    values: dict[str, object] = attrs.field(factory=dict)
    errors: list[Json] = attrs.field(factory=list)


def checked(organization: FakeOrganization, table: Table, given: Json, path: str, *, new: bool) -> Checked:
    """The plain values of a record; `new`: everything mandatory must be there. Subforms are left out."""
    found = Checked()
    for name, value in given.items():
        field = table.fields.get(name)
        if (
            name == "id"
            or name.startswith("$")
            or (field and (field.read_only or field.data_type == "subform"))
        ):
            continue  # what is read-only is silently not written
        where: Json = {"api_name": name, "json_path": f"{path}.{name}"}
        if field is None:
            found.errors.append(error("INVALID_DATA", "invalid data", where))
        elif value is None:
            if field.mandatory:
                found.errors.append(error("MANDATORY_NOT_FOUND", "required field not found", where))
            found.values[name] = None
        else:
            try:
                found.values[name] = fits(organization, field, value)
            except Unfit as unfit:
                where["json_path"] = f"{path}.{name}{unfit.below}"
                found.errors.append(error("INVALID_DATA", unfit.message, {**unfit.details, **where}))
    if new:
        for name, field in table.fields.items():
            if field.mandatory and name not in given:
                where = {"api_name": name, "json_path": f"{path}.{name}"}
                found.errors.append(error("MANDATORY_NOT_FOUND", "required field not found", where))
    return found
