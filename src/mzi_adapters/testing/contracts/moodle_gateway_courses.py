"""Courses, categories, enrolments, roles and groups."""

from datetime import UTC, datetime

import attrs

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.moodle_gateway_campus import (
    NOBODY,
    STUDENT,
    TEACHER,
    Campus,
    confirmed,
    enrolment,
    refusal,
)
from mzi_core.errors import GatewayRefused
from mzi_core.ports import (
    Confirmed,
    CourseChange,
    CourseKey,
    GroupMember,
    Membership,
    NewCategory,
    NewGroup,
    RefusalKind,
    RoleInCourse,
    Unenrolment,
)

_BEGINNING = datetime(2026, 9, 1, 8, tzinfo=UTC)
_END = datetime(2027, 6, 30, tzinfo=UTC)


class CoursePromises:
    """A course is made once, by its short name and its id number."""

    async def test_a_course_is_found_as_it_was_made(self, campus: Campus) -> None:
        """By id, short name and id number; times to the second."""
        plan = attrs.evolve(campus.plan(), starts_at=_BEGINNING, ends_at=_END, summary="<p>Unit 1</p>")
        [id] = confirmed(await campus.gateway.create_courses([plan]))
        by_id = (await campus.gateway.courses([id, NOBODY]))[id]
        assert (by_id.full_name, by_id.short_name, by_id.id_number) == (
            plan.full_name,
            plan.short_name,
            plan.id_number,
        )
        assert (by_id.starts_at, by_id.ends_at, by_id.visible) == (_BEGINNING, _END, False)
        for key, value in (
            (CourseKey.SHORT_NAME, plan.short_name),
            (CourseKey.ID_NUMBER, f"{plan.id_number}"),
        ):
            found = await campus.gateway.find_courses(key, [value, campus.mark])
            assert {name: course.id for name, course in found.items()} == {value: id}

    async def test_one_bad_course_harms_no_other(self, campus: Campus) -> None:
        """What is taken is named."""
        taken = await campus.course(1)
        results = await campus.gateway.create_courses(
            [
                campus.plan(2),
                attrs.evolve(campus.plan(3), short_name=campus.plan(1).short_name),
                attrs.evolve(campus.plan(4), id_number=campus.plan(1).id_number),
                attrs.evolve(campus.plan(5), category=NOBODY),
                attrs.evolve(campus.plan(6), starts_at=_END, ends_at=_BEGINNING),
                attrs.evolve(campus.plan(7), full_name="X" * 260),
                campus.plan(8),
            ]
        )
        confirmed([results[0], results[6]])
        assert [refusal(one).existing for one in results[1:3]] == [taken, taken]
        assert [refusal(one).fault for one in results[1:6]] == [
            RefusalKind.CONFLICT,
            RefusalKind.CONFLICT,
            RefusalKind.PERMISSION,  # Moodle says of a category that is not there that it cannot be entered
            RefusalKind.BAD_INPUT,
            RefusalKind.BAD_INPUT,
        ]

    async def test_each_change_of_a_course_stands_for_itself(self, campus: Campus) -> None:
        """What is named "" is emptied."""
        first, second = await campus.course(1), await campus.course(2)
        results = await campus.gateway.update_courses(
            [
                CourseChange(id=first, full_name="Renamed", id_number=""),
                CourseChange(id=NOBODY, full_name="Nothing"),
                CourseChange(id=second, short_name=campus.plan(1).short_name),
            ]
        )
        assert results[0] == Confirmed(id=first)
        assert [refusal(one).fault for one in results[1:]] == [RefusalKind.NOT_FOUND, RefusalKind.CONFLICT]
        found = (await campus.gateway.courses([first]))[first]
        assert (found.full_name, found.id_number) == ("Renamed", "")

    async def test_a_category_is_made_once(self, campus: Campus) -> None:
        """By its id number."""
        category = NewCategory(name="BTEC", id_number=campus.mark, parent=campus.category)
        [id] = confirmed(await campus.gateway.create_categories([category]))
        [again] = await campus.gateway.create_categories([category])
        assert (refusal(again).fault, refusal(again).existing) == (RefusalKind.CONFLICT, id)
        found = await campus.gateway.find_categories([campus.mark, f"{campus.mark}-none"])
        assert {name: (one.id, one.parent) for name, one in found.items()} == {
            campus.mark: (id, campus.category)
        }
        lost = attrs.evolve(category, id_number=f"{campus.mark}-2", parent=NOBODY)
        [result] = await campus.gateway.create_categories([lost])
        assert refusal(result).fault is RefusalKind.NOT_FOUND


