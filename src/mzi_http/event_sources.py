"""Who sends an event: what each door of events asks before it believes a word of it."""

from collections.abc import Iterable, Mapping
from typing import assert_never

from starlette.requests import Request

from mzi_core.event_proofs import (
    HEADERS,
    SOURCE_HEADER,
    SOURCE_PARAMETER,
    TOKEN_HEADERS,
    TOKEN_PARAMETER,
    EventRequest,
)
from mzi_core.module import Side
from mzi_core.ports import EventSource
from mzi_core.use_cases.event_sources import Disbelief
from mzi_http.context import service
from mzi_http.errors import NOT_BELIEVED, SOURCE_ELSEWHERE, WRONG_KEYS, Problem
from mzi_http.security import CHALLENGE, TENANT_HEADER, told_tenant

_LONGEST_ID = 40  # characters
_RAW = {name.encode(): name for name in HEADERS}


async def sender_of(request: Request, origin: Side, body: bytes, *, body_token: str = "") -> EventSource:
    """The source that a request proves to be from; its tenant is the one that the request is about.

    To be asked before anything in `body` is understood; `body_token`: what stood in it where a watch channel
    of Zoho calls back. Raises Problem: 401 for a request that is not believed, 403 for a source of another
    tenant than the request names, 429 for too many wrong ones from one address.
    """
    came = _came(request, origin, body, body_token)
    known_by = _known_by(came)
    wrong_keys = service(request).wrong_keys
    address = request.client.host if request.client else ""
    wait = wrong_keys.wait(address, known_by)
    if wait:
        said = f"Too many requests from this address were not believed; wait {wait} seconds."
        raise Problem(WRONG_KEYS, said, headers={"Retry-After": str(wait)})
    found = await service(request).use_cases.sources.authenticate(came)
    if isinstance(found, EventSource):
        wrong_keys.right(known_by)
        return found
    if found is Disbelief.OTHER_TENANT:
        wrong_keys.right(known_by)
    else:
        wrong_keys.wrong(address)
    raise _refusal(origin, found)


def _came(request: Request, origin: Side, body: bytes, body_token: str) -> EventRequest:
    query = request.query_params.multi_items() if request.scope["query_string"] else ()
    named = _once(query)
    return EventRequest(
        origin=origin,
        body=body,
        headers=_once(
            (_RAW[name], value.decode("latin-1")) for name, value in request.scope["headers"] if name in _RAW
        ),
        source=(request.headers.get(SOURCE_HEADER) or named.get(SOURCE_PARAMETER, ""))[:_LONGEST_ID],
        tenant=told_tenant(request),
        url_token=named.get(TOKEN_PARAMETER) or request.path_params.get(TOKEN_PARAMETER, ""),
        body_token=body_token,
    )


def _once(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Values by their names; what is said twice is not said, for two readers could take another one."""
    found: dict[str, str] = {}
    twice = set()
    for name, value in pairs:
        if name in found:
            twice.add(name)
        found[name] = value
    return {name: value for name, value in found.items() if name not in twice} if twice else found


def _known_by(came: EventRequest) -> str:
    """What is the same in each request of a sender: its token, or who it says it is."""
    tokens = [text for scheme, text in came.presented.items() if scheme.is_token]
    return "\0".join((came.origin, came.source, came.tenant or "", *tokens))


def _refusal(origin: Side, why: Disbelief) -> Problem:
    name = origin.capitalize()
    match why:
        case Disbelief.OTHER_TENANT:
            said = f"This source does not belong to the tenant that `{TENANT_HEADER}` names; leave it out."
            return Problem(SOURCE_ELSEWHERE, said)
        case Disbelief.NO_SOURCES:
            said = (
                f"Nothing of {name} is believed while it has no source; `mzi sources add {origin}` makes one."
            )
        case Disbelief.NOTHING_SHOWN:
            said = (
                "This carries neither a signature nor a token, such as "
                f"`{TOKEN_HEADERS[origin]}`; `mzi sources list` says what the sources of {name} send."
            )
        case Disbelief.NOT_NAMED:
            said = (
                f"There are many sources of {name} that sign: say which one this is, by its id as "
                f"`{SOURCE_HEADER}` or `?{SOURCE_PARAMETER}=`."
            )
        case Disbelief.NOT_PROVED:
            said = (
                f"This does not prove that a source of {name} has sent it, or not of late; "
                "`mzi sources sign` makes a request that does, to compare."
            )
        case _:
            assert_never(why)
    return Problem(NOT_BELIEVED, said, headers=CHALLENGE)
