"""A college in virtual time: people, a network, two workers of mzi, and what goes wrong between them."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import attrs
from tests.simulation.chances import Chances
from tests.simulation.grades import Grades
from tests.simulation.people import BUSY, CALM, People
from tests.simulation.process import LATE, Life, SlowStore, Wire, lives_on
from tests.simulation.virtual_loop import LoopTimer, VirtualLoop

from mzi_adapters.codecs import CodecBySide
from mzi_adapters.events import event_adapters
from mzi_adapters.memory import MemoryStore
from mzi_adapters.moodle import MoodleCodec
from mzi_adapters.testing.connections import SITE, TOKEN, FakeConnections
from mzi_adapters.testing.harness import CountedIds
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.session_guard import GuardedStore
from mzi_adapters.testing.zoho import FakeZoho, define_modules
from mzi_adapters.testing.zoho.changes import ZohoChange
from mzi_adapters.zoho import ZohoCodec
from mzi_core.errors import MziError
from mzi_core.flows.rules import FlowName
from mzi_core.flows.write_back import write_back_of
from mzi_core.module import Side
from mzi_core.modules import CATALOGUE, ZOHO_CATALOGUE
from mzi_core.ports import DeliveryState, Store
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.receive import Message
from mzi_core.values import DEFAULT_TENANT

FAULTS: Mapping[str, float] = {
    "crash": 0.003,
    "stall": 0.0012,
    "429": 0.01,
    "unreachable": 0.01,
    "request lost": 0.04,
    "applied late": 0.04,
    "answer lost": 0.02,
    "told thrice": 0.15,
    "told late": 0.1,
    "react": 0.2,
}
"""How likely it is each time that something goes wrong; to react is what a person does to our own write."""

SWEPT: Mapping[str, float] = {**FAULTS, "never told": 0.05}
"""Where somebody reconciles in the end, messages get lost too."""

SWEEP = 10.0
"""Seconds after which a worker looks again."""

PATCHED = 300.0
"""The same once it is quiet: nothing but what was put off comes due."""

QUIET = 100 * 3600.0
"""Seconds in which everything must come to rest: longer than ten tries take."""

MODULES = {"BTEC_Students": "students", "BTEC_Classes": "classes", "BTEC_Enrollments": "enrollments"}
MODULES |= {"BTEC_Grades": "grades", "BTEC": "units"}
"""By their names in Zoho, those of which it tells."""


@attrs.define(kw_only=True, eq=False)
class World:
    """One seed: everything in it, and what was seen to be wrong."""

    chances: Chances
    swept: bool
    loop: asyncio.AbstractEventLoop = attrs.field(factory=asyncio.get_running_loop)
    story: list[str] = attrs.field(factory=list, init=False)
    wrong: list[tuple[str, str]] = attrs.field(factory=list, init=False)
    """What must not be: of which kind, and in a sentence."""
    timer: LoopTimer = attrs.field(init=False)
    store: Store = attrs.field(init=False)
    zoho: FakeZoho = attrs.field(init=False)
    moodle: FakeMoodle = attrs.field(init=False)
    people: People = attrs.field(init=False)
    grades: Grades = attrs.field(init=False)
    intake: UseCases = attrs.field(init=False)
    _ids: CountedIds = attrs.field(factory=CountedIds, init=False)
    _tasks: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)
    _told_of: dict[tuple[str, int], dict[str, Any]] = attrs.field(factory=dict, init=False)
    _number: int = attrs.field(default=1000, init=False)
    _tells_of_ours: bool = attrs.field(init=False)
    until_told: float = attrs.field(default=0.0, init=False)
    """When the last message comes that is on its way."""

    def __attrs_post_init__(self) -> None:
        self.timer = LoopTimer(loop=self.loop)
        self.store = GuardedStore(MemoryStore(clock=self.timer))
        self.zoho = FakeZoho(clock=self.timer)
        define_modules(self.zoho)
        _bare(self.zoho)
        self.moodle = FakeMoodle(SITE, TOKEN, clock=self.timer)
        self.zoho.changes.tell = self._changed_in_zoho
        self.people = People(world=self)
        self.grades = Grades(world=self)
        self.intake = self.use_cases(Life(name="intake", chances=Chances(seed=0, odds={}), say=self.say))
        self._tells_of_ours = self.chances.share("zoho tells of our own writes") < 0.5

    # mzi

    def use_cases(self, life: Life) -> UseCases:
        """All that a process has of mzi."""
        store = SlowStore(self.store, life)
        connections = FakeConnections(
            store=store,
            timer=self.timer,
            to_zoho=lambda: Wire(self.zoho, life, self.timer, lambda: None),
            to_moodle=lambda: Wire(self.moodle, life, self.timer, lambda: self.look_at_moodle(by_mzi=True)),
        )
        return UseCases.over(
            store=store,
            codec=CodecBySide({Side.ZOHO: ZohoCodec, Side.MOODLE: MoodleCodec}),
            clock=self.timer,
            ids=self._ids,
            connections=connections,
            event_adapters=lambda: event_adapters(store),
        )

    async def work(self, life: Life) -> None:
        """What a worker does for as long as it lives."""
        mzi = self.use_cases(life)
        while True:
            worked = False
            try:
                for due in await mzi.events.find_due():
                    worked |= await self._worked(life, mzi, due)
            except MziError as error:
                self.say(life.name, f"cannot work: {error}")
            sweep = SWEEP if self.chances.is_on else PATCHED
            await asyncio.sleep(0.2 if worked else sweep * (0.5 + self.chances.share("sweep", life.name)))

    async def _worked(self, life: Life, mzi: UseCases, due: Any) -> bool:
        """Take and deliver what is due; whether anything came of it."""
        done = []

        def note(of: Any, what: Any) -> None:
            if getattr(what, "looked_at", 0) or getattr(what, "worked_on", 0):
                done.append(what)
            states = getattr(what, "states", None)
            said = what.put_off or (dict(states) if states else "")
            if said:
                self.say(life.name, f"{of.name}: {said}")

        await mzi.events.take_due(due.tenant, due.modules, done=note)
        await mzi.remote.deliver_due(due.tenant, due.flows, done=note)
        return bool(done)

    # the story

    def say(self, who: str, what: str) -> None:
        """A line of the story."""
        self.story.append(f"{self.loop.time():9.2f}  {who:8} {what}")

    def bad(self, kind: str, sentence: str) -> None:
        """Something that must not be."""
        self.wrong.append((kind, sentence))
        self.say("!!!", f"{kind}: {sentence}")

    def at(self, seconds: float, do: Callable[[], object]) -> None:
        """Do something so many seconds from now."""
        self.loop.call_later(seconds, do)

    # what is told

    def _changed_in_zoho(self, change: ZohoChange) -> None:
        ours = change.by is self.zoho.organization.robot
        held = _shown(self.zoho.records(change.module).get(change.record, {}), change.fields)
        self.say("mzi" if ours else "person", f"{change.operation} {change.module} {change.record} {held}")
        if change.module == "BTEC_Grades":
            self.grades.changed(change, is_late=LATE.get(), by_mzi=ours)
        if ours:
            self.people.sees_zoho(change)
        if not ours or self._tells_of_ours:
            module = CATALOGUE[MODULES[change.module]]
            said = {"zoho_id": change.record, "module": change.module}
            self.tell(Side.ZOHO, f"{module.singular}_updated", said, change.record)

    def tell(self, side: Side, door: str, content: Mapping[str, object], about: str) -> None:
        """A message to mzi, which may come late, three times, or never."""
        side_name, message = side.value, Message(door=door, content=content)
        if self.chances.fires("never told", side_name, about):
            self.say(side_name, f"never tells of {about}")
            return
        for _ in range(3 if self.chances.fires("told thrice", side_name, about) else 1):
            delay = 0.05 + 1.5 * self.chances.share("delay", side_name, about) ** 2
            if self.chances.fires("told late", side_name, about):
                delay += 120 * self.chances.share("delay", side_name, about)
            self.until_told = max(self.until_told, self.loop.time() + delay)
            self.at(delay, lambda: self._start(self._received(side, message)))

    async def _received(self, side: Side, message: Message) -> None:
        await self.intake.events.receive(DEFAULT_TENANT, "src", side, [message])

    def _start(self, work: Any) -> None:
        self._tasks.add(task := self.loop.create_task(work))
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.bad("unforeseen", repr(error))

    def look_at_moodle(self, *, by_mzi: bool = False) -> None:
        """Moodle's plugin tells of what has changed since the last time."""
        site = self.moodle.site
        for user in site.people.rows.values():
            if user.id > 3:
                facts = {"username": user.username, "email": user.email, "idnumber": user.idnumber}
                names = {"firstname": user.firstname, "lastname": user.lastname}
                if self._fact("user", user.id, {"userid": user.id, **facts, **names}) and by_mzi:
                    self.people.sees_account(user.id)
        for course in site.courses.values():
            if course.id > 1:
                facts = {"shortname": course.shortname, "fullname": course.fullname}
                self._fact("course", course.id, {"courseid": course.id, **facts, "idnumber": course.idnumber})

    def _fact(self, noun: str, id: int, facts: dict[str, Any]) -> bool:
        """Whether there is something new to tell."""
        before = self._told_of.get((noun, id))
        if before == facts:
            return False
        self._told_of[noun, id] = facts
        self.say("moodle", f"{noun} {id} is {facts}")
        self.fact(f"{noun}_{'created' if before is None else 'updated'}", f"{noun} {id}", facts)
        if noun == "course" and before is None:
            self.people.sees_course(id)
        return True

    def fact(self, kind: str, about: str, data: dict[str, Any]) -> None:
        """An event of Moodle's plugin, with facts."""
        self._number += 1
        at = int(self.timer.now().timestamp())
        said = {"event_type": kind, "event_data": data, "timestamp": at, "moodle_event_id": self._number}
        self.tell(Side.MOODLE, "webhooks", {**said, "event_id": f"event {self._number}"}, about)

    # the run

    async def run(self) -> None:
        """People edit and things go wrong; then it is quiet, and everything must come to rest."""
        await self.rules()
        self.chances.is_on = False
        self.people.begin()
        workers = [
            self.loop.create_task(lives_on(partial(self._life, name), self.work)) for name in ("one", "two")
        ]
        await asyncio.sleep(CALM)
        self.chances.is_on = True
        await asyncio.sleep(BUSY)
        self.say("world", "is quiet from now on")
        self.chances.is_on = False
        await asyncio.sleep(max(0.0, self.until_told - self.loop.time()) + 1000)
        if self.swept:
            await self._reconcile()
        await self._comes_to_rest(workers)
        for worker in workers:
            worker.cancel()
        await asyncio.wait(workers)

    async def rules(self) -> None:
        """All flows run by themselves, and who is new gets an account."""
        async with self.store.begin(DEFAULT_TENANT) as session:
            settings = await session.settings()
            rules = {"flows": [each.value for each in FlowName], "create_accounts": True}
            await session.save_settings(attrs.evolve(settings, rules=rules))

    def _life(self, name: str) -> Life:
        return Life(name=name, chances=self.chances, say=self.say)

    async def _comes_to_rest(self, workers: Collection[asyncio.Task[None]]) -> None:
        until = self.loop.time() + QUIET
        while self.loop.time() < until:
            await asyncio.sleep(2000)
            for worker in workers:
                if worker.done():
                    worker.result()
            if not await self._at_work():
                return

    async def _at_work(self) -> bool:
        """Whether anything is due, or is to be looked at once more."""
        async with self.store.read(DEFAULT_TENANT) as session:
            flows = [each.flow for each in await session.flows()]
            due = [x for flow in flows for x in await session.deliveries(flow, DeliveryState.DUE)]
            done = [x for flow in flows for x in await session.deliveries(flow, DeliveryState.SETTLED)]
            return bool(due) or any(each.look_at is not None for each in done)

    async def _reconcile(self) -> None:
        """Everything of both sides is pulled once."""
        self.say("world", "everything is pulled")
        mzi = self.intake.remote
        for module in CATALOGUE.in_order():
            if module.side is Side.MOODLE:
                moodles = await mzi.pull_moodle.plan(DEFAULT_TENANT, module)
                async for _ in mzi.pull_moodle(moodles):
                    pass
            elif module.name in MODULES.values():
                zohos = await mzi.plan_pull(DEFAULT_TENANT, module, full=True)
                async for _ in mzi.pull(zohos):
                    pass


