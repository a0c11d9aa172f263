"""JSON Schemas of records, derived from their declarations: as Zoho sends them, and as they are answered."""

from collections.abc import Mapping, Sequence

from mzi_core.module import AnyModule, Field, Kind, Side, declared
from mzi_http.record_doors import list_names
from mzi_http.schemas import TEXT, Schema, entity_name, nullable, ref, whole

_ID = "5398830000090000001"
_ID_IN: Schema = {"type": ["string", "integer"], "examples": [_ID]}
_TEXT_IN: Schema = {"type": ["string", "number", "boolean", "null"]}
_NUMBER_IN: Schema = {"type": ["string", "number", "null"]}
_LOOKUP_IN: Schema = {
    "anyOf": [
        {"type": ["string", "integer", "null"]},
        {"type": "object", "properties": {"id": _ID_IN, "name": _TEXT_IN}, "required": ["id"]},
    ],
    "examples": [{"id": _ID, "name": "…"}],
}

# The codec reads more than this; what is said here it reads.
_IN: Mapping[Kind, Schema] = {
    Kind.ID: _ID_IN,
    Kind.TEXT: _TEXT_IN,
    Kind.EMAIL: {"type": ["string", "null"], "format": "email", "examples": ["name@college.example"]},
    Kind.INTEGER: _NUMBER_IN,
    Kind.DECIMAL: _NUMBER_IN,
    Kind.MONEY: {**_NUMBER_IN, "examples": ["9,500.00"]},
    Kind.DATE: {"type": ["string", "null"], "format": "date", "examples": ["2026-02-15"]},
    Kind.DATETIME: {
        "type": ["string", "null"],
        "format": "date-time",
        "examples": ["2026-02-01T09:00:00+03:00"],
    },
    Kind.BOOLEAN: {"type": ["boolean", "string", "null"]},
    Kind.LOOKUP: _LOOKUP_IN,
    Kind.LOOKUPS: {"type": ["array", "null"], "items": _LOOKUP_IN},
    Kind.MOODLE_ID: {**_NUMBER_IN, "examples": ["4104"]},
    Kind.TEXTS: {"type": ["array", "string", "null"], "items": TEXT},
    Kind.CRITERIA: {"type": ["array", "null"], "items": {"type": "object"}},
}

_OUT: Mapping[Kind, Schema] = {
    Kind.ID: TEXT,
    Kind.TEXT: TEXT,
    Kind.EMAIL: TEXT,
    Kind.INTEGER: {"type": "integer"},
    Kind.DECIMAL: {"type": "string", "examples": ["12.5"]},
    Kind.MONEY: {"type": "string", "examples": ["9500.00"]},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.DATETIME: {"type": "string", "format": "date-time"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.LOOKUP: TEXT,
    Kind.LOOKUPS: {"type": "array", "items": TEXT},
    Kind.MOODLE_ID: {"type": "integer", "minimum": 1},
    Kind.TEXTS: {"type": "array", "items": TEXT},
    Kind.CRITERIA: {"type": "array", "items": whole({"code": TEXT, "description": TEXT})},
}
_EXTRA: Schema = {
    "type": "object",
    "additionalProperties": {"type": ["string", "integer", "boolean", "array", "null"]},
    "description": "Fields that only this tenant maps.",
}


def _sent(field: Field) -> Schema:
    if field.row is not None and field.kind is Kind.SUBFORM:
        return {"type": ["array", "null"], "items": _sent_row(declared(field.row))}
    return _IN[field.kind]


def _sent_row(fields: Sequence[Field]) -> Schema:
    """An object with a property for each field, under the name that is read first."""
    properties = {}
    for field in fields:
        if field.wire.parts or field.wire.is_ours:
            continue  # it is made of the others, or written by mzi
        first, *others = (*field.names, *field.wire.from_one)
        also = {"description": f"Also read: {', '.join(others)}."} if others else {}
        properties[first] = {**_sent(field), **also}
    needed = [field.names[0] for field in fields if field.required and field.names]
    return {"type": "object", "properties": properties, "required": needed}


def _answered(field: Field) -> Schema:
    if field.row is not None and field.kind is Kind.SUBFORM:
        return {"type": "array", "items": whole({row.name: _answered(row) for row in declared(field.row)})}
    schema = _OUT[field.kind]
    return nullable(schema) if field.default is None else schema


def _sent_name(module: AnyModule) -> str:
    return f"{'Zoho' if module.side is Side.ZOHO else 'Sent'}{entity_name(module)}"


def of_module(module: AnyModule) -> dict[str, Schema]:
    """A record of the module, both ways."""
    fields = {field.name: _answered(field) for field in module.fields}
    return {
        _sent_name(module): {
            **_sent_row(_sent_fields(module)),
            "title": module.remote_name,
            "description": "A field that is wrong makes its record INVALID, and harms no other record. "
            "Fields that are not listed are passed over.",
        },
        entity_name(module): {**whole({**fields, "extra": _EXTRA}), "title": entity_name(module)},
    }


def _sent_fields(module: AnyModule) -> Sequence[Field]:
    """The fields, and those of the row that a record can be itself."""
    tables = [field.row for field in module.fields if field.wire.is_itself and field.row is not None]
    return (*(cell for row in tables for cell in declared(row)), *module.fields)


def body(module: AnyModule) -> Schema:
    """The shapes of a body: several records or one under one of the names that lists have, or one alone."""
    record = ref(_sent_name(module))
    records = {"type": "array", "items": record}
    names = list_names(module)
    wrapped = [
        {"type": "object", "properties": {name: held}, "required": [name]}
        for name in names
        for held in (records, record)
    ]
    nowhere = {"anyOf": [{"required": [name]} for name in names]}
    return {"anyOf": [*wrapped, {"allOf": [record, {"not": nowhere}]}]}


def form() -> Schema:
    """A sync body as a form."""
    return {
        "type": "object",
        "properties": {"data": {"type": "string", "contentMediaType": "application/json"}},
        "additionalProperties": TEXT,
        "description": "`data` has JSON, a list of records or one; without it the fields are the record.",
    }
