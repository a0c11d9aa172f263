"""How often a test tries again what has a chance in it: some times in the gate, all in `nox -s thorough`."""

import os

THOROUGH = os.environ.get("MZI_THOROUGH", "0") not in ("", "0")
"""Whether there is time for every repetition."""


def often(wholly: int, *, gate: int) -> int:
    """How many examples, seeds, requests or kills: `wholly` where there is time, else `gate`."""
    return wholly if THOROUGH else gate
