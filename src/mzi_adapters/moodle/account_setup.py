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


@attrs.frozen
class SetupStep:
    """One thing to do under *Site administration*: where, what, and the command that gives what it takes."""

    where: str
    what: str
    command: str = ""


STEPS = (
    SetupStep("General > Advanced features", 'Tick "Enable web services".'),
    SetupStep("Server > Web services > Manage protocols", "Enable the REST protocol."),
    SetupStep(
        "Users > Permissions > Define roles > Add a new role",
        'Under "Use role preset" choose the file that the command below writes, and continue. Moodle passes '
        'over what it does not know without a word: see that "Allow role assignments" has Student, '
        "Non-editing teacher and Teacher, and create the role. Where there is one of this name already, open "
        'it, and choose the file under "Reset".',
        f"mzi moodle setup --role {FILE}",
    ),
    SetupStep(
        "Users > Accounts > Add a new user",
        'Make an account for mzi alone. As authentication method choose "Web services authentication", which '
        "Moodle lists as disabled and which may stay so: nobody can sign in as this account, and it need not "
        'agree to the site\'s policy. Leave "Force password change" unticked, and fill in every field of the '
        "profile that the site asks for. Should it be an account of another kind, such as a manual one, sign "
        "in as it once, change its password if Moodle asks for it, and agree to the policy; till then every "
        "course is closed to it.",
    ),
    SetupStep(
        "Users > Permissions > Assign system roles",
        f'Give the account the role "{role_preset().name}".',
    ),
    SetupStep(
        "Users > Permissions > User policies",
        'Under "Show user identity" tick "Email address": mzi compares addresses, and Moodle leaves them out '
        "where it is not ticked.",
    ),
    SetupStep(
        "Server > Web services > External services > Add",
        f'As name type "{SERVICE_NAME}", and as short name "{SERVICE_SHORT_NAME}": the plugin local_mzi '
        'brings a service of its own, and no two may have one name. Tick "Enabled" and "Authorised users '
        'only". Add the functions that the command below prints, and then the account under "Authorised '
        'users".',
        "mzi moodle setup --functions -",
    ),
    SetupStep(
        "Server > Web services > Manage tokens > Create token",
        f'Make one for the account and the service "{SERVICE_NAME}", without a date on which it ends. Copy '
        "it at once: Moodle shows it only then.",
    ),
)
"""What an administrator does in a Moodle 4.5, in this order."""
