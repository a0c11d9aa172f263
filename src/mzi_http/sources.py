"""Where settings are said: a file in TOML, and variables of the environment."""

import os
from pathlib import Path

FILE = "mzi.toml"
"""Read from the working directory when no other file is named."""

PREFIX = "MZI_"
TESTS = "MZI_TEST_"
"""What the accounts of the live tests begin with; no setting does."""

POINTER = "MZI_SETTINGS"
"""Names the settings file; what is named must be there."""


def variable_of(name: str) -> str:
    """The environment variable of a setting by its dotted name: `MZI_HTTP_PORT` for `http.port`."""
    return PREFIX + name.upper().replace(".", "_")


def settings_file(named: Path | None) -> Path | None:
    """Which settings file is meant, whether it is there or not: `named`, MZI_SETTINGS, or mzi.toml here."""
    pointed = os.environ.get(POINTER, "")
    path = named or (Path(pointed) if pointed else None)
    return path or (Path(FILE) if Path(FILE).is_file() else None)


def anything_said() -> bool:
    """Whether there is a settings file or a variable; if not, the defaults are in force."""
    return Path(FILE).is_file() or any(
        name.startswith(PREFIX) and not name.startswith(TESTS) for name in os.environ
    )
