"""`mzi worker` and `mzi serve`, killed again and again while they write to Zoho and Moodle.

`python -m tests.processes.worker_kills`, or `nox -s worker_kills`. Half the kills are over SQLite, half over
PostgreSQL; both remotes stand behind sockets, answer after some milliseconds, and carry out what had reached
them when the worker died. People change records all the while. A kill counts only while a write is under way.
In the end everything is delivered, and both sides are compared record by record: nothing may be missing,
nothing twice, and nothing given up.
"""

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, cast
from urllib.parse import parse_qs

import attrs
import sqlalchemy as sa
from tests import postgres
from tests.bench.children import MZI, environment

from mzi_adapters.sql import open_store, upgrade
from mzi_adapters.sql.tables import DELIVERIES
from mzi_adapters.system import SystemClock
from mzi_adapters.testing.connections import TOKEN
from mzi_adapters.testing.loopback import serving
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.remotes import sound_moodle, sound_zoho, zoho_settings
from mzi_adapters.testing.zoho import FakeZoho
from mzi_adapters.vault import new_key
from mzi_adapters.web import Request, Response, Streamed, Transport
from mzi_core.flows.rules import FlowName
from mzi_core.modules import CATALOGUE
from mzi_core.ports import DeliveryState
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.claim_endings import DEADLY
from mzi_core.use_cases.deliver import LEASE, SECOND_LOOK
from mzi_core.values import DEFAULT_TENANT
from mzi_http.services import open_use_cases
from mzi_http.settings import Secrets, Settings
from mzi_http.sources import variable_of

SLOWEST = 0.04
"""Seconds before a remote carries out a request, at most, and as many before it answers."""

STUDENTS, CLASSES, UNIT = 40, 4, "5398830000060000001"
EDITS = 12
"""How much people change before each start."""

AWAKE = 20.0
"""Seconds in which a worker that has something to do begins to write."""

LETTERS = {1: "R", 2: "P", 3: "M", 4: "D"}
FLOWS = [FlowName.ACCOUNT, FlowName.COURSE, FlowName.ENROLMENT, FlowName.GRADE]
_ASKING = ("/coql", "/oauth")
_CHANGING = ("create", "update", "enrol", "assign", "delete")


class Unsound(AssertionError):
    """A promise was broken, or the trial could not be carried out."""


@attrs.define(eq=False)
class Slow:
    """A remote that takes its time, and knows how many writes are under way."""

    remote: Transport
    dice: Random
    writing: int = 0
    writes: int = 0

    async def send(self, request: Request) -> Response:
        """The answer; whoever asked may be gone before it."""
        is_write = _writes(request)
        self.writing += is_write
        self.writes += is_write
        try:
            await asyncio.sleep(self.dice.uniform(0, SLOWEST))
            answer = await self.remote.send(request)
            await asyncio.sleep(self.dice.uniform(0, SLOWEST))
            return answer
        finally:
            self.writing -= is_write

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]:
        """As it is: nothing of it is written."""
        return self.remote.stream(request)


def _writes(request: Request) -> bool:
    function = parse_qs((request.body or b"").decode(errors="replace")).get("wsfunction", [""])[0]
    if function:
        return any(word in function.split("_", 2)[-1] for word in _CHANGING)
    return request.method != "GET" and not any(part in request.url for part in _ASKING)


