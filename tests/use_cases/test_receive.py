"""What a source tells is kept before it is answered, once, and with what is wrong with it."""

from collections.abc import Mapping, Sequence

import attrs
import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.shared_commits import SharedCommits
from mzi_adapters.testing.harness import CountedIds, FixedClock
from mzi_core.errors import MessageRefused
from mzi_core.module import UNVERSIONED, Side, Version
from mzi_core.ports import Event, EventQuery, EventReader, EventState, Told
from mzi_core.use_cases.receive import Message, ReceiveEvents, repeats
from mzi_core.values import DEFAULT_TENANT, ZohoId


@attrs.frozen
class Says:
    """A reader that tells what it was made with; the door `bad` is refused."""

    told: Sequence[Told]

    def read(self, door: str, message: object, address: Mapping[str, str]) -> Sequence[Told]:
        if door == "bad":
            raise MessageRefused("It has no form.")
        return self.told

    def record(self, event: Event) -> Mapping[str, object] | None:
        """It only names them."""
        return None

    def is_deletion(self, event: Event) -> bool:
        """Never."""
        return False

    def is_fact(self, event: Event) -> bool:
        """Never."""
        return False

    def told_at(self, event: Event) -> Version:
        """Nobody knows."""
        return UNVERSIONED


FACT = Told(kind="user_created", body='{"id": 7}', module="students", key=ZohoId("7"), is_fact=True)
HINT = Told(kind="student_updated", body="{}", module="students", key=ZohoId("1"))


IDS = CountedIds()


async def _received(store: MemoryStore, reader: EventReader, *doors: str) -> Sequence[Event]:
    receive = ReceiveEvents(
        intake=SharedCommits(store), readers={Side.ZOHO: reader}, clock=FixedClock(), ids=IDS
    )
    return await receive(DEFAULT_TENANT, "src", Side.ZOHO, [Message(door=door, content={}) for door in doors])


async def _kept(store: MemoryStore) -> int:
    async with store.read(DEFAULT_TENANT) as session:
        return len(await session.events(EventQuery()))


async def test_what_is_told_waits_to_be_looked_at() -> None:
    store = MemoryStore()
    (event,) = await _received(store, Says([HINT]), "a")
    assert (event.module, event.key, event.state, event.repeats) == (
        "students",
        "1",
        EventState.WAITING,
        None,
    )
    async with store.read(DEFAULT_TENANT) as session:
        assert await session.event(event.id) == event


async def test_what_cannot_be_attributed_is_parked_at_once_with_its_reason() -> None:
    lost = Told(kind="student_updated", body="{}", problem="Nobody knows.")
    store = MemoryStore()
    waiting, parked = await _received(store, Says([HINT, lost]), "a")
    assert (waiting.state, parked.state, parked.reason) == (
        EventState.WAITING,
        EventState.PARKED,
        "Nobody knows.",
    )
    assert parked.ended_at == parked.received_at


async def test_of_messages_of_which_one_is_refused_none_is_kept() -> None:
    store = MemoryStore()
    with pytest.raises(MessageRefused):
        await _received(store, Says([HINT]), "good", "bad")
    assert await _kept(store) == 0


@pytest.mark.parametrize(
    ("told", "times"),
    [
        (HINT, 2),
        (attrs.evolve(HINT, sent_as="n-1"), 1),
        (FACT, 1),
        (attrs.evolve(FACT, sent_as="n-1"), 1),
    ],
    ids=["a hint", "a hint with an id", "a fact", "a fact with an id"],
)
async def test_what_is_sent_again_is_kept_once_unless_it_is_a_mere_hint(told: Told, times: int) -> None:
    store = MemoryStore()
    for _ in range(2):
        await _received(store, Says([told]), "a")
    assert await _kept(store) == times


def test_two_things_that_are_told_are_no_repetition_of_each_other() -> None:
    different = [
        repeats(FACT, 0),
        repeats(attrs.evolve(FACT, body='{"id": 8}'), 0),
        repeats(attrs.evolve(FACT, kind="user_updated"), 0),
        repeats(attrs.evolve(FACT, sent_as="1"), 0),
        repeats(attrs.evolve(FACT, sent_as="1"), 1),
        repeats(attrs.evolve(FACT, sent_as="1 1"), 0),
        repeats(attrs.evolve(FACT, sent_as="2"), 0),
        repeats(attrs.evolve(FACT, sent_as="1", body="{}"), 0),
        repeats(attrs.evolve(HINT, sent_as="1"), 0),
        repeats(attrs.evolve(HINT, sent_as="1", key=ZohoId("2")), 0),
    ]
    assert len(set(different)) == len(different)
    assert repeats(attrs.evolve(HINT, sent_as="1"), 0) == repeats(attrs.evolve(HINT, sent_as="1"), 0)


async def test_what_no_database_keeps_is_told_by_the_sign_for_what_cannot_be_read() -> None:
    """And two ids that look alike then are still two, for what is told differs."""
    odd = Told(kind="a\x00_updated", body=r'{"event_id": "a\ud800"}', sent_as="a\ud800", problem="No \udfff.")
    store = MemoryStore()
    (event,) = await _received(store, Says([odd]), "a")
    assert (event.kind, event.sent_as, event.reason) == ("a\ufffd_updated", "a\ufffd", "No \ufffd.")
    assert (await _received(store, Says([odd]), "a"))[0].id == event.id
    other = attrs.evolve(odd, body=r'{"event_id": "a\udfff"}', sent_as="a\udfff")
    assert (await _received(store, Says([other]), "a"))[0].id != event.id
