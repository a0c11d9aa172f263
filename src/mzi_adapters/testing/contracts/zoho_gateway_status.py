"""How the account stands: what it may do, and Zoho's clock."""

from mzi_adapters.testing.contracts.zoho_gateway_remote import Remote


class StatusPromises:
    """What is known of the account without a record being read."""

    async def test_scopes_are_told_in_zoho_s_words_or_not_at_all(self, remote: Remote) -> None:
        """Without the scopes for records this contract could not be tried."""
        scopes = await remote.gateway.scopes()
        assert scopes is None or any(scope.startswith("ZohoCRM.modules.") for scope in scopes)

    async def test_the_time_at_zoho_is_known_from_its_last_answer(self, remote: Remote) -> None:
        """Aware where it is told; asking for it sends nothing."""
        await remote.gateway.organization()
        before = (await remote.gateway.usage()).calls
        at = await remote.gateway.server_time()
        assert at is None or at.utcoffset() is not None
        assert (await remote.gateway.usage()).calls == before
