"""Breakers keep their promises over every store, and the contract notices who breaks one."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mzi_adapters.breakers import NoBreaker, StoreBreaker
from mzi_adapters.memory import MemoryStore
from mzi_adapters.testing.contracts.breakers import SERVICE, BreakerContract, SharedBreakers
from mzi_adapters.testing.contracts.fixtures import CANARY, OURS
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_core.circuit_breaker import BreakerPolicy, Contact
from mzi_core.errors import AlreadyTaken, GatewayError, GatewayUnavailable, MziError
from mzi_core.ports import Breaker, OpenBreaker, Store
from mzi_core.values import TenantId

ADDRESS = "https://moodle.college.example"


def sharing(store: Store, kind: type[StoreBreaker] = StoreBreaker) -> SharedBreakers:
    """The breakers of any number of processes at one store."""
    timer = VirtualTimer()

    def process(tenant: TenantId, service: str) -> Breaker:
        return kind(store=store, tenant=tenant, service=service, address=ADDRESS, clock=timer, timer=timer)

    return SharedBreakers(process, timer.sleep)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def shared(request: pytest.FixtureRequest) -> SharedBreakers:
    """Breakers over a store of each kind."""
    store: Store = (
        MemoryStore() if request.param == "memory" else request.getfixturevalue(f"{request.param}_store")
    )
    return sharing(store)


class TestBreakers(BreakerContract):
    """The whole binding."""


class Faithful(StoreBreaker):
    """A breaker that keeps every promise; those below break one each."""

    noticed_by = ""

    def __init__(self, **what: Any) -> None:
        super().__init__(**what)
        self.set_up()

    def set_up(self) -> None:
        """What is done once it is made."""


class CallsEverythingAProbe(Faithful):
    noticed_by = "test_calls_that_are_answered_go_through"

    @asynccontextmanager
    async def passing(self, seconds: float, answers: Collection[str] = ()) -> AsyncIterator[bool]:
        async with StoreBreaker.passing(self, seconds, answers):
            yield True


class OpensTooEarly(Faithful):
    noticed_by = "test_too_few_calls_open_nothing"

    def set_up(self) -> None:
        self.policy = BreakerPolicy(least=4)


class HeedsNoRequestForPeace(Faithful):
    noticed_by = "test_it_stays_open_for_as_long_as_the_service_asks"

    def set_up(self) -> None:
        self.policy = BreakerPolicy(longest_asked=900)


class WaitsNoLonger(Faithful):
    noticed_by = "test_a_probe_without_an_answer_opens_it_for_longer"

    def set_up(self) -> None:
        self.policy = BreakerPolicy(longest=30)


class ProbesTooEarly(Faithful):
    noticed_by = "test_before_its_time_there_is_no_probe"

    def set_up(self) -> None:
        self.policy = BreakerPolicy(first=20)


class NeverOpens(Faithful):
    noticed_by = "test_a_service_that_does_not_answer_is_left_alone"

    @asynccontextmanager
    async def passing(self, seconds: float, answers: Collection[str] = ()) -> AsyncIterator[bool]:
        async with NoBreaker().passing(seconds, answers) as is_probe:
            yield is_probe


class WaitsForTheDead(Faithful):
    noticed_by = "test_a_probe_whose_process_died_makes_room_in_the_end"

    @asynccontextmanager
    async def passing(self, seconds: float, answers: Collection[str] = ()) -> AsyncIterator[bool]:
        async with StoreBreaker.passing(self, 3 * seconds, answers) as is_probe:
            yield is_probe


class HeedsTheDead(Faithful):
    noticed_by = "test_a_probe_whose_process_died_makes_room_in_the_end"

    async def _end(self, probe: OpenBreaker, found: Contact, asked: float) -> None:
        async with self.store.begin(self.tenant) as session:
            (newest,) = await session.open_breakers()
        await StoreBreaker._end(self, newest, found, asked)


class TakesErrorsForOthers(Faithful):
    """One that takes what ends a call for something else."""

    def taken_for(self, error: GatewayError) -> GatewayError:
        return error

    @asynccontextmanager
    async def passing(self, seconds: float, answers: Collection[str] = ()) -> AsyncIterator[bool]:
        real: GatewayError | None = None
        try:
            async with StoreBreaker.passing(self, seconds, answers) as is_probe:
                try:
                    yield is_probe
                except GatewayError as error:
                    real = error
                    raise self.taken_for(error) from None
        except GatewayError as error:
            raise real or error from None


class CountsRefusals(TakesErrorsForOthers):
    noticed_by = "test_a_service_that_answers_is_not_left_alone"

    def taken_for(self, error: GatewayError) -> GatewayError:
        return GatewayUnavailable(self.service, "It refused.") if isinstance(error, AlreadyTaken) else error


class CountsNoWrites(TakesErrorsForOthers):
    noticed_by = "test_writes_without_an_answer_open_it_too"

    def taken_for(self, error: GatewayError) -> GatewayError:
        return error if isinstance(error, GatewayUnavailable) else AlreadyTaken(self.service, "It answered.")


class KeepsItToItself(Faithful):
    noticed_by = "test_other_processes_leave_it_alone_soon"

    def set_up(self) -> None:
        self.store = MemoryStore()


class OpensAnew(Faithful):
    noticed_by = "test_who_opens_it_second_does_not_lengthen_the_pause"

    async def _count(self, failed: bool, asked: float) -> None:
        async with self.store.begin(self.tenant) as session:
            await session.close_breaker(self.service)
        await StoreBreaker._count(self, failed, asked)


class ProbesWithEverything(Faithful):
    noticed_by = "test_of_many_calls_one_is_the_probe"

    async def _claim(self, seconds: float) -> OpenBreaker | None:
        return self._kept


class ClosesNothing(Faithful):
    noticed_by = "test_an_answer_to_the_probe_closes_it_for_all"

    async def _end(self, probe: OpenBreaker, found: Contact, asked: float) -> None:
        if found is not Contact.ANSWERED:
            await StoreBreaker._end(self, probe, found, asked)


class KeepsTheRoomOfWhoGaveUp(Faithful):
    noticed_by = "test_a_probe_that_is_given_up_makes_room"

    async def _end(self, probe: OpenBreaker, found: Contact, asked: float) -> None:
        if found is not Contact.UNKNOWN:
            await StoreBreaker._end(self, probe, found, asked)


class OneForAllServices(Faithful):
    noticed_by = "test_services_and_tenants_do_not_disturb_each_other"

    def set_up(self) -> None:
        self.service = SERVICE


class OneForAllTenants(Faithful):
    noticed_by = "test_services_and_tenants_do_not_disturb_each_other"

    def set_up(self) -> None:
        self.tenant = OURS if self.tenant == CANARY else self.tenant


BROKEN = [
    each for each in (*Faithful.__subclasses__(), *TakesErrorsForOthers.__subclasses__()) if each.noticed_by
]
PROMISES = [name for name in dir(BreakerContract) if name.startswith("test_")]


async def _is_kept(name: str, kind: type[StoreBreaker]) -> bool:
    """Whether a test of the contract passes over breakers of this kind."""
    try:
        await getattr(BreakerContract(), name)(sharing(MemoryStore(), kind))
    except (AssertionError, MziError, TimeoutError):
        return False
    return True


async def test_faithful_breakers_break_no_promise() -> None:
    """So that it is the breakage that is noticed, not the wrapping."""
    for kind in (Faithful, TakesErrorsForOthers):
        assert [name for name in PROMISES if not await _is_kept(name, kind)] == []


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
async def test_broken_breakers_are_noticed(broken: type[Faithful]) -> None:
    """The test that they name fails over them."""
    assert not await _is_kept(broken.noticed_by, broken)


def test_every_promise_has_who_breaks_it() -> None:
    assert {broken.noticed_by for broken in BROKEN} == set(PROMISES)
