"""`mzi secrets`: with which key secrets are kept."""

from pathlib import Path

from mzi_adapters import vault
from mzi_http.cli.shell import Ended, Given


def new_key(*, file: Path | None = None, shell: Given) -> Ended:
    """Make a key for secrets at rest, and print it.

    Set it as MZI_SECRETS_KEY, or name its file with `secrets.key_file`. Old keys stay behind the new one,
    with blanks between them, until what they sealed is sealed anew: `mzi secrets reseal`.

    Parameters
    ----------
    file
        Put the key in this file instead, before those that are there; nobody but its owner can read it.
    """
    if file is None:
        shell.line(vault.new_key())
        return Ended.WELL
    vault.add_key(file)
    shell.say(f"The first key in {file} is new. Set `secrets.key_file` to use it, and keep a copy apart.")
    return Ended.WELL


async def reseal(*, shell: Given) -> Ended:
    """Seal the keys of all sources of events with the first key of secrets, so that an old one can go.

    Access tokens need no such thing: they are fetched anew within the hour.
    """
    async with shell.open() as use_cases:
        number = await use_cases.sources.reseal()
    shell.show(f"{number} secret{' is' if number == 1 else 's are'} sealed with the first key.")
    return Ended.WELL
