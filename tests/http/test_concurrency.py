"""Many callers at once, and the service as a server runs it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.testclient import TestClient
from tests.http.serving import Api, statuses, student

from mzi_adapters.testing.harness import Harness
from mzi_core.use_cases import UseCases
from mzi_http.app import create_app


async def test_50_posts_at_once_are_all_taken(api: Api) -> None:
    """Each brings one student of its own and one that all of them bring."""
    answers = await asyncio.gather(
        *(api.sync("students", student(n), student("shared", City=str(n))) for n in range(50))
    )
    assert [statuses(answer)[0] for answer in answers] == ["NEW"] * 50
    assert sorted(statuses(answer)[1] for answer in answers) == ["NEW"] + ["UPDATED"] * 49
    assert len((await api.client.get("/api/v1/students?limit=200")).json()["items"]) == 51


async def test_the_same_request_50_times_at_once_is_done_once(api: Api) -> None:
    answers = await asyncio.gather(
        *(api.sync("students", student(1), **{"Idempotency-Key": "k"}) for _ in range(50))
    )
    assert sum("idempotent_replay" not in answer for answer in answers) == 1
    assert {tuple(statuses(answer)) for answer in answers} == {("NEW",)}


def test_resources_are_opened_when_the_server_starts_and_closed_when_it_ends() -> None:
    seen = []

    @asynccontextmanager
    async def opened() -> AsyncIterator[UseCases]:
        seen.append("opened")
        yield Harness().use_cases
        seen.append("closed")

    app = create_app(opened, version="1", open_to_all=True)
    assert seen == []
    with TestClient(app) as client:
        assert client.post("/api/v1/sync/students", json=student(1)).json()["status"] == "success"
        assert client.get("/api/v1/students").json()["items"][0]["zoho_id"] == "1"
        assert seen == ["opened"]
    assert seen == ["opened", "closed"]
