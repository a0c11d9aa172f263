"""GET /grades/{key}/decision, /decisions and /decision.html: the decisions that were kept, and why."""

from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from mzi_core.errors import NotFound
from mzi_core.keepable_text import is_keepable
from mzi_core.use_cases.kept_decisions import LONGEST_KEY
from mzi_http.answers import kept_decision
from mzi_http.context import service, tenant
from mzi_http.cursors import write_cursor
from mzi_http.decision_page import CONTENT_SECURITY_POLICY, decision_page
from mzi_http.errors import BAD_PARAMETER, UNKNOWN_RECORD
from mzi_http.list_queries import DESCRIBED_PAGE, PAGING, read_history_query, read_page_query
from mzi_http.routing import PREFIX, Json, Operation, answer, under_prefixes
from mzi_http.schemas import TEXT, ref


def _key(request: Request) -> str:
    key: str = request.path_params["key"]
    if len(key) > LONGEST_KEY or not is_keepable(key):
        raise NotFound("decision about the grade", key[:LONGEST_KEY])
    return key


async def show(request: Request) -> Response:
    """The decision that stands."""
    return answer(
        kept_decision(await service(request).use_cases.show_decision(tenant(request), _key(request)))
    )


async def history(request: Request) -> Response:
    """A page of the decisions, from the one that stands on."""
    key = _key(request)
    list_id = (tenant(request), "decisions", key)
    after, limit = read_history_query(request, list_id)
    list_decisions = service(request).use_cases.list_decisions
    page = await list_decisions(tenant(request), key, after=after, limit=limit)
    return answer(
        {
            "items": [kept_decision(item) for item in page.items],
            "next": None if page.next is None else write_cursor(page.next, list_id),
        }
    )


async def page(request: Request) -> Response:
    """The decision that stands, or all of them, to be read and printed by people."""
    language, whole = read_page_query(request)
    use_cases = service(request).use_cases
    if whole:
        found = await use_cases.list_decisions(tenant(request), _key(request))
        html = decision_page(found.items, language, more=found.next is not None)
    else:
        html = decision_page([await use_cases.show_decision(tenant(request), _key(request))], language)
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Content-Language": language}
    return HTMLResponse(html, headers=headers)


ROUTES: Sequence[BaseRoute] = (
    *under_prefixes("/grades/{key}/decision", show, ["GET"]),
    *under_prefixes("/grades/{key}/decisions", history, ["GET"]),
    *under_prefixes("/grades/{key}/decision.html", page, ["GET"]),
)

_KEY: Json = {
    "name": "key",
    "in": "path",
    "required": True,
    "description": "What the decision was recorded as: the composite key of the grade.",
    "schema": {"type": "string", "examples": ["4101_1001_55"]},
}


def operations() -> Iterator[Operation]:
    """Three."""
    yield Operation(
        method="get",
        path=f"{PREFIX}/grades/{{key}}/decision",
        id="show_decision",
        tag="grades",
        summary="Show the decision that stands",
        description="With the trace as it was told when it was made.",
        parameters=[_KEY],
        answer=ref("KeptDecision"),
        problems=(UNKNOWN_RECORD,),
    )
    yield Operation(
        method="get",
        path=f"{PREFIX}/grades/{{key}}/decisions",
        id="list_decisions",
        tag="grades",
        summary="List every decision about a grade",
        description="The latest attempt first, of one attempt the newest decision; with each but the one "
        "that stands, when and why it was superseded.",
        parameters=[_KEY, *PAGING],
        answer=ref("DecisionHistory"),
        problems=(BAD_PARAMETER, UNKNOWN_RECORD),
    )
    yield Operation(
        method="get",
        path=f"{PREFIX}/grades/{{key}}/decision.html",
        id="print_decision",
        tag="grades",
        summary="Show a decision as a page that prints",
        description="In English or Arabic, for an appeal; without scripts.",
        parameters=[_KEY, *DESCRIBED_PAGE],
        media_type="text/html",
        answer=TEXT,
        problems=(BAD_PARAMETER, UNKNOWN_RECORD),
    )
