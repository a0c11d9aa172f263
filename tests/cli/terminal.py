"""What a command leaves behind, and records to give it."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest


def forget_settings(patch: pytest.MonkeyPatch) -> None:
    """What somebody has set in his environment is nothing to a test."""
    for name in [name for name in os.environ if name.startswith("MZI_")]:
        patch.delenv(name)


@attrs.frozen
class Ran:
    """What a command left behind: its exit code, and what it said where."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output as JSON."""
        return json.loads(self.out)


Mzi = Callable[..., Ran]
"""The command line: `mzi("sync", "students", "students.json")`."""


def student(number: int, **fields: object) -> dict[str, object]:
    """A sound student."""
    return {
        "id": f"539883000009{number:07d}",
        "Name": f"A{number:04d}",
        "Academic_Email": f"a{number}@campus.example",
        **fields,
    }


def written(folder: Path, name: str, records: object) -> Path:
    """A JSON file in the folder."""
    path = folder / name
    path.write_text(json.dumps(records, ensure_ascii=False), "utf-8")
    return path
