"""Events that sources told."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from mzi_adapters.sql.counts import Counted
from mzi_adapters.sql.scope import AnyRow
from mzi_adapters.sql.tables import COUNTS, EVENTS
from mzi_core.ports import Event, EventQuery, EventState, Forgotten
from mzi_core.ports.events import refuse_waiting
from mzi_core.values import RecordId, RecordKey

COUNTED = "event log"
"""The name under which events are counted: that of no module, for it has a blank."""

_FIELDS = tuple(field.name for field in attrs.fields(Event))
_OURS = [EVENTS.c[name] for name in _FIELDS]


class Events(Counted):
    """The part of a session that is about events."""

    __slots__ = ()

    async def keep_events(self, events: Sequence[Event]) -> Sequence[Event]:
        """Keep events; for each what is kept."""
        kept = await self._add(events) if events else {}
        await self.counted(COUNTED, Counter(each.state.value for each in kept.values()), Counter())
        if len(kept) == len(events):
            return events
        first = await self._repeated([each for each in events if each.id not in kept])
        return [kept.get(each.id) or first[each.source, str(each.repeats)] for each in events]

    async def _add(self, events: Sequence[Event]) -> dict[RecordId, Event]:
        """Those that are no repetition; in one order, or two sessions could wait for each other."""
        by_id = {each.id: each for each in events}
        ordered = sorted(events, key=lambda each: (each.source, each.repeats or "", each.id))
        added = await self.run(
            self.insert(EVENTS).on_conflict_do_nothing().returning(EVENTS.c.id),
            [self._row(each) for each in ordered],
        )
        return {id: by_id[id] for id in added.scalars()}

    def _row(self, event: Event) -> dict[str, Any]:
        return {
            "tenant_id": self.tenant,
            **{name: getattr(event, name) for name in _FIELDS},
            "state": event.state.value,
        }

    async def _repeated(self, events: Sequence[Event]) -> dict[tuple[str, str], Event]:
        found: dict[tuple[str, str], Event] = {}
        for source in dict.fromkeys(each.source for each in events):
            repeats = [str(each.repeats) for each in events if each.source == source]
            rows = await self._select(
                EVENTS.c.source == source,
                EVENTS.c.repeats.is_not(None),  # or SQLite would not use the index
                self.among(EVENTS.c.repeats, list(dict.fromkeys(repeats))),
            )
            found |= {(source, str(each.repeats)): each for each in rows}
        return found

    async def _select(self, *conditions: sa.ColumnElement[bool]) -> list[Event]:
        rows = await self.run(sa.select(*_OURS).where(self.mine(EVENTS), *conditions))
        return [_event(row) for row in rows]

    async def waiting_events(self, module: str, keys: Collection[RecordKey], limit: int) -> Sequence[Event]:
        """The events about these records that nobody has taken yet, the oldest first."""
        if not keys:
            return []
        rows = await self.run(
            sa.select(*_OURS)
            .where(
                self.mine(EVENTS),
                EVENTS.c.state == sa.literal_column(f"'{EventState.WAITING.value}'"),
                EVENTS.c.module == module,
                self.among(EVENTS.c.key, keys),
            )
            .order_by(EVENTS.c.id)
            .limit(limit)
        )
        return [_event(row) for row in rows]

    async def taken_events(
        self, module: str, keys: Collection[RecordKey], kind: str, limit: int
    ) -> Sequence[Event]:
        """The events of a kind about these records that were taken, the newest first."""
        if not keys:
            return []
        rows = await self.run(
            sa.select(*_OURS)
            .where(
                self.mine(EVENTS),
                EVENTS.c.module == module,
                self.among(EVENTS.c.key, keys),
                EVENTS.c.state == EventState.TAKEN.value,
                EVENTS.c.kind == kind,
            )
            .order_by(EVENTS.c.id.desc())
            .limit(limit)
        )
        return [_event(row) for row in rows]

    async def end_events(
        self, ids: Collection[RecordId], state: EventState, reason: str, at: datetime
    ) -> int:
        """Say what became of events that wait."""
        ended = await self._change(
            EVENTS.c.state == EventState.WAITING.value,
            ids,
            {"state": state.value, "reason": reason, "ended_at": at},
            (EventState.WAITING,),
        )
        return len(ended)

    async def replay_events(self, ids: Collection[RecordId]) -> Sequence[Event]:
        """Let ended events wait again."""
        there = await self._select(self._among_ids(ids)) if ids else []
        ended = [each for each in there if each.state is not EventState.WAITING]
        values = {"state": EventState.WAITING.value, "reason": "", "ended_at": None}
        again = await self._change(
            EVENTS.c.state != EventState.WAITING.value, [each.id for each in ended], values, ()
        )
        await self.counted(COUNTED, Counter(), Counter(each.state.value for each in ended))
        return sorted(again, key=lambda each: each.id)

    async def _change(
        self,
        which: sa.ColumnElement[bool],
        ids: Collection[RecordId],
        values: Mapping[str, Any],
        before: Sequence[EventState],
    ) -> list[Event]:
        """Change those of these events that are as they must be; all of them were in the state `before`."""
        if not ids:
            return []
        rows = await self.run(
            sa.update(EVENTS)
            .where(self.mine(EVENTS), which, self._among_ids(ids))
            .values(values)
            .returning(*_OURS)
        )
        found = [_event(row) for row in rows]
        was = Counter({state.value: len(found) for state in before})
        await self.counted(COUNTED, Counter({str(values["state"]): len(found)}), was)
        return found

    def _among_ids(self, ids: Collection[RecordId]) -> sa.ColumnElement[bool]:
        return EVENTS.c.id.in_(list(dict.fromkeys(ids)))

    async def event(self, id: RecordId) -> Event | None:
        """One event."""
        found = await self._select(EVENTS.c.id == id)
        return found[0] if found else None

    async def events(self, query: EventQuery) -> Sequence[Event]:
        """Events, the newest first."""
        wanted = {"source": query.source, "kind": query.kind, "module": query.module, "key": query.key}
        conditions = [EVENTS.c[name] == value for name, value in wanted.items() if value is not None]
        if query.state is not None:
            conditions.append(EVENTS.c.state == query.state.value)
        if query.after is not None:
            conditions.append(EVENTS.c.id < query.after)
        rows = await self.run(
            sa.select(*_OURS)
            .where(self.mine(EVENTS), *conditions)
            .order_by(EVENTS.c.id.desc())
            .limit(query.limit)
        )
        return [_event(row) for row in rows]

    async def event_counts(self) -> Mapping[EventState, int]:
        """How many events are in each state."""
        rows = await self.run(
            sa.select(COUNTS.c.state, COUNTS.c.number).where(
                self.mine(COUNTS), COUNTS.c.module == COUNTED, COUNTS.c.number > 0
            )
        )
        return {EventState(state): number for state, number in rows}

    async def oldest_waiting(self) -> datetime | None:
        """When the event was received that waits and has the first id."""
        rows = await self.run(
            sa.select(EVENTS.c.received_at)
            .where(self.mine(EVENTS), EVENTS.c.state == EventState.WAITING.value)
            .order_by(EVENTS.c.id)
            .limit(1)
        )
        return rows.scalars().one_or_none()

    async def last_heard(self, sources: Collection[str]) -> Mapping[str, datetime]:
        """Of each source the one event with the last id, which its index finds."""
        if not sources:
            return {}
        newest = [
            sa.select(EVENTS.c.source, EVENTS.c.received_at)
            .where(self.mine(EVENTS), EVENTS.c.source == source)
            .order_by(EVENTS.c.id.desc())
            .limit(1)
            .subquery()
            for source in sorted(set(sources))
        ]
        rows = await self.run(sa.union_all(*(sa.select(each) for each in newest)))
        return {row.source: row.received_at for row in rows}

    async def forget_events(
        self,
        state: EventState,
        before: datetime,
        *,
        keeping: Collection[str] = (),
        after: RecordId | None = None,
        limit: int = 1000,
    ) -> Forgotten:
        """Forget the old among the first events of a state behind one."""
        refuse_waiting(state)
        # Looked at before they are forgotten: by their time alone, those that stay would be read each time.
        conditions = [EVENTS.c.id > after] if after is not None else []
        rows = await self.run(
            sa.select(EVENTS.c.id, EVENTS.c.kind, EVENTS.c.received_at)
            .where(self.mine(EVENTS), EVENTS.c.state == state.value, *conditions)
            .order_by(EVENTS.c.id)
            .limit(limit)
        )
        old = [row for row in rows if row.received_at < before]
        gone = 0
        if ids := [row.id for row in old if row.kind not in keeping]:
            deleted = await self.run(
                sa.delete(EVENTS)
                .where(self.mine(EVENTS), EVENTS.c.state == state.value, self._among_ids(ids))
                .returning(EVENTS.c.id)
            )
            gone = len(deleted.all())
            await self.counted(COUNTED, Counter(), Counter({state.value: gone}))
        return Forgotten(gone, old[-1].id if len(old) == limit > 0 else None)


def _event(row: AnyRow) -> Event:
    return Event(**{**row._asdict(), "state": EventState(row.state)})
