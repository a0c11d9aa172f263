"""JSON read by msgspec where it is installed, as beside the service and the command line; None elsewhere.

It reads a record twice as fast as the standard library, and its id alone ten times. What both read they read
alike. msgspec is the stricter one and says less about what it refuses: what it refuses must be read by
`strict_json`, whose word counts.
"""

from collections.abc import Callable, Sequence
from typing import Any

READ: Callable[[bytes], object] | None
"""Reads a record; raises one of REFUSED."""

ID_OF: Callable[[bytes], str] | None
COMPACT: Callable[[Sequence[object]], bytes] | None
"""Writes what `mzi_core.fingerprints.compact_json` writes, in a sixth of the time."""

try:
    import msgspec
except ImportError:
    READ = ID_OF = COMPACT = None
else:

    class _Named(msgspec.Struct):
        """No more of a record than its id; the rest is gone over, and is JSON for sure."""

        id: str

    READ = msgspec.json.Decoder().decode
    _named = msgspec.json.Decoder(_Named).decode

    def _id_of(record: bytes) -> str:
        return _named(record).id

    ID_OF = _id_of
    COMPACT = msgspec.json.Encoder().encode


def reader_of(kind: Any) -> Callable[[str], Any] | None:
    """Reads values of a type, such as a tuple of declared rows, from JSON of our own."""
    return None if READ is None else msgspec.json.Decoder(kind).decode


REFUSED = (ValueError, RecursionError)
"""What both raise for text that they will not read."""
