"""What follows from a change: workflows that ran, and callbacks of watch channels."""

from collections.abc import Callable

import attrs

from mzi_adapters.testing.zoho.module_tables import CrmUser


@attrs.frozen
class ZohoChange:
    """A record that was inserted, updated or deleted: by whom, and which fields were touched."""

    module: str
    record: str
    operation: str
    fields: tuple[str, ...]
    by: CrmUser


@attrs.define
class Changes:
    """Every change there was, and the features that ran on it; both for tests to read."""

    tell: Callable[[ZohoChange], None]
    all: list[ZohoChange] = attrs.field(factory=list)
    ran: list[tuple[ZohoChange, frozenset[str]]] = attrs.field(factory=list)

    def note(self, change: ZohoChange, features: frozenset[str]) -> None:
        """Remember a change, and what ran after it."""
        self.all.append(change)
        self.tell(change)
        if features:
            self.ran.append((change, features))
