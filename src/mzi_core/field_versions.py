"""Of when each field of a record is, as far as that is not the version of the record itself.

What a record does not name is not told by it; what it names as empty is told to be empty.

It is kept as texts, each with a moment in seconds since 1970, an event number (`-` where there is none) and
the names of the fields that are of then: `1770640031 32 last_name city`. A field with a value that none of
them names is of the version of its record. A cell of a row is called by its table and the row key, as
`attempts.0.feedback`, and else of the version of its row. `*` stands for everything of a record, and
`attempts.0.*` for everything of a row, of which nothing later was told: it is empty since then.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import attrs

from mzi_core.mapping import EXTRA
from mzi_core.module import E, Entity, Field, Module, Version, declared

ALL = "*"
"""What stands for all fields of a record or a row."""

_NONE = "-"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Versions = Mapping[str, Version]


def read_versions(texts: Iterable[str]) -> dict[str, Version]:
    """The versions that texts say, by the name of a field. Raises ValueError for one of another form."""
    found: dict[str, Version] = {}
    for text in texts:
        at, number, *names = text.split()
        moment = None if at == _NONE else _EPOCH + timedelta(seconds=int(at))
        found |= dict.fromkeys(names, Version(moment, None if number == _NONE else int(number)))
    return found


def written_versions(versions: Versions) -> tuple[str, ...]:
    """The texts that say these versions: one for each version, the oldest first."""
    names: dict[Version, list[str]] = defaultdict(list)
    for name, version in versions.items():
        names[version].append(name)
    return tuple(
        " ".join((_seconds(version.at), _number(version.number), *sorted(names[version])))
        for version in sorted(names, key=lambda each: each.order)
    )


def _seconds(at: datetime | None) -> str:
    return _NONE if at is None else str((at - _EPOCH) // timedelta(seconds=1))


def _number(number: int | None) -> str:
    return _NONE if number is None else str(number)


@attrs.frozen(kw_only=True, eq=False)
class RowTable:
    """A table whose rows are told row by row, and of each row its cells.

    `cells`: their defaults by name, but for what says which row it is and of when. `lists`: the names of the
    table on its side; `names`: by a name on its side, the cells that are told by it.
    """

    name: str
    key: str
    row: Any
    lists: tuple[str, ...]
    cells: Mapping[str, Any]
    names: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, field: Field) -> "RowTable":
        """The table that a field is."""
        row: Any = field.row
        cells = [each for each in declared(row) if each.name not in (field.row_key, *row.of_when)]
        defaults = {each.name: each.default for each in cells}
        return cls(
            name=field.name,
            key=field.row_key,
            row=row,
            lists=field.names,
            cells=defaults,
            names=_by_name(cells),
        )

    def start(self, row: object) -> str:
        """What stands in front of the names of a row's cells."""
        return f"{self.name}.{getattr(row, self.key)}."


@attrs.frozen(kw_only=True, eq=False)
class TellableParts:
    """What of the records of a module is told each by itself.

    `cells`: the defaults of fields by name: not of what makes the key, of tables, or of the making. `names`:
    by a name on its side, the fields that are told by it.
    """

    cells: Mapping[str, Any]
    tables: tuple[RowTable, ...]
    names: Mapping[str, Sequence[str]]


@cache
def parts_of(module: Module[Any]) -> TellableParts:
    """The parts of a module's records; found once."""
    made = module.succession.made if module.succession else ()
    cells = [
        field
        for field in module.compared
        if not (field.required or field.wire.is_itself or field.name in made)
    ]
    return TellableParts(
        cells={field.name: field.default for field in cells},
        tables=tuple(RowTable.of(field) for field in module.fields if field.wire.is_itself),
        names=_by_name(cells),
    )


def _by_name(fields: Iterable[Field]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for field in fields:
        for name in (*field.names, *field.wire.from_one):
            found[name].append(field.name)
    return dict(found)


# what one telling says


@attrs.frozen(kw_only=True)
class Named:
    """The fields of which a wire record says anything, be it that they are empty; `extra.` before own ones.

    `cells`: where the record is itself a row of its table, the cells of that of which it says anything; None
    where it is none, and its rows are told whole.
    """

    fields: frozenset[str]
    cells: frozenset[str] | None = None


def named_in(
    module: Module[Any],
    record: Mapping[str, object],
    renamed: Mapping[str, str],
    extras: Mapping[str, str],
) -> Named:
    """What a wire record names. `renamed`: the further name of a field; `extras`: those of a tenant's own."""
    parts = parts_of(module)
    fields = {name for wire in record if wire in parts.names for name in parts.names[wire]}
    fields.update(name for name, wire in renamed.items() if wire in record)
    for group in module.told_together:
        if not fields.isdisjoint(group):
            fields.update(group)
    fields.update(EXTRA + name for name, wire in extras.items() if wire in record)
    cells = None
    for table in parts.tables:
        if not any(record.get(name) for name in table.lists):
            cells = frozenset(name for wire in record for name in table.names.get(wire, ()))
    return Named(fields=frozenset(fields), cells=cells)


def numbered(module: Module[E], told: E) -> E:
    """A record whose rows have the number of the event that told them, where they say none themselves."""
    if told.event_number is None:
        return told
    tables: dict[str, Any] = {}
    for table in parts_of(module).tables:
        _, number = table.row.of_when
        tables[table.name] = tuple(
            attrs.evolve(row, **{number: told.event_number}) if getattr(row, number) is None else row
            for row in getattr(told, table.name)
        )
    return attrs.evolve(told, **tables) if tables else told


def as_told(module: Module[E], told: E, named: Named) -> E:
    """A record with what it tells by being empty: fields that are named, and cells of rows.

    What it has a value of is told by that. Without an id of its own it does not say that there is none.
    """
    own, parts = told.record_version, parts_of(module)
    its_id = {module.succession.id} if module.succession else set()
    versions = {
        name: own
        for name in named.fields - its_id
        if (name in parts.cells and getattr(told, name) == parts.cells[name]) or _is_missing_extra(name, told)
    }
    for table in parts.tables:
        for row in getattr(told, table.name):
            start = table.start(row)
            if named.cells is None:
                versions[start + ALL] = row.version
                continue
            empty = [name for name in named.cells if getattr(row, name) == table.cells[name]]
            versions |= {start + name: row.version for name in empty}
    return attrs.evolve(told, field_versions=written_versions(versions)) if versions else told


def _is_missing_extra(name: str, told: Entity) -> bool:
    return name.startswith(EXTRA) and name.removeprefix(EXTRA) not in told.extra


def tells(told: Entity, name: str) -> bool:
    """Whether a record says anything of a field, be it that it is empty."""
    return getattr(told, name) is not None or name in read_versions(told.field_versions)
