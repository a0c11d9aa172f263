"""Routes as they are served, and operations as they are described."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import attrs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from mzi_http.errors import ProblemType
from mzi_http.jsontext import encode

PREFIX = "/api/v1"
PREFIXES = (PREFIX, "/v1")
"""Both are served (an older description says /v1); the document has the first."""

Json = Mapping[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]


class Claimed(Route):
    """A route that has its path to itself: another method there is 405, never a later route's business."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As a route, but the path alone makes the match."""
        match, child = super().matches(scope)
        return (Match.FULL if match is Match.PARTIAL else match), child


def under_prefixes(path: str, endpoint: Endpoint, methods: Collection[str]) -> list[Claimed]:
    """The route under each prefix."""
    return [Claimed(prefix + path, endpoint, methods=methods) for prefix in PREFIXES]


@attrs.frozen(kw_only=True)
class Operation:
    """One thing that can be asked, as the document describes it: schemas are JSON Schemas.

    `problems` are those of its own; what any guarded operation may answer is added by `openapi`.
    """

    method: str
    path: str
    id: str
    tag: str
    summary: str
    description: str = ""
    parameters: Sequence[Json] = ()
    body: Mapping[str, Json] | None = None
    """By media type."""
    answer: Json
    media_type: str = "application/json"
    """Of the answer."""

    problems: Sequence[ProblemType] = ()
    guarded: bool = True


def answer(value: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(encode(value), status_code=status, media_type="application/json")
