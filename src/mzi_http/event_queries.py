"""What is asked of a list of events."""

from collections.abc import Sequence

from starlette.requests import Request

from mzi_core.ports import EventQuery, EventState
from mzi_core.use_cases.browse_events import written_subject
from mzi_core.values import RecordId
from mzi_http.context import tenant
from mzi_http.list_queries import PAGING, ListParameters, parameter

DESCRIBED = (
    parameter("state", "", {"enum": list(EventState)}),
    parameter("source", "The id of the source that told it.", {"type": "string"}),
    parameter("kind", "Such as `student_updated`.", {"type": "string"}),
    parameter("subject", "The record it is about, as `students/5398830000090000001`.", {"type": "string"}),
    *PAGING,
)
"""As the document has them."""

_NAMES = tuple(str(each["name"]) for each in DESCRIBED)


def read_event_query(request: Request) -> tuple[EventQuery, Sequence[object]]:
    """The query of a request, and what its list depends on. Raises Problem: 400 with every reason."""
    read = ListParameters(request, _NAMES)
    state, subject = read.values.get("state"), read.values.get("subject")
    if state not in (None, *EventState):
        read.refuse("state", f"`state` must be one of {', '.join(EventState)}.")
        state = None
    module = key = None
    if subject is not None:
        try:
            module, key = written_subject(subject)
        except ValueError as error:
            read.refuse("subject", f"`subject` {error}")
    source, kind = read.values.get("source"), read.values.get("kind")
    list_id = (tenant(request), "events", state, source, kind, subject)
    after = read.after(list_id)
    query = EventQuery(
        source=source,
        kind=kind,
        state=None if state is None else EventState(state),
        module=module,
        key=key,
        after=None if after is None else RecordId(after.key),
        limit=read.limit(),
    )
    read.finish()
    return query, list_id
