"""What a function accepts, and how Moodle refuses the rest.

A parameter is an exact type: a value that Moodle would have to clean is an error, not a correction.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from mzi_adapters.testing.moodle.refusals import Refusal, invalid_parameter

_ABSENT = object()
_INT = re.compile(r"-?(0|[1-9]\d*)\Z")
_FLOAT = re.compile(r"[-+]?(\d++(\.\d*+)?|\.\d++)([eE][-+]?\d+)?\Z")
_BEGINNING = re.compile(r"\s*(-?\d{1,19})")
_TAGS = re.compile(r"<(?!\s)")
_PATTERNS = {
    "int": _INT,
    "float": _FLOAT,
    "bool": re.compile(r"[01]\Z"),
    "username": re.compile(r"[-.@_a-z0-9]*\Z"),
    "alpha": re.compile(r"[a-zA-Z]*\Z"),
    "alphanumext": re.compile(r"[a-zA-Z0-9_-]*\Z"),
}


@attrs.frozen
class Value:
    """One scalar: `int`, `float`, `bool`, `username`, `alpha`, `alphanumext`, `text` (no tags), `raw`."""

    kind: str = "raw"
    default: Any = _ABSENT
    """Taken when the key is missing; a key without default is required unless `optional`."""

    optional: bool = False


@attrs.frozen
class One:
    """A structure with these keys and no others."""

    fields: Mapping[str, "Shape"]
    optional: bool = False
    default: Any = _ABSENT


@attrs.frozen
class Many:
    """A list of the same."""

    each: "Shape"
    optional: bool = False
    default: Any = _ABSENT


Shape = Value | One | Many


def checked(shape: Shape, given: Any) -> Any:
    """The given as Python values, lists as lists; raises the Refusal Moodle would answer with."""
    match shape:
        case Value():
            return _scalar(shape.kind, given)
        case One():
            return _structure(shape, given)
        case Many():
            if not isinstance(given, dict):
                raise invalid_parameter(f"Only arrays accepted. The bad value is: '{given}'")
            return [checked(shape.each, each) for each in given.values()]


def is_float(text: str) -> bool:
    """Whether PHP would take the text for a number."""
    return _FLOAT.match(text) is not None


def number(text: str) -> int:
    """The whole number a text begins with, as PHP reads it; 0 for none."""
    found = _BEGINNING.match(text)
    return int(found[1]) if found else 0


def _structure(shape: One, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid_parameter(f"Only arrays accepted. The bad value is: '{given}'")
    taken: dict[str, Any] = {}
    for key, field in shape.fields.items():
        if key not in given:
            if field.default is not _ABSENT:
                taken[key] = field.default
            elif not field.optional:
                raise invalid_parameter(f"Missing required key in single structure: {key}")
            continue
        try:
            taken[key] = checked(field, given[key])
        except Refusal as refusal:
            raise invalid_parameter(f"{key} => {refusal.message}: {refusal.debuginfo}") from refusal
    unknown = [key for key in given if key not in shape.fields]
    if unknown:
        raise invalid_parameter(f"Unexpected keys ({', '.join(unknown)}) detected in parameter array.")
    return taken


def _scalar(kind: str, given: Any) -> Any:
    if isinstance(given, dict):
        raise invalid_parameter("Scalar type expected, array or object received.")
    if given is None:
        return None
    text = {True: "1", False: "0"}[given] if isinstance(given, bool) else str(given)
    pattern = _PATTERNS.get(kind)
    wrong = pattern is not None and not pattern.match(text)
    wrong = wrong or (kind == "text" and _TAGS.search(text) is not None)
    if wrong:
        raise invalid_parameter(
            f'Invalid external api parameter: the value is "{text}", the server was expecting "{kind}" type'
        )
    match kind:
        case "int":
            return int(text)
        case "float":
            return Decimal(text)
        case "bool":
            return text == "1"
        case _:
            return text
