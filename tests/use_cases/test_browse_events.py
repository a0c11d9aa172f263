"""What sources told can be looked at and taken once more."""

import json
from datetime import timedelta

import attrs
import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.moodle.events import MoodleEvents
from mzi_adapters.testing.contracts.fixtures import OURS, event, later
from mzi_adapters.testing.harness import FixedClock
from mzi_core.errors import NotFound, UnknownTenant
from mzi_core.modules import CATALOGUE
from mzi_core.ports import DeliveryState, Event, EventQuery, EventState, Store, StoreHealth
from mzi_core.secrecy import MASKED
from mzi_core.use_cases.browse_events import (
    LARGEST_BODY,
    CountEvents,
    ListEvents,
    ReplayEvent,
    ShowEvent,
    shown_body,
    written_id,
    written_subject,
)
from mzi_core.use_cases.ended_with import ExplainEnds
from mzi_core.use_cases.event_health import CheckEvents
from mzi_core.use_cases.take_flows import ShowTakeFlows
from mzi_core.values import TenantId, ZohoId

NOBODY = TenantId("nobody")
ABOUT = attrs.evolve(event(1), module="students", key=ZohoId("539"))

EXPLAIN = ExplainEnds(reader=MoodleEvents())


async def _with(*events: Event) -> Store:
    store = MemoryStore()
    async with store.begin(OURS) as session:
        await session.keep_events(events)
    return store


async def test_events_are_listed_page_by_page_until_there_are_no_more() -> None:
    listed = ListEvents(await _with(*map(event, range(5))), EXPLAIN)
    first = await listed(OURS, EventQuery(limit=2))
    second = await listed(OURS, EventQuery(limit=2, after=first.next))
    last = await listed(OURS, EventQuery(limit=2, after=second.next))
    ids = [each.id for page in (first, second, last) for each in page.items]
    assert ids == [event(n).id for n in reversed(range(5))]
    assert last.next is None
    assert (await listed(OURS, EventQuery(limit=5))).next is None
    with pytest.raises(UnknownTenant):
        await listed(NOBODY, EventQuery())


async def test_one_event_is_shown_or_told_to_be_none() -> None:
    show = ShowEvent(await _with(event(1)), EXPLAIN)
    assert await show(OURS, event(1).id) == event(1)
    with pytest.raises(NotFound, match="no event"):
        await show(OURS, event(2).id)
    with pytest.raises(UnknownTenant):
        await show(NOBODY, event(1).id)


async def test_a_replayed_event_waits_again_and_its_record_is_due() -> None:
    store = await _with(ABOUT)
    async with store.begin(OURS) as session:
        await session.end_events([ABOUT.id], EventState.PARKED, "No account.", later(1))
    assert await ReplayEvent(store)(OURS, ABOUT.id) == ABOUT
    async with store.read(OURS) as session:
        assert await session.event(ABOUT.id) == ABOUT
        (delivery,) = await session.deliveries("take:students", DeliveryState.DUE)
        assert (delivery.key, delivery.subject) == ("539", "students/539")
    with pytest.raises(NotFound):
        await ReplayEvent(store)(OURS, event(9).id)
    with pytest.raises(UnknownTenant):
        await ReplayEvent(store)(NOBODY, ABOUT.id)


async def test_an_event_of_no_record_stays_parked() -> None:
    lost = attrs.evolve(event(1), state=EventState.PARKED, reason="Nobody knows.", ended_at=later(1))
    store = await _with(lost)
    assert await ReplayEvent(store)(OURS, lost.id) == lost
    assert await ShowEvent(store, EXPLAIN)(OURS, lost.id) == lost


async def test_events_are_counted_by_every_state() -> None:
    count = CountEvents(await _with(event(1), event(2)))
    assert await count(OURS) == {
        EventState.WAITING: 2,
        EventState.TAKEN: 0,
        EventState.PARKED: 0,
        EventState.DEAD: 0,
    }
    with pytest.raises(UnknownTenant):
        await count(NOBODY)


