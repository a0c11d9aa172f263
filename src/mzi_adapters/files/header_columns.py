"""What the columns of a table give a record, and what no column of it tells."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial

import attrs

from mzi_adapters.files.labels import OF_LOOKUP, api_names, bare, is_field, is_id, kinds, meant
from mzi_adapters.files.source import FileProblem
from mzi_core.ids import bare_id, damage_of, is_digits
from mzi_core.mapping import EXTRA, Overlay
from mzi_core.module import AnyModule, Field, Kind
from mzi_core.suggestions import either, plain

_WITH_OFFSET = re.compile(r"[^\n]{0,40}(Z|[+-][0-9]{2}:?[0-9]{2})")
_LOCAL = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(:[0-9]{2})?)")
_THREE_NUMBERS = re.compile(r"([0-9]{1,4})[/.-]([0-9]{1,2})[/.-]([0-9]{1,4})([T ][0-9:]{5,8})?")
_CRITERION = re.compile(r"[PMD][1-9][0-9]?_description")
_FORMULA = re.compile(r'="([^"]*)"')
_YEAR = 4
_TITLE = 60
"""Characters of a title that are repeated in a sentence."""


class DateOrder(StrEnum):
    """In which order a day is written with slashes, dots or dashes."""

    DMY = "dmy"
    MDY = "mdy"


@attrs.frozen(kw_only=True)
class Ways:
    """What somebody said about a table that it does not say itself.

    `dates`: in which order its days are written. `offset`: that of its moments, such as `+03:00`. `labels`:
    API names by titles of this tenant's own. `absent_is_empty`: fields without a column are to be emptied.
    """

    dates: DateOrder | None = None
    offset: str = ""
    labels: Mapping[str, str] = attrs.field(factory=dict)
    absent_is_empty: bool = False


AS_IT_IS = Ways()


def titled(title: str) -> str:
    """A title as a sentence repeats it."""
    return title if len(title) <= _TITLE else f"{title[:_TITLE]}…"


def unwrapped(cell: str) -> str:
    """A cell without the formula that keeps a spreadsheet from taking its text for a number."""
    found = _FORMULA.fullmatch(cell)
    return found[1].strip() if found else cell


def id_in(cell: str) -> str:
    """The id that a cell writes; a cell that holds none as it is."""
    return bare_id(unwrapped(cell).removeprefix("'"))


def is_export_id(text: str) -> bool:
    """Whether text is an id, or was one before a spreadsheet damaged it: Zoho's are digits."""
    return is_digits(text) or damage_of(text) is not None


def _lookup(cell: str) -> object:
    """A bare id, as bulk exports have it; a name says nothing about which record is meant."""
    found = id_in(cell)
    return found if is_export_id(found) else {"name": cell}


def _parts(cell: str) -> list[str]:
    return [part for part in map(str.strip, unwrapped(cell).split(";")) if part]


def _lookups(cell: str) -> list[object]:
    return list(map(_lookup, _parts(cell)))


def _as_days_are_written(order: DateOrder, cell: str) -> str:
    """Text whose day is in ISO order; anything else as it is, for the codec to refuse."""
    found = _THREE_NUMBERS.fullmatch(cell)
    if not found or len(found[3]) != _YEAR:
        return cell
    day, month = (found[1], found[2]) if order is DateOrder.DMY else (found[2], found[1])
    return f"{found[3]}-{month:0>2}-{day:0>2}{found[4] or ''}"


def _moment(ways: Ways, cell: str) -> str | None:
    """A moment with its offset; with none in the cell and none that was said it is nothing."""
    if ways.dates is not None:
        cell = _as_days_are_written(ways.dates, cell)
    found = _LOCAL.fullmatch(cell)
    if found and ways.offset:
        return f"{found[1]}T{found[2]}{ways.offset}"
    return cell if _WITH_OFFSET.fullmatch(cell) else None


def _values(ways: Ways) -> Mapping[Kind, Callable[[str], object]]:
    found: dict[Kind, Callable[[str], object]] = {
        Kind.ID: id_in,
        Kind.LOOKUP: _lookup,
        Kind.LOOKUPS: _lookups,
        Kind.TEXTS: _parts,
        Kind.DATETIME: partial(_moment, ways),
    }
    if ways.dates is not None:
        found[Kind.DATE] = partial(_as_days_are_written, ways.dates)
    return found


@attrs.frozen
class FileColumn:
    """What a column gives a record: a value under `name`, or one `part` of the lookup there.

    `ids`: what stands in it are ids.
    """

    title: str
    name: str
    part: str | None
    value: Callable[[str], object]
    ids: bool = False

    def put(self, record: dict[str, object], cell: str) -> None:
        """Write a cell into a record; an empty one is null."""
        if self.part is None:
            record[self.name] = self.value(cell) if cell else None
            return
        lookup = record.get(self.name)
        if not isinstance(lookup, dict):
            lookup = dict.fromkeys(("id", "name"))
        found = id_in(cell) if self.ids else unwrapped(cell)
        if self.ids and found and not is_export_id(found):
            lookup["name"] = lookup["name"] or found
        else:
            lookup[self.part] = found or lookup[self.part]
        record[self.name] = lookup if any(lookup.values()) else None


