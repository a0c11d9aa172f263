"""Who may send events: sources are set up, their secrets replaced, and what comes is believed or not.

Of a token only the digest is kept, as of an API key; a key that signs is sealed by the vault.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

import attrs

from mzi_core.errors import MziError, NotFound, SecretUnreadable, UnknownTenant
from mzi_core.event_proofs import (
    SCHEMES,
    SCHEMES_OF,
    EventRequest,
    Scheme,
    checked_secret,
    digest_of,
    new_secret,
)
from mzi_core.module import Side
from mzi_core.ports import Clock, EventSource, Ids, Registry, SourceSecret, Store, Vault
from mzi_core.ports.event_sources import FIRST
from mzi_core.use_cases.access import checked_label
from mzi_core.values import TenantId

FRESH = timedelta(seconds=5)
"""How long what was read of a source is taken as it is."""

OLDEST = timedelta(seconds=10)
"""How long it is taken at most, while one request reads it anew: after this a revocation holds everywhere."""

_YOUNG = timedelta(seconds=1)
"""What was read so lately is not read again because a signature was wrong: so long a new key may wait."""

MOST_UNNAMED = 8
"""Sources whose keys are tried where a request does not say which one it is from."""

_REMEMBERED = 4_096  # answers of the store
_LONGEST_OVERLAP = timedelta(days=30)


class SchemeRefused(MziError):
    """An origin cannot prove itself by this scheme."""

    def __init__(self, origin: Side, scheme: Scheme) -> None:
        able = ", ".join(f"`{each}`" for each in SCHEMES_OF[origin])
        super().__init__(f"A source of {origin} has no scheme `{scheme}`; take one of {able}.")


class OverlapRefused(MziError):
    """For so long an old secret does not stay valid."""

    def __init__(self) -> None:
        super().__init__(
            f"An old secret stays valid for 0 to {_LONGEST_OVERLAP // timedelta(hours=1)} hours."
        )


class SourceRevoked(MziError):
    """A revoked source gets no new secret."""

    def __init__(self, id: str) -> None:
        super().__init__(f"Source `{id}` was revoked for good; `mzi sources add` makes another one.")


class Disbelief(StrEnum):
    """Why what came is not taken for a source's."""

    NOTHING_SHOWN = "nothing_shown"
    NO_SOURCES = "no_sources"
    NOT_PROVED = "not_proved"
    NOT_NAMED = "not_named"
    OTHER_TENANT = "other_tenant"


def _place(source: EventSource) -> str:
    return f"{source.tenant}/event source {source.id}"


@attrs.frozen(kw_only=True)
class _Question:
    """How the sources that a request may be from are found: by a token, by their id, or else all of them."""

    origin: Side
    scheme: Scheme
    digest: str = attrs.field(default="", repr=False)
    source: str = ""
    tenant: TenantId | None = None

    @classmethod
    def about(cls, came: EventRequest, scheme: Scheme, presented: str) -> Self:
        """The question that a request leads to."""
        if scheme.is_token:
            return cls(origin=came.origin, scheme=scheme, digest=digest_of(presented))
        if came.source:
            return cls(origin=came.origin, scheme=scheme, source=came.source)
        return cls(origin=came.origin, scheme=scheme, tenant=came.tenant)

    async def asked(self, registry: Registry) -> Sequence[EventSource]:
        """The sources: one more than are tried, where there are too many."""
        if not self.digest and not self.source:
            return await registry.active_sources(
                self.origin, scheme=self.scheme, tenant=self.tenant, limit=MOST_UNNAMED + 1
            )
        if self.digest:
            found = await registry.source_of_token(self.digest)
        elif self.source.isascii() and self.source.isalnum():
            found = await registry.source(self.source)
        else:  # no id, and perhaps nothing that a database takes for text
            found = None
        if found is None or found.revoked_at is not None:
            return ()
        return (found,) if (found.origin, found.scheme) == (self.origin, self.scheme) else ()


@attrs.frozen
class _KnownSecret:
    """A secret and what is compared with it: the digest of a token, a key as it is."""

    source: EventSource
    kept: SourceSecret
    secret: str = attrs.field(repr=False)


@attrs.define(kw_only=True)
class _Memory:
    """An answer of the store. `read_at`: when it was asked; `is_read_again`: somebody is asking by now."""

    secrets: Sequence[_KnownSecret]
    read_at: datetime
    is_ambiguous: bool
    is_unreadable: bool
    is_read_again: bool = False


