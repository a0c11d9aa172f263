"""The doors by which Zoho and Moodle tell what happened, and what was told.

Whatever comes is kept before it is answered; it is looked at afterwards.
"""

from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mzi_adapters.zoho.callbacks import channel_token
from mzi_adapters.zoho.events import CHANNEL
from mzi_core.event_proofs import SOURCE_PARAMETER, TOKEN_PARAMETER
from mzi_core.module import Side
from mzi_core.modules import CATALOGUE
from mzi_core.ports import Cursor, Event, EventState
from mzi_core.use_cases.browse_events import written_id
from mzi_core.use_cases.events import EventUseCases
from mzi_core.use_cases.receive import Message
from mzi_core.values import TenantId
from mzi_http.answers import events_health, moment, pauses, records_put_off, shown_event, told_event
from mzi_http.bodies import FORM, JSON, no_body, read_body, said_by
from mzi_http.context import service, tenant
from mzi_http.cursors import write_cursor
from mzi_http.errors import (
    BAD_BODY,
    BAD_PARAMETER,
    NOT_BELIEVED,
    OTHER_MEDIA_TYPE,
    RETRY_AFTER,
    SOURCE_ELSEWHERE,
    TOO_LARGE,
    UNAVAILABLE,
    UNKNOWN_RECORD,
    WRONG_KEYS,
    Problem,
)
from mzi_http.event_queries import DESCRIBED, read_event_query
from mzi_http.event_sources import sender_of
from mzi_http.routing import PREFIX, PREFIXES, Operation, answer, under_prefixes
from mzi_http.schemas import ref
from mzi_http.shapes import EventCounts, ListedEvents, Received


async def from_zoho(request: Request) -> Response:
    """Take in what a rule, script, button or channel of Zoho sends."""
    door = request.path_params["door"]
    body = await read_body(request, forms=True, may_be_empty=True)
    token = channel_token(body.raw) if door == CHANNEL else ""
    source = await sender_of(request, Side.ZOHO, body.raw, body_token=token)
    message = Message(door=door, content=said_by(body), address=told_in_address(request))
    kept = await service(request).use_cases.events.receive(source.tenant, source.id, Side.ZOHO, [message])
    return answer(received(kept))


def told_in_address(request: Request) -> dict[str, str]:
    """The parameters of an address but those that prove who sends; what is given twice, with a comma."""
    told: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in (TOKEN_PARAMETER, SOURCE_PARAMETER):
            told[name] = f"{told[name]},{value}" if name in told else value
    return told


def received(kept: Sequence[Event]) -> Received:
    """What is answered about the events of one request; the same when the request comes again."""
    # What was parked at once, and not since: a repetition is answered as the first was.
    lost = [event for event in kept if event.ended_at == event.received_at]
    first = kept[0]
    if lost:
        told = f"{len(lost)} of {len(kept)} are parked. {lost[0].reason}" if len(kept) > 1 else lost[0].reason
    else:
        told = "It is kept, and will be looked at."
    return {
        "success": not lost,
        "status": "parked" if lost else "queued",
        "message": told,
        "event_id": first.id,
        "events": [event.id for event in kept],
        "timestamp": moment(first.received_at),
    }


async def list_events(request: Request) -> Response:
    """A page of events, the newest first."""
    query, list_id = read_event_query(request)
    page = await service(request).use_cases.events.list(tenant(request), query)
    after = (
        None if page.next is None else write_cursor(Cursor(page.items[-1].received_at, page.next), list_id)
    )
    said: ListedEvents = {"items": [told_event(event) for event in page.items], "next": after}
    return answer(said)


async def show_event(request: Request) -> Response:
    """One event with its body."""
    events = service(request).use_cases.events
    event = await events.show(tenant(request), written_id(request.path_params["id"]))
    return answer(shown_event(event, await events.why_waiting(tenant(request), event)))


async def replay_event(request: Request) -> Response:
    """Let an event wait again."""
    await no_body(request)
    event = await service(request).use_cases.events.replay(
        tenant(request), written_id(request.path_params["id"])
    )
    return answer(told_event(event))


async def count_events(request: Request) -> Response:
    """How many events are in each state, and what keeps those that wait."""
    return answer(await counted(service(request).use_cases.events, tenant(request)))


