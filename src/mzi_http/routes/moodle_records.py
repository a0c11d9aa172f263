"""POST /moodle/{users,courses,enrollments,grades}: records as Moodle has them, judged and stored."""

from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mzi_core.errors import UnknownModule
from mzi_http import record_schemas, schemas
from mzi_http.bodies import JSON, read_body, records_of
from mzi_http.context import service
from mzi_http.record_doors import MOODLE_DOORS, list_names
from mzi_http.routes.sync import KEY_PARAMETER, PROBLEMS, given_key, take_records, taken_elsewhere
from mzi_http.routing import PREFIX, Operation, answer, under_prefixes


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


ROUTES: Sequence[BaseRoute] = (
    *under_prefixes("/moodle/{kind}", take, ["POST"]),
    *under_prefixes("/moodle/{kind}/", take, ["POST"]),  # as those of `sync`
)


def operations() -> Iterator[Operation]:
    """One a kind."""
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
