"""GET and POST /deliveries: how the flows stand, what is due in them, and having it tried again."""

from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mzi_core.ports import DeliveryKey
from mzi_core.use_cases.flow_pauses import LONGEST_REASON
from mzi_http.bodies import JSON, no_body, object_of, read_body
from mzi_http.context import service, tenant
from mzi_http.delivery_answers import flow_state, listed_delivery, redriven_deliveries, shown_delivery
from mzi_http.delivery_paths import STEERING
from mzi_http.delivery_queries import (
    DESCRIBED,
    flow_given,
    next_cursor,
    read_delivery_query,
    read_reason,
    read_redrive,
    segment_of,
)
from mzi_http.errors import (
    BAD_BODY,
    BAD_PARAMETER,
    OTHER_MEDIA_TYPE,
    REFUSED,
    TOO_LARGE,
    UNKNOWN_FLOW,
    UNKNOWN_RECORD,
)
from mzi_http.routing import PREFIX, Operation, answer, under_prefixes
from mzi_http.schemas import ref
from mzi_http.shapes import FlowStates, ListedDeliveries


async def list_deliveries(request: Request) -> Response:
    """A page of deliveries, by flow and key."""
    query, list_id = read_delivery_query(request)
    with flow_given(BAD_PARAMETER):
        page = await service(request).use_cases.deliveries.list(tenant(request), query)
    said: ListedDeliveries = {
        "items": [listed_delivery(delivery) for delivery in page.items],
        "next": next_cursor(page, list_id),
    }
    return answer(said)


async def show_flows(request: Request) -> Response:
    """How every flow stands."""
    flows = await service(request).use_cases.deliveries.flows(tenant(request))
    said: FlowStates = {"flows": [flow_state(flow) for flow in flows]}
    return answer(said)


async def show_delivery(request: Request) -> Response:
    """One delivery with what keeps it."""
    address = DeliveryKey(segment_of(request, "flow"), segment_of(request, "key"))
    return answer(shown_delivery(await service(request).use_cases.deliveries.show(tenant(request), address)))


async def redrive(request: Request) -> Response:
    """Have dead deliveries tried again, or say how many would be."""
    asked = read_redrive(object_of(await read_body(request)), service(request).max_records)
    redrive = service(request).use_cases.deliveries.redrive
    with flow_given(BAD_BODY):
        done = await redrive(tenant(request), asked.flow, asked.keys, dry_run=asked.dry_run)
    return answer(redriven_deliveries(asked.flow, done, dry_run=asked.dry_run))


async def pause(request: Request) -> Response:
    """Let nothing of a flow be worked on."""
    flow, reason = segment_of(request, "flow"), read_reason(object_of(await read_body(request)))
    return answer(
        flow_state(await service(request).use_cases.deliveries.pause(tenant(request), flow, reason))
    )


async def resume(request: Request) -> Response:
    """Let a flow be worked on again."""
    await no_body(request)
    flow = segment_of(request, "flow")
    _, stands = await service(request).use_cases.deliveries.resume(tenant(request), flow)
    return answer(flow_state(stands))


ROUTES: Sequence[BaseRoute] = (
    *under_prefixes("/deliveries", list_deliveries, ["GET"]),
    *under_prefixes("/deliveries/stats", show_flows, ["GET"]),
    *under_prefixes("/deliveries/redrive", redrive, ["POST"]),
    *(
        route
        for word, endpoint in zip(STEERING, (pause, resume), strict=True)
        for route in under_prefixes(f"/deliveries/{{flow}}/{word}", endpoint, ["POST"])
    ),
    *under_prefixes("/deliveries/{flow}/{key}", show_delivery, ["GET"]),
)

_SEGMENT = {"type": "string", "minLength": 1}
_FLOW = {
    "name": "flow",
    "in": "path",
    "required": True,
    "schema": {**_SEGMENT, "examples": ["account"]},
}
_KEY = {
    "name": "key",
    "in": "path",
    "required": True,
    "description": (
        "As in the `path` of a delivery: a key of ASCII letters, digits, `_`, `-`, `.` and `:` as it is, any "
        "other, and `pause` or `resume`, as `~` and base64url of its UTF-8 without `=`. A flow likewise."
    ),
    "schema": {**_SEGMENT, "examples": ["5398830000090000001", "~cm9vbSA3"]},
}
_REDRIVE = {
    "type": "object",
    "required": ["flow"],
    "properties": {
        "flow": {"type": "string", "examples": ["take:students"]},
        "keys": {"type": "array", "items": {"type": "string"}, "description": "Those to be redriven."},
        "all": {"type": "boolean", "default": False, "description": "All that are dead, instead of `keys`."},
        "dry_run": {"type": "boolean", "default": False, "description": "Only say how many would be."},
    },
    "additionalProperties": False,
}
_PAUSE = {
    "type": "object",
    "required": ["reason"],
    "properties": {"reason": {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON}},
    "additionalProperties": False,
}
_OF_A_BODY = (BAD_BODY, TOO_LARGE, OTHER_MEDIA_TYPE)


def operations() -> Iterator[Operation]:
    """What looks at deliveries, and what steers their flows."""
    yield Operation(
        method="get",
        path=f"{PREFIX}/deliveries",
        id="list_deliveries",
        tag="deliveries",
        summary="List what is due, waits, is held, dead or settled, by flow and key",
        parameters=DESCRIBED,
        answer=ref("ListedDeliveries"),
        problems=(BAD_PARAMETER,),
    )
    yield Operation(
        method="get",
        path=f"{PREFIX}/deliveries/stats",
        id="show_flows",
        tag="deliveries",
        summary="Say how every flow stands: how many in each state, how old, put off or paused",
        answer=ref("FlowStates"),
    )
    yield Operation(
        method="get",
        path=f"{PREFIX}/deliveries/{{flow}}/{{key}}",
        id="show_delivery",
        tag="deliveries",
        summary="Show one delivery, and what keeps it",
        description="Of what is remembered of it the names of the fields are told, and no values.",
        parameters=[_FLOW, _KEY],
        answer=ref("ShownDelivery"),
        problems=(BAD_PARAMETER, UNKNOWN_FLOW, UNKNOWN_RECORD),
    )
    yield Operation(
        method="post",
        path=f"{PREFIX}/deliveries/redrive",
        id="redrive_deliveries",
        tag="deliveries",
        summary="Have dead deliveries of a flow tried again",
        body={JSON: _REDRIVE},
        answer=ref("RedrivenDeliveries"),
        problems=_OF_A_BODY,
    )
    yield Operation(
        method="post",
        path=f"{PREFIX}/deliveries/{{flow}}/pause",
        id="pause_flow",
        tag="deliveries",
        summary="Let nothing of a flow be worked on, until it is resumed",
        description="What is at work now is ended. A flow that is paused already has a new reason.",
        parameters=[_FLOW],
        body={JSON: _PAUSE},
        answer=ref("FlowState"),
        problems=(BAD_PARAMETER, UNKNOWN_FLOW, REFUSED, *_OF_A_BODY),
    )
    yield Operation(
        method="post",
        path=f"{PREFIX}/deliveries/{{flow}}/resume",
        id="resume_flow",
        tag="deliveries",
        summary="Let a flow be worked on again",
        parameters=[_FLOW],
        answer=ref("FlowState"),
        problems=(BAD_PARAMETER, UNKNOWN_FLOW, *_OF_A_BODY),
    )
