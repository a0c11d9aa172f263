"""POST /webhooks: the envelope of Moodle's plugin, with one event of any type, or a list of them.

Beside it the plugin asks whether it is believed (GET /webhooks/status), and tries what it would send
(POST /webhooks/test).
"""

from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mzi_adapters.moodle.events import MOST_EVENTS, WEBHOOKS
from mzi_core.module import Side
from mzi_core.use_cases.receive import Message
from mzi_http.answers import moment
from mzi_http.bodies import JSON, events_of, read_body
from mzi_http.context import service
from mzi_http.errors import NOT_BELIEVED, SOURCE_ELSEWHERE, WRONG_KEYS
from mzi_http.event_sources import sender_of
from mzi_http.routes.events import counted
from mzi_http.routes.moodle_events import UNPROVEN, taken_in
from mzi_http.routing import PREFIX, Operation, answer, under_prefixes
from mzi_http.schemas import ref
from mzi_http.shapes import SourceStatus, TriedWebhook

_PATH = "/webhooks"


async def from_plugin(request: Request) -> Response:
    """Take in what the plugin sends; each event says by itself of which type it is."""
    return await taken_in(request, WEBHOOKS)


async def status(request: Request) -> Response:
    """Tell a source that it is believed, and how its tenant's events stand; who signs has signed no body."""
    source = await sender_of(request, Side.MOODLE, b"")
    use_cases = service(request).use_cases
    said: SourceStatus = {
        "success": True,
        "source": source.id,
        "label": source.label,
        "tenant_id": source.tenant,
        "events": await counted(use_cases.events, source.tenant),
        "timestamp": moment(use_cases.batches.clock.now()),
    }
    return answer(said)


async def try_out(request: Request) -> Response:
    """Tell what would become of a request, and keep nothing of it; one without a body only proves itself."""
    body = await read_body(request, may_be_empty=True)
    source = await sender_of(request, Side.MOODLE, body.raw)
    use_cases = service(request).use_cases
    events = events_of(body, MOST_EVENTS) if body.raw else []
    told = [
        each
        for event in events
        for each in use_cases.events.receive.understood(Side.MOODLE, Message(door=WEBHOOKS, content=[event]))
    ]
    bad = [each for each in told if each.problem]
    message = "They would be kept, and looked at." if told else "This source is believed."
    said: TriedWebhook = {
        "success": not bad,
        "source": source.id,
        "tenant_id": source.tenant,
        "message": f"{len(bad)} of {len(told)} would be parked." if bad else message,
        "events": [
            {
                "kind": each.kind,
                "module": each.module,
                "key": each.key,
                "is_fact": each.is_fact,
                "problem": each.problem,
            }
            for each in told
        ],
        "timestamp": moment(use_cases.batches.clock.now()),
    }
    return answer(said)


DOORS: Sequence[Route] = (
    *under_prefixes(_PATH, from_plugin, ["POST"]),
    *under_prefixes(f"{_PATH}/status", status, ["GET"]),
    *under_prefixes(f"{_PATH}/test", try_out, ["POST"]),
)
"""No API key is asked for: each proves by itself who sends."""

_ENVELOPE = {
    "type": "object",
    "required": ["event_type"],
    "properties": {
        "event_id": {"type": "string", "format": "uuid"},
        "event_type": {
            "type": "string",
            "examples": ["user_updated", r"\mod_assign\event\submission_graded"],
        },
        "event_data": {
            "type": "object",
            "description": "The facts as they were when the event was sent, under Moodle's own names.",
        },
        "moodle_event": {"type": "object", "description": "Moodle's own event, where it is sent along."},
        "moodle_event_id": {
            "type": ["integer", "null"],
            "description": "A number that grows with each event: it orders those of one second.",
        },
        "timestamp": {"type": "integer", "description": "When it happened, in seconds since 1970."},
    },
}
_EVENTS = {"type": "array", "items": _ENVELOPE, "minItems": 1, "maxItems": MOST_EVENTS}


_BODY = {JSON: {"oneOf": [_ENVELOPE, _EVENTS]}}


def operations() -> Iterator[Operation]:
    """The door of the plugin, and what it asks beside it."""
    yield Operation(
        method="post",
        path=f"{PREFIX}{_PATH}",
        id="receive_webhooks",
        tag="events",
        summary="Take in what Moodle's plugin tells",
        description=(
            "One event or a list of them. What cannot be attributed to a record, or is of an unknown type, "
            "is parked with its reason, and spoils no event beside it."
        ),
        body=_BODY,
        answer=ref("Received"),
        problems=UNPROVEN,
        guarded=False,
    )
    yield Operation(
        method="get",
        path=f"{PREFIX}{_PATH}/status",
        id="status_of_webhooks",
        tag="events",
        summary="Tell Moodle's plugin whether it is believed",
        answer=ref("SourceStatus"),
        problems=(NOT_BELIEVED, SOURCE_ELSEWHERE, WRONG_KEYS),
        guarded=False,
    )
    yield Operation(
        method="post",
        path=f"{PREFIX}{_PATH}/test",
        id="try_webhooks",
        tag="events",
        summary="Say what would become of the plugin's events, and keep none",
        body=_BODY,
        answer=ref("TriedWebhook"),
        problems=UNPROVEN,
        guarded=False,
    )
