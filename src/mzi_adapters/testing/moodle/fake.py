"""A Moodle 4.5 in memory, answering over the wire as the real one does."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import attrs

from mzi_adapters.system import SystemClock
from mzi_adapters.testing.moodle import batch, form
from mzi_adapters.testing.moodle.catalogue import CAPABILITIES, FUNCTIONS, OUTSIDE, PLUGIN, SERVICE
from mzi_adapters.testing.moodle.encoding import php_json
from mzi_adapters.testing.moodle.fixtures import Planting
from mzi_adapters.testing.moodle.refusals import (
    Refusal,
    invalid_parameter,
    missing_record,
    moodle_error,
    no_access,
    no_database,
    not_in_service,
)
from mzi_adapters.testing.moodle.site import Account, Database, Function, Site
from mzi_adapters.testing.moodle.submissions import stored_file
from mzi_adapters.testing.session_guard import refuse_inside_session
from mzi_adapters.web.transport import Request, Response, Streamed
from mzi_core.ports import Clock

_PATH = "/webservice/rest/server.php"
_JSON = {
    "content-type": "application/json",
    "cache-control": "private, must-revalidate, pre-check=0, post-check=0, max-age=0",
    "access-control-allow-origin": "*",
    "connection": "close",
}
_HTML = {"content-type": "text/html; charset=utf-8", "connection": "close"}
_DOWN = _HTML | {"cache-control": "no-store, no-cache, must-revalidate", "retry-after": "300"}
_XML = _JSON | {"content-type": "application/xml; charset=utf-8"}


@attrs.frozen(kw_only=True)
class FunctionCall:
    """A call as it was decoded: the function and what came with it, without the token."""

    function: str
    parameters: dict[str, Any]


class FakeMoodle(Planting):
    """A site with its tables, service accounts and switches; a `Transport` to whoever talks to it.

    The `token` opens the service account: user 3, with the 31 capabilities it needs and no more. Take one
    out of `capabilities`, or a function out of `functions`, and the answers change as Moodle's do.
    """

    def __init__(
        self,
        url: str = "https://moodle.example",
        token: str = "a-token-of-the-fake",  # noqa: S107 -- opens nothing but this fake
        *,
        clock: Clock | None = None,
        database: Database = "postgresql",
        name: str = "Example College",
    ) -> None:
        self.clock = clock or SystemClock()
        super().__init__(Site(url=url, name=name, database=database, now=self._now))
        self.max_input_vars = 1000
        self.debug = False
        """Developer debugging: errors say why."""

        self.suspended = False
        """The service account was suspended."""

        self.maintenance = False
        """The site is down for maintenance, switched on its server: 503 with a page."""

        self.maintenance_setting = False
        """The same, switched in its administration: 200 with `sitemaintenance`."""

        self.database_down = False
        self.rest_disabled = False
        """Web services, or REST, are switched off: 403 with nothing in it."""

        self.service_disabled = False
        """The service is off, or not for this user or address: `accessexception` to everything."""

        self._plugin = False
        self.seen: list[FunctionCall] = []
        self._offered = FUNCTIONS | batch.offering(self._function)
        self.accounts = {token: Account(userid=3, capabilities=set(CAPABILITIES), functions=set(SERVICE))}
        self._account = self.accounts[token]
        self.site.caller = self._account

    def _now(self) -> int:
        return int(self.clock.now().timestamp())

    @property
    def capabilities(self) -> set[str]:
        """What the service account may do."""
        return self._account.capabilities

    @property
    def functions(self) -> set[str]:
        """What the service holds."""
        return self._account.functions

    @property
    def plugin(self) -> bool:
        """Whether local_mzi is installed, and its functions are in the service."""
        return self._plugin

    @plugin.setter
    def plugin(self, installed: bool) -> None:
        self._plugin = installed
        (self.functions.update if installed else self.functions.difference_update)(PLUGIN)

    @property
    def calls(self) -> int:
        """How many calls were decoded so far."""
        return len(self.seen)

    @property
    def url(self) -> str:
        """The site's address; set it when the address is known only later."""
        return self.site.url

    @url.setter
    def url(self, url: str) -> None:
        self.site.url = url

    def add_account(
        self, token: str, user: int, *, capabilities: Iterable[str], functions: Iterable[str] = SERVICE
    ) -> Account:
        """Give somebody else a token."""
        account = Account(userid=user, capabilities=set(capabilities), functions=set(functions))
        self.accounts[token] = account
        return account

    async def send(self, request: Request) -> Response:
        """Answer one request."""
        refuse_inside_session(request)
        refused = self._turned_away(request)
        if refused is not None:
            return refused
        given = self._form(request)
        if given.pop("moodlewsrestformat", "") != "json":
            return Response(status=200, headers=_XML, body=self._xml(given))
        try:
            said = self._answer(given)
        except Refusal as refusal:
            said = refusal.answer(debug=self.debug)
        return Response(status=200, headers=_JSON, body=php_json(said))

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Streamed]:
        """The same answer, in one chunk."""
        answer = await self.send(request)

        async def chunks() -> AsyncIterator[bytes]:
            yield answer.body

        yield Streamed(status=answer.status, headers=answer.headers, chunks=chunks())

    def _turned_away(self, request: Request) -> Response | None:
        asked, own = urlsplit(request.url), urlsplit(self.url)
        if (asked.scheme, asked.netloc) != (own.scheme, own.netloc):
            return Response(status=303, headers=_HTML | {"location": self.url + asked.path})
        if self.maintenance:
            return Response(status=503, headers=_DOWN, body=b"<h1>Site is down for upgrade</h1>")
        if self.rest_disabled:
            return Response(status=403, headers=_HTML)
        if asked.path.startswith(own.path + "/webservice/pluginfile.php/"):
            return self._file(request)
        if asked.path != own.path + _PATH:
            return Response(status=404, headers=_HTML, body=b"<h1>Not Found</h1>")
        return None

    def _file(self, request: Request) -> Response:
        """A submitted file; a bad token gets a JSON error in place of it, and no error status."""
        if dict(request.query).get("token") not in self.accounts:
            said = {"error": "Invalid token - token not found", "errorcode": "invalidtoken"}
            return Response(status=200, headers=_JSON, body=php_json(said))
        content = stored_file(self.site, request.url.removeprefix(self.url))
        if content is None:
            return Response(status=404, headers=_HTML, body=b"<h1>Not Found</h1>")
        return Response(status=200, headers={"content-type": "application/pdf"}, body=content)

    def _form(self, request: Request) -> dict[str, Any]:
        headers = {name.lower(): value for name, value in request.headers.items()}
        fields = list(request.query)
        given = form.nested(fields, at_most=self.max_input_vars)
        if request.method == "POST" and headers.get("content-type", "").startswith(
            "application/x-www-form-urlencoded"
        ):
            given |= form.nested(form.pairs(request.body or b""), at_most=self.max_input_vars)
        return given

    def _answer(self, given: dict[str, Any]) -> Any:
        token, name = given.pop("wstoken", ""), str(given.pop("wsfunction", ""))
        raw = given.pop("moodlewssettingraw", "0")
        self.seen.append(FunctionCall(function=name, parameters=given))
        if self.database_down:
            raise no_database()
        if self.maintenance_setting:
            message = "The site is undergoing maintenance and is currently not available"
            raise moodle_error("sitemaintenance", message)
        account = self.accounts.get(token) if isinstance(token, str) else None
        if account is None:
            raise moodle_error("invalidtoken", "Invalid token - token not found")
        if account.expired:
            del self.accounts[token]
            raise no_access("Invalid token - token expired - check validuntil time for the token")
        self.site.caller = account
        self.site.raw = raw == "1"
        if account.suspended or (account is self._account and self.suspended) or self.site.user.suspended:
            username = self.site.user.username
            message = f"Refused web service access for suspended username: {username}"
            raise moodle_error("wsaccessusersuspended", message)
        return self._function(self.site, name).call(self.site, given)

    def _function(self, site: Site, name: str) -> Function:
        """A function the caller may call."""
        if not name:
            raise invalid_parameter("Missing wsfunction")
        offered = self._offered.get(name) or (PLUGIN.get(name) if self._plugin else None)
        if offered is None and name not in OUTSIDE:
            raise missing_record("external_functions")
        closed = self.service_disabled or site.caller.barred
        if closed or offered is None or name not in site.caller.functions:
            raise not_in_service(name)
        if "webservice/rest:use" not in site.caller.capabilities:
            raise no_access(
                "You are not allowed to use the rest protocol (missing capability: webservice/rest:use)"
            )
        return offered

    def _xml(self, given: dict[str, Any]) -> bytes:
        try:
            self._answer(given)
        except Refusal as refusal:
            return (
                '<?xml version="1.0" encoding="UTF-8" ?>\n'
                f'<EXCEPTION class="{refusal.exception}">\n<ERRORCODE>{refusal.errorcode}</ERRORCODE>\n'
                f"<MESSAGE>{refusal.message}</MESSAGE>\n</EXCEPTION>\n"
            ).encode()
        return b'<?xml version="1.0" encoding="UTF-8" ?>\n<RESPONSE>\n</RESPONSE>\n'
