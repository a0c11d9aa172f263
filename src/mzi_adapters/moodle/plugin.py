"""What mzi's own plugin adds to a site."""

from collections.abc import Mapping, Sequence

from mzi_adapters.moodle.batching import looked_up
from mzi_adapters.moodle.json_fields import inner_rows, moodle_id, row
from mzi_adapters.moodle.refusals import SERVICE
from mzi_adapters.moodle.site import MoodleStatus
from mzi_adapters.moodle.work import facts_from
from mzi_core.errors import NotOffered
from mzi_core.ports import Feature, StudentWork, Template
from mzi_core.values import MoodleId

PLUGIN = "local_mzi_"
"""What the functions of mzi's plugin begin with."""

_OURS = (PLUGIN, "local_moodle_zoho_sync_")


class MoodlePlugin(MoodleStatus):
    """The part of the gateway that is about the plugin."""

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
        written = await self.calls.write_again(Feature.TEMPLATES.value, params)
        return _definition_id(written.answer)

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
