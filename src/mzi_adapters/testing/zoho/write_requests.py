"""What a write asks for, read off its body."""

from collections.abc import Sequence

from mzi_adapters.testing.zoho.answers import ApiError, Json
from mzi_adapters.testing.zoho.calls import ReceivedCall
from mzi_adapters.testing.zoho.module_tables import Table

AT_ONCE = 100
FEATURES = frozenset({"approval", "workflow", "blueprint", "pathfinder", "orchestration"})
_KEYS = frozenset(
    {
        "data",
        "trigger",
        "apply_feature_execution",
        "skip_feature_execution",
        "duplicate_check_fields",
        "lar_id",
    }
)


def too_many() -> ApiError:
    """More records than a call may have."""
    details = {"maximum_length": AT_ONCE, "api_name": "data", "json_path": "$.data"}
    return ApiError(400, "LIMIT_EXCEEDED", "maximum records limit exceeded", details)


def records_of(call: ReceivedCall) -> list[Json]:
    """What is to be written: one to a hundred objects."""
    body = call.body()
    unknown = set(body) - _KEYS
    given = body.get("data")
    if (
        unknown
        or not isinstance(given, list)
        or not all(isinstance(each, dict) for each in given)
        or not given
    ):
        raise ApiError(400, "INVALID_DATA", "invalid data", {"api_name": "data", "json_path": "$.data"})
    if len(given) > AT_ONCE:
        raise too_many()
    return given


def features_of(call: ReceivedCall) -> frozenset[str]:
    """What runs after the write: everything, unless `trigger` says what."""
    given = call.body().get("trigger", sorted(FEATURES))
    if not isinstance(given, list) or any(each not in list(FEATURES) for each in given):
        details = {"api_name": "trigger", "json_path": "$.trigger", "supported_values": sorted(FEATURES)}
        raise ApiError(400, "INVALID_DATA", "invalid data", details)
    return frozenset(given)


def check_fields(call: ReceivedCall, table: Table) -> Sequence[str]:
    """The fields a duplicate is known by: the name and every unique one, unless others are given."""
    given = call.body().get("duplicate_check_fields")
    if given is None or given == []:
        return [*([] if "Name" not in table.fields else ["Name"]), *table.unique()]
    if not isinstance(given, list) or any(name not in ("Name", *table.unique()) for name in given):
        details = {"api_name": "duplicate_check_fields", "json_path": "$.duplicate_check_fields"}
        raise ApiError(400, "INVALID_DATA", "invalid data", details)
    return given
