"""GET /health: whether the service can do its work, and what it is made of."""

import platform
from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response

from mzi_http.answers import store_state
from mzi_http.context import service
from mzi_http.errors import RETRY_AFTER, UNAVAILABLE, Problem
from mzi_http.routing import PREFIX, PREFIXES, Claimed, Operation, answer
from mzi_http.schemas import ref
from mzi_http.shapes import Health

PATHS = ("/health", *(f"{prefix}/health" for prefix in PREFIXES))


async def health(request: Request) -> Response:
    """How the store is; a problem (503) with the same particulars when it is not ready."""
    running = service(request)
    store = await running.use_cases.store.health()
    versions = {"mzi": running.version, "python": platform.python_version(), store.backend: store.version}
    found: Health = {"ready": store.ready, "versions": versions, "store": store_state(store)}
    if not store.ready:
        raise Problem(UNAVAILABLE, store.message, headers=RETRY_AFTER, more=found)
    return answer(found)


ROUTES: Sequence[Claimed] = tuple(Claimed(path, health, methods=["GET"]) for path in PATHS)


def operations() -> Iterator[Operation]:
    """Under both of the paths that are described."""
    for path, name in (("/health", "health"), (f"{PREFIX}/health", "health_of_the_api")):
        yield Operation(
            method="get",
            path=path,
            id=name,
            tag="health",
            summary="Whether the service is ready",
            answer=ref("Health"),
            problems=(UNAVAILABLE,),
            guarded=False,
        )
