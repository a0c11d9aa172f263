"""The fields a college's Zoho is known to have, module by module: what a mapping's names are checked against.

The data stands beside this file, in `field_reference.tsv`, one line a field. It is the field reference of one
real organisation; `id`, `Created_Time` and `Modified_Time` are in every Zoho module and mostly not listed.
Where the reference gives a module's picture a type of its own ("BTEC Unit Image"), it is a Record Image here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Self

import attrs

from mzi_core.errors import UnknownModule
from mzi_core.module import Kind
from mzi_core.suggestions import SHOWN, Spellings, spellings
from mzi_core.suggestions import nearest as nearest_name


class ZohoType(StrEnum):
    """A field's type, in the words of Zoho's own set-up pages, and how a value of it is held.

    A formula's result may be of any type, so it is held as text.
    """

    kind: Kind

    def __new__(cls, value: str, kind: Kind = Kind.TEXT) -> Self:
        """A member is its text; the kind stands beside it, text unless the line says otherwise."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.kind = kind
        return member

    SINGLE_LINE = "Single Line"
    UNIQUE_LINE = "Single Line (Unique)"
    SMALL_TEXT = "Multi Line (Small)"
    LARGE_TEXT = "Multi Line (Large)"
    EMAIL = "Email"
    UNIQUE_EMAIL = "Email (Unique)"
    PHONE = "Phone"
    PICK_LIST = "Pick List"
    MULTISELECT = "Multiselect", Kind.TEXTS
    DATE = "Date", Kind.DATE
    DATETIME = "DateTime", Kind.DATETIME
    NUMBER = "Number", Kind.INTEGER
    DECIMAL = "Decimal", Kind.DECIMAL
    CURRENCY = "Currency", Kind.MONEY
    PERCENT = "Percent", Kind.DECIMAL
    BOOLEAN = "Boolean", Kind.BOOLEAN
    AUTO_NUMBER = "Auto Number"
    LOOKUP = "Lookup", Kind.LOOKUP
    MULTI_SELECT_LOOKUP = "Multi-Select Lookup", Kind.LOOKUPS
    MULTI_MODULE_LOOKUP = "MultiModuleLookup", Kind.LOOKUPS
    SUBFORM = "Subform", Kind.SUBFORM
    FORMULA = "Formula"
    IMAGE_UPLOAD = "Image Upload", Kind.IMAGE
    RECORD_IMAGE = "Record Image", Kind.IMAGE
    URL = "URL"


@attrs.frozen(kw_only=True)
class KnownField:
    """One field of a Zoho module: `label` is what people see, `api_name` what records carry.

    `custom`: the organisation added it. `moodle_used`: the reference names it for the exchange with Moodle.
    """

    module: str
    label: str
    api_name: str
    zoho_type: ZohoType
    custom: bool
    moodle_used: bool

    @property
    def kind(self) -> Kind:
        """How a value of the field is held when a tenant maps it."""
        return self.zoho_type.kind


@cache
def _catalogue() -> Mapping[str, Mapping[str, KnownField]]:
    modules: dict[str, dict[str, KnownField]] = defaultdict(dict)
    lines = files("mzi_core").joinpath("field_reference.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        module, label, api_name, zoho_type, custom, moodle_used = line.split("\t")
        modules[module][api_name] = KnownField(
            module=module,
            label=label,
            api_name=api_name,
            zoho_type=ZohoType(zoho_type),
            custom=custom == "yes",
            moodle_used=moodle_used == "yes",
        )
    return {module: MappingProxyType(fields) for module, fields in modules.items()}


def known_fields(module: str) -> Mapping[str, KnownField]:
    """The known fields of a module (`students`, `payments` …) by API name; raises UnknownModule."""
    catalogue = _catalogue()
    if module not in catalogue:
        raise UnknownModule(module, get_close_matches(module, catalogue, n=SHOWN))
    return catalogue[module]


def is_known(module: str, name: str) -> bool:
    """Whether a module has a known field of this API name; a module of one's own has none."""
    return name in _catalogue().get(module, ())


@cache
def _spellings(module: str) -> Spellings:
    return spellings((field.api_name, field.label) for field in known_fields(module).values())


def nearest(module: str, name: str, also: Iterable[str] = ()) -> tuple[str, ...]:
    """Up to three real names `name` may have meant, nearest first; none when nothing is near.

    `also`: names to offer besides the known ones, such as the aliases a declaration accepts.
    """
    known = dict(_spellings(module))
    for spelling, names in spellings((extra, extra) for extra in also).items():
        known[spelling] = tuple(dict.fromkeys((*known.get(spelling, ()), *names)))
    return nearest_name(name, known)
