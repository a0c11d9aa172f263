"""Take in what a source tells: it is kept before it is answered, and looked at afterwards."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

import attrs

from mzi_core.keepable_text import keepable
from mzi_core.module import Side
from mzi_core.ports import Clock, Event, EventIntake, EventReader, EventState, Ids, Told
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class Message:
    """What came to a door. `content`: its JSON, or a form as an object of lists of texts.

    `address`: the parameters of the query, without any that proves who sends; of one that is given several
    times all values, with commas between.
    """

    door: str
    content: object = attrs.field(repr=False)
    address: Mapping[str, str] = attrs.field(factory=dict, repr=False)


@attrs.frozen(kw_only=True)
class ReceiveEvents:
    """Understands a message and keeps what it says; nothing is believed or written here."""

    intake: EventIntake
    readers: Mapping[Side, EventReader]
    clock: Clock
    ids: Ids
    listeners: list[Callable[[], None]] = attrs.field(factory=list, repr=False)
    """Called whenever something is kept: it may be due."""

    async def __call__(
        self, tenant: TenantId, source: str, side: Side, messages: Sequence[Message]
    ) -> Sequence[Event]:
        """What is kept of each thing that is told: itself, or the event that it repeats.

        What cannot be attributed to a record is parked, with its reason. Raises MessageRefused when one of
        the messages has no form that the service sends, and then nothing is kept; StoreUnavailable.
        """
        told = [
            (place, _keepable(each))
            for message in messages
            for place, each in enumerate(self.understood(side, message))
        ]
        now = self.clock.now()
        events = [
            Event(
                id=id,
                source=source,
                kind=each.kind,
                received_at=now,
                body=each.body,
                sent_as=each.sent_as,
                repeats=repeats(each, place),
                module=each.module,
                key=each.key,
                state=EventState.PARKED if each.problem else EventState.WAITING,
                reason=each.problem,
                ended_at=now if each.problem else None,
            )
            for id, (place, each) in zip(self.ids.record_ids(len(told)), told, strict=True)
        ]
        facts = {event.id for event, (_, each) in zip(events, told, strict=True) if each.is_fact}
        kept = await self.intake.keep(tenant, events, facts)
        for each in self.listeners:
            each()
        return kept

    def understood(self, side: Side, message: Message) -> Sequence[Told]:
        """What a message says, of which nothing is kept. Raises MessageRefused."""
        return self.readers[side].read(message.door, message.content, message.address)


def _keepable(told: Told) -> Told:
    """What is told, so that every store keeps it; of its body the reader has made ASCII."""
    kind, problem = keepable(told.kind), keepable(told.problem)
    sent_as = None if told.sent_as is None else keepable(told.sent_as)
    if (kind, problem, sent_as) == (told.kind, told.problem, told.sent_as):
        return told
    return attrs.evolve(told, kind=kind, problem=problem, sent_as=sent_as)


def repeats(told: Told, place: int) -> str | None:
    """What a message has again when it is sent again; None for a hint without an id of its own.

    `place`: where in its message it stands, for a message may tell of several records.
    """
    if told.sent_as is None and not told.is_fact:
        return None
    # With its content: a sender may give one id to several messages, as a rule whose field was not replaced.
    what = f"{told.kind} {told.module} {told.key} {told.body}"
    return f"{told.sent_as or ''} {place} {sha256(what.encode()).hexdigest()}"
