"""Moodle's manual enrolments, and the roles that people have in courses."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from mzi_core.ports.writes import WriteResult
from mzi_core.values import MoodleId


class Membership(StrEnum):
    """Which enrolments of a course are read; SUSPENDED also counts those whose time is over."""

    ALL = "all"
    ACTIVE = "active"
    SUSPENDED = "suspended"


@attrs.frozen(kw_only=True)
class EnrolledUser:
    """A user enrolled in a course, with the ids of the roles held there."""

    id: MoodleId
    username: str
    email: str
    full_name: str = ""
    id_number: str = ""
    roles: tuple[int, ...] = ()


@attrs.frozen(kw_only=True)
class Enrolment:
    """A manual enrolment to make, or to make again with other times or `suspended` or not."""

    user: MoodleId
    course: MoodleId
    role: MoodleId
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    suspended: bool | None = None


@attrs.frozen(kw_only=True)
class Unenrolment:
    """A manual enrolment to end: Moodle forgets the grades with it, so suspending is the milder way."""

    user: MoodleId
    course: MoodleId


@attrs.frozen(kw_only=True)
class RoleInCourse:
    """A role somebody has, or shall have or lose, in a course."""

    user: MoodleId
    course: MoodleId
    role: MoodleId


class MoodleEnrolments(Protocol):
    """Who is in a course, and in which role."""

    async def enrolled(self, course: MoodleId, which: Membership = Membership.ALL) -> Sequence[EnrolledUser]:
        """Who is enrolled; raises RemoteNotFound for an unknown course, AccessRefused for a closed one.

        Also for one whose people are shown in part: an empty list is of a course with nobody in it. Not
        promised of `Membership.SUSPENDED`.
        """
        ...

    async def sees_all_groups(self, course: MoodleId) -> bool:
        """Whether the people of a course are shown to the account whatever their groups."""
        ...

    async def enrol(self, enrolments: Sequence[Enrolment]) -> Sequence[WriteResult[MoodleId]]:
        """Enrol by hand; who is enrolled already stays so. Not promised: the id of the enrolment."""
        ...

    async def unenrol(self, unenrolments: Sequence[Unenrolment]) -> Sequence[WriteResult[MoodleId]]:
        """End manual enrolments; who is not enrolled counts as done."""
        ...

    async def assign_roles(self, roles: Sequence[RoleInCourse]) -> Sequence[WriteResult[MoodleId]]:
        """Give roles in courses, without enrolling."""
        ...

    async def unassign_roles(self, roles: Sequence[RoleInCourse]) -> Sequence[WriteResult[MoodleId]]:
        """Take roles in courses away."""
        ...
