"""`mzi serve`, killed again and again while sources tell it things: what it acknowledged is never lost.

`python -m tests.processes.intake_kills`, or `nox -s kills`. Half the kills are over SQLite, half over
PostgreSQL. Whatever was not acknowledged is sent again after the next start, as a sender would; some messages
are sent twice at once, and some again that were acknowledged long ago. In the end the store is read by its
port: every acknowledged event must be there, each once, and each taken, parked or dead.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

import attrs
from tests import postgres
from tests.bench.callers import HOST, request
from tests.bench.children import MZI, serving
from tests.servers.background import listening
from tests.servers.zoho_students import settings_for

from mzi_adapters.sql import open_store, upgrade
from mzi_adapters.system import SystemClock
from mzi_adapters.testing.college import iter_students
from mzi_adapters.testing.remotes import known, sound_zoho
from mzi_adapters.vault import new_key
from mzi_core.event_proofs import SOURCE_HEADER, TOKEN_HEADERS, Scheme, signing_headers
from mzi_core.module import Side
from mzi_core.modules import STUDENTS
from mzi_core.ports import Event, EventQuery, EventState
from mzi_core.use_cases.take_events import LEASE
from mzi_core.values import DEFAULT_TENANT, TenantId
from mzi_http.services import open_use_cases
from mzi_http.settings import Secrets, Settings

IN_FLIGHT = 32
"""So many requests at least have no answer at a kill; one at which fewer were is not counted."""

CONNECTIONS = 64
LONGEST = 0.8
"""Seconds from the first answer of a process to its kill, at most."""

STUDENTS_TOLD = 2_000
IN_ZOHO = 1_500
"""Of these students so many are in Zoho; the others are gone there."""

ELSEWHERE = TenantId("north")
"""A tenant without an account at Zoho, where a bare hint is parked."""

AGAIN, TWICE = 0.08, 0.05
"""Of the requests so many repeat an acknowledged message; of new messages so many are sent twice at once."""

SETTLING = LEASE.total_seconds() + 120
"""Seconds: so long what a killed worker had claimed is left alone, and so long the rest may take."""

ZOHO_DOORS = ("/api/v1/events/zoho/student", "/v1/webhooks/student-dashboard/student_updated")
CHANNEL_DOOR = "/api/v1/events/zoho/channel"

_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_AGREED = 200
_COME_AGAIN = 503


class Unsound(AssertionError):
    """A promise was broken, or the trial could not be carried out."""


@attrs.frozen(kw_only=True)
class Sender:
    """A source and its secret, as whoever sends has them."""

    id: str
    tenant: TenantId
    scheme: Scheme
    secret: str = attrs.field(repr=False)

    def request(self, path: str, said: Mapping[str, object], id: str) -> bytes:
        """A request that proves by the source's scheme, at this moment, that the source has sent it."""
        headers: Mapping[str, str] = {}
        match self.scheme:
            case Scheme.HEADER:
                headers = {TOKEN_HEADERS[Side.ZOHO]: self.secret}
            case Scheme.URL:
                path = f"{path}?token={self.secret}"
            case Scheme.CHANNEL:
                said = {**said, "token": self.secret}
        body = json.dumps(said).encode()
        if not self.scheme.is_token:
            signed = signing_headers(Side.ZOHO, self.scheme, self.secret, body, id=id, at=datetime.now(UTC))
            headers = {**signed, SOURCE_HEADER: self.id}
        return request(path, body, **headers)


@attrs.frozen(kw_only=True, eq=False)
class SentMessage:
    """One message, whatever times it is sent. `records`: how many events it is in the store."""

    id: str
    sender: Sender
    path: str
    said: Mapping[str, object]
    records: int

    def request(self) -> bytes:
        """As it is sent now."""
        return self.sender.request(self.path, self.said, self.id)


def drawn(seed: str, number: int, senders: Sequence[Sender], students: Sequence[str]) -> SentMessage:
    """The message of a number; the same for the same seed."""
    dice = Random(f"{seed} {number}")
    sender, id = dice.choice(senders), f"{seed}-{number}"
    ids = dice.sample(students, dice.choice((1, 1, 1, 3)))
    said: dict[str, object] = {"event_id": id, "module": STUDENTS.remote_name, "operation": "update"}
    if sender.scheme is Scheme.CHANNEL:
        path, said = CHANNEL_DOOR, {**said, "ids": ids, "channel_id": "1"}
    else:
        path = dice.choice(ZOHO_DOORS)
        said |= {"zoho_id": ids[0]} if len(ids) == 1 else {"ids": ids}
    if dice.random() < 0.05:  # a rule whose merge field was not replaced
        said, ids = {**said, "zoho_id": "${!BTEC_Students.Id}"}, ids[:1]
        said.pop("ids", None)
    return SentMessage(id=id, sender=sender, path=path, said=said, records=len(ids))


