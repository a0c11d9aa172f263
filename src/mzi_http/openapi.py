"""The OpenAPI 3.1 document, built from the declared operations.

Not by spectree, though it is at hand: it describes every answer as `application/json` and so cannot say
`application/problem+json`, knows no headers of an answer, and has one class a body, where the keys of ours
come from the catalogue (`zoho_student_id`, the Zoho names of a module). Its validation would not be used
either: our own refusals say more. What is left of it, the schemas that msgspec writes and the files of
Swagger UI, is used directly (`schemas`, `routes.docs`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from mzi_core.modules import CATALOGUE
from mzi_http import errors, grade_schemas, record_schemas, schemas
from mzi_http.errors import ProblemType
from mzi_http.routing import Operation
from mzi_http.security import KEY_HEADER, TENANT_HEADER

_GUARDED = (
    errors.BAD_PARAMETER,
    errors.KEY_NEEDED,
    errors.OTHER_TENANT,
    errors.UNKNOWN_TENANT,
    errors.WRONG_KEYS,
    errors.UNAVAILABLE,
)
_WITH_A_BODY = (errors.TOO_SLOW, errors.BUSY)
_EVERYWHERE = (
    errors.NOT_HTTP,
    errors.TWO_LENGTHS,
    errors.LONG_ADDRESS,
    errors.LONG_HEADERS,
    errors.UNFORESEEN,
)

_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "string"}}}
_HEADERS = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}
_TENANT = {
    "name": TENANT_HEADER,
    "in": "header",
    "description": "Whose data it is about.",
    "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$", "default": "default"},
}
_DESCRIPTION = """Keeps a BTEC college's Zoho CRM and Moodle in agreement, and explains every grade.

Every refusal is a problem document (RFC 9457) whose `detail` says what to do."""


def document(version: str, operations: Iterable[Operation]) -> dict[str, Any]:
    """The document."""
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for operation in operations:
        paths[operation.path][operation.method] = _operation(operation)
    components = {**schemas.components(), **grade_schemas.components()}
    for module in CATALOGUE:
        components |= {**record_schemas.of_module(module), **schemas.of_module(module)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "mzi", "version": version, "description": _DESCRIPTION},
        "security": [{"apiKey": []}, {"bearer": []}],
        "paths": dict(paths),
        "components": {
            "schemas": components,
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": KEY_HEADER},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    guards = (*(_GUARDED if operation.guarded else ()), *(_WITH_A_BODY if operation.body else ()))
    content = {operation.media_type: {"schema": operation.answer}}
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [*operation.parameters, *([_TENANT] if operation.guarded else [])],
        "responses": {
            "200": {
                "description": "As asked",
                "content": content,
            },
            **_problems([*operation.problems, *guards, *_EVERYWHERE]),
        },
    }
    if operation.body is not None:
        taken = {media_type: {"schema": schema} for media_type, schema in operation.body.items()}
        described["requestBody"] = {"required": True, "content": taken}
    if not operation.guarded:
        described["security"] = []
    return described


def _problems(kinds: Sequence[ProblemType]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = defaultdict(list)
    for kind in kinds:
        if kind.title not in by_status[kind.status]:
            by_status[kind.status].append(kind.title)
    return {
        str(status): {
            "description": "; ".join(titles),
            "headers": _HEADERS.get(status, {}),
            "content": {errors.MEDIA_TYPE: {"schema": schemas.ref("Problem")}},
        }
        for status, titles in sorted(by_status.items())
    }
