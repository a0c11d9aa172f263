"""About how much room a value takes: enough to bound what is parked and what is answered at once."""

from collections.abc import Mapping
from typing import Any

import attrs

DEEPEST = 64
"""How deep the lists and objects of a record may be nested; what is deeper cannot be written down again."""

MAX_NUMBER = 64
"""Characters of a number or an amount; an exact one has 25."""

_OTHER = 8  # of a number with a fraction, a day, a switch


def weight(value: object, most: int) -> int:
    """About the bytes that a value takes as JSON; one larger than `most` is not gone through to its end."""
    total = 0
    waiting = [value]
    while waiting and total <= most:
        one = waiting.pop()
        match one:
            case str():
                total += 2 + (len(one) if one.isascii() else len(one.encode("utf-8", "surrogatepass")))
            case Mapping() | list() | tuple():
                total += 2 + len(one)
                if total > most:
                    break
                waiting += [*one.keys(), *one.values()] if isinstance(one, Mapping) else one
            case int():
                total += 1 + one.bit_length() // 3
            case _ if attrs.has(type(one)):
                kind: Any = type(one)
                waiting += [getattr(one, field.name) for field in attrs.fields(kind)]
            case _:
                total += _OTHER
    return total