@attrs.frozen(kw_only=True)
class KilledAt:
    """One kill. `in_flight`: requests without an answer; `unanswered`: those of them that never got one."""

    in_flight: int
    unanswered: int
    restart: float
    """Seconds from the start of the process to its first answer."""


@attrs.define(kw_only=True, eq=False)
class Traffic:
    """All senders together: what they send next, and what they know of what they have sent."""

    seed: str
    senders: Sequence[Sender]
    students: Sequence[str]
    messages: dict[str, SentMessage] = attrs.field(factory=dict)
    acknowledged: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    """The ids of events by the message's; none where the answer was cut off behind its head."""
    acknowledged_by: dict[str, datetime] = attrs.field(factory=dict)
    """When the process was started that acknowledged a message first."""
    started: datetime = attrs.field(factory=partial(datetime.now, UTC))
    unanswered: deque[SentMessage] = attrs.field(factory=deque)
    in_flight: set[int] = attrs.field(factory=set)
    """The numbers of requests that were sent and have no answer yet."""
    cut_off: set[int] = attrs.field(factory=set)
    """Of requests whose connection ended before their answer."""
    counts: Counter[str] = attrs.field(factory=Counter)
    answered: asyncio.Event = attrs.field(factory=asyncio.Event)
    dice: Random = attrs.field(init=False)
    _known: list[SentMessage] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.dice = Random(self.seed)

    def _new(self) -> SentMessage:
        message = drawn(self.seed, len(self.messages), self.senders, self.students)
        self.messages[message.id] = message
        return message

    def next(self, *, anew: bool) -> SentMessage | None:
        """What was not acknowledged comes first; `anew`: new messages behind it, and repetitions."""
        if self.unanswered:
            self.counts["sent again, unacknowledged"] += 1
            return self.unanswered.popleft()
        if not anew:
            return None
        chance = self.dice.random()
        if chance < AGAIN and self._known:
            self.counts["sent again, acknowledged"] += 1
            return self.dice.choice(self._known)
        message = self._new()
        if chance > 1 - TWICE:
            self.unanswered.append(message)
        return message

    async def connection(self, port: int, *, anew: bool) -> None:
        """Send one message after the other until the service is gone, or nothing is left.

        Raises Unsound for an answer that no right request may get.
        """
        try:
            reader, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            return
        try:
            while message := self.next(anew=anew):
                if not await self._sent(message, reader, writer):
                    return
        finally:
            writer.close()

    async def _sent(
        self, message: SentMessage, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether there was an answer."""
        self.counts["requests"] += 1
        number = self.counts["requests"]
        self.in_flight.add(number)
        try:
            writer.write(message.request())
            await self._answer(message, reader)
        except (OSError, asyncio.IncompleteReadError):
            self.cut_off.add(number)
            self.unanswered.append(message)
            return False
        finally:
            self.in_flight.discard(number)
        return True

    async def _answer(self, message: SentMessage, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        status, length = _STATUS.match(head), _LENGTH.search(head)
        if status is None or length is None:
            raise Unsound(f"No HTTP: {head!r}.")
        agreed = int(status[1]) == _AGREED
        if agreed:  # whatever becomes of the rest: a sender looks at nothing else
            self.acknowledged.setdefault(message.id, ())
            self.acknowledged_by.setdefault(message.id, self.started)
        body = await reader.readexactly(int(length[1]))
        if int(status[1]) == _COME_AGAIN:
            self.counts["told to come again"] += 1
            self.unanswered.append(message)
            return
        if not agreed:
            raise Unsound(f"A right request was answered with {int(status[1])}: {body!r}.")
        self.answered.set()
        self.counts["acknowledged"] += 1
        events = tuple(json.loads(body)["events"])
        before = self.acknowledged[message.id]
        if before and before != events:
            raise Unsound(f"{message.id} was answered with {events}, and before with {before}.")
        if not before:
            self._known.append(message)
        self.acknowledged[message.id] = events


@attrs.frozen(kw_only=True)
class Verdict:
    """What the store holds in the end, against what was acknowledged; each list must be empty."""

    events: int
    states: Mapping[EventState, int]
    lost: Sequence[str]
    """Acknowledged, and not stored; or stored in part."""
    twice: Sequence[str]
    unknown: Sequence[str]
    """Stored, and never sent."""
    known_again: int
    """Messages that were stored by a process that was killed before its answer came, and sent again."""

    @property
    def is_sound(self) -> bool:
        """Whether everything that was promised was kept."""
        return not (self.lost or self.twice or self.unknown or self.states[EventState.WAITING])


@attrs.define(kw_only=True, eq=False)
class Trial:
    """One store, its senders, and the service that is killed over it.

    `workers`: every other process also takes what it was told while it is killed.
    """

    name: str
    url: str
    folder: Path
    settings: Mapping[str, str]
    traffic: Traffic
    workers: bool
    kills: list[KilledAt] = attrs.field(factory=list)
    too_few: int = 0
    """Kills at which too few requests were in flight."""
    starts: int = 0

    @contextmanager
    def _serving(self, *, worker: bool) -> Iterator[tuple[int, int]]:
        """The service in a process of its own: its id, and its port."""
        self.starts += 1
        self.traffic.started = datetime.now(UTC)
        command = (*MZI, "--store", self.url, "serve", "--port", "0", *(() if worker else ("--no-worker",)))
        with serving(command, self.folder / f"{self.name}.log", self.settings) as service:
            yield service.pid, service.port

    async def kill(self) -> None:
        """Start the service, send from many connections, and kill it at a random moment."""
        self.traffic.answered.clear()
        begun = time.monotonic()
        with self._serving(worker=self.workers and self.starts % 2 == 0) as (pid, port):
            sending = [
                asyncio.create_task(self.traffic.connection(port, anew=True)) for _ in range(CONNECTIONS)
            ]
            first = asyncio.create_task(self.traffic.answered.wait())
            await asyncio.wait([first, *sending], timeout=60, return_when=asyncio.FIRST_COMPLETED)
            restart = time.monotonic() - begun
            if not first.done():
                os.kill(pid, signal.SIGKILL)
                await asyncio.gather(*sending)
                raise Unsound(f"Nothing was answered within a minute of the start; see {self.folder}.")
            after = self.traffic.dice.uniform(0, LONGEST)
            in_flight = await asyncio.to_thread(self._kill, pid, after)
            await asyncio.gather(*sending)
        unanswered = len(in_flight & self.traffic.cut_off)
        if unanswered >= IN_FLIGHT:
            self.kills.append(KilledAt(in_flight=len(in_flight), unanswered=unanswered, restart=restart))
        else:
            self.too_few += 1

    def _kill(self, pid: int, after: float) -> frozenset[int]:
        """Kill it after a while; which requests were in flight then.

        In a thread of its own: in the senders' own loop it could only be between two of their answers.
        """
        time.sleep(after)
        in_flight = frozenset(self.traffic.in_flight)
        os.kill(pid, signal.SIGKILL)
        return in_flight

    async def settle(self) -> Verdict:
        """Start once more, send what is left, wait until nothing waits, and look at all that is kept."""
        with self._serving(worker=True) as (_, port):
            await asyncio.gather(
                *(self.traffic.connection(port, anew=False) for _ in range(CONNECTIONS)),
            )
            if self.traffic.unanswered:
                raise Unsound(f"{len(self.traffic.unanswered)} messages find no answer in the end.")
            until = time.monotonic() + SETTLING
            async with open_store(self.url) as store:
                while time.monotonic() < until:
                    waiting = 0
                    for tenant in (DEFAULT_TENANT, ELSEWHERE):
                        async with store.read(tenant) as session:
                            waiting += (await session.event_counts()).get(EventState.WAITING, 0)
                    if not waiting:
                        break
                    await asyncio.sleep(0.5)
        return await self._verdict()

    async def _verdict(self) -> Verdict:
        kept = [event async for event in _all_events(self.url)]
        told = self.traffic
        by_message: dict[str, list[Event]] = defaultdict(list)
        for event in kept:
            by_message[event.sent_as or ""].append(event)
        acknowledged = {id for events in told.acknowledged.values() for id in events}
        lost = sorted(acknowledged - {event.id for event in kept})
        lost += [id for id in told.acknowledged if len(by_message[id]) < told.messages[id].records]
        lost += [
            id for id, events in by_message.items() if events and len(events) < told.messages[id].records
        ]
        once = Counter((event.source, event.sent_as, event.module, event.key) for event in kept)
        return Verdict(
            events=len(kept),
            states={state: sum(event.state is state for event in kept) for state in EventState},
            lost=lost,
            twice=[str(what) for what, times in once.items() if times > 1],
            known_again=sum(
                any(event.received_at < began for event in by_message[id])
                for id, began in told.acknowledged_by.items()
            ),
            unknown=[id for id in by_message if id not in told.messages],
        )

    def report(self, verdict: Verdict) -> str:
        """The figures, a line each."""
        flying = [each.in_flight for each in self.kills] or [0]
        cut = [each.unanswered for each in self.kills] or [0]
        restarts = [each.restart for each in self.kills] or [0.0]
        lines = {
            "kills counted": len(self.kills),
            "kills with too few in flight, not counted": self.too_few,
            "in flight at a kill, least/median/most": _spread(flying),
            "of these never answered, least/median/most": _spread(cut),
            "messages": len(self.traffic.messages),
            **self.traffic.counts,
            "messages acknowledged": len(self.traffic.acknowledged),
            "of these stored before a kill, known again after it": verdict.known_again,
            "events stored": verdict.events,
            **{f"events {state}": number for state, number in verdict.states.items()},
            "lost": len(verdict.lost),
            "stored twice": len(verdict.twice),
            "stored, never sent": len(verdict.unknown),
            "start to first answer, median/worst": f"{statistics.median(restarts):.2f}/{max(restarts):.2f} s",
        }
        return "\n".join([f"{self.name}:", *(f"  {what:<52} {value}" for what, value in lines.items())])


def _spread(numbers: Sequence[int]) -> str:
    return f"{min(numbers)}/{statistics.median(numbers):g}/{max(numbers)}"


async def _all_events(url: str) -> AsyncIterator[Event]:
    async with open_store(url) as store:
        for tenant in (DEFAULT_TENANT, ELSEWHERE):
            after = None
            while True:
                async with store.read(tenant) as session:
                    page = await session.events(EventQuery(after=after, limit=1000))
                for event in page:
                    yield event
                if not page:
                    break
                after = page[-1].id


async def ready(
    name: str, url: str, folder: Path, seed: int, zoho: Mapping[str, str], *, workers: bool
) -> Trial:
    """A trial over a store made at `url`, with a source of every scheme; `zoho`: how it is reached."""
    await upgrade(url)
    key = new_key()
    senders = []
    async with open_use_cases(Settings(store=url, secrets=Secrets(key=(key,)))) as use_cases:
        await use_cases.add_tenant(ELSEWHERE)
        for tenant, scheme in (*((DEFAULT_TENANT, each) for each in Scheme), (ELSEWHERE, Scheme.HEADER)):
            source, secret = await use_cases.sources.add(Side.ZOHO, scheme, tenant, scheme=scheme)
            senders.append(Sender(id=source.id, tenant=tenant, scheme=scheme, secret=secret))
    return Trial(
        name=name,
        url=url,
        folder=folder,
        settings={"MZI_SECRETS_KEY": key, **zoho},
        traffic=Traffic(
            seed=f"{seed}-{name}",
            senders=senders,
            students=[str(each["id"]) for each in iter_students(seed, STUDENTS_TOLD)],
        ),
        workers=workers,
    )


@contextmanager
def zoho_of(seed: int) -> Iterator[Mapping[str, str]]:
    """A Zoho with three of four of the students that are told about: what to set so that mzi asks it."""
    zoho = sound_zoho(SystemClock())
    for record in iter_students(seed, IN_ZOHO):
        zoho.add(STUDENTS.remote_name, known(zoho, STUDENTS.remote_name, record))
    with listening(zoho) as server:
        yield settings_for(zoho, server.url)


async def _trials(kills: int, seed: int, folder: Path, where: str, zoho: Mapping[str, str]) -> bool:
    import asyncpg

    admin = await asyncpg.connect(postgres.url_of(where, "postgres"))
    await admin.execute("CREATE DATABASE killed")
    await admin.close()
    urls = {"sqlite": f"sqlite:///{folder}/mzi.db", "postgresql": postgres.url_of(where, "killed")}
    trials = [await ready(name, url, folder, seed, zoho, workers=True) for name, url in urls.items()]
    begun = time.monotonic()
    for number, trial in enumerate(trials):
        wanted = kills // 2 + (kills % 2 if number else 0)
        while len(trial.kills) < wanted:
            await trial.kill()
            if trial.starts % 20 == 0:
                said = f"{trial.name}: {len(trial.kills)} kills, {time.monotonic() - begun:.0f} s"
                print(said, file=sys.stderr, flush=True)
    print(f"seed {seed}, {sum(len(trial.kills) for trial in trials)} kills")
    sound = True
    for trial in trials:
        verdict = await trial.settle()
        print(trial.report(verdict), flush=True)
        for what in (verdict.lost, verdict.twice, verdict.unknown):
            print(*what[:10], sep="\n", end="\n" if what else "", file=sys.stderr)
        sound = sound and verdict.is_sound
    print(f"{time.monotonic() - begun:.0f} s; {'nothing is lost' if sound else 'UNSOUND'}")
    return sound


def main() -> int:
    """Kill as often as is asked; 1 when anything was lost, doubled or left waiting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="over both stores together")
    parser.add_argument("--seed", type=int, default=20261130, help="of the messages and the moments")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mzi-kills"))
    with postgres.running() as where, zoho_of(asked.seed) as zoho:
        sound = asyncio.run(_trials(asked.kills, asked.seed, folder, where, zoho))
    if sound:
        shutil.rmtree(folder)
    else:
        print(f"The SQLite store and the logs are in {folder}.", file=sys.stderr)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
