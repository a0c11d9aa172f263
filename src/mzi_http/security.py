"""Who may call, and which headers every answer carries."""

from collections.abc import Collection, Sequence
from typing import assert_never

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mzi_core.ports import CausedBy, Causer
from mzi_core.use_cases.access import Access, TenantNameRefused, key_id, tenant_id
from mzi_core.values import DEFAULT_TENANT, TenantId
from mzi_http.context import service
from mzi_http.errors import KEY_NEEDED, OTHER_TENANT, WRONG_KEYS, Problem

TENANT_HEADER = "X-Tenant-ID"
KEY_HEADER = "X-API-Key"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="mzi"'}

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""On every answer that does not say otherwise itself."""


def told_tenant(request: Request) -> TenantId | None:
    """The tenant a request names, if it does; raises TenantNameRefused, also when it names two."""
    names = set(request.headers.getlist(TENANT_HEADER))
    if len(names) > 1:
        raise TenantNameRefused
    return tenant_id(names.pop()) if names else None


def named_tenant(request: Request) -> TenantId:
    """The tenant a request is about if no source says it; raises TenantNameRefused."""
    return told_tenant(request) or DEFAULT_TENANT


def presented_key(request: Request) -> str | None:
    """The API key of a request: `X-API-Key`, else the Bearer token."""
    key = request.headers.get(KEY_HEADER)
    if key is not None:
        return key
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def caused_by(request: Request) -> CausedBy:
    """What the history says of what a request changes: it, and the API key it came with."""
    return CausedBy(Causer.REQUEST, key_id(presented_key(request)))


class ApiKeyMiddleware:
    """Lets a request through to any path but the open ones only with a key for the tenant it names.

    Below `open_below` each route asks for a proof of its own. It stands inside the app's exception handling,
    before the routes, so that without a key nobody learns which paths, modules and tenants there are.
    """

    def __init__(
        self, app: ASGIApp, *, open_paths: Collection[str], open_below: Sequence[str] = (), open_to_all: bool
    ) -> None:
        self.app = app
        self.open_below = tuple(open_below)
        self.open_paths = frozenset(open_paths)
        self.open_to_all = open_to_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, note the tenant, pass on."""
        if (
            scope["type"] == "http"
            and (path := scope["path"].removeprefix(scope.get("root_path", ""))) not in self.open_paths
            and not path.startswith(self.open_below)
        ):
            request = Request(scope)
            request.state.tenant = named_tenant(request)
            if not self.open_to_all:
                await _check(request)
        await self.app(scope, receive, send)


async def _check(request: Request) -> None:
    presented = presented_key(request)
    wrong_keys = service(request).wrong_keys
    address = request.client.host if request.client else ""
    wait = wrong_keys.wait(address, presented)
    if wait:
        said = f"Too many wrong API keys came from this address; send the right one, or wait {wait} seconds."
        raise Problem(WRONG_KEYS, said, headers={"Retry-After": str(wait)})
    access = await service(request).use_cases.check_key(presented, request.state.tenant)
    if access in (Access.GRANTED, Access.OTHER_TENANT):
        wrong_keys.right(presented)
    else:
        wrong_keys.wrong(address)
    match access:
        case Access.GRANTED:
            return
        case Access.NO_KEYS:
            said = "Nothing is open while there is no API key; `mzi keys new` makes one."
            raise Problem(KEY_NEEDED, said, headers=CHALLENGE)
        case Access.UNKNOWN_KEY:
            raise Problem(KEY_NEEDED, _refused(presented), headers=CHALLENGE)
        case Access.OTHER_TENANT:
            said = f"This API key does not open the tenant that `{TENANT_HEADER}` names."
            raise Problem(OTHER_TENANT, said)
    assert_never(access)


def _refused(presented: str | None) -> str:
    if presented is None:
        return f"Send an API key as `{KEY_HEADER}` or `Authorization: Bearer`; `mzi keys new` makes one."
    return "This API key is not known, or was revoked; `mzi keys new` makes one."


class SafeHeaders:
    """Adds `HEADERS` to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, with the headers."""

        async def adorned(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, adorned)
