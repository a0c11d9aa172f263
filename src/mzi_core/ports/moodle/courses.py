"""Moodle's courses.

In a change, None leaves a field alone and "" empties it.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from mzi_core.ports.writes import WriteResult
from mzi_core.values import MoodleId


class CourseKey(StrEnum):
    """What courses can be found by, as Moodle calls it."""

    SHORT_NAME = "shortname"
    ID_NUMBER = "idnumber"


@attrs.frozen(kw_only=True)
class MoodleCourse:
    """A course."""

    id: MoodleId
    short_name: str
    full_name: str
    category: int
    id_number: str = ""
    summary: str = ""
    format: str = ""
    visible: bool = True
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    enrolment_methods: tuple[str, ...] | None = None
    """The plugins by which one can be enrolled now, such as `manual`; None where it was asked by id."""


@attrs.frozen(kw_only=True)
class NewCourse:
    """A course to create; what is None is as the site has it by default: it begins today."""

    full_name: str
    short_name: str
    category: MoodleId
    id_number: str | None = None
    summary: str | None = None
    format: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    visible: bool | None = None
    sections: int | None = None


@attrs.frozen(kw_only=True)
class CourseChange:
    """What to change of a course. Moodle takes an end only together with the start."""

    id: MoodleId
    full_name: str | None = None
    short_name: str | None = None
    category: MoodleId | None = None
    id_number: str | None = None
    summary: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    visible: bool | None = None


@attrs.frozen(kw_only=True)
class CourseUpdate:
    """What changed of a course module: `configuration`, `usersubmissions`, `usergrades` …, with row ids."""

    cmid: MoodleId
    what: str
    at: datetime | None = None
    ids: tuple[int, ...] = ()


class MoodleCourses(Protocol):
    """Courses: found, created, changed, and what changed in one."""

    async def courses(self, ids: Sequence[MoodleId]) -> dict[MoodleId, MoodleCourse]:
        """These courses; what is not there is left out."""
        ...

    async def every_course(self) -> Sequence[MoodleCourse]:
        """All courses of the site by their ids, in one call; the front page, which is one too, is the first.

        Raises AccessRefused where one of them is closed to the account: Moodle then tells none.
        """
        ...

    async def find_courses(self, key: CourseKey, values: Sequence[str]) -> dict[str, MoodleCourse]:
        """The course that has exactly this value, by value; a short name also in another case.

        A call for each value, and one more that reads all courses where a short name is not found so.
        """
        ...

    async def create_courses(self, courses: Sequence[NewCourse]) -> Sequence[WriteResult[MoodleId]]:
        """Create courses; a short name or id number that is taken is rejected with its `existing` course.

        One bad course harms no other. A lost answer is settled by the short name.
        """
        ...

    async def update_courses(self, changes: Sequence[CourseChange]) -> Sequence[WriteResult[MoodleId]]:
        """Change courses, each for itself."""
        ...

    async def updates_since(self, course: MoodleId, since: datetime) -> Sequence[CourseUpdate]:
        """What changed in a course: which modules got submissions or grades.

        Not promised: that a change of the workflow state alone is among it.
        """
        ...
