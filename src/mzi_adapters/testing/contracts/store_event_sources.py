"""What a store promises about the sources of events."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs

from mzi_adapters.testing.contracts.fixtures import (
    BEGAN,
    CANARY,
    OURS,
    event_source,
    furnished,
    later,
    over_an_empty_store,
    raises,
    token_digest,
)
from mzi_core.errors import StoreRefused
from mzi_core.event_proofs import Scheme
from mzi_core.module import Side
from mzi_core.ports import Store


@asynccontextmanager
async def _beside_theirs(store: Store) -> AsyncIterator[None]:
    """A furnished store; at the end the canary's source must be as it was."""
    async with furnished(store):
        yield
        async with store.read_registry() as registry:
            assert await registry.source("source1") == event_source(1, BEGAN, tenant=CANARY)


class EventSourcePromises:
    """Who sends events, and their secrets."""

    @over_an_empty_store
    async def test_a_source_comes_back_as_it_was_kept(self, store: Store) -> None:
        """With all its secrets, oldest first; ids are compared exactly."""
        async with _beside_theirs(store):
            signs = event_source(2, later(1), origin=Side.MOODLE, scheme=Scheme.STANDARD)
            plain = attrs.evolve(event_source(3, later(2)), secrets=())
            async with store.registry() as registry:
                await registry.add_source(signs)
                await registry.add_source(plain)
            async with store.read_registry() as registry:
                assert await registry.source("source2") == signs
                assert await registry.source("source3") == plain
                assert await registry.source("SOURCE2") is None
                assert await registry.source("") is None

    @over_an_empty_store
    async def test_sources_are_listed_oldest_first(self, store: Store) -> None:
        """Those of every tenant."""
        async with _beside_theirs(store), store.registry() as registry:
            for n, minutes in ((2, 2), (3, 1)):
                await registry.add_source(event_source(n, later(minutes)))
            assert [each.id for each in await registry.sources()] == ["source1", "source3", "source2"]

    @over_an_empty_store
    async def test_a_source_is_not_kept_in_place_of_another(self, store: Store) -> None:
        """Nobody takes over what somebody else has set up."""
        async with _beside_theirs(store):
            with raises(StoreRefused):
                async with store.registry() as registry:
                    await registry.add_source(event_source(1, later(1), tenant=OURS))

    @over_an_empty_store
    async def test_a_token_finds_its_source(self, store: Store) -> None:
        """By either of two, whoever's it is; by a wrong one nothing is found."""
        async with _beside_theirs(store), store.registry() as registry:
            ours = event_source(2, later(1))
            await registry.add_source(ours)
            await registry.add_source(event_source(3, later(1), scheme=Scheme.HMAC))
            for token in ("one", "two"):
                assert await registry.source_of_token(token_digest(2, token)) == ours
                found = await registry.source_of_token(token_digest(1, token))
                assert found is not None
                assert found.tenant == CANARY
            for wrong in ("", token_digest(3, "one"), token_digest(2, "one").upper()):
                assert await registry.source_of_token(wrong) is None

    @over_an_empty_store
    async def test_active_sources_are_those_that_were_asked_for(self, store: Store) -> None:
        """Of an origin, and if said of a scheme and of a tenant; and no more than wanted."""
        async with _beside_theirs(store), store.registry() as registry:
            await registry.add_source(event_source(2, later(2)))
            await registry.add_source(event_source(3, later(1), scheme=Scheme.HMAC))
            await registry.add_source(event_source(4, later(3), tenant=CANARY, scheme=Scheme.HMAC))
            await registry.add_source(event_source(5, later(4), origin=Side.MOODLE))
            await registry.revoke_source("source5", later(5))
            asked = {
                "all": await registry.active_sources(Side.ZOHO, limit=9),
                "of a scheme": await registry.active_sources(Side.ZOHO, scheme=Scheme.HMAC, limit=9),
                "of a tenant": await registry.active_sources(Side.ZOHO, tenant=CANARY, limit=9),
                "of both": await registry.active_sources(
                    Side.ZOHO, scheme=Scheme.HMAC, tenant=CANARY, limit=9
                ),
                "revoked": await registry.active_sources(Side.MOODLE, limit=9),
            }
            assert {name: {int(each.id[-1]) for each in found} for name, found in asked.items()} == {
                "all": {1, 2, 3, 4},
                "of a scheme": {3, 4},
                "of a tenant": {1, 4},
                "of both": {4},
                "revoked": set(),
            }
            assert event_source(3, later(1), scheme=Scheme.HMAC) in asked["of a scheme"]
            assert len(await registry.active_sources(Side.ZOHO, limit=2)) == 2

    @over_an_empty_store
    async def test_secrets_are_replaced(self, store: Store) -> None:
        """All of one source, and none of another's; those that are gone find nothing."""
        async with _beside_theirs(store), store.registry() as registry:
            ours = event_source(2, later(1))
            await registry.add_source(ours)
            new = attrs.evolve(ours.secrets[1], number=3, digest=token_digest(2, "three"))
            await registry.rotate_source("source2", (ours.secrets[1], new))
            assert await registry.source("source2") == attrs.evolve(ours, secrets=(ours.secrets[1], new))
            assert await registry.source_of_token(token_digest(2, "one")) is None
            assert await registry.source_of_token(token_digest(2, "three")) is not None

    @over_an_empty_store
    async def test_what_is_sealed_anew_stands_in_place_of_just_that(self, store: Store) -> None:
        """A secret that was replaced meanwhile stays as it is; so do those of other sources."""
        async with _beside_theirs(store), store.registry() as registry:
            for n in (2, 3):
                source = event_source(n, later(1), scheme=Scheme.HMAC)
                secrets = [attrs.evolve(each, sealed=f"text {each.number}") for each in source.secrets]
                await registry.add_source(attrs.evolve(source, secrets=tuple(secrets)))
            await registry.replace_sealed("source2", "text 1", "anew")
            await registry.replace_sealed("source2", "gone by now", "never kept")
            found = {
                each.id: [secret.sealed for secret in each.secrets]
                for each in await registry.active_sources(Side.ZOHO, scheme=Scheme.HMAC, limit=9)
            }
            assert found == {"source2": ["anew", "text 2"], "source3": ["text 1", "text 2"]}

    @over_an_empty_store
    async def test_a_source_is_revoked_once_and_for_good(self, store: Store) -> None:
        """Its secrets are forgotten, and the first moment counts; a source nobody knows is no error."""
        async with _beside_theirs(store), store.registry() as registry:
            await registry.add_source(event_source(2, later(1)))
            for minutes in (3, 4):
                await registry.revoke_source("source2", later(minutes))
                await registry.revoke_source("nobody's", later(minutes))
            revoked = attrs.evolve(event_source(2, later(1)), revoked_at=later(3), secrets=())
            assert await registry.source("source2") == revoked
            assert await registry.source_of_token(token_digest(2, "two")) is None

    @over_an_empty_store
    async def test_no_secret_is_shown(self, store: Store) -> None:
        """Not where a source is printed."""
        async with _beside_theirs(store), store.registry() as registry:
            await registry.add_source(event_source(2, later(1), scheme=Scheme.HMAC))
            shown = repr(await registry.sources())
            assert token_digest(1, "one") not in shown
            assert "sealed" not in shown
