"""A store that already holds something: of our tenant, and the same ids again of another one, the canary."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Generic, TypeVar
from unittest import SkipTest

import attrs

from mzi_adapters.testing.contracts.samples import changed, key_of, record_id, row, sample
from mzi_core.event_proofs import Scheme
from mzi_core.grading import PEARSON_HIGHER_NATIONAL, Criterion, Decision, Marking, decide
from mzi_core.mapping import FieldMapping
from mzi_core.module import AnyModule, Side
from mzi_core.modules import CATALOGUE, CLASSES, REGISTRATIONS, STUDENTS, TEACHERS, Catalogue
from mzi_core.ports import (
    AT_ONCE,
    AccessToken,
    ApiKey,
    BrakePlan,
    Candidate,
    CausedBy,
    Causer,
    ChangeKind,
    DecisionRecord,
    DeliveryKey,
    DeliveryState,
    Due,
    Event,
    EventQuery,
    EventSource,
    EventState,
    HistoryEntry,
    Lease,
    NoticeAddress,
    NoticeKind,
    OpenBreaker,
    ParkedRecord,
    Query,
    Registry,
    ReviewItem,
    ReviewKind,
    ReviewQuestion,
    ReviewState,
    Run,
    RunStatus,
    Session,
    SourceSecret,
    Store,
    StoredDelivery,
    StoredResponse,
    StoreHealth,
    TenantSettings,
    ToldNotice,
    ValueChange,
)
from mzi_core.values import DEFAULT_TENANT, Code, MoodleId, Parent, Reason, RecordId, State, TenantId, ZohoId

OURS = DEFAULT_TENANT
CANARY = TenantId("canary")

BEGAN = datetime(2026, 2, 1, 8, 0, 0, 1, tzinfo=UTC)
"""When the store was furnished, one microsecond after a full second."""

THERE = (1, 2)
"""The samples that are there of every module."""

GONE = 3
"""The teacher that was there and is deleted."""

FURNISHED = "src_furnished"
"""The source of the events that are there."""

WAYS = ("mail", "webhook")
"""The ways by which the canary was told something."""

ONLY_THEIRS = 4
"""The sample that only the canary has."""

ALL = Query(with_deleted=True, limit=10_000)

Err = TypeVar("Err", bound=BaseException)


@attrs.define
class Caught(Generic[Err]):
    """The error that `raises` was waiting for."""

    error: Err | None = None

    @property
    def message(self) -> str:
        """What the error says."""
        return str(self.error)


@contextmanager
def raises(kind: type[Err]) -> Iterator[Caught[Err]]:
    """Fail unless the block ends with an error of this kind."""
    caught: Caught[Err] = Caught()
    try:
        yield caught
    except kind as error:
        caught.error = error
    else:
        raise AssertionError(f"Nothing raised {kind.__name__}.")


def later(minutes: float) -> datetime:
    """A moment so many minutes after the store was furnished."""
    return BEGAN + timedelta(minutes=minutes)


def parked(
    module: AnyModule, n: int, at: datetime, *, waits_for: Parent | None = None, state: State = State.INVALID
) -> ParkedRecord:
    """The n-th record of a module, parked."""
    return ParkedRecord(
        module=module.name,
        key=key_of(module, n),
        record={"id": key_of(module, n), "Name": f"سجل {n}", "Amount": 0.1, "Rows": [None, True, {}]},
        state=state,
        reasons=(Reason(Code.REQUIRED, "$.Rows[0].Name", "`Name` is missing."),),
        waits_for=waits_for,
        parked_at=at,
    )


def decision(attempt: int = 1, raw: str = "3.50000") -> Decision:
    """A decision with criteria, that was capped unless another mark is said: all that one can hold."""
    marking = Marking(
        raw=Decimal(raw),
        attempt=attempt,
        feedback="<p>أحسنت | 0.1</p>",
        workflow="released",
        due=later(10),
        cutoff=later(20),
        now=later(30),
        criteria=(Criterion(code="P1", achieved=True, title="t", definition="d", remark="r"),),
    )
    return decide(marking, PEARSON_HIGHER_NATIONAL.override(merit_from=Decimal("2.75")))


def run(n: int, at: datetime, *, status: RunStatus = RunStatus.RUNNING, message: str = "") -> Run:
    """The n-th sync run."""
    return Run(
        id=record_id(ZohoId(f"run {n}")),
        module="students",
        source="upload:students.json",
        status=status,
        started_at=at,
        cursor=n * 1000,
        counts={"NEW": n, "INVALID": 0},
        message=message,
    )


def event(n: int, source: str = "src_college") -> Event:
    """The n-th event of a source, which nobody has taken yet."""
    return Event(
        id=RecordId(f"019f0000-0000-7000-8000-{n:012}"),
        source=source,
        kind="\\core\\event\\user_created",
        received_at=BEGAN,
        body=f'{{"event_id": "{n}", "event_data": {{"firstname": "رنا \\u0000 {n}"}}}}',
        sent_as=str(n),
        repeats=str(n),
    )


def change(n: int, at: datetime, *, kind: ChangeKind = ChangeKind.UPDATED) -> HistoryEntry:
    """A change of the n-th student: every kind of value that a field can hold."""
    rows = [{"number": 1, "amount": "12.50", "due_date": None}, {}]
    return HistoryEntry(
        module=STUDENTS.name,
        key=key_of(STUDENTS, n),
        kind=kind,
        changed_at=at,
        caused_by=CausedBy(Causer.EVENT, f"019f0000-{n}"),
        fields={
            "city": ValueChange(None, "رنا 🎓 \x00 | '"),
            "extra.paid": ValueChange("0.10", True),
            "rows": ValueChange(rows, []),
            "number": ValueChange(2**53, -1),
        },
    )


def question(key: str) -> ReviewQuestion:
    """Which of two accounts somebody has."""
    return ReviewQuestion(
        kind=ReviewKind.ACCOUNT,
        key=key,
        subject=f"students/{key}",
        module=STUDENTS.name,
        why="Moodle accounts 7, 9 share its address 🎓.",
        candidates=(Candidate(MoodleId(9), "رنا | '"), Candidate(MoodleId(7), "")),
    )


def key(n: int, at: datetime, *, tenant: TenantId | None = None) -> ApiKey:
    """The n-th API key."""
    return ApiKey(id=f"key{n}", digest="0" * 64, label=f"Sigma 🗝 {n}", tenant=tenant, created_at=at)


def event_source(
    n: int,
    at: datetime,
    *,
    tenant: TenantId = OURS,
    origin: Side = Side.ZOHO,
    scheme: Scheme = Scheme.HEADER,
) -> EventSource:
    """The n-th source of events: with two tokens, or where it signs with two keys."""
    tokens = ("one", "two")
    secrets = [
        SourceSecret(number=1, created_at=at, retires_at=later(90), digest=token_digest(n, tokens[0])),
        SourceSecret(number=2, created_at=later(60), digest=token_digest(n, tokens[1])),
    ]
    if scheme in (Scheme.HMAC, Scheme.STANDARD):
        secrets = [attrs.evolve(each, digest=None, sealed=f"mzi1.sealed.{n}") for each in secrets]
    return EventSource(
        id=f"source{n}",
        tenant=tenant,
        origin=origin,
        scheme=scheme,
        label=f"Regel für Anträge 🗝 {n}",
        created_at=at,
        secrets=tuple(secrets),
    )


def token_digest(n: int, token: str) -> str:
    """The digest of a token of the n-th source of events."""
    return sha256(f"{token} of source {n}".encode()).hexdigest()


def chosen(note: str) -> TenantSettings:
    """Choices with mappings of two modules, and a policy and rules as data."""
    return TenantSettings(
        mappings={
            "students": (FieldMapping("extra.zzz", "Sub_Major"), FieldMapping("city", "City_2")),
            "grades": (FieldMapping("extra.aaa", "Tag"),),
        },
        policies={"default": PEARSON_HIGHER_NATIONAL.to_data(), "by_family": {"L3": {"note": note}}},
        rules={"withdrawal": "leave", "note": note},
    )


async def fill_records(session: Session, note: str, catalogue: Catalogue = CATALOGUE) -> None:
    """Write the records that every furnished tenant has of these modules."""
    for module in catalogue.in_order():
        entities = [changed(module, sample(module, n), extra={"whose": note}) for n in THERE]
        await session.write(module, [row(module, entity) for entity in entities], BEGAN)


async def _fill(session: Session, note: str) -> None:
    await fill_records(session, note)
    await session.write(TEACHERS, [row(TEACHERS, sample(TEACHERS, GONE))], BEGAN)
    await session.delete(TEACHERS, [key_of(TEACHERS, GONE)], BEGAN)
    waiting = parked(REGISTRATIONS, 7, BEGAN, waits_for=Parent("students", key_of(STUDENTS, 7)))
    await session.park([attrs.evolve(parked(STUDENTS, 8, BEGAN), record={"whose": note}), waiting])
    await session.keep_history([change(1, BEGAN)])
    await session.record_decisions([DecisionRecord(key="1_2_3", decision=decision(), decided_at=BEGAN)])
    hint = attrs.evolve(event(2, FURNISHED), repeats=None, module="students", key=ZohoId("1"))
    await session.keep_events([event(1, FURNISHED), hint])
    await session.keep_response(StoredResponse(key="k", digest="d", body=note, answered_at=BEGAN), BEGAN)
    await session.save_run(run(1, BEGAN, message=note))
    await session.save_settings(chosen(note))


async def _fill_more(session: Session) -> None:
    """What only the canary has."""
    await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, ONLY_THEIRS))], BEGAN)
    waiting = Parent("students", key_of(STUDENTS, ONLY_THEIRS))
    await session.park([parked(STUDENTS, ONLY_THEIRS, BEGAN), parked(CLASSES, 9, BEGAN, waits_for=waiting)])
    await session.keep_history([change(ONLY_THEIRS, BEGAN)])
    await session.record_decisions([DecisionRecord(key="only theirs", decision=decision(), decided_at=BEGAN)])
    await session.keep_response(
        StoredResponse(key="only theirs", digest="", body="", answered_at=BEGAN), BEGAN
    )
    await session.save_run(run(9, BEGAN))
    await session.save_token(AccessToken(name="zoho", origin="only theirs"))
    await session.save_lease(Lease(tenant=session.tenant, name="renew", holder="theirs", until=later(5)))
    await _fill_deliveries(session)
    await _fill_reviews(session)
    await _fill_notices(session)


async def _fill_deliveries(session: Session) -> None:
    """One that somebody is at work on, one in each other state, a flow that is paused, and a plan."""
    await session.make_due([Due("account", key, "theirs") for key in ("1", "2", "3", "4", "5")])
    _, settled, waiting, dead, held = await session.claim("account", 5, timedelta(hours=1))
    endings = [
        settled.settled(agreed={"grade": "P"}, look_again=AT_ONCE),
        waiting.waiting(DeliveryKey("course", "1")),
        dead.dead("Theirs."),
        held.held("plan"),
    ]
    await session.end_claims(endings)
    await session.pause("course", "theirs")
    await session.reserve("account", "suspend", {"1": 1, "2": 1}, 2)
    await session.open_plan("account", "suspend")


async def _fill_notices(session: Session) -> None:
    """One that stands, told by each of two ways."""
    address = NoticeAddress(NoticeKind.DEAD, "account")
    for way in WAYS:
        await session.save_told(way, [ToldNotice(address=address, number=1, told_at=BEGAN)])


async def _fill_reviews(session: Session) -> None:
    """One in each state."""
    await session.put_reviews([question(key) for key in "1234"])
    await session.decide_review(question("2").address, ReviewState.CHOSEN, MoodleId(9), "theirs")
    await session.decide_review(question("3").address, ReviewState.DISMISSED, None, "theirs")
    await session.close_reviews([question("4").address])


@attrs.frozen
class Everything:
    """All that a tenant has, to be compared."""

    counts: Mapping[str, Mapping[State, int]]
    records: Mapping[str, Sequence[object]]
    parked: Mapping[str, Sequence[ParkedRecord]]
    changes: Sequence[HistoryEntry]
    decisions: Sequence[DecisionRecord]
    history: Sequence[DecisionRecord]
    events: Sequence[Event]
    event_counts: Mapping[EventState, int]
    runs: Sequence[Run]
    answers: Sequence[StoredResponse | None]
    token: AccessToken | None
    lease: Lease | None
    breakers: Sequence[OpenBreaker]
    deliveries: Sequence[StoredDelivery]
    pauses: Mapping[str, str | None]
    plans: Sequence[BrakePlan]
    reviews: Sequence[ReviewItem]
    notices: Sequence[ToldNotice]
    settings: TenantSettings


async def all_deliveries(session: Session) -> list[StoredDelivery]:
    """The deliveries of a tenant, as the lists tell them."""
    flows = [flow.flow for flow in await session.flows()]
    lists = [await session.deliveries(flow, state, limit=10_000) for flow in flows for state in DeliveryState]
    return [each for found in lists for each in found]


async def everything(store: Store, tenant: TenantId) -> Everything:
    """All that a tenant has."""
    async with store.begin(tenant) as session:
        return Everything(
            counts={module.name: await session.count(module) for module in CATALOGUE},
            records={module.name: list(await session.list(module, ALL)) for module in CATALOGUE},
            parked={module.name: list(await session.parked_list(module.name, ALL)) for module in CATALOGUE},
            changes=[
                each
                for n in (1, ONLY_THEIRS)
                for each in await session.history(STUDENTS.name, key_of(STUDENTS, n), None, 10_000)
            ],
            decisions=list(await session.decisions(None, 10_000)),
            history=list(await session.decision_history("1_2_3")),
            events=await session.events(EventQuery(limit=10_000)),
            event_counts=dict(await session.event_counts()),
            runs=list(await session.runs(10_000)),
            answers=[await session.response(each) for each in ("k", "only theirs")],
            token=await session.token("zoho"),
            lease=await session.lease("renew"),
            breakers=list(await session.open_breakers()),
            deliveries=await all_deliveries(session),
            pauses={flow.flow: flow.paused for flow in await session.flows()},
            plans=list(await session.plans()),
            reviews=list(await session.reviews(limit=10_000)),
            notices=[each for way in WAYS for each in await session.told_notices(way)],
            settings=await session.settings(),
        )


async def miscounted(store: Store, tenant: TenantId) -> Mapping[str, object]:
    """The modules, and deliveries, whose counts are not those of their lists, with both."""
    found: dict[str, object] = {}
    async with store.begin(tenant) as session:
        for module in CATALOGUE:
            counted = {state: number for state, number in (await session.count(module)).items() if number}
            live = await session.list(module, Query(limit=10_000))
            aside = await session.parked_list(module.name, ALL)
            listed = Counter([one.state for one in live] + [one.state for one in aside])
            if counted != listed:
                found[module.name] = (counted, listed)
        kept = {flow.flow: dict(flow.counts) for flow in await session.flows() if flow.counts}
        told: dict[str, Counter[DeliveryState]] = {}
        for each in await all_deliveries(session):
            told.setdefault(each.flow, Counter())[each.state] += 1
        if kept != told:
            found["deliveries"] = (kept, told)
    return found


async def has_what_was_written(session: Session) -> bool:
    """Whether a session finds one of the records that every furnished tenant has."""
    return bool(await session.present(TEACHERS, [key_of(TEACHERS, THERE[0])]))


async def furnish(store: Store) -> None:
    """Fill an empty store, of our tenant and of the canary.

    Over a store that knows no tenants nothing else could be tried: such a case is skipped.
    """
    async with store.registry() as registry:
        await registry.add_tenant(CANARY, BEGAN)
        await registry.save_key(key(1, BEGAN, tenant=CANARY))
        await registry.add_source(event_source(1, BEGAN, tenant=CANARY))
    async with store.begin(OURS) as session:
        await _fill(session, f"of {OURS}")
    async with store.begin(CANARY) as session:
        if await has_what_was_written(session):
            raise SkipTest("The store mixes tenants, as test_tenants_are_kept_apart tells.")
        await _fill(session, f"of {CANARY}")
        await _fill_more(session)


Case = TypeVar("Case", bound=Callable[..., object])


def over_an_empty_store(case: Case) -> Case:
    """Say of a case that it needs an empty store, and that one which is furnished will not do."""
    vars(case)["needs_an_empty_store"] = True
    return case


@attrs.frozen
class FurnishedStore:
    """A store that is furnished already, a copy of one that was, so that a case need not do it itself.

    `canary`: all that the canary has.
    """

    real: Store
    canary: Everything

    def begin(self, tenant: TenantId, *, discard: bool = False) -> AbstractAsyncContextManager[Session]:
        """As the store itself; so are the others."""
        return self.real.begin(tenant, discard=discard)

    def begin_together(self) -> AbstractAsyncContextManager[Callable[[TenantId], Session]]:
        """A transaction over several tenants."""
        return self.real.begin_together()

    def read(self, tenant: TenantId) -> AbstractAsyncContextManager[Session]:
        """A session to look at."""
        return self.real.read(tenant)

    def registry(self) -> AbstractAsyncContextManager[Registry]:
        """The tenants and keys."""
        return self.real.registry()

    def read_registry(self) -> AbstractAsyncContextManager[Registry]:
        """The tenants and keys to look at."""
        return self.real.read_registry()

    async def health(self) -> StoreHealth:
        """How the store is."""
        return await self.real.health()


async def prepare(store: Store) -> Everything:
    """Furnish an empty store, of which `FurnishedStore`s are copied then: what the canary has in it."""
    await furnish(store)
    assert await miscounted(store, CANARY) == {}
    return await everything(store, CANARY)


@asynccontextmanager
async def furnished(store: Store) -> AsyncIterator[None]:
    """Furnish an empty store; at the end the canary must have everything it had, and nothing else.

    And whatever was done, in both the counts must be those of the lists.
    """
    before = store.canary if isinstance(store, FurnishedStore) else await prepare(store)
    yield
    assert await everything(store, CANARY) == before
    assert await miscounted(store, OURS) == {}


@asynccontextmanager
async def ours(store: Store) -> AsyncIterator[Session]:
    """One session of our tenant in a furnished store; see `furnished`."""
    async with furnished(store), store.begin(OURS) as session:
        yield session
