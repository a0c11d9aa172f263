"""POST /moodle/{users,courses,enrollments,grades}: records as Moodle has them, judged and stored.

And GET /moodle/grades/{moodle_key}/decision: what a mark that is stored comes to.
"""

from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mzi_core.errors import NotFound, UnknownModule
from mzi_core.keepable_text import is_keepable
from mzi_core.modules import MOODLE_MARKS
from mzi_core.use_cases.kept_decisions import LONGEST_KEY
from mzi_http import record_schemas, schemas
from mzi_http.answers import judged_mark
from mzi_http.bodies import JSON, read_body, records_of
from mzi_http.context import service, tenant
from mzi_http.errors import BAD_PARAMETER, REFUSED, UNKNOWN_RECORD
from mzi_http.list_queries import DESCRIBED_POLICY, read_policy_query
from mzi_http.record_doors import MOODLE_DOORS, list_names
from mzi_http.routes.sync import KEY_PARAMETER, PROBLEMS, given_key, take_records, taken_elsewhere
from mzi_http.routing import PREFIX, Json, Operation, answer, under_prefixes


async def take(request: Request) -> Response:
    """Judge and store the records of the body, as `POST /sync` does, and say how many came."""
    name = request.path_params["kind"]
    module = MOODLE_DOORS.get(name)
    if module is None:
        raise taken_elsewhere(name) or UnknownModule(name, [*MOODLE_DOORS])
    given = given_key(request)
    body = await read_body(request)
    records = records_of(body, service(request).max_records, list_names(module))
    taken = await take_records(request, module, body, records, given)
    return answer({**taken, "received": len(records)})


async def decide(request: Request) -> Response:
    """The decision about each attempt of a stored mark; none is kept."""
    key: str = request.path_params["moodle_key"]
    policy, level = read_policy_query(request)
    if len(key) > LONGEST_KEY or not is_keepable(key):
        raise NotFound(MOODLE_MARKS.singular, key[:LONGEST_KEY])
    decide_mark = service(request).use_cases.decide_mark
    return answer(judged_mark(await decide_mark(tenant(request), key, policy=policy, level=level)))


ROUTES: Sequence[BaseRoute] = (
    *under_prefixes("/moodle/grades/{moodle_key}/decision", decide, ["GET"]),
    *under_prefixes("/moodle/{kind}", take, ["POST"]),
    *under_prefixes("/moodle/{kind}/", take, ["POST"]),  # as those of `sync`
)


def operations() -> Iterator[Operation]:
    """One a kind, and one about a mark."""
    for name, module in MOODLE_DOORS.items():
        yield Operation(
            method="post",
            path=f"{PREFIX}/moodle/{name}",
            id=f"take_{module.name}",
            tag="moodle",
            summary=f"Take {name} from Moodle",
            description=(
                "Every record has a result of its own; a bad one harms no other. One that points at a user "
                "or course that is not there yet is parked, and taken by itself when that arrives."
            ),
            parameters=[KEY_PARAMETER],
            body={JSON: record_schemas.body(module)},
            answer=schemas.synced(module),
            problems=PROBLEMS,
        )
    yield Operation(
        method="get",
        path=f"{PREFIX}/moodle/grades/{{moodle_key}}/decision",
        id="decide_moodle_mark",
        tag="moodle",
        summary="Decide a mark that is stored of Moodle",
        description=(
            "Every attempt, by the policy that is named, else by the tenant's own for the programme's level. "
            "Nothing is kept."
        ),
        parameters=[_KEY, *DESCRIBED_POLICY],
        answer=schemas.ref("JudgedMark"),
        problems=(BAD_PARAMETER, UNKNOWN_RECORD, REFUSED),
    )


_KEY: Json = {
    "name": "moodle_key",
    "in": "path",
    "required": True,
    "description": "The key of the mark: student, course and assignment, by their ids in Moodle.",
    "schema": {"type": "string", "examples": ["4101_1001_55"]},
}
