"""Calls recorded on a running Moodle 4.5, request and answer, of invented people."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "data" / "moodle" / "recorded_calls.ndjson"


@cache
def recordings() -> dict[str, dict[str, Any]]:
    """Every call by its name, `function__case`, in the order of the names."""
    calls = map(json.loads, FILE.read_text(encoding="utf-8").splitlines())
    return {call["name"]: call for call in calls}
