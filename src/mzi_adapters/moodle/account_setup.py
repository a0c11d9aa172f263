"""What has to stand in a Moodle before mzi can work with it: a role, and a service that holds the functions.

The role is a file that Moodle imports, `role_mzi.xml` beside this one. It alone says which capabilities mzi
needs: the doctor, the pages and `mzi moodle setup` take them from it.
"""

from functools import cache
from importlib.resources import files
from xml.etree import ElementTree

import attrs

FILE = "role_mzi.xml"

SERVICE_NAME, SERVICE_SHORT_NAME = "mzi by hand", "mzi_by_hand"
"""What a service is called that somebody makes by hand. The plugin brings a service of its own, and a Moodle
with two of one name cannot install it: so neither is `mzi`, `mzi plugin` or `local_mzi`."""

_OF_PLUGIN = "local/mzi:"


@attrs.frozen(kw_only=True)
class RolePreset:
    """A role as Moodle imports it. `plugin_capabilities` are there only with the plugin local_mzi."""

    short_name: str
    name: str
    may_assign: tuple[str, ...]
    """The short names of the roles that it may give."""

    capabilities: tuple[str, ...]
    plugin_capabilities: tuple[str, ...]
    xml: str = attrs.field(repr=False)


@cache
def role_preset() -> RolePreset:
    """The role of mzi's account."""
    xml = files(__package__).joinpath(FILE).read_text("utf-8")
    role = ElementTree.fromstring(xml)  # noqa: S314  # a file of this package
    allowed = _texts(role, "permissions/allow")
    return RolePreset(
        short_name=role.findtext("shortname", ""),
        name=role.findtext("name", ""),
        may_assign=_texts(role, "allowassign/shortname"),
        capabilities=tuple(name for name in allowed if not name.startswith(_OF_PLUGIN)),
        plugin_capabilities=tuple(name for name in allowed if name.startswith(_OF_PLUGIN)),
        xml=xml,
    )


def _texts(role: ElementTree.Element, path: str) -> tuple[str, ...]:
    return tuple(each.text or "" for each in role.findall(path))
