"""What events about one record of Moodle say together, in whatever order they arrive: pure functions."""

from collections.abc import Mapping
from typing import Any

import attrs

from mzi_core.module import AnyModule, E, Version
from mzi_core.modules import (
    MOODLE_COURSES,
    MOODLE_ENROLLMENTS,
    MOODLE_MARKS,
    MOODLE_USERS,
    MarkedAttempt,
    MoodleMarkRecord,
)
from mzi_core.values import MoodleKey, RecordKey

GONE: Mapping[str, str] = {
    MOODLE_USERS.name: "user_deleted",
    MOODLE_COURSES.name: "course_deleted",
    MOODLE_ENROLLMENTS.name: "enrollment_deleted",
    MOODLE_MARKS.name: "grade_deleted",
}
"""The kind of event that tells of each module that a record is gone.

The log keeps them for as long as events of before may arrive, or these would bring records back.
"""

FINAL = frozenset({MOODLE_USERS.name, MOODLE_COURSES.name})
"""Modules whose records are gone for good: Moodle gives the id of a user or a course to no other."""

WITH_OWNER: Mapping[str, str] = {
    MOODLE_USERS.name: "The user was deleted, and this with the user.",
    MOODLE_COURSES.name: "The course was deleted, and this with it: nobody has withdrawn.",
}
"""What is noted of an enrolment or a mark whose user or course is deleted."""

OF_MARKING = frozenset({"workflow_state_updated", "submission_graded", "grade_updated", "user_graded"})
"""Kinds of event that hint at what a mark with its workflow tells."""


MADE_BY_MZI = frozenset({MOODLE_USERS, MOODLE_COURSES, MOODLE_ENROLLMENTS})
"""Modules whose records mzi makes, too."""


def bare_record(module: AnyModule, key: RecordKey) -> Any:
    """A record of a module whose records mzi makes, of which nothing is known but its key."""
    if module is not MOODLE_ENROLLMENTS:
        return module.entity(moodle_key=key)
    course, user = key.split("_")
    return module.entity(moodle_key=key, course=course, user=user)


def owner_of(module: AnyModule, key: RecordKey, parent: AnyModule) -> RecordKey | None:
    """The user or the course that a record belongs to, by its key; itself, if it is one."""
    parts = key.split("_")
    if module in (MOODLE_USERS, MOODLE_COURSES):
        return key if module is parent else None
    is_enrolment = module is MOODLE_ENROLLMENTS
    place = int(is_enrolment) if parent is MOODLE_USERS else int(not is_enrolment)
    return MoodleKey(parts[place]) if parts[place] else None


def as_it_was_read(read: E, before: E | None, event: Version) -> E:
    """A record that was read again because of an event, in order behind that event and what is stored.

    `event`: of when it is. What was read has no number.
    """
    versions = [event, Version(read.modified_at)]
    if before is not None:
        versions.append(before.record_version)
    ordered = read.as_of(max(versions, key=lambda version: version.order))
    if isinstance(ordered, MoodleMarkRecord) and isinstance(before, MoodleMarkRecord):
        known = {each.number: each for each in before.attempts}
        attempts = tuple(_completed(each, known.get(each.number)) for each in ordered.attempts)
        ordered = attrs.evolve(ordered, attempts=attempts)
    return ordered


def _completed(read: MarkedAttempt, known: MarkedAttempt | None) -> MarkedAttempt:
    """An attempt with what is known of the same grading, where Moodle does not show that to everybody."""
    if known is None or known.graded_at != read.graded_at:
        return read
    cells = [field.name for field in attrs.fields(MarkedAttempt)]
    kept = {name: getattr(known, name) for name in cells if getattr(read, name) in (None, ())}
    return attrs.evolve(read, **kept)
