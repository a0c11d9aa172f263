"""The time, and fresh names: what no rule may take from anywhere else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mzi_core.values import RecordId


class Clock(Protocol):
    """The time. Not promised: that two readings differ."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class Ids(Protocol):
    """Fresh names. Not promised: an order between the ids of two calls."""

    def record_ids(self, count: int) -> Sequence[RecordId]:
        """So many UUIDs no one has had before, in increasing order; the last 8 digits of each are random.

        They are of version 7 (RFC 9562): in the order of time, so that an index over them grows at its end.
        """
        ...

    def secret(self) -> str:
        """At least 128 bits that nobody can guess, as URL-safe text."""
        ...


class SingleIds(Protocol):
    """Fresh names from a source that makes one at a time; what is promised is what `Ids` promises."""

    def record_id(self) -> RecordId:
        """A UUID no one has had before."""
        ...

    def secret(self) -> str:
        """At least 128 bits that nobody can guess, as URL-safe text."""
        ...
