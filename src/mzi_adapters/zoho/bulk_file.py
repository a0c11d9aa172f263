"""The file of a Bulk Read: a ZIP with one CSV in it, checked before it is believed, and sorted on disk."""

import csv
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import BinaryIO, Self

from mzi_adapters.zoho.answers import Json, text
from mzi_core.errors import MziError
from mzi_core.ids import is_digits
from mzi_core.ports import ZohoField
from mzi_core.values import ZohoId

LARGEST = 4 * 2**30
"""Bytes of an unpacked file: 200,000 records of 20 kB each."""

DENSEST = 400
"""How many times its packed size a file may have; text packs to a tenth."""

SMALL = 16 * 2**20
"""Up to this size it does not matter how well it packs."""

_REFERENCES = frozenset({"lookup", "userlookup", "ownerlookup"})


class NoRoom(MziError):
    """A temporary file cannot be written; `why` is what the system says of it."""

    def __init__(self, folder: str, why: str) -> None:
        self.folder = folder
        super().__init__(
            f"Temporary files cannot be written ({why}): make room in {folder}, or let TMPDIR name a folder "
            "that has some. A pull `--via records` or `--via coql` does without."
        )


def rows_of(file: BinaryIO, known: Mapping[str, ZohoField]) -> Iterator[Json]:
    """The records of a file as a list would show them. Raises ValueError for what is no such file.

    Lookups are ids there, nothing is an empty cell, and several choices stand in one; numbers stay text.
    """
    try:
        with zipfile.ZipFile(file) as archive, archive.open(_only_entry(archive)) as packed:
            lines = csv.reader(io.TextIOWrapper(packed, encoding="utf-8-sig", newline=""), strict=True)
            yield from _records(lines, known)
    except (zipfile.BadZipFile, csv.Error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise ValueError(f"it is damaged ({type(error).__name__}).") from None


def _only_entry(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = archive.infolist()
    if len(entries) != 1:
        raise ValueError(f"it holds {len(entries)} files instead of one.")
    entry = entries[0]
    if {"/", "\\", ":"} & set(entry.filename) or ".." in entry.filename or entry.filename[-4:] != ".csv":
        raise ValueError("its file has a name that is none of a CSV file.")
    dense = entry.file_size > SMALL and entry.file_size > DENSEST * max(entry.compress_size, 1)
    if entry.file_size > LARGEST or dense:
        raise ValueError("it unpacks to far more than it can hold.")
    return entry


def _records(lines: Iterator[list[str]], known: Mapping[str, ZohoField]) -> Iterator[Json]:
    header = next(lines, None)
    if header is None:
        return
    names = ["id" if name.lower() == "id" else name for name in header]
    if "id" not in names or len(set(names)) != len(names):
        raise ValueError("its first line does not name the columns.")
    readers = [(name, _reader(known.get(name))) for name in names]
    for line in lines:
        if len(line) != len(readers):
            raise ValueError("a line has another number of cells than the first.")
        yield {
            name: None if cell == "" else read(cell) for (name, read), cell in zip(readers, line, strict=True)
        }


def _reader(field: ZohoField | None) -> Callable[[str], object]:
    kind = "" if field is None else field.data_type
    if kind in _REFERENCES:
        return lambda cell: {"id": cell}
    if kind == "boolean":
        return lambda cell: cell.lower() == "true"
    if kind == "multiselectpicklist":
        return lambda cell: cell.split(";")
    return str


class Spool:
    """Records on disk, by id. SQLite keeps a database without a name in a file that nobody else sees."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")
        self._database.execute("create table record (place text primary key, said text) without rowid")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def __len__(self) -> int:
        (found,) = self._database.execute("select count(*) from record").fetchone()
        return int(found)

    def put(self, rows: Iterable[Json]) -> None:
        """Keep records, each in place of an earlier one of its id."""
        self._database.executemany(
            "insert or replace into record values (?, ?)",
            ((_place(text(row, "id")), json.dumps(row, ensure_ascii=False)) for row in rows),
        )

    def pages(self, after: ZohoId | None, size: int) -> Iterator[list[Json]]:
        """The records by id ascending, so many at a time."""
        found = self._database.execute(
            "select said from record where place > ? order by place", (_place(after or "0"),)
        )
        while page := found.fetchmany(size):
            yield [json.loads(said) for (said,) in page]


def _place(zoho_id: str) -> str:
    """Ids as text that sorts like their numbers."""
    if not is_digits(zoho_id):
        raise ValueError("a record has no id.")
    return zoho_id.zfill(30)
