"""Parameters as Moodle wants them: a form whose names are PHP's, `users[0][username]`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

Params = Mapping[str, object]


def form_pairs(params: Params) -> list[tuple[str, str]]:
    """The parameters as a flat form, in their order.

    None is left out, for Moodle refuses an empty value where it takes a missing one; "" is sent, and empties
    a field. An empty list is a missing parameter on this wire, so a ValueError refuses it.
    """
    return [pair for name, value in params.items() for pair in _pairs(name, value)]


def _pairs(name: str, value: object) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            return
        case Mapping():
            for key, inner in value.items():
                yield from _pairs(f"{name}[{key}]", inner)
        case list() | tuple():
            if not value:
                raise ValueError(f"{name} is an empty list, which Moodle cannot tell from a missing one")
            for position, inner in enumerate(value):
                yield from _pairs(f"{name}[{position}]", inner)
        case _:
            yield name, _text(name, value)


def _text(name: str, value: object) -> str:
    match value:
        case bool():
            return str(int(value))
        case str():
            return value
        case int():
            return str(value)
        case Decimal():
            return f"{value:f}"
        case datetime():
            return str(int(value.timestamp()))
    raise TypeError(f"{name} cannot be sent to Moodle: it is a {type(value).__name__}")