@attrs.frozen(kw_only=True)
class Header:
    """The columns of a table, and what is to be said about them, a sentence each."""

    module: AnyModule
    columns: Sequence[FileColumn]
    ways: Ways
    notes: tuple[str, ...] = ()

    @property
    def id_column(self) -> int | None:
        """Where the ids of the records stand."""
        names = self.module.field[self.module.key_name].names
        return next((at for at, c in enumerate(self.columns) if c.ids and c.name in names), None)

    def untold(self, overlay: Overlay) -> frozenset[str]:
        """The fields that no column tells, by their names inside; `extra.` before a tenant's own."""
        if self.ways.absent_is_empty:
            return frozenset()
        told = {column.name for column in self.columns}
        moments = [] if self.ways.offset else ["modified_at"]
        return frozenset(
            [
                *moments,
                *(field.name for field in self.module.fields if not self._tells(field.name, overlay, told)),
                *(f"{EXTRA}{extra.name}" for extra in overlay.extras if extra.zoho_name not in told),
            ]
        )

    def required(self, untold: frozenset[str]) -> Sequence[Field]:
        """The fields no record can do without that a table does not tell."""
        return [field for field in self.module.fields if field.required and field.name in untold]

    def left_as_stored(self, untold: frozenset[str]) -> str | None:
        """The sentence that names what a table does not tell and a record can do without."""
        without = {"modified_at", *(field.name for field in self.required(untold))}
        names = [f"`{name}`" for name in sorted(untold - without)]
        if not names:
            return None
        one = len(names) == 1
        said = "stays as stored: the file has no column for it" if one else (
            "stay as stored: the file has no columns for them"
        )  # fmt: skip
        return f"{', '.join(names)} {said}. --absent-means-empty empties what is absent."

    def _tells(self, name: str, overlay: Overlay, told: set[str]) -> bool:
        field = self.module.field[name]
        if field.kind is Kind.ID:
            return True
        if field.kind is Kind.CRITERIA:
            return any(map(_CRITERION.fullmatch, told))
        if field.kind is Kind.SUBFORM:
            return False  # a cell holds no rows
        return not told.isdisjoint((*field.names, overlay.names.get(name, "")))


def _column(
    title: str, pairs: set[str], names: Mapping[str, str], kind_of: Mapping[str, Kind], ways: Ways
) -> FileColumn:
    said = bare(title)
    own = ways.labels.get(said)
    if is_id(title) or own == "id":
        return FileColumn(title, "id", None, id_in, ids=True)
    name = own or (said if kind_of.get(said) is Kind.ID else names.get(plain(said), said))
    kind = kind_of.get(name, Kind.TEXT)
    part = None if said not in pairs else "id" if title.endswith(OF_LOOKUP) else "name"
    ids = part == "id" or (part is None and kind in (Kind.ID, Kind.LOOKUP))
    return FileColumn(title, name, part, _values(ways).get(kind, unwrapped), ids)


def header_of(source: str, module: AnyModule, titles: Sequence[str], ways: Ways) -> Header:
    """What the columns under these titles mean. Raises FileProblem where two mean the same."""
    names, kind_of = api_names(module), kinds(module)
    if any(map(is_id, titles)):  # what else may hold the id counts only where it does not stand by itself
        kind_of = {name: Kind.TEXT if kind is Kind.ID else kind for name, kind in kind_of.items()}
    pairs = {bare(title) for title in titles if title.endswith(OF_LOOKUP)}
    columns = [_column(title, pairs, names, kind_of, ways) for title in titles]
    twice = [c for c, count in Counter((c.name, c.part) for c in columns).items() if count > 1 and c[0]]
    if twice:
        raise FileProblem(f"{source}: two columns mean `{twice[0][0]}`; leave one of them out.")
    return Header(module=module, columns=columns, ways=ways, notes=tuple(_notes(module, columns, ways)))


def _nearest(module: AnyModule, name: str) -> str:
    near = meant(module, name)
    return f"the nearest is {either(near[:1])}" if near else "none is near it"


def _label_notes(module: AnyModule, columns: Sequence[FileColumn], ways: Ways) -> Iterator[str]:
    """What is wrong with the meanings that were given to columns."""
    there, known = {bare(column.title) for column in columns}, kinds(module)
    for title, name in ways.labels.items():
        if title not in there:
            yield f"No column is called `{titled(title)}`, to which --label gives a meaning."
        elif name not in known:
            called = f"`{titled(name)}`, as --label calls `{titled(title)}`,"
            yield f"{called} is no field of {module.name}; {_nearest(module, name)}."


def _notes(module: AnyModule, columns: Sequence[FileColumn], ways: Ways) -> list[str]:
    notes = list(_label_notes(module, columns, ways))
    local = [c.title for c in columns if module.field["modified_at"].names[0] == c.name and not ways.offset]
    if local:
        notes.append(
            f"`{local[0]}` is passed over where it says no offset from UTC; --offset +03:00 says it, and "
            "then an older version changes nothing."
        )
    for column in columns:
        if not column.title or is_field(module, column.title) or bare(column.title) in ways.labels:
            continue
        notes.append(
            f"The column `{titled(column.title)}` is no field of {module.name}, and is passed over; "
            f"{_nearest(module, column.title)}."
        )
    return notes
