"""Random schedules of faults: each item ends applied, rejected or unknown, and none twice."""

from collections import Counter
from collections.abc import Awaitable, Sequence
from decimal import Decimal

import attrs
import pytest
from tests.gateways.moodle.given import TOKEN, client_of
from tests.repetitions import often

from mzi_adapters.moodle import MoodleClient
from mzi_adapters.testing.faults import Faults, FaultyTransport
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_core.errors import GatewayUnavailable, ProtocolError
from mzi_core.ports import (
    Applied,
    Enrolment,
    GivenMark,
    MoodleAssignment,
    NewCategory,
    NewCourse,
    NewGroup,
    NewUser,
    Rejected,
    Unknown,
    UserChange,
    WriteResult,
)
from mzi_core.values import MoodleId

SCHEDULES = often(1000, gate=200)
AT_ONCE = 50
"""Schedules in one test."""


@attrs.define
class College:
    """A site with a course, an assignment and four students; the client reaches it through `faults`."""

    seed: int
    timer: VirtualTimer = attrs.field(factory=VirtualTimer)
    site: FakeMoodle = attrs.field(init=False)
    moodle: MoodleClient = attrs.field(init=False)
    course: MoodleId = attrs.field(init=False)
    students: list[MoodleId] = attrs.field(init=False)
    assignment: MoodleAssignment = attrs.field(init=False)
    ends: Counter[str] = attrs.field(factory=Counter)

    def __attrs_post_init__(self) -> None:
        self.site = FakeMoodle(token=TOKEN, clock=self.timer)
        self.course = MoodleId(self.site.add_course(shortname="BM-1"))
        self.students = [MoodleId(self.site.add_user(username=f"old{n}@mzi.example")) for n in range(4)]
        for student in self.students:
            self.site.enrol(student, self.course)
        id = self.site.add_assignment(self.course)
        for student in self.students[:3]:
            self.site.submit(id, student)
        found = self.site.site.assignments[id]
        self.assignment = MoodleAssignment(
            id=MoodleId(id),
            cmid=MoodleId(found.cmid),
            course=self.course,
            name=found.name,
            maximum=Decimal(4),
            workflow=True,
        )
        faults = Faults().at_random(self.seed, share=0.35)
        self.moodle = client_of(self.site, FaultyTransport(self.site, faults, self.timer), self.timer)

    async def ends_of(
        self, work: Awaitable[Sequence[WriteResult[MoodleId]]], count: int
    ) -> list[WriteResult[MoodleId] | None]:
        """What became of each item; None for all where nothing could even be looked up."""
        try:
            results = list(await work)
        except (GatewayUnavailable, ProtocolError):
            self.ends["not begun"] += count
            return [None] * count
        assert len(results) == count
        self.ends.update(type(result).__name__ for result in results)
        return list(results)


def check(results: Sequence[WriteResult[MoodleId] | None], there: Sequence[MoodleId | None]) -> None:
    """What was applied is there under its id, what was rejected is not, and of the rest it may be either."""
    for result, id in zip(results, there, strict=True):
        match result:
            case Applied():
                assert id is not None
                assert result.id in (id, None)
            case Rejected(existing=None) | None:
                assert id is None, result
            case Rejected():
                assert id == result.existing
            case Unknown():
                assert result.why


