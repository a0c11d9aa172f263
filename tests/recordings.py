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


EVENTS = FILE.with_name("recorded_events.ndjson")


@cache
def recorded_events() -> dict[str, dict[str, Any]]:
    """Every event by its name, as a plugin sent it that passed Moodle's own events on with their facts."""
    events = map(json.loads, EVENTS.read_text(encoding="utf-8").splitlines())
    return {event["name"]: event["body"] for event in events}
