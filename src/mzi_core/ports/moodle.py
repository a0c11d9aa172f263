"""What the core needs of Moodle 4.5, over its web services.

Every method raises GatewayError's descendants when the whole call fails: AuthRevoked stops all work,
AccessRefused needs an administrator, GatewayUnavailable passes. What concerns one item of a call is a result
of that item, in the order of the items, never an exception; so an item that was written before the rest
failed is known to be. An empty list of items sends nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from mzi_core.ports.moodle_grading import (
    AssignmentGrade,
    CourseUpdate,
    GivenMark,
    GradingDefinition,
    MarkingMethod,
    MoodleAssignment,
    Participant,
    StudentWork,
    Submission,
    Template,
    UserFlags,
)
from mzi_core.ports.moodle_values import (
    CourseChange,
    CourseKey,
    EnrolledUser,
    Enrolment,
    GroupMember,
    Membership,
    MoodleCategory,
    MoodleCourse,
    MoodleGroup,
    MoodleResult,
    MoodleSite,
    MoodleUser,
    NewCategory,
    NewCourse,
    NewGroup,
    NewUser,
    Refused,
    RoleInCourse,
    Unenrolment,
    UserChange,
    UserKey,
)
from mzi_core.values import MoodleId


class MoodleGateway(Protocol):
    """One tenant's Moodle. Not promised: that a person or a record the account may not see is told from one
    that is not there; Moodle answers both with silence.
    """

    async def site(self) -> MoodleSite:
        """The site, and which functions it lacks; asked anew each time."""
        ...

    async def server_time(self) -> datetime | None:
        """The time by the site's own clock when it last answered, if it says it; sends nothing."""
        ...

    async def takes_form_of(self, fields: int) -> bool:
        """Whether a form of so many fields arrives whole: PHP cuts at `max_input_vars`, and says nothing."""
        ...

    async def find_users(
        self, key: UserKey, values: Sequence[str], *, thoroughly: bool = True
    ) -> dict[str, tuple[MoodleUser, ...]]:
        """Every user who has exactly one of these values, under the value as it was asked for.

        Usernames and addresses whatever their case, ids and id numbers to the letter; several can have one
        id number. Values nobody has are left out. Some hundreds are a call; but an address nobody has costs
        one of its own, unless not asked for `thoroughly`: then one that Moodle keeps in capitals can be
        missed, as `create_users` will still not miss it. Deleted users come only by id, and are marked.
        Raises AccessRefused when the account sees no other user at all.
        """
        ...

    async def create_users(self, users: Sequence[NewUser]) -> Sequence[MoodleResult]:
        """Create users; who has the username or the address already is refused as `existing`.

        One bad user harms no other. A lost answer is settled by the username, so nobody is created twice.
        """
        ...

    async def update_users(self, changes: Sequence[UserChange]) -> Sequence[MoodleResult]:
        """Change users, each for itself; a lost answer is followed by the same request again."""
        ...

    async def courses(self, ids: Sequence[MoodleId]) -> dict[MoodleId, MoodleCourse]:
        """These courses; what is not there is left out."""
        ...

    async def find_courses(self, key: CourseKey, values: Sequence[str]) -> dict[str, MoodleCourse]:
        """The course that has exactly this value, by value; a call for each value."""
        ...

    async def create_courses(self, courses: Sequence[NewCourse]) -> Sequence[MoodleResult]:
        """Create courses; a short name or id number that is taken is refused with its `existing` course.

        One bad course harms no other. A lost answer is settled by the short name.
        """
        ...

    async def update_courses(self, changes: Sequence[CourseChange]) -> Sequence[MoodleResult]:
        """Change courses, each for itself."""
        ...

    async def find_categories(self, id_numbers: Sequence[str]) -> dict[str, MoodleCategory]:
        """The category that has exactly this id number, by id number; a call for each."""
        ...

    async def create_categories(self, categories: Sequence[NewCategory]) -> Sequence[MoodleResult]:
        """Create categories; an id number that is taken is refused with its `existing` category."""
        ...

    async def enrolled(self, course: MoodleId, which: Membership = Membership.ALL) -> Sequence[EnrolledUser]:
        """Who is enrolled; raises RemoteNotFound for an unknown course, AccessRefused for a closed one."""
        ...

    async def enrol(self, enrolments: Sequence[Enrolment]) -> Sequence[MoodleResult]:
        """Enrol by hand; who is enrolled already stays so. Not promised: the id of the enrolment."""
        ...

    async def unenrol(self, unenrolments: Sequence[Unenrolment]) -> Sequence[MoodleResult]:
        """End manual enrolments; who is not enrolled counts as done."""
        ...

    async def assign_roles(self, roles: Sequence[RoleInCourse]) -> Sequence[MoodleResult]:
        """Give roles in courses, without enrolling."""
        ...

    async def unassign_roles(self, roles: Sequence[RoleInCourse]) -> Sequence[MoodleResult]:
        """Take roles in courses away."""
        ...

    async def groups(self, course: MoodleId) -> Sequence[MoodleGroup]:
        """The groups of a course."""
        ...

    async def create_groups(self, groups: Sequence[NewGroup]) -> Sequence[MoodleResult]:
        """Create groups; a name taken in the course is refused with its `existing` group."""
        ...

    async def group_members(self, groups: Sequence[MoodleId]) -> dict[MoodleId, tuple[MoodleId, ...]]:
        """Who is in these groups."""
        ...

    async def add_group_members(self, members: Sequence[GroupMember]) -> Sequence[MoodleResult]:
        """Put enrolled users into groups."""
        ...

    async def assignments(
        self, courses: Sequence[MoodleId]
    ) -> dict[MoodleId, tuple[MoodleAssignment, ...] | Refused]:
        """The assignments of each course, whether or not the account is enrolled there."""
        ...

    async def marking_method(self, cmid: MoodleId) -> MarkingMethod:
        """How an assignment is marked, by its course module."""
        ...

    async def definitions(
        self, cmids: Sequence[MoodleId]
    ) -> dict[MoodleId, tuple[GradingDefinition, ...] | Refused]:
        """The advanced grading definitions of each assignment; none for simple direct grading."""
        ...

    async def participants(self, assignment: MoodleId) -> Sequence[Participant]:
        """Every student of an assignment and the status of the latest attempt, in one call."""
        ...

    async def submissions(
        self, assignments: Sequence[MoodleId], *, since: datetime | None = None
    ) -> dict[MoodleId, tuple[Submission, ...] | Refused]:
        """The latest attempts of each assignment, or those changed at or after a moment."""
        ...

    async def grades(
        self, assignments: Sequence[MoodleId], *, since: datetime | None = None
    ) -> dict[MoodleId, tuple[AssignmentGrade, ...] | Refused]:
        """The grades of the latest attempts, released or not; after a reopening there is none.

        Not promised: that an unknown assignment is told from one without grades.
        """
        ...

    async def user_flags(
        self, assignments: Sequence[MoodleId]
    ) -> dict[MoodleId, tuple[UserFlags, ...] | Refused]:
        """Workflow states, extensions and locks; only students whom somebody touched have any."""
        ...

    async def work(self, assignment: MoodleId, user: MoodleId) -> StudentWork:
        """Every attempt of one student, with what was released. A call for each student.

        The mark and feedback of the latest attempt are left out until they are released, so an attempt
        without them is not yet to be judged. Moodle makes a `new` submission row for a student who has none:
        reading leaves a trace. Not promised: that an earlier attempt was released before it was reopened.
        """
        ...

    async def save_marks(
        self, assignment: MoodleAssignment, marks: Sequence[GivenMark]
    ) -> Sequence[MoodleResult]:
        """Write marks, checked before and read back after; the id is that of the `assign_grades` row.

        No attempt is added. A mark Moodle would swallow is refused before it is sent: above the maximum, no
        item of the scale, an attempt or a workflow state that is none, somebody who does not take part, an
        assignment with criteria. Moodle may mail the student. Not promised: that feedback was read back.
        """
        ...

    async def updates_since(self, course: MoodleId, since: datetime) -> Sequence[CourseUpdate]:
        """What changed in a course: which modules got submissions or grades.

        Not promised: that a change of the workflow state alone is among it.
        """
        ...

    async def grade_facts(
        self, assignment: MoodleId, users: Sequence[MoodleId]
    ) -> dict[MoodleId, StudentWork]:
        """Every attempt of these students with criteria, in one call of the plugin, released or not.

        Raises NotOffered on a site without Feature.GRADE_FACTS.
        """
        ...

    async def save_template(self, cmid: MoodleId, template: Template) -> MoodleId:
        """Give an assignment a BTEC marking form, or replace it, and say its id; done twice it is one.

        Raises NotOffered on a site without Feature.TEMPLATES.
        """
        ...

    async def call_plugin(self, function: str, arguments: Mapping[str, object]) -> object:
        """Call a function of mzi's own Moodle plugin, `local_mzi_…`, and return its answer as it is.

        Raises NotOffered when the site lacks it, AmbiguousWrite when the answer was lost: nothing is sent
        again.
        """
        ...
