"""One JSON object a line."""

import json
from collections.abc import Iterator
from typing import NoReturn

from mzi_adapters.files.source import FileProblem, Item, Source, Unreadable


def no_constant(name: str) -> NoReturn:
    """NaN and the infinities, which Python reads and JSON does not have."""
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=no_constant)  # json.loads would make one for every line


def read_ndjson(source: Source) -> Iterator[Item]:
    """Every line that is not blank; one that is no JSON becomes an Unreadable and harms no other."""
    if source.encoding == "utf-16":
        raise FileProblem(f"{source.name} is UTF-16; save it as UTF-8.")
    for number, raw in source.lines():
        if not raw.isspace():
            yield Item(_record(raw), number)


def _record(raw: bytes) -> object:
    raw = raw.rstrip(b"\r\n")
    try:
        return _DECODER.decode(raw.decode())
    except json.JSONDecodeError as error:
        said = f"is no JSON: {error.msg}, column {error.pos + 1}."
    except UnicodeDecodeError as error:
        said = f"is no JSON: it is not UTF-8 at byte {error.start + 1}."
    except RecursionError:
        said = "is nested too deeply."
    except ValueError as error:  # NaN; a number of thousands of digits
        said = f"is no JSON: {error}."
    return Unreadable(raw.decode(errors="replace"), said)
