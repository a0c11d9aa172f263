"""How the entities of a module lie in their table, derived from its declaration.

Rows are made and read in the values that a driver speaks, by the conversions of the column types; these are
looked up once per module and dialect, not per row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from itertools import repeat
from types import MappingProxyType
from typing import Any, Generic

import attrs
import sqlalchemy as sa

from mzi_adapters import fast_json
from mzi_adapters.sql.driver import CHANGED, EVENT_NUMBER, Find, Rows
from mzi_adapters.sql.own_tables import table_of
from mzi_adapters.sql.rows import converter, extra_from_data, extra_to_data
from mzi_adapters.sql.tables import IN_JSON, REVISION, column_of
from mzi_adapters.sql.types import Digest, Id
from mzi_core.decide import Known, Touch, Write
from mzi_core.errors import StoreRefused
from mzi_core.module import AnyModule, E, Field, Kind, Module, Values, declared
from mzi_core.page_decisions import NewRows, RecordUpdate, StoredValues
from mzi_core.ports import FIRST_REVISION, Stored
from mzi_core.values import Extra, MoodleId, RecordId, RecordKey, State, TenantId

_KEPT = ("id", "fingerprint", REVISION, "state", "created_at", "updated_at", "deleted_at")

Conversion = Callable[[Any], Any]

_NO_LINKS: Mapping[str, MoodleId] = MappingProxyType({})

_NUMERIC = 1700
"""PostgreSQL's code of its exact numbers: SQLAlchemy asks for it to read one, and for nothing else."""


@attrs.frozen
class _Cell:
    """One field on its way between an entity and a row."""

    name: str
    column: str
    to_row: Conversion | None
    from_row: Conversion | None


def _cell(field: Field) -> _Cell:
    if field.kind not in IN_JSON:
        return _Cell(field.name, column_of(field), None, None)
    read = converter.get_structure_hook(field.held_as)
    write = converter.get_unstructure_hook(field.held_as)
    return _Cell(field.name, column_of(field), write, lambda data: read(data, field.held_as))


def _is_json_alike(field: Field) -> bool:
    """Whether `quick` writes and reads a value that is kept as JSON as the converter does.

    It does but for moments, which it writes with another word for UTC.
    """
    rows = declared(field.row) if field.row is not None else ()
    return field.kind in IN_JSON and not any(row.kind is Kind.DATETIME for row in rows)


def _json_text(field: Field) -> Conversion | None:
    """How a value that is kept as JSON is written at once, in a tenth of the converter's time."""
    encode = fast_json.COMPACT if _is_json_alike(field) else None
    return None if encode is None else lambda value: encode(value).decode()


def _json_value(field: Field) -> Conversion | None:
    """How it is read at once."""
    return fast_json.reader_of(field.held_as) if _is_json_alike(field) else None


def _none_or(convert: Conversion) -> Conversion:
    """The same for a value that may be missing."""
    return convert if convert is _same else lambda value: None if value is None else convert(value)


def _one_after_the_other(first: Conversion | None, then: Conversion | None) -> Conversion | None:
    if first is None or then is None:
        return then or first
    return lambda value: then(first(value))


