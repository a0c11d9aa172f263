"""A process that works for mzi, which may die or hang at any moment, and its ways to the world."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
from tests.simulation.chances import Chances

from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.web import Lost, NotSent, Request, Response, Streamed, Transport
from mzi_core.ports import Registry, Session, Store, StoreHealth
from mzi_core.values import TenantId

PATIENCE = 60.0
"""Seconds after which a request is given up that is not answered."""

LATE: ContextVar[bool] = ContextVar("late", default=False)
"""Whether what is carried out right now was long on its way: no fence reaches there."""

Say = Callable[[str, str], None]


@attrs.define(kw_only=True, eq=False)
class Life:
    """One life of a process: from its start to its end or its death."""

    name: str
    chances: Chances
    say: Say
    task: asyncio.Task[None] | None = None
    is_over: bool = False
    hung: int = 0
    """How often it hung."""

    async def passes(self, what: str, longest: float) -> None:
        """Time passes, and with it what may befall the process."""
        if await self.lives(what, longest):
            raise asyncio.CancelledError

    async def lives(self, what: str, longest: float) -> bool:
        """As `passes`; whether it is to stop, of which it knows as soon as it runs again after a stall."""
        if self.chances.fires("crash", self.name, what):
            self.die(f"dies at {what}")
        if self.is_over:
            raise asyncio.CancelledError
        if self.chances.fires("stall", self.name, what):
            self.hung += 1
            seconds = 200 + 800 * self.chances.share("stalled", self.name, what)
            self.say(self.name, f"hangs for {seconds:.0f} s at {what}")
            return await self._hangs(seconds)
        await asyncio.sleep(longest * self.chances.share("time", self.name, what) ** 2)
        return False

    def die(self, how: str) -> None:
        """End at once, as a process that is killed."""
        self.say(self.name, how)
        self.is_over = True
        if self.task is not None:
            self.task.cancel()

    async def _hangs(self, seconds: float) -> bool:
        """Whoever is to stop meanwhile does not hear of it before the end."""
        loop = asyncio.get_running_loop()
        until, is_to_stop = loop.time() + seconds, False
        while (left := until - loop.time()) > 0:
            try:
                await asyncio.sleep(left)
            except asyncio.CancelledError:
                is_to_stop = True
        return is_to_stop


@attrs.frozen
class SlowStore:
    """A store that takes its time, and before and after whose sessions a process may die or hang."""

    store: Store
    life: Life

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        """As `Store.begin`."""
        await self.life.passes("store", 0.02)
        async with self.store.begin(tenant, discard=discard) as session:
            yield session
        await self.life.passes("kept", 0.02)

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        """As `Store.read`."""
        async with self.store.read(tenant) as session:
            yield session
        await self.life.passes("read", 0.02)

    def begin_together(self) -> AbstractAsyncContextManager[Callable[[TenantId], Session]]:
        """As `Store.begin_together`."""
        return self.store.begin_together()

    def registry(self) -> AbstractAsyncContextManager[Registry]:
        """As `Store.registry`."""
        return self.store.registry()

    def read_registry(self) -> AbstractAsyncContextManager[Registry]:
        """As `Store.read_registry`."""
        return self.store.read_registry()

    async def health(self) -> StoreHealth:
        """As `Store.health`."""
        return await self.store.health()


@attrs.frozen
class Wire:
    """The network between a process and one service, on which requests and answers get lost or come late.

    `answered`: told of each request that was carried out.
    """

    remote: Transport
    life: Life
    timer: VirtualTimer
    answered: Callable[[], None]

    async def send(self, request: Request) -> Response:
        """The answer, if it comes."""
        what, writes = _what(request)
        life, name = self.life, self.life.name
        if what == "token":
            return await self.remote.send(request)
        hung_before = life.hung
        is_to_stop = await life.lives(what, 1.5)
        if self._fires("429", what):
            return Response(status=429, headers={"content-type": "application/json", "retry-after": "7"})
        if self._fires("unreachable", what):
            raise NotSent(f"{what}: no connection came about.")
        if writes and self._fires("request lost", what):
            await asyncio.sleep(PATIENCE)
            raise Lost
        if writes and self._fires("applied late", what):
            after = PATIENCE + 400 * life.chances.share("late", name, what)
            asyncio.get_running_loop().call_later(after, self._late, request, what)
            await asyncio.sleep(PATIENCE)
            raise Lost
        answer = await self._carried_out(request, is_late=life.hung > hung_before)
        if is_to_stop:
            raise asyncio.CancelledError
        if self._fires("answer lost", what):
            await asyncio.sleep(PATIENCE)
            raise Lost
        await life.passes(f"{what} answered", 1.5)
        return answer

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Streamed]:
        """As it is."""
        async with self.remote.stream(request) as streamed:
            yield streamed

    def _fires(self, kind: str, what: str) -> bool:
        fires = self.life.chances.fires(kind, self.life.name, what)
        if fires:
            self.life.say(self.life.name, f"{kind}: {what}")
        return fires

    async def _carried_out(self, request: Request, *, is_late: bool) -> Response:
        before = LATE.set(is_late)
        try:
            answer = await self.remote.send(request)
            self.answered()
        finally:
            LATE.reset(before)
        at = format_datetime(self.timer.now(), usegmt=True)
        return attrs.evolve(answer, headers={**answer.headers, "date": at})

    def _late(self, request: Request, what: str) -> None:
        self.life.say(self.life.name, f"its {what} arrives after all")
        _kept.add(task := asyncio.get_running_loop().create_task(self._carried_out(request, is_late=True)))
        task.add_done_callback(_kept.discard)


_kept: set[asyncio.Task[Response]] = set()
"""A loop holds its tasks by weak references alone."""


def _what(request: Request) -> tuple[str, bool]:
    """What a request asks for in one word or two, and whether it changes something."""
    function = parse_qs((request.body or b"").decode(errors="replace")).get("wsfunction", [""])[0]
    if function:
        return function, any(word in function for word in ("_create_", "_update_", "_enrol_", "_assign_"))
    path = urlsplit(request.url).path
    if path.endswith("/token"):
        return "token", False
    *_, last = path.rpartition("/crm/")
    place = last.partition("/")[2]
    return f"{request.method} {place}", request.method in ("PUT", "POST", "DELETE") and "coql" not in place


async def lives_on(life: Callable[[], Life], work: Callable[[Life], Coroutine[Any, Any, None]]) -> None:
    """A process that is started anew, some time after it died."""
    while True:
        mine = life()
        mine.task = asyncio.get_running_loop().create_task(work(mine))
        await asyncio.wait([mine.task])
        if not mine.is_over:
            mine.task.result()
            return
        await asyncio.sleep(1 + 60 * mine.chances.share("restart", mine.name))
        mine.say(mine.name, "starts anew")
