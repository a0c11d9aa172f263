"""Moodle's assignments, and what students handed in."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import attrs

from mzi_core.ports.writes import Rejected
from mzi_core.values import MoodleId

SUBMITTED = "submitted"
"""The one submission status that means work was handed in; `new`, `draft` and `reopened` do not."""


@attrs.frozen(kw_only=True)
class MoodleAssignment:
    """An assignment. It is marked either in points up to `maximum` or on the scale `scale_id`, or not at all.

    `id` is the assignment's, `cmid` the course module's: Moodle asks now for one, now for the other.
    """

    id: MoodleId
    cmid: MoodleId
    course: MoodleId
    name: str
    maximum: Decimal | None = None
    scale_id: int | None = None
    due: datetime | None = None
    cutoff: datetime | None = None
    workflow: bool = False
    team: bool = False
    """Groups hand in: what one member hands in is the work of all of them."""

    reopening: str = "none"
    attempts_at_most: int | None = None
    takes_submissions: bool = True
    modified_at: datetime | None = None


@attrs.frozen(kw_only=True)
class MarkingMethod:
    """How an assignment is marked: the items of its scale, lowest first, and its advanced grading method."""

    scale_items: tuple[str, ...] = ()
    method: str | None = None
    """`btec`, `rubric`, `guide`; None for simple direct grading."""


@attrs.frozen(kw_only=True)
class GradingDefinition:
    """An advanced grading definition as stock Moodle shows it: without a plugin's own criteria."""

    id: MoodleId
    method: str
    name: str
    modified_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Participant:
    """A student who can take part in an assignment now; `status` is '' when there is no submission row.

    Where teams hand in it is that of the team; `group` None there: the team of those in no group.
    """

    user: MoodleId
    status: str
    extension_granted: bool = False
    group: MoodleId | None = None

    @property
    def submitted(self) -> bool:
        """Whether work was handed in on the latest attempt."""
        return self.status == SUBMITTED


@attrs.frozen(kw_only=True)
class Submission:
    """The latest attempt of a student, or of a team; attempts count from 0.

    A team has no `user`: it is 0, and `group` the team's, or None for the team of those in no group. Where
    teams hand in, the row of a member says nothing.
    """

    id: MoodleId
    user: MoodleId
    attempt: int
    status: str
    modified_at: datetime | None = None
    group: MoodleId | None = None

    @property
    def is_of_team(self) -> bool:
        """Whether it is a team's."""
        return self.user == 0

    @property
    def submitted(self) -> bool:
        """Whether work was handed in."""
        return self.status == SUBMITTED


class MoodleAssignments(Protocol):
    """Assignments, how each is marked, who takes part, and the latest attempts."""

    async def assignments(
        self, courses: Sequence[MoodleId]
    ) -> dict[MoodleId, tuple[MoodleAssignment, ...] | Rejected[MoodleId]]:
        """The assignments of each course, whether or not the account is enrolled there."""
        ...

    async def marking_method(self, cmid: MoodleId) -> MarkingMethod:
        """How an assignment is marked, by its course module."""
        ...

    async def definitions(
        self, cmids: Sequence[MoodleId]
    ) -> dict[MoodleId, tuple[GradingDefinition, ...] | Rejected[MoodleId]]:
        """The advanced grading definitions of each assignment; none for simple direct grading."""
        ...

    async def participants(self, assignment: MoodleId) -> Sequence[Participant]:
        """Every student who can take part now, and the status of the latest attempt, in one call.

        Left out are those whose account or enrolment is suspended or over, and accounts that cannot log in
        (`nologin`). Their work and marks are still in `submissions`, `MoodleMarks.grades` and `user_flags`:
        that somebody is no participant does not say that nothing was handed in. What settles grades asks
        those three as well, and takes nobody for absent because he is left out here.

        In two calls where somebody hands in with a group. Not promised: the status where teams hand in and
        nobody is in a group; `work` has it.
        """
        ...

    async def submissions(
        self, assignments: Sequence[MoodleId], *, since: datetime | None = None
    ) -> dict[MoodleId, tuple[Submission, ...] | Rejected[MoodleId]]:
        """The latest attempts of each assignment, or those changed at or after a moment."""
        ...
