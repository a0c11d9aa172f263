"""The modules that commands are about which work with Zoho."""

from mzi_core.module import AnyModule, Side
from mzi_core.modules import CATALOGUE
from mzi_http.cli.shell import UsageError
from mzi_http.record_doors import door_of


def of_zoho(name: str, command: str) -> AnyModule:
    """The module of Zoho called so. Raises UnknownModule, and UsageError for a kind of record of Moodle."""
    declared = CATALOGUE[name]
    if declared.side is not Side.ZOHO:
        raise UsageError(
            f"`{declared.name}` are records of Moodle; `{command}` is about Zoho's modules. "
            f"`mzi pull {declared.name}` reads them from Moodle, and `mzi serve` takes them at "
            f"`{door_of(declared)}`."
        )
    return declared