class EnrolmentPromises:
    """Enrolling twice is enrolling once."""

    async def test_who_is_enrolled_is_listed_with_roles(self, campus: Campus) -> None:
        """More than fit into one call."""
        course, students = await campus.taught(*range(70))
        again = await campus.gateway.enrol([enrolment(students[0], course)])
        assert again == [Confirmed()]
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
        assert [results[0], results[4]] == [Confirmed(), Confirmed()]
        faults = [refusal(one).fault for one in results[1:4]]
        assert faults == [RefusalKind.NOT_FOUND, RefusalKind.BAD_INPUT, RefusalKind.PERMISSION]
        assert {one.id for one in await campus.gateway.enrolled(course)} >= {students[0], students[2]}

    async def test_a_suspended_enrolment_is_told_from_an_active_one(self, campus: Campus) -> None:
        """So is one whose time is over."""
        course, students = await campus.taught(1, 2, 3)
        suspended = attrs.evolve(enrolment(students[1], course), suspended=True)
        over = attrs.evolve(enrolment(students[2], course), ends_at=datetime(2020, 1, 1, tzinfo=UTC))
        assert await campus.gateway.enrol([suspended, over]) == [Confirmed(), Confirmed()]
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
        assert await campus.gateway.unenrol([leaving]) == [Confirmed()]
        results = await campus.gateway.unenrol([leaving, stranger])
        assert results[0] == Confirmed()
        assert refusal(results[1]).fault is RefusalKind.NOT_FOUND
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
        assert results[0] == Confirmed()
        assert refusal(results[1]).fault is RefusalKind.REMOTE_BUG  # as Moodle itself calls it
        [found] = await campus.gateway.enrolled(course)
        assert set(found.roles) == {STUDENT, TEACHER}
        assert await campus.gateway.unassign_roles([role, role]) == [Confirmed(), Confirmed()]
        [found] = await campus.gateway.enrolled(course)
        assert found.roles == (STUDENT,)


class GroupPromises:
    """A group is made once in its course, by its name."""

    async def test_a_group_is_made_once_and_filled(self, campus: Campus) -> None:
        """Who is in it stays so."""
        course, students = await campus.taught(1, 2)
        group = NewGroup(course=course, name="Section A", id_number=campus.mark)
        [id] = confirmed(await campus.gateway.create_groups([group]))
        [again] = await campus.gateway.create_groups([group])
        assert (refusal(again).fault, refusal(again).existing) == (RefusalKind.CONFLICT, id)
        assert [(one.id, one.name, one.course) for one in await campus.gateway.groups(course)] == [
            (id, "Section A", course)
        ]
        members = [GroupMember(group=id, user=student) for student in students]
        assert await campus.gateway.add_group_members(members) == [Confirmed(), Confirmed()]
        assert await campus.gateway.add_group_members(members[:1]) == [Confirmed()]
        assert set((await campus.gateway.group_members([id]))[id]) == set(students)

    async def test_only_who_is_enrolled_can_be_in_a_group(self, campus: Campus) -> None:
        """And others are not harmed."""
        course, [student] = await campus.taught(1)
        [stranger] = await campus.people(2)
        [id] = confirmed(await campus.gateway.create_groups([NewGroup(course=course, name="Section A")]))
        wanted = [(id, stranger), (id, student), (NOBODY, student)]
        results = await campus.gateway.add_group_members(
            [GroupMember(group=group, user=user) for group, user in wanted]
        )
        assert refusal(results[0]).fault is RefusalKind.BAD_INPUT
        assert results[1] == Confirmed()
        assert refusal(results[2]).fault is RefusalKind.NOT_FOUND
        assert await campus.gateway.group_members([id]) == {id: (student,)}
