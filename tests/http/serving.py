"""The service as tests meet it: the whole app, over memory or another store, called without a socket."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx2

from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.harness import Harness
from mzi_core.ports import Store
from mzi_core.use_cases import UseCases
from mzi_http.app import create_app

Record = dict[str, Any]

PAYLOADS = Path(__file__).parents[1] / "data" / "payloads"
"""Real-shaped requests in envelopes: `target`, `body` or `raw_body`, `expect`."""


@attrs.frozen
class Api:
    """A client with a key for every tenant, and the harness behind the service."""

    client: httpx2.AsyncClient
    mzi: Harness
    app: Any
    """The app itself, as a server would call it."""
    state: Mapping[str, Any]
    """What each request finds in its state."""

    async def post(self, path: str, body: object, **headers: str) -> httpx2.Response:
        """The answer to a JSON body; in ASCII, so that half a character can be sent."""
        said = {"Content-Type": "application/json", **headers}
        return await self.client.post(path, content=json.dumps(body).encode(), headers=said)

    async def sync(self, module: str, *records: Record, **headers: str) -> Record:
        """The answer to a batch that is taken."""
        answer = await self.post(f"/api/v1/sync/{module}", {"data": records}, **headers)
        assert answer.status_code == 200, answer.text
        found: Record = answer.json()
        return found

    async def stored(self, module: str, zoho_id: str) -> Record:
        """The fields of a stored record."""
        answer = await self.client.get(f"/api/v1/{module}/{zoho_id}")
        assert answer.status_code == 200, answer.text
        found: Record = answer.json()["stored"]["record"]
        return found


@asynccontextmanager
async def serving(
    store: Store | None = None,
    *,
    change: Callable[[UseCases], UseCases] = lambda use_cases: use_cases,
    with_key: bool = True,
    **options: Any,
) -> AsyncIterator[Api]:
    """The running service; `change` may put something else in place of a use case."""
    mzi = Harness(store=store or MemoryStore())

    @asynccontextmanager
    async def opened() -> AsyncIterator[UseCases]:
        yield change(mzi.use_cases)

    app = create_app(opened, version="1.2.3", **options)
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx2.ASGITransport(app=with_state)
        async with httpx2.AsyncClient(transport=transport, base_url="http://mzi.test") as client:
            if with_key:
                client.headers["X-API-Key"] = (await mzi.use_cases.new_key("tests"))[1]
            yield Api(client, mzi, with_state, dict(state or {}))


def student(n: object, **more: Any) -> Record:
    """A student's record."""
    return {"id": str(n), "Name": f"A{n}", "Academic_Email": f"s{n}@college.example", **more}


def statuses(answer: Record) -> list[str]:
    """The status of each result."""
    return [result["status"] for result in answer["results"]]
