"""Bulk runs: how far they got, and what became of their records."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from mzi_core.values import RecordId


class RunStatus(StrEnum):
    """How a sync run stands; `partial`: it went through, and some records were not accepted.

    No store keeps `interrupted`: a RUNNING run without a lease is told as that.
    """

    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def reached_the_end(self) -> bool:
        """Whether the source was read to its end."""
        return self in (RunStatus.COMPLETED, RunStatus.PARTIAL)


@attrs.frozen(kw_only=True)
class Run:
    """One bulk run: where it came from, how far it got (`cursor`: records done), what became of them."""

    id: RecordId
    module: str
    source: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None = None
    cursor: int = 0
    counts: Mapping[str, int] = attrs.field(factory=dict)
    message: str = ""
    bookmark: str = ""
    """Where its source is to be taken up again, in the source's own words."""
    watermark: datetime | None = None
    """By the source's own clock: what was changed there before this moment came with the run."""


class Runs(Protocol):
    """The part of a session that is about bulk runs."""

    async def save_run(self, run: Run) -> None:
        """Keep a run in place of the one with its id."""
        ...

    async def runs(self, limit: int) -> Sequence[Run]:
        """The latest runs, newest first."""
        ...

    async def unfinished(self, module: str, source: str) -> Run | None:
        """The latest run of this module from this source, if it did not get to its end: RUNNING or FAILED."""
        ...

    async def finished(self, module: str, source: str) -> Run | None:
        """The latest run of this module from this source that got to its end."""
        ...
