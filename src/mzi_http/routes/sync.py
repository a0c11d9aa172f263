"""POST /sync/{module}: records as Zoho has them, judged and stored."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from json import loads

import attrs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mzi_core.errors import UnknownModule
from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE, ZOHO_CATALOGUE
from mzi_core.use_cases.sync import IdempotencyKey, Replay
from mzi_core.use_cases.take_page import PAGE
from mzi_core.values import BatchResult, State, TenantId
from mzi_http import record_schemas, schemas
from mzi_http.answers import result
from mzi_http.bodies import FORM, JSON, Body, read_body, records_of
from mzi_http.context import service, tenant
from mzi_http.errors import (
    BAD_BODY,
    BAD_PARAMETER,
    KEY_REUSED,
    OTHER_MEDIA_TYPE,
    TOO_LARGE,
    UNKNOWN_MODULE,
    Problem,
)
from mzi_http.jsontext import encode
from mzi_http.record_doors import door_of, list_names
from mzi_http.routing import PREFIX, Json, Operation, answer, under_prefixes
from mzi_http.security import caused_by

KEY_HEADER = "Idempotency-Key"
KEY_PATTERN = re.compile("[!-~]{1,255}")
KEY_PARAMETER: Json = {
    "name": KEY_HEADER,
    "in": "header",
    "description": "The same request under the same key is answered as the first time.",
    "schema": {"type": "string", "pattern": f"^{KEY_PATTERN.pattern}$"},
}
PROBLEMS = (BAD_BODY, BAD_PARAMETER, KEY_REUSED, TOO_LARGE, OTHER_MEDIA_TYPE)


async def take(request: Request) -> Response:
    """Judge and store the records of the body.

    More than `sync.PAGE` records are taken page by page, each in a session of its own, so that no writer is
    kept waiting for the whole. With an idempotency key each page keeps its own answer in its own session,
    under the key and the page's number: what was stored and what was answered about it cannot come apart. If
    the store goes away between two pages the caller gets 503; sent again, the finished pages are replayed and
    the others taken.
    """
    name = request.path_params["module"]
    try:
        module = ZOHO_CATALOGUE[name]
    except UnknownModule as unknown:
        raise taken_elsewhere(name) or unknown from None
    given = given_key(request)
    body = await read_body(request, forms=True)
    records = records_of(body, service(request).max_records, list_names(module))
    return answer(await take_records(request, module, body, records, given))


def taken_elsewhere(name: str) -> Problem | None:
    """That records of this name are taken at another path; None where there are none of that name."""
    try:
        module = CATALOGUE[name]
    except UnknownModule:
        return None
    said = f"`{module.name}` are records of {module.side.title()}: send them to `{PREFIX}{door_of(module)}`."
    return Problem(UNKNOWN_MODULE, said, more={"nearest": []})


async def take_records(
    request: Request, module: AnyModule, body: Body, records: Sequence[object], given: str | None
) -> dict[str, object]:
    """Judge and store these records of a body, and say what became of them; `given`: the caller's key."""
    parts = await _take_pages(request, module, records, given, _digest(module, body))
    key = given or _derived_key(tenant(request), module, body)
    return _whole(tenant(request), key, parts)


@attrs.frozen
class _Part:
    """What is answered about one page, and whether it is the answer of an earlier time."""

    results: list[dict[str, object]]
    released: list[dict[str, object]]
    replayed: bool = False


def _part(done: BatchResult) -> _Part:
    return _Part(
        results=[result(outcome) for outcome in done.outcomes],
        released=[{**result(outcome), "module": outcome.module} for outcome in done.released],
    )


def _render(done: BatchResult) -> str:
    part = _part(done)
    return encode([part.results, part.released]).decode()


def _replayed(body: str) -> _Part:
    results, released = loads(body)
    return _Part(results=results, released=released, replayed=True)


async def _take_pages(
    request: Request, module: AnyModule, records: Sequence[object], key: str | None, digest: str
) -> list[_Part]:
    parts = []
    for page, start in enumerate(range(0, max(len(records), 1), PAGE)):
        done = await service(request).use_cases.sync(
            tenant(request),
            module,
            records[start : start + PAGE],
            first_position=start,
            caused_by=caused_by(request),
            # No key that a caller can send has a blank in it.
            once=None if key is None else IdempotencyKey(f"{key} {page}" if page else key, digest, _render),
        )
        if isinstance(done, Replay):
            parts.append(_replayed(done.body))
        else:
            parts.append(_part(done))
    return parts


def _whole(tenant_id: TenantId, key: str, parts: Sequence[_Part]) -> dict[str, object]:
    results = [each for part in parts for each in part.results]
    released = [each for part in parts for each in part.released]
    counts = Counter(each["status"] for each in results)
    accepted = all(State(str(each["status"])).accepted for each in results)
    replayed = {"idempotent_replay": True} if all(part.replayed for part in parts) else {}
    return {
        "status": "success" if accepted else "partial",
        "tenant_id": tenant_id,
        "idempotency_key": key,
        **replayed,
        "summary": {state: counts[state] for state in State},
        "results": results,
        "released": [{**each, "position": place} for place, each in enumerate(released)],
    }


def given_key(request: Request) -> str | None:
    """The idempotency key that the caller sent. Raises Problem: 400."""
    key = request.headers.get(KEY_HEADER)
    if key is None or KEY_PATTERN.fullmatch(key):
        return key
    said = f"`{KEY_HEADER}` must be 1 to 255 characters of ASCII without blanks, such as a UUID."
    raise Problem(BAD_PARAMETER, said)


def _digest(module: AnyModule, body: Body) -> str:
    """What makes two requests the same one: the module and the body, byte for byte."""
    kind = FORM if body.is_form else JSON
    return sha256(f"{module.name}\n{kind}\n".encode() + body.raw).hexdigest()


def _derived_key(tenant_id: TenantId, module: AnyModule, body: Body) -> str:
    """The key reported for a request that brought none; nothing is kept under it."""
    return sha256(f"{tenant_id}\n{module.name}\n".encode() + body.raw).hexdigest()


ROUTES: Sequence[BaseRoute] = (
    *under_prefixes("/sync/{module}", take, ["POST"]),
    # No redirect for a slash too many: a redirected POST arrives as a GET, without its body.
    *under_prefixes("/sync/{module}/", take, ["POST"]),
)


def operations() -> Iterator[Operation]:
    """One a module; its other names are served too, and not described."""
    for module in ZOHO_CATALOGUE:
        names = ", ".join(f"`{name}`" for name in (module.remote_name, *module.aliases))
        yield Operation(
            method="post",
            path=f"{PREFIX}/sync/{module.name}",
            id=f"sync_{module.name}",
            tag="sync",
            summary=f"Take {module.name} from Zoho",
            description=(
                f"Records of {names}. Every record has a result of its own; a bad one harms no other. "
                "A record whose parent is missing is parked, and taken by itself when the parent arrives."
            ),
            parameters=[KEY_PARAMETER],
            body={JSON: record_schemas.body(module), FORM: record_schemas.form()},
            answer=schemas.synced(module),
            problems=PROBLEMS,
        )