@attrs.define(kw_only=True, eq=False)
class Trial:
    """A college over one store, its people, and the workers that die."""

    name: str
    url: str
    folder: Path
    dice: Random
    key: str
    zoho: FakeZoho = attrs.field(factory=lambda: sound_zoho(SystemClock()))
    moodle: FakeMoodle = attrs.field(factory=lambda: sound_moodle(SystemClock()))
    slow: Sequence[Slow] = ()
    variables: Mapping[str, str] = attrs.field(factory=dict)
    marks: dict[str, int] = attrs.field(factory=dict)
    """What the last mark of each student in each class is, by the composite key."""
    counts: Counter[str] = attrs.field(factory=Counter)
    starts: int = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[UseCases]:
        """The use cases of whoever takes in what people do: nobody kills them."""
        settings = Settings(store=self.url, secrets=Secrets(key=(self.key,)))
        async with open_use_cases(settings) as use_cases:
            yield use_cases

    async def begin(self) -> None:
        """People, classes and who is in them, and a college that lets mzi do everything."""
        await upgrade(self.url)
        async with self.open() as use_cases:
            flows = [flow.value for flow in FLOWS]
            await use_cases.set_rules(DEFAULT_TENANT, {"flows": flows, "create_accounts": True})
            self.zoho.add("BTEC", {"id": UNIT, "Name": "Networking"})
            for number in range(STUDENTS):
                self.zoho.add("BTEC_Students", _student(number))
            for number in range(CLASSES):
                self.zoho.add("BTEC_Classes", _class(number))
            for module in ("units", "students", "classes"):
                await self.told(use_cases, module)

    async def told(self, use_cases: UseCases, module: str, *ids: str) -> None:
        """Records come in as Zoho has them: those that are named, or all."""
        records = self.zoho.records(CATALOGUE[module].remote_name)
        some = [records[id] for id in ids] if ids else list(records.values())
        await use_cases.sync(DEFAULT_TENANT, CATALOGUE[module], some)

    async def people(self, use_cases: UseCases) -> None:
        """Some of what people do in a day, and what mzi hears of it."""
        for _ in range(EDITS):
            await self.dice.choice((self._edit, self._edit, self._enrol, self._enrol, self._mark))(use_cases)

    async def _edit(self, use_cases: UseCases) -> None:
        number = self.dice.randrange(STUDENTS)
        self.zoho.edit("BTEC_Students", _person(number), {"Last_Name": f"Example{self.dice.randrange(999)}"})
        await self.told(use_cases, "students", _person(number))

    async def _enrol(self, use_cases: UseCases) -> None:
        student, class_ = self.dice.randrange(STUDENTS), self.dice.randrange(CLASSES)
        id = f"53988300005{student:04d}{class_:04d}"
        if id in self.zoho.records("BTEC_Enrollments"):
            return
        record = {"Enrolled_Students": {"id": _person(student)}, "Classes": {"id": _course(class_)}}
        self.zoho.add("BTEC_Enrollments", {"id": id, **record})
        await self.told(use_cases, "enrollments", id)

    async def _mark(self, use_cases: UseCases) -> None:
        users = {user.idnumber: user for user in self.moodle.site.people.rows.values() if user.idnumber}
        courses = {course.idnumber: course for course in self.moodle.site.courses.values() if course.idnumber}
        user = users.get(_person(self.dice.randrange(STUDENTS)))
        course = courses.get(_course(self.dice.randrange(CLASSES)))
        if user is None or course is None:
            return
        key, raw = f"{user.id}_{course.id}_{900 + course.id}", self.dice.choice(list(LETTERS))
        self.marks[key] = raw
        at = int(time.time()) - 100_000 + len(self.marks) + self.counts["marks"]
        self.counts["marks"] += 1
        mark = {
            "userid": user.id,
            "courseid": course.id,
            "assignid": 900 + course.id,
            "attemptnumber": 0,
            "rawgrade": str(raw),
            "assigngrademax": "4",
            "submissionstatus": "submitted",
            "timegraded": at,
            "timemodified": at,
        }
        for module, record in (
            ("moodle_users", {"id": user.id, "username": user.username}),
            ("moodle_courses", {"id": course.id, "fullname": course.fullname}),
            ("moodle_marks", mark),
        ):
            await use_cases.sync(DEFAULT_TENANT, CATALOGUE[module], [record])

    def _started(self) -> "subprocess.Popen[bytes]":
        """A worker, or every third time a service with one inside."""
        self.starts += 1
        command = ("serve", "--dev", "--port", "0") if self.starts % 3 == 0 else ("worker",)
        with (self.folder / f"{self.name}.log").open("ab") as log:
            return subprocess.Popen(
                [*MZI, "--store", self.url, *command],
                env={**environment(), **self.variables},
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )

    async def kill(self, use_cases: UseCases) -> bool:
        """Start one worker or two, and kill all while they write; False where they found nothing to write."""
        await self.people(use_cases)
        workers = [self._started() for _ in range(self.dice.choice((1, 1, 2)))]
        try:
            until, wanted = time.monotonic() + AWAKE, self.dice.randrange(1, 8)
            begun = sum(each.writes for each in self.slow)
            while time.monotonic() < until:
                under_way = sum(each.writing for each in self.slow)
                if under_way and sum(each.writes for each in self.slow) - begun >= wanted:
                    await asyncio.sleep(self.dice.uniform(0, SLOWEST))
                    if sum(each.writing for each in self.slow):
                        self.counts["kills"] += 1
                        self.counts["writes under way"] += sum(each.writing for each in self.slow)
                        return True
                if any(worker.poll() is not None for worker in workers):
                    raise Unsound(f"A worker ended by itself; see {self.folder}.")
                await asyncio.sleep(0.001)
            return False
        finally:
            for worker in workers:
                os.kill(worker.pid, signal.SIGKILL)
            for worker in workers:
                await asyncio.to_thread(worker.wait)
            await self.later(LEASE + timedelta(minutes=1))

    async def later(self, by: timedelta) -> None:
        """So much time passes for what is due: leases end, and what was put off is due."""
        moments = ("due_at", "leased_until", "look_at")
        async with open_store(self.url) as store:
            engine = store._engine
            async with engine.begin() as connection:
                c = DELIVERIES.c
                waiting = sa.or_(c.leased_until.is_not(None), c.look_at.is_not(None), c.state == "due")
                rows = (await connection.execute(sa.select(DELIVERIES).where(waiting))).all()
                for row in rows:
                    moved = {
                        name: cast("datetime", moment) - by
                        for name in moments
                        if (moment := getattr(row, name)) is not None
                    }
                    its = (c.tenant_id == row.tenant_id, c.flow == row.flow, c.key == row.key)
                    await connection.execute(sa.update(DELIVERIES).where(*its).values(**moved))

    async def settle(self, use_cases: UseCases) -> None:
        """Work until nothing is due any more, also not later.

        Who is killed at nearly every write is sooner or later killed ten times over one pair; a person has
        that one tried again.
        """
        await self._redrive(use_cases)
        for _ in range(12):
            worker = self._started()
            try:
                until = time.monotonic() + 3 * AWAKE
                while time.monotonic() < until and await self._is_due(use_cases):  # noqa: ASYNC110
                    await asyncio.sleep(0.3)  # it is another process that works
            finally:
                worker.terminate()
                if await asyncio.to_thread(worker.wait, 60) not in (0, -signal.SIGTERM):
                    raise Unsound(f"The worker did not end well; see {self.folder}.")
            before = sum(each.writes for each in self.slow)
            await self.later(SECOND_LOOK + timedelta(minutes=1))
            if not await self._is_due(use_cases) and before == sum(each.writes for each in self.slow):
                return
        raise Unsound("It never comes to rest.")

    async def _redrive(self, use_cases: UseCases) -> None:
        for flow in FLOWS:
            async with use_cases.store.read(DEFAULT_TENANT) as session:
                dead = await session.deliveries(flow, DeliveryState.DEAD)
            deadly = [each.key for each in dead if each.reason == DEADLY]
            done = await use_cases.deliveries.redrive(DEFAULT_TENANT, flow, deadly)
            self.counts["taken for deadly and tried again"] += done.number

    async def _is_due(self, use_cases: UseCases) -> bool:
        async with use_cases.store.read_registry() as registry:
            return bool(await registry.due_flows())

    async def wrong(self, use_cases: UseCases) -> Sequence[str]:
        """Whatever both sides do not agree about."""
        told = list(self._people_and_courses())
        told += self._enrolments()
        told += self._grades()
        async with use_cases.store.read(DEFAULT_TENANT) as session:
            for flow in FLOWS:
                for state in (each for each in DeliveryState if each is not DeliveryState.SETTLED):
                    found = await session.deliveries(flow, state)
                    told += (f"{flow} {each.key} is {state}: {each.reason}" for each in found)
        return told

    def _people_and_courses(self) -> Sequence[str]:
        told = []
        users = [user for user in self.moodle.site.people.rows.values() if user.idnumber and not user.deleted]
        for id, student in self.zoho.records("BTEC_Students").items():
            theirs = [user for user in users if user.idnumber == id]
            if len(theirs) != 1:
                told.append(f"student {id} has {len(theirs)} accounts")
            elif (theirs[0].lastname, str(theirs[0].id)) != (
                student["Last_Name"],
                student.get("Student_Moodle_ID"),
            ):
                told.append(f"student {id} differs from account {theirs[0].id}")
        for id, class_ in self.zoho.records("BTEC_Classes").items():
            courses = [each for each in self.moodle.site.courses.values() if each.idnumber == id]
            if len(courses) != 1 or str(courses[0].id) != class_.get("Moodle_Class_ID"):
                told.append(f"class {id} has the courses {[each.id for each in courses]}")
        return told

    def _enrolments(self) -> Sequence[str]:
        told = []
        links = self._links()
        wanted: Counter[tuple[int, int]] = Counter()
        for id, record in self.zoho.records("BTEC_Enrollments").items():
            user = links[cast("dict[str, Any]", record["Enrolled_Students"])["id"]]
            course = links[cast("dict[str, Any]", record["Classes"])["id"]]
            wanted[user, course] += 1
            if record.get("Moodle_Course_ID") != str(course):
                told.append(f"enrolment {id} was not told of course {course}")
        for course in {course for _, course in wanted}:
            there = Counter(each.userid for each in self.moodle.site.enrolments.of(course))
            meant = {user for user, of in wanted if of == course}
            if there != Counter(meant):
                told.append(f"course {course} has {sorted(there.elements())} and should have {sorted(meant)}")
        return told

    def _links(self) -> Mapping[str, int]:
        users = {each.idnumber: each.id for each in self.moodle.site.people.rows.values() if each.idnumber}
        return users | {each.idnumber: each.id for each in self.moodle.site.courses.values() if each.idnumber}

    def _grades(self) -> Sequence[str]:
        said = Counter(
            (str(each["Moodle_Grade_Composite_Key"]), str(each["Grade"]))
            for each in self.zoho.records("BTEC_Grades").values()
        )
        meant = Counter((key, LETTERS[raw]) for key, raw in self.marks.items())
        return [
            f"{what} is {said[what]} times there, not {meant[what]}"
            for what in said.keys() | meant.keys()
            if said[what] != meant[what]
        ]


