"""What mzi's own plugin adds to a Moodle."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs

from mzi_core.ports.moodle.marking import StudentWork
from mzi_core.values import MoodleId


@attrs.frozen(kw_only=True)
class TemplateCriterion:
    """A criterion of a BTEC marking form, such as P1."""

    code: str
    description: str


@attrs.frozen(kw_only=True)
class Template:
    """A BTEC marking form, with its criteria in order."""

    name: str
    criteria: tuple[TemplateCriterion, ...]
    description: str = ""


class MoodlePlugin(Protocol):
    """The functions of mzi's plugin. Each raises NotOffered on a site that lacks it."""

    async def grade_facts(
        self, assignment: MoodleId, users: Sequence[MoodleId]
    ) -> dict[MoodleId, StudentWork]:
        """Every attempt of these students with criteria, in one call of the plugin, released or not.

        Raises NotOffered on a site without Feature.GRADE_FACTS.
        """
        ...

    async def save_template(self, cmid: MoodleId, template: Template) -> MoodleId:
        """Give an assignment a BTEC marking form, or replace it, and say its id; done twice it is one.

        Raises NotOffered on a site without Feature.TEMPLATES.
        """
        ...

    async def call_plugin(self, function: str, arguments: Mapping[str, object]) -> object:
        """Call a function of mzi's own Moodle plugin, `local_mzi_…`, and return its answer as it is.

        Raises NotOffered when the site lacks it, AmbiguousWrite when the answer was lost: nothing is sent
        again.
        """
        ...
