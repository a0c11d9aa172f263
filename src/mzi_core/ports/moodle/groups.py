"""The groups of Moodle's courses."""

from collections.abc import Sequence
from typing import Protocol

import attrs

from mzi_core.ports.writes import WriteResult
from mzi_core.values import MoodleId


@attrs.frozen(kw_only=True)
class MoodleGroup:
    """A group of a course."""

    id: MoodleId
    course: MoodleId
    name: str
    id_number: str = ""


@attrs.frozen(kw_only=True)
class NewGroup:
    """A group to create; its name is unique in the course."""

    course: MoodleId
    name: str
    description: str = ""
    id_number: str | None = None


@attrs.frozen(kw_only=True)
class GroupMember:
    """Somebody to be in a group; they must be enrolled in its course."""

    group: MoodleId
    user: MoodleId


class MoodleGroups(Protocol):
    """The groups of a course, and who is in them."""

    async def groups(self, course: MoodleId) -> Sequence[MoodleGroup]:
        """The groups of a course."""
        ...

    async def create_groups(self, groups: Sequence[NewGroup]) -> Sequence[WriteResult[MoodleId]]:
        """Create groups; a name taken in the course is rejected with its `existing` group."""
        ...

    async def group_members(self, groups: Sequence[MoodleId]) -> dict[MoodleId, tuple[MoodleId, ...]]:
        """Who is in these groups."""
        ...

    async def add_group_members(self, members: Sequence[GroupMember]) -> Sequence[WriteResult[MoodleId]]:
        """Put enrolled users into groups."""
        ...