@attrs.define
class KnownSources:
    """What this process has read of sources of late, so that not every request asks the store.

    That there is none is not remembered: whoever asks about what is not there waits for nothing.
    """

    _memories: "OrderedDict[_Question, _Memory]" = attrs.field(factory=OrderedDict, repr=False)

    def recall(self, question: _Question, now: datetime) -> _Memory | None:
        """The answer of late; an older one only while somebody else asks again."""
        memory = self._memories.get(question)
        if memory is None or not timedelta() <= now - memory.read_at < OLDEST:
            return None
        if now - memory.read_at < FRESH or memory.is_read_again:
            return memory
        memory.is_read_again = True
        return None

    def keep(self, question: _Question, memory: _Memory) -> None:
        """Remember an answer in place of an earlier one."""
        self._memories.pop(question, None)
        if memory.secrets or memory.is_ambiguous:
            self._memories[question] = memory
            if len(self._memories) > _REMEMBERED:
                self._memories.popitem(last=False)

    def forget(self) -> None:
        """Ask the store about everything again."""
        self._memories.clear()


@attrs.frozen(kw_only=True)
class AddSource:
    """Set up a source of events."""

    store: Store
    clock: Clock
    ids: Ids
    vault: Vault
    known: KnownSources

    async def __call__(
        self,
        origin: Side,
        label: str,
        tenant: TenantId,
        *,
        scheme: Scheme | None = None,
        secret: str | None = None,
    ) -> tuple[EventSource, str]:
        """The source as kept, and its secret, which is told this once; `secret`: one that somebody brings.

        Raises UnknownTenant, LabelRefused, SchemeRefused, SecretRefused; SecretNotKept where there is no key
        to seal with.
        """
        label = checked_label(label)
        scheme = scheme or SCHEMES_OF[origin][0]
        if scheme not in SCHEMES_OF[origin]:
            raise SchemeRefused(origin, scheme)
        now, id = self.clock.now(), self.ids.record_ids(1)[0][-8:]
        source = EventSource(id=id, tenant=tenant, origin=origin, scheme=scheme, label=label, created_at=now)
        told = _told(source, secret, self.ids)
        source = attrs.evolve(source, secrets=(_kept(source, told, FIRST, now, self.vault),))
        async with self.store.registry() as registry:
            if tenant not in await registry.tenants():
                raise UnknownTenant(tenant)
            await registry.add_source(source)
        self.known.forget()
        return source, told


def _told(source: EventSource, brought: str | None, ids: Ids) -> str:
    if brought is None:
        return new_secret(source.scheme, source.id, ids.secret())
    return checked_secret(source.scheme, brought)


def _kept(source: EventSource, secret: str, number: int, now: datetime, vault: Vault) -> SourceSecret:
    if source.scheme.is_token:
        return SourceSecret(number=number, created_at=now, digest=digest_of(secret))
    return SourceSecret(number=number, created_at=now, sealed=vault.seal(_place(source), secret))


@attrs.frozen(kw_only=True)
class RotateSource:
    """Give a source a new secret, and let the one before go after a while."""

    store: Store
    clock: Clock
    ids: Ids
    vault: Vault
    known: KnownSources

    async def __call__(
        self, id: str, overlap: timedelta, *, secret: str | None = None
    ) -> tuple[EventSource, str]:
        """The source as kept, and the new secret, which is told this once.

        The secret before is valid for `overlap` more; one that was being replaced already is not any more.
        Raises NotFound, SourceRevoked, OverlapRefused, SecretRefused, SecretNotKept.
        """
        if not timedelta() <= overlap <= _LONGEST_OVERLAP:
            raise OverlapRefused
        now = self.clock.now()
        async with self.store.registry() as registry:
            source = await registry.source(id)
            if source is None:
                raise NotFound("source", id)
            if source.revoked_at is not None:
                raise SourceRevoked(id)
            told = _told(source, secret, self.ids)
            last = source.secrets[-1]
            kept = [_kept(source, told, last.number + 1, now, self.vault)]
            if overlap:
                kept.insert(0, attrs.evolve(last, retires_at=now + overlap))
            await registry.rotate_source(id, kept)
        self.known.forget()
        return attrs.evolve(source, secrets=tuple(kept)), told


@attrs.frozen(kw_only=True)
class RevokeSource:
    """Believe a source no more."""

    store: Store
    clock: Clock
    known: KnownSources

    async def __call__(self, id: str) -> EventSource:
        """The source as it is now. Raises NotFound."""
        async with self.store.registry() as registry:
            await registry.revoke_source(id, self.clock.now())
            source = await registry.source(id)
        if source is None:
            raise NotFound("source", id)
        self.known.forget()
        return source


@attrs.frozen
class ListSources:
    """All sources, revoked ones too."""

    store: Store

    async def __call__(self, tenant: TenantId | None = None) -> Sequence[EventSource]:
        """Oldest first; those of one tenant, if said."""
        async with self.store.read_registry() as registry:
            found = await registry.sources()
        return [source for source in found if tenant in (None, source.tenant)]


