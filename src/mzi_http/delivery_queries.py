"""What is asked about deliveries: the parameters of a list, and the bodies that redrive or pause."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import attrs
from starlette.requests import Request

from mzi_core.errors import UnknownFlow
from mzi_core.flows import subject_of
from mzi_core.ports import Cursor, DeliveryKey, DeliveryQuery, DeliveryState
from mzi_core.use_cases.browse_deliveries import DeliveryPage
from mzi_core.use_cases.browse_events import written_subject
from mzi_http.context import tenant
from mzi_http.cursors import BadCursor, write_cursor
from mzi_http.delivery_paths import BadSegment, path_of, read_path, read_segment
from mzi_http.errors import BAD_BODY, BAD_PARAMETER, TOO_LARGE, Problem, ProblemItem, ProblemType
from mzi_http.list_queries import PAGING, ListParameters, parameter

DESCRIBED = (
    parameter("flow", "Such as `take:students`.", {"type": "string"}),
    parameter("state", "", {"enum": list(DeliveryState)}),
    parameter("subject", "What it is about, as `students/5398830000090000001`.", {"type": "string"}),
    parameter("plan", "The plan it is held under.", {"type": "string"}),
    *PAGING,
)
"""As the document has them."""

_NAMES = tuple(str(each["name"]) for each in DESCRIBED)


def read_delivery_query(request: Request) -> tuple[DeliveryQuery, Sequence[object]]:
    """The query of a request, and what its list depends on. Raises Problem: 400 with every reason."""
    read = ListParameters(request, _NAMES)
    state, subject = read.values.get("state"), read.values.get("subject")
    if state not in (None, *DeliveryState):
        read.refuse("state", f"`state` must be one of {', '.join(DeliveryState)}.")
        state = None
    try:
        subject = None if subject is None else subject_of(*written_subject(subject))
    except ValueError as error:
        read.refuse("subject", f"`subject` {error}")
    flow, plan = read.values.get("flow"), read.values.get("plan")
    list_id = (tenant(request), "deliveries", flow, state, subject, plan)
    query = DeliveryQuery(
        flow=flow,
        state=None if state is None else DeliveryState(state),
        subject=subject,
        plan_id=plan,
        after=after_delivery(read, list_id),
        limit=read.limit(),
    )
    read.finish()
    return query, list_id


def after_delivery(read: ListParameters, list_id: Sequence[object]) -> DeliveryKey | None:
    """The delivery behind which the page begins, if the request has a cursor."""
    found = read.after(list_id)
    try:
        return None if found is None else read_path(found.key)
    except BadSegment:
        read.refuse("cursor", str(BadCursor()))
        return None


def next_cursor(page: DeliveryPage, list_id: Sequence[object]) -> str | None:
    """The cursor of the page behind this one, if there is one."""
    if page.next is None:
        return None
    return write_cursor(Cursor(page.items[-1].updated_at, path_of(page.next)), list_id)


def segment_of(request: Request, name: str) -> str:
    """The flow or the key that stands in the address. Raises Problem: 400."""
    try:
        return read_segment(request.path_params[name])
    except BadSegment as error:
        raise Problem.of(BAD_PARAMETER, [ProblemItem(str(error), name)]) from error


@contextmanager
def flow_given(kind: ProblemType) -> Iterator[None]:
    """Where the flow is no part of the address, one that there is not is a fault of what was sent."""
    try:
        yield
    except UnknownFlow as error:
        more = {"nearest": list(error.nearest)}
        raise Problem(kind, str(error), faults=[ProblemItem(str(error), "flow")], more=more) from error


@attrs.frozen(kw_only=True)
class ToRedrive:
    """What is to be redriven; `keys`: None for all that are dead."""

    flow: str
    keys: Sequence[str] | None
    dry_run: bool


def read_redrive(fields: Mapping[str, object], most: int) -> ToRedrive:
    """The body of a redrive. Raises Problem: 400 with every reason, 413 for more than `most` keys."""
    faults = _unknown(fields, ("flow", "keys", "all", "dry_run"))
    flow, keys = fields.get("flow"), fields.get("keys")
    if not isinstance(flow, str):
        faults.append(ProblemItem("`flow` must be the name of a flow, such as `take:students`.", "flow"))
    for name in ("all", "dry_run"):
        if not isinstance(fields.get(name, False), bool):
            faults.append(ProblemItem(f"`{name}` must be true or false.", name))
    if (keys is None) == (fields.get("all", False) is False):
        said = (
            "Name the deliveries in `keys`, or say `all`: true for every dead one of the flow; one of both."
        )
        faults.append(ProblemItem(said, "keys"))
    if keys is not None and not (isinstance(keys, list) and all(isinstance(key, str) for key in keys)):
        faults.append(ProblemItem("`keys` must be a list of texts.", "keys"))
    elif isinstance(keys, list) and len(keys) > most:
        said = f"`keys` has {len(keys):,} keys, and one request takes {most:,}; send several requests."
        raise Problem(TOO_LARGE, said)
    if faults:
        raise Problem.of(BAD_BODY, faults)
    chosen = [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else None
    return ToRedrive(flow=str(flow), keys=chosen, dry_run=fields.get("dry_run") is True)


def read_reason(fields: Mapping[str, object], why: str = "why nothing of the flow is to be done") -> str:
    """The body of a pause or a decision: its reason. Raises Problem: 400."""
    faults, reason = _unknown(fields, ("reason",)), fields.get("reason")
    if not isinstance(reason, str):
        faults.append(ProblemItem(f"`reason` must say {why}.", "reason"))
    if faults:
        raise Problem.of(BAD_BODY, faults)
    return str(reason)


def _unknown(fields: Mapping[str, object], known: Sequence[str]) -> list[ProblemItem]:
    return [
        ProblemItem(f"There is no field `{name[:60]}`; there is {', '.join(known)}.", name)
        for name in fields
        if name not in known
    ]
