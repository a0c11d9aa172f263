"""Leases keep their promises over every store and in memory, and the contract notices who breaks one."""

from collections.abc import Callable
from datetime import timedelta

import attrs
import pytest

from mzi_adapters.leases import StoreLeases
from mzi_adapters.memory import MemoryStore
from mzi_adapters.memory.leases import MemoryLeases
from mzi_adapters.system import SystemIds
from mzi_adapters.testing.contracts.fixtures import CANARY, OURS
from mzi_adapters.testing.contracts.leases import LONG, Leased, LeasesContract
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_core.ports import Lease, Leases, Store
from mzi_core.values import TenantId


@pytest.fixture(params=["none", "memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store | None:
    """A store of each kind, and none for the leases that need none."""
    if request.param == "none":
        return None
    found: Store = (
        MemoryStore() if request.param == "memory" else request.getfixturevalue(f"{request.param}_store")
    )
    return found


@pytest.fixture
async def leased(store: Store | None) -> Leased:
    """Leases of each kind."""
    clock = VirtualTimer()
    if store is None:
        return Leased(MemoryLeases(clock), clock, clock.jump)
    async with store.registry() as registry:
        await registry.add_tenant(CANARY, clock.now())
    return Leased(StoreLeases(store=store, clock=clock, ids=SystemIds()), clock, clock.jump)


class TestLeases(LeasesContract):
    """The whole binding."""


@attrs.define
class Faithful:
    """Leases that keep every promise; those below break one each."""

    clock: VirtualTimer
    real: Leases = attrs.field(init=False)
    noticed_by = ""

    def __attrs_post_init__(self) -> None:
        self.real = MemoryLeases(self.clock)

    async def take(self, tenant: TenantId, name: str, seconds: float) -> Lease | None:
        return await self.real.take(tenant, name, seconds)

    async def give_back(self, lease: Lease) -> None:
        await self.real.give_back(lease)


class EndsHalfWay(Faithful):
    noticed_by = "test_what_is_leased_is_had_by_no_other"

    async def take(self, tenant: TenantId, name: str, seconds: float) -> Lease | None:
        lease = await self.real.take(tenant, name, seconds / 2)
        return lease and attrs.evolve(lease, until=lease.until + timedelta(seconds=seconds / 2))


class SaysAnotherEnd(Faithful):
    noticed_by = "test_a_lease_says_whose_it_is_and_when_it_ends"

    async def take(self, tenant: TenantId, name: str, seconds: float) -> Lease | None:
        lease = await self.real.take(tenant, name, seconds)
        return lease and attrs.evolve(lease, until=self.clock.now())


class ForEverybody(Faithful):
    noticed_by = "test_of_many_at_once_one_gets_it"

    async def take(self, tenant: TenantId, name: str, seconds: float) -> Lease | None:
        return Lease(
            tenant=tenant, name=name, holder="all", until=self.clock.now() + timedelta(seconds=seconds)
        )


class NeverGivenBack(Faithful):
    noticed_by = "test_what_is_given_back_can_be_had_at_once"

    async def give_back(self, lease: Lease) -> None:
        pass


@attrs.define
class NeverEnds(Faithful):
    noticed_by = "test_a_lease_ends_by_itself"
    held: dict[tuple[TenantId, str], Lease] = attrs.field(factory=dict, init=False)

    def has_ended(self, lease: Lease) -> bool:
        """Whether it keeps others away no more."""
        return False

    async def take(self, tenant: TenantId, name: str, seconds: float) -> Lease | None:
        held = self.held.get((tenant, name))
        if held is not None and not self.has_ended(held):
            return None
        lease = await MemoryLeases(self.clock).take(tenant, name, seconds)
        assert lease is not None
        self.held[tenant, name] = lease
        return lease

    async def give_back(self, lease: Lease) -> None:
        if self.held.get((lease.tenant, lease.name)) == lease:
            del self.held[lease.tenant, lease.name]


class BelievesEveryClock(NeverEnds):
    noticed_by = "test_a_lease_that_ends_later_than_it_can_keeps_nobody_away"

    def has_ended(self, lease: Lease) -> bool:
        return lease.until <= self.clock.now()


class ForgivesNoClock(NeverEnds):
    noticed_by = "test_clocks_that_differ_by_a_few_seconds_are_right"

    def has_ended(self, lease: Lease) -> bool:
        return not timedelta(0) < lease.until - self.clock.now() <= timedelta(seconds=LONG)


class TakenFromTheNextHolder(Faithful):
    noticed_by = "test_who_comes_back_late_takes_nothing_from_the_next_holder"
    last: Lease

    async def take(self, tenant: TenantId, name: str, seconds: float) -> Lease | None:
        lease = await self.real.take(tenant, name, seconds)
        self.last = lease or self.last
        return lease

    async def give_back(self, lease: Lease) -> None:
        await self.real.give_back(self.last)


class GivenBackByAnybody(TakenFromTheNextHolder):
    noticed_by = "test_giving_back_twice_is_no_error"


class NamesInSmallLetters(Faithful):
    noticed_by = "test_names_do_not_disturb_each_other"

    async def take(self, tenant: TenantId, name: str, seconds: float) -> Lease | None:
        return await self.real.take(tenant, name.lower(), seconds)


class OneTenant(Faithful):
    noticed_by = "test_tenants_do_not_disturb_each_other"

    async def take(self, tenant: TenantId, name: str, seconds: float) -> Lease | None:
        return await self.real.take(OURS, name, seconds)


BROKEN = (
    EndsHalfWay,
    SaysAnotherEnd,
    ForEverybody,
    NeverGivenBack,
    NeverEnds,
    BelievesEveryClock,
    ForgivesNoClock,
    TakenFromTheNextHolder,
    GivenBackByAnybody,
    NamesInSmallLetters,
    OneTenant,
)
PROMISES = [name for name in dir(LeasesContract) if name.startswith("test_")]


async def _is_kept(name: str, kind: Callable[[VirtualTimer], Faithful]) -> bool:
    """Whether a test of the contract passes over leases of this kind."""
    clock = VirtualTimer()
    try:
        await getattr(LeasesContract(), name)(Leased(kind(clock), clock, clock.jump))
    except AssertionError:
        return False
    return True


async def test_faithful_leases_break_no_promise() -> None:
    """So that it is the breakage that is noticed, not the wrapping."""
    assert [name for name in PROMISES if not await _is_kept(name, Faithful)] == []


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
async def test_broken_leases_are_noticed(broken: type[Faithful]) -> None:
    """The test that they name fails over them."""
    assert not await _is_kept(broken.noticed_by, broken)


def test_every_promise_has_who_breaks_it() -> None:
    assert {broken.noticed_by for broken in BROKEN} == set(PROMISES)
