"""By which path of the service records of Moodle come, and under which names a body lists records."""

from collections.abc import Mapping

from mzi_core.module import AnyModule, Side
from mzi_core.modules import MOODLE_COURSES, MOODLE_ENROLLMENTS, MOODLE_MARKS, MOODLE_USERS

MOODLE_DOORS: Mapping[str, AnyModule] = {
    "users": MOODLE_USERS,
    "courses": MOODLE_COURSES,
    "enrollments": MOODLE_ENROLLMENTS,
    "grades": MOODLE_MARKS,
}
"""The kind of record that is taken by each last part of a path."""

LISTED = "data"
"""The name under which Zoho lists records, of whatever module."""


def door_of(module: AnyModule) -> str:
    """The path at which records of a module are taken, without what every path begins with."""
    if module.side is Side.ZOHO:
        return f"/sync/{module.name}"
    return next(f"/moodle/{name}" for name, taken in MOODLE_DOORS.items() if taken is module)


def list_names(module: AnyModule) -> tuple[str, ...]:
    """The names under one of which a body may list records of a module; the first is the one that is told."""
    if module.side is Side.ZOHO:
        return LISTED, module.name
    door = door_of(module).rpartition("/")[2]
    plain = module.name.removeprefix("moodle_")
    return tuple(dict.fromkeys((door, plain, module.name, LISTED)))
