"""What PHP makes of a form: `users[0][city]=Amman` as nested arrays, silently cut at `max_input_vars`."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

_STEP = re.compile(r"\[([^\[\]]*)\]")


def pairs(body: bytes) -> list[tuple[str, str]]:
    """The fields of an urlencoded body, in order, empty values kept."""
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def nested(fields: Sequence[tuple[str, str]], *, at_most: int) -> dict[str, Any]:
    """The array PHP builds; fields after the first `at_most` never existed as far as a script can tell."""
    form: dict[str, Any] = {}
    for key, value in fields[:at_most]:
        _put(form, key, value)
    return form


def _put(form: dict[str, Any], key: str, value: str) -> None:
    name, bracket, _ = key.partition("[")
    steps = _STEP.findall(key) if bracket else []
    path = [name.replace(".", "_").replace(" ", "_"), *steps]
    here = form
    for step in path[:-1]:
        below = here.get(_key(here, step))
        if not isinstance(below, dict):
            below = here[_key(here, step)] = {}
        here = below
    here[_key(here, path[-1])] = value


def _key(array: dict[str, Any], step: str) -> str:
    if step:
        return step
    return str(max((int(key) for key in array if key.isdigit()), default=-1) + 1)


def as_php(value: Any) -> Any:
    """The same array from JSON: lists become arrays with counted keys, and nothing else changes."""
    if isinstance(value, dict):
        return {str(key): as_php(each) for key, each in value.items()}
    if isinstance(value, list):
        return {str(number): as_php(each) for number, each in enumerate(value)}
    return value