@attrs.frozen
class ShowSource:
    """One source."""

    store: Store

    async def __call__(self, id: str) -> EventSource:
        """Raises NotFound."""
        async with self.store.read_registry() as registry:
            source = await registry.source(id)
        if source is None:
            raise NotFound("source", id)
        return source


@attrs.frozen(kw_only=True)
class ResealSecrets:
    """Seal all keys of sources anew, so that an old key of the vault can go."""

    store: Store
    vault: Vault

    async def __call__(self) -> int:
        """How many were sealed. Raises SecretUnreadable or SecretNotKept, and then nothing has changed."""
        number = 0
        async with self.store.registry() as registry:
            for source in await registry.sources():
                for secret in source.secrets:
                    if secret.sealed is not None:
                        place = _place(source)
                        anew = self.vault.seal(place, self.vault.open(place, secret.sealed))
                        await registry.replace_sealed(source.id, secret.sealed, anew)
                        number += 1
        return number


@attrs.frozen(kw_only=True)
class AuthenticateSource:
    """Say which source a request is from: the one whose secret it proves to have."""

    store: Store
    clock: Clock
    vault: Vault
    known: KnownSources

    async def __call__(self, came: EventRequest) -> EventSource | Disbelief:
        """The source, whose tenant is the one that the request is about; or why it is not believed.

        What another process did to a source holds here after `OLDEST`. Raises SecretUnreadable where nothing
        is proved, and a key that was to be tried cannot be opened here.
        """
        now = self.clock.now()
        tried = []
        for scheme, text in came.presented.items():
            question = _Question.about(came, scheme, text)
            memory = self.known.recall(question, now)
            is_news = memory is None
            memory = memory or await self._read(question, now)
            found = _proved(came, scheme, text, memory, now)
            if found is None and not is_news and now - memory.read_at >= _YOUNG:
                memory = await self._read(question, now)  # its secret may have been replaced since
                found = _proved(came, scheme, text, memory, now)
            if found is not None:
                return Disbelief.OTHER_TENANT if came.tenant not in (None, found.tenant) else found
            tried.append(memory)
        if any(memory.is_unreadable for memory in tried):
            raise SecretUnreadable
        if any(memory.is_ambiguous for memory in tried):
            return Disbelief.NOT_NAMED
        async with self.store.read_registry() as registry:
            if not await registry.active_sources(came.origin, limit=1):
                return Disbelief.NO_SOURCES
        return Disbelief.NOT_PROVED if came.presented else Disbelief.NOTHING_SHOWN

    async def _read(self, question: _Question, now: datetime) -> _Memory:
        async with self.store.read_registry() as registry:
            sources = await question.asked(registry)
        is_ambiguous = len(sources) > MOST_UNNAMED
        secrets, is_unreadable = [], False
        for source in () if is_ambiguous else sources:
            for kept in source.secrets:
                try:
                    secrets.append(_KnownSecret(source, kept, self._opened(source, kept)))
                except SecretUnreadable:
                    is_unreadable = True
        memory = _Memory(secrets=secrets, read_at=now, is_ambiguous=is_ambiguous, is_unreadable=is_unreadable)
        self.known.keep(question, memory)
        return memory

    def _opened(self, source: EventSource, kept: SourceSecret) -> str:
        if kept.sealed is None:
            return kept.digest or ""
        return self.vault.open(_place(source), kept.sealed)


def _proved(
    came: EventRequest, scheme: Scheme, presented: str, memory: _Memory, now: datetime
) -> EventSource | None:
    """The source that one of these secrets shows it to be; all that are valid are compared."""
    proof = SCHEMES[scheme]
    proved = [
        each.source
        for each in memory.secrets
        if each.kept.is_valid(now)
        and came.source in ("", each.source.id)
        and proof.proves(presented, each.secret, came, now)
    ]
    return proved[0] if proved else None


@attrs.frozen(kw_only=True)
class SourceUseCases:
    """All that is about sources of events; `UseCases.sources` builds them when it is first asked for."""

    add: AddSource
    rotate: RotateSource
    revoke: RevokeSource
    list: ListSources
    show: ShowSource
    reseal: ResealSecrets
    authenticate: AuthenticateSource

    @classmethod
    def over(cls, *, store: Store, clock: Clock, ids: Ids, vault: Vault) -> Self:
        """Build them, with one memory of what was read."""
        known = KnownSources()
        return cls(
            add=AddSource(store=store, clock=clock, ids=ids, vault=vault, known=known),
            rotate=RotateSource(store=store, clock=clock, ids=ids, vault=vault, known=known),
            revoke=RevokeSource(store=store, clock=clock, known=known),
            list=ListSources(store),
            show=ShowSource(store),
            reseal=ResealSecrets(store=store, vault=vault),
            authenticate=AuthenticateSource(store=store, clock=clock, vault=vault, known=known),
        )
