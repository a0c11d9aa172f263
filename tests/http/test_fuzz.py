"""Requests drawn from the OpenAPI document: never a 5xx, and every answer as the document says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from tests.repetitions import often

from mzi_adapters.testing.harness import Harness
from mzi_core.modules import ZOHO_CATALOGUE
from mzi_core.use_cases import UseCases
from mzi_core.values import DEFAULT_TENANT
from mzi_http.app import create_app
from mzi_http.security import TENANT_HEADER

EXAMPLES = often(50, gate=8)
"""How many a route."""

CLOSELY = (
    *("/api/v1/sync/teachers", "/api/v1/teachers", "/api/v1/grades/decide", "/api/v1/grades/simulate"),
    *(f"/api/v1/grades/{{key}}/{what}" for what in ("decision", "decisions", "decision.html")),
)
"""Where every corner of the schemas is tried too; other modules differ from these in their fields only."""

# What is wrong with a record is said in its result and not by the status; and the document cannot say all
# that is asked of a marking.
EXCLUDED = [negative_data_rejection, positive_data_acceptance]

KEYS: list[str] = []


@asynccontextmanager
async def opened() -> AsyncIterator[UseCases]:
    """Use cases over a store in which the examples of the document find their parents."""
    use_cases = Harness().use_cases
    KEYS.append((await use_cases.new_key("fuzz"))[1])
    there = {"id": "5398830000090000001", "Name": "A", "Academic_Email": "a@college.example"}
    for module in ZOHO_CATALOGUE.in_order():
        await use_cases.sync(DEFAULT_TENANT, module, [there | {"Product_Name": "P", "Class_Name": "C"}])
    await use_cases.decide_grade(DEFAULT_TENANT, {"raw": "2"}, record_as="4101_1001_55")
    yield use_cases


service = create_app(opened, version="1")
addresses = count()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """The service, asked from another address each time: too many wrong keys of one are 429."""
    await service({**scope, "client": (f"address {next(addresses)}", 1)}, receive, send)


def document(*phases: str) -> BaseSchema:
    """The document; loaded here and not by a fixture, for schemathesis' own do not work with pytest 9.2."""
    loaded = schemathesis.openapi.from_asgi("/openapi.json", app)
    loaded.config.phases.update(phases=list(phases))
    return loaded


drawn = document("examples", "fuzzing")
corners = document("coverage").include(path=list(CLOSELY))


def check(case: Any) -> None:
    """Send it, and hold the answer against the document."""
    headers = {"X-API-Key": KEYS[0]}
    if not str((case.headers or {}).get(TENANT_HEADER, "")).startswith(tuple("0123")):
        headers[TENANT_HEADER] = DEFAULT_TENANT  # a name that was drawn is hardly ever a tenant's
    case.call_and_validate(headers=headers, excluded_checks=EXCLUDED)


@drawn.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_are_as_the_document_says(case: Any) -> None:
    check(case)


@corners.parametrize()
@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_to_corner_cases_are_as_the_document_says(case: Any) -> None:
    check(case)
