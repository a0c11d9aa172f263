"""What sources told ends on the shelf: the record is looked at, stored, and every event ends in a state."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import attrs
import pytest
from tests.use_cases.pulling import number, student

from mzi_adapters.events import event_adapters
from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.connections import FakeConnections
from mzi_adapters.testing.faults import Faults, FaultyTransport, Unreachable
from mzi_adapters.testing.harness import CountedIds, Harness
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.session_guard import GuardedStore
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.testing.zoho import FakeZoho, define_modules
from mzi_adapters.zoho import ZohoCodec
from mzi_core.backoff import MOST_TRIES
from mzi_core.errors import InputRefused, StoreUnavailable, UnknownTenant
from mzi_core.module import AnyModule, Side
from mzi_core.modules import CATALOGUE, STUDENTS, Student
from mzi_core.ports import DeliveryState, Due, Event, EventQuery, EventState, Stored
from mzi_core.use_cases import UseCases, take_events
from mzi_core.use_cases.browse_events import Delay
from mzi_core.use_cases.claim_endings import DEADLY, MOST_STARTS
from mzi_core.use_cases.looking import LookAtZoho, Observed
from mzi_core.use_cases.receive import Message
from mzi_core.use_cases.take_events import AT_ONCE, LEASE, EventsTaken
from mzi_core.values import DEFAULT_TENANT, RecordKey, TenantId, ZohoId

ACCOUNTLESS = TenantId("accountless")


@attrs.frozen(kw_only=True)
class College:
    """A college whose Zoho tells mzi what happens."""

    zoho: FakeZoho
    faults: Faults
    timer: VirtualTimer
    use_cases: UseCases
    tenant: TenantId

    async def told(
        self, content: object, door: str = "student_updated", address: Mapping[str, str] = {}
    ) -> Event:
        message = Message(door=door, content=content, address=address)
        (event,) = await self.use_cases.events.receive(self.tenant, "src", Side.ZOHO, [message])
        return event

    async def take(self, module: str = "students") -> EventsTaken | None:
        return await self.use_cases.events.take(self.tenant, CATALOGUE[module])

    async def event(self, event: Event) -> Event:
        return await self.use_cases.events.show(self.tenant, event.id)

    async def stored(self, zoho_id: str) -> Stored[Student] | None:
        async with self.use_cases.store.read(self.tenant) as session:
            found = await session.stored(STUDENTS, [ZohoId(zoho_id)])
        return found.get(ZohoId(zoho_id))

    async def state(self, key: str, module: str = "students") -> DeliveryState:
        async with self.use_cases.store.read(self.tenant) as session:
            for state in DeliveryState:
                if key in {each.key for each in await session.deliveries(f"take:{module}", state)}:
                    return state
        raise LookupError(key)


@asynccontextmanager
async def _college(tenant: TenantId = DEFAULT_TENANT) -> AsyncIterator[College]:
    timer, faults = VirtualTimer(), Faults()
    zoho = FakeZoho(clock=timer)
    define_modules(zoho)
    store = GuardedStore(MemoryStore(clock=timer))
    async with store.registry() as registry:
        await registry.add_tenant(ACCOUNTLESS, timer.now())
    connections = FakeConnections(
        store=store,
        timer=timer,
        to_zoho=lambda: FaultyTransport(zoho, faults, timer),
        to_moodle=lambda: FakeMoodle(clock=timer),
    )
    use_cases = UseCases.over(
        store=store,
        codec=ZohoCodec(),
        clock=timer,
        ids=CountedIds(),
        connections=connections,
        event_adapters=lambda: event_adapters(store),
    )
    yield College(zoho=zoho, faults=faults, timer=timer, use_cases=use_cases, tenant=tenant)
    await connections.close()


@pytest.fixture
async def college() -> AsyncIterator[College]:
    """With an account at Zoho."""
    async with _college() as made:
        yield made


@pytest.fixture
async def accountless() -> AsyncIterator[College]:
    """Without one."""
    async with _college(ACCOUNTLESS) as made:
        yield made


async def test_a_hint_leads_to_the_record_as_zoho_has_it(college: College) -> None:
    """Whatever the message says of it is not believed."""
    college.zoho.add("BTEC_Students", student(1, City="Irbid"))
    event = await college.told({"data": [{"id": number(1), "City": "Nowhere"}]})
    assert await college.take() == EventsTaken(looked_at=1, taken=1)
    stored = await college.stored(number(1))
    assert stored is not None
    assert stored.entity.city == "Irbid"
    ended = await college.event(event)
    assert (ended.state, ended.reason) == (EventState.TAKEN, "")
    assert await college.state(number(1)) is DeliveryState.SETTLED
    assert await college.take() is None


async def test_what_was_read_before_the_row_was_written_is_not_believed(
    college: College, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While an answer is on its way another worker reads the record or writes it, and keeps what it says."""
    college.zoho.add("BTEC_Students", student(1, City="Irbid"))
    await college.told({"zoho_id": number(1)})
    await college.take()
    event = await college.told({"zoho_id": number(1)})
    whole = LookAtZoho.__call__

    async def slow(self: LookAtZoho, *given: Any) -> Observed:
        monkeypatch.setattr(LookAtZoho, "__call__", whole)
        seen = await whole(self, *given)
        await college.use_cases.amend(college.tenant, STUDENTS, {ZohoId(number(1)): {"city": "Amman"}})
        return seen

    monkeypatch.setattr(LookAtZoho, "__call__", slow)
    assert await college.take() == EventsTaken(looked_at=0)
    stored = await college.stored(number(1))
    assert stored is not None
    assert stored.entity.city == "Amman"
    assert (await college.event(event)).state is EventState.WAITING
    assert await college.state(number(1)) is DeliveryState.DUE
    assert await college.take() == EventsTaken(looked_at=1, taken=1)


