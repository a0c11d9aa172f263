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


def anything_said() -> bool:
    """Whether there is a settings file or a variable; if not, the defaults are in force."""
    return Path(FILE).is_file() or any(
        name.startswith(PREFIX) and not name.startswith(TESTS) for name in os.environ
    )
