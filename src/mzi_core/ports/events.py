"""Events: what a source told, kept before it is answered."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from mzi_core.module import Version
from mzi_core.ports.deliveries import Forgotten
from mzi_core.values import RecordId, RecordKey, TenantId

REQUEST_SUBMITTED = "request_submitted"
"""The kind of event by which a student's request is on its way to Zoho: of no record there yet."""

CREATING = frozenset({REQUEST_SUBMITTED})
"""Kinds of events that have something made. None is forgotten: sent again, they would make it twice."""


class EventState(StrEnum):
    """What became of an event. There are no others, and each event ends in one of the last three."""

    WAITING = "waiting"
    TAKEN = "taken"
    PARKED = "parked"
    DEAD = "dead"


def refuse_waiting(state: EventState) -> None:
    """Raises ValueError where events are to be forgotten that wait."""
    if state is EventState.WAITING:
        raise ValueError("An event that waits is not forgotten.")


@attrs.frozen(kw_only=True)
class Event:
    """What a source told about one record, or about something that cannot be attributed to any.

    `source`: the id of who told it; `kind`: the event in the source's words. `sent_as`: the id that the
    sender gave it, if any. `repeats`: what the same event has again when it is sent again; None for a mere
    hint, of which two never count as one. `module` and `key`: the record it is about; None where that is not
    known, as with most parked ones. `body`: JSON, as it came. `reason`: why it is parked or dead, or what is
    to be known of one that was taken.
    """

    id: RecordId
    source: str
    kind: str
    received_at: datetime
    body: str = attrs.field(repr=False)
    sent_as: str | None = None
    repeats: str | None = None
    module: str | None = None
    key: RecordKey | None = None
    state: EventState = EventState.WAITING
    reason: str = ""
    ended_at: datetime | None = None


@attrs.frozen(kw_only=True)
class EventQuery:
    """Which events to list, the newest first: those that have all that is given; behind the one `after`."""

    source: str | None = None
    kind: str | None = None
    state: EventState | None = None
    module: str | None = None
    key: RecordKey | None = None
    after: RecordId | None = None
    limit: int = 100


class Events(Protocol):
    """The part of a session that is about events. Their order is that of their ids.

    Sessions that make keys due (`Deliveries`) and write events do so in this order, or they deadlock.
    """

    async def keep_events(self, events: Sequence[Event]) -> Sequence[Event]:
        """Keep events; for each what is kept: itself, or the one of its source that it `repeats`.

        Of two sessions that keep the same event at once, one waits for the other and gets the other's. A
        repetition within the same call is one too.
        """
        ...

    async def waiting_events(self, module: str, keys: Collection[RecordKey], limit: int) -> Sequence[Event]:
        """The events about these records that nobody has taken yet, the oldest first, at most `limit`."""
        ...

    async def taken_events(
        self, module: str, keys: Collection[RecordKey], kind: str, limit: int
    ) -> Sequence[Event]:
        """The events of a kind about these records that were taken, the newest first, at most `limit`."""
        ...

    async def end_events(
        self, ids: Collection[RecordId], state: EventState, reason: str, at: datetime
    ) -> int:
        """Say what became of events that wait, and how many of these did; the others stay as they ended."""
        ...

    async def replay_events(self, ids: Collection[RecordId]) -> Sequence[Event]:
        """Let ended events wait again; those that do, as they are now."""
        ...

    async def event(self, id: RecordId) -> Event | None:
        """One event."""
        ...

    async def events(self, query: EventQuery) -> Sequence[Event]:
        """Events, the newest first, at most `query.limit`."""
        ...

    async def event_counts(self) -> Mapping[EventState, int]:
        """How many events are in each state; kept, so that no large table is counted."""
        ...

    async def oldest_waiting(self) -> datetime | None:
        """When the event was received that waits and has the first id; None where none waits."""
        ...

    async def last_heard(self, sources: Collection[str]) -> Mapping[str, datetime]:
        """When the event with the last id of each of these sources was received; the others are left out."""
        ...

    async def forget_events(
        self,
        state: EventState,
        before: datetime,
        *,
        keeping: Collection[str] = (),
        after: RecordId | None = None,
        limit: int = 1000,
    ) -> Forgotten:
        """Look at events of a state by id behind `after`, at most `limit`, and forget the old among them.

        Old is what was received before a moment. `keeping`: kinds of which none is forgotten. One that is not
        old ends it, for ids are in the order of receipt. What was forgotten is no repetition when it comes
        again. Raises ValueError for what waits: that is never forgotten.
        """
        ...


class EventIntake(Protocol):
    """Where events go before they are answered: whatever it returns is kept, also if power fails next."""

    async def keep(
        self, tenant: TenantId, events: Sequence[Event], facts: Collection[RecordId] = ()
    ) -> Sequence[Event]:
        """Each as `Events.keep_events`, and the records they are about are due to be looked at.

        `facts`: those of the events for which nothing has to be read, so that they are looked at at once.
        Raises StoreUnavailable, and StoreRefused for events that cannot be kept as they are.
        """
        ...


@attrs.frozen(kw_only=True)
class Told:
    """What a message says about one record: `kind` in one word for one thing, such as `student_updated`.

    `module` and `key`: the record; None where it cannot be attributed to one, and then `problem` says why, in
    a sentence with what repairs it. `sent_as`: the sender's own id of the message. `is_fact`: see
    `EventReader.is_fact`. `body`: what was said of this record, as JSON.
    """

    kind: str
    body: str = attrs.field(repr=False)
    module: str | None = None
    key: RecordKey | None = None
    sent_as: str | None = None
    is_fact: bool = False
    problem: str = ""


class EventReader(Protocol):
    """Understands the messages of one remote service. What cannot be attributed is told, never guessed."""

    def read(self, door: str, message: object, address: Mapping[str, str]) -> Sequence[Told]:
        """What a message says; nothing is left out of it.

        `door`: the last part of the path it came to, such as `student_updated`; `message`: its JSON, or a
        form as an object of lists of texts; `address`: the parameters of the query. Raises MessageRefused for
        a message that has no form which this service sends.
        """
        ...

    def record(self, event: Event) -> Mapping[str, object] | None:
        """The record as the event tells it, with its id; None where it merely names it."""
        ...

    def is_deletion(self, event: Event) -> bool:
        """Whether it tells that the record is gone."""
        ...

    def is_fact(self, event: Event) -> bool:
        """Whether it says how something is, and is believed: nothing is read again for it."""
        ...

    def told_at(self, event: Event) -> Version:
        """When it happened by the clock of its side, and its event number, as far as that is told."""
        ...
