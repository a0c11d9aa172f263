"""The HTTP service: what is served, behind which guards, over which use cases."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Router

from mzi_core.use_cases import UseCases
from mzi_http.context import Service
from mzi_http.error_boundary import ErrorBoundary
from mzi_http.errors import HANDLERS
from mzi_http.intake import RequestIntake
from mzi_http.openapi import document
from mzi_http.routes import (
    class_courses,
    decisions,
    deliveries,
    docs,
    events,
    grades,
    health,
    moodle_events,
    moodle_records,
    plans,
    records,
    review,
    rules,
    sync,
    webhooks,
)
from mzi_http.security import ApiKeyMiddleware, SafeHeaders

MAX_BODY = 16 * 2**20
MAX_RECORDS = 10_000


def nothing_beside(use_cases: UseCases) -> AbstractAsyncContextManager[None]:
    """For a service that only answers."""
    return nullcontext()


def create_app(
    open_use_cases: Callable[[], AbstractAsyncContextManager[UseCases]],
    *,
    version: str,
    max_body: int = MAX_BODY,
    max_records: int = MAX_RECORDS,
    open_to_all: bool = False,
    beside: Callable[[UseCases], AbstractAsyncContextManager[None]] = nothing_beside,
) -> Starlette:
    """The service over the use cases that `open_use_cases` opens when it starts and closes when it ends.

    `version` is mzi's own. `max_body`: the largest body that is read, in bytes. `max_records`: the most
    records or markings of one request. `open_to_all`: no API key is asked for; for trying things out.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Service]]:
        async with open_use_cases() as use_cases, beside(use_cases):
            yield {
                "service": Service(
                    use_cases=use_cases, version=version, max_body=max_body, max_records=max_records
                )
            }

    subjects = (
        *(sync, moodle_records, events, moodle_events, webhooks, class_courses, deliveries, plans, review),
        *(grades, decisions, rules, records),
        health,
    )
    described = document(version, [each for subject in subjects for each in subject.operations()])
    public = [*health.ROUTES, *docs.routes(described)]
    keyed = [
        route
        for subject in (
            *(sync, moodle_records, events, class_courses, deliveries, plans, review),
            *(grades, decisions, rules),
        )
        for route in subject.ROUTES
    ]
    doors = [*events.DOORS, *moodle_events.DOORS, *webhooks.DOORS]
    routes = [*public, *doors, *keyed, *records.ROUTES]
    guard = Middleware(
        ApiKeyMiddleware,
        open_paths={route.path for route in (*public, *webhooks.DOORS)},
        open_below=(*events.BELOW, *moodle_events.BELOW),
        open_to_all=open_to_all,
    )
    return Starlette(
        # One mount, so that the guard stands before all routes and inside the exception handling.
        routes=[Mount("", Router(routes, redirect_slashes=False), middleware=[guard])],
        middleware=[
            Middleware(SafeHeaders),
            Middleware(ErrorBoundary),
            Middleware(RequestIntake, max_body=max_body),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
