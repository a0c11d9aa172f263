"""Who is in a course, and in which role."""

from collections.abc import Sequence

from mzi_adapters.moodle.batching import Repeating, all_done
from mzi_adapters.moodle.calling import MoodleCaller
from mzi_adapters.moodle.json_fields import Row, inner_rows, integer, moodle_id, rows, text
from mzi_adapters.moodle.refusals import NO_CAPABILITY, KeptBack
from mzi_adapters.moodle.site import ABSENT
from mzi_adapters.moodle.users import must_see_others
from mzi_core.errors import AccessRefused
from mzi_core.ports import (
    EnrolledUser,
    Enrolment,
    Membership,
    RoleInCourse,
    Unenrolment,
    WriteResult,
)
from mzi_core.values import MoodleId

_FIELDS = "id,username,email,idnumber,roles"


class MoodleEnrolments:
    """The part of the gateway that is about belonging to a course."""

    calls: MoodleCaller

    async def enrolled(self, course: MoodleId, which: Membership = Membership.ALL) -> Sequence[EnrolledUser]:
        """Who is enrolled, in one call: pages by offset would skip somebody when an enrolment ends."""
        options = [{"name": "userfields", "value": _FIELDS}]
        if which is not Membership.ALL:
            options.insert(0, {"name": f"only{which.value}", "value": "1"})
        params = {"courseid": course, "options": options}
        found = list(map(_enrolled, rows(await self.calls.read("core_enrol_get_enrolled_users", params))))
        if which is not Membership.SUSPENDED and await self._may_be_a_part(found):
            await self._must_see_everybody(course, found)
        return found

    async def _may_be_a_part(self, found: Sequence[EnrolledUser]) -> bool:
        return not found or await self.calls.account_id() in {one.id for one in found}

    async def _must_see_everybody(self, course: MoodleId, found: Sequence[EnrolledUser]) -> None:
        """Nobody is in the course, or the account itself: is that all, or all that it may see?

        Where groups are separate Moodle shows an account those of its own groups, without one nobody, and no
        error.
        """
        if not await self.sees_all_groups(course):
            said = f"Where groups are separate, who is in course {course} is kept from the account."
            raise KeptBack(said, "moodle/site:accessallgroups")
        if not found:
            await must_see_others(self.calls)

    async def sees_all_groups(self, course: MoodleId) -> bool:
        """Whether people are shown whatever their groups; else no group but our own may be asked for."""
        params = {"courseid": course, "options": [{"name": "groupid", "value": ABSENT}]}
        try:
            await self.calls.read("core_enrol_get_enrolled_users", params)
        except AccessRefused as refused:
            if refused.code != NO_CAPABILITY:
                raise
            return False
        return True

    async def enrol(self, enrolments: Sequence[Enrolment]) -> Sequence[WriteResult[MoodleId]]:
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
            answered=all_done,
            scope=lambda one: (one.course, one.role),
        ).all(enrolments)

    async def unenrol(self, unenrolments: Sequence[Unenrolment]) -> Sequence[WriteResult[MoodleId]]:
        """End manual enrolments; who is not enrolled counts as done."""
        return await Repeating[Unenrolment](
            calls=self.calls,
            function="enrol_manual_unenrol_users",
            field="enrolments",
            encode=lambda one: {"userid": one.user, "courseid": one.course},
            answered=all_done,
            scope=lambda one: one.course,
        ).all(unenrolments)

    async def assign_roles(self, roles: Sequence[RoleInCourse]) -> Sequence[WriteResult[MoodleId]]:
        """Give roles in courses, without enrolling."""
        return await self._roles("core_role_assign_roles", "assignments", roles)

    async def unassign_roles(self, roles: Sequence[RoleInCourse]) -> Sequence[WriteResult[MoodleId]]:
        """Take roles in courses away."""
        return await self._roles("core_role_unassign_roles", "unassignments", roles)

    async def _roles(
        self, function: str, field: str, roles: Sequence[RoleInCourse]
    ) -> list[WriteResult[MoodleId]]:
        return await Repeating[RoleInCourse](
            calls=self.calls,
            function=function,
            field=field,
            encode=_role,
            answered=all_done,
            scope=lambda one: one.course,
        ).all(roles)


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
