"""The sources of events, and their secrets."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import attrs
import sqlalchemy as sa

from mzi_adapters.sql.scope import Scope
from mzi_adapters.sql.tables import EVENT_SOURCE_SECRETS, EVENT_SOURCES
from mzi_core.event_proofs import Scheme
from mzi_core.module import Side
from mzi_core.ports import EventSource, SourceSecret
from mzi_core.values import TenantId

_SECRETS = EVENT_SOURCE_SECRETS.c


def _with_secrets(sources: sa.Select[Any]) -> sa.Select[Any]:
    """A row for each secret of these sources, and one for a source that has none; in no order."""
    which = sources.subquery()
    kept = EVENT_SOURCE_SECRETS.alias("secrets")
    secret = (kept.c.number, kept.c.created_at.label("drawn_at"), kept.c.retires_at, kept.c.digest)
    joined = sa.select(which, *secret, kept.c.sealed)
    return joined.join_from(which, kept, kept.c.source_id == which.c.id, isouter=True)


class EventSources(Scope):
    """The part of the registry that is about sources of events."""

    __slots__ = ()

    async def sources(self) -> Sequence[EventSource]:
        """Every source, oldest first, revoked ones too."""
        return await self._found(sa.select(EVENT_SOURCES))

    async def source(self, id: str) -> EventSource | None:
        """One source, revoked or not."""
        found = await self._found(sa.select(EVENT_SOURCES).where(EVENT_SOURCES.c.id == id))
        return found[0] if found else None

    async def source_of_token(self, digest: str) -> EventSource | None:
        """The source that has a token of this digest."""
        owner = sa.select(_SECRETS.source_id).where(_SECRETS.digest == digest)
        found = await self._found(sa.select(EVENT_SOURCES).where(EVENT_SOURCES.c.id.in_(owner)))
        return found[0] if found else None

    async def active_sources(
        self,
        origin: Side,
        *,
        scheme: Scheme | None = None,
        tenant: TenantId | None = None,
        limit: int,
    ) -> Sequence[EventSource]:
        """Sources of an origin that are not revoked."""
        table = EVENT_SOURCES.c
        which = sa.select(EVENT_SOURCES).where(table.origin == origin, table.revoked_at.is_(None))
        if scheme is not None:
            which = which.where(table.scheme == scheme)
        if tenant is not None:
            which = which.where(table.tenant_id == tenant)
        return await self._found(which.limit(limit))

    async def add_source(self, source: EventSource) -> None:
        """Keep a source that is not there yet, with its secrets."""
        row = {
            "id": source.id,
            "tenant_id": source.tenant,
            "origin": source.origin,
            "scheme": source.scheme,
            "label": source.label,
            "created_at": source.created_at,
            "revoked_at": source.revoked_at,
        }
        await self.run(sa.insert(EVENT_SOURCES), [row])
        await self._add_secrets(source.id, source.secrets)

    async def rotate_source(self, id: str, secrets: Sequence[SourceSecret]) -> None:
        """Keep these secrets of a source in place of those it has."""
        await self.run(sa.delete(EVENT_SOURCE_SECRETS).where(_SECRETS.source_id == id))
        await self._add_secrets(id, secrets)

    async def _add_secrets(self, id: str, secrets: Sequence[SourceSecret]) -> None:
        if secrets:
            rows = [{"source_id": id, **attrs.asdict(secret)} for secret in secrets]
            await self.run(sa.insert(EVENT_SOURCE_SECRETS), rows)

    async def replace_sealed(self, id: str, before: str, after: str) -> None:
        """Keep what was sealed anew in place of what was sealed before."""
        those = sa.update(EVENT_SOURCE_SECRETS).where(_SECRETS.source_id == id, _SECRETS.sealed == before)
        await self.run(those.values(sealed=after))

    async def revoke_source(self, id: str, at: datetime) -> None:
        """Close a source for good and forget its secrets."""
        table = EVENT_SOURCES.c
        revoke = sa.update(EVENT_SOURCES).where(table.id == id, table.revoked_at.is_(None))
        await self.run(revoke.values(revoked_at=at))
        await self.rotate_source(id, ())

    async def _found(self, which: sa.Select[Any]) -> list[EventSource]:
        """These sources, oldest first; they are put in order here, for there are never many."""
        found: dict[str, EventSource] = {}
        secrets: dict[str, list[SourceSecret]] = {}
        for row in await self.run(_with_secrets(which)):
            found[row.id] = EventSource(
                id=row.id,
                tenant=TenantId(row.tenant_id),
                origin=Side(row.origin),
                scheme=Scheme(row.scheme),
                label=row.label,
                created_at=row.created_at,
                revoked_at=row.revoked_at,
            )
            of = secrets.setdefault(row.id, [])
            if row.number is not None:
                of.append(
                    SourceSecret(
                        number=row.number,
                        created_at=row.drawn_at,
                        retires_at=row.retires_at,
                        digest=row.digest,
                        sealed=row.sealed,
                    )
                )
        return [
            attrs.evolve(each, secrets=tuple(sorted(secrets[each.id], key=attrgetter("number"))))
            for each in sorted(found.values(), key=attrgetter("created_at", "id"))
        ]
