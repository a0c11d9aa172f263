"""JSON Schemas of markings and policies, as they are sent."""

from collections.abc import Mapping

from mzi_core.grading import BTEC_DEFAULT, BUILT_IN, Grade, Scale
from mzi_core.grading.stored import MOST_ITEMS
from mzi_core.use_cases.kept_decisions import KEY_PATTERN
from mzi_http.schemas import TEXT, Schema, nullable, ref

_INSTANT: Schema = nullable({"type": "string", "format": "date-time"})

_NUMBER: Schema = {
    "type": ["string", "number", "null"],
    "pattern": "^-?[0-9]{1,9}([.][0-9]{1,9})?$",
}

MARKING: Mapping[str, Schema] = {
    "raw": {**_NUMBER, "description": "-1 where nobody has graded.", "examples": ["2.5"]},
    "minimum": {**_NUMBER, "description": "Of the grade item's points; 0 unless said."},
    "maximum": {**_NUMBER, "description": "Of the grade item's points.", "examples": ["4"]},
    "items": {
        "type": "array",
        "items": TEXT,
        "maxItems": MOST_ITEMS,
        "description": "Of the Moodle scale, lowest first.",
        "examples": [["Refer", "Pass", "Merit", "Distinction"]],
    },
    "scale": {"enum": list(Scale), "description": "Follows from the points or items where they are said."},
    "letter": {"enum": [*Grade, None], "description": "Or its word. Somebody decided on it; it wins."},
    "submitted": {
        "type": ["boolean", "null"],
        "description": "null where the assignment takes no submissions.",
    },
    "attempt": {"type": "integer", "minimum": 0, "description": "From 0."},
    "before": {"enum": [*Grade, None], "description": "The best grade of an earlier attempt, if known."},
    "repeats_unit": {"type": "boolean", "description": "Whether the student studies the whole unit again."},
    "feedback": TEXT,
    "workflow": nullable(TEXT),
    "due": _INSTANT,
    "extension": _INSTANT,
    "cutoff": _INSTANT,
    "submitted_at": {**_INSTANT, "description": "When the work was handed in."},
    "now": {**_INSTANT, "description": "When the question is asked; the present moment unless it is said."},
    "criteria": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "code": {
                    "type": "string",
                    "minLength": 1,
                    "description": "P1 to P20, M1 to M9, D1 to D9, or LO1.2; another is kept with a warning.",
                    "examples": ["P1"],
                },
                "achieved": {"type": "boolean"},
                "title": TEXT,
                "definition": TEXT,
                "remark": TEXT,
            },
            "required": ["code"],
            "additionalProperties": False,
        },
    },
}
"""What is known of one attempt of one student at one assignment, by name; nothing is needed."""

POLICY: Mapping[str, Schema] = {
    "base": {"enum": list(BUILT_IN)},
    **{name: {} for name in BTEC_DEFAULT.to_data()},
}
"""A built-in policy, and what is to be different from it."""


def _exactly(properties: Mapping[str, Schema], *needed: str) -> Schema:
    """An object with nothing else in it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(needed),
        "additionalProperties": False,
    }


def components() -> dict[str, Schema]:
    """By name."""
    return {"Marking": _exactly(MARKING), "Policy": _exactly(POLICY)}


_SEVERAL: Schema = {"type": "array", "items": ref("Marking")}


def decide_body() -> Schema:
    """What is asked of `/grades/decide`."""
    by: Mapping[str, Schema] = {
        "policy": {"enum": [*BUILT_IN, None]},
        "level": nullable({"type": "string", "minLength": 1, "maxLength": 255, "examples": ["L5"]}),
    }
    key = nullable({"type": "string", "pattern": f"^{KEY_PATTERN}$", "examples": ["4101_1001_55"]})
    return {
        "anyOf": [
            _exactly({"marking": ref("Marking"), "record_as": key, **by}, "marking"),
            _exactly({"markings": _SEVERAL, **by}, "markings"),
        ]
    }


def simulate_body(largest_limit: int) -> Schema:
    """What is asked of `/grades/simulate`."""
    by_key = {"type": "object", "additionalProperties": ref("Marking")}
    return _exactly(
        {
            "policy": {"anyOf": [{"enum": list(BUILT_IN)}, ref("Policy")]},
            "markings": {"anyOf": [_SEVERAL, by_key, {"type": "null"}]},
            "limit": {"type": "integer", "minimum": 1, "maximum": largest_limit},
        },
        "policy",
    )
