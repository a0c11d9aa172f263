"""Under which of its names a declared field is there in an organisation's Zoho, and what is missing."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from mzi_core.mapping import Overlay
from mzi_core.module import AnyModule, Field, Kind
from mzi_core.ports import ZohoField, ZohoModule
from mzi_core.spelling import ALIKE, nearest, spellings


def nearest_names(name: str, real: Mapping[str, str], alike: float = ALIKE) -> tuple[str, ...]:
    """Up to three API names of `real` (API name → label) that `name` may have meant, nearest first."""
    return nearest(name, spellings(real.items()), alike)


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
    """API names by the names inside: of the fields that are there, and of those that may be written.

    `read`: every API name a field may be read from, for a record is read from the first that holds something.
    `texts`: the fields that Zoho holds as text, whatever they are here; `moments`: days that it holds as
    moments. `choices`: the values of pick-lists.
    """

    names: Mapping[str, str]
    writable: Mapping[str, str]
    read: Mapping[str, tuple[str, ...]]
    texts: frozenset[str]
    moments: frozenset[str]
    choices: Mapping[str, tuple[str, ...]]
    absent: tuple[Absent, ...]


def in_words(field: Field, value: object, choices: Sequence[str]) -> object:
    """A value as a pick-list of this organisation has it: "Merit" for M, where that is what it offers."""
    clean = field.wire.clean
    if clean is None or value in choices:
        return value
    return next((choice for choice in choices if clean(choice) == value), value)


def real_module(module: AnyModule, modules: Iterable[ZohoModule]) -> str | None:
    """The API name under which the organisation has a module; None when it has it under none."""
    real = {each.api_name for each in modules if each.api_supported}
    return next((name for name in (module.zoho_module, *module.aliases) if name in real), None)


def naming(module: AnyModule, overlay: Overlay, fields: Sequence[ZohoField]) -> Naming:
    """The names of `module`'s fields among the `fields` Zoho's metadata lists; a mapped name goes first."""
    real = {field.api_name: field for field in fields}
    labels = {field.api_name: field.label for field in fields}
    names: dict[str, str] = {}
    read: dict[str, tuple[str, ...]] = {}
    absent: list[Absent] = []
    for field in module.fields:
        if field.kind is Kind.ID:
            continue
        mapped = overlay.names.get(field.name)
        wanted = field.names if mapped is None else (mapped, *field.names)
        found = next((name for name in wanted if name in real), None)
        if found is not None:
            names[field.name] = found
            read[field.name] = tuple(name for name in wanted if name in real)
        if found is None or mapped not in (None, found):
            absent.append(
                Absent(
                    field=field.name,
                    names=wanted if found is None else wanted[:1],
                    nearest=nearest_names(wanted[0], labels),
                    required=field.required,
                    mapped=mapped is not None,
                    link=field.wire.link,
                )
            )
    for extra in overlay.extras:
        name = f"extra.{extra.name}"
        if extra.zoho_name in real:
            names[name] = extra.zoho_name
            read[name] = (extra.zoho_name,)
        else:
            near = nearest_names(extra.zoho_name, labels)
            absent.append(Absent(field=name, names=(extra.zoho_name,), nearest=near, mapped=True))
    writable = {field: name for field, name in names.items() if not real[name].read_only}
    texts = frozenset(field for field, name in names.items() if real[name].holds_text)
    days = {field.name for field in module.fields if field.kind is Kind.DATE}
    moments = frozenset(name for name in days & names.keys() if real[names[name]].data_type == "datetime")
    return Naming(
        names=names,
        writable=writable,
        read=read,
        texts=texts,
        moments=moments,
        choices={field: real[name].choices for field, name in names.items() if real[name].choices},
        absent=tuple(absent),
    )
