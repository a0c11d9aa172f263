"""The doors by which Moodle's plugins tell what happened there, one for each kind of event."""

from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mzi_adapters.moodle.events import MOST_EVENTS
from mzi_core.module import Side
from mzi_core.use_cases.receive import Message
from mzi_http.bodies import JSON, events_of, read_body
from mzi_http.context import service
from mzi_http.errors import BAD_BODY, NOT_BELIEVED, OTHER_MEDIA_TYPE, SOURCE_ELSEWHERE, TOO_LARGE, WRONG_KEYS
from mzi_http.event_sources import sender_of
from mzi_http.routes.events import received
from mzi_http.routing import PREFIX, PREFIXES, Operation, answer, under_prefixes
from mzi_http.schemas import ref

DESCRIBED = (
    *("user_created", "user_updated", "user_deleted"),
    *("course_created", "course_updated"),
    *("enrollment", "user_enrolled", "enrollment_deleted"),
    *("grade_updated", "submission_graded", "workflow_state_updated", "request_submitted"),
)
"""The doors that the document describes; each takes the other kinds of event about the same module too."""

UNPROVEN = (BAD_BODY, NOT_BELIEVED, SOURCE_ELSEWHERE, TOO_LARGE, OTHER_MEDIA_TYPE, WRONG_KEYS)
"""What every door may refuse."""


async def from_moodle(request: Request) -> Response:
    """Take in the events that a plugin sends to the door of one kind."""
    return await taken_in(request, request.path_params["door"])


async def taken_in(request: Request, door: str) -> Response:
    """Keep the events of a request, each as a message of its own, before any of them is answered."""
    body = await read_body(request)
    source = await sender_of(request, Side.MOODLE, body.raw)
    messages = [Message(door=door, content=[event]) for event in events_of(body, MOST_EVENTS)]
    kept = await service(request).use_cases.events.receive(source.tenant, source.id, Side.MOODLE, messages)
    return answer(received(kept))


_DOORS = "/events/moodle/"

BELOW = tuple(prefix + _DOORS for prefix in PREFIXES)
"""Below these no API key is asked for: each door proves by itself who sends."""

DOORS: Sequence[BaseRoute] = tuple(under_prefixes(f"{_DOORS}{{door}}", from_moodle, ["POST"]))

_FACTS = {
    "type": "object",
    "description": "The facts of one event under Moodle's own names, or the envelope that `/webhooks` takes.",
    "properties": {
        "event_id": {"type": "string"},
        "eventname": {"type": "string", "examples": [r"\core\event\user_created"]},
        "userid": {"type": "integer", "examples": [4101]},
        "courseid": {"type": "integer", "examples": [1001]},
        "timemodified": {"type": "integer", "examples": [1770640200]},
    },
}


def operations() -> Iterator[Operation]:
    """The doors that are described."""
    for door in DESCRIBED:
        yield Operation(
            method="post",
            path=f"{PREFIX}{_DOORS}{door}",
            id=f"moodle_tells_{door}",
            tag="events",
            summary=f"Take in what Moodle tells: {door.replace('_', ' ')}",
            description="Facts are taken as they are told; a mere hint is read again in Moodle.",
            body={JSON: _FACTS},
            answer=ref("Received"),
            problems=UNPROVEN,
            guarded=False,
        )
