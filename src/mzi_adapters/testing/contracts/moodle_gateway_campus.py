"""A site to try a Moodle gateway on. It may hold other people and courses, so each test marks its own."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from secrets import token_hex
from typing import Protocol
from unittest import SkipTest

import attrs

from mzi_core.ports import (
    Applied,
    Enrolment,
    MoodleAssignment,
    MoodleGateway,
    NewCourse,
    NewUser,
    Rejected,
    UserChange,
    WriteResult,
)
from mzi_core.values import MoodleId

STUDENT = MoodleId(5)
TEACHER = MoodleId(4)
"""The roles a Moodle is installed with."""

NOBODY = MoodleId(987654321)
"""An id that nothing has."""


class Hands(Protocol):
    """What people do in Moodle's own pages; a fake has them, a real site does not lend its own."""

    @property
    def capabilities(self) -> set[str]:
        """What the service account may do."""
        ...

    def add_assignment(
        self,
        course: int,
        *,
        name: str = ...,
        grade: int = ...,
        workflow: bool = ...,
        team: bool = ...,
        criteria: Mapping[str, str] | None = ...,
    ) -> int:
        """An assignment in points, or on minus a scale; by criteria where they are given."""
        ...

    def submit(self, assignment: int, user: int, *, text: str = ..., draft: bool = ...) -> int:
        """A student hands in, or saves a draft."""
        ...

    def grade(
        self, assignment: int, user: int, grade: Decimal | int | str, *, feedback: str, workflow: str
    ) -> int:
        """A teacher marks the latest attempt."""
        ...

    def reopen(self, assignment: int, user: int) -> None:
        """A teacher allows another attempt."""
        ...

    def separate_groups(self, course: int) -> None:
        """A teacher has the groups of a course work apart."""
        ...

    def delete_user(self, user: int) -> None:
        """An administrator deletes a user."""
        ...


@attrs.define
class Campus:
    """A gateway with a site behind it, and what one test keeps there under its own mark."""

    gateway: MoodleGateway
    category: MoodleId
    """A course category that takes our courses."""

    lent: Hands | None = None
    mark: str = attrs.field(factory=lambda: f"c{token_hex(6)}")
    made: list[MoodleId] = attrs.field(factory=list)

    @property
    def hands(self) -> Hands:
        """People in Moodle's pages; a case that needs them is skipped without."""
        if self.lent is None:
            raise SkipTest("Only a fake lends its hands.")
        return self.lent

    def name(self, n: int) -> str:
        """The username and address of the n-th person of this test."""
        return f"{self.mark}.{n}@mzi.example"

    def person(self, n: int) -> NewUser:
        """The n-th person of this test, still to be created."""
        return NewUser(
            username=self.name(n),
            first_name="Sara",
            last_name=f"Student {n}",
            email=self.name(n),
            password=f"Passw0rd!{n}x",
        )

    async def people(self, *numbers: int) -> list[MoodleId]:
        """These persons, created."""
        found = applied_ids(await self.gateway.create_users([self.person(n) for n in numbers]))
        self.made += found
        return found

    def plan(self, n: int = 1) -> NewCourse:
        """The n-th course of this test, still to be created."""
        return NewCourse(
            full_name=f"Contract {n}",
            short_name=f"{self.mark}-{n}",
            category=self.category,
            id_number=f"{self.mark}-id-{n}",
            visible=False,
        )

    async def course(self, n: int = 1) -> MoodleId:
        """A course, created."""
        [found] = applied_ids(await self.gateway.create_courses([self.plan(n)]))
        return found

    async def taught(self, *numbers: int) -> tuple[MoodleId, list[MoodleId]]:
        """A course and the students enrolled in it."""
        course = await self.course()
        students = await self.people(*numbers)
        results = await self.gateway.enrol([enrolment(one, course) for one in students])
        assert results == [Applied()] * len(students)
        return course, students

    async def assigned(
        self,
        course: MoodleId,
        *,
        grade: int = 4,
        workflow: bool = True,
        team: bool = False,
        criteria: Mapping[str, str] | None = None,
    ) -> MoodleAssignment:
        """An assignment of the course, in points by default."""
        id = self.hands.add_assignment(course, grade=grade, workflow=workflow, team=team, criteria=criteria)
        found = (await self.gateway.assignments([course]))[course]
        assert not isinstance(found, Rejected), found
        return next(one for one in found if one.id == id)

    async def clear(self) -> None:
        """Suspend whom the test left: users are never deleted."""
        await self.gateway.update_users([UserChange(id=one, suspended=True) for one in self.made])


def enrolment(user: MoodleId, course: MoodleId, role: MoodleId = STUDENT) -> Enrolment:
    """A student's enrolment."""
    return Enrolment(user=user, course=course, role=role)


def applied_ids(results: Sequence[WriteResult[MoodleId]]) -> list[MoodleId]:
    """The ids of results that must be successes."""
    found: list[MoodleId] = []
    for result in results:
        assert isinstance(result, Applied), result
        assert result.id is not None, result
        found.append(result.id)
    return found


def rejection(result: WriteResult[MoodleId]) -> Rejected[MoodleId]:
    """A result that must be a rejection with a sentence."""
    assert isinstance(result, Rejected), result
    assert result.why.endswith("."), result
    return result