async def test_a_thousand_messages_about_a_hundred_records_are_one_look(college: College) -> None:
    """Twelve calls at most, with those that find out about the module."""
    for n in range(AT_ONCE):
        college.zoho.add("BTEC_Students", student(n))
    for _ in range(10):
        for n in range(AT_ONCE):
            await college.told({"zoho_id": number(n), "module": "BTEC_Students"})
    before = college.zoho.calls
    assert await college.take() == EventsTaken(looked_at=AT_ONCE, taken=1000)
    assert await college.take() is None
    assert college.zoho.calls - before <= 12
    assert await college.use_cases.events.count(DEFAULT_TENANT) == {
        EventState.WAITING: 0,
        EventState.TAKEN: 1000,
        EventState.PARKED: 0,
        EventState.DEAD: 0,
    }


async def test_a_record_that_is_gone_is_marked_deleted(college: College) -> None:
    """Whether the message said so or not; and one that is back is live again."""
    college.zoho.add("BTEC_Students", student(1))
    await college.told({"zoho_id": number(1)})
    await college.take()
    college.zoho.remove("BTEC_Students", number(1))
    event = await college.told({"zoho_id": number(1)}, "student_deleted")
    assert await college.take() == EventsTaken(looked_at=1, taken=1, deleted=1)
    assert (await college.event(event)).state is EventState.TAKEN
    stored = await college.stored(number(1))
    assert stored is not None
    assert stored.deleted_at is not None
    again = await college.told({"zoho_id": number(1)}, "student_deleted")
    assert await college.take() == EventsTaken(looked_at=1, taken=1)
    assert (await college.event(again)).state is EventState.TAKEN


async def test_a_deletion_that_is_told_is_looked_at_and_not_believed(college: College) -> None:
    college.zoho.add("BTEC_Students", student(1))
    await college.told({"zoho_id": number(1)}, "student_deleted")
    await college.take()
    stored = await college.stored(number(1))
    assert stored is not None
    assert stored.deleted_at is None


