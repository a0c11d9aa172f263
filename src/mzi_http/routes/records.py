"""GET /{module} and /{module}/{key}: what is stored, and what is parked."""

from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mzi_core.errors import NotFound
from mzi_core.keepable_text import is_keepable
from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE
from mzi_core.ports import ParkedRecord
from mzi_http import schemas
from mzi_http.answers import held_record, one_record, record_history, stored_record
from mzi_http.context import service, tenant
from mzi_http.cursors import write_cursor
from mzi_http.errors import BAD_PARAMETER, UNKNOWN_RECORD
from mzi_http.list_queries import DESCRIBED, PAGING, read_history_query, read_query
from mzi_http.routing import PREFIX, Json, Operation, answer, under_prefixes


async def list_records(request: Request) -> Response:
    """A page of the module's records, oldest change first."""
    module = CATALOGUE[request.path_params["module"]]
    query, list_id = read_query(request, module.name)
    page = await service(request).use_cases.list_records(tenant(request), module, query)
    return answer(
        {
            "items": [
                held_record(item) if isinstance(item, ParkedRecord) else stored_record(item)
                for item in page.items
            ],
            "next": None if page.next is None else write_cursor(page.next, list_id),
        }
    )


async def show_record(request: Request) -> Response:
    """One record."""
    module = CATALOGUE[request.path_params["module"]]
    key = request.path_params["key"]
    if not is_keepable(key):
        raise NotFound(module.singular, key)
    shown = await service(request).use_cases.show_record(tenant(request), module, key)
    return answer(one_record(shown))


async def show_history(request: Request) -> Response:
    """What was changed of one record, newest first."""
    module = CATALOGUE[request.path_params["module"]]
    key = request.path_params["key"]
    if not is_keepable(key):
        raise NotFound(module.singular, key)
    list_id = (tenant(request), module.name, key, "history")
    after, limit = read_history_query(request, list_id)
    show = service(request).use_cases.show_history
    before = None if after is None else int(after.key)
    page = await show(tenant(request), module, key, before=before, limit=limit)
    return answer(record_history(page, list_id))


ROUTES: Sequence[BaseRoute] = (
    *under_prefixes("/{module}", list_records, ["GET"]),
    *under_prefixes("/{module}/{key:path}/history", show_history, ["GET"]),
    *under_prefixes("/{module}/{key:path}", show_record, ["GET"]),
)


def _key(module: AnyModule) -> Json:
    return {
        "name": module.key_name,
        "in": "path",
        "required": True,
        "schema": {"type": "string", "examples": ["5398830000090000001"]},
    }


def operations() -> Iterator[Operation]:
    """Three a module."""
    for module in CATALOGUE:
        yield Operation(
            method="get",
            path=f"{PREFIX}/{module.name}",
            id=f"list_{module.name}",
            tag="records",
            summary=f"List {module.name}",
            parameters=DESCRIBED,
            answer=schemas.listed(module),
            problems=(BAD_PARAMETER,),
        )
        yield Operation(
            method="get",
            path=f"{PREFIX}/{module.name}/{{{module.key_name}}}",
            id=f"show_{module.singular}",
            tag="records",
            summary=f"Show one {module.singular}",
            parameters=[_key(module)],
            answer=schemas.one_record(module),
            problems=(UNKNOWN_RECORD,),
        )
        yield Operation(
            method="get",
            path=f"{PREFIX}/{module.name}/{{{module.key_name}}}/history",
            id=f"show_history_of_{module.singular}",
            tag="records",
            summary=f"Show what was changed of one {module.singular}, newest first",
            parameters=[_key(module), *PAGING],
            answer=schemas.ref("ListedHistory"),
            problems=(BAD_PARAMETER, UNKNOWN_RECORD),
        )
