"""Requests by the thousand of whoever means harm, or is broken: `python -m tests.http.hostile_requests`.

Or `nox -s hostile`. Part of them schemathesis draws from the OpenAPI document; of the others half prove
rightly who sends them, and half of these are wrong at one place. Doors and lists come from the document. Each
is answered in a documented way, none with a 5xx but while the store is away, nothing that is not proved is
kept, and memory stays as it is. Some go over a socket, where their framing can be broken too.
"""

import argparse
import asyncio
import ctypes
import gc
import logging
import socket
import sys
import tempfile
import time
from array import array
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from mmap import PAGESIZE
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote

import attrs
import h11
import uvicorn
from tests import postgres
from tests.http.answer_tally import Answered, Tally, table
from tests.http.drawn_requests import ELSEWHERE, Asked, Generator, ProvenSource, doors_of
from tests.http.serving import Api, serving
from tests.http.test_connection_limits import until
from tests.http.test_hostile import memory_used

from mzi_adapters.sql import open_store, upgrade
from mzi_adapters.testing.college import build
from mzi_core.errors import StoreUnavailable
from mzi_core.event_proofs import (
    SCHEMES_OF,
    Scheme,
)
from mzi_core.flows import take_flow
from mzi_core.module import Side
from mzi_core.modules import ZOHO_CATALOGUE
from mzi_core.ports import DeliveryKey, EventQuery, EventState, Store, StoreHealth
from mzi_core.use_cases import UseCases
from mzi_core.values import DEFAULT_TENANT
from mzi_http.connection_limits import ConnectionLimits, configured

AT_ONCE = 24
"""Requests that are on their way at the same time."""

DRAWN_SHARE, WIRE_SHARE, AWAY_SHARE = 0.15, 0.05, 0.01
"""Of all requests: drawn by schemathesis, sent over a socket, sent while the store is away."""

MOST_MEMORY = 32 * 2**20
"""Bytes by which the process may be larger at the end than after the first half: room for a large body or two
that the allocator has cut up. Of 100,000 requests, two kilobytes kept of each would be 40 MB."""