def _bare(zoho: FakeZoho) -> None:
    """Leave the fields that mzi knows, and none beside them: to describe hundreds takes most of a run."""
    for module in ZOHO_CATALOGUE:
        table = zoho.organization.tables[module.remote_name]
        known = {name for field in module.fields for name in field.names} | {*_OF_THE_SYSTEM, "Name"}
        if module.name in MODULES.values() and module.name != "units":
            back = write_back_of(module)
            known |= {*back.flags, *back.moments, *back.reasons}
        for name in [name for name in table.fields if name not in known]:
            del table.fields[name]


_OF_THE_SYSTEM = ("id", "Owner", "Created_By", "Modified_By", "Created_Time", "Modified_Time", "Record_Image")


def _shown(record: Mapping[str, Any], fields: Collection[str]) -> dict[str, object]:
    """What a record says in these fields, in short."""
    found = {name: record.get(name) for name in fields if name not in _OF_THE_SYSTEM}
    short = {name: value["id"] if isinstance(value, dict) else value for name, value in found.items()}
    return {name: value for name, value in short.items() if value not in (None, [])}


@attrs.frozen(kw_only=True)
class Ran:
    """What came of one seed."""

    seed: int
    swept: bool
    wrong: Collection[tuple[str, str]]
    story: Collection[str]
    fired: Collection[str]


def run(
    seed: int, *, swept: bool = False, off: Collection[str] = (), odds: Mapping[str, float] | None = None
) -> Ran:
    """Run one seed to its end."""
    from tests.simulation.checks import check

    logging.disable(logging.CRITICAL)
    chances = Chances(seed=seed, odds=odds if odds is not None else SWEPT if swept else FAULTS, off=off)

    async def whole() -> World:
        world = World(chances=chances, swept=swept)
        await world.run()
        await check(world)
        return world

    try:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            world = runner.run(whole())
    finally:
        logging.disable(logging.NOTSET)
    return Ran(seed=seed, swept=swept, wrong=world.wrong, story=world.story, fired=chances.fired)
