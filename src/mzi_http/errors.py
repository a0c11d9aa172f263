"""Every refusal as a problem document (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Self

import attrs
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from mzi_core.errors import (
    AccessRefused,
    AccountMissing,
    AlreadyTaken,
    AmbiguousMatch,
    AmbiguousWrite,
    AuthRevoked,
    CannotBePulled,
    ChoiceRefused,
    ClockSkew,
    CourseRefused,
    FieldsMissing,
    FlowPaused,
    GatewayConflict,
    GatewayError,
    GatewayLimited,
    GatewayRefused,
    GatewayUnavailable,
    InputRefused,
    KeyRefused,
    KeyReused,
    LabelRefused,
    MappingRefused,
    MessageRefused,
    ModuleMissing,
    MziError,
    NotFound,
    NotOffered,
    OutOfTime,
    PauseRefused,
    PlanDecided,
    ProtocolError,
    ReasonRefused,
    RemoteBug,
    RemoteNotFound,
    ReviewDecided,
    RunInProgress,
    RunTakenOver,
    SecretNotKept,
    SecretUnreadable,
    SourceChanged,
    StoreError,
    StoreRefused,
    StoreUnavailable,
    UnknownFlow,
    UnknownModule,
    UnknownTenant,
)
from mzi_core.event_proofs import SecretRefused
from mzi_core.flows.rules import RulesRefused
from mzi_core.ports import NotifyFailed
from mzi_core.use_cases.access import TenantNameRefused
from mzi_core.use_cases.event_sources import OverlapRefused, SchemeRefused, SourceRevoked
from mzi_core.use_cases.grades import MarkingRefused, PolicyRefused
from mzi_core.use_cases.moodle_target import NothingInMoodle
from mzi_core.use_cases.tasks import NobodyIsTold
from mzi_core.use_cases.tenants import ZoneRefused
from mzi_http.jsontext import encode

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = {"Retry-After": "5"}
"""Seconds after which a store that was away may be back."""

REMOTE_AFTER = 30
"""Seconds after which a remote that was away may be back, where it does not say."""

_SHOWN = 200  # of a path, in characters
_LONGEST = 2000  # of a sentence that may quote what was sent, in characters
_SAID = 20  # of the faults


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= _LONGEST else f"{sentence[:_LONGEST]}…"


@attrs.frozen
class ProblemType:
    """A kind of problem: its status, the name that ends its `type`, its title."""

    status: int
    name: str
    title: str

    @property
    def type(self) -> str:
        """The URI that tells this kind from others; a name, not an address."""
        return f"urn:mzi:problem:{self.name}"


BAD_BODY = ProblemType(400, "bad-body", "The body cannot be read")
BAD_PARAMETER = ProblemType(400, "bad-parameter", "A parameter or header cannot be used")
TWO_LENGTHS = ProblemType(400, "two-lengths", "The request says its length in two ways")
NOT_HTTP = ProblemType(400, "not-http", "What came cannot be read as HTTP")
KEY_NEEDED = ProblemType(401, "key-needed", "An API key is needed")
NOT_BELIEVED = ProblemType(401, "not-believed", "Nothing proves who sent this")
OTHER_TENANT = ProblemType(403, "other-tenant", "The API key opens another tenant")
SOURCE_ELSEWHERE = ProblemType(403, "other-tenant-s-source", "The source belongs to another tenant")
NOTHING_HERE = ProblemType(404, "nothing-here", "There is nothing here")
UNKNOWN_MODULE = ProblemType(404, "unknown-module", "There is no such module")
UNKNOWN_FLOW = ProblemType(404, "unknown-flow", "There is no such flow")
UNKNOWN_TENANT = ProblemType(404, "unknown-tenant", "There is no such tenant")
UNKNOWN_RECORD = ProblemType(404, "unknown-record", "There is no such record")
NOT_AT_REMOTE = ProblemType(404, "not-at-remote", "Zoho or Moodle has nothing under this id")
OTHER_METHOD = ProblemType(405, "other-method", "This method is not offered here")
TOO_SLOW = ProblemType(408, "too-slow", "The request took too long to arrive")
KEY_REUSED = ProblemType(409, "idempotency-key-reused", "The idempotency key belongs to another request")
REVIEW_DECIDED = ProblemType(409, "review-decided", "It is not under review any more")
PLAN_DECIDED = ProblemType(409, "plan-decided", "The plan was decided already")
REMOTE_CONFLICT = ProblemType(409, "remote-conflict", "What is at Zoho or Moodle contradicts this")
TOO_LARGE = ProblemType(413, "too-large", "The request is too large")
LONG_ADDRESS = ProblemType(414, "address-too-long", "The path and the query are too long")
OTHER_MEDIA_TYPE = ProblemType(415, "other-media-type", "Bodies of this kind are not read here")
REFUSED = ProblemType(422, "refused", "What was asked cannot be done")
WRONG_KEYS = ProblemType(429, "too-many-wrong-keys", "Too many wrong keys came from this address")
LONG_HEADERS = ProblemType(431, "headers-too-large", "The headers are too large")
UNFORESEEN = ProblemType(500, "unforeseen", "Something went wrong inside")
REMOTE_ACCESS = ProblemType(502, "remote-access", "Zoho or Moodle does not let mzi do this")
REMOTE_SETUP = ProblemType(502, "remote-setup", "Zoho or Moodle lacks what mzi needs")
REMOTE_FAULT = ProblemType(502, "remote-fault", "Zoho or Moodle did not answer as it should")
REMOTE_UNSURE = ProblemType(502, "remote-unsure", "A write to Zoho or Moodle may or may not have been done")
UNAVAILABLE = ProblemType(503, "unavailable", "The store is not available")
SECRETS_CLOSED = ProblemType(503, "secrets-closed", "What is kept under a key cannot be used")
BUSY = ProblemType(503, "busy", "Too much is being taken at once")
REMOTE_AWAY = ProblemType(503, "remote-away", "Zoho or Moodle cannot answer now")
REMOTE_LIMIT = ProblemType(503, "remote-limit", "The limits of Zoho or Moodle are used up")


@attrs.frozen
class ProblemItem:
    """One of several things that are wrong: a sentence, and the parameter it is about, if any."""

    detail: str
    parameter: str | None = None

    def as_data(self) -> dict[str, str]:
        """As it stands in a problem document."""
        about = {} if self.parameter is None else {"parameter": _short(self.parameter)}
        return {"detail": _short(self.detail), **about}


class Problem(Exception):
    """Why a request is not answered as asked; the detail is a sentence that says what to do instead."""

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        *,
        faults: Sequence[ProblemItem] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        self.kind = kind
        self.detail = _short(detail)
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.more = dict(more or {})
        super().__init__(detail)

    @classmethod
    def of(cls, kind: ProblemType, faults: Sequence[ProblemItem]) -> Self:
        """The problem that has these faults; of very many the first are said."""
        return cls(kind, " ".join(fault.detail for fault in faults[:_SAID]), faults=faults[:_SAID])

    def response(self) -> Response:
        """The problem document."""
        document: dict[str, object] = {
            "type": self.kind.type,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
        }
        if self.faults:
            document["errors"] = [fault.as_data() for fault in self.faults]
        return Response(
            encode({**document, **self.more}),
            status_code=self.kind.status,
            headers=self.headers,
            media_type=MEDIA_TYPE,
        )


KINDS: Mapping[type[MziError], ProblemType] = {
    MziError: REFUSED,
    UnknownModule: UNKNOWN_MODULE,
    UnknownFlow: UNKNOWN_FLOW,
    UnknownTenant: UNKNOWN_TENANT,
    TenantNameRefused: BAD_PARAMETER,
    NotFound: UNKNOWN_RECORD,
    KeyReused: KEY_REUSED,
    SourceChanged: REFUSED,
    RunInProgress: REFUSED,
    RunTakenOver: REFUSED,
    ClockSkew: REFUSED,
    MappingRefused: REFUSED,
    MarkingRefused: REFUSED,
    PolicyRefused: REFUSED,
    RulesRefused: REFUSED,
    ZoneRefused: REFUSED,
    NobodyIsTold: REFUSED,
    NotifyFailed: REFUSED,
    NothingInMoodle: REFUSED,
    CannotBePulled: REFUSED,
    MessageRefused: BAD_BODY,
    LabelRefused: REFUSED,
    PauseRefused: REFUSED,
    ReasonRefused: REFUSED,
    PlanDecided: PLAN_DECIDED,
    ChoiceRefused: REFUSED,
    ReviewDecided: REVIEW_DECIDED,
    OutOfTime: REFUSED,
    CourseRefused: REFUSED,
    FlowPaused: REFUSED,
    SecretRefused: REFUSED,
    SchemeRefused: REFUSED,
    OverlapRefused: REFUSED,
    SourceRevoked: REFUSED,
    StoreError: UNFORESEEN,
    StoreRefused: REFUSED,
    StoreUnavailable: UNAVAILABLE,
    KeyRefused: SECRETS_CLOSED,
    SecretNotKept: SECRETS_CLOSED,
    SecretUnreadable: SECRETS_CLOSED,
    # What the sender can change is a 4xx; what only time or an operator can, a 5xx. The limits are those of
    # the whole organisation, which no sender has used up alone: hence 503 and not 429.
    GatewayError: REMOTE_FAULT,
    GatewayUnavailable: REMOTE_AWAY,
    GatewayLimited: REMOTE_LIMIT,
    AmbiguousWrite: REMOTE_UNSURE,
    ProtocolError: REMOTE_FAULT,
    RemoteBug: REMOTE_FAULT,
    GatewayRefused: REFUSED,
    InputRefused: REFUSED,
    AccessRefused: REMOTE_ACCESS,
    AuthRevoked: REMOTE_ACCESS,
    GatewayConflict: REMOTE_CONFLICT,
    AlreadyTaken: REMOTE_CONFLICT,
    AmbiguousMatch: REMOTE_CONFLICT,
    RemoteNotFound: NOT_AT_REMOTE,
    AccountMissing: REMOTE_SETUP,
    FieldsMissing: REMOTE_SETUP,
    ModuleMissing: REMOTE_SETUP,
    NotOffered: REMOTE_SETUP,
}
"""How each class of what mzi raises on purpose is answered; one that is not named, as its nearest parent."""


def kind_of(error: type[MziError]) -> ProblemType:
    """How errors of a class are answered."""
    return next(KINDS[each] for each in error.__mro__ if each in KINDS)


def problem_of(error: MziError) -> Problem:
    """What mzi raised on purpose, as a problem; raises a StoreError of no known kind again, as unforeseen."""
    kind = kind_of(type(error))
    match error:
        case _ if kind is UNFORESEEN:
            raise error
        case StoreUnavailable() | KeyRefused() | SecretNotKept() | SecretUnreadable():
            return Problem(kind, str(error), headers=RETRY_AFTER)
        case GatewayUnavailable():
            return Problem(kind, error.told, headers={"Retry-After": str(_seconds(error))})
        case UnknownModule() | UnknownFlow():
            return Problem(kind, str(error), more={"nearest": list(error.nearest)})
        case PolicyRefused() | RulesRefused() | MarkingRefused() | MappingRefused() | FieldsMissing():
            return Problem.of(kind, [ProblemItem(problem) for problem in error.problems])
    return Problem(kind, error.told)


def _seconds(error: GatewayUnavailable) -> int:
    """As long as the remote wants to be left in peace, in whole seconds; else as long as it may take."""
    return REMOTE_AFTER if error.retry_after is None else max(1, ceil(error.retry_after))


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101  # it is registered for Problem alone
    return error.response()


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, MziError)  # noqa: S101  # it is registered for MziError alone
    return problem_of(error).response()


async def _broken_off(request: Request, error: Exception) -> Response:
    return Problem(BAD_BODY, "The request ended before its body was complete.").response()


async def _routing(request: Request, error: Exception) -> Response:
    """Starlette's own refusals: no route, or a route for other methods."""
    assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for HTTPException alone
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        offered = sorted((error.headers or {}).get("Allow", "").split(", "))
        said = f"`{request.method[:_SHOWN]}` is not offered here; use {' or '.join(offered)}."
        return Problem(OTHER_METHOD, said, headers={"Allow": ", ".join(offered)}).response()
    path = request.url.path[:_SHOWN]
    return Problem(NOTHING_HERE, f"There is nothing at `{path}`; /docs lists what there is.").response()


HANDLERS: Mapping[type[Exception], ExceptionHandler] = {
    Problem: _problem,
    MziError: _refusal,
    ClientDisconnect: _broken_off,
    HTTPException: _routing,
}
"""How the app answers what is raised while a request is handled."""
