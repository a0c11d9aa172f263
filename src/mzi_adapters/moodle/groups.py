"""The groups of courses, and who is in them."""

from collections.abc import Sequence

from mzi_adapters.moodle.batching import Encode, Repeating, all_done
from mzi_adapters.moodle.calling import MoodleCaller
from mzi_adapters.moodle.creating import Creating, Found, Match
from mzi_adapters.moodle.json_fields import Row, integer, moodle_id, rows, text
from mzi_core.errors import ProtocolError
from mzi_core.ports import GroupMember, MoodleGroup, NewGroup, WriteResult
from mzi_core.values import MoodleId

_HTML = 1


class MoodleGroups:
    """The part of the gateway that is about groups."""

    calls: MoodleCaller

    async def groups(self, course: MoodleId) -> Sequence[MoodleGroup]:
        """The groups of a course."""
        found = rows(await self.calls.read("core_group_get_course_groups", {"courseid": course}))
        return [
            MoodleGroup(
                id=moodle_id(one),
                course=moodle_id(one, "courseid"),
                name=text(one, "name"),
                id_number=text(one, "idnumber"),
            )
            for one in found
        ]

    async def create_groups(self, groups: Sequence[NewGroup]) -> Sequence[WriteResult[MoodleId]]:
        """Create groups; a name taken in the course is rejected with its `existing` group."""
        encode: Encode[NewGroup] = _new_group
        return await Creating[NewGroup](
            calls=self.calls,
            function="core_group_create_groups",
            field="groups",
            encode=encode,
            keys=lambda group: ((group.course, group.name),),
            named=lambda created: (integer(created, "courseid"), text(created, "name")),
            find=self._groups_with_names_of,
            explain=self._group_with_name_of,
            scope=lambda group: group.course,
        ).all(groups)

    async def _groups_with_names_of(self, groups: Sequence[NewGroup]) -> Found:
        found: dict[int, Match] = {}
        for course in dict.fromkeys(group.course for group in groups):
            there = await self._names(course)
            for place, group in enumerate(groups):
                if group.course == course and group.name in there:
                    found[place] = Match(there[group.name], whole=True)
        return found

    async def _group_with_name_of(self, group: NewGroup) -> Match | None:
        there = await self._names(group.course)
        return Match(there[group.name], whole=True) if group.name in there else None

    async def _names(self, course: MoodleId) -> dict[str, MoodleId]:
        return {group.name: group.id for group in await self.groups(course)}

    async def group_members(self, groups: Sequence[MoodleId]) -> dict[MoodleId, tuple[MoodleId, ...]]:
        """Who is in these groups."""
        if not groups:
            return {}
        found = rows(await self.calls.read("core_group_get_group_members", {"groupids": list(groups)}))
        return {moodle_id(one, "groupid"): _ids(one) for one in found}

    async def add_group_members(self, members: Sequence[GroupMember]) -> Sequence[WriteResult[MoodleId]]:
        """Put enrolled users into groups."""
        return await Repeating[GroupMember](
            calls=self.calls,
            function="core_group_add_group_members",
            field="members",
            encode=lambda one: {"groupid": one.group, "userid": one.user},
            answered=all_done,
            scope=lambda one: one.group,
        ).all(members)


def _new_group(group: NewGroup) -> dict[str, object]:
    return {
        "courseid": group.course,
        "name": group.name,
        "description": group.description,
        "descriptionformat": _HTML,
        "idnumber": group.id_number or None,
    }


def _ids(one: Row) -> tuple[MoodleId, ...]:
    ids = one.get("userids")
    if not isinstance(ids, list):
        raise ProtocolError("Moodle", "Its answer has no list where `userids` should be.")
    return tuple(MoodleId(int(user)) for user in ids)