def _person(number: int) -> str:
    return f"5398830000009{number:06d}"


def _course(number: int) -> str:
    return f"5398830000007{number:06d}"


def _student(number: int) -> dict[str, object]:
    address = f"a{number}@college.example"
    named = {"Name": f"A{number}", "First_Name": "Rana", "Last_Name": f"Example{number}"}
    return {"id": _person(number), "Academic_Email": address, **named}


def _class(number: int) -> dict[str, object]:
    names = {"Class_Name": f"Networking {number}", "Class_Short_Name": f"NET-{number}"}
    return {"id": _course(number), "Class_Status": "Active", "Unit": {"id": UNIT}, **names}


async def tried(trial: Trial, kills: int) -> Sequence[str]:
    """Kill so often, and say what both sides do not agree about in the end."""
    trial.slow = [Slow(remote, trial.dice) for remote in (trial.zoho, trial.moodle)]
    async with serving(trial.slow[0]) as at_zoho, serving(trial.slow[1]) as at_moodle:
        trial.zoho.accounts_url = trial.zoho.api_url = at_zoho.url
        trial.moodle.url = at_moodle.url
        reached = {
            **zoho_settings(trial.zoho, at_zoho.url),
            "moodle.url": at_moodle.url,
            "moodle.token": TOKEN,
            "secrets.key": trial.key,
        }
        trial.variables = {variable_of(name): value for name, value in reached.items()}
        await trial.begin()
        async with trial.open() as use_cases:
            idle = 0
            while trial.counts["kills"] < kills:
                idle = 0 if await trial.kill(use_cases) else idle + 1
                if idle == 5:
                    raise Unsound(f"Five workers found nothing to write; see {trial.folder}.")
            await trial.settle(use_cases)
            return await trial.wrong(use_cases)


