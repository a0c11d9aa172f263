"""What Moodle keeps silent about when the account lacks a capability. An empty answer is not "nobody"."""

from collections.abc import Iterator
from contextlib import contextmanager

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.moodle_gateway_campus import (
    NOBODY,
    Campus,
    applied_ids,
    enrolment,
    rejection,
)
from mzi_adapters.testing.contracts.moodle_gateway_marking import mark
from mzi_core.errors import AccessRefused
from mzi_core.ports import (
    CourseKey,
    GroupMember,
    Membership,
    NewGroup,
    Rejected,
    RejectionKind,
    UserChange,
    UserKey,
)


@contextmanager
def without(campus: Campus, *capabilities: str) -> Iterator[None]:
    """The account lacks these until the block ends."""
    had = campus.hands.capabilities.intersection(capabilities)
    campus.hands.capabilities.difference_update(capabilities)
    try:
        yield
    finally:
        campus.hands.capabilities.update(had)


class LostCapabilityPromises:
    """Who may not look is told so."""

    async def test_users_that_cannot_be_seen_are_not_absent(self, campus: Campus) -> None:
        """Else everybody would be created once more."""
        await campus.people(1)
        with without(campus, "moodle/user:viewdetails"):
            for key in (UserKey.USERNAME, UserKey.EMAIL):
                with raises(AccessRefused):
                    await campus.gateway.find_users(key, [campus.name(1)])
            with raises(AccessRefused):
                await campus.gateway.create_users([campus.person(1), campus.person(2)])

    async def test_an_address_and_an_id_number_that_are_kept_from_us_are_not_empty(
        self, campus: Campus
    ) -> None:
        """Else they would be changed at every push. Nobody is found by what is not shown."""
        [id] = await campus.people(1)
        for capability in ("moodle/site:viewuseridentity", "moodle/user:viewalldetails"):
            with without(campus, capability):
                name = campus.name(1)
                for key, value in ((UserKey.ID, str(id)), (UserKey.USERNAME, name), (UserKey.EMAIL, name)):
                    with raises(AccessRefused):
                        await campus.gateway.find_users(key, [value])

    async def test_people_of_a_course_that_are_kept_from_us_are_not_absent(self, campus: Campus) -> None:
        """Else all of them would be enrolled once more, and who is suspended there with them."""
        course, students = await campus.taught(1, 2)
        campus.hands.separate_groups(course)
        assert sorted(one.id for one in await campus.gateway.enrolled(course)) == students
        for capability in ("moodle/site:accessallgroups", "moodle/user:viewdetails"):
            with without(campus, capability), raises(AccessRefused):
                await campus.gateway.enrolled(course)
        with without(campus, "moodle/course:enrolreview"), raises(AccessRefused):
            await campus.gateway.enrolled(course, Membership.SUSPENDED)

    async def test_the_people_of_our_own_group_are_not_all_there_are(self, campus: Campus) -> None:
        """Where groups work apart."""
        course, students = await campus.taught(1, 2)
        own = (await campus.gateway.site()).user_id
        await campus.gateway.enrol([enrolment(own, course)])
        [group] = applied_ids(await campus.gateway.create_groups([NewGroup(course=course, name="Ours")]))
        members = [GroupMember(group=group, user=id) for id in (own, students[0])]
        await campus.gateway.add_group_members(members)
        campus.hands.separate_groups(course)
        with without(campus, "moodle/site:accessallgroups"), raises(AccessRefused):
            await campus.gateway.enrolled(course)
        assert len(await campus.gateway.enrolled(course)) == 3

    async def test_how_work_is_marked_is_not_nothing_because_it_is_kept_from_us(self, campus: Campus) -> None:
        """Else a rubric would be marked by a number, and a scale by none of its items."""
        course, [student] = await campus.taught(1)
        assignment = await campus.assigned(course, grade=-3, criteria={"P1": "Explain"})
        for capability in ("moodle/course:manageactivities", "moodle/grade:managegradingforms"):
            with without(campus, capability):
                with raises(AccessRefused):
                    await campus.gateway.marking_method(assignment.cmid)
                with raises(AccessRefused):
                    await campus.gateway.save_marks(assignment, [mark(student, "3")])
        assert (await campus.gateway.marking_method(assignment.cmid)).method == "btec"

    async def test_assignments_that_cannot_be_seen_are_not_absent(self, campus: Campus) -> None:
        """Beside them an empty course is empty, and one that is not there is not there."""
        course, bare = await campus.course(1), await campus.course(2)
        await campus.assigned(course)
        with without(campus, "mod/assign:view"):
            found = await campus.gateway.assignments([course, bare, NOBODY])
        closed = found[course]
        assert isinstance(closed, Rejected)
        assert closed.kind is RejectionKind.PERMISSION
        assert found[bare] == ()
        assert isinstance(found[NOBODY], Rejected)

    async def test_an_id_number_of_a_course_that_is_kept_from_us_is_not_empty(self, campus: Campus) -> None:
        """Else another system's course could be taken for nobody's."""
        course = await campus.course()
        with without(campus, "moodle/course:update"):
            with raises(AccessRefused):
                await campus.gateway.courses([course])
            with raises(AccessRefused):
                await campus.gateway.find_courses(CourseKey.SHORT_NAME, [campus.plan().short_name])

    async def test_an_account_that_cannot_write_users_is_told_for_each(self, campus: Campus) -> None:
        """And nothing is taken apart for it."""
        [id] = await campus.people(1)
        with without(campus, "moodle/user:create", "moodle/user:update"):
            created = await campus.gateway.create_users([campus.person(n) for n in range(2, 5)])
            changed = await campus.gateway.update_users([UserChange(id=id, city="A")])
        assert {rejection(one).kind for one in (*created, *changed)} == {RejectionKind.PERMISSION}

    async def test_a_course_that_cannot_be_entered_is_refused_by_name(self, campus: Campus) -> None:
        """Its lists are not empty, they are closed."""
        course, [student] = await campus.taught(1)
        assignment = await campus.assigned(course)
        campus.hands.submit(assignment.id, student)
        with without(campus, "moodle/course:view"):
            for closed in (
                campus.gateway.enrolled(course),
                campus.gateway.participants(assignment.id),
                campus.gateway.work(assignment.id, student),
                campus.gateway.save_marks(assignment, [mark(student, "3")]),
            ):
                with raises(AccessRefused):
                    await closed
            for found in (
                (await campus.gateway.assignments([course]))[course],
                (await campus.gateway.submissions([assignment.id]))[assignment.id],
                (await campus.gateway.grades([assignment.id]))[assignment.id],
                (await campus.gateway.user_flags([assignment.id]))[assignment.id],
            ):
                assert isinstance(found, Rejected)
            [result] = await campus.gateway.enrol([enrolment(student, course)])
        assert rejection(result).kind is RejectionKind.PERMISSION
