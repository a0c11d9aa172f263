"""A JSON document, one record at a time: an array, `{"data": [...]}` as Zoho answers, or a single object.

ijson was tried instead. Its C backend turns half a surrogate pair into `?`, fails a whole file for one number
that is too large, and cannot say where a file is cut. The standard library's scanner reads a record just as
it is read from a line of NDJSON, and knows its place.
"""

import codecs
import json
import re
from collections.abc import Generator, Iterator

from mzi_adapters.files.source import CHUNK, LONGEST, FileProblem, Item, Source
from mzi_adapters.strict_json import named_twice, shallow, value_at
from mzi_core.ports import Unreadable

_CODE = re.compile("[A-Z_]{1,50}")
_BLANK = re.compile(r"[ \t\r\n]*")

_LONGEST_TOKEN = 12
"""Nearer to the end of the buffer than this, an error may be a word or escape that is not all there yet."""

_HALF_A_TOKEN = re.compile(r"[-+.\\\"\w]*\s*")

_UNTERMINATED = "Unterminated string"
_AGAIN = "Copy or export it again; what was taken already will then be UNCHANGED."

_DOUBLE_FROM = 2**20
"""A record of more than this many characters is tried again only when the buffer has doubled."""

ENVELOPE = "data"

_SHOWN = 60
"""Characters of a name that are repeated in a sentence."""


def read_json(source: Source) -> Iterator[Item]:
    """Every record of the document. Raises FileProblem, with its place, where it is broken or cut short."""
    scanner = _Scanner(source)
    match scanner.peek():
        case "[":
            yield from _elements(scanner)
        case "{":
            enveloped = yield from _object(scanner)
            if enveloped and scanner.peek() == "{":
                raise scanner.problem(
                    "a second document begins here; put each answer of Zoho into a file of its own, and take "
                    "them together"
                )
        case "":
            raise FileProblem(f"{source.name} is empty.")
        case _:
            raise scanner.problem("a list of records or a record was expected")
    if left := scanner.peek():
        hint = " It seems to have one record a line: read it with --format ndjson." if left == "{" else ""
        raise FileProblem(f"{scanner.problem('something follows the end of the document')}{hint}")


def _elements(scanner: "_Scanner") -> Iterator[Item]:
    scanner.take()
    if scanner.peek() == "]":
        scanner.take()
        return
    while True:
        scanner.peek()
        line = scanner.line
        value = scanner.value()
        said = _failed(value)
        yield Item(value if said is None else Unreadable("", said), line)
        match scanner.peek():
            case ",":
                scanner.take()
            case "]":
                scanner.take()
                return
            case _:
                raise scanner.problem("`,` or `]` was expected")


def _failed(value: object) -> str | None:
    """What is said of an answer in which Zoho tells of an error, and not of a record."""
    if not isinstance(value, dict) or value.get("status") != "error" or "code" not in value or "id" in value:
        return None
    code = value["code"]
    named = f" (`{code}`)" if isinstance(code, str) and _CODE.fullmatch(code) else ""
    return f"is an answer of Zoho's that tells of an error{named}, and no record; ask Zoho again."


def _object(scanner: "_Scanner") -> Generator[Item, None, bool]:
    """The records under `data`, or the object itself as one record; whether it was the first of these."""
    line = scanner.line
    record: dict[str, object] = {}
    bad: Unreadable | None = None
    enveloped = False
    scanner.take()
    more = scanner.peek() != "}"
    while more:
        if scanner.peek() != '"':
            raise scanner.problem("a field name was expected")
        place = scanner.place
        name = str(scanner.value())
        if scanner.peek() != ":":
            raise scanner.problem("`:` was expected")
        scanner.take()
        listed = scanner.peek() == "[" and name == ENVELOPE
        if name in record:
            bad = named_twice("", name) if bad is None else bad
            if listed or enveloped:
                raise FileProblem(f"{scanner.name}, {place}: the name `{name[:_SHOWN]}` comes twice.")
        record[name] = None
        if listed:
            enveloped = True
            yield from _elements(scanner)
        else:
            record[name] = value = scanner.value(f"$.{name[:_SHOWN]}")
            if bad is None and isinstance(value, Unreadable):
                bad = value
        more = scanner.peek() == ","
        if more:
            scanner.take()
    if scanner.peek() != "}":
        raise scanner.problem("`,` or `}` was expected")
    scanner.take()
    if not enveloped and (said := _failed(record)) is not None:
        raise FileProblem(f"{scanner.name} {said}")
    if not enveloped:
        yield Item(shallow(record) if bad is None else bad, line)
    return enveloped


