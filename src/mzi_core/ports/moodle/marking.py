"""What a marker did in Moodle, and the marks that are written there."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import attrs

from mzi_core.grading import Criterion
from mzi_core.ports.moodle.assignments import SUBMITTED, MoodleAssignment
from mzi_core.ports.writes import Rejected, WriteResult
from mzi_core.values import MoodleId


@attrs.frozen(kw_only=True)
class AssignmentGrade:
    """A row of `assign_grades`, of the latest attempt; `raw` -1 where nobody has graded.

    `id` is not the id of the gradebook's row.
    """

    id: MoodleId
    user: MoodleId
    attempt: int
    raw: Decimal | None
    grader: MoodleId | None = None
    modified_at: datetime | None = None


@attrs.frozen(kw_only=True)
class UserFlags:
    """What is noted of a student for an assignment as a whole; `workflow` outlives a reopened attempt."""

    user: MoodleId
    workflow: str = ""
    extension: datetime | None = None
    locked: bool = False


@attrs.frozen(kw_only=True)
class Attempt:
    """One attempt. `raw` is -1 where there is a row and nobody has graded, None without a row.

    `status` is '' when there is no submission row. Only the plugin knows `grader_name` and `criteria`.
    """

    number: int
    status: str
    submitted_at: datetime | None = None
    grade_id: MoodleId | None = None
    raw: Decimal | None = None
    grader: MoodleId | None = None
    graded_at: datetime | None = None
    feedback: str | None = None
    grader_name: str = ""
    criteria: tuple[Criterion, ...] = ()

    @property
    def submitted(self) -> bool:
        """Whether work was handed in."""
        return self.status == SUBMITTED


@attrs.frozen(kw_only=True)
class StudentWork:
    """Every attempt of one student, first to last. `workflow` None: the assignment does not use it.

    `released`: the marking of the latest attempt is for the student to see.
    """

    user: MoodleId
    attempts: tuple[Attempt, ...]
    workflow: str | None
    released: bool
    graded: bool = False
    """Whether the latest attempt has a mark: a reopened one can be `released` without."""

    extension: datetime | None = None
    locked: bool = False
    gradebook_id: MoodleId | None = None
    """The row of the gradebook, which is not that of any attempt; only the plugin knows it."""


@attrs.frozen(kw_only=True)
class GivenMark:
    """A mark to write. `attempt`, from 0, is one that exists. `raw` None takes the mark away.

    `workflow` is one of `grading.marking.WORKFLOW_STATES` where the assignment uses the workflow, else None.
    """

    user: MoodleId
    attempt: int
    raw: Decimal | None
    feedback: str = ""
    workflow: str | None = None


class MoodleMarks(Protocol):
    """The marks of an assignment, with its workflow and its earlier attempts."""

    async def grades(
        self, assignments: Sequence[MoodleId], *, since: datetime | None = None
    ) -> dict[MoodleId, tuple[AssignmentGrade, ...] | Rejected[MoodleId]]:
        """The grades of the latest attempts, released or not; after a reopening there is none.

        Not promised: that an unknown assignment is told from one without grades.
        """
        ...

    async def user_flags(
        self, assignments: Sequence[MoodleId]
    ) -> dict[MoodleId, tuple[UserFlags, ...] | Rejected[MoodleId]]:
        """Workflow states, extensions and locks; only students whom somebody touched have any."""
        ...

    async def work(self, assignment: MoodleId, user: MoodleId) -> StudentWork:
        """Every attempt of one student, with what was released. A call for each student.

        The mark and feedback of the latest attempt are left out until they are released, so an attempt
        without them is not yet to be judged. Moodle makes a `new` submission row for a student who has none:
        reading leaves a trace. Not promised: that an earlier attempt was released before it was reopened.
        """
        ...

    async def works(self, assignment: MoodleId, users: Sequence[MoodleId]) -> dict[MoodleId, StudentWork]:
        """The work of several students, each as `work` tells it, some calls at a time.

        Who does not take part in the assignment is left out.
        """
        ...

    async def save_marks(
        self, assignment: MoodleAssignment, marks: Sequence[GivenMark]
    ) -> Sequence[WriteResult[MoodleId]]:
        """Write marks, checked before and read back after; the id is that of the `assign_grades` row.

        No attempt is added. A mark Moodle would swallow is refused before it is sent: above the maximum, no
        item of the scale, an attempt or a workflow state that is none, somebody who does not take part, an
        assignment with criteria. Moodle may mail the student. Not promised: that feedback was read back.
        """
        ...
