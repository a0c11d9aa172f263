"""A value that cannot be read, as a sentence about it names it: whole if it is short, else its beginning."""

from collections.abc import Mapping

_LONGEST = 60


def quoted(value: object) -> str:
    """The value for a sentence; of a list or an object only that it is one, for it may hold anything."""
    match value:
        case str():
            return repr(value) if len(value) <= _LONGEST else f"{value[:_LONGEST]!r}…"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case int() if value.bit_length() > 4 * _LONGEST:
            return "a number of very many digits"
        case _:
            return repr(value)
