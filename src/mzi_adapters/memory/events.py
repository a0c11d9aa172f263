"""Events that sources told."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

import attrs

from mzi_adapters.memory.scope import TenantTables
from mzi_core.ports import Event, EventQuery, EventState, Forgotten
from mzi_core.ports.events import refuse_waiting
from mzi_core.values import RecordId, RecordKey


@attrs.frozen
class Events(TenantTables):
    """The part of a session that is about events."""

    def _mine(self) -> Iterator[Event]:
        return (each for (tenant, _), each in self.tables.events.items() if tenant == self.tenant)

    def _set_event(self, event: Event) -> Event:
        self.tables.events.put((self.tenant, event.id), event)
        return event

    async def keep_events(self, events: Sequence[Event]) -> Sequence[Event]:
        return [self._kept(event) for event in events]

    def _kept(self, event: Event) -> Event:
        if event.repeats is None:
            return self._set_event(event)
        place = (self.tenant, event.source, event.repeats)
        first: RecordId | None = self.tables.repeatable.get(place)
        if first is not None:
            found: Event = self.tables.events[self.tenant, first]
            return found
        self.tables.repeatable.put(place, event.id)
        return self._set_event(event)

    async def waiting_events(self, module: str, keys: Collection[RecordKey], limit: int) -> Sequence[Event]:
        found = (
            each
            for each in self._mine()
            if each.state is EventState.WAITING and each.module == module and each.key in keys
        )
        return sorted(found, key=lambda each: each.id)[:limit]

    async def taken_events(
        self, module: str, keys: Collection[RecordKey], kind: str, limit: int
    ) -> Sequence[Event]:
        found = (
            each
            for each in self._mine()
            if each.state is EventState.TAKEN
            and (each.module, each.kind) == (module, kind)
            and each.key in keys
        )
        return sorted(found, key=lambda each: each.id, reverse=True)[:limit]

    async def end_events(
        self, ids: Collection[RecordId], state: EventState, reason: str, at: datetime
    ) -> int:
        waiting = [each for each in self._named(ids) if each.state is EventState.WAITING]
        for each in waiting:
            self._set_event(attrs.evolve(each, state=state, reason=reason, ended_at=at))
        return len(waiting)

    async def replay_events(self, ids: Collection[RecordId]) -> Sequence[Event]:
        ended = [each for each in self._named(ids) if each.state is not EventState.WAITING]
        return [
            self._set_event(attrs.evolve(each, state=EventState.WAITING, reason="", ended_at=None))
            for each in ended
        ]

    def _named(self, ids: Collection[RecordId]) -> list[Event]:
        found = (self.tables.events.get((self.tenant, id)) for id in dict.fromkeys(ids))
        return [each for each in found if each is not None]

    async def event(self, id: RecordId) -> Event | None:
        return self.tables.events.get((self.tenant, id))

    async def events(self, query: EventQuery) -> Sequence[Event]:
        wanted = {
            name: value
            for name in ("source", "kind", "state", "module", "key")
            if (value := getattr(query, name)) is not None
        }
        found = (
            each
            for each in self._mine()
            if all(getattr(each, name) == value for name, value in wanted.items())
            and (query.after is None or each.id < query.after)
        )
        return sorted(found, key=lambda each: each.id, reverse=True)[: query.limit]

    async def event_counts(self) -> Mapping[EventState, int]:
        return Counter(each.state for each in self._mine())

    async def oldest_waiting(self) -> datetime | None:
        waiting = (each for each in self._mine() if each.state is EventState.WAITING)
        oldest = min(waiting, key=lambda each: each.id, default=None)
        return None if oldest is None else oldest.received_at

    async def last_heard(self, sources: Collection[str]) -> Mapping[str, datetime]:
        newest = sorted((each for each in self._mine() if each.source in sources), key=lambda each: each.id)
        return {each.source: each.received_at for each in newest}

    async def forget_events(
        self,
        state: EventState,
        before: datetime,
        *,
        keeping: Collection[str] = (),
        after: RecordId | None = None,
        limit: int = 1000,
    ) -> Forgotten:
        refuse_waiting(state)
        behind = [each for each in self._mine() if each.state is state and (after is None or each.id > after)]
        seen = sorted(behind, key=lambda each: each.id)[:limit]
        old = [each for each in seen if each.received_at < before]
        gone = [each for each in old if each.kind not in keeping]
        for each in gone:
            self.tables.events.drop((self.tenant, each.id))
            self.tables.repeatable.drop((self.tenant, each.source, each.repeats))
        return Forgotten(len(gone), old[-1].id if len(old) == limit > 0 else None)
