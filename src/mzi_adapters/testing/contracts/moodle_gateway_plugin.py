"""What mzi's plugin adds to a site, and what is said where it is not there."""

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.moodle_gateway_campus import Campus
from mzi_core.errors import NotOffered
from mzi_core.ports import Feature
from mzi_core.values import MoodleId


class PluginPromises:
    """A function that the site lacks is not called."""

    async def test_what_a_site_lacks_is_said(self, campus: Campus) -> None:
        """Before anything is sent to it."""
        site = await campus.gateway.site()
        assert site.missing == ()
        if Feature.GRADE_FACTS not in site.features:
            with raises(NotOffered):
                await campus.gateway.grade_facts(MoodleId(1), [MoodleId(1)])
        with raises(NotOffered):
            await campus.gateway.call_plugin("local_mzi_no_such_function", {"a": 1})
