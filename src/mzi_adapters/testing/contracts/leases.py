"""The contract of the `Leases` port: subclass `LeasesContract` over a fixture `leased`, a `Leased`."""

import asyncio
from collections.abc import Callable

import attrs

from mzi_adapters.testing.contracts.fixtures import CANARY, OURS
from mzi_core.ports import Clock, Lease, Leases

WORK = "tokens"
LONG = 90.0
"""Seconds of every lease here."""


@attrs.frozen
class Leased:
    """Leases that nobody has taken yet, for the tenants OURS and CANARY, and the clock they go by.

    `pass_by` sets that clock forward by so many seconds, or back.
    """

    leases: Leases
    clock: Clock
    pass_by: Callable[[float], None]

    async def take(self, name: str = WORK) -> Lease | None:
        """Try to get a lease of ours."""
        return await self.leases.take(OURS, name, LONG)

    async def taken(self) -> Lease:
        """A lease of ours that must be free."""
        lease = await self.take()
        assert lease is not None
        return lease


class LeasesContract:
    """Everything the docstrings of the port promise, a test each."""

    async def test_a_lease_says_whose_it_is_and_when_it_ends(self, leased: Leased) -> None:
        """By the clock, so many seconds from now; and shows its holder to no log."""
        began = leased.clock.now()
        lease = await leased.taken()
        assert (lease.tenant, lease.name) == (OURS, WORK)
        assert (lease.until - began).total_seconds() == LONG
        assert lease.holder
        assert lease.holder not in repr(lease)

    async def test_what_is_leased_is_had_by_no_other(self, leased: Leased) -> None:
        """Not to the last second."""
        await leased.taken()
        assert await leased.take() is None
        leased.pass_by(LONG - 1)
        assert await leased.take() is None

    async def test_of_many_at_once_one_gets_it(self, leased: Leased) -> None:
        """Whoever they are."""
        found = await asyncio.gather(*(leased.take() for _ in range(9)))
        assert sum(lease is not None for lease in found) == 1

    async def test_what_is_given_back_can_be_had_at_once(self, leased: Leased) -> None:
        """As often as it is."""
        for _ in range(3):
            await leased.leases.give_back(await leased.taken())

    async def test_giving_back_twice_is_no_error(self, leased: Leased) -> None:
        """Nor does it end the lease of whoever has it since."""
        first = await leased.taken()
        await leased.leases.give_back(first)
        await leased.leases.give_back(first)
        await leased.taken()
        await leased.leases.give_back(first)
        assert await leased.take() is None

    async def test_a_lease_ends_by_itself(self, leased: Leased) -> None:
        """For who took it may have died."""
        await leased.taken()
        leased.pass_by(LONG)
        await leased.taken()

    async def test_who_comes_back_late_takes_nothing_from_the_next_holder(self, leased: Leased) -> None:
        """What ran out belongs to the other one now."""
        late = await leased.taken()
        leased.pass_by(LONG)
        await leased.taken()
        await leased.leases.give_back(late)
        assert await leased.take() is None

    async def test_names_do_not_disturb_each_other(self, leased: Leased) -> None:
        """They are compared exactly."""
        await leased.taken()
        other = await leased.take(WORK.upper())
        assert other is not None
        await leased.leases.give_back(other)
        assert await leased.take() is None

    async def test_tenants_do_not_disturb_each_other(self, leased: Leased) -> None:
        """Each has leases of every name."""
        ours = await leased.taken()
        theirs = await leased.leases.take(CANARY, WORK, LONG)
        assert theirs is not None
        await leased.leases.give_back(ours)
        assert await leased.leases.take(CANARY, WORK, LONG) is None

    async def test_a_lease_that_ends_later_than_it_can_keeps_nobody_away(self, leased: Leased) -> None:
        """It was taken while the clock was wrong."""
        await leased.taken()
        leased.pass_by(-3600)
        await leased.taken()

    async def test_clocks_that_differ_by_a_few_seconds_are_right(self, leased: Leased) -> None:
        """As those of two machines do."""
        await leased.taken()
        leased.pass_by(-5)
        assert await leased.take() is None
