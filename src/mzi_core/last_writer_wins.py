"""What two tellings of one record come to: field by field the newer one.

A map in which the last writer wins: in whatever order the same tellings come, however often and in whatever
grouping, they end in the same record. See `mzi_core.field_versions` for what a telling says, and of when.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import Any

import attrs

from mzi_core.field_versions import (
    ALL,
    RowTable,
    Versions,
    parts_of,
    read_versions,
    written_versions,
)
from mzi_core.mapping import EXTRA
from mzi_core.module import UNVERSIONED, E, Entity, Module, Succession, Version


@attrs.frozen
class _Cell:
    """A value, and of when it is; without a version nobody has told anything of it."""

    value: object
    version: Version | None

    def then(self, told: "_Cell") -> "_Cell":
        """What it is after this was told."""
        if told.version is None:
            return self
        if self.version is None:
            return told
        if told.version.is_before(self.version):
            return self
        return _Cell(told.value, told.version.after(self.version))


_UNTOLD = _Cell(None, None)


@attrs.frozen
class _Row:
    """A row of a table: its cells by name. `since`: of when everything else of it was told to be empty."""

    version: Version
    cells: Mapping[str, _Cell]
    since: Version | None

    def then(self, told: "_Row") -> "_Row":
        is_old = told.version.is_before(self.version)
        return _Row(
            self.version if is_old else told.version.after(self.version),
            {name: cell.then(told.cells[name]) for name, cell in self.cells.items()},
            _later(self.since, told.since),
        )

    def ended(self, since: Version, is_ended: "_IsEnded") -> "_Row":
        own = None if self.since is None or is_ended(self.since, since) else self.since
        return attrs.evolve(self, cells=_left(self.cells, since, is_ended), since=own)

    @property
    def has_any(self) -> bool:
        return any(cell.value is not None for cell in self.cells.values())


def _later(one: Version | None, other: Version | None) -> Version | None:
    """The later of two; the other where one is unknown."""
    if one is None or other is None:
        return other if one is None else one
    return one if other.is_before(one) else other.after(one)


_IsEnded = Callable[[Version, Version], bool]
"""Whether what is of a version had ended by another."""


def _is_before(version: Version, since: Version) -> bool:
    """For what is put together with something of which an end is known."""
    return version.is_before(since)


def _is_not_after(version: Version, since: Version) -> bool:
    """For something of which an end is told now. What nobody can put in order stays."""
    return version != UNVERSIONED and not since.is_before(version)


def _of_row(is_ended: _IsEnded) -> _IsEnded:
    """The same for rows: by the numbers of the events, for a grading may be told long after it was made.

    What has none beside an end that has was read, and stays.
    """

    def of_row(version: Version, since: Version) -> bool:
        if since.number is None:
            return is_ended(version, since)
        return version.number is not None and is_ended(version.of_number, since.of_number)

    return of_row


@attrs.frozen
class _Making:
    """Who made the last of the records that follow one another under one key, and its id then.

    It has an order of its own, by that id: it is told once, however much is told of others in between.
    Without an id it says up to when all have ended.
    """

    id: int | None
    maker: object
    version: Version | None

    @classmethod
    def of(cls, succession: Succession | None, record: Entity, versions: Versions) -> "_Making":
        if succession is None:
            return cls(None, None, None)
        id = getattr(record, succession.made_as)
        told = versions.get(succession.made_as, None if id is None else record.record_version)
        return cls(id, getattr(record, succession.maker), told)

    def then(self, told: "_Making") -> "_Making":
        """The later making of both that has not ended."""
        ends = [each.version for each in (self, told) if each.id is None]
        end = reduce(_later, ends, None)
        left = [each for each in (self, told) if each.id is not None and not each.is_over(end)]
        return max(left, key=lambda each: each.id or 0, default=_Making(None, None, end))

    def is_over(self, end: Version | None) -> bool:
        return end is not None and self.version is not None and self.version.is_before(end)

    def ended(self, since: Version, is_ended: _IsEnded) -> "_Making":
        is_there = self.id is not None and self.version is not None and not is_ended(self.version, since)
        return self if is_there else _Making(None, None, _later(self.version, since))


@attrs.frozen
class _Telling:
    """A record, taken apart: its cells by name, its rows by table and row key.

    `since`: of when it was told that everything else is empty, or over.
    """

    cells: Mapping[str, _Cell]
    rows: Mapping[str, Mapping[Any, _Row]]
    making: _Making
    since: Version | None

    @classmethod
    def of(cls, module: Module[Any], record: Entity) -> "_Telling":
        parts, versions = parts_of(module), read_versions(record.field_versions)
        since = versions.get(ALL)
        cells = _told_cells(record, parts.cells, own=record.record_version, versions=versions, since=since)
        for name in (EXTRA + name for name in record.extra):
            version = versions.get(name, record.record_version)
            cells[name] = _Cell(record.extra[name.removeprefix(EXTRA)], version)
        for name, version in versions.items():
            if name.startswith(EXTRA):
                cells.setdefault(name, _Cell(None, version))
        rows = {
            table.name: {
                getattr(row, table.key): _row(table, row, versions) for row in getattr(record, table.name)
            }
            for table in parts.tables
        }
        return cls(cells, rows, _Making.of(module.succession, record, versions), since)

    def then(self, told: "_Telling") -> "_Telling":
        """Both together: each cell and each row as it was told last, but for what had ended by then."""
        both = _Telling(
            {
                name: self.cells.get(name, _UNTOLD).then(told.cells.get(name, _UNTOLD))
                for name in dict.fromkeys((*self.cells, *told.cells))
            },
            {table: _rows_then(rows, told.rows[table]) for table, rows in self.rows.items()},
            self.making.then(told.making),
            None,
        )
        return both.ended(_later(self.since, told.since), _is_before)

    def ended(self, by: Version | None, is_ended: _IsEnded) -> "_Telling":
        """What was told of it after an end; who made it is another matter."""
        since = _later(self.since, by)
        if since is None:
            return self
        of_row = _of_row(is_ended)
        return attrs.evolve(
            self,
            since=since,
            cells=_left(self.cells, since, is_ended),
            rows={
                table: {
                    key: left
                    for key, row in rows.items()
                    if (left := row.ended(since, of_row)).has_any or not of_row(row.version, since)
                }
                for table, rows in self.rows.items()
            },
        )

    def record(self, module: Module[E], like: E, version: Version) -> E:
        """The record that it is, of a version, with the key of another."""
        parts = parts_of(module)
        versions = _kept_versions(self.cells, parts.cells, "", version, self.since)
        if self.since is not None:
            versions[ALL] = self.since
        extra = {
            name.removeprefix(EXTRA): cell.value
            for name, cell in self.cells.items()
            if name.startswith(EXTRA) and cell.value is not None
        }
        values: dict[str, Any] = {**_values(self.cells, parts.cells), "extra": extra}
        for table in parts.tables:
            values[table.name] = tuple(_rows(table, self.rows[table.name], versions, self.since))
        if module.succession is not None:
            made = module.succession.made
            values |= zip(made, (self.making.id, self.making.maker), strict=True)
            told = self.making.version
            if told is not None and (self.making.id is None or told != version):
                versions[made[0]] = told
        at, number = version
        return attrs.evolve(
            like,
            **values,
            modified_at=at,
            event_number=number,
            field_versions=written_versions(versions),
        )


def _rows_then(rows: Mapping[Any, _Row], told: Mapping[Any, _Row]) -> dict[Any, _Row]:
    """The rows of both."""
    both = {key: rows[key].then(told[key]) for key in rows.keys() & told.keys()}
    return {**rows, **told, **both}


def _told_cells(
    holder: object,
    defaults: Mapping[str, Any],
    *,
    start: str = "",
    own: Version,
    versions: Versions,
    since: Version | None,
) -> dict[str, _Cell]:
    found = {}
    for name, default in defaults.items():
        value = getattr(holder, name)
        told = own if value != default else since
        found[name] = _Cell(value, versions.get(start + name, told) if versions else told)
    return found


def _row(table: RowTable, row: Any, versions: Versions) -> _Row:
    start = table.start(row)
    since = versions.get(start + ALL)
    cells = _told_cells(row, table.cells, start=start, own=row.version, versions=versions, since=since)
    return _Row(row.version, cells, since)


def _left(cells: Mapping[str, _Cell], since: Version, is_ended: _IsEnded) -> dict[str, _Cell]:
    """The cells of which something newer was told; of all others it was told that they are empty."""
    ended = _Cell(None, since)
    return {
        name: ended if cell.version is None or is_ended(cell.version, since) else cell
        for name, cell in cells.items()
    }


def _values(cells: Mapping[str, _Cell], defaults: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: cells[name].value for name in defaults}
    return {name: defaults[name] if value is None else value for name, value in values.items()}


def _kept_versions(
    cells: Mapping[str, _Cell],
    defaults: Mapping[str, Any],
    start: str,
    own: Version,
    since: Version | None,
) -> dict[str, Version]:
    """The versions that do not follow from the record itself."""
    found = {}
    for name, cell in cells.items():
        is_empty = cell.value is None or cell.value == defaults.get(name)
        if cell.version is not None and cell.version != (since if is_empty else own):
            found[start + name] = cell.version
    return found


def _rows(
    table: RowTable, rows: Mapping[Any, _Row], versions: dict[str, Version], since: Version | None
) -> Iterator[Any]:
    """The rows in the order of their keys; what versions of theirs are to be kept is noted."""
    for key in sorted(rows):
        row = rows[key]
        when = dict(zip(table.row.of_when, row.version, strict=True))
        made = table.row(**{table.key: key}, **when, **_values(row.cells, table.cells))
        start = table.start(made)
        versions |= _kept_versions(row.cells, table.cells, start, row.version, row.since or since)
        if row.since is not None:
            versions[start + ALL] = row.since
        yield made


def _followed(known: _Telling, told: _Telling, id: str) -> _Telling:
    """Both together, where one may be the successor of the other under the same key: see `Succession`.

    What was told of the one that is over is over.
    """
    one, other = known.cells[id], told.cells[id]
    if one.value is None or other.value is None or one.value == other.value:
        return known.then(told)
    over, there = (told, known) if _is_older(other, one) else (known, told)
    return over.ended(over.cells[id].version, _is_not_after).then(there)


def _is_older(one: _Cell, other: _Cell) -> bool:
    """Whether one id was told before another; of one moment, whether it is the lower one."""
    first, second = one.version or UNVERSIONED, other.version or UNVERSIONED
    if first.is_before(second) or second.is_before(first):
        return first.is_before(second)
    return int(str(one.value)) < int(str(other.value))


def brought_together(module: Module[E], before: E, told: E) -> E:
    """What a record comes to, of which one thing is known and another is told."""
    one, other = _Telling.of(module, before), _Telling.of(module, told)
    succession = module.succession
    both = one.then(other) if succession is None else _followed(one, other, succession.id)
    is_old = told.record_version.is_before(before.record_version)
    version = before.record_version if is_old else told.record_version.after(before.record_version)
    return both.record(module, before, version)


def is_same(one: Entity, other: Entity) -> bool:
    """Whether two records say the same, of whatever time it is."""
    at, number = one.record_version
    return one == attrs.evolve(other, modified_at=at, event_number=number, field_versions=one.field_versions)


def is_denied(module: Module[E], told: E, record: E) -> bool:
    """Whether a record says otherwise than a telling: something newer was told."""
    one, other = _Telling.of(module, told), _Telling.of(module, record)
    if _are_denied(one.cells, other.cells) or (
        one.making.id is not None and one.making.id != other.making.id
    ):
        return True
    return any(
        key not in other.rows[table] or _are_denied(row.cells, other.rows[table][key].cells)
        for table, rows in one.rows.items()
        for key, row in rows.items()
    )


def _are_denied(told: Mapping[str, _Cell], cells: Mapping[str, _Cell]) -> bool:
    return any(
        cell.version is not None and cell.value != cells.get(name, _UNTOLD).value
        for name, cell in told.items()
    )


def outlives(module: Module[E], told: E, gone: E) -> bool:
    """Whether a record, as it was told, is not the one of which a deletion was told, or is there again.

    `gone`: what the deletion says of the record. Of records that follow one another under one key the later
    one has a higher id, and none comes back under its own.
    """
    succession = module.succession
    one = other = None
    if succession is not None:
        one = getattr(told, succession.id) or getattr(told, succession.made_as)
        other = getattr(gone, succession.id)
    if one is not None and one == other:
        return False
    if gone.record_version.is_before(told.record_version):
        return True
    if one is None or other is None or told.record_version.is_before(gone.record_version):
        return False
    return int(one) > int(other)


def without_what_ended(module: Module[E], record: E, gone: E) -> E:
    """What is left of a record of which it was told that it ended: what was told of it afterwards.

    `gone`: what the end says of the record. Of one moment with the end is what was told of a successor.
    """
    succession = module.succession
    ids = {getattr(each, succession.id) for each in (record, gone)} if succession else set()
    return _ended(module, record, gone, _is_before if len(ids - {None}) > 1 else _is_not_after)


def back_again(module: Module[E], record: E, gone: E) -> E:
    """A record that is there again after it was deleted, with nothing that is older than that.

    `gone`: the deleted record as it is stored, which is of when it ended.
    """
    return record if gone.record_version == UNVERSIONED else _ended(module, record, gone, _is_before)


def _ended(module: Module[E], record: E, gone: E, is_ended: _IsEnded) -> E:
    whole, end = _Telling.of(module, record), gone.record_version
    left = attrs.evolve(whole.ended(end, is_ended), making=whole.making.ended(end, is_ended))
    return left.record(module, record, record.record_version)
