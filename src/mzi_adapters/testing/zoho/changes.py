"""What follows from a change: workflows that ran, and callbacks of watch channels."""

from collections.abc import Callable

import attrs

from mzi_adapters.testing.zoho.tables import User


@attrs.frozen
class Change:
    """A record that was inserted, updated or deleted: by whom, and which fields were touched."""

    module: str
    record: str
    operation: str
    fields: tuple[str, ...]
    by: User


@attrs.define
class Changes:
    """Every change there was, and the features that ran on it; both for tests to read."""

    tell: Callable[[Change], None]
    all: list[Change] = attrs.field(factory=list)
    ran: list[tuple[Change, frozenset[str]]] = attrs.field(factory=list)

    def note(self, change: Change, features: frozenset[str]) -> None:
        """Remember a change, and what ran after it."""
        self.all.append(change)
        self.tell(change)
        if features:
            self.ran.append((change, features))
