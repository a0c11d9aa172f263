"""Groups of courses."""

from mzi_adapters.testing.contracts.moodle_gateway_campus import NOBODY, Campus, confirmed, refusal
from mzi_core.ports import Confirmed, GroupMember, NewGroup, RefusalKind


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
