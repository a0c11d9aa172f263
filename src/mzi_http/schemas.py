"""JSON Schemas of answers for the OpenAPI document: from their shapes, with each module's own names."""

from collections.abc import Mapping
from typing import Any

import msgspec

from mzi_core.module import AnyModule
from mzi_http import shapes
from mzi_http.answers import result_key

Schema = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"
_SHAPES = (
    shapes.Synced,
    shapes.Released,
    shapes.Listed,
    shapes.StoredRecord,
    shapes.HeldRecord,
    shapes.OneRecord,
    shapes.Decided,
    shapes.DecidedAll,
    shapes.JudgedMark,
    shapes.KeptDecision,
    shapes.DecisionHistory,
    shapes.Simulated,
    shapes.MadeCourse,
    shapes.Received,
    shapes.KeptEvent,
    shapes.ShownEvent,
    shapes.ListedEvents,
    shapes.ListedHistory,
    shapes.EventCounts,
    shapes.EventsHealth,
    shapes.FlowState,
    shapes.FlowStates,
    shapes.ListedDeliveries,
    shapes.ShownDelivery,
    shapes.RedrivenDeliveries,
    shapes.ListedPlans,
    shapes.ShownPlan,
    shapes.DecidedPlan,
    shapes.ListedReviews,
    shapes.ListedReview,
    shapes.SourceStatus,
    shapes.TriedWebhook,
    shapes.TenantRules,
    shapes.Health,
)

TEXT: Schema = {"type": "string"}

PROBLEM: Schema = {
    "title": "Problem",
    "description": "Why a request is not answered as asked (RFC 9457).",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence that says what to do."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"detail": TEXT, "parameter": TEXT},
                "required": ["detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}


def ref(name: str) -> Schema:
    """A reference to a component."""
    return {"$ref": _REFERENCE.format(name=name)}


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def whole(properties: Mapping[str, Schema]) -> Schema:
    """An object that always has all of these."""
    return {"type": "object", "properties": properties, "required": sorted(properties)}


def components() -> dict[str, Schema]:
    """The schemas of every shape, by name."""
    _, found = msgspec.json.schema_components(_SHAPES, ref_template=_REFERENCE)
    return {"Problem": PROBLEM, **found}


def entity_name(module: AnyModule) -> str:
    """The component that a stored record of the module is: `Student`."""
    return str(module.entity.__name__)


def of_module(module: AnyModule) -> dict[str, Schema]:
    """The answers about one record of a module."""
    name = entity_name(module)
    return {
        f"{name}Result": {"allOf": [ref("Result"), whole({result_key(module.name): nullable(TEXT)})]},
        f"Stored{name}": {"allOf": [ref("StoredRecord"), _keyed(module, {"record": ref(name)})]},
    }


def _keyed(module: AnyModule, properties: Mapping[str, Schema]) -> Schema:
    """An object with the key of a record of this module."""
    return {"properties": {module.key_name: TEXT, **properties}, "required": [module.key_name]}


def synced(module: AnyModule) -> Schema:
    """The answer to a sync of this module."""
    results = {"type": "array", "items": ref(f"{entity_name(module)}Result")}
    return {"allOf": [ref("Synced"), {"properties": {"results": results}}]}


def listed(module: AnyModule) -> Schema:
    """A page of this module."""
    either = [ref(f"Stored{entity_name(module)}"), {"allOf": [ref("HeldRecord"), _keyed(module, {})]}]
    return {
        "allOf": [ref("Listed"), {"properties": {"items": {"type": "array", "items": {"anyOf": either}}}}]
    }


def one_record(module: AnyModule) -> Schema:
    """One record of this module."""
    stored = nullable(ref(f"Stored{entity_name(module)}"))
    return {"allOf": [ref("OneRecord"), {"properties": {"stored": stored}}]}