async def test_while_zoho_cannot_be_reached_nothing_changes_and_the_record_stays_due(
    college: College,
) -> None:
    college.zoho.add("BTEC_Students", student(1))
    event = await college.told({"zoho_id": number(1)})
    college.faults.when(lambda _: True, Unreachable(), times=1000)
    for _ in range(2 * MOST_TRIES):
        done = await college.take()
        assert done is not None
        assert (done.taken, done.parked, done.dead) == (0, 0, 0)
        assert "Zoho" in done.put_off
        await college.timer.sleep(3600)
    assert await college.stored(number(1)) is None
    assert (await college.event(event)).state is EventState.WAITING
    assert await college.state(number(1)) is DeliveryState.DUE


async def test_what_is_put_off_says_until_when_and_why(college: College) -> None:
    """What is due by now, has ended, or is about no record, is not."""
    college.zoho.add("BTEC_Students", student(1))
    event = await college.told({"zoho_id": number(1)})
    lost = await college.told({"module": "BTEC_Students"})
    why = college.use_cases.events.why_waiting
    assert await why(DEFAULT_TENANT, event) is None
    down = True
    college.faults.when(lambda _: down, Unreachable(), times=1000)
    done = await college.take()
    assert done is not None
    assert not done.paused
    flow = (await college.use_cases.events.flows(DEFAULT_TENANT))["students"]
    assert flow.put_off is not None
    assert flow.put_off.until > college.timer.now()
    assert (flow.put_off.number, flow.put_off.reason) == (1, done.put_off)
    delay = Delay(until=flow.put_off.until, reason=done.put_off)
    assert await why(DEFAULT_TENANT, event) == delay
    assert await why(DEFAULT_TENANT, lost) is None
    await college.timer.sleep((flow.put_off.until - college.timer.now()).total_seconds())
    assert await why(DEFAULT_TENANT, event) is None
    down = False
    assert await college.take() == EventsTaken(looked_at=1, taken=1)
    assert await why(DEFAULT_TENANT, event) is None  # as it was read: its record was looked at since
    assert await why(DEFAULT_TENANT, await college.event(event)) is None
    assert await why(DEFAULT_TENANT, attrs.evolve(event, key=ZohoId("8"))) is None


async def test_a_record_that_is_refused_parks_its_event_with_the_reason(college: College) -> None:
    """And takes none beside it along."""
    college.zoho.add("BTEC_Students", student(1, Academic_Email="no address"))
    college.zoho.add("BTEC_Students", student(2))
    bad = await college.told({"zoho_id": number(1)})
    good = await college.told({"zoho_id": number(2)})
    assert await college.take() == EventsTaken(looked_at=2, taken=1, parked=1)
    assert (await college.event(good)).state is EventState.TAKEN
    parked = await college.event(bad)
    assert parked.state is EventState.PARKED
    assert "Academic_Email" in parked.reason
    college.zoho.edit("BTEC_Students", number(1), {"Academic_Email": "a1@campus.example"})
    await college.use_cases.events.replay(DEFAULT_TENANT, bad.id)
    assert await college.take() == EventsTaken(looked_at=1, taken=1)
    assert (await college.event(bad)).state is EventState.TAKEN


async def test_a_record_that_waits_for_its_parent_is_taken_by_itself_later(college: College) -> None:
    enrolment = {"id": number(9), "Enrolled_Students": number(1), "Classes": number(5)}
    college.zoho.add("BTEC_Students", student(1))
    college.zoho.add("BTEC_Classes", {"id": number(5), "Class_Name": "IT 1"})
    college.zoho.add("BTEC_Enrollments", enrolment)
    event = await college.told({"zoho_id": number(9)}, "enrollment_updated")
    assert await college.take("enrollments") == EventsTaken(looked_at=1, taken=1)
    assert (await college.event(event)).state is EventState.TAKEN
    for door, id in (("student_updated", 1), ("class_updated", 5)):
        await college.told({"zoho_id": number(id)}, door)
    await college.take("students")
    await college.take("classes")
    async with college.use_cases.store.read(DEFAULT_TENANT) as session:
        assert await session.present(CATALOGUE["enrollments"], [ZohoId(number(9))])