async def creating(college: College) -> None:
    """People, a category, courses and groups: some are there already, one is bad."""
    names = [f"new{n}@mzi.example" for n in range(5)] + ["old0@mzi.example"]
    people = [
        NewUser(username=name, first_name="Sara", last_name="S", email=name, password="Passw0rd!x")
        for name in names
    ]
    people.append(attrs.evolve(people[0], username="bad@mzi.example", email="not-an-address"))
    results = await college.ends_of(college.moodle.create_users(people), len(people))
    by_name = Counter(user.username for user in college.site.site.people.rows.values())
    assert max(by_name.values()) == 1
    ids = {user.username: MoodleId(user.id) for user in college.site.site.people.rows.values()}
    old = people.index(next(person for person in people if person.username.startswith("old")))
    assert not isinstance(results.pop(old), Applied | Unknown)
    people.pop(old)
    check(results, [ids.get(person.username) for person in people])

    courses = [
        NewCourse(full_name="C", short_name=f"N-{n}", category=MoodleId(1), id_number=f"id-{n}")
        for n in range(3)
    ]
    results = await college.ends_of(college.moodle.create_courses(courses), len(courses))
    short = Counter(course.shortname for course in college.site.site.courses.values())
    assert max(short.values()) == 1
    ids = {course.shortname: MoodleId(course.id) for course in college.site.site.courses.values()}
    check(results, [ids.get(course.short_name) for course in courses])

    categories = [NewCategory(name="BTEC", id_number=f"cat-{n}") for n in range(2)]
    results = await college.ends_of(college.moodle.create_categories(categories), len(categories))
    rows = [category for category in college.site.site.categories.values() if category.idnumber]
    assert len({category.idnumber for category in rows}) == len(rows)
    ids = {category.idnumber: MoodleId(category.id) for category in rows}
    check(results, [ids.get(category.id_number) for category in categories])

    groups = [NewGroup(course=college.course, name=name) for name in ("A", "B")]
    results = await college.ends_of(college.moodle.create_groups(groups), len(groups))
    made = [group.name for group in college.site.site.groups.values()]
    assert len(set(made)) == len(made)
    ids = {group.name: MoodleId(group.id) for group in college.site.site.groups.values()}
    check(results, [ids.get(group.name) for group in groups])


async def belonging(college: College) -> None:
    """Enrolments and changes, an unknown user among them."""
    site = college.site.site
    new = [MoodleId(college.site.add_user(username=f"fresh{n}@mzi.example")) for n in range(4)]
    wanted = [*new, MoodleId(99999)]
    enrolments = [Enrolment(user=user, course=college.course, role=MoodleId(5)) for user in wanted]
    results = await college.ends_of(college.moodle.enrol(enrolments), len(wanted))
    enrolled = [user if (college.course, user) in site.enrolments else None for user in wanted]
    check(results, enrolled)
    for user in new:
        assert (college.course, user) not in site.roles or site.roles[college.course, user] == [5]

    changes = [UserChange(id=user, city="Irbid") for user in wanted]
    results = await college.ends_of(college.moodle.update_users(changes), len(changes))
    cities = [
        user if user in site.people.rows and site.people.rows[user].city == "Irbid" else None
        for user in wanted
    ]
    check(results, cities)


async def marking(college: College) -> None:
    """Marks, one of them too high."""
    marks = [
        GivenMark(user=student, attempt=0, raw=Decimal(n + 1), feedback="Good", workflow="released")
        for n, student in enumerate(college.students)
    ]
    marks.append(attrs.evolve(marks[0], user=MoodleId(3)))
    results = await college.ends_of(college.moodle.save_marks(college.assignment, marks), len(marks))
    rows = college.site.site.marks
    there: list[MoodleId | None] = []
    for mark in marks:
        key = college.assignment.id, mark.user
        given = rows[key] if key in rows else []  # noqa: SIM401  # no dictionary
        assert len(given) <= 1
        there.append(MoodleId(given[0].id) if given and given[0].grade == mark.raw else None)
    check(results, there)
    attempts = college.site.site.submissions
    for student in college.students:
        key = college.assignment.id, student
        assert key not in attempts or len(attempts[key]) == 1


@pytest.mark.parametrize("first", range(0, SCHEDULES, AT_ONCE), ids=repr)
async def test_every_item_ends_confirmed_refused_or_ambiguous_and_none_is_doubled(first: int) -> None:
    """With every third answer lost, cut, late, or somebody else's page."""
    ends: Counter[str] = Counter()
    for seed in range(first, first + AT_ONCE):
        college = College(seed)
        for work in (creating, belonging, marking):
            await work(college)
        ends += college.ends
    assert set(ends) <= {"Applied", "Rejected", "Unknown", "not begun"}
    assert ends["Applied"] > sum(ends.values()) / 2