async def test_how_events_stand_is_told_with_the_age_of_the_oldest() -> None:
    """Where the clock was put back it has waited for no time."""
    store = await _with(event(1), event(2))
    clock = FixedClock(start=event(1).received_at)
    flows = ShowTakeFlows(store=store, catalogue=CATALOGUE)
    check = CheckEvents(store=store, clock=clock, count=CountEvents(store), flows=flows)
    clock.advance(timedelta(seconds=90))
    found = await check(OURS)
    assert (found.oldest, found.counts[EventState.WAITING]) == (timedelta(seconds=90), 2)
    assert (found.trouble, found.flows) == ("", {})
    behind = FixedClock(start=event(1).received_at - timedelta(seconds=1))
    assert (await attrs.evolve(check, clock=behind)(OURS)).oldest == timedelta()
    async with store.begin(OURS) as session:
        await session.end_events([event(1).id, event(2).id], EventState.TAKEN, "", later(1))
        await session.pause("take:students", "No access.")
        await session.pause("take:payments", "No access.")
    found = await check(OURS)
    assert found.oldest is None
    assert found.trouble == "No events of students, payments are taken until `mzi take --resume`."
    with pytest.raises(UnknownTenant):
        await check(NOBODY)


async def test_of_a_store_that_is_not_ready_nothing_else_is_told() -> None:
    class NotReady(MemoryStore):
        async def health(self) -> StoreHealth:
            return attrs.evolve(await super().health(), ready=False, message="The schema is older.")

    store = NotReady()
    flows = ShowTakeFlows(store=store, catalogue=CATALOGUE)
    found = await CheckEvents(store=store, clock=FixedClock(), count=CountEvents(store), flows=flows)(OURS)
    assert (found.trouble, found.counts, found.oldest) == ("The schema is older.", {}, None)


def test_what_is_shown_of_a_body_holds_no_secret() -> None:
    body = '{"id": "1", "token": "abc", "data": [{"Academic_Password": "x", "City": "Irbid"}], "n": 1}'
    assert shown_body(attrs.evolve(ABOUT, body=body)) == {
        "id": "1",
        "token": MASKED,
        "data": [{"Academic_Password": MASKED, "City": "Irbid"}],
        "n": 1,
    }


def test_who_is_named_where_nobody_declared_it_is_not_shown() -> None:
    """What looks like a secret is not shown anywhere; ids, days and amounts are."""
    said = {
        "zoho_id": "5398830000090000001",
        "Academic_Email": "rana@college.example",
        "contact": "rana@college.example",
        "?note": "call +962 79 000 0001, or rana@college.example",
        "phones": ["079-000-0001", "00962790000001"],
        "data": [{"Name": "A01", "mother": "0790000001", "City": "mzi_0a1b2c3d_kJ8s-dfH3_secretsecret"}],
        "link": "https://zoho.example/?token=abcdefghij&id=7",
        "timestamp": "2026-02-10T09:30:00+03:00",
        "day": "01-02-2026 10:00",
        "paid": "0.123456789",
        "n": 962790000001,
    }
    shown = shown_body(attrs.evolve(ABOUT, body=json.dumps(said)))
    assert shown == {
        **said,
        "contact": "[redacted]",
        "?note": "call [redacted], or [redacted]",
        "phones": ["[redacted]", "[redacted]"],
        "data": [{"Name": "A01", "mother": "[redacted]", "City": "mzi_[redacted]"}],
        "link": "https://zoho.example/?token=[redacted]&id=7",
    }
    for nobody in (None, "their_own"):
        lost = shown_body(attrs.evolve(ABOUT, module=nobody, body=json.dumps(said)))
        assert isinstance(lost, dict)
        assert lost["Academic_Email"] == "[redacted]"


def test_a_large_body_is_told_by_its_size() -> None:
    said = shown_body(attrs.evolve(ABOUT, body="x" * (LARGEST_BODY + 1)))
    assert said == f"The body has {LARGEST_BODY + 1:,} characters, and is not shown."


def test_an_id_is_read_however_it_is_written_and_what_is_none_is_not_found() -> None:
    assert written_id(event(1).id.upper()) == event(1).id
    with pytest.raises(NotFound):
        written_id("7")


def test_a_subject_is_a_module_and_a_key() -> None:
    assert written_subject("students/539") == ("students", "539")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("students", "must be a module and a key"),
        ("students/", "must be a module and a key"),
        ("leads/1", "`leads` is not a module"),
        ("", "is not a module"),
    ],
)
def test_a_subject_that_names_no_record_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        written_subject(text)
