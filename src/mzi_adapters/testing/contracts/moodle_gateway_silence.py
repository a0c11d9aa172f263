"""What Moodle keeps silent about when the account lacks a capability. An empty answer is not "nobody"."""

from collections.abc import Iterator
from contextlib import contextmanager

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.moodle_gateway_campus import Campus, enrolment, rejection
from mzi_adapters.testing.contracts.moodle_gateway_marking import mark
from mzi_core.errors import AccessRefused
from mzi_core.ports import Rejected, RejectionKind, UserChange, UserKey


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
        """Else they would be changed at every push."""
        [id] = await campus.people(1)
        for capability in ("moodle/site:viewuseridentity", "moodle/user:viewalldetails"):
            with without(campus, capability):
                for key, value in ((UserKey.ID, str(id)), (UserKey.USERNAME, campus.name(1))):
                    with raises(AccessRefused):
                        await campus.gateway.find_users(key, [value])

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