async def counted(events: EventUseCases, tenant: TenantId) -> EventCounts:
    """How the events of a tenant stand, as it is answered."""
    counts, flows = await events.count(tenant), await events.flows(tenant)
    return {
        "waiting": counts[EventState.WAITING],
        "taken": counts[EventState.TAKEN],
        "parked": counts[EventState.PARKED],
        "dead": counts[EventState.DEAD],
        "total": sum(counts.values()),
        "put_off": records_put_off(flows),
        "paused": pauses(flows),
    }


async def check_events(request: Request) -> Response:
    """How events stand; a problem (503) with the same particulars when a person has to repair something."""
    found = await service(request).use_cases.events.check(tenant(request))
    said = events_health(found)
    if found.trouble:
        raise Problem(UNAVAILABLE, found.trouble, headers=RETRY_AFTER, more=said)
    return answer(said)


_ZOHO_DOORS = ("/events/zoho/", "/webhooks/student-dashboard/")

BELOW = tuple(prefix + path for prefix in PREFIXES for path in _ZOHO_DOORS)
"""Below these no API key is asked for: each door proves by itself who sends."""

ROUTES: Sequence[BaseRoute] = (
    *under_prefixes("/events", list_events, ["GET"]),
    *under_prefixes("/events/stats", count_events, ["GET"]),
    *under_prefixes("/events/health", check_events, ["GET"]),
    *under_prefixes("/events/{id}", show_event, ["GET"]),
    *under_prefixes("/events/{id}/replay", replay_event, ["POST"]),
)

DOORS: Sequence[BaseRoute] = tuple(
    route for path in _ZOHO_DOORS for route in under_prefixes(f"{path}{{door}}", from_zoho, ["POST"])
)

_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_UNPROVEN = (BAD_BODY, NOT_BELIEVED, SOURCE_ELSEWHERE, TOO_LARGE, OTHER_MEDIA_TYPE, WRONG_KEYS)
_MESSAGE = {
    "type": "object",
    "description": "Records by their ids: `zoho_id`, `record_id`, `id`, `ids` and those in `data` all count.",
    "properties": {
        "zoho_id": {"type": "string", "examples": ["5398830000090000001"]},
        "module": {"type": "string", "examples": ["BTEC_Students"]},
        "operation": {"type": "string", "examples": ["update"]},
        "event_id": {"type": "string"},
    },
}


def operations() -> Iterator[Operation]:
    """The doors, and what looks at events."""
    for module in CATALOGUE:
        if module.side is Side.ZOHO:
            yield Operation(
                method="post",
                path=f"{PREFIX}/events/zoho/{module.singular}",
                id=f"zoho_tells_{module.singular}",
                tag="events",
                summary=f"Take in what Zoho tells about a {module.singular}",
                description="The record is read again at Zoho; what the body says of it is not believed.",
                body={JSON: _MESSAGE, FORM: _MESSAGE},
                answer=ref("Received"),
                problems=_UNPROVEN,
                guarded=False,
            )
    yield Operation(
        method="get",
        path=f"{PREFIX}/events",
        id="list_events",
        tag="events",
        summary="List what sources told, the newest first",
        parameters=DESCRIBED,
        answer=ref("ListedEvents"),
        problems=(BAD_PARAMETER,),
    )
    yield Operation(
        method="get",
        path=f"{PREFIX}/events/stats",
        id="count_events",
        tag="events",
        summary="Count events by their state, and say what keeps those that wait",
        answer=ref("EventCounts"),
    )
    yield Operation(
        method="get",
        path=f"{PREFIX}/events/health",
        id="check_events",
        tag="events",
        summary="Whether events are taken in and looked at in time, for a monitor",
        description="503, with the same particulars, when the store is not ready or a module is paused.",
        answer=ref("EventsHealth"),
        problems=(UNAVAILABLE,),
    )
    yield Operation(
        method="get",
        path=f"{PREFIX}/events/{{id}}",
        id="show_event",
        tag="events",
        summary="Show one event with its body, and why it waits",
        parameters=[_ID],
        answer=ref("ShownEvent"),
        problems=(UNKNOWN_RECORD,),
    )
    yield Operation(
        method="post",
        path=f"{PREFIX}/events/{{id}}/replay",
        id="replay_event",
        tag="events",
        summary="Let an event be taken once more",
        parameters=[_ID],
        answer=ref("KeptEvent"),
        problems=(UNKNOWN_RECORD, BAD_BODY, TOO_LARGE, OTHER_MEDIA_TYPE),
    )
