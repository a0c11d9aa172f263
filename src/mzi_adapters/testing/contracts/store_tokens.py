"""What a store promises about access tokens and leases."""

from mzi_adapters.testing.contracts.fixtures import later, ours
from mzi_core.ports import AccessToken, Lease, Store


class AccessTokenPromises:
    """What remote services let us in with."""

    async def test_a_token_comes_back_as_it_was_kept(self, store: Store) -> None:
        """Whole or nearly empty, one to a name; names are compared exactly."""
        async with ours(store) as session:
            assert await session.token("zoho") is None
            whole = AccessToken(
                name="zoho",
                origin="o" * 64,
                token="an invented token",  # noqa: S106  # no service knows it
                scope="ZohoCRM.org.READ ZohoCRM.coql.READ",
                expires_at=later(60),
                renewals=(later(0.5), later(1)),
                paused_until=later(10),
                cause="the accounts server answered 503 · غير متاح",
                revoked="invalid_code",
            )
            for token in (whole, AccessToken(name="zoho", origin="other"), whole):
                await session.save_token(token)
                assert await session.token("zoho") == token
            await session.save_token(AccessToken(name="moodle", origin="m"))
            assert await session.token("zoho") == whole
            assert await session.token("Zoho") is None

    async def test_a_token_is_not_shown(self, store: Store) -> None:
        """Not where it is printed."""
        async with ours(store) as session:
            await session.save_token(AccessToken(name="zoho", origin="o", token="hush"))  # noqa: S106
            assert "hush" not in repr(await session.token("zoho"))


class StoredLeasePromises:
    """Who may do a piece of work for now."""

    async def test_a_lease_comes_back_as_it_was_kept(self, store: Store) -> None:
        """One to a name, until it is ended; names are compared exactly, and no token has one of them."""
        async with ours(store) as session:
            assert await session.lease("renew") is None
            for holder, minutes in (("first", 1), ("second", 2)):
                lease = Lease(tenant=session.tenant, name="renew", holder=holder, until=later(minutes))
                await session.save_lease(lease)
                assert await session.lease("renew") == lease
            other = Lease(tenant=session.tenant, name="settle", holder="third", until=later(3))
            await session.save_lease(other)
            assert await session.lease("Renew") is None
            assert await session.token("renew") is None
            await session.end_lease("renew")
            await session.end_lease("renew")
            assert await session.lease("renew") is None
            assert await session.lease("settle") == other
