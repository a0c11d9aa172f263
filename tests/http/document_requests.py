"""Requests that schemathesis draws from the OpenAPI document, as many as are wanted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from tests.http.answer_tally import Tally

from mzi_adapters.testing.harness import Harness
from mzi_core.event_proofs import (
    TOKEN_HEADERS,
    Scheme,
)
from mzi_core.use_cases import UseCases
from mzi_core.values import DEFAULT_TENANT
from mzi_http.app import create_app
from mzi_http.security import TENANT_HEADER


def drawn_from_document(requests: int, seed: int, tally: Tally) -> None:
    """So many requests that schemathesis draws from the document, valid ones and others in turns.

    Over a store in memory: its own event loop serves them.
    """
    mzi, secrets = Harness(), dict[str, str]()

    @asynccontextmanager
    async def opened() -> AsyncIterator[UseCases]:
        secrets["X-API-Key"] = (await mzi.use_cases.new_key("drawn"))[1]
        for origin, name in TOKEN_HEADERS.items():
            _, secrets[name] = await mzi.use_cases.sources.add(
                origin, "drawn", DEFAULT_TENANT, scheme=Scheme.HEADER
            )
        yield mzi.use_cases

    service = create_app(opened, version="1")
    addresses, sent = count(), count()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def noted(message: Any) -> None:
            if message["type"] == "http.response.start":
                next(sent)
                path = scope["path"]
                door = paths.get(path) or next((k for k in templates if _fits(k, path)), "(other paths)")
                tally.table[f"{scope['method']} {door}"][message["status"]] += 1
                tally.wrongs["drawn from the document"] += 1
            await send(message)

        is_http = scope["type"] == "http" and scope["path"] != "/openapi.json"
        address = f"address {next(addresses)}"
        await service({**scope, "client": (address, 1)}, receive, noted if is_http else send)

    loaded = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [each.ok() for each in loaded.get_all_operations() if isinstance(each, Ok)]
    paths = {operation.path: operation.path for operation in operations if "{" not in operation.path}
    templates = [operation.path for operation in operations if "{" in operation.path]
    begun, number, each = sum(tally.wrongs.values()), count(seed), max(1, requests // (4 * len(operations)))

    def send(case: Any, *, signed: bool) -> None:
        headers = dict(secrets) if signed else {}
        if not str((case.headers or {}).get(TENANT_HEADER, "")).startswith(tuple("0123")):
            headers[TENANT_HEADER] = DEFAULT_TENANT
        try:
            case.call_and_validate(
                headers=headers, excluded_checks=[negative_data_rejection, positive_data_acceptance]
            )
        except AssertionError as error:
            tally.fault(f"drawn: {error}")
        except BaseExceptionGroup as group:
            tally.fault(f"drawn: {group}")

    while sum(tally.wrongs.values()) - begun < requests:
        for operation in operations:
            left = requests - (sum(tally.wrongs.values()) - begun)
            if left <= 0:
                break
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                _drawn(operation, mode, min(each, left), next(number), send)


def _drawn(operation: Any, mode: Any, examples: int, seed: int, send: Any) -> None:
    signed = seed % 4 != 0

    @seeded(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case: Any) -> None:
        send(case, signed=signed)

    try:
        sent()
    except Exception as error:
        if "Unsatisfiable" not in type(error).__name__:  # nothing is wrong with what has no parameters
            raise


def _fits(template: str, path: str) -> bool:
    wanted, given_ = template.split("/"), path.split("/")
    return len(wanted) == len(given_) and all(
        part.startswith("{") or part == there for part, there in zip(wanted, given_, strict=True)
    )
