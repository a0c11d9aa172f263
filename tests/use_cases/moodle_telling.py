"""A college whose Moodle tells mzi what happens, with what stands on the shelf afterwards."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import attrs

from mzi_adapters.memory import MemoryStore
from mzi_adapters.moodle.events import MoodleEvents
from mzi_adapters.testing.harness import FixedClock, Harness
from mzi_adapters.testing.session_guard import GuardedStore
from mzi_core.module import AnyModule, Side
from mzi_core.modules import CATALOGUE
from mzi_core.ports import DeliveryKey, Event, EventState, Query, Store, Stored, StoredDelivery
from mzi_core.use_cases.receive import Message
from mzi_core.use_cases.take_events import EventsTaken
from mzi_core.values import DEFAULT_TENANT, MoodleKey, RecordId, TenantId

AT = 1770640200
AFTER_THE_RECORDINGS = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
ACCOUNTLESS = TenantId("accountless")

Said = dict[str, Any]


@attrs.frozen
class TellingMoodle:
    """The harness, and the tenant that is told something: by default one with an account at Moodle."""

    mzi: Harness
    tenant: TenantId = DEFAULT_TENANT

    async def told(self, *events: object, door: str = "webhooks") -> Sequence[Event]:
        messages = [Message(door=door, content=[event]) for event in events]
        return await self.mzi.use_cases.events.receive(self.tenant, "src", Side.MOODLE, messages)

    async def taken(self) -> EventsTaken:
        """Everything that is due is taken; what became of it."""
        done = [EventsTaken()]
        for due in await self.mzi.use_cases.events.find_due():
            await self.mzi.use_cases.events.take_due(
                due.tenant, due.modules, done=lambda _, each: done.append(each)
            )
        return sum(done[1:], done[0])

    async def tell(self, *events: object) -> EventsTaken:
        """What became of events that came in one request."""
        await self.told(*events)
        return await self.taken()

    async def sent(self, event: Said) -> None:
        """What an event tells of a record that is there, as the record itself, by `POST /moodle/…`."""
        (told,) = MoodleEvents().read("webhooks", {**event, "event_id": 1}, {})
        assert told.module is not None
        at = self.mzi.clock.now()
        made = Event(id=RecordId("1"), source="src", kind=told.kind, received_at=at, body=told.body)
        await self.mzi.use_cases.sync(self.tenant, CATALOGUE[told.module], [MoodleEvents().record(made)])

    async def event(self, event: Event) -> Event:
        return await self.mzi.use_cases.events.show(self.tenant, event.id)

    async def states(self, events: Sequence[Event]) -> list[EventState]:
        return [(await self.event(each)).state for each in events]

    async def row(self, module: str, key: str) -> Stored[Any] | None:
        async with self.mzi.store.read(self.tenant) as session:
            found = await session.stored(CATALOGUE[module], [MoodleKey(key)])
        return found.get(MoodleKey(key))

    async def live(self, module: str, key: str) -> Any:
        """The record, which must be there and not deleted."""
        row = await self.row(module, key)
        assert row is not None
        assert row.deleted_at is None
        return row.entity

    async def is_gone(self, module: str, key: str) -> bool:
        """Whether the record was there, and is marked deleted."""
        row = await self.row(module, key)
        return row is not None and row.deleted_at is not None

    async def delivery(self, module: str, key: str) -> StoredDelivery:
        async with self.mzi.store.read(self.tenant) as session:
            found = await session.delivery(DeliveryKey(f"take:{module}", key))
        assert found is not None
        return found

    async def shelves(self) -> dict[str, list[Said]]:
        """Every live record of Moodle's, by module and key, without what orders versions."""
        found: dict[str, list[Said]] = {}
        for module in CATALOGUE:
            if module.side is Side.MOODLE:
                found[module.name] = await self._shelf(module)
        return found

    async def _shelf(self, module: AnyModule) -> list[Said]:
        async with self.mzi.store.read(self.tenant) as session:
            found = await session.list(module, Query())
        rows = [attrs.asdict(attrs.evolve(row.entity, field_versions=())) for row in found]
        return sorted(rows, key=lambda row: str(row["moodle_key"]))


async def telling(tenant: TenantId = DEFAULT_TENANT, store: Store | None = None) -> TellingMoodle:
    """A college over memory or another store, of which nothing has been told yet."""
    clock = FixedClock(start=AFTER_THE_RECORDINGS)
    made = Harness(store=store or GuardedStore(MemoryStore(clock=clock)), clock=clock)
    if tenant != DEFAULT_TENANT:
        async with made.store.registry() as registry:
            await registry.add_tenant(tenant, clock.now())
    return TellingMoodle(made, tenant)


def fact(kind: str, number: int | None = None, *, at: int = AT, **data: Any) -> Said:
    """An event as the plugin sends it, with facts."""
    said: Said = {"event_type": kind, "event_data": data, "timestamp": at, "moodle_event_id": number}
    return {**said, "event_id": _id(f"{kind} {number} {at} {sorted(data.items())}")}


def _id(what: str) -> str:
    """An id for what is told, which is no longer than one may be."""
    return sha256(what.encode()).hexdigest()


def hint(kind: str, number: int | None = None, *, at: int = AT, **own: Any) -> Said:
    """An event of Moodle's own, without facts."""
    raw = {"eventname": rf"\core\event\{kind}", "userid": "2", "timecreated": at, **own}
    said: Said = {"event_type": kind, "moodle_event": raw, "event_data": [], "moodle_event_id": number}
    return {**said, "event_id": f"{kind} {number} {at} {own}"}


def user(id: int, **fields: Any) -> Said:
    return fact("user_created", userid=id, username=f"u{id}", email=f"u{id}@campus.example", **fields)


def course(id: int, **fields: Any) -> Said:
    return fact("course_created", courseid=id, shortname=f"C{id}", fullname=f"Course {id}", **fields)
