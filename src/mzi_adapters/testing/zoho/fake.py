"""A Zoho CRM in memory: it remembers records and answers requests as the real service would."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime

import attrs

from mzi_adapters.testing.session_guard import refuse_inside_session
from mzi_adapters.testing.zoho.answers import ApiError, Json
from mzi_adapters.testing.zoho.bulk_read_api import BulkReadApi
from mzi_adapters.testing.zoho.calls import ReceivedCall
from mzi_adapters.testing.zoho.changes import Changes, ZohoChange
from mzi_adapters.testing.zoho.coql import CoqlApi
from mzi_adapters.testing.zoho.fixtures import plant
from mzi_adapters.testing.zoho.limits import ApiLimits
from mzi_adapters.testing.zoho.metadata_api import MetadataApi
from mzi_adapters.testing.zoho.organization import FakeOrganization
from mzi_adapters.testing.zoho.read_api import ReadApi
from mzi_adapters.testing.zoho.routes import Route, routes
from mzi_adapters.testing.zoho.searching import Searching
from mzi_adapters.testing.zoho.token_server import TokenServer
from mzi_adapters.testing.zoho.watch_api import WatchApi
from mzi_adapters.testing.zoho.write_api import WriteApi
from mzi_adapters.testing.zoho.write_requests import FEATURES
from mzi_adapters.web.transport import NotSent, Request, Response, Streamed, Timer
from mzi_core.ports import Clock
from mzi_core.ports.zoho.metadata import ZohoField

CLIENT_ID = "1000.CLIENT"
CLIENT_SECRET = "client-secret"  # noqa: S105  # opens nothing but this fake
REFRESH_TOKEN = "1000.refresh.token"  # noqa: S105  # as above

_CHUNK = 64 * 1024


class FakeZoho:
    """A `Transport` to one organisation. What tests plant or read is not counted; what is sent is.

    Its clock is `ahead` of the one it is given; None: its answers carry no time.
    It raises SentInsideSession for whoever calls it while a session of a NoticedStore is open.
    A server that puts it behind a socket sets `accounts_url` and `api_url` to its own address.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        accounts: str = "https://accounts.zoho.eu",
        api: str = "https://www.zohoapis.eu",
        client_id: str = CLIENT_ID,
        client_secret: str = CLIENT_SECRET,
        refresh_token: str = REFRESH_TOKEN,
        edition: str = "enterprise",
        timer: Timer | None = None,
        latency: float = 0,
    ) -> None:
        self.accounts_url = accounts
        self.api_url = api
        self.timer = timer
        self.latency = latency
        self.ahead: timedelta | None = timedelta()
        self.clock = clock
        self.seen: list[Request] = []
        self.organization = FakeOrganization(clock=clock, edition=edition)
        self.limits = ApiLimits(clock=clock, edition=edition)
        self.accounts = TokenServer(
            clock=clock, client_id=client_id, client_secret=client_secret, refresh_token=refresh_token
        )
        self.watching = WatchApi(self.organization, f"{api}/crm/v8/")
        self.changes = Changes(self.watching.notice)
        self.searching = Searching(self.organization)
        self.bulk_read = BulkReadApi(self.organization)
        self.settings = MetadataApi(self.organization)
        self.reading = ReadApi(self.organization)
        self.writing = WriteApi(self.organization, self.changes)
        self.coql = CoqlApi(self.organization)
        self._routes = routes(
            reading=self.reading,
            writing=self.writing,
            searching=self.searching,
            coql=self.coql,
            bulk=self.bulk_read,
            watching=self.watching,
            settings=self.settings,
        )

    # what tests plant and read

    def define(self, module: str, fields: Iterable[str | ZohoField], unique: Collection[str] = ()) -> None:
        """Make a module, or give it more fields; a bare name is a single line of text."""
        self.organization.define(module, fields, unique)

    def add(self, module: str, record: Mapping[str, object]) -> str:
        """Put a record there as a person would have entered it, and give its id."""
        return str(plant(self.organization, module, record).id)

    def edit(self, module: str, record_id: str, values: Mapping[str, object]) -> None:
        """Change a record by hand in the CRM."""
        table = self.organization.table(module)
        row = table.rows[int(record_id)]
        plant(self.organization, module, values, row)
        row.modified, row.modified_by = self.organization.now(), self.organization.person
        self.changes.note(ZohoChange(module, record_id, "update", tuple(values), row.modified_by), FEATURES)

    def remove(self, module: str, record_id: str, *, permanently: bool = False) -> None:
        """Delete a record by hand in the CRM."""
        table, person = self.organization.table(module), self.organization.person
        self.organization.delete(table, int(record_id), person, permanently=permanently)
        self.changes.note(ZohoChange(module, record_id, "delete", (), person), FEATURES)

    def lock(self, module: str, record_id: str, code: str = "RECORD_LOCKED") -> None:
        """Make a record refuse changes: RECORD_LOCKED, NOT_APPROVED, NOT_REVIEWED, RECORD_IN_BLUEPRINT."""
        self.organization.table(module).rows[int(record_id)].lock = code

    def records(self, module: str) -> dict[str, Json]:
        """Every record with its subforms, by id."""
        table = self.organization.table(module)
        return {str(row_id): self.organization.whole(table, table.rows[row_id]) for row_id in table.order}

    @property
    def calls(self) -> int:
        """How many requests the API saw, tokens apart."""
        return self.limits.calls

    @property
    def credits_used(self) -> int:
        """What they cost."""
        return self.limits.credits_used

    @property
    def tokens_issued(self) -> int:
        """How many access tokens were given out."""
        return self.accounts.issued

    @property
    def max_in_flight(self) -> int:
        """The most calls that were ever under way together."""
        return self.limits.max_in_flight

    @property
    def max_heavy_in_flight(self) -> int:
        """The most calls of the heavy group that were ever under way together."""
        return self.limits.max_heavy_in_flight

    # the wire

    async def send(self, request: Request) -> Response:
        """The answer the real service would give."""
        refuse_inside_session(request)
        self.seen.append(request)
        if request.url == f"{self.accounts_url}/oauth/v2/token":
            await self._wait()
            return self.accounts.token(request, self.api_url)
        if not request.url.startswith(f"{self.api_url}/"):
            raise NotSent("There is no such host in this world.")
        try:
            answer = await self._answer(request, request.url.removeprefix(self.api_url))
        except ApiError as refused:
            answer = refused.answer
        return attrs.evolve(answer, headers={**answer.headers, **self._date(), **self.limits.told()})

    def _date(self) -> dict[str, str]:
        if self.ahead is None:
            return {}
        return {"date": format_datetime(self.clock.now() + self.ahead, usegmt=True)}

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Streamed]:
        """The same answer, in chunks."""
        answer = await self.send(request)

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(answer.body), _CHUNK):
                yield answer.body[start : start + _CHUNK]

        yield Streamed(status=answer.status, headers=answer.headers, chunks=chunks())

    async def _wait(self) -> None:
        if self.timer is not None and self.latency:
            await self.timer.sleep(self.latency)
        else:
            await asyncio.sleep(0)

    async def _answer(self, request: Request, path: str) -> Response:
        route, call = self._route(request, path)
        with self.limits.one(heavy=route.heavy(call)):
            await self._wait()
            self._admit(call, route)
            self.limits.spend(route.cost(call))
            return route.answers(call)

    def _route(self, request: Request, path: str) -> tuple[Route, ReceivedCall]:
        found = [(route, named) for route in self._routes if (named := route.named(path)) is not None]
        if not found:
            raise ApiError(
                404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one"
            )
        for route, named in found:
            if route.method == request.method:
                return route, ReceivedCall(request, named, dict(request.query))
        raise ApiError(405, "METHOD_NOT_ALLOWED", "The http request method type is not a valid one")

    def _admit(self, call: ReceivedCall, route: Route) -> None:
        scheme, _, token = (call.header("authorization") or "").partition(" ")
        if scheme != "Zoho-oauthtoken" or not token:
            raise ApiError(401, "AUTHENTICATION_FAILURE", "Authentication failed")
        if not self.accounts.accepts(token):
            raise ApiError(401, "INVALID_TOKEN", "invalid oauth token")
        module = call.path.get("module", "")
        if not all(self.accounts.grants([s.format(module=module) for s in group]) for group in route.scopes):
            raise ApiError(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")
