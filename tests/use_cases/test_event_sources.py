"""Who may send events: sources, their secrets, and what is believed."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import product
from typing import Any

import attrs
import pytest

from mzi_adapters.memory import MemoryStore
from mzi_adapters.sql import open_store
from mzi_adapters.testing.harness import Harness
from mzi_core.errors import (
    LabelRefused,
    NotFound,
    SecretNotKept,
    SecretUnreadable,
    StoreUnavailable,
    UnknownTenant,
)
from mzi_core.event_proofs import SCHEMES_OF, EventRequest, Scheme, SecretRefused, signing_headers
from mzi_core.module import Side
from mzi_core.ports import EventSource, NoVault, Registry
from mzi_core.use_cases import UseCases, event_sources
from mzi_core.use_cases.event_sources import (
    FRESH,
    MOST_UNNAMED,
    OLDEST,
    Disbelief,
    OverlapRefused,
    SchemeRefused,
    SourceRevoked,
    SourceUseCases,
)
from mzi_core.values import DEFAULT_TENANT, TenantId

NORTH = TenantId("north")
BODY = b'{"id": "1"}'
EVERY = [(origin, scheme) for origin in Side for scheme in SCHEMES_OF[origin]]
SIGNING = (Scheme.HMAC, Scheme.STANDARD)
SECOND = timedelta(seconds=1)


@attrs.define(slots=False)
class CountingStore(MemoryStore):
    """A store that counts how often the registry is read, and is away when it is told to be."""

    reads: int = 0
    is_away: bool = False

    @asynccontextmanager
    async def read_registry(self) -> AsyncIterator[Registry]:
        self.reads += 1
        if self.is_away:
            raise StoreUnavailable("It is away.")
        async with super().read_registry() as registry:
            yield registry


def opened(**options: object) -> tuple[Harness, SourceUseCases]:
    mzi = Harness(**options)  # type: ignore[arg-type]  # whichever a test chooses
    return mzi, mzi.use_cases.sources


def request(mzi: Harness, source: EventSource, secret: str, /, **said: Any) -> EventRequest:
    """What the source sends, with this secret, now."""
    came = EventRequest(origin=source.origin, body=BODY)
    match source.scheme:
        case Scheme.HEADER:
            came = attrs.evolve(came, headers={"authorization": f"Bearer {secret}"})
        case Scheme.URL:
            came = attrs.evolve(came, url_token=secret)
        case Scheme.CHANNEL:
            came = attrs.evolve(came, body_token=secret)
        case _:
            signed = signing_headers(
                source.origin, source.scheme, secret, BODY, id="msg_1", at=mzi.clock.now()
            )
            came = attrs.evolve(came, headers={name.lower(): value for name, value in signed.items()})
    return attrs.evolve(came, **said)


@pytest.mark.parametrize(("origin", "scheme"), EVERY)
async def test_a_source_is_believed_by_its_secret_and_by_no_other(origin: Side, scheme: Scheme) -> None:
    mzi, sources = opened()
    source, secret = await sources.add(origin, "ours", DEFAULT_TENANT, scheme=scheme)
    _, other = await sources.add(origin, "another", DEFAULT_TENANT, scheme=scheme)
    believed = await sources.authenticate(request(mzi, source, secret))
    assert isinstance(believed, EventSource)
    assert believed.id == source.id
    named = await sources.authenticate(request(mzi, source, other, source=source.id))
    assert named is Disbelief.NOT_PROVED
    for origin_of in set(Side) - {origin}:
        came = attrs.evolve(request(mzi, source, secret), origin=origin_of)
        assert isinstance(await sources.authenticate(came), Disbelief)


@pytest.mark.parametrize("origin", Side)
async def test_without_a_source_nothing_is_believed(origin: Side) -> None:
    """Sources of the other system change nothing about that; nor does one that was revoked."""
    _, sources = opened()
    (other,) = set(Side) - {origin}
    await sources.add(other, "another", DEFAULT_TENANT)
    source, _ = await sources.add(origin, "left", DEFAULT_TENANT)
    await sources.revoke(source.id)
    for headers in ({}, {"authorization": "Bearer nonsense"}):
        came = EventRequest(origin=origin, body=BODY, headers=headers)
        assert await sources.authenticate(came) is Disbelief.NO_SOURCES


async def test_whoever_shows_nothing_is_told_apart_from_who_shows_the_wrong_thing() -> None:
    _, sources = opened()
    await sources.add(Side.MOODLE, "ours", DEFAULT_TENANT)
    nothing = EventRequest(origin=Side.MOODLE, body=BODY)
    assert await sources.authenticate(nothing) is Disbelief.NOTHING_SHOWN
    wrong = attrs.evolve(nothing, headers={"x-moodle-token": "nonsense"})
    assert await sources.authenticate(wrong) is Disbelief.NOT_PROVED


@pytest.mark.parametrize(("origin", "scheme"), EVERY)
async def test_the_source_decides_the_tenant(origin: Side, scheme: Scheme) -> None:
    """A tenant that is named may only agree with it."""
    mzi, sources = opened()
    await mzi.use_cases.add_tenant(NORTH)
    ours, secret = await sources.add(origin, "ours", DEFAULT_TENANT, scheme=scheme)
    theirs, others = await sources.add(origin, "theirs", NORTH, scheme=scheme)
    for source, known in ((ours, secret), (theirs, others)):
        for named in (None, source.tenant):
            found = await sources.authenticate(request(mzi, source, known, tenant=named))
            assert isinstance(found, EventSource)
            assert (found.id, found.tenant) == (source.id, source.tenant)
        (other,) = {DEFAULT_TENANT, NORTH} - {source.tenant}
        crossing = await sources.authenticate(request(mzi, source, known, tenant=other))
        assert crossing in (Disbelief.OTHER_TENANT, Disbelief.NOT_PROVED)
        named_too = request(mzi, source, known, tenant=other, source=source.id)
        assert await sources.authenticate(named_too) is Disbelief.OTHER_TENANT


async def test_two_tenants_with_everything_in_common_but_their_secrets_never_cross() -> None:
    mzi, sources = opened()
    await mzi.use_cases.add_tenant(NORTH)
    known = {}
    for (origin, scheme), tenant in product(EVERY, (DEFAULT_TENANT, NORTH)):
        known[origin, scheme, tenant] = await sources.add(origin, "same", tenant, scheme=scheme)
    for (origin, scheme, tenant), (source, secret) in known.items():
        for by_name, named in product(("", source.id), (None, DEFAULT_TENANT, NORTH)):
            came = request(mzi, source, secret, source=by_name, tenant=named)
            found = await sources.authenticate(came)
            if named in (None, tenant):
                assert isinstance(found, EventSource), (origin, scheme)
                assert found.tenant == tenant
            else:
                assert isinstance(found, Disbelief)


@pytest.mark.parametrize(("origin", "scheme"), EVERY)
async def test_two_secrets_are_valid_while_one_replaces_the_other(origin: Side, scheme: Scheme) -> None:
    mzi, sources = opened()
    source, first = await sources.add(origin, "ours", DEFAULT_TENANT, scheme=scheme)

    async def valid(*secrets: str) -> list[bool]:
        found = [await sources.authenticate(request(mzi, source, each)) for each in secrets]
        return [isinstance(each, EventSource) for each in found]

    assert source.rotated_at is None
    mzi.clock.advance(SECOND)
    rotated, second = await sources.rotate(source.id, timedelta(hours=2))
    assert rotated.rotated_at == mzi.clock.now()
    assert await valid(first, second) == [True, True]
    mzi.clock.advance(timedelta(hours=2) - SECOND)
    assert await valid(first, second) == [True, True]
    mzi.clock.advance(SECOND)
    assert await valid(first, second) == [False, True]
    _, third = await sources.rotate(source.id, timedelta(hours=2))
    _, fourth = await sources.rotate(source.id, timedelta(hours=1))
    assert await valid(first, second, third, fourth) == [False, False, True, True]
    _, fifth = await sources.rotate(source.id, timedelta())
    assert await valid(third, fourth, fifth) == [False, False, True]
    kept = await sources.show(source.id)
    assert [secret.number for secret in kept.secrets] == [5]


@pytest.mark.parametrize(("origin", "scheme"), EVERY)
async def test_a_revoked_source_is_believed_no_more(origin: Side, scheme: Scheme) -> None:
    mzi, sources = opened()
    source, secret = await sources.add(origin, "ours", DEFAULT_TENANT, scheme=scheme)
    await sources.add(origin, "another", DEFAULT_TENANT, scheme=scheme)
    assert isinstance(await sources.authenticate(request(mzi, source, secret)), EventSource)
    revoked = await sources.revoke(source.id)
    assert (revoked.revoked_at, revoked.secrets) == (mzi.clock.now(), ())
    for named in ("", source.id):
        came = request(mzi, source, secret, source=named)
        assert await sources.authenticate(came) is Disbelief.NOT_PROVED
    mzi.clock.advance(SECOND)
    assert await sources.revoke(source.id) == revoked
    with pytest.raises(SourceRevoked, match="for good"):
        await sources.rotate(source.id, timedelta())


def of_another_process(mzi: Harness) -> SourceUseCases:
    """The same store, remembered by somebody else."""
    return SourceUseCases.over(store=mzi.store, clock=mzi.clock, ids=mzi.ids, vault=mzi.vault)


@pytest.mark.parametrize("scheme", [Scheme.STANDARD, Scheme.HEADER])
async def test_the_store_is_asked_every_few_seconds_at_most(scheme: Scheme) -> None:
    store = CountingStore()
    mzi, sources = opened(store=store)
    source, secret = await sources.add(Side.MOODLE, "ours", DEFAULT_TENANT, scheme=scheme)
    for _ in range(100):
        assert isinstance(await sources.authenticate(request(mzi, source, secret)), EventSource)
        mzi.clock.advance(timedelta(milliseconds=100))
    assert store.reads == 2


@pytest.mark.parametrize("scheme", [Scheme.STANDARD, Scheme.HEADER])
async def test_what_another_process_revoked_is_believed_for_seconds_at_most(scheme: Scheme) -> None:
    mzi, sources = opened()
    source, secret = await sources.add(Side.MOODLE, "ours", DEFAULT_TENANT, scheme=scheme)
    assert isinstance(await sources.authenticate(request(mzi, source, secret)), EventSource)
    await of_another_process(mzi).revoke(source.id)
    mzi.clock.advance(FRESH)
    assert isinstance(await sources.authenticate(request(mzi, source, secret)), Disbelief)


async def test_a_secret_that_another_process_made_is_believed_within_a_second() -> None:
    mzi, sources = opened()
    source, secret = await sources.add(Side.MOODLE, "ours", DEFAULT_TENANT)
    assert isinstance(await sources.authenticate(request(mzi, source, secret)), EventSource)
    _, new = await of_another_process(mzi).rotate(source.id, timedelta(hours=1))
    mzi.clock.advance(SECOND)
    assert isinstance(await sources.authenticate(request(mzi, source, new)), EventSource)
    assert isinstance(await sources.authenticate(request(mzi, source, secret)), EventSource)


async def test_a_source_that_was_set_up_is_believed_at_once_and_elsewhere_within_a_second() -> None:
    mzi, sources = opened()
    for _ in range(2):
        source, secret = await sources.add(Side.MOODLE, "ours", DEFAULT_TENANT)
        assert isinstance(await sources.authenticate(request(mzi, source, secret)), EventSource)
    source, secret = await of_another_process(mzi).add(Side.MOODLE, "theirs", DEFAULT_TENANT)
    mzi.clock.advance(SECOND)
    assert isinstance(await sources.authenticate(request(mzi, source, secret)), EventSource)


async def test_wrong_signatures_ask_the_store_once_a_second_at_most() -> None:
    """Beside the question whether any source is there at all."""
    store = CountingStore()
    mzi, sources = opened(store=store)
    source, secret = await sources.add(Side.MOODLE, "ours", DEFAULT_TENANT)
    await sources.authenticate(request(mzi, source, secret))
    store.reads = 0
    for _ in range(50):
        came = request(mzi, source, "whsec_" + "A" * 43 + "=")
        assert await sources.authenticate(came) is Disbelief.NOT_PROVED
    assert store.reads == 50


async def test_while_one_request_reads_anew_the_others_go_on_and_not_for_long() -> None:
    """Also when the store is away: what was read counts for ten seconds and no more."""
    store = CountingStore()
    mzi, sources = opened(store=store)
    source, secret = await sources.add(Side.MOODLE, "ours", DEFAULT_TENANT)
    await sources.authenticate(request(mzi, source, secret))
    store.is_away = True
    mzi.clock.advance(FRESH)
    with pytest.raises(StoreUnavailable):
        await sources.authenticate(request(mzi, source, secret))
    assert isinstance(await sources.authenticate(request(mzi, source, secret)), EventSource)
    mzi.clock.advance(OLDEST - FRESH)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await sources.authenticate(request(mzi, source, secret))
    store.is_away = False
    assert isinstance(await sources.authenticate(request(mzi, source, secret)), EventSource)


async def test_a_clock_that_is_set_back_makes_nothing_believed_for_longer() -> None:
    store = CountingStore()
    mzi, sources = opened(store=store)
    source, secret = await sources.add(Side.MOODLE, "ours", DEFAULT_TENANT, scheme=Scheme.HEADER)
    await sources.authenticate(request(mzi, source, secret))
    mzi.clock.advance(timedelta(hours=-1))
    await sources.authenticate(request(mzi, source, secret))
    assert store.reads == 2


@pytest.mark.parametrize("scheme", SIGNING)
async def test_among_many_sources_one_that_signs_says_which_it_is(scheme: Scheme) -> None:
    """By its id or its tenant; else the keys of a few are tried, and of more none."""
    store = CountingStore()
    mzi, sources = opened(store=store)
    await mzi.use_cases.add_tenant(NORTH)
    known = [await sources.add(Side.ZOHO, f"{n}", DEFAULT_TENANT, scheme=scheme) for n in range(MOST_UNNAMED)]
    for source, secret in known:
        assert isinstance(await sources.authenticate(request(mzi, source, secret)), EventSource)
    source, secret = await sources.add(Side.ZOHO, "one more", NORTH, scheme=scheme)
    mzi.clock.advance(FRESH)
    store.reads = 0
    for _ in range(3):
        assert await sources.authenticate(request(mzi, source, secret)) is Disbelief.NOT_NAMED
    assert store.reads == 1
    for said in ({"source": source.id}, {"tenant": NORTH}):
        assert isinstance(await sources.authenticate(request(mzi, source, secret, **said)), EventSource)
    assert isinstance(await sources.authenticate(request(mzi, *known[0], source=known[0][0].id)), EventSource)


async def test_a_key_that_cannot_be_opened_is_no_proof_against_its_source() -> None:
    """The sender is told to come again, not that it is wrong; but others are believed as before."""
    mzi, sources = opened()
    source, secret = await sources.add(Side.MOODLE, "ours", DEFAULT_TENANT)
    elsewhere = SourceUseCases.over(store=mzi.store, clock=mzi.clock, ids=mzi.ids, vault=NoVault())
    for _ in range(2):
        with pytest.raises(SecretUnreadable):
            await elsewhere.authenticate(request(mzi, source, secret))
    token, shown = await elsewhere.add(Side.MOODLE, "token", DEFAULT_TENANT, scheme=Scheme.HEADER)
    assert isinstance(await elsewhere.authenticate(request(mzi, token, shown)), EventSource)
    with pytest.raises(SecretUnreadable):
        await elsewhere.reseal()


async def test_without_a_key_of_the_vault_no_signing_source_is_made() -> None:
    mzi = Harness()
    use_cases = UseCases.over(store=mzi.store, codec=mzi.codec, clock=mzi.clock, ids=mzi.ids)
    with pytest.raises(SecretNotKept, match="`mzi secrets new-key`"):
        await use_cases.sources.add(Side.MOODLE, "ours", DEFAULT_TENANT)
    assert await use_cases.sources.list() == []


async def test_a_secret_that_somebody_brings_is_taken() -> None:
    mzi, sources = opened()
    brought = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    source, told = await sources.add(Side.MOODLE, "theirs", DEFAULT_TENANT, secret=brought)
    assert told == brought
    assert isinstance(await sources.authenticate(request(mzi, source, brought)), EventSource)
    other = "whsec_" + "B" * 43 + "="
    await sources.rotate(source.id, timedelta(), secret=other)
    assert isinstance(await sources.authenticate(request(mzi, source, other)), EventSource)
    assert isinstance(await sources.authenticate(request(mzi, source, brought)), Disbelief)


async def test_what_cannot_be_set_up_is_refused_with_a_sentence() -> None:
    _, sources = opened()
    with pytest.raises(UnknownTenant, match="`mzi tenants add north`"):
        await sources.add(Side.ZOHO, "ours", NORTH)
    with pytest.raises(SchemeRefused, match="take one of `standard`, `hmac`, `header`"):
        await sources.add(Side.MOODLE, "ours", DEFAULT_TENANT, scheme=Scheme.URL)
    with pytest.raises(SecretRefused):
        await sources.add(Side.ZOHO, "ours", DEFAULT_TENANT, secret="short")
    for label in ("", " \n", "x" * 201):
        with pytest.raises(LabelRefused, match="1 to 200 characters"):
            await sources.add(Side.ZOHO, label, DEFAULT_TENANT)
    source, _ = await sources.add(Side.ZOHO, " ours ", DEFAULT_TENANT)
    assert source.label == "ours"
    for overlap in (timedelta(seconds=-1), timedelta(days=31)):
        with pytest.raises(OverlapRefused, match="0 to 720 hours"):
            await sources.rotate(source.id, overlap)
    calls: list[Callable[[], object]] = [
        lambda: sources.rotate("nobody", timedelta()),
        lambda: sources.revoke("nobody"),
        lambda: sources.show("nobody"),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="no source `nobody`"):
            await call()  # type: ignore[misc]  # each is a coroutine


async def test_sources_are_listed_for_all_tenants_or_for_one() -> None:
    mzi, sources = opened()
    await mzi.use_cases.add_tenant(NORTH)
    ours, _ = await sources.add(Side.ZOHO, "ours", DEFAULT_TENANT)
    mzi.clock.advance(SECOND)
    theirs, _ = await sources.add(Side.ZOHO, "theirs", NORTH)
    assert await sources.list() == [ours, theirs]
    assert await sources.list(NORTH) == [theirs]


async def test_keys_are_sealed_anew_and_open_as_before() -> None:
    mzi, sources = opened()
    known = [await sources.add(Side.ZOHO, "ours", DEFAULT_TENANT, scheme=scheme) for scheme in Scheme]
    await sources.rotate(known[-1][0].id, timedelta(hours=1))
    before = {each.id: [secret.sealed for secret in each.secrets] for each in await sources.list()}
    assert await sources.reseal() == 3
    for each in await sources.list():
        pairs = zip(before[each.id], [secret.sealed for secret in each.secrets], strict=True)
        assert all((one is None and other is None) or one != other for one, other in pairs)
    fresh = of_another_process(mzi)
    for source, secret in known:
        assert isinstance(await fresh.authenticate(request(mzi, source, secret)), EventSource)


async def test_no_secret_is_kept_as_it_is_or_shown() -> None:
    mzi, sources = opened()
    for scheme in Scheme:
        source, secret = await sources.add(Side.ZOHO, "ours", DEFAULT_TENANT, scheme=scheme)
        came = request(mzi, source, secret)
        await sources.authenticate(came)
        kept = [attrs.asdict(each) for each in await sources.list()]
        for shown in (repr(source), repr(kept), repr(came), repr(sources)):
            assert secret not in shown
            assert secret[-20:] not in shown


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked about, and whoever is believed; what nobody has set up is not remembered at all."""
    monkeypatch.setattr(event_sources, "_REMEMBERED", 20)
    mzi, sources = opened()
    known = sources.authenticate.known
    source, secret = await sources.add(Side.MOODLE, "ours", DEFAULT_TENANT)
    for n in range(100):
        came = request(mzi, source, secret, tenant=TenantId(f"tenant-{n}"))
        assert isinstance(await sources.authenticate(came), Disbelief)
    assert len(known._memories) == 0
    for made, token in [await sources.add(Side.ZOHO, f"{n}", DEFAULT_TENANT) for n in range(30)]:
        assert isinstance(await sources.authenticate(request(mzi, made, token)), EventSource)
    assert len(known._memories) == 20


@pytest.mark.parametrize("id", ["\x00", "\ud800", "رنا", "a b", "-", "x" * 100_000])
async def test_what_is_no_id_names_no_source(database_url: str, id: str) -> None:
    """Also in a database that takes no such text."""
    async with open_store(database_url) as store:
        mzi, sources = opened(store=store)
        source, secret = await sources.add(Side.MOODLE, "ours", DEFAULT_TENANT)
        assert await sources.authenticate(request(mzi, source, secret, source=id)) is Disbelief.NOT_PROVED
        assert isinstance(await sources.authenticate(request(mzi, source, secret)), EventSource)