async def _trials(kills: int, seed: int, folder: Path, where: str) -> bool:
    import asyncpg

    admin = await asyncpg.connect(postgres.url_of(where, "postgres"))
    await admin.execute("CREATE DATABASE killed")
    await admin.close()
    urls = {"sqlite": f"sqlite:///{folder}/mzi.db", "postgresql": postgres.url_of(where, "killed")}
    sound = True
    for number, (name, url) in enumerate(urls.items()):
        begun = time.monotonic()
        dice = Random(f"{seed} {name}")
        trial = Trial(name=name, url=url, folder=folder, dice=dice, key=new_key())
        wrong = await tried(trial, kills // 2 + (kills % 2 if number else 0))
        sent = sum(each.writes for each in trial.slow)
        figures = {**trial.counts, "writes sent": sent, "grades": len(trial.marks), "starts": trial.starts}
        said = ", ".join(f"{number:,} {what}" for what, number in figures.items())
        print(f"{name}: {said}, {time.monotonic() - begun:.0f} s; wrong: {len(wrong)}", flush=True)
        print(*wrong[:20], sep="\n", end="\n" if wrong else "", flush=True)
        sound = sound and not wrong
    return sound


def main() -> int:
    """Kill as often as is asked; 1 when both sides do not agree in the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="over both stores together")
    parser.add_argument("--seed", type=int, default=20261201, help="of what people do, and of the moments")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mzi-worker-kills"))
    with postgres.running() as where:
        sound = asyncio.run(_trials(asked.kills, asked.seed, folder, where))
    if sound:
        shutil.rmtree(folder)
    else:
        print(f"The SQLite store and the logs are in {folder}.", file=sys.stderr)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
