"""POST /webhooks: the envelope of Moodle's plugin, with one event of any type, or a list of them."""

from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mzi_adapters.moodle.events import MOST_EVENTS, WEBHOOKS
from mzi_http.bodies import JSON
from mzi_http.routes.moodle_events import UNPROVEN, taken_in
from mzi_http.routing import PREFIX, Operation, under_prefixes
from mzi_http.schemas import ref

_PATH = "/webhooks"


async def from_plugin(request: Request) -> Response:
    """Take in what the plugin sends; each event says by itself of which type it is."""
    return await taken_in(request, WEBHOOKS)


DOORS: Sequence[Route] = tuple(under_prefixes(_PATH, from_plugin, ["POST"]))
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


def operations() -> Iterator[Operation]:
    """The one door of the plugin."""
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
        body={JSON: {"oneOf": [_ENVELOPE, _EVENTS]}},
        answer=ref("Received"),
        problems=UNPROVEN,
        guarded=False,
    )