async def test_what_is_refused_again_and_again_is_given_up_with_its_events(college: College) -> None:
    """A module that Zoho has not is no outage: after ten tries in three days it is a dead letter."""
    event = await college.told({"zoho_id": number(1)})
    college.zoho.organization.tables.pop("BTEC_Students", None)
    tries = 0
    while (await college.event(event)).state is EventState.WAITING:
        await college.timer.sleep(timedelta(days=1).total_seconds())
        done = await college.take()
        tries += done is not None
        assert tries <= MOST_TRIES
    dead = await college.event(event)
    assert (tries, dead.state) == (MOST_TRIES, EventState.DEAD)
    assert "BTEC_Students" in dead.reason
    assert await college.state(number(1)) is DeliveryState.DEAD


async def test_revoked_credentials_pause_the_flow_and_lose_nothing(college: College) -> None:
    college.zoho.add("BTEC_Students", student(1))
    event = await college.told({"zoho_id": number(1)})
    college.zoho.accounts.revoke()
    done = await college.take()
    assert done is not None
    assert done.put_off
    assert await college.take() is None
    assert done.paused
    flow = (await college.use_cases.events.flows(DEFAULT_TENANT))["students"]
    assert flow.paused == done.put_off
    why = college.use_cases.events.why_waiting
    assert await why(DEFAULT_TENANT, await college.event(event)) == Delay(until=None, reason=done.put_off)
    assert (await college.event(event)).state is EventState.WAITING
    assert await college.use_cases.events.resume(DEFAULT_TENANT) == ["students"]
    assert await college.use_cases.events.resume(DEFAULT_TENANT) == []
    assert await why(DEFAULT_TENANT, await college.event(event)) is None
    assert await college.take() is not None
    for unknown in (college.use_cases.events.flows, college.use_cases.events.resume):
        with pytest.raises(UnknownTenant):
            await unknown(TenantId("nobody"))


async def test_without_an_account_a_whole_record_is_taken_as_it_is_told(accountless: College) -> None:
    event = await accountless.told({"data": [student(1, City="Irbid")]})
    assert await accountless.take() == EventsTaken(looked_at=1, taken=1)
    stored = await accountless.stored(number(1))
    assert stored is not None
    gone = await accountless.told({"zoho_id": number(1)}, "student_deleted")
    assert await accountless.take() == EventsTaken(looked_at=1, taken=1, deleted=1)
    assert [(await accountless.event(each)).state for each in (event, gone)] == [EventState.TAKEN] * 2


async def test_without_an_account_the_latest_event_counts_and_those_before_it_say_so(
    accountless: College,
) -> None:
    told = [await accountless.told({"data": [student(1, City=city)]}) for city in ("Irbid", "Amman")]
    assert await accountless.take() == EventsTaken(looked_at=1, taken=2)
    reasons = [(await accountless.event(each)).reason for each in told]
    assert reasons == ["A later event tells what there is to know of this record.", ""]


async def test_an_event_that_tells_an_older_version_of_a_record_says_so(accountless: College) -> None:
    """One that says the same needs no words."""
    told: list[Event] = []
    for hour, city in (("09", "Irbid"), ("08", "Amman"), ("08", "Irbid")):
        record = student(1, Modified_Time=f"2026-02-01T{hour}:00:00+03:00", City=city)
        told.append(await accountless.told({"data": [record]}))
        await accountless.take()
    reasons = [(await accountless.event(each)).reason for each in told]
    assert reasons == ["", "A newer version of this record is already stored.", ""]


async def test_without_an_account_a_whole_record_may_be_a_form_or_have_its_id_in_the_address(
    accountless: College,
) -> None:
    """The texts of a form are read as they are in files."""
    whole = {name: value for name, value in student(1, City="Irbid").items() if name != "id"}
    form = {name: [str(value)] for name, value in whole.items() if value is not None}
    for content, city in (({**form, "zoho_id": [number(1)]}, "Irbid"), ({**whole, "City": "Amman"}, "Amman")):
        address = {} if "zoho_id" in content else {"zoho_id": number(1)}
        await accountless.told(content, address=address)
        assert await accountless.take() == EventsTaken(looked_at=1, taken=1)
        stored = await accountless.stored(number(1))
        assert stored is not None
        assert stored.entity.city == city


