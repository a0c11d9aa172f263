"""GET and POST /review: what a person must decide, and deciding it."""

from collections.abc import Iterator, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mzi_core.errors import NotFound
from mzi_core.ports import Cursor, ReviewAddress, ReviewKind, ReviewState
from mzi_core.values import MoodleId
from mzi_http.bodies import JSON, no_body, object_of, read_body
from mzi_http.context import service, tenant
from mzi_http.cursors import BadCursor, write_cursor
from mzi_http.errors import (
    BAD_BODY,
    BAD_PARAMETER,
    OTHER_MEDIA_TYPE,
    REFUSED,
    REVIEW_DECIDED,
    TOO_LARGE,
    UNKNOWN_RECORD,
    Problem,
    ProblemItem,
)
from mzi_http.list_queries import PAGING, ListParameters, parameter
from mzi_http.review_answers import listed_review
from mzi_http.routing import PREFIX, Operation, answer, under_prefixes
from mzi_http.schemas import ref
from mzi_http.security import caused_by
from mzi_http.shapes import ListedReviews

_LISTED = (
    parameter("state", "Without it those of every state", {"enum": list(ReviewState)}),
    parameter("kind", "", {"enum": list(ReviewKind)}),
    *PAGING,
)


async def list_reviews(request: Request) -> Response:
    """A page of items, by kind and key."""
    read = ListParameters(request, [str(each["name"]) for each in _LISTED])
    state, kind = read.values.get("state"), read.values.get("kind")
    if state not in (None, *ReviewState):
        read.refuse("state", f"`state` must be one of {', '.join(ReviewState)}.")
    if kind not in (None, *ReviewKind):
        read.refuse("kind", f"`kind` must be one of {', '.join(ReviewKind)}.")
    list_id = (tenant(request), "review", state, kind)
    after, limit = _after(read, list_id), read.limit()
    read.finish()
    page = await service(request).use_cases.review.list(
        tenant(request),
        None if state is None else ReviewState(state),
        None if kind is None else ReviewKind(kind),
        after=after,
        limit=limit,
    )
    following = None
    if page.next is not None:
        place = Cursor(page.items[-1].opened_at, f"{page.next.kind}/{page.next.key}")
        following = write_cursor(place, list_id)
    said: ListedReviews = {"items": [listed_review(item) for item in page.items], "next": following}
    return answer(said)


def _after(read: ListParameters, list_id: Sequence[object]) -> ReviewAddress | None:
    """The item behind which the page begins, if the request has a cursor."""
    found = read.after(list_id)
    if found is None:
        return None
    kind, _, key = found.key.partition("/")
    if kind not in [*ReviewKind]:
        read.refuse("cursor", str(BadCursor()))
        return None
    return ReviewAddress(ReviewKind(kind), key)


async def show_review(request: Request) -> Response:
    """One item."""
    return answer(listed_review(await service(request).use_cases.review.show(tenant(request), _at(request))))


async def choose(request: Request) -> Response:
    """Choose one of the candidates."""
    address, choice = _at(request), _choice(object_of(await read_body(request)))
    chosen = await service(request).use_cases.review.choose(
        tenant(request), address, choice, by=_person(request)
    )
    return answer(listed_review(chosen))


async def dismiss(request: Request) -> Response:
    """Say that there is nothing to choose."""
    await no_body(request)
    dismiss = service(request).use_cases.review.dismiss
    return answer(listed_review(await dismiss(tenant(request), _at(request), by=_person(request))))


def _at(request: Request) -> ReviewAddress:
    kind, key = request.path_params["kind"], request.path_params["key"]
    if kind not in [*ReviewKind]:
        raise NotFound("kind of review", kind[:60])
    return ReviewAddress(ReviewKind(kind), key)


def _choice(fields: Mapping[str, object]) -> MoodleId:
    """The body of a choice. Raises Problem: 400 with every reason."""
    faults = [
        ProblemItem(f"There is no field `{name}`; there is `choice`.", name)
        for name in fields
        if name != "choice"
    ]
    choice = fields.get("choice")
    if isinstance(choice, bool) or not isinstance(choice, int) or choice < 1:
        faults.append(ProblemItem("`choice` must be the id of a candidate, a whole number.", "choice"))
    if faults:
        raise Problem.of(BAD_BODY, faults)
    return MoodleId(int(str(choice)))


def _person(request: Request) -> str:
    key = caused_by(request).id
    return f"API key {key}" if key else ""


ROUTES: Sequence[BaseRoute] = (
    *under_prefixes("/review", list_reviews, ["GET"]),
    *under_prefixes("/review/{kind}/{key}", show_review, ["GET"]),
    *under_prefixes("/review/{kind}/{key}/choose", choose, ["POST"]),
    *under_prefixes("/review/{kind}/{key}/dismiss", dismiss, ["POST"]),
)

_ADDRESS = (
    {"name": "kind", "in": "path", "required": True, "schema": {"enum": list(ReviewKind)}},
    {
        "name": "key",
        "in": "path",
        "required": True,
        "description": "The Zoho id of the person, class or enrolment",
        "schema": {"type": "string", "minLength": 1, "examples": ["5398830000090000001"]},
    },
)
_CHOICE = {
    "type": "object",
    "required": ["choice"],
    "properties": {"choice": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}


def operations() -> Iterator[Operation]:
    """What looks at the review list, and what decides."""
    yield Operation(
        method="get",
        path=f"{PREFIX}/review",
        id="list_reviews",
        tag="review",
        summary="List what a person must decide, by kind and key",
        parameters=_LISTED,
        answer=ref("ListedReviews"),
        problems=(BAD_PARAMETER,),
    )
    yield Operation(
        method="get",
        path=f"{PREFIX}/review/{{kind}}/{{key}}",
        id="show_review",
        tag="review",
        summary="Show one item of the review list",
        parameters=_ADDRESS,
        answer=ref("ListedReview"),
        problems=(UNKNOWN_RECORD,),
    )
    yield Operation(
        method="post",
        path=f"{PREFIX}/review/{{kind}}/{{key}}/choose",
        id="choose_review",
        tag="review",
        summary="Choose one of the candidates",
        description=(
            "The record is linked to it, and its pair looked at at once. What was dismissed may be chosen "
            "after all. A withdrawal has no choice."
        ),
        parameters=_ADDRESS,
        body={JSON: _CHOICE},
        answer=ref("ListedReview"),
        problems=(UNKNOWN_RECORD, REVIEW_DECIDED, REFUSED, BAD_BODY, TOO_LARGE, OTHER_MEDIA_TYPE),
    )
    yield Operation(
        method="post",
        path=f"{PREFIX}/review/{{kind}}/{{key}}/dismiss",
        id="dismiss_review",
        tag="review",
        summary="Say that there is nothing to choose",
        description="It is asked again when its candidates differ.",
        parameters=_ADDRESS,
        answer=ref("ListedReview"),
        problems=(UNKNOWN_RECORD, REVIEW_DECIDED, BAD_BODY, TOO_LARGE, OTHER_MEDIA_TYPE),
    )
