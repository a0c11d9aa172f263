"""Which of a module's fields to ask Zoho for, by what its own metadata says is there.

Every name of a field that exists is asked for, not only the first: a record is read from the first name that
carries a value, and must be understood alike however it comes.
"""

import re
from collections.abc import Mapping, Sequence

import attrs

from mzi_core.errors import AccessRefused, FieldsMissing, RemoteNotFound
from mzi_core.field_reference import is_known
from mzi_core.mapping import Overlay
from mzi_core.module import AnyModule, Field, Kind
from mzi_core.naming import (
    Absent,
    Described,
    Naming,
    Real,
    by_name,
    naming,
    nearest_names,
    real_module,
    tables_of,
)
from mzi_core.ports import Selection, ZohoMetadata, ZohoModule
from mzi_core.suggestions import either

ALWAYS_READ = frozenset({"zoho_id", "modified_at"})
"""The fields that every selection brings."""

LOOKUPS = frozenset({"lookup", "ownerlookup", "userlookup"})
"""Zoho's types of a pointer to one record: one way of reading gives its name, and others its id alone."""

_ALIKE = 0.75
"""What is so near may be mapped on being told; a hint may be further off."""

_CRITERION = re.compile(r"[PMD][1-9][0-9]?_description")


@attrs.frozen(kw_only=True)
class Choice:
    """What to ask for, and what is called how. `untold`: the fields Zoho cannot tell, by their names inside.

    `notes`: a sentence for each of these. `problems`: one for each field that a record cannot do without.
    """

    named: Naming
    selection: Selection
    untold: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@attrs.define
class _Chosen:
    """A choice while it is made."""

    named: Naming
    absent: Mapping[str, Absent]
    fields: list[str] = attrs.field(factory=list)
    subforms: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    untold: set[str] = attrs.field(factory=set)
    notes: list[str] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)

    @property
    def _zoho(self) -> str:
        return self.named.api_name

    def plain(self, name: str) -> None:
        """A field that is one of Zoho's, or one of the tenant's own."""
        found = self.named.read.get(name, ())
        real = self.named.described.fields
        if found and self._only_points(name, found):
            self.leave(name, f"{either(found)} is a lookup in {self._zoho}, and no text")
            return
        many = [each for each in found if real[each].points_at_several]
        self.subforms |= dict.fromkeys(many, ())
        self.fields += [each for each in found if each not in many]
        absent = self.absent.get(name)
        if absent is None:
            return
        if found:
            self.notes.append(f"`{name}` is mapped to `{absent.names[0]}`, which {self._zoho} does not have.")
        elif absent.required:
            self.problems.append(self._wanting(absent))
        else:
            self.leave(name, f"{either(absent.names)} is not in {self._zoho}")

    def _only_points(self, name: str, found: Sequence[str]) -> bool:
        """Whether what is text here is a pointer there; of a required field even that is better than none."""
        field = self.named.module.field.get(name)
        real = self.named.described.fields
        if field is None or field.required or field.kind is not Kind.TEXT:
            return False
        return all(real[each].data_type in LOOKUPS for each in found)

    def table(self, field: Field) -> None:
        """A subform with the columns of its rows."""
        name = self.named.names.get(field.name)
        columns = self.named.columns.get(field.name)
        if name is None:
            self.leave(field.name, f"{either(field.names)} is not in {self._zoho}")
        elif columns is None:
            self.leave(field.name, f"the rows of `{name}` cannot be read")
        elif not columns.read:
            self.leave(field.name, f"the rows of `{name}` have no column that is known here")
        else:
            self.subforms[name] = columns.read

    def criteria(self, field: Field) -> None:
        """The family of criteria, in the record and in a subform: all that are there, or none at all."""
        name = self.named.names.get(field.name, "")
        rows = self.named.described.rows
        own = [each for each in self.named.described.fields if _CRITERION.fullmatch(each)]
        further = [each for each in rows.get(name, {}) if _CRITERION.fullmatch(each)]
        if name and name not in rows:
            self.leave(field.name, f"the rows of {name} cannot be read")
        elif not own and not further:
            self.leave(field.name, f"{self._zoho} has no field such as `P1_description`")
        else:
            self.fields += own
            if further:
                self.subforms[name] = tuple(further)

    def leave(self, name: str, why: str) -> None:
        """Leave a field as it is stored."""
        self.untold.add(name)
        self.notes.append(f"`{name}` of the {self.named.module.name} stays as it is stored: {why}.")

    def _wanting(self, absent: Absent) -> str:
        module = self.named.module.name
        said = (
            f"{self._zoho} has no field {either(absent.names)}, and a record cannot do without its "
            f"`{absent.field}`."
        )
        labels = self.named.described.labels
        near = next((found for name in absent.names for found in nearest_names(name, labels, _ALIKE)), None)
        if near is None:
            return f"{said} Add it in Zoho, let mzi's account see it, or map another with `mzi fields`."
        if is_known(module, near):
            remedy = f"`mzi fields {module} --map {near}={absent.field}` reads it there"
        else:
            remedy = f"give it the API name `{absent.names[0]}` in Zoho"
        return f"{said} The nearest is `{near}`; if that is meant, {remedy}."