async def ask(app: Any, asked: Asked, dice: Random) -> Answered:
    """Call the service, as a server would whose caller sends the body in parts."""
    if not any(name in (b"content-length", b"transfer-encoding") for name, _ in asked.headers):
        framing = (b"transfer-encoding", b"chunked") if dice.random() < 0.15 else None
        asked.headers.append(framing or (b"content-length", str(len(asked.body)).encode()))
    parts = [asked.body]
    if len(asked.body) > 1 and dice.random() < 0.3:
        at = dice.randrange(1, len(asked.body))
        parts = [asked.body[:at], b"", asked.body[at:]]
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]
    waiting = iter(messages)
    said: dict[str, Any] = {"status": 0, "headers": {}}
    body: list[bytes] = []

    async def receive() -> dict[str, Any]:
        message = next(waiting, None)
        if message is None:
            await asyncio.sleep(3600)
        return message or {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            said["status"] = message["status"]
            said["headers"] = {bytes(name).lower(): bytes(value) for name, value in message["headers"]}
        else:
            body.append(message.get("body", b""))

    raw = asked.path.encode("utf-8", "surrogateescape")
    await app(
        {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": asked.method,
            "scheme": "http",
            "path": unquote(asked.path),
            "raw_path": raw,
            "root_path": "",
            "query_string": asked.query.encode(),
            "headers": asked.headers,
            "client": (asked.address, 1),
            "server": ("mzi.test", 80),
        },
        receive,
        send,
    )
    return Answered(said["status"], said["headers"], b"".join(body))


UNFINISHED = "unfinished"
FRAMINGS: Sequence[tuple[str, Callable[[bytes, bytes], bytes]]] = (
    ("", lambda head, body: head + b"content-length: %d\r\n\r\n" % len(body) + body),
    ("", lambda head, body: head + b"transfer-encoding: chunked\r\n\r\n" + _chunked(body)),
    (UNFINISHED, lambda head, body: head + b"content-length: %d\r\n\r\n" % (len(body) + 9) + body),
    (UNFINISHED, lambda head, body: head + b"transfer-encoding: chunked\r\n\r\n" + _chunked(body)[:-5]),
    (UNFINISHED, lambda head, body: head[: len(head) // 2]),
    ("framing", lambda head, body: head + b"content-length: %d\r\n\r\n" % max(0, len(body) - 9) + body),
    ("framing", lambda head, body: head + b"content-length: 5, 6\r\n\r\n" + body),
    ("framing", lambda head, body: head + b"content-length: +5\r\n\r\n" + body),
    ("framing", lambda head, body: head + b"content-length: 5\r\ncontent-length: 6\r\n\r\n" + body),
    ("framing", lambda head, body: head + b"content-length: 5\r\ncontent-length: 5\r\n\r\n" + body),
    (
        "framing",
        lambda head, body: head + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n" + _chunked(body),
    ),
    ("framing", lambda head, body: head + b"transfer-encoding: gzip, chunked\r\n\r\n" + _chunked(body)),
    ("framing", lambda head, body: head + b"transfer-encoding: xchunked\r\n\r\n" + _chunked(body)),
    ("framing", lambda head, body: head + b"transfer-encoding: chunked\r\n\r\nzz\r\n" + body),
    ("framing", lambda head, body: head + b"transfer-encoding: chunked\r\n\r\n-1\r\n" + body),
    ("framing", lambda head, body: head + b"transfer-encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\n" + body),
    ("framing", lambda head, body: head + b"transfer-encoding: chunked\r\n\r\n2\r\n{}xx0\r\n\r\n"),
    (
        "framing",
        lambda head, body: (
            head + b"transfer-encoding: chunked\r\n\r\n" + _chunked(body, b"X: " + b"y" * 40_000)
        ),
    ),
    ("framing", lambda head, body: head + b"x-a: b\r\n folded\r\ncontent-length: 0\r\n\r\n"),
    ("framing", lambda head, body: head + b"x-a: b\rx-b: c\r\ncontent-length: 0\r\n\r\n"),
    ("framing", lambda head, body: head + b"x-a : b\r\ncontent-length: 0\r\n\r\n"),
    ("framing", lambda head, body: head + b": b\r\ncontent-length: 0\r\n\r\n"),
    ("framing", lambda head, body: head + b"x-a\r\ncontent-length: 0\r\n\r\n"),
    ("framing", lambda head, body: head + b"x-a: \x00\r\ncontent-length: 0\r\n\r\n"),
    ("framing", lambda head, body: head.replace(b"\r\n", b"\n") + b"content-length: 0\n\n"),
    ("framing", lambda head, body: head + b"x-a: " + b"y" * 70_000 + b"\r\n\r\n"),
    ("framing", lambda head, body: head.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n" + body),
    ("framing", lambda head, body: head.replace(b"HTTP/1.1", b"HTTP/9.9") + b"content-length: 0\r\n\r\n"),
    ("framing", lambda head, body: b"\x16\x03\x01\x02\x00\x01" + head),
    ("framing", lambda head, body: b"\r\n\r\n" + head + b"content-length: 0\r\n\r\n"),
    ("framing", lambda head, body: head + b"upgrade: websocket\r\nconnection: upgrade\r\n\r\n"),
)
"""How a request is put on the wire: two right ways, and others. What is unfinished is broken off."""


def _chunked(body: bytes, trailer: bytes = b"") -> bytes:
    """The body in two chunks."""
    half = len(body) // 2
    chunks = (body[:half], body[half:])
    sent = b"".join(b"%x;a=b\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks if chunk)
    return sent + b"0\r\n" + (trailer + b"\r\n" if trailer else b"") + b"\r\n"


async def ask_on_wire(port: int, asked: Asked, dice: Random) -> list[Answered]:
    """Send it over a socket, alone on its connection: every answer that came."""
    # What is no HTTP may have been a HEAD or not, so that nobody can tell whether its answer has a body.
    is_right = asked.method == "HEAD" or dice.random() < 0.5
    wrong, framed = dice.choice(FRAMINGS[:2] if is_right else FRAMINGS)
    if wrong:
        asked.wrong, asked.right = wrong, None if asked.right else asked.right
    target = (asked.path + (f"?{asked.query}" if asked.query else "")).encode("utf-8", "surrogateescape")
    head = b"%b %b HTTP/1.1\r\nhost: mzi.test\r\nconnection: close\r\nx-forwarded-for: %b\r\n" % (
        asked.method.encode(),
        target,
        asked.address.encode(),
    )
    head += b"".join(
        b"%b: %b\r\n" % pair
        for pair in asked.headers
        if pair[0] not in (b"host", b"x-forwarded-for", b"content-length", b"transfer-encoding", b"expect")
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(framed(head, asked.body))
        if wrong == UNFINISHED:
            writer.write_eof()
        said = await asyncio.wait_for(reader.read(), 60)
    except ConnectionError:
        return []
    finally:
        writer.close()
    return list(_answers(said, asked.method))


def _answers(said: bytes, method: str) -> Iterator[Answered]:
    """The answers in what came over a connection. Raises h11.RemoteProtocolError for anything else."""
    while said:
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method=method or "GET", target="/", headers=[("host", "x")]))
        client.send(h11.EndOfMessage())
        client.receive_data(said)
        client.receive_data(b"")
        status, headers, body = 0, {}, b""
        while not isinstance(event := client.next_event(), h11.EndOfMessage | h11.ConnectionClosed):
            if isinstance(event, h11.Response):
                status, headers = event.status_code, {bytes(k).lower(): bytes(v) for k, v in event.headers}
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif not isinstance(event, h11.InformationalResponse):
                break
        yield Answered(status, headers, body)
        said, _ = client.trailing_data


class Switched:
    """A store that is away while it is told to be."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_away = False

    def __getattr__(self, name: str) -> Any:
        if self.is_away:
            raise StoreUnavailable("The store is being moved.")
        return getattr(self._store, name)

    async def health(self) -> StoreHealth:
        """As the store's, while it is there."""
        if self.is_away:
            return attrs.evolve(await self._store.health(), ready=False, message="It is being moved.")
        return await self._store.health()


def memory_now() -> int:
    """Bytes of this process that are in memory; where no system tells, at its peak.

    Without what glibc keeps of the memory that was given back: a body of 17 MB leaves a hole that is no leak.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[1]) * PAGESIZE if told.exists() else memory_used()


async def _sources(use_cases: UseCases) -> tuple[list[ProvenSource], ProvenSource]:
    """A source of every scheme and origin in two tenants, and one that was revoked."""
    await use_cases.add_tenant(ELSEWHERE)
    found = []
    for tenant in (DEFAULT_TENANT, ELSEWHERE):
        for origin, schemes in SCHEMES_OF.items():
            for scheme in schemes:
                source, secret = await use_cases.sources.add(origin, f"{scheme}", tenant, scheme=scheme)
                found.append(
                    ProvenSource(id=source.id, origin=origin, tenant=tenant, scheme=scheme, secret=secret)
                )
    source, secret = await use_cases.sources.add(Side.ZOHO, "gone", DEFAULT_TENANT, scheme=Scheme.HMAC)
    await use_cases.sources.revoke(source.id)
    gone = ProvenSource(
        id=source.id, origin=Side.ZOHO, tenant=DEFAULT_TENANT, scheme=Scheme.HMAC, secret=secret
    )
    return found, gone


def _college_bodies(seed: int) -> tuple[dict[str, list[object]], dict[str, list[str]]]:
    """Records to send, by the last part of a path, and what may stand in one."""
    college = build(students=40, seed=seed)
    marking = {"raw": "2.8", "feedback": "Sources added."}
    bodies: dict[str, list[object]] = {
        "": [{"data": [{"id": "1"}]}],
        "decide": [
            {"marking": marking, "record_as": "4101_1001_55"},
            {"markings": [{"marking": marking, "record_as": "4101_1001_56"}, {"marking": {"raw": "3"}}]},
        ],
        "simulate": [{"policy": {"base": "btec-default", "merit_from": "2.75"}}, {"policy": "percent"}],
        "rules": [{"create_courses": True, "flows": ["grade"]}, {"flows": None, "withdrawal": "leave"}],
        "redrive": [
            {"flow": "take:students", "keys": ["1"]},
            {"flow": "grade", "all": True, "dry_run": True},
        ],
        "pause": [{"reason": "Zoho is moved."}],
        "choose": [{"choice": 7}],
        "users": [{"users": [{"id": 4101, "username": "rana", "email": "rana@college.example"}]}],
        "courses": [{"courses": [{"id": 1001, "shortname": "NET-1", "fullname": "Networks"}]}],
        "enrollments": [{"enrollments": [{"userid": 4101, "courseid": 1001}]}],
    }
    mark = {
        "userid": 4101,
        "courseid": 1001,
        "assignid": 55,
        "attemptnumber": 0,
        "rawgrade": "1.5",
        "assigngrademax": "4",
    }
    zoho_grades = list(college.records["grades"])[:10]
    bodies["grades"] = [{"grades": [mark]}, *({"data": [record]} for record in zoho_grades)]
    ids = []
    for module in ZOHO_CATALOGUE:
        records = list(college.records[module.name])[:20]
        ids += [str(record["id"]) for record in records if "id" in record]
        if module.name != "grades":
            bodies.setdefault(module.name, []).extend({"data": [record]} for record in records)
    paths = {
        "zoho_id": ids,
        "id": ["019f0000-0000-7000-8000-000000000001", "not-an-id"],
        "flow": ["account", "grade", "~Z3JhZGU"],  # not those in which the events are taken that are counted
        "key": ["4101_1001_55", "4101_1001_56", "x", "~cm9vbSA3"],
        "kind": ["account", "course", "withdrawal", "person"],
        "moodle_key": ["4101", "4101_1001_55"],
        "door": [
            "student_updated",
            "class_created",
            "payment_recorded",
            "btec_definition_deleted",
            "student",
        ],
        "token": ["x" * 40],
    }
    return bodies, paths


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the lines that the service logs about what was wrong."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@asynccontextmanager
async def _on_wire(app: Any) -> AsyncIterator[int]:
    """The service behind a socket: its port."""
    limits = ConnectionLimits(most=200)
    server = uvicorn.Server(configured(app, limits=limits, grace=1))
    with socket.create_server(("127.0.0.1", 0)) as bound:
        running = asyncio.create_task(server.serve(sockets=[bound]))
        await until(lambda: server.started)
        try:
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            await running


@attrs.define(kw_only=True, eq=False)
class Onslaught:
    """Requests against a service over one store."""

    api: Api
    store: Switched
    generator: Generator
    tally: Tally
    dice: Random

    async def run(self, requests: int) -> int:
        """Send them; gives the bytes by which the process has grown in the second half."""
        wire, away = int(requests * WIRE_SHARE), max(10, int(requests * AWAY_SHARE))
        inside = requests - wire - away
        loop = asyncio.get_running_loop()
        before_us = loop.get_exception_handler()
        loop.set_exception_handler(self._trouble)
        async with _on_wire(self.api.app) as port:
            await self._many(wire // 2, lambda asked: self._sent(port, asked))
            await self._many(inside // 2, self._asked)
            before = memory_now()
            await self._many(wire - wire // 2, lambda asked: self._sent(port, asked))
            await self._many(inside - inside // 2, self._asked)
            grown = memory_now() - before
        self.store.is_away = True
        await self._many(away, self._asked)
        self.store.is_away = False
        loop.set_exception_handler(before_us)
        await self._count()
        return grown

    def _trouble(self, _: asyncio.AbstractEventLoop, told: dict[str, Any]) -> None:
        """What nobody has caught."""
        self.tally.fault(f"{told.get('message')}: {told.get('exception')!r}")

    async def _many(self, number: int, send: Callable[[Asked], Any]) -> None:
        left = iter(range(number))

        async def one_after_the_other() -> None:
            for each in left:
                if each % 200 == 0:  # what the service remembers gets old
                    self.api.mzi.clock.advance(timedelta(seconds=2))
                await send(self._drawn())

        await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))

    def _drawn(self) -> Asked:
        asked = self.generator.draw()
        self.tally.signed += asked.signed
        self.tally.spoilt += asked.signed and bool(asked.wrong)
        return asked

    async def _asked(self, asked: Asked) -> None:
        is_away = self.store.is_away
        try:
            answered = await asyncio.wait_for(ask(self.api.app, asked, self.dice), 120)
        except Exception as error:
            self.tally.fault(f"raised {error!r}\n  {asked}")
            return
        self.tally.note(asked, answered, is_away=is_away)

    async def _sent(self, port: int, asked: Asked) -> None:
        try:
            answers = await ask_on_wire(port, asked, self.dice)
        except (h11.RemoteProtocolError, TimeoutError) as error:
            self.tally.fault(f"on the wire {error!r}\n  {asked}")
            return
        if not answers:
            self.tally.unanswered += 1
        for answered in answers:
            self.tally.note(asked, answered)

    async def _settle(self) -> None:
        """Take all that is due, as the service does beside: no event keeps another one waiting.

        What Moodle hints at waits, for there is no account, and says so. Pairs stay due: nobody delivers any.
        """
        taking = self.api.mzi.use_cases.events
        while due := [each for each in await taking.find_due() if each.modules]:
            for each in due:
                await taking.take_due(each.tenant, each.modules)
        waiting = 0
        for tenant in (DEFAULT_TENANT, ELSEWHERE):
            async with self.store.read(tenant) as session:
                for event in await session.events(EventQuery(state=EventState.WAITING, limit=100_000)):
                    flow = take_flow(event.module or "")
                    delivery = await session.delivery(DeliveryKey(flow, str(event.key)))
                    waiting += delivery is None or not delivery.reason
        if waiting:
            self.tally.fault(f"{waiting} events find no end.")

    async def _count(self) -> None:
        """As many events are stored as were answered for."""
        stored = 0
        for tenant in (DEFAULT_TENANT, ELSEWHERE):
            async with self.store.read(tenant) as session:
                stored += sum((await session.event_counts()).values())
        await self._settle()
        answered = len(set(self.tally.accepted))
        print(f"events: {answered} answered for, {stored} stored")
        if stored != answered:
            self.tally.fault(f"{stored} events are stored, and {answered} were answered for.")


async def onslaught(url: str, requests: int, seed: int, tally: Tally) -> int:
    """Send so many over the store at `url`, which is migrated; how much memory that took in the end."""
    async with AsyncExitStack() as stack:
        store = Switched(await stack.enter_async_context(open_store(url)))
        api = await stack.enter_async_context(serving(store, with_key=False))
        use_cases = api.mzi.use_cases
        sources, revoked = await _sources(use_cases)
        _, key = await use_cases.new_key("tests", DEFAULT_TENANT)
        _, other_key = await use_cases.new_key("north", ELSEWHERE)
        document = (await api.client.get("/openapi.json")).json()
        bodies, ids = _college_bodies(seed)
        generator = Generator(
            doors=doors_of(document),
            sources=sources,
            revoked=revoked,
            key=key,
            other_key=other_key,
            now=api.mzi.clock.now,
            dice=Random(seed),
            bodies=bodies,
            ids=ids,
        )
        with _quiet():
            return await Onslaught(
                api=api, store=store, generator=generator, tally=tally, dice=Random(seed + 1)
            ).run(requests)


async def _both(requests: int, seed: int, folder: Path, where: str, tally: Tally) -> None:
    import asyncpg

    admin = await asyncpg.connect(postgres.url_of(where, "postgres"))
    await admin.execute("CREATE DATABASE hostile")
    await admin.close()
    for name, url in (
        ("sqlite", f"sqlite:///{folder}/mzi.db"),
        ("postgresql", postgres.url_of(where, "hostile")),
    ):
        await upgrade(url)
        tally.accepted = array("Q")
        begun = time.monotonic()
        grown = await onslaught(url, requests // 2, seed, tally)
        seed += 2
        print(
            f"{name}: {requests // 2} requests in {time.monotonic() - begun:.0f} s; "
            f"memory {grown / 2**20:+.1f} MiB in the second half",
            flush=True,
        )
        if grown > MOST_MEMORY:
            tally.fault(f"The process grew by {grown / 2**20:.1f} MiB in the second half.")


def main() -> int:
    """Send as many as is asked; 1 when any was answered as it should not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20261130)
    asked = parser.parse_args()
    tally = Tally()
    drawn_number = int(asked.requests * DRAWN_SHARE)
    with tempfile.TemporaryDirectory(prefix="mzi-hostile") as folder, postgres.running() as where:
        asyncio.run(_both(asked.requests - drawn_number, asked.seed, Path(folder), where, tally))
    from tests.http.document_requests import drawn_from_document  # it takes a second to import

    begun = time.monotonic()
    with _quiet():
        drawn_from_document(drawn_number, asked.seed, tally)
    print(f"drawn from the document: {drawn_number} requests in {time.monotonic() - begun:.0f} s")
    print(table(tally))
    for what, number in sorted(tally.wrongs.items()):
        print(f"  {number:>7} {what}")
    own = asked.requests - drawn_number
    print(
        f"of {own} requests of our own {tally.signed} were proved rightly, "
        f"{tally.spoilt} of these wrong at one place"
    )
    print(
        f"seed {asked.seed}: {tally.requests} requests, {tally.unanswered} closed without an answer, "
        f"{len(tally.faults)} faults"
    )
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
