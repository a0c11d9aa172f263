"""By which path of the service the records of each kind of Moodle come."""

from collections.abc import Mapping

from mzi_core.module import AnyModule
from mzi_core.modules import MOODLE_COURSES, MOODLE_ENROLLMENTS, MOODLE_MARKS, MOODLE_USERS

MOODLE_DOORS: Mapping[str, AnyModule] = {
    "users": MOODLE_USERS,
    "courses": MOODLE_COURSES,
    "enrollments": MOODLE_ENROLLMENTS,
    "grades": MOODLE_MARKS,
}
"""The kind of record that is taken by each last part of a path; several records are listed under it, too."""


def door_of(module: AnyModule) -> str:
    """The path at which records of a kind of Moodle are taken, without what every path begins with."""
    return next(f"/moodle/{name}" for name, taken in MOODLE_DOORS.items() if taken is module)
