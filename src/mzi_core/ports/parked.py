"""Records that are parked: refused ones, and those that wait for another to arrive."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, Self

import attrs

from mzi_core.module import AnyModule
from mzi_core.ports.history import RecordHistory
from mzi_core.ports.records import Query, Records
from mzi_core.sizes import weight
from mzi_core.values import Code, Parent, Reason, RecordKey, State

LARGEST_PARKED = 64 * 2**10
"""Bytes of a parked record beyond which it is left out, and its reasons alone are told."""


LEFT_OUT = Reason(
    Code.OUT_OF_RANGE,
    "$",
    f"The record is larger than {LARGEST_PARKED >> 10} KB: only its reasons are told.",
)


@attrs.frozen(kw_only=True)
class ParkedRecord:
    """What is parked of a record: a version that was refused, or one that waits until its parent arrives.

    Where there is one of each, it is the refused one that is shown, and `waiting` holds the other.
    """

    module: str
    key: RecordKey
    record: object
    """What is read of the wire record, as it came: anything JSON can say. No field that nobody reads."""
    state: State
    reasons: tuple[Reason, ...]
    waits_for: Parent | None
    """The record that it, or what is `waiting`, waits for; None where nothing waits."""
    parked_at: datetime
    waiting: Mapping[str, object] | None = None

    @property
    def in_short(self) -> Self:
        """Itself, or of a large record the reasons alone, and one more that says so."""
        if weight(self.record, LARGEST_PARKED) <= LARGEST_PARKED:
            return self
        return attrs.evolve(self, record=None, reasons=(*self.reasons, LEFT_OUT))


@attrs.frozen
class ModuleStatus:
    """What a page has to know of its module before it begins.

    `holds`: whether any record of it is parked; `awaited`: whether any record waits for one of it. `latest`:
    when a record of it was changed last, deleted ones too.
    """

    holds: bool
    awaited: bool
    latest: datetime | None

    def at(self, now: datetime) -> datetime:
        """The moment of a change that is made now: never before the latest one, though a clock was set back.

        A list of what changed since a moment that was given out would miss it otherwise.
        """
        return now if self.latest is None or self.latest < now else self.latest


class ParkedRecords(Protocol):
    """The part of a session that is about parked records."""

    async def park(self, records: Sequence[ParkedRecord]) -> None:
        """Park records, each in place of what was parked under its module and id."""
        ...

    async def unpark(self, module: str, ids: Collection[RecordKey]) -> None:
        """Forget what is parked under these ids; unknown ids are no error."""
        ...

    async def parked(self, module: str, ids: Collection[RecordKey]) -> dict[RecordKey, ParkedRecord]:
        """What is parked under these ids."""
        ...

    async def status(self, module: AnyModule) -> ModuleStatus:
        """What a page has to know of its module: mostly that it need not ask what is parked or waits."""
        ...

    async def parked_list(self, module: str, query: Query) -> Sequence[ParkedRecord]:
        """By (parked_at, key), at most `query.limit`; `query.state` INVALID, ERROR or all."""
        ...

    async def waiting_for(
        self, module: str, ids: Collection[RecordKey], limit: int
    ) -> Sequence[ParkedRecord]:
        """Parked records that wait for one of these, oldest first, at most `limit`."""
        ...


class RecordSession(Records, ParkedRecords, RecordHistory, Protocol):
    """What taking and showing records needs of a session."""
