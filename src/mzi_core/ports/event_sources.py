"""Who sends events, and is believed: sources with their secrets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs

from mzi_core.event_proofs import Scheme
from mzi_core.module import Side
from mzi_core.values import TenantId


@attrs.frozen(kw_only=True)
class SourceSecret:
    """A secret of a source, told by its `number` from the source's others.

    Of a token the `digest` is kept, of a key what a vault `sealed`; the other one is None. `retires_at`: from
    then on it proves nothing; None while nothing replaces it.
    """

    number: int
    created_at: datetime
    retires_at: datetime | None = None
    digest: str | None = attrs.field(default=None, repr=False)
    sealed: str | None = attrs.field(default=None, repr=False)

    def is_valid(self, at: datetime) -> bool:
        """Whether it proves anything at this moment."""
        return self.retires_at is None or at < self.retires_at


@attrs.frozen(kw_only=True)
class EventSource:
    """One sender of events: all it sends is about its tenant. `secrets`: oldest first, none once revoked."""

    id: str
    tenant: TenantId
    origin: Side
    scheme: Scheme
    label: str
    created_at: datetime
    revoked_at: datetime | None = None
    secrets: tuple[SourceSecret, ...] = ()

    @property
    def rotated_at(self) -> datetime | None:
        """When its secret was replaced last; None while it has its first."""
        newest = max(self.secrets, key=lambda secret: secret.number, default=None)
        return None if newest is None or newest.number == FIRST else newest.created_at


FIRST = 1
"""The number of a source's first secret."""


class EventSources(Protocol):
    """The part of the registry that is about sources of events."""

    async def sources(self) -> Sequence[EventSource]:
        """Every source, oldest first, revoked ones too."""
        ...

    async def source(self, id: str) -> EventSource | None:
        """One source, revoked or not; ids are compared exactly."""
        ...

    async def source_of_token(self, digest: str) -> EventSource | None:
        """The source that has a token of this digest."""
        ...

    async def active_sources(
        self,
        origin: Side,
        *,
        scheme: Scheme | None = None,
        tenant: TenantId | None = None,
        limit: int,
    ) -> Sequence[EventSource]:
        """At most `limit` sources of an origin that are not revoked: of one scheme, of one tenant, if said.

        Not promised: which, where there are more.
        """
        ...

    async def add_source(self, source: EventSource) -> None:
        """Keep a source that is not there yet, with its secrets. Raises StoreRefused for an id that is."""
        ...

    async def rotate_source(self, id: str, secrets: Sequence[SourceSecret]) -> None:
        """Keep these secrets of a source in place of those it has."""
        ...

    async def replace_sealed(self, id: str, before: str, after: str) -> None:
        """Keep what was sealed anew in place of what was sealed before, wherever that still stands."""
        ...

    async def revoke_source(self, id: str, at: datetime) -> None:
        """Close a source for good and forget its secrets; of one that was revoked before nothing changes."""
        ...
