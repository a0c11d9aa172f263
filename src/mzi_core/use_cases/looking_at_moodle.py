"""How records of Moodle are looked at: as its events tell them, or read again where these only hint."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial, reduce
from typing import Any

import attrs

from mzi_core.decide import over
from mzi_core.errors import AccountMissing, GatewayUnavailable
from mzi_core.field_versions import tells
from mzi_core.last_writer_wins import (
    back_again,
    brought_together,
    is_denied,
    is_same,
    outlives,
    without_what_ended,
)
from mzi_core.mapping import Overlay
from mzi_core.module import AnyModule, MoodleEntity, Side, Version
from mzi_core.modules import MOODLE_COURSES, MOODLE_MARKS, MOODLE_USERS
from mzi_core.ports import (
    Clock,
    Codec,
    Connections,
    Event,
    EventReader,
    ParkedRecord,
    Session,
    Store,
    Stored,
    decoded,
)
from mzi_core.use_cases.batches import overlay_of
from mzi_core.use_cases.judge import ahead, is_ahead
from mzi_core.use_cases.looking import Observed
from mzi_core.use_cases.moodle_facts import (
    FINAL,
    GONE,
    OF_MARKING,
    WITH_OWNER,
    as_it_was_read,
    owner_of,
)
from mzi_core.use_cases.moodle_hints import MoodleReadings, hidden_in, read_again
from mzi_core.use_cases.moodle_readings import as_read
from mzi_core.use_cases.told_deletions import ToldDeletions
from mzi_core.values import RecordId, RecordKey, TenantId

MOST_DELETIONS = 1_000
"""Of the records of one batch, as they were told and taken before."""

NO_EVENTS: frozenset[RecordId] = frozenset()

NO_OTHER = "This record was deleted, and Moodle gives its id to no other."
OLDER = "What it tells is older than what is known of this record."
OUTLIVED = "What is known of this record is newer than its deletion."
ANSWERED = "What it says to look at again was told by a later event."
NOT_THERE = "Moodle was asked, and has no such record any more."
"""Why an event changed nothing."""


@attrs.frozen
class _Fact:
    """A record as an event told it."""

    entity: MoodleEntity
    event: RecordId


@attrs.define(kw_only=True)
class _Said:
    """What the events of one record say: facts and deletions, what cannot be read, and hints."""

    told: list[_Fact] = attrs.field(factory=list)
    deletions: list[_Fact] = attrs.field(factory=list)
    refused: list[tuple[RecordId, object]] = attrs.field(factory=list)
    hints: list[Event] = attrs.field(factory=list)

    @property
    def gone(self) -> list[MoodleEntity]:
        """What the deletions say of the record."""
        return [each.entity for each in self.deletions]


@attrs.frozen(kw_only=True)
class _Shelf:
    """What is kept of the records that a batch is about; `gone`: the deletions that were taken before."""

    stored: Mapping[RecordKey, Stored[Any]]
    parked: Mapping[RecordKey, MoodleEntity]
    gone: Mapping[RecordKey, Sequence[MoodleEntity]]

    def live(self, key: RecordKey) -> MoodleEntity | None:
        """The record as it is stored, unless it is deleted."""
        row = self.stored.get(key)
        return None if row is None or row.deleted_at is not None else row.entity


@attrs.define(kw_only=True)
class _Seen:
    """What was seen so far: by key what a record comes to, and the events that tell it."""

    records: dict[RecordKey, tuple[MoodleEntity, frozenset[RecordId]]] = attrs.field(factory=dict)
    refused: list[tuple[RecordKey, RecordId, object]] = attrs.field(factory=list)
    gone: set[RecordKey] = attrs.field(factory=set)
    reasons: dict[RecordId, str] = attrs.field(factory=dict)
    notes: dict[RecordId, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class _Batch:
    """The events about records of one module, and how their facts are understood."""

    module: AnyModule
    overlay: Overlay
    codec: Codec
    reader: EventReader
    now: datetime

    def record(self, event: Event) -> Mapping[str, object] | None:
        """What an event tells of its record, as far as a sender has a say in it."""
        record: Mapping[str, object] | None = self.module.as_sent(self.reader.record(event))
        return record

    def together(self, known: Sequence[MoodleEntity]) -> MoodleEntity:
        """What versions of one record come to."""
        return reduce(partial(brought_together, self.module), known)

    def understood(self, record: object) -> MoodleEntity | None:
        """A wire record as an entity; None for one that is refused, and where there is none."""
        entity: MoodleEntity | None = decoded(self.codec.decoder(self.module, self.overlay), record).entity
        return entity

    def said(self, events: Sequence[Event], seen: _Seen) -> dict[RecordKey, _Said]:
        """What the events say, by the record they are about; what nobody needs to look at is seen."""
        by_key: dict[RecordKey, _Said] = defaultdict(_Said)
        for key, event in [(event.key, event) for event in events if event.key is not None]:
            said = by_key[key]
            record = self.record(event)
            entity = self.understood(record)
            if record is None:
                said.hints.append(event)
            elif entity is not None and self.reader.is_deletion(event):
                self._end(said, entity, event, seen)
            elif entity is not None and not is_ahead(self.module, entity, self.now):
                said.told.append(_Fact(entity, event.id))
                self._answer(said, entity, seen)
            elif self.reader.is_deletion(event):
                seen.reasons[event.id] = self._why_refused(record)
            else:
                said.refused.append((event.id, record))
        return by_key

    def _end(self, said: _Said, gone: MoodleEntity, event: Event, seen: _Seen) -> None:
        """Note a deletion; one of a moment to come would outdate whatever is told until then."""
        if is_ahead(self.module, gone, self.now):
            seen.reasons[event.id] = ahead(self.module).message
        else:
            said.deletions.append(_Fact(gone, event.id))

    def _answer(self, said: _Said, entity: MoodleEntity, seen: _Seen) -> None:
        """Forget the hints that a whole fact answers, which is told after them and happened no earlier."""
        if self.module is MOODLE_MARKS and tells(entity, "workflow"):
            version = entity.record_version
            answered = {
                hint.id: ANSWERED
                for hint in said.hints
                if hint.kind in OF_MARKING
                and version.at is not None
                and self.reader.told_at(hint).order <= version.order
            }
            seen.notes |= answered
            said.hints[:] = [hint for hint in said.hints if hint.id not in answered]

    def _why_refused(self, record: object) -> str:
        reasons = decoded(self.codec.decoder(self.module, self.overlay), record).reasons
        return " ".join(reason.message for reason in reasons)

    def fold(self, key: RecordKey, said: _Said, shelf: _Shelf, seen: _Seen) -> None:
        """See what a record comes to after everything that was told of it."""
        live, row, waits = shelf.live(key), shelf.stored.get(key), shelf.parked.get(key)
        # Who is there in spite of a deletion that was taken was brought back by another way since.
        is_back = live is not None and self.module.name in FINAL
        gone = said.gone if is_back else [*said.gone, *shelf.gone.get(key, ())]
        known = [live] if live is not None and self._stays(live, said.gone) else []
        known += [waits] if waits is not None and self._stays(waits, gone) else []
        told = []
        for fact in said.told:
            if self._is_there(fact.entity, gone, row):
                told.append(fact)
            else:
                seen.notes[fact.event] = self._why_over(fact.entity, gone or ([row.entity] if row else []))
        seen.refused += [(key, id, record) for id, record in said.refused]
        if not known and not told:
            if said.gone:
                seen.gone.add(key)
        elif told or said.gone:
            found = self._told(known, told, seen)
            # What had ended is out of a record that is live, and must be kept out of one that is not.
            for end in said.deletions:
                left = without_what_ended(self.module, found, end.entity)
                if is_same(left, found):
                    seen.notes[end.event] = OUTLIVED
                found = left
            if live is None:
                found = reduce(partial(without_what_ended, self.module), shelf.gone.get(key, ()), found)
                found = found if row is None else back_again(self.module, found, row.entity)
            seen.records[key] = found, frozenset(fact.event for fact in told)

    def _told(self, known: Sequence[MoodleEntity], told: Sequence[_Fact], seen: _Seen) -> MoodleEntity:
        """What facts come to with what is known, in the order in which they came."""
        found = self.together(known) if known else None
        for fact in told:
            both = self.together([*(() if found is None else (found,)), fact.entity])
            is_old = found is not None and is_same(found, both) and is_denied(self.module, fact.entity, both)
            if is_old:
                seen.notes[fact.event] = OLDER
            found = both
        assert found is not None  # noqa: S101  # there is one of either
        return found

    def _why_over(self, told: MoodleEntity, ends: Sequence[MoodleEntity]) -> str:
        """Why nothing is told of a record that is over by what happened since."""
        is_later = all(end.record_version.is_before(told.record_version) for end in ends)
        return NO_OTHER if is_later else over(self.module).message

    def _stays(self, entity: MoodleEntity, gone: Sequence[MoodleEntity]) -> bool:
        is_final = self.module.name in FINAL
        return not gone if is_final else all(outlives(self.module, entity, each) for each in gone)

    def _is_there(self, told: MoodleEntity, gone: Sequence[MoodleEntity], row: Stored[Any] | None) -> bool:
        """Whether what was told happened after the record was gone, if it ever was."""
        was_gone = row is not None and row.deleted_at is not None
        if self.module.name in FINAL:
            return not (gone or was_gone)
        if was_gone and row is not None and not gone:
            return outlives(self.module, told, row.entity)
        return self._stays(told, gone)

    def put_read(
        self, said: Mapping[RecordKey, _Said], read: MoodleReadings, shelf: _Shelf, seen: _Seen
    ) -> None:
        """See what was read, which is the newest there is."""
        for asked, records in read.records.items():
            for record in records:
                self._put(record, said[asked].hints, shelf, seen)
        for key in read.gone:
            _, events = seen.records.pop(key, (None, NO_EVENTS))
            seen.notes |= dict.fromkeys(events, NOT_THERE)
            seen.gone.add(key)
        for key, reason in read.unknown.items():
            seen.reasons |= dict.fromkeys([hint.id for hint in said[key].hints], reason)

    def _put(self, record: MoodleEntity, hints: Sequence[Event], shelf: _Shelf, seen: _Seen) -> None:
        known = [each for each in (shelf.live(record.key), shelf.parked.get(record.key)) if each is not None]
        before, events = seen.records.get(record.key, (self.together(known) if known else None, NO_EVENTS))
        newest = as_it_was_read(record, before, _latest(map(self.reader.told_at, hints)))
        told = as_read(self.module, newest, hidden_in(record))
        found = told if before is None else brought_together(self.module, before, told)
        seen.records[record.key] = found, events.union(hint.id for hint in hints)
        seen.gone.discard(record.key)


@attrs.frozen(kw_only=True)
class LookAtMoodle:
    """Believes the facts that events hold, in the order in which they happened, and reads hints again.

    A deletion outdates whatever happened before it, also what arrives later. What only hints waits where
    Moodle cannot be asked; facts about the same record do not wait for that.
    """

    store: Store
    connections: Connections
    reader: EventReader
    codec: Codec
    clock: Clock

    async def __call__(
        self, tenant: TenantId, module: AnyModule, keys: Sequence[RecordKey], events: Sequence[Event]
    ) -> Observed:
        """The records as they were told, and read."""
        async with self.store.read(tenant) as session:
            overlay = overlay_of(await session.settings(), module)
            over = await self._over(session, module, events)
        batch = _Batch(
            module=module, overlay=overlay, codec=self.codec, reader=self.reader, now=self.clock.now()
        )
        seen = _Seen()
        said = batch.said(events, seen)
        hinted = [key for key, each in said.items() if each.hints and key not in over]
        asked = await self._asked(tenant, module, hinted)
        read = await self._read_again(tenant, module, hinted)
        about = {*said, *(record.key for records in read.records.values() for record in records)}
        deletions = ToldDeletions(codec=self.codec, reader=lambda: self.reader)
        async with self.store.read(tenant) as session:
            shelf = _Shelf(
                stored=await session.stored(module, about),
                parked=_waiting(batch, await session.parked(module.name, about)),
                gone=await deletions(session, module, overlay, about),
            )
        _give_up_what_moved(read, shelf, asked)
        for key, each in said.items():
            batch.fold(key, each, shelf, seen)
        batch.put_read(said, read, shelf, seen)
        for key, parent in over.items():
            note = NO_OTHER if module.name in FINAL else WITH_OWNER[parent]
            seen.notes |= {hint.id: note for hint in said[key].hints}
        return _observed(batch, said, read, seen)

    async def _asked(self, tenant: TenantId, module: AnyModule, keys: Sequence[RecordKey]) -> "_Asked":
        at, rows = self.clock.now(), dict[RecordKey, Stored[Any]]()
        if keys:
            async with self.store.read(tenant) as session:
                rows = await session.stored(module, keys)
        revisions = {key: row.revision for key, row in rows.items()}
        return _Asked(keys=frozenset(keys), revisions=revisions, at=at)

    async def _read_again(
        self, tenant: TenantId, module: AnyModule, keys: Sequence[RecordKey]
    ) -> MoodleReadings:
        if not keys:
            return MoodleReadings()
        try:
            moodle = await self.connections.moodle(tenant)
        except AccountMissing as error:
            return MoodleReadings(failed=dict.fromkeys(keys, error))
        return await read_again(moodle, module, keys)

    async def _over(
        self, session: Session, module: AnyModule, events: Sequence[Event]
    ) -> dict[RecordKey, str]:
        """The records that are gone for good with their user or their course, or are one; which of the two.

        Those of facts are not looked for: these are believed.
        """
        keys = {event.key for event in events if event.key is not None and not self.reader.is_fact(event)}
        gone: dict[RecordKey, str] = {}
        for parent in (MOODLE_USERS, MOODLE_COURSES):
            owners = {key: owner for key in keys if (owner := owner_of(module, key, parent)) is not None}
            if owners:
                there = await self._deleted(session, parent, frozenset(owners.values()))
                gone |= {key: parent.name for key, owner in owners.items() if owner in there}
        return gone

    async def _deleted(
        self, session: Session, module: AnyModule, keys: frozenset[RecordKey]
    ) -> set[RecordKey]:
        """The users or courses among these that are deleted, or of which that was told and not taken yet."""
        known = await session.known(module, keys)
        told = [
            *await session.waiting_events(module.name, keys, MOST_DELETIONS),
            *await session.taken_events(module.name, keys, GONE[module.name], MOST_DELETIONS),
        ]
        deleted = {key for key, each in known.items() if each.deleted}
        return deleted | {each.key for each in told if each.key is not None and self.reader.is_deletion(each)}


def _latest(versions: Iterable[Version]) -> Version:
    return max(versions, key=lambda version: version.order)


@attrs.frozen(kw_only=True)
class _Asked:
    """What was asked for, and when; `revisions`: what the rows with these keys had then."""

    keys: frozenset[RecordKey]
    revisions: Mapping[RecordKey, int]
    at: datetime

    def is_outdated(self, row: Stored[Any]) -> bool:
        """Whether a row was written since. Of one that a key of many stood for, its moment must tell."""
        key = row.entity.key
        return row.updated_at > self.at if key not in self.keys else row.revision != self.revisions.get(key)


def _give_up_what_moved(read: MoodleReadings, shelf: _Shelf, asked: _Asked) -> None:
    """Believe no reading of a record that was changed since it was asked for: it must be read once more.

    Nobody else takes events about the same key, but a key can stand for many records, and records come by
    other ways too.
    """
    moved = {key for key, row in shelf.stored.items() if asked.is_outdated(row)}
    for key in [*read.records, *read.gone]:
        if key in moved or any(record.key in moved for record in read.records.get(key, ())):
            said = "The record was changed here while it was read."
            read.failed[key] = GatewayUnavailable(Side.MOODLE.capitalize(), said, retry_after=1)
    for key in read.failed:
        read.records.pop(key, None)
        read.gone.discard(key)


def _waiting(batch: _Batch, parked: Mapping[RecordKey, ParkedRecord]) -> dict[RecordKey, MoodleEntity]:
    """What waits for another record."""
    found = {
        key: batch.understood(each.record if each.waiting is None else each.waiting)
        for key, each in parked.items()
        if each.waits_for is not None
    }
    return {key: entity for key, entity in found.items() if entity is not None}


def _observed(
    batch: _Batch,
    said: Mapping[RecordKey, _Said],
    read: MoodleReadings,
    seen: _Seen,
) -> Observed:
    newest = {key: max(ids) for key, (_, ids) in seen.records.items() if ids}
    records: list[tuple[object, frozenset[RecordId]]] = [
        (batch.codec.encode(batch.module, entity, batch.overlay), ids)
        for entity, ids in seen.records.values()
    ]
    for key, id, record in seen.refused:  # in front of what was told later of it, behind what was earlier
        refused = (record, frozenset({id}))
        records.insert(0 if id < newest.get(key, id) else len(records), refused)
    return Observed(
        records=[record for record, _ in records],
        are_ours=True,
        told_by=[ids for _, ids in records],
        gone=sorted(seen.gone),
        gone_at={
            key: _latest(each.record_version for each in said[key].gone)
            for key in seen.gone
            if said[key].gone
        },
        reasons=seen.reasons,
        notes=seen.notes,
        failed=read.failed,
        unanswered=frozenset(hint.id for key in read.failed for hint in said[key].hints),
    )
