"""Who may write which module for now."""

from collections.abc import Sequence
from typing import Protocol

import attrs


@attrs.frozen
class Lock:
    """The right to write a module, or only to rely on what it holds staying there (`shared` with others)."""

    module: str
    shared: bool


class Locks(Protocol):
    """The part of a session that waits for its turn."""

    async def lock(self, locks: Sequence[Lock]) -> None:
        """Wait until no other session of this tenant has one of these locks, and keep them to the end.

        Called once, before anything that depends on it is read. Not promised: that it does anything where
        only one session writes at a time; that two sessions which ask in different orders do not wait for
        each other for ever, so every caller asks in the order of the catalogue.
        """
        ...
