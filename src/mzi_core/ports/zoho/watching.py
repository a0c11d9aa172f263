"""Watch channels: Zoho tells of changes by itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import attrs

from mzi_core.ports.writes import Rejected


@attrs.frozen(kw_only=True)
class Channel:
    """A watch channel: Zoho calls `notify_url` with `token` when one of `events` (`Module.edit`) happens."""

    id: str
    events: tuple[str, ...]
    expires_at: datetime
    token: str = attrs.field(repr=False)
    notify_url: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Watching:
    """A channel as Zoho took it. `shortened`: it ends far earlier than asked for, and somebody should know.

    `renew_at`: when half its life is over.
    """

    channel_id: str
    expires_at: datetime
    renew_at: datetime
    shortened: bool


class ZohoWatching(Protocol):
    """Channels: made, renewed, ended."""

    async def watch(self, channels: Sequence[Channel]) -> Sequence[Watching | Rejected[str]]:
        """Create channels, or renew those that exist, a result for each in order."""
        ...

    async def unwatch(self, channel_ids: Sequence[str]) -> None:
        """End channels; unknown ones are no error."""
        ...
