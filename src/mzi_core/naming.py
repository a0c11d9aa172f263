"""Which of the names mzi knows for a module and its fields an organisation's Zoho has, and what it lacks.

Whatever asks Zoho for records, or sends it some, takes the names from here.
"""

from collections.abc import Iterable, Mapping

import attrs

from mzi_core.errors import ModuleMissing
from mzi_core.mapping import EXTRA, Overlay
from mzi_core.module import AnyModule, Kind, declared
from mzi_core.ports import Columns, FieldForms, ZohoField, ZohoModule
from mzi_core.suggestions import ALIKE, SHOWN, nearest, spellings

SERVICE = "Zoho"

Real = Mapping[str, ZohoField]
"""The fields of a module of Zoho by API name."""


def nearest_names(name: str, real: Mapping[str, str], alike: float = ALIKE) -> tuple[str, ...]:
    """Up to three API names of `real` (API name → label) that `name` may have meant, nearest first."""
    return nearest(name, spellings(real.items()), alike)


def by_name(fields: Iterable[ZohoField]) -> dict[str, ZohoField]:
    """Fields by their API names."""
    return {field.api_name: field for field in fields}


def real_module(module: AnyModule, modules: Iterable[ZohoModule]) -> str:
    """The API name under which the organisation has a module. Raises ModuleMissing."""
    names = (module.remote_name, *module.aliases)
    labels = {each.api_name: each.label for each in modules if each.api_supported}
    found = _there(names, labels)
    if found:
        return found[0]
    near = dict.fromkeys(each for name in names for each in nearest_names(name, labels))
    raise ModuleMissing(SERVICE, names, tuple(near)[:SHOWN])


def _there(names: Iterable[str], real: Mapping[str, object]) -> tuple[str, ...]:
    """Those of `names` that are there, in the order of preference."""
    return tuple(name for name in names if name in real)


@attrs.frozen(kw_only=True)
class Described:
    """A module as an organisation's metadata describes it.

    `rows`: the columns of each subform whose rows can be read, by the API name of the subform.
    """

    api_name: str
    fields: Real
    rows: Mapping[str, Real] = attrs.field(factory=dict)

    @property
    def labels(self) -> dict[str, str]:
        """What people call each field, by API name."""
        return {name: field.label for name, field in self.fields.items()}


@attrs.frozen(kw_only=True)
class Absent:
    """A field that is under none of its names in this organisation.

    `mapped`: a tenant's own mapping names it. `link`: it ties the record to Moodle.
    """

    field: str
    names: tuple[str, ...]
    nearest: tuple[str, ...]
    required: bool = False
    mapped: bool = False
    link: bool = False


@attrs.frozen(kw_only=True)
class Naming:
    """What a module and its fields are called in an organisation.

    `names`: the API names, by the names inside, of the fields that are there; `writable`: of those that may
    be written. `read`: every API name a field may be read from, for a record is read from the first that
    holds something. `forms`: in which form the organisation holds them.
    """

    module: AnyModule
    overlay: Overlay
    described: Described
    names: Mapping[str, str]
    writable: Mapping[str, str]
    read: Mapping[str, tuple[str, ...]]
    forms: FieldForms
    absent: tuple[Absent, ...]

    @property
    def api_name(self) -> str:
        """What the module is called."""
        return self.described.api_name

    @property
    def columns(self) -> Mapping[str, Columns]:
        """What the columns of each declared subform are called, whose rows can be read."""
        return self.forms.columns

    @property
    def extras(self) -> tuple[str, ...]:
        """The names inside of the fields that only the tenant maps, whether they are there or not."""
        return tuple(f"{EXTRA}{extra.name}" for extra in self.overlay.extras)


def tables_of(module: AnyModule, real: Real) -> dict[str, str]:
    """The Zoho module that holds the rows, by the API name of each declared subform that exists."""
    wanted = (field.names for field in module.fields if field.kind in (Kind.SUBFORM, Kind.CRITERIA))
    found = (name for names in wanted for name in _there(names, real)[:1])
    return {name: real[name].lookup or name for name in found}


def naming(module: AnyModule, overlay: Overlay, described: Described) -> Naming:
    """The names of `module`'s fields in an organisation; a name that the tenant mapped goes first."""
    real, labels = described.fields, described.labels
    read: dict[str, tuple[str, ...]] = {}
    absent: list[Absent] = []
    for field in module.fields:
        if field.kind is Kind.ID or field.wire.parts:
            continue
        mapped = overlay.names.get(field.name)
        wanted = field.names if mapped is None else (mapped, *field.names)
        found = _there(wanted, real)
        if found:
            read[field.name] = found
        if not found or mapped not in (None, found[0]):
            absent.append(
                Absent(
                    field=field.name,
                    names=wanted[:1] if found else wanted,
                    nearest=nearest_names(wanted[0], labels),
                    required=field.required,
                    mapped=mapped is not None,
                    link=field.wire.link,
                )
            )
    for extra in overlay.extras:
        name = f"{EXTRA}{extra.name}"
        if extra.zoho_name in real:
            read[name] = (extra.zoho_name,)
        else:
            near = nearest_names(extra.zoho_name, labels)
            absent.append(Absent(field=name, names=(extra.zoho_name,), nearest=near, mapped=True))
    names = {field: found[0] for field, found in read.items()}
    days = {field.name for field in module.fields if field.kind is Kind.DATE}
    return Naming(
        module=module,
        overlay=overlay,
        described=described,
        names=names,
        writable={field: name for field, name in names.items() if not real[name].read_only},
        read=read,
        forms=FieldForms(
            texts=frozenset(field for field, name in names.items() if real[name].holds_text),
            moments=frozenset(
                name for name in days & names.keys() if real[names[name]].data_type == "datetime"
            ),
            choices={field: real[name].choices for field, name in names.items() if real[name].choices},
            columns={
                field.name: _columns(field.row, described.rows[names[field.name]])
                for field in module.fields
                if field.kind is Kind.SUBFORM
                and field.row is not None
                and names.get(field.name) in described.rows
            },
        ),
        absent=tuple(absent),
    )


def _columns(row: type[object], real: Real) -> Columns:
    """The names of the cells of a declared row among the columns there are."""
    read = {cell.name: found for cell in declared(row) if (found := _there(cell.names, real))}
    every = tuple(dict.fromkeys(name for found in read.values() for name in found))
    return Columns(
        names={cell: found[0] for cell, found in read.items()},
        read=every,
        texts=frozenset(name for name in every if real[name].holds_text),
    )
