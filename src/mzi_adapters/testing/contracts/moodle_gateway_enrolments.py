"""Manual enrolments, and roles in courses."""

from datetime import UTC, datetime

import attrs

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.moodle_gateway_campus import (
    NOBODY,
    STUDENT,
    TEACHER,
    Campus,
    enrolment,
    rejection,
)
from mzi_core.errors import GatewayRefused
from mzi_core.ports import Applied, Membership, RejectionKind, RoleInCourse, Unenrolment


class EnrolmentPromises:
    """Enrolling twice is enrolling once."""

    async def test_who_is_enrolled_is_listed_with_roles(self, campus: Campus) -> None:
        """More than fit into one call."""
        course, students = await campus.taught(*range(70))
        again = await campus.gateway.enrol([enrolment(students[0], course)])
        assert again == [Applied()]
        found = await campus.gateway.enrolled(course)
        assert sorted(one.id for one in found) == sorted(students)
        assert {one.roles for one in found} == {(STUDENT,)}

    async def test_one_bad_enrolment_harms_no_other(self, campus: Campus) -> None:
        """An unknown user, an unknown course, a role the account may not give."""
        course, _ = await campus.taught(1)
        students = await campus.people(2, 3, 4)
        results = await campus.gateway.enrol(
            [
                enrolment(students[0], course),
                enrolment(NOBODY, course),
                enrolment(students[1], NOBODY),
                enrolment(students[1], course, NOBODY),
                enrolment(students[2], course),
            ]
        )
        assert [results[0], results[4]] == [Applied(), Applied()]
        kinds = [rejection(one).kind for one in results[1:4]]
        assert kinds == [RejectionKind.NOT_FOUND, RejectionKind.BAD_INPUT, RejectionKind.PERMISSION]
        assert {one.id for one in await campus.gateway.enrolled(course)} >= {students[0], students[2]}

    async def test_a_suspended_enrolment_is_told_from_an_active_one(self, campus: Campus) -> None:
        """So is one whose time is over."""
        course, students = await campus.taught(1, 2, 3)
        suspended = attrs.evolve(enrolment(students[1], course), suspended=True)
        over = attrs.evolve(enrolment(students[2], course), ends_at=datetime(2020, 1, 1, tzinfo=UTC))
        assert await campus.gateway.enrol([suspended, over]) == [Applied(), Applied()]
        listed = {which: await campus.gateway.enrolled(course, which) for which in Membership}
        ids = {which: sorted(one.id for one in found) for which, found in listed.items()}
        assert ids[Membership.ACTIVE] == [students[0]]
        assert ids[Membership.SUSPENDED] == sorted(students[1:])
        assert ids[Membership.ALL] == sorted(students)

    async def test_an_enrolment_ends_once(self, campus: Campus) -> None:
        """Ending what has ended is done already; an unknown user is not."""
        course, students = await campus.taught(1, 2)
        leaving = Unenrolment(user=students[0], course=course)
        stranger = Unenrolment(user=NOBODY, course=course)
        assert await campus.gateway.unenrol([leaving]) == [Applied()]
        results = await campus.gateway.unenrol([leaving, stranger])
        assert results[0] == Applied()
        assert rejection(results[1]).kind is RejectionKind.NOT_FOUND
        assert [one.id for one in await campus.gateway.enrolled(course)] == [students[1]]

    async def test_an_unknown_course_has_no_list_of_users(self, campus: Campus) -> None:
        """An empty one would look like everybody having left."""
        with raises(GatewayRefused):
            await campus.gateway.enrolled(NOBODY)

    async def test_roles_are_given_and_taken(self, campus: Campus) -> None:
        """Beside the one somebody is enrolled with."""
        course, [student] = await campus.taught(1)
        role = RoleInCourse(user=student, course=course, role=TEACHER)
        nobody = attrs.evolve(role, user=NOBODY)
        results = await campus.gateway.assign_roles([role, nobody])
        assert results[0] == Applied()
        assert rejection(results[1]).kind is RejectionKind.REMOTE_BUG  # as Moodle itself calls it
        [found] = await campus.gateway.enrolled(course)
        assert set(found.roles) == {STUDENT, TEACHER}
        assert await campus.gateway.unassign_roles([role, role]) == [Applied(), Applied()]
        [found] = await campus.gateway.enrolled(course)
        assert found.roles == (STUDENT,)
