"""What a site is, what it offers, and what mzi's own plugin adds to it."""

from collections.abc import Mapping, Sequence

from mzi_adapters.moodle.batching import looked_up
from mzi_adapters.moodle.calling import MoodleCaller
from mzi_adapters.moodle.json_fields import inner_rows, moodle_id, row, text
from mzi_adapters.moodle.refusals import SERVICE
from mzi_adapters.moodle.work import facts_from
from mzi_core.errors import NotOffered
from mzi_core.ports import Feature, MoodleSite, StudentWork, Template
from mzi_core.values import MoodleId

NEEDED = (
    "core_course_create_categories",
    "core_course_create_courses",
    "core_course_get_categories",
    "core_course_get_course_module",
    "core_course_get_courses",
    "core_course_get_courses_by_field",
    "core_course_get_updates_since",
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

PLUGIN = "local_mzi_"
"""What the functions of mzi's plugin begin with."""

_OURS = (PLUGIN, "local_moodle_zoho_sync_")


class SiteItself:
    """The part of the gateway that is about the site and its plugins."""

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
        )

    async def grade_facts(
        self, assignment: MoodleId, users: Sequence[MoodleId]
    ) -> dict[MoodleId, StudentWork]:
        """Every attempt of these students with criteria, in one call of the plugin, released or not."""
        if not users:
            return {}
        await self._must_offer(Feature.GRADE_FACTS.value)

        async def read(some: Sequence[MoodleId]) -> list[StudentWork]:
            params = {"assignid": assignment, "userids": list(some)}
            answer = row(await self.calls.read(Feature.GRADE_FACTS.value, params))
            return [facts_from(student) for student in inner_rows(answer, "students")]

        found = await looked_up(list(dict.fromkeys(users)), read)
        return {work.user: work for work in found}

    async def save_template(self, cmid: MoodleId, template: Template) -> MoodleId:
        """Give an assignment a BTEC marking form, or replace it, and say its id; done twice it is one."""
        criteria = [{"code": one.code, "description": one.description} for one in template.criteria]
        params = {
            "cmid": cmid,
            "name": template.name,
            "description": template.description,
            "criteria": criteria,
        }
        await self._must_offer(Feature.TEMPLATES.value)
        return _definition_id(await self.calls.write_again(Feature.TEMPLATES.value, params))

    async def call_plugin(self, function: str, arguments: Mapping[str, object]) -> object:
        """Call a function of mzi's own Moodle plugin, and return its answer as it is."""
        if not function.startswith(_OURS):
            raise ValueError(f"{function} is not a function of mzi's plugin")
        await self._must_offer(function)
        return await self.calls.write(function, arguments)

    async def _must_offer(self, function: str) -> None:
        """Ask the site first: the refusal of an unknown function looks like one of an unknown record."""
        if function not in (await self.site()).functions:
            raise NotOffered(
                SERVICE,
                f"The site does not offer {function}. Install mzi's plugin, and add it to the service.",
            )


def _definition_id(answer: object) -> MoodleId:
    return moodle_id(row(answer), "definitionid")