def choose(named: Naming) -> Choice:
    """The selection of a module, by what its fields are called in an organisation."""
    chosen = _Chosen(named, {each.field: each for each in named.absent})
    for field in named.module.fields:
        if field.name in ALWAYS_READ:
            continue
        match field.kind:
            case Kind.SUBFORM:
                chosen.table(field)
            case Kind.CRITERIA:
                chosen.criteria(field)
            case _:
                chosen.plain(field.name)
    for name in named.extras:
        chosen.plain(name)
    return Choice(
        named=named,
        selection=Selection(fields=tuple(dict.fromkeys(chosen.fields)), subforms=chosen.subforms),
        untold=frozenset(chosen.untold),
        notes=tuple(chosen.notes),
        problems=tuple(chosen.problems),
    )


def in_no_record(choice: Choice, page: Sequence[object]) -> frozenset[str]:
    """The fields, by their names inside, that were asked for and of which no record has even the key.

    A field that is empty is null in an answer. One that the account may not see is left out of all of them.
    """
    left = set(choice.selection.fields)
    for record in page:
        left.difference_update(record if isinstance(record, Mapping) else ())
        if not left:
            return frozenset()
    asked = set(choice.selection.fields)
    read = ((field, asked.intersection(names)) for field, names in choice.named.read.items())
    return frozenset(field for field, names in read if names and names <= left)


async def describe(
    zoho: ZohoMetadata, module: AnyModule, modules: Sequence[ZohoModule] | None = None
) -> Described:
    """A module as an organisation has it, without the columns of its subforms; `modules`: all it has.

    Raises ModuleMissing, and RemoteNotFound for a module that is not open to the API.
    """
    api_name = real_module(module, await zoho.modules() if modules is None else modules)
    return Described(api_name=api_name, fields=by_name(await zoho.fields(api_name)))


async def select(zoho: ZohoMetadata, module: AnyModule, overlay: Overlay) -> Choice:
    """What to ask an organisation for, by its own metadata, under a tenant's mapping.

    Raises FieldsMissing, ModuleMissing, and RemoteNotFound for a module that is not open to the API.
    """
    described = await describe(zoho, module)
    rows: dict[str, Real] = {}
    for name, table in tables_of(module, described.fields).items():
        try:
            rows[name] = by_name(await zoho.fields(table))
        except (RemoteNotFound, AccessRefused):
            continue  # the choice tells that the rows cannot be read
    choice = choose(naming(module, overlay, attrs.evolve(described, rows=rows)))
    if choice.problems:
        raise FieldsMissing(choice.problems)
    return choice
