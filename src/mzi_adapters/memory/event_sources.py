"""The sources of events."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from mzi_adapters.memory.scope import Tables
from mzi_core.errors import StoreRefused
from mzi_core.event_proofs import Scheme
from mzi_core.module import Side
from mzi_core.ports import EventSource, SourceSecret
from mzi_core.values import TenantId


@attrs.frozen
class EventSources:
    """The part of the registry that is about sources of events."""

    tables: Tables

    async def sources(self) -> Sequence[EventSource]:
        return sorted(self.tables.sources.values(), key=lambda source: (source.created_at, source.id))

    async def source(self, id: str) -> EventSource | None:
        return self.tables.sources.get(id)

    async def source_of_token(self, digest: str) -> EventSource | None:
        for source in self.tables.sources.values():
            if any(secret.digest == digest for secret in source.secrets):
                found: EventSource = source
                return found
        return None

    async def active_sources(
        self,
        origin: Side,
        *,
        scheme: Scheme | None = None,
        tenant: TenantId | None = None,
        limit: int,
    ) -> Sequence[EventSource]:
        found = [
            source
            for source in await self.sources()
            if source.revoked_at is None
            and source.origin == origin
            and scheme in (None, source.scheme)
            and tenant in (None, source.tenant)
        ]
        return found[:limit]

    async def add_source(self, source: EventSource) -> None:
        if source.id in self.tables.sources:
            raise StoreRefused("There is a source of this id already.")
        self.tables.sources.put(source.id, source)

    async def rotate_source(self, id: str, secrets: Sequence[SourceSecret]) -> None:
        source = self.tables.sources[id]
        self.tables.sources.put(id, attrs.evolve(source, secrets=tuple(secrets)))

    async def replace_sealed(self, id: str, before: str, after: str) -> None:
        source: EventSource = self.tables.sources[id]
        secrets = [
            attrs.evolve(secret, sealed=after) if secret.sealed == before else secret
            for secret in source.secrets
        ]
        await self.rotate_source(id, secrets)

    async def revoke_source(self, id: str, at: datetime) -> None:
        source = self.tables.sources.get(id)
        if source is not None and source.revoked_at is None:
            self.tables.sources.put(id, attrs.evolve(source, revoked_at=at, secrets=()))
