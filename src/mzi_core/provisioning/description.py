"""A step as data: to be kept with a plan that is held, and shown to whoever approves it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import attrs

from mzi_core.provisioning.step import Difference, Step


def described(step: Step[object]) -> dict[str, Any]:
    """What a step would do, in values that JSON can say: of which record, and what it changes.

    It is made for people. Nothing is written from it: by its `zoho_id` the record is planned anew.
    """
    return {
        "zoho_id": step.zoho_id,
        "action": step.act.value,
        "counterpart": step.counterpart,
        "changes": [_change(change) for change in step.changes],
        "message": step.why,
    }


def _change(change: Difference) -> dict[str, object]:
    return {"field": change.field, "before": in_json(change.before), "after": in_json(change.after)}


def in_json(value: Any) -> object:
    """A value of a record as JSON can say it."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return f"{value:f}"
        case datetime() | date():
            return value.isoformat()
        case tuple():
            return [in_json(each) for each in value]
        case _ if attrs.has(type(value)):
            return {name: in_json(each) for name, each in attrs.asdict(value, recurse=False).items()}
    return str(value)
