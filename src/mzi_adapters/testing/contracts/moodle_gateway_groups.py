"""Groups of courses."""

from mzi_adapters.testing.contracts.moodle_gateway_campus import NOBODY, Campus, applied_ids, rejection
from mzi_core.ports import Applied, GroupMember, NewGroup, RejectionKind


class GroupPromises:
    """A group is made once in its course, by its name."""

    async def test_a_group_is_made_once_and_filled(self, campus: Campus) -> None:
        """Who is in it stays so."""
        course, students = await campus.taught(1, 2)
        group = NewGroup(course=course, name="Section A", id_number=campus.mark)
        [id] = applied_ids(await campus.gateway.create_groups([group]))
        [again] = await campus.gateway.create_groups([group])
        assert (rejection(again).kind, rejection(again).existing) == (RejectionKind.CONFLICT, id)
        assert [(one.id, one.name, one.course) for one in await campus.gateway.groups(course)] == [
            (id, "Section A", course)
        ]
        members = [GroupMember(group=id, user=student) for student in students]
        assert await campus.gateway.add_group_members(members) == [Applied(), Applied()]
        assert await campus.gateway.add_group_members(members[:1]) == [Applied()]
        assert set((await campus.gateway.group_members([id]))[id]) == set(students)

    async def test_only_who_is_enrolled_can_be_in_a_group(self, campus: Campus) -> None:
        """And others are not harmed."""
        course, [student] = await campus.taught(1)
        [stranger] = await campus.people(2)
        [id] = applied_ids(await campus.gateway.create_groups([NewGroup(course=course, name="Section A")]))
        wanted = [(id, stranger), (id, student), (NOBODY, student)]
        results = await campus.gateway.add_group_members(
            [GroupMember(group=group, user=user) for group, user in wanted]
        )
        assert rejection(results[0]).kind is RejectionKind.BAD_INPUT
        assert results[1] == Applied()
        assert rejection(results[2]).kind is RejectionKind.NOT_FOUND
        assert await campus.gateway.group_members([id]) == {id: (student,)}
