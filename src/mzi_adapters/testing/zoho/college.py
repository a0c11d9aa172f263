"""The modules mzi declares, as a Zoho organisation would have them."""

from collections.abc import Callable, Iterable, Sequence

import attrs

from mzi_adapters.testing.zoho.fake import FakeZoho
from mzi_adapters.testing.zoho.module_tables import SYSTEM
from mzi_core.field_reference import ZohoType, known_fields
from mzi_core.module import AnyModule, Field, Kind, declared
from mzi_core.modules import ZOHO_CATALOGUE
from mzi_core.ports.zoho.metadata import ZohoField

_TYPES = {
    ZohoType.SINGLE_LINE: ("text", "string", 255),
    ZohoType.UNIQUE_LINE: ("text", "string", 255),
    ZohoType.SMALL_TEXT: ("textarea", "string", 2_000),
    ZohoType.LARGE_TEXT: ("textarea", "string", 32_000),
    ZohoType.EMAIL: ("email", "string", 100),
    ZohoType.UNIQUE_EMAIL: ("email", "string", 100),
    ZohoType.PHONE: ("phone", "string", 30),
    ZohoType.PICK_LIST: ("picklist", "string", 120),
    ZohoType.MULTISELECT: ("multiselectpicklist", "jsonarray", None),
    ZohoType.DATE: ("date", "string", None),
    ZohoType.DATETIME: ("datetime", "string", None),
    ZohoType.NUMBER: ("integer", "integer", 9),
    ZohoType.DECIMAL: ("double", "double", 16),
    ZohoType.CURRENCY: ("currency", "double", 16),
    ZohoType.PERCENT: ("percent", "double", 5),
    ZohoType.BOOLEAN: ("boolean", "boolean", None),
    ZohoType.AUTO_NUMBER: ("autonumber", "string", None),
    ZohoType.LOOKUP: ("lookup", "jsonobject", None),
    ZohoType.MULTI_SELECT_LOOKUP: ("multiselectlookup", "jsonarray", None),
    ZohoType.MULTI_MODULE_LOOKUP: ("multi_module_lookup", "jsonarray", None),
    ZohoType.SUBFORM: ("subform", "jsonarray", None),
    ZohoType.FORMULA: ("formula", "string", None),
    ZohoType.IMAGE_UPLOAD: ("imageupload", "jsonarray", None),
    ZohoType.RECORD_IMAGE: ("profileimage", "string", None),
    ZohoType.URL: ("website", "string", 450),
}
"""Zoho's data type, its JSON type and the usual length."""

_KINDS = {
    Kind.EMAIL: ZohoType.EMAIL,
    Kind.INTEGER: ZohoType.NUMBER,
    Kind.DECIMAL: ZohoType.DECIMAL,
    Kind.MONEY: ZohoType.CURRENCY,
    Kind.DATE: ZohoType.DATE,
    Kind.DATETIME: ZohoType.DATETIME,
    Kind.BOOLEAN: ZohoType.BOOLEAN,
    Kind.LOOKUP: ZohoType.LOOKUP,
    Kind.LOOKUPS: ZohoType.MULTI_SELECT_LOOKUP,
    Kind.TEXTS: ZohoType.MULTISELECT,
    Kind.SUBFORM: ZohoType.SUBFORM,
    Kind.CRITERIA: ZohoType.SUBFORM,
    Kind.IMAGE: ZohoType.RECORD_IMAGE,
}
_SYSTEM = frozenset(field.api_name for field in SYSTEM)
_READ_ONLY = frozenset({ZohoType.AUTO_NUMBER, ZohoType.FORMULA})
_UNIQUE = frozenset({ZohoType.UNIQUE_LINE, ZohoType.UNIQUE_EMAIL})


Pick = Callable[[Sequence[str]], str]
"""Which of the names that a declaration knows is the one in an organisation."""


def define_modules(
    zoho: FakeZoho, modules: Iterable[AnyModule] = ZOHO_CATALOGUE, *, only: Pick | None = None
) -> None:
    """Give an organisation these modules: their known fields, and what their declarations add or demand.

    A subform's rows are a module under the name of the subform's field, as Zoho itself names it. With `only`
    a module, a field and a column of rows is there under that one of its names, and under no other.
    """
    for module in modules:
        for field in module.fields:
            if field.row is not None:
                zoho.define(field.names[0], _rows(field.row, only))
        fields = _fields(module, only)
        zoho.define(module_name(module, only), fields if only is None else _alone(module, fields, only))


def module_name(module: AnyModule, only: Pick | None = None) -> str:
    """The name under which `define_modules` makes a module."""
    return module.remote_name if only is None else only((module.remote_name, *module.aliases))


def _alone(module: AnyModule, fields: Iterable[ZohoField], only: Pick) -> list[ZohoField]:
    """The fields without those names of a declared field that are not the one picked."""
    picked = {only(field.names) for field in module.fields if field.names}
    others = {name for field in module.fields for name in field.names} - picked
    return [field for field in fields if field.api_name not in others]


def _field(name: str, label: str, kind: ZohoType, lookup: str | None = None) -> ZohoField:
    data_type, json_type, length = _TYPES[kind]
    return ZohoField(
        api_name=name,
        label=label,
        data_type=data_type,
        json_type=json_type,
        length=length,
        mandatory=name == "Name" and kind not in _READ_ONLY,
        read_only=kind in _READ_ONLY,
        unique=kind in _UNIQUE,
        lookup=lookup,
    )


def _target(module: AnyModule, field: Field, only: Pick | None) -> str | None:
    if field.kind in (Kind.SUBFORM, Kind.CRITERIA):
        return field.names[0]
    pointed = {**module.refers_to, **module.depends_on}.get(field.name)
    return None if pointed is None else module_name(ZOHO_CATALOGUE[pointed], only)


def _fields(module: AnyModule, only: Pick | None) -> list[ZohoField]:
    found = {"Name": _field("Name", "Name", ZohoType.SINGLE_LINE)}
    for name, known in known_fields(module.name).items():
        if name not in _SYSTEM:
            lookup = name if known.zoho_type is ZohoType.SUBFORM else None
            found[name] = _field(name, known.label, known.zoho_type, lookup)
    for field in module.fields:
        if not field.names or field.names[0] in _SYSTEM:
            continue
        kind = _KINDS.get(field.kind, ZohoType.SINGLE_LINE)
        preferred = field.names[0] if only is None else only(field.names)
        for name in {preferred, *(name for name in field.names if name in found)}:
            known_one = found.get(name) or _field(name, name.replace("_", " "), kind)
            found[name] = attrs.evolve(
                known_one, unique=known_one.unique or field.wire.unique, lookup=_target(module, field, only)
            )
    return list(found.values())


def _rows(row: type, only: Pick | None) -> list[ZohoField]:
    fields = [field for field in declared(row) if field.names[0] != "id"]
    return [
        _field(name, name.replace("_", " "), _KINDS.get(field.kind, ZohoType.SINGLE_LINE))
        for field in fields
        for name in (field.names if only is None else (only(field.names),))
    ]