class Shape(Generic[E]):
    """How the entities of one module lie in their table, in the values that one dialect's driver speaks."""

    def __init__(self, module: Module[E], dialect: sa.Dialect) -> None:
        self.module = module
        self.table = table_of(module)
        cells = [_cell(field) for field in module.fields]
        columns = self.table.c
        whole = (*(cell.column for cell in cells), "extra", *_KEPT)
        self.whole = tuple(columns[name] for name in whole)
        self._names = tuple(cell.name for cell in cells)
        self._links = tuple(field.name for field in module.links)

        def written(name: str) -> Conversion | None:
            if isinstance(columns[name].type, sa.Date) and dialect.name == "sqlite":
                return date.isoformat  # the same text as SQLAlchemy's, in a tenth of the time
            if isinstance(columns[name].type, Digest) and dialect.name == "postgresql":
                return bytes.fromhex  # likewise
            return columns[name].type.dialect_impl(dialect).bind_processor(dialect)

        def read(name: str) -> Conversion | None:
            if isinstance(columns[name].type, Digest | Id):
                if dialect.name == "sqlite":
                    return None
                return str if isinstance(columns[name].type, Id) else bytes.hex
            return columns[name].type.dialect_impl(dialect).result_processor(dialect, _NUMERIC)

        to_row = [
            _json_text(field) or _one_after_the_other(cell.to_row, written(cell.column))
            for field, cell in zip(module.fields, cells, strict=True)
        ]
        self._to_row = [(place, convert) for place, convert in enumerate(to_row) if convert]
        self._convert = [convert or _same for convert in to_row]
        self._moment = written("created_at") or _same
        self._maybe_moment = _none_or(self._moment)
        self._extra = written("extra") or _same
        self._no_extra = self._extra({})
        self._from_row = [(place, convert) for place, convert in enumerate(map(read, whole)) if convert]
        self._from_json = [(place, cell.from_row) for place, cell in enumerate(cells) if cell.from_row]
        self._read_moment = _none_or(read("modified_at") or _same)
        from_row = [
            _json_value(field) or _one_after_the_other(read(cell.column), cell.from_row)
            for field, cell in zip(module.fields, cells, strict=True)
        ]
        self._read_values = [(place, convert) for place, convert in enumerate(from_row) if convert]
        self._read_extra = read("extra") or _same
        self._read_id = read("id") or _same
        self._digest, self._read_digest = written("mark") or _same, read("mark") or _same
        self._mark, self._read_mark = _none_or(self._digest), _none_or(self._read_digest)

        key = module.key_name
        kind = columns[key].type.compile(dialect).split()[0]
        wanted = (key, "id", "fingerprint", "mark", "modified_at", "deleted_at IS NOT NULL")
        links = tuple(map(self.column, self._links))
        find = partial(Find, self.table.name, kind=kind, by=key)
        number = EVENT_NUMBER if module.numbers_events else "NULL"
        self.find_known = find((*wanted, number, *links))
        self.find_marks = find((key, "CASE WHEN deleted_at IS NULL THEN mark END"))
        # Asked for as text, JSON is read here and not by the driver.
        text = "" if dialect.name == "sqlite" else "::text"
        asked = (
            f"{cell.column}{text}" if _json_value(field) else cell.column
            for field, cell in zip(module.fields, cells, strict=True)
        )
        self.find_values = find((*asked, "extra", "fingerprint", "mark", "state", "deleted_at IS NOT NULL"))
        self.find_present = find((key,))
        self.find_states = find(("CASE WHEN deleted_at IS NULL THEN state END",))
        self.find_whole = find(whole)
        self.find_owners = {
            field.name: Find(
                self.table.name,
                (column, key),
                by=column,
                kind=columns[column].type.compile(dialect),
                live=True,
            )
            for field in module.unique
            for column in (column_of(field),)
        }

    def column(self, name: str) -> str:
        """The column of the field called `name`."""
        return column_of(self.module.field[name])

    def rows(self, tenant: TenantId, writes: Sequence[Write[E]], at: datetime) -> Rows:
        """Written rows whole, in the order of the table's columns: live, and new unless they replace others.

        Raises StoreRefused for a value that its column type will not take.
        """
        values_of = self.module.values_of
        records = ((w.id, values_of(w.entity), w.fingerprint, w.mark, str(w.state)) for w in writes)
        return self._made(tenant, records, at)

    def new_rows(self, tenant: TenantId, rows: NewRows, at: datetime) -> Rows:
        """New records whole, in the order of the table's columns. Raises StoreRefused, as `rows`."""
        new = repeat(str(State.NEW), len(rows.ids))
        records = zip(rows.ids, rows.values, rows.fingerprints, rows.marks, new, strict=True)
        return self._made(tenant, records, at)

    def _made(
        self,
        tenant: TenantId,
        records: Iterable[tuple[RecordId, Values, str, str | None, str]],
        at: datetime,
    ) -> Rows:
        """Rows of records, each said by its id, values, fingerprint, mark and state."""
        digest, extra, none, converted = self._digest, self._extra_text, self._no_extra, self._converted
        try:
            moment = self._moment(at)
            return [
                (
                    *(tenant, record_id),
                    *converted(values),
                    extra(values[-1]) if values[-1] else none,
                    digest(fingerprint),
                    None if mark is None else digest(mark),
                    *(FIRST_REVISION, state, moment, moment, None),
                )
                for record_id, values, fingerprint, mark, state in records
            ]
        except (TypeError, ValueError, ArithmeticError):
            raise self._misfit() from None

    def _misfit(self) -> StoreRefused:
        """Said without the value, and so without the error that may quote it."""
        return StoreRefused(f"A value of the {self.module.singular} does not fit its column.")

    def _extra_text(self, extra: Extra) -> Any:
        return self._extra(extra_to_data(extra)) if extra else self._no_extra

    def _converted(self, values: Values) -> Sequence[Any]:
        """The declared values of a record as its row has them."""
        row = [*values[:-1]]
        for place, convert in self._to_row:
            if row[place] is not None:
                row[place] = convert(row[place])
        return row

    def changed(self, changes: Sequence[RecordUpdate], at: datetime) -> tuple[Sequence[str], Rows]:
        """Which columns are to be set, and the values of each record in them; the first finds the record.

        A column that changed in one record is set in all: to what it is already. Raises StoreRefused.
        """
        last, modified_at = len(self._names), self._names.index("modified_at")
        places = sorted({place for change in changes for place in change.places} - {modified_at})
        key_at, moment = self.module.key_place, self._maybe_moment
        digest, mark = self._digest, self._mark
        updated, state = moment(at), str(State.UPDATED)
        convert = [(place, self._convert[place]) for place in places if place != last]

        def row(change: RecordUpdate) -> tuple[Any, ...]:
            values = change.values
            extra = (self._extra_text(values[-1]),) if places and places[-1] == last else ()
            return (
                values[key_at],
                digest(change.fingerprint),
                mark(change.mark),
                *(state, updated),
                moment(values[modified_at]),
                *[None if values[place] is None else written(values[place]) for place, written in convert],
                *extra,
            )

        columns = [column_of(self.module.fields[place]) if place != last else "extra" for place in places]
        try:
            return (self.module.key_name, *CHANGED, *columns), list(map(row, changes))
        except (TypeError, ValueError, ArithmeticError):
            raise self._misfit() from None

    def touched(self, touches: Sequence[Touch]) -> Rows:
        """What is remembered of records that came again, in the order of `touched_of`."""
        moment, digest, mark = self._maybe_moment, self._digest, self._mark
        rows = [(t.key, digest(t.fingerprint), moment(t.modified_at), mark(t.mark)) for t in touches]
        if not self.module.numbers_events:
            return rows
        fields = self._convert[self.module.place["field_versions"]]
        return [
            (*row, touch.event_number, fields(touch.field_versions))
            for row, touch in zip(rows, touches, strict=True)
        ]

    def what_is_known(self, rows: Iterable[Sequence[Any]]) -> dict[RecordKey, Known]:
        """From rows of `find_known`."""
        moment, links_of = self._read_moment, self._links_of
        id_of, digits, digits_of_mark = self._read_id, self._read_digest, self._read_mark
        return {
            key: Known(
                id=id_of(record_id),
                fingerprint=digits(fingerprint),
                modified_at=moment(modified_at),
                event_number=number,
                links=links_of(links) if links else _NO_LINKS,
                deleted=bool(deleted),
                mark=digits_of_mark(mark),
            )
            for key, record_id, fingerprint, mark, modified_at, deleted, number, *links in rows
        }

    def marks(self, rows: Iterable[Sequence[Any]]) -> dict[RecordKey, str | None]:
        """From rows of `find_marks`."""
        digits = self._read_mark
        return {key: digits(mark) for key, mark in rows}

    def stored_values(self, rows: Iterable[Sequence[Any]]) -> dict[RecordKey, StoredValues]:
        """From rows of `find_values`."""
        found = {}
        key_at = self.module.key_place
        digits, digits_of_mark = self._read_digest, self._read_mark
        for *values, extra, fingerprint, mark, state, deleted in rows:
            for place, read in self._read_values:
                if values[place] is not None:
                    values[place] = read(values[place])
            own = {} if extra == self._no_extra else extra_from_data(self._read_extra(extra))
            found[values[key_at]] = StoredValues(
                values=(*values, own),
                fingerprint=digits(fingerprint),
                mark=digits_of_mark(mark),
                state=State(state),
                deleted=bool(deleted),
            )
        return found

    def _links_of(self, values: Sequence[Any]) -> dict[str, MoodleId]:
        pairs = zip(self._links, values, strict=True)
        return {name: value for name, value in pairs if value is not None}

    def found_whole(self, rows: Iterable[Sequence[Any]]) -> Iterator[Stored[E]]:
        """From rows of `find_whole`, as the driver reads them."""
        for row in rows:
            values = [*row]
            for place, convert in self._from_row:
                values[place] = convert(values[place])
            yield self.stored(values)

    def stored(self, row: Sequence[Any]) -> Stored[E]:
        """From a row of `whole`, as SQLAlchemy reads it."""
        *values, extra, record_id, fingerprint, revision, state, created_at, updated_at, deleted_at = row
        for place, convert in self._from_json:
            values[place] = convert(values[place])
        return Stored(
            id=RecordId(record_id),
            entity=self.module.entity(
                extra=extra_from_data(extra), **dict(zip(self._names, values, strict=True))
            ),
            fingerprint=fingerprint,
            revision=revision,
            state=State(state),
            created_at=created_at,
            updated_at=updated_at,
            deleted_at=deleted_at,
        )


def _same(value: Any) -> Any:
    return value


_shapes: dict[tuple[AnyModule, str], Shape[Any]] = {}


def shape_of(module: AnyModule, dialect: sa.Dialect) -> Shape[Any]:
    """The shape of a module; there is one for each dialect."""
    key = (module, dialect.name)
    if key not in _shapes:
        _shapes[key] = Shape(module, dialect)
    return _shapes[key]
