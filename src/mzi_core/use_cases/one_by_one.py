"""Ids from a source that makes one at a time."""

from collections.abc import Sequence
from typing import cast

import attrs

from mzi_core.ports import Ids, SingleIds
from mzi_core.values import RecordId


@attrs.frozen
class OneByOne:
    """Makes of `SingleIds` what `Ids` is."""

    ids: SingleIds

    def record_ids(self, count: int) -> Sequence[RecordId]:
        """So many of them; in increasing order as far as the source makes them so."""
        return [self.ids.record_id() for _ in range(count)]

    def secret(self) -> str:
        """As the source makes it."""
        return self.ids.secret()


def in_numbers(ids: Ids | SingleIds) -> Ids:
    """Ids of which several can be had at once."""
    return cast("Ids", ids) if hasattr(ids, "record_ids") else OneByOne(ids)
