"""One JSON object a line.

Of two values of one name the later one counts, as for every reader of such lines. To see that there are two,
a line has to be read a second time, which costs a twelfth of a new record; a document, whose values are read
one by one in any case, is refused.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from mzi_adapters import fast_json
from mzi_adapters.files.source import FileProblem, Item, Source
from mzi_adapters.strict_json import shallow, value_at
from mzi_core.ports import RawRecord, Unreadable
from mzi_core.sizes import DEEPEST

_BLANKS = re.compile(r"[ \t\r\n]*")


class JsonLine(RawRecord):
    """A line that was not read yet; one that is no JSON reads as an Unreadable, and harms no other."""

    __slots__ = ()

    def read(self) -> object:
        """The value on it."""
        if fast_json.READ is not None:
            with suppress(*fast_json.REFUSED):
                return _shallow(self, fast_json.READ(self))
        return _record(self)


Block = tuple[Sequence[object], Sequence[int]]
"""Some records in order, and the line each begins on."""


def read_blocks(source: Source) -> Iterator[Block]:
    """Every line that is not blank, many at a time."""
    if source.is_utf16:
        raise FileProblem(f"{source.name} is UTF-16; save it as UTF-8.")
    first = 1
    for lines in source.blocks():
        numbers = range(first, first + len(lines))
        first += len(lines)
        if any(map(bytes.isspace, lines)):
            said = [place for place, line in enumerate(lines) if not line.isspace()]
            yield [JsonLine(lines[place]) for place in said], [numbers[place] for place in said]
        else:
            yield list(map(JsonLine, lines)), numbers


def read_ndjson(source: Source) -> Iterator[Item]:
    """Every line that is not blank."""
    for records, numbers in read_blocks(source):
        yield from map(Item, records, numbers)


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _shallow(raw: bytes, value: object) -> object:
    few = raw.count(b"[") + raw.count(b"{") <= DEEPEST  # so few cannot be nested too deeply
    return value if few else shallow(value, raw.decode(errors="replace"))


def _record(raw: bytes) -> object:
    raw = raw.rstrip(b"\r\n")
    try:
        text = raw.decode()
        value, end = value_at(text, _after_blanks(text, 0), later_counts=True)
        if (end := _after_blanks(text, end)) < len(text):
            raise json.JSONDecodeError("Extra data", text, end)
        return value
    except json.JSONDecodeError as error:
        said = f"is no JSON: {error.msg}, column {error.pos + 1}."
    except UnicodeDecodeError as error:
        said = f"is no JSON: it is not UTF-8 at byte {error.start + 1}."
    return Unreadable(raw.decode(errors="replace"), said)
