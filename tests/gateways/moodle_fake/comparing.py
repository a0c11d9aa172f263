"""Two answers side by side: the same keys and types all the way down, and values where they can agree."""

import json
from collections.abc import Iterator
from typing import Any

MOMENTS = {
    "timecreated", "timemodified", "timeupdated", "timestamp", "cacherev", "added", "duedate",
    "gradeddate", "gradedatesubmitted", "gradedategraded",
}  # fmt: skip
"""When something happened: compared by type only, for the story has a clock of its own."""

PLACES = {
    "modicon", "profileimageurl", "profileimageurlsmall", "userpictureurl", "courseimage", "contextid",
    "fileurl", "userprivateaccesskey", "preferences",
}  # fmt: skip
"""Addresses and keys that hold numbers of the recorded site."""

VOLATILE = MOMENTS | PLACES


def differences(expected: Any, actual: Any, *, values: bool = True, at: str = "") -> Iterator[str]:
    """What tells two answers apart; without `values` only keys and types count, and lists by their kinds."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        yield from _keys(expected, actual, at)
        for key in expected.keys() & actual.keys():
            same = values and key not in VOLATILE
            yield from differences(expected[key], actual[key], values=same, at=f"{at}.{key}")
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _lists(expected, actual, values=values, at=at)
    elif _is_json(expected) and _is_json(actual):
        yield from differences(json.loads(expected), json.loads(actual), values=values, at=f"{at}()")
    elif kind(expected) != kind(actual):
        yield f"{at}: {kind(expected)} expected, not {kind(actual)} ({expected!r}, {actual!r})"
    elif values and expected != actual:
        yield f"{at}: {expected!r} expected, not {actual!r}"


def _is_json(value: Any) -> bool:
    """Whether it is JSON inside a JSON string, as some functions answer."""
    return isinstance(value, str) and value[:1] in ("{", "[")


def _keys(expected: dict[str, Any], actual: dict[str, Any], at: str) -> Iterator[str]:
    if missing := expected.keys() - actual.keys():
        yield f"{at}: {sorted(missing)} missing"
    if extra := actual.keys() - expected.keys():
        yield f"{at}: {sorted(extra)} too many"


def _lists(expected: list[Any], actual: list[Any], *, values: bool, at: str) -> Iterator[str]:
    if not values:
        wanted, got = ({shape(each) for each in side} for side in (expected, actual))
        if wanted != got:
            yield f"{at}: items of other shapes: {wanted - got} missing, {got - wanted} too many"
    elif len(expected) != len(actual):
        yield f"{at}: {len(expected)} items expected, not {len(actual)}"
    else:
        for number, (one, other) in enumerate(zip(_ordered(expected), _ordered(actual), strict=True)):
            yield from differences(one, other, at=f"{at}[{number}]")


def _ordered(items: list[Any]) -> list[Any]:
    """In order of id where there is one: Moodle promises no other."""
    if all(isinstance(each, int) for each in items):
        return sorted(items)
    if all(isinstance(each, dict) and "id" in each for each in items):
        return sorted(items, key=lambda each: int(each["id"]))
    return items


def kind(value: Any) -> str:
    """The JSON type; an id may be a number or text, a number whole or not."""
    if value is None or isinstance(value, bool):
        return type(value).__name__
    return "number" if isinstance(value, int | float) else type(value).__name__


def shape(value: Any) -> str:
    """Keys and types, all the way down, as text."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shape(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(sorted({shape(each) for each in value})) + "]"
    return kind(value)
