"""A tenant's own field names laid over a module, and what is wrong with them.

Two things may be mapped: a Zoho field into `extra.<name>`, held in the type its Zoho type asks for; and
another Zoho name for a declared field, which is then read before the declared names.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

import attrs

from mzi_core.field_reference import known_fields, nearest
from mzi_core.module import AnyModule, Kind
from mzi_core.secrecy import names_a_secret

EXTRA = "extra."
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")
_HELD_APART = frozenset({Kind.SUBFORM, Kind.CRITERIA, Kind.ID, Kind.LOOKUPS})


@attrs.frozen
class FieldMapping:
    """One line of a mapping: `field` is `extra.<name>` or a declared field, `zoho_name` an API name."""

    field: str
    zoho_name: str


@attrs.frozen
class ExtraField:
    """A field only this tenant has: its name inside, its Zoho API name, and how its values are held."""

    name: str
    zoho_name: str
    kind: Kind


@attrs.frozen(kw_only=True)
class Overlay:
    """A checked mapping of one module: further first names for declared fields, and the extra fields."""

    names: Mapping[str, str] = attrs.field(factory=dict)
    extras: tuple[ExtraField, ...] = ()

    @cached_property
    def version(self) -> str:
        """Equal for equal mappings; part of whatever is remembered about wire values."""
        return repr((sorted(self.names.items()), sorted((e.name, e.zoho_name, e.kind) for e in self.extras)))


NO_OVERLAY = Overlay()


def suggest(name: str) -> str:
    """The name a Zoho field gets inside when its owner chooses none: `Sub_Major` becomes sub_major."""
    return _BETWEEN_WORDS.sub("_", name.lower()).strip("_")


def _not_known(module: AnyModule, name: str) -> str:
    declared = [alias for field in module.fields for alias in field.names]
    close = nearest(module.name, name, also=declared)
    hint = f" Did you mean {' or '.join(f'`{n}`' for n in close)}?" if close else ""
    return f"{module.remote_name} has no field `{name}`.{hint}"


def _problem(module: AnyModule, line: FieldMapping) -> str | None:
    if names_a_secret(line.zoho_name):
        return f"`{line.zoho_name}` is a secret by its name, and mzi keeps none; leave it out."
    known = known_fields(module.name).get(line.zoho_name)
    if line.field.startswith(EXTRA):
        if known is None:
            return _not_known(module, line.zoho_name)
        if not known.kind.mappable:
            return f"`{line.zoho_name}` is of the type {known.zoho_type}, which holds no value to map."
        if not _NAME.fullmatch(line.field.removeprefix(EXTRA)):
            return f"`{line.field}` is no name for a field; use small letters, digits and underscores."
        return None
    field = module.field.get(line.field)
    if field is None:
        return f"{module.name} has no field `{line.field}`; a field of your own is called `{EXTRA}<name>`."
    if field.kind in _HELD_APART or field.wire.parts:
        return f"`{line.field}` cannot be read from another Zoho field."
    if known is None:
        return _not_known(module, line.zoho_name)
    return None


def overlay(module: AnyModule, lines: Iterable[FieldMapping]) -> tuple[Overlay, tuple[str, ...]]:
    """The usable lines laid over `module`, and a sentence for each one that is not usable."""
    names: dict[str, str] = {}
    extras: dict[str, ExtraField] = {}
    problems: list[str] = []
    for line in lines:
        problem = _problem(module, line)
        if problem is None and (line.field in names or line.field.removeprefix(EXTRA) in extras):
            problem = f"`{line.field}` is mapped twice."
        if problem is not None:
            problems.append(problem)
        elif line.field.startswith(EXTRA):
            name = line.field.removeprefix(EXTRA)
            extras[name] = ExtraField(name, line.zoho_name, known_fields(module.name)[line.zoho_name].kind)
        else:
            names[line.field] = line.zoho_name
    return Overlay(names=names, extras=tuple(extras.values())), tuple(problems)