async def test_without_an_account_a_bare_id_blanks_nothing(accountless: College) -> None:
    """It is parked, and says what would help."""
    await accountless.told({"data": [student(1, City="Irbid")]})
    await accountless.take()
    event = await accountless.told({"data": [{"id": number(1)}], "timestamp": "2026-01-25T11:45:00Z"})
    assert await accountless.take() == EventsTaken(looked_at=1, parked=1)
    stored = await accountless.stored(number(1))
    assert stored is not None
    assert stored.entity.city == "Irbid"
    parked = await accountless.event(event)
    assert parked.state is EventState.PARKED
    assert "Then replay it" in parked.reason


async def test_what_is_told_while_it_is_looked_at_is_looked_at_again(college: College) -> None:
    """The generation moved: the second message is not ended by the look that came before it."""
    college.zoho.add("BTEC_Students", student(1))
    await college.told({"zoho_id": number(1)})
    take = college.use_cases.events.take
    look = take.looks[Side.ZOHO]
    told: list[Event] = []

    async def slow(*what: object) -> object:
        seen = await look(*what)  # type: ignore[arg-type]
        told.append(await college.told({"zoho_id": number(1)}))
        return seen

    await attrs.evolve(take, looks={Side.ZOHO: slow})(DEFAULT_TENANT, STUDENTS)  # type: ignore[dict-item]
    assert (await college.event(told[0])).state is EventState.WAITING
    assert await college.state(number(1)) is DeliveryState.DUE
    assert await college.take() == EventsTaken(looked_at=1, taken=1)
    listed = await college.use_cases.events.list(DEFAULT_TENANT, EventQuery())
    assert {each.state for each in listed.items} == {EventState.TAKEN}


async def test_a_record_with_very_many_events_ends_them_a_part_at_a_time(
    college: College, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_events, "MOST_EVENTS", 3)
    college.zoho.add("BTEC_Students", student(1))
    for _ in range(8):
        await college.told({"zoho_id": number(1)})
    ended = []
    while (done := await college.take()) is not None:
        ended.append(done.taken)
    assert ended == [3, 3, 2]


async def test_a_store_that_goes_away_while_it_is_asked_is_no_fault_of_the_record(college: College) -> None:
    """It is raised to whoever takes; the claim ends by its lease."""
    college.zoho.add("BTEC_Students", student(1))
    event = await college.told({"zoho_id": number(1)})

    async def away(*_: object) -> object:
        raise StoreUnavailable("The store is being moved.")

    take = attrs.evolve(college.use_cases.events.take, looks={Side.ZOHO: away})  # type: ignore[dict-item]
    with pytest.raises(StoreUnavailable):
        await take(DEFAULT_TENANT, STUDENTS)
    assert (await college.event(event)).state is EventState.WAITING
    await college.timer.sleep(take_events.LEASE.total_seconds() + 1)
    assert await college.take() == EventsTaken(looked_at=1, taken=1)


async def test_what_is_due_without_an_event_is_nothing_where_there_is_no_account(
    accountless: College,
) -> None:
    """As after its events were forgotten: nothing tells anything of the record."""
    async with accountless.use_cases.store.begin(ACCOUNTLESS) as session:
        await session.make_due([Due("take:students", number(1))])
    assert await accountless.take() == EventsTaken(looked_at=1)
    assert await accountless.stored(number(1)) is None


async def test_everything_due_is_found_and_taken_parents_before_children(college: College) -> None:
    """Of every tenant; a flow of no module is somebody else's."""
    enrolment = {"id": number(9), "Enrolled_Students": number(1), "Classes": number(5)}
    college.zoho.add("BTEC_Enrollments", enrolment)
    college.zoho.add("BTEC_Students", student(1))
    college.zoho.add("BTEC_Classes", {"id": number(5), "Class_Name": "IT 1"})
    for door, id in (("enrollment_updated", 9), ("student_updated", 1), ("class_updated", 5)):
        await college.told({"zoho_id": number(id)}, door)
    events = college.use_cases.events
    async with college.use_cases.store.begin(ACCOUNTLESS) as session:
        await session.make_due([Due("payroll", "1")])
    (due,) = await events.find_due()
    assert (due.tenant, [module.name for module in due.modules][-1]) == (DEFAULT_TENANT, "enrollments")
    told: list[str] = []
    await events.take_due(due.tenant, due.modules, done=lambda module, _: told.append(module.name))
    assert sorted(told) == ["classes", "enrollments", "students"]
    assert told[-1] == "enrollments"
    assert await events.find_due() == []