class _Scanner:
    """The text that was read and not yet understood, and where in the document it stands."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name = source.name
        # Half a character in bytes is for the reader of records to refuse, as it is where it is escaped.
        self._decoder = codecs.getincrementaldecoder(source.encoding)(errors="surrogatepass")
        self._buffer = ""
        self._at = 0
        self._done = False
        self.line = 1
        self._column = 1

    def _move(self, to: int) -> None:
        lines = self._buffer.count("\n", self._at, to)
        if lines:
            self.line += lines
            self._column = to - self._buffer.rindex("\n", self._at, to)
        else:
            self._column += to - self._at
        self._at = to

    def _fill(self, least: int = 1) -> None:
        """Read at least `least` more characters, if there are any."""
        parts = [self._buffer[self._at :]]
        added = 0
        while added < least and not self._done:
            data = self._source.stream.read1(CHUNK)
            self._done = not data
            try:
                text = self._decoder.decode(data, final=self._done)
            except UnicodeDecodeError as error:
                before = "".join(parts).count("\n") + error.object[: error.start].count(b"\n")
                raise self._source.not_text(self.line + before) from error
            parts.append(text)
            added += len(text)
        self._buffer = "".join(parts)
        self._at = 0

    def peek(self) -> str:
        """The next character that is not blank, not taken yet; nothing at the end."""
        while True:
            blank = _BLANK.match(self._buffer, self._at)
            self._move(blank.end() if blank else self._at)
            if self._at < len(self._buffer) or self._done:
                return self._buffer[self._at : self._at + 1]
            self._fill()

    def take(self) -> None:
        """Go past the character that `peek` showed."""
        self._move(self._at + 1)

    def value(self, path: str = "$") -> object:
        """The value that begins here, which has this path in its record. Raises FileProblem."""
        self.peek()
        while True:
            try:
                value, end = value_at(self._buffer, self._at, path)
            except json.JSONDecodeError as error:
                near = error.pos > len(self._buffer) - _LONGEST_TOKEN
                if self._done or not (near or error.msg.startswith(_UNTERMINATED)):
                    raise self._broken(error) from error
            else:
                if end < len(self._buffer) or self._done:
                    self._move(end)
                    return value
            waiting = len(self._buffer) - self._at
            if waiting > LONGEST:
                raise self.problem(
                    f"a record of more than {LONGEST >> 20} MB begins here; a quote is missing"
                )
            self._fill(waiting if waiting > _DOUBLE_FROM else 1)

    def _broken(self, error: json.JSONDecodeError) -> FileProblem:
        line, column = self.line, self._column
        self._move(error.pos)
        rest = _HALF_A_TOKEN.fullmatch(self._buffer, self._at)
        if error.msg.startswith(_UNTERMINATED) or (self._done and rest is not None):
            return FileProblem(
                f"{self._source.name} is cut short: the record that begins on line {line}, column {column} "
                f"has no end. {_AGAIN}"
            )
        return self.problem(error.msg[0].lower() + error.msg[1:])

    @property
    def place(self) -> str:
        """Where in the document it stands, in words."""
        return f"line {self.line}, column {self._column}"

    def problem(self, said: str) -> FileProblem:
        """What is wrong at this place."""
        if self._done and self._at >= len(self._buffer):
            return FileProblem(
                f"{self._source.name} is cut short: it ends on {self.place}, where more was to come. {_AGAIN}"
            )
        return FileProblem(f"{self._source.name}, {self.place}: {said}.")
