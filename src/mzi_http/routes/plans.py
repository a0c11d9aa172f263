"""GET and POST /plans: what the brake holds, and deciding about it."""

from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mzi_core.ports import Cursor, PlanState
from mzi_core.use_cases.flow_pauses import LONGEST_REASON
from mzi_core.use_cases.plans import ApprovePlan, RejectPlan
from mzi_http.bodies import JSON, object_of, read_body
from mzi_http.context import service, tenant
from mzi_http.cursors import write_cursor
from mzi_http.delivery_queries import after_delivery, next_cursor, read_reason
from mzi_http.errors import (
    BAD_BODY,
    BAD_PARAMETER,
    OTHER_MEDIA_TYPE,
    PLAN_DECIDED,
    REFUSED,
    TOO_LARGE,
    UNKNOWN_RECORD,
)
from mzi_http.list_queries import PAGING, ListParameters, parameter
from mzi_http.plan_answers import decided_plan, listed_plan, shown_plan
from mzi_http.routing import PREFIX, Operation, answer, under_prefixes
from mzi_http.schemas import ref
from mzi_http.security import caused_by
from mzi_http.shapes import ListedPlans

_LISTED = (parameter("state", "", {"enum": list(PlanState)}), *PAGING)


async def list_plans(request: Request) -> Response:
    """A page of plans, the newest first."""
    read = ListParameters(request, [str(each["name"]) for each in _LISTED])
    state = read.values.get("state")
    if state not in (None, *PlanState):
        read.refuse("state", f"`state` must be one of {', '.join(PlanState)}.")
    list_id = (tenant(request), "plans", state)
    after, limit = read.after(list_id), read.limit()
    read.finish()
    page = await service(request).use_cases.plans.list(
        tenant(request),
        None if state is None else PlanState(state),
        after=None if after is None else after.key,
        limit=limit,
    )
    following = None
    if page.next is not None:
        following = write_cursor(Cursor(page.items[-1].plan.opened_at, page.next), list_id)
    said: ListedPlans = {"items": [listed_plan(item) for item in page.items], "next": following}
    return answer(said)


async def show_plan(request: Request) -> Response:
    """One plan, and a page of what is held under it."""
    id = request.path_params["id"]
    read = ListParameters(request, [str(each["name"]) for each in PAGING])
    list_id = (tenant(request), "plan", id)
    after, limit = after_delivery(read, list_id), read.limit()
    read.finish()
    shown = await service(request).use_cases.plans.show(tenant(request), id, after=after, limit=limit)
    return answer(shown_plan(shown, next_cursor(shown.deliveries, list_id)))


async def approve(request: Request) -> Response:
    """Let what is held under a plan be done."""
    return await _decide(request, service(request).use_cases.plans.approve)


async def reject(request: Request) -> Response:
    """Let what is held under a plan not be done."""
    return await _decide(request, service(request).use_cases.plans.reject)


async def _decide(request: Request, decide: ApprovePlan | RejectPlan) -> Response:
    reason = read_reason(object_of(await read_body(request)), "why it may be done, or why not")
    key = caused_by(request).id
    by = f"API key {key}" if key else ""
    return answer(decided_plan(await decide(tenant(request), request.path_params["id"], reason, by=by)))


ROUTES: Sequence[BaseRoute] = (
    *under_prefixes("/plans", list_plans, ["GET"]),
    *under_prefixes("/plans/{id}", show_plan, ["GET"]),
    *under_prefixes("/plans/{id}/approve", approve, ["POST"]),
    *under_prefixes("/plans/{id}/reject", reject, ["POST"]),
)

_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
_DECISION = {
    "type": "object",
    "required": ["reason"],
    "properties": {"reason": {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON}},
    "additionalProperties": False,
}
_OF_A_DECISION = (UNKNOWN_RECORD, PLAN_DECIDED, REFUSED, BAD_BODY, TOO_LARGE, OTHER_MEDIA_TYPE)


def operations() -> Iterator[Operation]:
    """What looks at plans, and what decides them."""
    yield Operation(
        method="get",
        path=f"{PREFIX}/plans",
        id="list_plans",
        tag="plans",
        summary="List the plans of the brake, the newest first, with how much is held under each",
        parameters=_LISTED,
        answer=ref("ListedPlans"),
        problems=(BAD_PARAMETER,),
    )
    yield Operation(
        method="get",
        path=f"{PREFIX}/plans/{{id}}",
        id="show_plan",
        tag="plans",
        summary="Show one plan, and page by page what is held under it",
        parameters=[_ID, *PAGING],
        answer=ref("ShownPlan"),
        problems=(BAD_PARAMETER, UNKNOWN_RECORD),
    )
    yield Operation(
        method="post",
        path=f"{PREFIX}/plans/{{id}}/approve",
        id="approve_plan",
        tag="plans",
        summary="Let what is held under a plan be done",
        description="Each delivery is looked at anew: what is not wanted any more is not done.",
        parameters=[_ID],
        body={JSON: _DECISION},
        answer=ref("DecidedPlan"),
        problems=_OF_A_DECISION,
    )
    yield Operation(
        method="post",
        path=f"{PREFIX}/plans/{{id}}/reject",
        id="reject_plan",
        tag="plans",
        summary="Let what is held under a plan not be done",
        description="Each delivery is settled with the reason; it is due again when it changes.",
        parameters=[_ID],
        body={JSON: _DECISION},
        answer=ref("DecidedPlan"),
        problems=_OF_A_DECISION,
    )
