"""Which of a module's fields to ask Zoho for, by what its own metadata says is there: pure.

Every name of a field that exists is asked for, not only the first: a record is read from the first name that
carries a value, and must be understood alike however it comes.
"""

import re
from collections.abc import Mapping, Sequence

import attrs

from mzi_core.known_fields import known_fields
from mzi_core.mapping import EXTRA, Overlay
from mzi_core.module import AnyModule, Field, Kind, declared
from mzi_core.naming import nearest_names
from mzi_core.ports import Selection, ZohoField
from mzi_core.spelling import either

ALWAYS_READ = frozenset({"zoho_id", "modified_at"})
"""The fields that every selection brings."""

MANY_LOOKUP = "multiselectlookup"
"""Zoho's type of a lookup to several records: these are rows of a module of their own, as a subform's are."""

_ALIKE = 0.75
"""What is so near may be mapped on being told; a hint may be further off."""

_CRITERION = re.compile(r"[PMD][1-9][0-9]?_description")

Real = Mapping[str, ZohoField]
"""The fields of a Zoho module by API name."""


@attrs.frozen(kw_only=True)
class Choice:
    """What to ask for. `untold`: the fields Zoho cannot tell, `extra.` before a tenant's own.

    `notes`: a sentence for each of these. `problems`: one for each field that a record cannot do without.
    """

    selection: Selection
    untold: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@attrs.define
class _Chosen:
    """A choice while it is made."""

    module: AnyModule
    real: Real
    rows: Mapping[str, Real]
    fields: list[str] = attrs.field(factory=list)
    subforms: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    untold: set[str] = attrs.field(factory=set)
    notes: list[str] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)

    def plain(self, field: Field, names: Sequence[str]) -> None:
        """A field that is one of Zoho's."""
        found = [name for name in names if name in self.real]
        many = [name for name in found if self.real[name].data_type == MANY_LOOKUP]
        self.subforms |= dict.fromkeys(many, ())
        self.fields += [name for name in found if name not in many]
        if found:
            return
        if field.required:
            self.problems.append(self._wanting(field, names))
        else:
            self.leave(field.name, f"{either(names)} is not in {self.module.zoho_module}")

    def table(self, field: Field) -> None:
        """A subform with the columns of its rows."""
        name = field.names[0]
        columns = self._columns(field)
        if isinstance(columns, str):
            self.leave(field.name, columns)
        else:
            self.subforms[name] = columns

    def criteria(self, field: Field) -> None:
        """The family of criteria, in the record and in a subform: all that are there, or none at all."""
        name = field.names[0]
        own = [each for each in self.real if _CRITERION.fullmatch(each)]
        further = [each for each in self.rows.get(name, {}) if _CRITERION.fullmatch(each)]
        if name in self.real and name not in self.rows:
            self.leave(field.name, f"the rows of {name} cannot be read")
        elif not own and not further:
            self.leave(field.name, f"{self.module.zoho_module} has no field such as `P1_description`")
        else:
            self.fields += own
            if further:
                self.subforms[name] = tuple(further)

    def leave(self, name: str, why: str) -> None:
        """Leave a field as it is stored."""
        self.untold.add(name)
        self.notes.append(f"`{name}` of the {self.module.name} stays as it is stored: {why}.")

    def _columns(self, field: Field) -> tuple[str, ...] | str:
        """The columns of a subform that exist, or why its rows cannot be had."""
        name = field.names[0]
        if name not in self.real:
            return f"`{name}` is not in {self.module.zoho_module}"
        if name not in self.rows:
            return f"the rows of `{name}` cannot be read"
        declared_columns = declared(field.row) if field.row is not None else ()
        columns = [each for column in declared_columns for each in column.names if each in self.rows[name]]
        return tuple(dict.fromkeys(columns)) or f"the rows of `{name}` have no column that is known here"

    def _wanting(self, field: Field, names: Sequence[str]) -> str:
        zoho, module = self.module.zoho_module, self.module.name
        said = f"{zoho} has no field {either(names)}, and a record cannot do without its `{field.name}`."
        labels = {name: one.label for name, one in self.real.items()}
        near = next((found for name in names for found in nearest_names(name, labels, _ALIKE)), None)
        if near is None:
            return f"{said} Add it in Zoho, let mzi's account see it, or map another with `mzi fields`."
        if near in known_fields(module):
            remedy = f"`mzi fields {module} --map {near}={field.name}` reads it there"
        else:
            remedy = f"give it the API name `{names[0]}` in Zoho"
        return f"{said} The nearest is `{near}`; if that is meant, {remedy}."


def choose(module: AnyModule, overlay: Overlay, real: Real, rows: Mapping[str, Real]) -> Choice:
    """The selection of `module` under a tenant's mapping; `rows`: the columns of each subform there is."""
    chosen = _Chosen(module, real, rows)
    for field in module.fields:
        if field.name in ALWAYS_READ:
            continue
        match field.kind:
            case Kind.SUBFORM:
                chosen.table(field)
            case Kind.CRITERIA:
                chosen.criteria(field)
            case _:
                mapped = overlay.names.get(field.name)
                chosen.plain(field, field.names if mapped is None else (mapped, *field.names))
                if mapped is not None and mapped not in real and field.name not in chosen.untold:
                    chosen.notes.append(
                        f"`{field.name}` is mapped to `{mapped}`, which {module.zoho_module} does not have."
                    )
    for extra in overlay.extras:
        if extra.zoho_name in real:
            chosen.fields.append(extra.zoho_name)
        else:
            chosen.leave(f"{EXTRA}{extra.name}", f"`{extra.zoho_name}` is not in {module.zoho_module}")
    return Choice(
        selection=Selection(fields=tuple(dict.fromkeys(chosen.fields)), subforms=chosen.subforms),
        untold=frozenset(chosen.untold),
        notes=tuple(chosen.notes),
        problems=tuple(chosen.problems),
    )


def tables_of(module: AnyModule, real: Real) -> dict[str, str]:
    """The Zoho module that holds the rows, by the API name of each declared subform that exists."""
    declared_names = (
        field.names[0] for field in module.fields if field.kind in (Kind.SUBFORM, Kind.CRITERIA)
    )
    return {name: real[name].lookup or name for name in declared_names if name in real}
