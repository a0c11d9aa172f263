"""Every refusal is a problem document with a sentence; nothing inside is told to anybody."""

import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
from tests.http.serving import Api, serving, student

from mzi_adapters.memory import MemoryStore
from mzi_core.errors import MziError, NotFound, StoreError, StoreRefused, StoreUnavailable
from mzi_core.ports import Registry, Session, StoreHealth
from mzi_core.values import TenantId

SECRET = "Salma Odeh, 9990000004"


def problem(answer: Any, status: int, name: str) -> dict[str, Any]:
    """The problem document of an answer."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert (document["type"], document["status"]) == (f"urn:mzi:problem:{name}", status)
    assert document["title"]
    assert document["detail"].endswith((".", "?"))
    return document


async def test_an_unknown_module_is_404_with_the_nearest(api: Api) -> None:
    for method, path in (("POST", "/api/v1/sync/studens"), ("GET", "/v1/studens"), ("GET", "/v1/studens/1")):
        found = problem(await api.client.request(method, path, json={}), 404, "unknown-module")
        assert found["nearest"] == ["students"]
        assert "Did you mean `students`?" in found["detail"]


async def test_an_unknown_tenant_is_404_everywhere(api: Api) -> None:
    headers = {"X-Tenant-ID": "nowhere"}
    marking = {"marking": {"raw": 3}}
    for method, path, body in (
        ("POST", "/api/v1/sync/students", {"data": []}),
        ("GET", "/api/v1/students", None),
        ("GET", "/api/v1/students/1", None),
        ("POST", "/api/v1/grades/decide", marking),
        ("POST", "/api/v1/grades/simulate", {"policy": "percent"}),
    ):
        answer = await api.client.request(method, path, json=body, headers=headers)
        assert "mzi tenants add nowhere" in problem(answer, 404, "unknown-tenant")["detail"]


@pytest.mark.parametrize("name", ["", "Default", "a b", "-a", "a" * 64, "a/../b"])
async def test_a_tenant_name_that_cannot_be_is_400(memory: Api, name: str) -> None:
    answer = await memory.client.get("/api/v1/students", headers={"X-Tenant-ID": name})
    assert "small letters" in problem(answer, 400, "bad-parameter")["detail"]


async def test_two_tenants_in_one_request_are_400(memory: Api) -> None:
    headers = [("X-Tenant-ID", "default"), ("X-Tenant-ID", "other")]
    problem(await memory.client.get("/api/v1/students", headers=headers), 400, "bad-parameter")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/api/v1/sync/students", "POST"),
        ("PUT", "/v1/sync/students", "POST"),
        ("POST", "/api/v1/students", "GET, HEAD"),
        ("DELETE", "/api/v1/students/1", "GET, HEAD"),
        ("GET", "/api/v1/grades/decide", "POST"),
        ("GET", "/api/v1/grades/simulate", "POST"),
        ("POST", "/health", "GET, HEAD"),
        ("POST", "/openapi.json", "GET, HEAD"),
        ("OPTIONS", "/api/v1/students", "GET, HEAD"),
        ("TRACE", "/api/v1/students", "GET, HEAD"),
    ],
)
async def test_another_method_is_405_and_says_which_are_offered(
    memory: Api, method: str, path: str, allow: str
) -> None:
    answer = await memory.client.request(method, path)
    assert f"`{method}` is not offered here" in problem(answer, 405, "other-method")["detail"]
    assert answer.headers["Allow"] == allow


@pytest.mark.parametrize("path", ["/", "/api", "/api/v1", "/api/v2/students", "/apidoc/swagger"])
async def test_a_path_with_nothing_is_404_and_says_where_to_look(memory: Api, path: str) -> None:
    answer = await memory.client.get(path)
    assert f"`{path}`; /docs" in problem(answer, 404, "nothing-here")["detail"]


async def test_a_slash_too_many_does_no_harm(memory: Api) -> None:
    answer = await memory.client.post("/api/v1/sync/students/", json=student(1))
    assert answer.json()["status"] == "success"
    problem(await memory.client.get("/api/v1/students/"), 404, "unknown-record")
    problem(await memory.client.get("/health/"), 404, "nothing-here")


@pytest.mark.parametrize("key", ["", "two words", "é", "k" * 256])
async def test_an_idempotency_key_that_cannot_be_is_400(memory: Api, key: str) -> None:
    answer = await memory.client.post(
        "/api/v1/sync/students", json=student(1), headers={b"Idempotency-Key": key.encode("latin-1")}
    )
    assert "Idempotency-Key" in problem(answer, 400, "bad-parameter")["detail"]


async def test_a_record_that_is_not_there_is_404(api: Api) -> None:
    for zoho_id in ("1", "%00", "a%2Fb", "x" * 1900):
        problem(await api.client.get(f"/api/v1/students/{zoho_id}"), 404, "unknown-record")


async def test_what_was_sent_is_not_quoted_at_any_length(memory: Api) -> None:
    answer = await memory.post("/api/v1/grades/decide", {"marking": {"raw": "x" * 100_000}, "nonsense": 1})
    assert len(answer.content) < 10_000
    answer = await memory.post("/api/v1/grades/decide", {"marking": {"scale": "x" * 100_000}})
    assert len(answer.content) < 10_000
    assert answer.json()["detail"].endswith("x'….")
    many = [{"scale": "x" * 10_000}, {"letter": "x" * 10_000}, {"criteria": ["x" * 10_000]}] * 200
    answer = await memory.post("/api/v1/grades/decide", {"markings": many})
    assert len(answer.content) < 300 * len(many)
    answer = await memory.post("/api/v1/grades/decide", dict.fromkeys(map(str, range(1000)), 1))
    assert len(answer.content) < 10_000
    unknown = "&".join(f"a{n}=1" for n in range(1000))
    assert len((await memory.client.get(f"/api/v1/students?{unknown}")).json()["errors"]) == 20


# What goes wrong inside.


@attrs.define(slots=False)
class FailingStore(MemoryStore):
    """A store that raises as soon as `failure` is set."""

    failure: Exception | None = None

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        if self.failure is not None:
            raise self.failure
        async with super().begin(tenant, discard=discard) as session:
            yield session

    @asynccontextmanager
    async def registry(self) -> AsyncIterator[Registry]:
        if isinstance(self.failure, StoreUnavailable):
            raise self.failure
        async with super().registry() as registry:
            yield registry

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        async with self.begin(tenant, discard=True) as session:
            yield session

    @asynccontextmanager
    async def read_registry(self) -> AsyncIterator[Registry]:
        async with self.registry() as registry:
            yield registry

    async def health(self) -> StoreHealth:
        ready = self.failure is None
        return StoreHealth(backend="memory", version="7", ready=ready, message=str(self.failure or "Well."))


@pytest.fixture
async def failing() -> AsyncIterator[Api]:
    async with serving(FailingStore()) as api:
        yield api


def fail(api: Api, failure: Exception) -> None:
    """From now on the store fails so."""
    assert isinstance(api.mzi.store, FailingStore)
    api.mzi.store.failure = failure


async def test_a_store_that_is_away_is_503_with_the_time_to_come_back(failing: Api) -> None:
    fail(failing, StoreUnavailable("The database is being moved."))
    for answer in (
        await failing.client.post("/api/v1/sync/students", json=student(1)),
        await failing.client.get("/api/v1/students"),
    ):
        assert problem(answer, 503, "unavailable")["detail"] == "The database is being moved."
        assert answer.headers["Retry-After"].isdigit()


async def test_what_the_store_will_not_hold_is_422(failing: Api) -> None:
    fail(failing, StoreRefused("The key is too long."))
    problem(await failing.client.get("/api/v1/students"), 422, "refused")


async def test_a_refusal_of_a_kind_this_service_does_not_know_is_422(failing: Api) -> None:
    fail(failing, MziError("This cannot be."))
    assert problem(await failing.client.get("/v1/students"), 422, "refused")["detail"] == "This cannot be."


@pytest.mark.parametrize("failure", [ValueError(SECRET), StoreError(SECRET), RecursionError(SECRET)])
async def test_what_nobody_foresaw_is_500_with_a_reference_and_without_particulars(
    failing: Api, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    failure.__cause__ = KeyError(SECRET)
    fail(failing, failure)
    with caplog.at_level(logging.DEBUG):
        answer = await failing.client.post("/api/v1/sync/students", json=student(1, First_Name=SECRET))
    found = problem(answer, 500, "unforeseen")
    assert found["reference"] in found["detail"]
    (line,) = [record.getMessage() for record in caplog.records if record.name == "mzi_http.error_boundary"]
    assert found["reference"] in line
    assert type(failure).__name__ in line
    assert "caused by KeyError" in line
    assert "in begin" in line
    key = failing.client.headers["X-API-Key"]
    for text in (answer.text, caplog.text):
        assert not [word for word in (*SECRET.split(", "), key) if word in text]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_an_answer_that_breaks_off_is_logged_and_ends_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from mzi_http.error_boundary import ErrorBoundary

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError(SECRET)

    async def send(message: Any) -> None:
        pass

    with pytest.raises(RuntimeError, match="reference") as raised:
        await ErrorBoundary(broken)({"type": "http"}, None, send)  # type: ignore[arg-type]
    assert SECRET not in str(raised.value)
    assert SECRET not in caplog.text


async def test_what_fails_at_start_is_not_hidden() -> None:
    from mzi_http.error_boundary import ErrorBoundary

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise NotFound("file", "x")

    with pytest.raises(NotFound):
        await ErrorBoundary(broken)({"type": "lifespan"}, None, None)  # type: ignore[arg-type]


# Health.


@pytest.mark.parametrize("path", ["/health", "/api/v1/health", "/v1/health"])
async def test_health_needs_no_key_and_names_the_versions(path: str) -> None:
    async with serving(with_key=False) as api:
        answer = await api.client.get(path)
        assert answer.status_code == 200
        found = answer.json()
        assert found["ready"] is True
        assert set(found["versions"]) == {"mzi", "python", "memory"}
        assert found["versions"]["mzi"] == "1.2.3"
        head = await api.client.head(path)
        assert (head.status_code, head.headers["Content-Length"]) == (200, answer.headers["Content-Length"])


async def test_a_store_that_is_not_ready_is_503_with_the_same_particulars(failing: Api) -> None:
    fail(failing, StoreUnavailable("The database holds no schema yet."))
    found = problem(await failing.client.get("/health"), 503, "unavailable")
    assert found["detail"] == "The database holds no schema yet."
    assert (found["ready"], found["store"]["ready"], found["versions"]["memory"]) == (False, False, "7")


async def test_every_answer_has_the_safe_headers(memory: Api) -> None:
    for path in ("/health", "/api/v1/students", "/nothing", "/docs", "/openapi.json"):
        headers = (await memory.client.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe-eval" not in headers["Content-Security-Policy"]


async def test_details_are_json_whatever_stands_in_the_path(memory: Api) -> None:
    answer = await memory.client.get("/%22%7D%0A%D8%B1/<script>")
    assert json.loads(answer.content)["status"] == 404


async def test_where_no_body_is_read_one_that_says_something_is_refused(api: Api) -> None:
    """Whoever sent it meant something by it; an empty object means nothing, and goes through."""
    document = (await api.client.get("/openapi.json")).json()
    named = {"kind": "account", "flow": "account", "id": "0198c0de-0000-7000-8000-000000000000"}
    tried = 0
    for path, operations in document["paths"].items():
        if "post" not in operations or "requestBody" in operations["post"]:
            continue
        at, tried = re.sub(r"\{(\w+)\}", lambda found: named.get(found[1], "1"), path), tried + 1
        assert (
            "There is no field `why`" in problem(await api.post(at, {"why": "x"}), 400, "bad-body")["detail"]
        )
        form = await api.client.post(at, data={"why": "x"})
        problem(form, 415, "other-media-type")
        assert (await api.post(at, {})).status_code not in {400, 415}, path
    assert tried == 3
