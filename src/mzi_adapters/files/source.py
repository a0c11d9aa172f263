"""Where bytes come from, and what can be said about them before and after they are read."""

import codecs
import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import BinaryIO, NamedTuple

from mzi_core.errors import MziError
from mzi_core.ports import RawRecord

STDIN = "-"

CHUNK = 2**16
"""How much is read at a time."""

_IN_LATIN = 4
"""At least one of so many characters of a first line in UTF-16 is a comma, a brace or another of Latin."""

LONGEST = 2**26
"""The longest record or line that is read, in characters or bytes: beyond it a quote is missing somewhere."""


class FileProblem(MziError):
    """A file cannot be read, or not to its end."""


class Item(NamedTuple):
    """One record of a file, or what stands in the place of one, and the line it begins on.

    `record` may be Unread; `read` is what it says in any case.
    """

    record: object
    line: int

    def read(self) -> object:
        """The record, read if it was not."""
        return self.record.read() if isinstance(self.record, RawRecord) else self.record


class _Counted(io.RawIOBase):
    """The bytes that were looked at already, then the rest; counts what is taken."""

    def __init__(self, name: str, head: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._name = name
        self._head = head
        self._rest = rest
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # io's own Buffer
        data = self._head[: len(buffer)]
        if data:
            self._head = self._head[len(data) :]
        else:
            with _readable(self._name):
                data = self._rest.read1(len(buffer))  # type: ignore[attr-defined]  # every buffered stream has it
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileProblem(f"{name} cannot be read: {error.strerror or error}.") from error


class Source:
    """A readable stream with a name for messages.

    `head`: its first line, at most 64 KB of it, which is still to be read. `size`: how many bytes there are,
    where that can be known.
    """

    def __init__(self, name: str, stream: BinaryIO, size: int | None = None) -> None:
        self.name = name
        self.size = size
        with _readable(name):
            self.head = stream.readline(CHUNK)
        self._counted = _Counted(name, self.head, stream)
        self.stream = io.BufferedReader(self._counted, CHUNK)

    @property
    def taken(self) -> int:
        """How many bytes were read so far."""
        return self._counted.taken

    @property
    def encoding(self) -> str:
        """What the byte order mark says; without one UTF-16 where every other byte is NUL, else UTF-8."""
        if self.head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        even, odd = self.head[::2].count(0), self.head[1::2].count(0)
        if 2 * max(even, odd) <= len(self.head) // _IN_LATIN:
            return "utf-8-sig"
        return "utf-16-le" if odd > even else "utf-16-be"

    @property
    def is_utf16(self) -> bool:
        """Whether its characters have two bytes."""
        return self.encoding.startswith("utf-16")

    def not_text(self, line: int) -> FileProblem:
        """The problem of a file that is in another encoding, found out on `line`."""
        return FileProblem(
            f"{self.name}, line {line}: this is not UTF-8. Arabic text that a spreadsheet saved as plain CSV "
            "is mostly in cp1256; save it as “CSV UTF-8”, or export it from Zoho again."
        )

    def blocks(self) -> Iterator[list[bytes]]:
        """Its lines, many at a time and whole; a byte order mark is left out. Raises FileProblem."""
        number, begun = 0, [self._without_mark(self.stream.read1(CHUNK))]
        while begun[-1]:
            lines = io.BytesIO(begun[-1]).readlines()
            if len(lines) > 1 or lines[0].endswith(b"\n"):
                lines[0] = b"".join([*begun[:-1], lines[0]])
                begun = [] if lines[-1].endswith(b"\n") else [lines.pop()]
                yield lines
                number += len(lines)
            if sum(map(len, begun)) >= LONGEST:
                raise FileProblem(
                    f"{self.name}, line {number + 1} is longer than {LONGEST >> 20} MB; it has no line ends."
                )
            begun.append(self.stream.read1(CHUNK))
        if any(begun):
            yield [b"".join(begun)]

    def _without_mark(self, data: bytes) -> bytes:
        while data in (codecs.BOM_UTF8[:1], codecs.BOM_UTF8[:2]) and (more := self.stream.read1(CHUNK)):
            data += more
        return data.removeprefix(codecs.BOM_UTF8) or (self.stream.read1(CHUNK) if data else b"")

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Its lines with their numbers, from 1; a byte order mark is left out. Raises FileProblem."""
        return enumerate(chain.from_iterable(self.blocks()), start=1)


_GZIP = b"\x1f\x8b"
_OLE2 = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"
"""With which an archive begins, and so a workbook of Excel or LibreOffice."""


@contextmanager
def open_source(path: str) -> Iterator[Source]:
    """Open a file by its path; `-` is standard input. Raises FileProblem."""
    name = "standard input" if path == STDIN else path
    with _readable(name):
        stream: BinaryIO = sys.stdin.buffer if path == STDIN else open(path, "rb")  # noqa: SIM115
    try:
        source = Source(name, stream, _size(stream))
        if source.head.startswith(_GZIP):
            raise FileProblem(f"{name} is a gzip archive, no file of records; unpack it.")
        if source.head.startswith(_OLE2):
            raise FileProblem(
                f"{name} is an old Excel workbook (.xls); open it and save it as .xlsx, or export again."
            )
        yield source
    finally:
        if path != STDIN:
            stream.close()


def _size(stream: BinaryIO) -> int | None:
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None
