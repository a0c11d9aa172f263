"""The state of a Moodle, and what every function asks of it: who calls, what they may, what time it is."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

import attrs

from mzi_adapters.testing.moodle.pairs import Pairs
from mzi_adapters.testing.moodle.parameters import One, Shape, checked
from mzi_adapters.testing.moodle.people import People
from mzi_adapters.testing.moodle.refusals import (
    Refusal,
    course_closed,
    course_context,
    invalid_module,
    missing_record,
    moodle_error,
    no_permission,
)
from mzi_adapters.testing.moodle.site_tables import (
    Assignment,
    AssignSubmission,
    Category,
    Course,
    Final,
    Flags,
    GradingForm,
    Group,
    Mark,
    SiteUser,
    UserEnrolment,
)

_AMPERSAND = re.compile(r"&(?![a-zA-Z0-9#]{1,8};)")
_TAG = re.compile(r"<(?!\s)[^<>]*>?")

Database = Literal["postgresql", "mariadb"]

ROLES = {3: "editingteacher", 4: "teacher", 5: "student"}
"""The roles a service account may assign, with their short names; 1 is the manager."""


SEPARATE_GROUPS = 1


@attrs.define(kw_only=True)
class Account:
    """Who holds a token, and what it opens."""

    userid: int
    capabilities: set[str]
    functions: set[str]
    suspended: bool = False
    barred: bool = False
    """The service is not for this user, this address or this hour."""

    unready: str = ""
    """What this user has to do before anything else is answered, as `forcepasswordchangenotice`."""

    expired: bool = False
    """The token ran out: its first use finds that out and deletes it."""


@attrs.define(kw_only=True)
class Site:
    """Every table, and the call in hand."""

    url: str
    name: str = "Example College"
    database: Database
    now: Callable[[], int]
    identity: set[str] = attrs.field(factory=lambda: {"email", "idnumber", "phone1"})
    """The site's `showuseridentity`: of these, `phone1` is shown only when it is listed."""

    mails: list[str] = attrs.field(factory=list)
    """To whom a password was mailed; what is rolled back afterwards was mailed all the same."""

    administrators: set[int] = attrs.field(factory=lambda: {2})
    """The site's administrators, by id."""

    raw: bool = False
    """The call in hand asks for texts as they are stored, not as HTML."""

    caller: Account = attrs.field(init=False)
    people: People = attrs.field(init=False)
    categories: dict[int, Category] = attrs.field(factory=dict)
    courses: dict[int, Course] = attrs.field(factory=dict)
    enrolments: Pairs[UserEnrolment] = attrs.field(factory=Pairs)
    """By course and user."""

    roles: Pairs[list[int]] = attrs.field(factory=Pairs)
    """Role ids, by course and user."""

    groups: dict[int, Group] = attrs.field(factory=dict)
    scales: dict[int, tuple[str, ...]] = attrs.field(
        factory=lambda: {3: ("Refer", "Pass", "Merit", "Distinction")}
    )
    assignments: dict[int, Assignment] = attrs.field(factory=dict)
    submissions: Pairs[list[AssignSubmission]] = attrs.field(factory=Pairs)
    """Attempts in order of creation, by assignment and user."""

    team_submissions: Pairs[AssignSubmission] = attrs.field(factory=Pairs)
    """By assignment and group."""

    marks: Pairs[list[Mark]] = attrs.field(factory=Pairs)
    """By assignment and user."""

    flags: Pairs[Flags] = attrs.field(factory=Pairs)
    """By assignment and user."""

    finals: Pairs[Final] = attrs.field(factory=Pairs)
    """By grade item and user."""

    definitions: dict[int, GradingForm] = attrs.field(factory=dict)
    grade_categories: list[tuple[int, int, str]] = attrs.field(factory=list)
    """Id, course, name."""

    grade_courses: dict[int, tuple[int, int]] = attrs.field(factory=dict)
    """Of each course, its top grade category and its course total's grade item."""

    regrading: set[int] = attrs.field(factory=set)
    """Courses whose grades must be computed again before some reads answer."""

    modules: dict[int, int] = attrs.field(factory=dict)
    """Course module id: assignment id."""

    given: Counter[str] = attrs.field(factory=Counter)

    def __attrs_post_init__(self) -> None:
        self.people = People(database=self.database)

    def next_id(self, table: str) -> int:
        """The next number of a table; one that a rolled back call took is never given again."""
        self.given[table] += 1
        return self.given[table]

    @property
    def user(self) -> SiteUser:
        """The user who calls."""
        return self.people.rows[self.caller.userid]

    def shown(self, name: str) -> str:
        """A name as functions show it: as HTML, unless the call asks for it raw."""
        if self.raw:
            return name
        safe = _AMPERSAND.sub("&amp;", _TAG.sub("", name))
        return safe.replace("<", "&lt;").replace(">", "&gt;")

    def may(self, capability: str) -> bool:
        """Whether the caller has a capability."""
        return capability in self.caller.capabilities

    def require(self, capability: str) -> None:
        """Refuse a caller without a capability."""
        if not self.may(capability):
            raise no_permission(capability)

    def require_ready(self) -> None:
        """Refuse a caller who has to do something in Moodle's pages first."""
        if self.caller.unready:
            raise moodle_error(self.caller.unready, f"error/{self.caller.unready}")

    def may_enter(self, course: int) -> bool:
        """Whether the caller may see into a course: enrolled, or allowed to view it."""
        hidden = not self.courses[course].visible and not self.may("moodle/course:viewhiddencourses")
        own = (course, self.caller.userid) in self.enrolments
        return not self.caller.unready and (own or self.may("moodle/course:view")) and not hidden

    def course(self, course: int, *, context: bool = False) -> Course:
        """A course the caller may enter; `context` for the functions that wrap the refusal."""
        found = self.courses.get(course)
        if found is None:
            raise missing_record("course")
        if context and self.caller.unready:
            raise course_context(course, f"error/{self.caller.unready}")
        self.require_ready()
        if not self.may_enter(course):
            raise course_context(course) if context else course_closed()
        return found

    def assignment(self, assignment: int) -> Assignment:
        """An assignment of a course the caller may enter."""
        found = self.assignments.get(assignment)
        if found is None:
            raise missing_record("assign")
        self.course(found.course)
        if not self.sees_activity(found):
            raise course_closed()
        return found

    def sees_activity(self, assignment: Assignment) -> bool:
        """Whether the caller may enter the course of an activity, and is shown it there."""
        return self.may_enter(assignment.course) and assignment.visible and self.may("mod/assign:view")

    def may_view_marks(self, assignment: Assignment) -> bool:
        """Whether the caller is shown what was handed in and marked; who may mark is."""
        if not (self.may("mod/assign:viewgrades") or self.may("mod/assign:grade")):
            return False
        return self.seen_groups(self.courses[assignment.course]) != []

    def module(self, cmid: int) -> Assignment:
        """The assignment behind a course module."""
        if cmid not in self.modules:
            raise invalid_module()
        return self.assignments[self.modules[cmid]]

    def participants(self, course: int) -> list[SiteUser]:
        """The active students of a course: who is expected to hand in."""
        now = self.now()
        return [
            self.people.rows[each.userid]
            for each in self.enrolments.of(course)
            if each.active(now) and 5 in (self.roles.get(course, each.userid) or ())  # noqa: PLR2004
        ]

    def team_of(self, course: int, user: int) -> int:
        """The group a user hands in with; 0 for who is in none, or in several."""
        groups = self.groups_of(course, user)
        return groups[0].id if len(groups) == 1 else 0

    def seen_groups(self, course: Course) -> list[Group] | None:
        """The groups to whose members the caller's sight of a course is limited; None where it is not."""
        if course.groupmode != SEPARATE_GROUPS or self.may("moodle/site:accessallgroups"):
            return None
        return self.groups_of(course.id, self.caller.userid)

    def groups_of(self, course: int, user: int) -> list[Group]:
        """The groups of a course a user is a member of."""
        return [each for each in self.groups.values() if each.courseid == course and user in each.members]


Handler = Callable[[Site, dict[str, Any]], Any]


@attrs.frozen
class Function:
    """One web service function: the shape of its parameters, and what it does."""

    parameters: One
    handler: Handler

    def call(self, site: Site, form: dict[str, Any]) -> Any:
        """Check the parameters, then act. Raises Refusal."""
        return self.handler(site, checked(self.parameters, form))


class Functions(dict[str, Function]):
    """Functions by name."""

    def offer(self, function: str, /, **parameters: Shape) -> Callable[[Handler], Handler]:
        """Put a handler under its web service name, with its parameters."""

        def kept(handler: Handler) -> Handler:
            self[function] = Function(One(parameters), handler)
            return handler

        return kept


def warning(item: str, itemid: int, code: str | int, message: str) -> dict[str, Any]:
    """One entry of `warnings`."""
    return {"item": item, "itemid": itemid, "warningcode": str(code), "message": message}


def refused(item: str, itemid: int, refusal: Refusal) -> dict[str, Any]:
    """A refusal of one item, as the functions tell it that go on with the next."""
    return warning(item, itemid, refusal.errorcode or "", refusal.message)