async def test_nothing_further_is_begun_once_it_is_stopped_or_put_off(college: College) -> None:
    """What was put off ends its module, and not the next one."""
    for door, id in (("student_updated", 1), ("class_updated", 5)):
        await college.told({"zoho_id": number(id)}, door)
    events = college.use_cases.events
    (due,) = await events.find_due()
    told: list[str] = []
    await events.take_due(due.tenant, due.modules, stopped=lambda: True)
    assert len((await events.find_due())[0].modules) == 2
    college.faults.when(lambda _: True, Unreachable(), times=1000)
    await events.take_due(due.tenant, due.modules, done=lambda module, done: told.append(done.put_off))
    assert len(told) == 2
    assert all(told)


async def test_who_listens_is_told_that_something_was_kept(college: College) -> None:
    heard: list[int] = []
    college.use_cases.events.receive.listeners.append(lambda: heard.append(1))
    await college.told({"zoho_id": number(1)})
    assert heard == [1]


async def test_use_cases_without_adapters_for_events_have_none() -> None:
    with pytest.raises(TypeError, match="event_adapters"):
        _ = attrs.evolve(Harness().use_cases, event_adapters=None).events


async def test_one_record_that_zoho_refuses_to_look_for_spoils_none_beside_it(college: College) -> None:
    """Half by half: the good are taken at once, and it alone is tried again."""
    for n in range(1, 8):
        college.zoho.add("BTEC_Students", student(n))
        await college.told({"zoho_id": number(n)})
    take = college.use_cases.events.take
    look = take.looks[Side.ZOHO]

    async def picky(
        tenant: TenantId, module: AnyModule, keys: Sequence[RecordKey], events: Sequence[Event]
    ) -> Observed:
        if number(5) in keys:
            raise InputRefused("Zoho", "An id is none.")
        return await look(tenant, module, keys, events)

    done = await attrs.evolve(take, looks={Side.ZOHO: picky})(DEFAULT_TENANT, STUDENTS)
    assert done is not None
    assert (done.looked_at, done.taken, done.put_off) == (6, 6, "Zoho: An id is none.")
    assert await college.state(number(5)) is DeliveryState.DUE
    assert await college.state(number(4)) is DeliveryState.SETTLED


async def test_a_key_that_is_no_id_of_zohos_is_parked_and_deletes_nothing(college: College) -> None:
    event = await college.told({"zoho_id": "stu_1"})
    assert await college.take() == EventsTaken(looked_at=1, parked=1)
    assert (await college.event(event)).reason == "`stu_1` is no id of Zoho's."


async def test_a_record_of_which_every_worker_died_is_given_up_with_its_events_and_harms_no_other(
    college: College, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many events are about it."""
    monkeypatch.setattr(take_events, "MOST_EVENTS", 2)
    for id in (1, 2):
        college.zoho.add("BTEC_Students", student(id))
    deadly = [await college.told({"data": [{"id": number(1)}]}) for _ in range(3)]
    for _ in range(MOST_STARTS):
        async with college.use_cases.store.begin(college.tenant) as session:
            assert len(await session.claim("take:students", 1, LEASE)) == 1
        college.timer.jump(LEASE.total_seconds() + 1)
    other = await college.told({"data": [{"id": number(2)}]})
    assert await college.take() == EventsTaken(dead=3)
    assert await college.state(number(1)) is DeliveryState.DEAD
    for each in deadly:
        ended = await college.event(each)
        assert (ended.state, ended.reason) == (EventState.DEAD, DEADLY)
    assert await college.take() == EventsTaken(looked_at=1, taken=1)
    assert (await college.event(other)).state is EventState.TAKEN
    assert await college.take() is None
