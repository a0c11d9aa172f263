"""What a store promises about circuit breakers."""

import attrs

from mzi_adapters.testing.contracts.fixtures import CANARY, later, ours, over_an_empty_store
from mzi_core.ports import OpenBreaker, Store


def breaker(service: str, address: str = "https://moodle.college.example") -> OpenBreaker:
    """A breaker that opened when the store was furnished, with everything that it can hold."""
    return OpenBreaker(
        service=service,
        address=address,
        since=later(0),
        until=later(2.5),
        openings=3,
        claims=7,
        probed_until=later(4),
    )


class StoredBreakerPromises:
    """Which services are left alone."""

    async def test_a_breaker_comes_back_as_it_was_kept(self, store: Store) -> None:
        """Whole or nearly empty, one to a service, until it is closed; names are compared exactly."""
        async with ours(store) as session:
            assert list(await session.open_breakers()) == []
            zoho = breaker("Zoho", "https://www.zohoapis.eu")
            bare = OpenBreaker(service="Zoho", address="", since=later(5), until=later(6))
            for kept in (zoho, bare, attrs.evolve(zoho, claims=8, probed_until=None), zoho):
                await session.save_breaker(kept)
                assert list(await session.open_breakers()) == [kept]
            moodle = breaker("Moodle")
            await session.save_breaker(moodle)
            assert list(await session.open_breakers()) == [moodle, zoho]
            await session.close_breaker("zoho")
            assert list(await session.open_breakers()) == [moodle, zoho]
            for _ in range(2):
                await session.close_breaker("Zoho")
                assert list(await session.open_breakers()) == [moodle]

    @over_an_empty_store
    async def test_a_breaker_is_one_tenant_s(self, store: Store) -> None:
        """Another one has a breaker of the same service, which is neither seen nor closed."""
        theirs = [breaker("Moodle", "theirs"), breaker("Zoho", "theirs")]
        async with store.begin(CANARY) as session:
            for each in reversed(theirs):
                await session.save_breaker(each)
        async with ours(store) as session:
            assert list(await session.open_breakers()) == []
            await session.save_breaker(breaker("Zoho"))
            await session.close_breaker("Moodle")
            assert list(await session.open_breakers()) == [breaker("Zoho")]
            await session.close_breaker("Zoho")
        async with store.read(CANARY) as session:
            assert list(await session.open_breakers()) == theirs
