"""A college with its Zoho and its Moodle in memory, and the real clients between them and us."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

import attrs
import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.moodle import MoodleAccount
from mzi_adapters.testing.connections import FakeConnections
from mzi_adapters.testing.harness import CountedIds
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.remotes import known
from mzi_adapters.testing.session_guard import GuardedStore
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.testing.zoho import FakeZoho, define_modules
from mzi_adapters.testing.zoho.college import Pick
from mzi_adapters.testing.zoho.coql import CoqlApi
from mzi_adapters.testing.zoho.fake import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from mzi_adapters.testing.zoho.module_tables import Row, Table
from mzi_adapters.testing.zoho.organization import FakeOrganization
from mzi_adapters.testing.zoho.query_columns import Column
from mzi_adapters.web import Lost, Request, Response, Streamed, Transport
from mzi_adapters.zoho import ZohoAccount, ZohoCodec
from mzi_core.mapping import NO_OVERLAY
from mzi_core.modules import CATALOGUE
from mzi_core.ports import Codec, EnrolledUser, Query, Store
from mzi_core.provisioning import MoodleDefaults
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.carry_out import PushResult
from mzi_core.use_cases.push import Foreseen, PagePushed
from mzi_core.values import DEFAULT_TENANT, BatchResult, MoodleId

SITE = "https://moodle.college.example"
TOKEN = "0123456789abcdef0123456789abcdef"


def became(pushed: PushResult) -> type[object] | None:
    """What kind of result a record had; None where nothing was sent."""
    return None if pushed.result is None else type(pushed.result)


def hidden_from_the_account(monkeypatch: pytest.MonkeyPatch, name: str, of: Collection[object]) -> None:
    """Zoho describes a field of students and leaves it out of these records, in lists and in queries."""
    shown, queried = FakeOrganization.shown, CoqlApi._shown

    def without(
        self: FakeOrganization, table: Table, row: Row, names: Collection[str] | None = None
    ) -> dict[str, object]:
        found = dict(shown(self, table, row, names))
        if table.name == "BTEC_Students" and (row.id in of or str(row.id) in of):
            found.pop(name, None)
        return found

    def queried_without(self: CoqlApi, columns: list[Column], row: Row) -> dict[str, object]:
        found = dict(queried(self, columns, row))
        if row.id in of or str(row.id) in of:
            found.pop(name, None)
        return found

    monkeypatch.setattr(FakeOrganization, "shown", without)
    monkeypatch.setattr(CoqlApi, "_shown", queried_without)


def lost() -> Response:
    """The answer does not arrive."""
    raise Lost


@attrs.define
class Watched:
    """A wire that stamps each answer with the time by a clock of its own, and lets a test answer instead."""

    wire: Transport
    timer: VirtualTimer
    ahead: timedelta | None = timedelta()
    """None: it does not say what time it is."""

    instead: dict[str, Callable[[], Response]] = attrs.field(factory=dict)
    """By Moodle function, or by the end of a path."""

    afterwards: dict[str, Callable[[], Response]] = attrs.field(factory=dict)
    """The same, of what is carried out and answered otherwise."""

    async def send(self, request: Request) -> Response:
        """The answer of the wire behind, or the one a test wants."""
        function = parse_qs((request.body or b"").decode(errors="replace")).get("wsfunction", [""])[0]
        for name, answer in self.instead.items():
            if name == function or request.url.endswith(name):
                return self._stamped(answer())
        answered = await self.wire.send(request)
        for name, answer in self.afterwards.items():
            if name == function or request.url.endswith(name):
                return self._stamped(answer())
        return self._stamped(answered)

    def _stamped(self, answer: Response) -> Response:
        if self.ahead is None:
            silent = {name: value for name, value in answer.headers.items() if name != "date"}
            return attrs.evolve(answer, headers=silent)
        at = format_datetime(self.timer.now() + self.ahead, usegmt=True)
        return attrs.evolve(answer, headers={**answer.headers, "date": at})

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]:
        """As it is."""
        return self.wire.stream(request)


@attrs.define
class College:
    """Everything, and ways to say what happens in it."""

    timer: VirtualTimer = attrs.field(factory=VirtualTimer)
    store: Store = attrs.field(factory=lambda: GuardedStore(MemoryStore()))
    zoho: FakeZoho = attrs.field(init=False)
    moodle: FakeMoodle = attrs.field(init=False)
    to_zoho: Watched = attrs.field(init=False)
    to_moodle: Watched = attrs.field(init=False)
    defaults: MoodleDefaults = attrs.field(factory=MoodleDefaults)
    codec: Codec = attrs.field(factory=ZohoCodec)
    only: Pick | None = None
    """Which of its names each thing has in Zoho, as `define_modules` takes it."""

    def __attrs_post_init__(self) -> None:
        self.zoho = FakeZoho(clock=self.timer)
        define_modules(self.zoho, only=self.only)
        self.moodle = FakeMoodle(SITE, TOKEN, clock=self.timer)
        self.to_zoho = Watched(self.zoho, self.timer)
        self.to_moodle = Watched(self.moodle, self.timer)

    def connections(self, *, token: str = TOKEN, **account: Any) -> FakeConnections:
        """Connections to both that are opened anew, with another token or account where a test says so."""
        given = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
            "data_centre": "eu",
            **account,
        }
        return FakeConnections(
            store=self.store,
            timer=self.timer,
            to_zoho=lambda: self.to_zoho,
            to_moodle=lambda: self.to_moodle,
            zoho_account=ZohoAccount(**given),
            moodle_account=MoodleAccount(SITE, token),
        )

    @property
    def use_cases(self) -> UseCases:
        """All of them over the store, with connections that are opened anew."""
        return UseCases.over(
            store=self.store,
            codec=self.codec,
            clock=self.timer,
            ids=CountedIds(),
            connections=self.connections(),
            moodle_defaults=self.defaults,
        )

    def moodle_calls(self, function: str) -> int:
        """How often a function was called."""
        return sum(call.function == function for call in self.moodle.seen)

    async def enrolled(self, course: MoodleId) -> Sequence[EnrolledUser]:
        """Who is enrolled in a course of the Moodle."""
        return await (await self.connections().moodle(DEFAULT_TENANT)).enrolled(course)

    async def sync(self, module: str, records: Sequence[object]) -> BatchResult:
        """Take records as they come from Zoho."""
        done = await self.use_cases.sync(DEFAULT_TENANT, CATALOGUE[module], records)
        assert isinstance(done, BatchResult)
        return done

    async def stored(self, module: str) -> Mapping[str, Any]:
        """Our live records, by Zoho id."""
        declared = CATALOGUE[module]
        async with self.store.read(DEFAULT_TENANT) as session:
            return {row.entity.key: row.entity for row in await session.list(declared, Query(limit=5000))}

    async def push_moodle(self, module: str, *, dry_run: bool = False) -> list[PagePushed]:
        """Every page of a push to Moodle, or of its preview."""
        remote = self.use_cases.remote
        target = await remote.targets.moodle(DEFAULT_TENANT, CATALOGUE[module])
        if dry_run:
            return [page async for page in remote.push.preview(target)]
        await self._plant(module)
        return [page async for page in remote.push.to_moodle(DEFAULT_TENANT, CATALOGUE[module])]

    async def _plant(self, module: str) -> None:
        """Put into Zoho what a test had mzi take as if it came from there: it is read again."""
        declared = CATALOGUE[module]
        there = self.zoho.records(declared.remote_name)
        for key, record in (await self.stored(module)).items():
            if key not in there:
                told = self.codec.encode(declared, record, NO_OVERLAY)
                self.zoho.add(declared.remote_name, known(self.zoho, declared.remote_name, told))

    async def push_zoho(self, module: str, *, force: bool = False) -> list[PagePushed]:
        """Every page of a push to Zoho."""
        remote = self.use_cases.remote
        target = await remote.targets.zoho(DEFAULT_TENANT, CATALOGUE[module], force=force)
        return [page async for page in remote.push.to_zoho(target)]

    async def previewed(self, module: str) -> tuple[list[PagePushed], list[PagePushed]]:
        """What a push to Moodle would do, and one to Zoho after it."""
        remote, foreseen = self.use_cases.remote, Foreseen()
        to_moodle = await remote.targets.moodle(DEFAULT_TENANT, CATALOGUE[module])
        in_moodle = [page async for page in remote.push.preview(to_moodle, foreseen)]
        to_zoho = await remote.targets.zoho(DEFAULT_TENANT, CATALOGUE[module])
        return in_moodle, [page async for page in remote.push.preview(to_zoho, foreseen)]
