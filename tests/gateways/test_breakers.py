"""Both clients leave a service alone that does not answer, and share that through a store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import attrs
import pytest
from tests.gateways.moodle.given import TOKEN
from tests.gateways.zoho.given import World
from tests.gateways.zoho.test_access import is_call, is_token

from mzi_adapters.breakers import LOOK, StoreBreaker
from mzi_adapters.memory import MemoryStore
from mzi_adapters.moodle import MoodleAccount, MoodleClient
from mzi_adapters.sql import open_store
from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.zoho_gateway_remote import GRADES, NOBODY
from mzi_adapters.testing.faults import Fault, Faults, FaultyTransport, Reset, Unreachable, says
from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.testing.session_guard import GuardedStore
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.web import Request
from mzi_core.circuit_breaker import POLICY
from mzi_core.errors import AmbiguousWrite, GatewayError, GatewayUnavailable, StoreUnavailable
from mzi_core.ports import OpenBreaker, Session, Store
from mzi_core.values import DEFAULT_TENANT, TenantId

ALWAYS = 10**6
"""More requests than there are."""


@attrs.define
class CountedStore:
    """A store that counts the sessions it is asked for; none can be begun while it is `away`."""

    real: Store = attrs.field(factory=lambda: GuardedStore(MemoryStore()))
    reads: int = 0
    writes: int = 0
    away: bool = False

    async def _begun(self) -> None:
        await asyncio.sleep(0)  # as at a database, others have their turn meanwhile
        if self.away:
            raise StoreUnavailable("The store is being moved.")

    @asynccontextmanager
    async def begin(self, tenant: TenantId, *, discard: bool = False) -> AsyncIterator[Session]:
        self.writes += 1
        await self._begun()
        async with self.real.begin(tenant, discard=discard) as session:
            yield session

    @asynccontextmanager
    async def read(self, tenant: TenantId) -> AsyncIterator[Session]:
        self.reads += 1
        await self._begun()
        async with self.real.read(tenant) as session:
            yield session


Call = Callable[[], Awaitable[object]]


@attrs.define(kw_only=True)
class Service:
    """A service, what goes wrong on the way to it, and the store that its clients share."""

    timer: VirtualTimer = attrs.field(factory=VirtualTimer)
    faults: Faults = attrs.field(factory=Faults)
    store: CountedStore = attrs.field(factory=CountedStore)
    name: str = ""
    address: str = ""
    writes: Call = attrs.field(init=False)
    _stack: AsyncExitStack = attrs.field(factory=AsyncExitStack)

    def breaker(self, **what: Any) -> StoreBreaker:
        """That of one more process."""
        named = {"store": self.store, "address": self.address, **what}
        return StoreBreaker(
            tenant=DEFAULT_TENANT, service=self.name, clock=self.timer, timer=self.timer, **named
        )

    async def client(self, **what: Any) -> Call:
        """One call by the client of one more process."""
        raise NotImplementedError

    def all_meet(self, fault: Fault) -> None:
        """From now on every call does, until `mend`."""
        self.faults.when(self.is_call, fault, times=ALWAYS)

    def mend(self) -> None:
        """Nothing more goes wrong."""
        self.faults._rules.clear()

    def is_call(self, request: Request) -> bool:
        """Whether it is more than the way to a token."""
        return True

    @property
    def sent(self) -> int:
        """How many calls left, whatever became of them."""
        return self.faults.seen

    async def kept(self) -> OpenBreaker | None:
        """The breaker as it is kept."""
        async with self.store.real.read(DEFAULT_TENANT) as session:
            return next(iter(await session.open_breakers()), None)


@attrs.define(kw_only=True)
class AtZoho(Service):
    """Zoho, with a token already there."""

    world: World = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.name, self.address = "Zoho", "https://www.zohoapis.eu"
        self.world = World(timer=self.timer, faults=self.faults)
        self.world.zoho.latency = 0

    async def client(self, **what: Any) -> Call:
        made = self.world.client(random=lambda: 0.5, breaker=self.breaker(**what))
        client = await self._stack.enter_async_context(made)
        await client.caller.access.token()
        self.faults.seen = 0
        self.writes = lambda: client.insert(GRADES, [{"Name": "A"}])
        return lambda: client.get(GRADES, NOBODY)

    def is_call(self, request: Request) -> bool:
        return is_call(request)


@attrs.define(kw_only=True)
class AtMoodle(Service):
    """Moodle."""

    site: FakeMoodle = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.name, self.address = "Moodle", "https://moodle.example"
        self.site = FakeMoodle(token=TOKEN, clock=self.timer)

    async def client(self, **what: Any) -> Call:
        wire = FaultyTransport(self.site, self.faults, self.timer)
        account = MoodleAccount(self.site.url, TOKEN)
        client = MoodleClient(account, wire, self.timer, random=lambda: 0.5, breaker=self.breaker(**what))
        self.writes = lambda: client.calls.write("core_user_create_users", {"users": [{"username": "sara"}]})
        return client.site


@pytest.fixture(params=[AtZoho, AtMoodle], ids=["zoho", "moodle"])
async def service(request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    """Each of them."""
    made: Service = request.param()
    async with made._stack:
        yield made


async def fails(call: Call, times: int = 1) -> GatewayError:
    """What a call raises the last time."""
    for _ in range(times):
        with raises(GatewayError) as caught:
            await call()
    assert caught.error is not None
    return caught.error


ATTEMPTS = {"Zoho": 5, "Moodle": 4}


async def test_an_outage_is_met_with_all_attempts_and_then_with_none(service: Service) -> None:
    """Nothing is sent while it lasts but a probe, once; and the first answer ends it."""
    call = await service.client()
    service.all_meet(Unreachable())
    await fails(call, POLICY.least)
    assert service.sent == POLICY.least * ATTEMPTS[service.name]
    opened_at = service.timer.now()
    error = await fails(call, 50)
    assert isinstance(error, GatewayUnavailable)
    assert error.retry_after == POLICY.first
    assert f"nothing has been sent to it since {opened_at:%Y-%m-%d %H:%M:%S} UTC" in str(error)
    assert service.sent == POLICY.least * ATTEMPTS[service.name]
    await service.timer.sleep(POLICY.first)
    await fails(call, 50)
    assert service.sent == POLICY.least * ATTEMPTS[service.name] + 1
    service.mend()
    await service.timer.sleep(2 * POLICY.first)
    await call()
    assert await service.kept() is None
    await call()


async def test_a_day_of_silence_is_about_a_hundred_requests(service: Service) -> None:
    """Of three processes that call every half a minute; for the probes of Zoho there is a token each hour."""
    calls = [await service.client() for _ in range(3)]
    service.all_meet(Unreachable())
    end = service.timer.monotonic() + 86_400

    async def works(call: Call) -> None:
        while service.timer.monotonic() < end:
            await fails(call)
            await service.timer.sleep(30)

    await asyncio.gather(*map(works, calls))
    until_open = 3 * POLICY.least * ATTEMPTS[service.name]
    probes, tokens = 110, 24
    assert 90 <= service.sent <= until_open + probes + tokens


async def test_a_moment_without_an_answer_is_ridden_out(service: Service) -> None:
    """By the attempts of the call, however often it comes, and the breaker learns nothing of it."""
    call = await service.client()
    for _ in range(20):
        service.faults.when(service.is_call, Reset(applied=False), times=ATTEMPTS[service.name] - 1)
        await call()
    assert await service.kept() is None


async def test_a_write_without_an_answer_counts(service: Service) -> None:
    """It is not sent again, and nobody knows what became of it."""
    await service.client()
    service.all_meet(Reset(applied=False))
    for _ in range(POLICY.least):
        with suppress(AmbiguousWrite):  # the client of Zoho gives it as a result
            await service.writes()
    sent = service.sent
    assert sent >= POLICY.least
    assert await service.kept() is not None
    with suppress(GatewayUnavailable):
        await service.writes()
    assert service.sent == sent


async def test_what_the_service_asks_for_is_respected(service: Service) -> None:
    """Retry-After of the failure that opens it."""
    call = await service.client()
    service.all_meet(says(503, b"<html>", retry_after="400"))
    await fails(call, POLICY.least)
    assert (await fails(call)).retry_after == 400  # type: ignore[attr-defined]


ANSWERS = {
    "too many requests": says(429, b"{}", retry_after="3600"),
    "what it depends on": says(
        400,
        b'{"code":"DEPENDENT_SERVICE_ERROR","message":"no","details":{"dependency_error":"PROCESSING_ERROR"}}',
    ),
    "no right": says(403, b'{"code":"NO_PERMISSION","message":"no"}'),
}


@pytest.mark.parametrize("fault", ANSWERS.values(), ids=ANSWERS)
async def test_what_answers_is_not_left_alone(service: Service, fault: Fault) -> None:
    call = await service.client()
    service.all_meet(fault)
    await fails(call, 3 * POLICY.sample)
    assert await service.kept() is None


async def test_web_services_that_are_off_and_a_busy_gradebook_are_answers_of_moodle() -> None:
    service = AtMoodle()
    call = await service.client()
    busy = b'{"exception":"moodle_exception","errorcode":"gradesneedregrading","message":"Wait."}'
    for fault in (says(403), says(200, busy)):
        service.all_meet(fault)
        with raises(GatewayUnavailable):
            await call()
        await fails(call, POLICY.sample)
        service.mend()
    assert await service.kept() is None


async def test_without_its_accounts_server_zoho_is_left_alone() -> None:
    """Nothing can be asked without a token."""
    service = AtZoho()
    service.faults.when(is_token, Unreachable(), times=ALWAYS)
    made = service.world.client(random=lambda: 0.5, breaker=service.breaker())
    async with made as client:
        await fails(lambda: client.get(GRADES, NOBODY), POLICY.least)
        sent = service.sent
        await fails(lambda: client.get(GRADES, NOBODY), 10)
    assert service.sent == sent
    assert await service.kept() is not None


async def test_revoked_credentials_are_no_outage() -> None:
    service = AtZoho()
    service.world.zoho.accounts.revoke()
    async with service.world.client(breaker=service.breaker()) as client:
        await fails(lambda: client.get(GRADES, NOBODY), 3 * POLICY.sample)
    assert await service.kept() is None


async def test_processes_share_it(service: Service) -> None:
    """One finds the outage; the other sends nothing, and its probe opens the way for both."""
    first, second = await service.client(), await service.client()
    await second()
    service.all_meet(Unreachable())
    await fails(first, POLICY.least)
    await service.timer.sleep(LOOK)
    sent = service.sent
    await fails(second, 20)
    assert service.sent == sent
    service.mend()
    await service.timer.sleep(POLICY.first)
    await second()
    await service.timer.sleep(LOOK)
    await first()
    assert service.sent == sent + 2


async def test_a_healthy_service_costs_no_write_and_few_reads(service: Service) -> None:
    """One every LOOK seconds, however many calls there are at once."""
    call = await service.client()
    began = service.timer.monotonic()
    for _ in range(40):
        await asyncio.gather(*(call() for _ in range(4)))
        await service.timer.sleep(1)
    looks = (service.timer.monotonic() - began) / LOOK
    assert (service.store.writes, service.store.reads) == (0, looks)


async def test_an_outage_costs_the_store_little(service: Service) -> None:
    """A write where it opens, and two for each probe, not one for each call that is refused."""
    call = await service.client()
    service.all_meet(Unreachable())
    await fails(call, POLICY.least)
    assert service.store.writes == 1
    await fails(call, 1000)
    assert (service.store.writes, service.store.reads <= 40) == (1, True)
    await service.timer.sleep(POLICY.first)
    await fails(call, 1000)
    assert service.store.writes == 3


async def test_a_store_that_is_away_opens_and_closes_nothing(service: Service) -> None:
    """The calls go on; and once it is back, the next failure opens the breaker."""
    call = await service.client()
    service.store.away = True
    await call()
    service.all_meet(Unreachable())
    await fails(call, 2 * POLICY.least)
    service.store.away = False
    assert await service.kept() is None
    await fails(call)
    assert await service.kept() is not None
    service.store.away = True
    sent = service.sent
    await service.timer.sleep(2 * POLICY.first)
    service.mend()
    assert (await fails(call)).retry_after == LOOK  # type: ignore[attr-defined]
    assert service.sent == sent
    service.store.away = False
    await call()
    assert await service.kept() is None


async def test_a_store_that_is_away_is_not_asked_for_each_call(service: Service) -> None:
    call = await service.client()
    service.store.away = True
    await asyncio.gather(*(call() for _ in range(9)))
    for _ in range(9):
        await call()
    assert service.store.reads == 1


async def test_what_a_probe_found_is_found_again_where_it_could_not_be_kept(service: Service) -> None:
    """Once its time is up."""
    breaker = service.breaker()
    for _ in range(POLICY.least):
        with raises(GatewayUnavailable):
            async with breaker.passing(60):
                raise GatewayUnavailable(service.name, "It cannot be reached.")
    await service.timer.sleep(POLICY.first)
    async with breaker.passing(60) as is_probe:
        assert is_probe
        service.store.away = True
    service.store.away = False
    with raises(GatewayUnavailable):
        async with breaker.passing(60):
            pass
    await service.timer.sleep(60)
    async with breaker.passing(60) as is_probe:
        assert is_probe
    assert await service.kept() is None


async def test_who_asks_by_hand_waits_for_nothing_and_closes_it(service: Service) -> None:
    """Where it fails, the others wait no longer for it."""
    call, by_hand = await service.client(), await service.client(early=True)
    service.all_meet(Unreachable())
    await fails(call, POLICY.least)
    before, sent = await service.kept(), service.sent
    for _ in range(3):
        assert "cannot be reached" in str(await fails(by_hand))
    assert service.sent == sent + 3
    after = await service.kept()
    assert before is not None
    assert after == attrs.evolve(before, claims=3)
    service.mend()
    await by_hand()
    assert await service.kept() is None
    await service.timer.sleep(LOOK)
    await call()


async def test_an_address_that_is_put_right_is_asked_at_once(service: Service) -> None:
    """What was kept of the wrong one is forgotten."""
    call = await service.client(address="https://moodel.example")
    service.all_meet(Unreachable())
    await fails(call, POLICY.least)
    assert await service.kept() is not None
    service.mend()
    right = await service.client()
    await right()
    assert await service.kept() is None


async def test_a_failure_from_before_it_closed_is_not_counted_after(service: Service) -> None:
    """Calls that were long under way say nothing of the time since."""
    breaker, other = service.breaker(), service.breaker()
    late = [breaker.passing(60) for _ in range(POLICY.least)]
    for each in late:
        await each.__aenter__()

    async def ends(passing: Any) -> None:
        error = GatewayUnavailable(service.name, "It did not answer.")
        assert not await passing.__aexit__(type(error), error, None)

    for _ in range(POLICY.least):
        with raises(GatewayUnavailable):
            async with other.passing(60):
                raise GatewayUnavailable(service.name, "It cannot be reached.")
    await service.timer.sleep(POLICY.first)
    async with breaker.passing(60) as is_probe:
        assert is_probe
    for each in late:
        await ends(each)
    assert await service.kept() is None


async def test_databases_share_it(database_url: str) -> None:
    """Five stores of their own at one database, as five processes have them: one probe for all."""
    service = AtMoodle(timer=VirtualTimer(patience=0.2))
    async with AsyncExitStack() as stack:
        calls = []
        for _ in range(5):
            store = await stack.enter_async_context(open_store(database_url))
            calls.append(await service.client(store=store))
        service.all_meet(Unreachable())
        await fails(calls[0], POLICY.least)
        sent = service.sent
        for call in calls:
            await fails(call)
        assert service.sent == sent
        await service.timer.sleep(POLICY.first)
        service.mend()
        service.faults.when(service.is_call, says(503, b"<html>"))
        await asyncio.gather(*(fails(call) for call in calls))
        assert service.sent == sent + 1
        await service.timer.sleep(2 * POLICY.first)
        await calls[4]()
        await service.timer.sleep(LOOK)
        await asyncio.gather(*(call() for call in calls))
