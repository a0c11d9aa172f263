"""What a site is, what it offers, and what it can be asked without anybody's data being touched."""

from datetime import datetime

from mzi_adapters.moodle.calling import MoodleCaller
from mzi_adapters.moodle.json_fields import flag, inner_rows, moodle_id, row, rows, text
from mzi_core.ports import Feature, MoodleSite

NEEDED = (
    "core_course_create_categories",
    "core_course_create_courses",
    "core_course_get_categories",
    "core_course_get_course_module",
    "core_course_get_courses",
    "core_course_get_courses_by_field",
    "core_course_get_updates_since",
    "core_course_update_categories",
    "core_course_update_courses",
    "core_enrol_get_enrolled_users",
    "core_grading_get_definitions",
    "core_group_add_group_members",
    "core_group_create_groups",
    "core_group_get_course_groups",
    "core_group_get_group_members",
    "core_role_assign_roles",
    "core_role_unassign_roles",
    "core_user_create_users",
    "core_user_get_users",
    "core_user_get_users_by_field",
    "core_user_update_users",
    "core_webservice_get_site_info",
    "enrol_manual_enrol_users",
    "enrol_manual_unenrol_users",
    "mod_assign_get_assignments",
    "mod_assign_get_grades",
    "mod_assign_get_submission_status",
    "mod_assign_get_submissions",
    "mod_assign_get_user_flags",
    "mod_assign_list_participants",
    "mod_assign_save_grade",
)
"""The functions this gateway calls; an administrator puts them into the service."""

_OTHERS = 4
"""Form fields of a call beside its parameters: the token, the function, the format, and how text comes."""

ABSENT = 10**9
"""From here on up nobody has an id."""


class MoodleStatus:
    """The part of the gateway that is about the site as a whole."""

    calls: MoodleCaller

    async def site(self) -> MoodleSite:
        """The site, and which functions it lacks; asked anew each time."""
        found = row(await self.calls.read("core_webservice_get_site_info"))
        functions = frozenset(text(function, "name") for function in inner_rows(found, "functions"))
        return MoodleSite(
            name=text(found, "sitename"),
            url=text(found, "siteurl"),
            release=text(found, "release"),
            user_id=moodle_id(found, "userid"),
            username=text(found, "username"),
            functions=functions,
            missing=tuple(name for name in NEEDED if name not in functions),
            features=frozenset(feature for feature in Feature if feature.value in functions),
            is_administrator=flag(found, "userissiteadmin"),
        )

    async def server_time(self) -> datetime | None:
        """The time by the site's own clock when it last answered."""
        return self.calls.answered_at

    async def takes_form_of(self, fields: int) -> bool:
        """Whether a form of so many fields arrives whole: our own id stands in its last field."""
        own = await self.calls.account_id()
        absent = [ABSENT + number for number in range(fields - _OTHERS - 2)]
        params = {"field": "id", "values": [*absent, own]}
        found = rows(await self.calls.read("core_user_get_users_by_field", params))
        return any(moodle_id(user) == own for user in found)
