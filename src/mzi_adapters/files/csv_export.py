"""Zoho's CSV export: labels or API names above, `zcrm_` before ids, a lookup in two columns."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import TextIOWrapper

import attrs

from mzi_adapters.files.source import FileProblem, Item, Source, Unreadable
from mzi_core.field_reference import known_fields
from mzi_core.module import AnyModule, Kind

_ID_HEADERS = frozenset({"record id", "id"})
_PREFIX = "zcrm_"
_OF_LOOKUP = ".id"
_WITH_OFFSET = re.compile(r".*(Z|[+-][0-9]{2}:?[0-9]{2})")


def _plain(header: str) -> str:
    return "".join(filter(str.isalnum, header.casefold()))


def _api_names(module: AnyModule) -> Mapping[str, str]:
    """API names by every plain spelling that can only mean them: declared and known names, then labels."""
    known = known_fields(module.name)
    names = [*(name for field in module.fields for name in field.names), *known]
    labels = Counter(_plain(field.label) for field in known.values())
    spelled = {
        _plain(field.label): field.api_name for field in known.values() if labels[_plain(field.label)] == 1
    }
    return spelled | {_plain(name): name for name in reversed(names)}


def _kinds(module: AnyModule) -> Mapping[str, Kind]:
    """How the value under an API name is held, where the declaration or the reference says so."""
    kinds = {name: field.kind for name, field in known_fields(module.name).items()}
    return kinds | {name: field.kind for field in module.fields for name in field.names}


def _id(text: str) -> str:
    return text.removeprefix(_PREFIX)


def _lookup(text: str) -> object:
    """A bare id, as bulk exports have it; a name says nothing about which record is meant."""
    found = _id(text)
    return found if found.isascii() and found.isdigit() else {"name": text}


def _moment(text: str) -> str | None:
    """A moment with its offset. Exports tell local time without one: that is no instant, so it is nothing."""
    return text if _WITH_OFFSET.fullmatch(text) else None


def _several(text: str) -> list[str]:
    return [_id(part) for part in map(str.strip, text.split(";")) if part]


_VALUES: Mapping[Kind, Callable[[str], object]] = {
    Kind.ID: _id,
    Kind.LOOKUP: _lookup,
    Kind.LOOKUPS: _several,
    Kind.TEXTS: _several,
    Kind.DATETIME: _moment,
}


@attrs.frozen
class _Column:
    """What a column gives a record: a value under `name`, or one `part` of the lookup there."""

    name: str
    part: str | None
    value: Callable[[str], object]

    def put(self, record: dict[str, object], cell: str) -> None:
        """Write a cell into a record; an empty one is null."""
        if self.part is None:
            record[self.name] = self.value(cell) if cell else None
            return
        lookup = record.get(self.name)
        if not isinstance(lookup, dict):
            lookup = dict.fromkeys(("id", "name"))
        lookup[self.part] = _id(cell) or None
        record[self.name] = lookup if any(lookup.values()) else None


def _columns(source: Source, module: AnyModule, header: Sequence[str]) -> list[_Column]:
    names, kinds = _api_names(module), _kinds(module)
    titles = [title.strip("\ufeff \t") for title in header]
    pairs = {title.removesuffix(_OF_LOOKUP) for title in titles if title.endswith(_OF_LOOKUP)}
    columns = []
    for title in titles:
        if title.casefold() in _ID_HEADERS:
            columns.append(_Column("id", None, _id))
            continue
        said = title.removesuffix(_OF_LOOKUP)
        name = names.get(_plain(said), said)
        part = None if said not in pairs else "id" if title.endswith(_OF_LOOKUP) else "name"
        columns.append(_Column(name, part, _VALUES.get(kinds.get(name, Kind.TEXT), str)))
    twice = [c for c, count in Counter((c.name, c.part) for c in columns).items() if count > 1 and c[0]]
    if twice:
        raise FileProblem(f"{source.name}: two columns mean `{twice[0][0]}`; leave one of them out.")
    if all(column.name != "id" for column in columns):
        raise FileProblem(
            f"{source.name} has no column `Record Id` or `id` in its first line: it is no export of records."
        )
    return columns


@attrs.define
class _Text:
    """The lines of a source as text, line ends and all; `last` is the one that was read last."""

    source: Source
    last: str = ""

    def __iter__(self) -> Iterator[str]:
        for line in self._utf16() if self.source.encoding == "utf-16" else self._utf8():
            self.last = line
            yield line

    def _utf8(self) -> Iterator[str]:
        """Decoded line by line, so that a wrong byte is found where it stands."""
        for number, raw in self.source.lines():
            try:
                yield raw.decode()
            except UnicodeDecodeError as error:
                raise self.source.not_text(number) from error

    def _utf16(self) -> Iterator[str]:
        try:
            yield from TextIOWrapper(self.source.stream, encoding="utf-16", newline="")
        except UnicodeDecodeError as error:
            raise FileProblem(f"{self.source.name} is not UTF-16 throughout: {error.reason}.") from error


def _delimiter(source: Source) -> str:
    """Zoho writes commas; a spreadsheet may write semicolons, or tabs."""
    header = source.head.decode(source.encoding, errors="replace")
    return max(",;\t", key=header.count)


def read_csv(source: Source, module: AnyModule) -> Iterator[Item]:
    """Every row under the header; one of too few or too many cells becomes an Unreadable.

    Raises FileProblem for a header that says nothing about records, and for bytes that are no text.
    """
    delimiter = _delimiter(source)
    text = _Text(source)
    rows = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        header = next(rows, None)
    except csv.Error as error:
        raise FileProblem(f"{source.name}: its header cannot be read: {error}.") from error
    if header is None:
        raise FileProblem(f"{source.name} is empty.")
    columns = _columns(source, module, header)
    while True:
        line = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Item(Unreadable(text.last.rstrip("\r\n"), f"is no row of a CSV file: {error}."), line)
            continue
        if not any(cells):
            continue
        if len(cells) != len(columns):
            said = f"has {len(cells)} cells where the header has {len(columns)}."
            yield Item(Unreadable(delimiter.join(cells), said), line)
            continue
        record: dict[str, object] = {}
        for column, cell in zip(columns, cells, strict=True):
            column.put(record, cell.strip())
        yield Item(record, line)
