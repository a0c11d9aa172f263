"""Assignments, what was handed in, and how it was marked, as Moodle has them."""

from datetime import datetime
from decimal import Decimal

import attrs

from mzi_core.grading import Criterion
from mzi_core.values import MoodleId

SUBMITTED = "submitted"
"""The one submission status that means work was handed in; `new`, `draft` and `reopened` do not."""

WORKFLOW_STATES = ("", "inmarking", "readyforreview", "inreview", "readyforrelease", "released")
"""The states of the marking workflow; '' is "not marked". Moodle stores any other word without a protest."""


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
    """A student who can take part in an assignment; `status` is '' when there is no submission row."""

    user: MoodleId
    status: str
    extension_granted: bool = False

    @property
    def submitted(self) -> bool:
        """Whether work was handed in on the latest attempt."""
        return self.status == SUBMITTED


@attrs.frozen(kw_only=True)
class Submission:
    """The latest attempt of a student; attempts count from 0."""

    id: MoodleId
    user: MoodleId
    attempt: int
    status: str
    modified_at: datetime | None = None

    @property
    def submitted(self) -> bool:
        """Whether work was handed in."""
        return self.status == SUBMITTED


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

    `workflow` is one of WORKFLOW_STATES where the assignment uses the workflow, else None.
    """

    user: MoodleId
    attempt: int
    raw: Decimal | None
    feedback: str = ""
    workflow: str | None = None


@attrs.frozen(kw_only=True)
class CourseUpdate:
    """What changed of a course module: `configuration`, `usersubmissions`, `usergrades` …, with row ids."""

    cmid: MoodleId
    what: str
    at: datetime | None = None
    ids: tuple[int, ...] = ()


@attrs.frozen(kw_only=True)
class TemplateCriterion:
    """A criterion of a BTEC marking form, such as P1."""

    code: str
    description: str


@attrs.frozen(kw_only=True)
class Template:
    """A BTEC marking form, with its criteria in order."""

    name: str
    criteria: tuple[TemplateCriterion, ...]
    description: str = ""
