"""Where the shared specification and its recorded answers lie: the one place that knows."""

import os
from pathlib import Path

ROOT = Path(os.environ.get("MZI_SHARED") or Path(__file__).parents[2] / "shared")


ZOHO_OPENAPI = ("fixtures", "zoho", "openapi-v8-records.json")
"""Zoho's published description of records, COQL, watch channels and bulk reading."""


def is_there(*parts: str) -> bool:
    """Whether a file or folder of it can be read."""
    return ROOT.joinpath(*parts).exists()


def shared(*parts: str) -> Path:
    """A file or folder of it; a sentence about `MZI_SHARED` when it is not there."""
    path = ROOT.joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is not there. Set MZI_SHARED to the folder that holds `spec` and `fixtures`; "
            "by default it is `shared` beside the repository."
        )
    return path
