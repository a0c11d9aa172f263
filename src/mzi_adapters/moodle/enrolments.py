"""Who is in a course, in which role and in which group."""

from collections.abc import Sequence
from typing import TypeVar

from mzi_adapters.moodle.batching import Encode, Repeating
from mzi_adapters.moodle.calling import MoodleCaller
from mzi_adapters.moodle.creating import Creating, Found, Match
from mzi_adapters.moodle.json_fields import (
    Row,
    inner_rows,
    integer,
    moodle_id,
    rows,
    text,
)
from mzi_core.errors import ProtocolError
from mzi_core.ports import (
    Confirmed,
    EnrolledUser,
    Enrolment,
    GroupMember,
    Membership,
    MoodleGroup,
    MoodleResult,
    NewGroup,
    RoleInCourse,
    Unenrolment,
)
from mzi_core.values import MoodleId

T = TypeVar("T")

_FIELDS = "id,username,email,idnumber,roles"
_HTML = 1


class Enrolments:
    """The part of the gateway that is about belonging to a course."""

    calls: MoodleCaller

    async def enrolled(self, course: MoodleId, which: Membership = Membership.ALL) -> Sequence[EnrolledUser]:
        """Who is enrolled, in one call: pages by offset would skip somebody when an enrolment ends."""
        options = [{"name": "userfields", "value": _FIELDS}]
        if which is not Membership.ALL:
            options.insert(0, {"name": f"only{which.value}", "value": "1"})
        params = {"courseid": course, "options": options}
        return [
            _enrolled(found) for found in rows(await self.calls.read("core_enrol_get_enrolled_users", params))
        ]

    async def enrol(self, enrolments: Sequence[Enrolment]) -> Sequence[MoodleResult]:
        """Enrol by hand; who is enrolled already stays so."""

        def encode(one: Enrolment) -> dict[str, object]:
            return {
                "roleid": one.role,
                "userid": one.user,
                "courseid": one.course,
                "timestart": one.starts_at,
                "timeend": one.ends_at,
                "suspend": one.suspended,
            }

        return await Repeating[Enrolment](
            calls=self.calls,
            function="enrol_manual_enrol_users",
            field="enrolments",
            encode=encode,
            answered=_all_done,
            scope=lambda one: (one.course, one.role),
        ).all(enrolments)

    async def unenrol(self, unenrolments: Sequence[Unenrolment]) -> Sequence[MoodleResult]:
        """End manual enrolments; who is not enrolled counts as done."""
        return await Repeating[Unenrolment](
            calls=self.calls,
            function="enrol_manual_unenrol_users",
            field="enrolments",
            encode=lambda one: {"userid": one.user, "courseid": one.course},
            answered=_all_done,
            scope=lambda one: one.course,
        ).all(unenrolments)

    async def assign_roles(self, roles: Sequence[RoleInCourse]) -> Sequence[MoodleResult]:
        """Give roles in courses, without enrolling."""
        return await self._roles("core_role_assign_roles", "assignments", roles)

    async def unassign_roles(self, roles: Sequence[RoleInCourse]) -> Sequence[MoodleResult]:
        """Take roles in courses away."""
        return await self._roles("core_role_unassign_roles", "unassignments", roles)

    async def _roles(self, function: str, field: str, roles: Sequence[RoleInCourse]) -> list[MoodleResult]:
        return await Repeating[RoleInCourse](
            calls=self.calls,
            function=function,
            field=field,
            encode=_role,
            answered=_all_done,
            scope=lambda one: one.course,
        ).all(roles)

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

    async def create_groups(self, groups: Sequence[NewGroup]) -> Sequence[MoodleResult]:
        """Create groups; a name taken in the course is refused with its `existing` group."""
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

    async def add_group_members(self, members: Sequence[GroupMember]) -> Sequence[MoodleResult]:
        """Put enrolled users into groups."""
        return await Repeating[GroupMember](
            calls=self.calls,
            function="core_group_add_group_members",
            field="members",
            encode=lambda one: {"groupid": one.group, "userid": one.user},
            answered=_all_done,
            scope=lambda one: one.group,
        ).all(members)


def _all_done(_: object, items: Sequence[T]) -> list[MoodleResult]:
    """These functions return nothing: either the whole call was carried out, or it failed."""
    return [Confirmed() for _ in items]


def _enrolled(found: Row) -> EnrolledUser:
    return EnrolledUser(
        id=moodle_id(found),
        username=text(found, "username"),
        email=text(found, "email"),
        full_name=text(found, "fullname"),
        id_number=text(found, "idnumber"),
        roles=tuple(integer(role, "roleid") for role in inner_rows(found, "roles")),
    )


def _role(one: RoleInCourse) -> dict[str, object]:
    return {"roleid": one.role, "userid": one.user, "contextlevel": "course", "instanceid": one.course}


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
