"""Our records as Zoho records: which fields of the remote record are to say something else."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

import attrs

from mzi_core.fingerprints import changed_fields
from mzi_core.module import AnyModule, Kind, ZohoEntity
from mzi_core.ports import WireRecord
from mzi_core.provisioning.step import Action, Difference, Step, foreseen
from mzi_core.values import RecordKey, ZohoId

_NOT_SENT = frozenset({Kind.CRITERIA, Kind.LOOKUPS, Kind.ID})


@attrs.frozen(kw_only=True)
class Subform:
    """The rows that a subform of one record shall hold, told apart by the columns `key`."""

    name: str
    rows: tuple[WireRecord, ...]
    key: tuple[str, ...]


@attrs.frozen(kw_only=True)
class RecordWrite:
    """What is sent about one record: its fields without rows, and the subforms that differ.

    `by_key`: it is found by its key instead of by its id.
    """

    record: WireRecord
    subforms: tuple[Subform, ...] = ()
    by_key: bool = False


RecordStep = Step[RecordWrite]


@attrs.frozen(kw_only=True)
class FoundRecords:
    """What Zoho and our store say about a page.

    `theirs`: the remote records as understood, by id, and `unreadable`: why others were not. `names`: the API
    names of the fields that may be written, by their names inside; `columns`: by the name of a subform among
    these, those of its columns, by the names of its cells. `present`: by module, which records a lookup may
    point at.
    """

    theirs: Mapping[ZohoId, ZohoEntity]
    names: Mapping[str, str]
    columns: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    present: Mapping[str, Collection[RecordKey]] = attrs.field(factory=dict)
    unreadable: Mapping[ZohoId, str] = attrs.field(factory=dict)


WireValues = Callable[[Any], Mapping[str, Any]]
"""The values of an entity as Zoho writes them, by their names inside; rows without ids and empty cells."""


def record_steps(
    module: AnyModule,
    ours: Iterable[ZohoEntity],
    found: FoundRecords,
    wire: WireValues,
    *,
    force: bool = False,
) -> list[RecordStep]:
    """A step for each record of ours.

    Nothing of theirs is ever emptied: what we have nothing for is left as it is. A record they changed since
    we last saw it is a conflict, and with `force` is written all the same.
    """
    return [foreseen(each.zoho_id, partial(_step, module, each, found, wire, force=force)) for each in ours]


def _step(
    module: AnyModule, ours: ZohoEntity, found: FoundRecords, wire: WireValues, *, force: bool
) -> RecordStep:
    if ours.zoho_id in found.unreadable:
        return _cannot(ours, f"What Zoho has cannot be read: {found.unreadable[ours.zoho_id]}")
    key = module.upsert_key
    keyed = key is not None and key in found.names and getattr(ours, key) is not None
    theirs = found.theirs.get(ours.zoho_id)
    if theirs is None and not keyed:
        return _cannot(ours, f"Zoho has no {module.singular} {ours.zoho_id}; it was deleted there.")
    changes, left_out = _changes(module, ours, theirs, found)
    why = f"Left as they are: {', '.join(left_out)}." if left_out else ""
    if theirs is not None and not changes:
        act = Action.CANNOT if left_out else Action.NOTHING
        return Step(zoho_id=ours.zoho_id, act=act, counterpart=ours.zoho_id, why=why)
    if theirs is not None and not force and _newer(theirs, ours):
        return Step(
            zoho_id=ours.zoho_id,
            act=Action.CONFLICT,
            counterpart=ours.zoho_id,
            changes=changes,
            why="Zoho has a newer version than we have seen; `mzi pull` takes it, --force overwrites it.",
        )
    return Step(
        zoho_id=ours.zoho_id,
        act=Action.CREATE if theirs is None else Action.CHANGE,
        counterpart=None if theirs is None else ours.zoho_id,
        changes=changes,
        why=why,
        write=_write(module, ours, changes, found, wire(ours), keyed=keyed),
    )


def _newer(theirs: ZohoEntity, ours: ZohoEntity) -> bool:
    """Whether theirs may be a version we have never seen."""
    if theirs.modified_at is None:
        return False
    return ours.modified_at is None or theirs.modified_at > ours.modified_at


def _changes(
    module: AnyModule, ours: ZohoEntity, theirs: ZohoEntity | None, found: FoundRecords
) -> tuple[tuple[Difference, ...], list[str]]:
    """What is to change, and what differs but cannot be sent."""
    if theirs is None:
        differing = [field.name for field in module.compared]
    else:
        differing = [name for name in changed_fields(module, theirs, ours) if name in found.names]
    changes = []
    left_out = []
    for name in differing:
        after = _value(ours, name)
        before = None if theirs is None else _value(theirs, name)
        if name not in found.names or after in (None, (), "") or _rows_alike(before, after):
            continue
        field = module.field.get(name)
        if field is not None and field.kind in _NOT_SENT:
            left_out.append(name)
        elif field is not None and field.kind is Kind.LOOKUP and not _known(module, name, after, found):
            left_out.append(f"{name} (we know no record {after})")
        else:
            changes.append(Difference(name, before, after))
    return tuple(changes), left_out


def _value(entity: ZohoEntity, name: str) -> Any:
    extra = name.removeprefix("extra.")
    return getattr(entity, name) if extra == name else entity.extra.get(extra)


def _rows_alike(before: Any, after: Any) -> bool:
    """Whether two subforms say the same: the ids of their rows are Zoho's own affair."""
    if not isinstance(before, tuple) or not isinstance(after, tuple):
        return False
    return _without_ids(before) == _without_ids(after)


def _without_ids(rows: tuple[Any, ...]) -> list[Any]:
    return [attrs.evolve(row, row_id=None) if hasattr(row, "row_id") else row for row in rows]


def _known(module: AnyModule, name: str, zoho_id: ZohoId, found: FoundRecords) -> bool:
    target = {**module.depends_on, **module.refers_to}.get(name)
    return target is not None and zoho_id in found.present.get(target, ())


def _write(
    module: AnyModule,
    ours: ZohoEntity,
    changes: Iterable[Difference],
    found: FoundRecords,
    values: Mapping[str, Any],
    *,
    keyed: bool,
) -> RecordWrite:
    record: dict[str, object] = {}
    subforms = []
    for change in changes:
        field = module.field.get(change.field)
        name = found.names[change.field]
        if field is not None and field.kind is Kind.SUBFORM:
            key = found.columns[change.field][field.row_key]
            subforms.append(Subform(name=name, rows=values[change.field], key=(key,)))
        else:
            record[name] = values[change.field]
    if keyed and module.upsert_key is not None:
        record[found.names[module.upsert_key]] = values[module.upsert_key]
    else:
        record["id"] = ours.zoho_id
    return RecordWrite(record=record, subforms=tuple(subforms), by_key=keyed)


def _cannot(ours: ZohoEntity, why: str) -> RecordStep:
    return Step(zoho_id=ours.zoho_id, act=Action.CANNOT, why=why)
