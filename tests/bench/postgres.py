"""Bars 1 and 2: everything new, nothing new, a little new, everything changed, in PostgreSQL."""

from collections.abc import Iterator, Sequence
from functools import partial
from unittest.mock import patch

import asyncpg
import attrs
from tests.bench.kinds import BILLED, NARROW, WIDE, Kind, stored
from tests.bench.measure import Bench, Database, Measurement
from tests.bench.rows import WALL, Row, at_least, at_most, counted
from tests.bench.server import connected

from mzi_adapters.bench import Rounds, Sides, Stopwatch
from mzi_adapters.sql.history import RecordHistory
from mzi_core.ports import HistoryEntry

READY = "COPY of ready rows; same keys, indexes, foreign keys"
BARE = "COPY of ready rows; no key, no index"
PARSED = "orjson.loads of the same bytes"

TIMES = 3

WAL = counted("WAL", "bytes a record")


@attrs.frozen
class _Probed:
    """Sides that need a connection of their own to the database."""

    sides: Sides
    probe: asyncpg.Connection

    async def unchanged(self, meter: Stopwatch) -> None:
        """Nothing new, and how far the log of the database went meanwhile."""
        before = await self._logged()
        await self.sides.unchanged(meter)
        written = await self._logged() - before
        meter.change(beside={WAL.name: written / len(self.sides.lines)})

    async def _logged(self) -> int:
        return int(await self.probe.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))

    async def few_after_vacuum(self, meter: Stopwatch) -> None:
        """A little new in a table that the database has tidied and analysed."""
        place, module = self.sides.place, self.sides.module
        await place.empty(module)
        await stored(place, module, self.sides.lines)
        await self.probe.execute(f"VACUUM ANALYZE {module.name}")
        await self.sides.few_changed(meter)


async def parsed(lines: Sequence[bytes], meter: Stopwatch) -> None:
    """Nothing but the parsing of the same bytes, a record at a time, often enough to be measured."""
    import orjson

    with meter.running(TIMES * len(lines)):
        for _ in range(TIMES):
            for line in lines:
                orjson.loads(line)
    meter.change(server=0.0)  # what the server does meanwhile belongs to other sides


async def without_history(sides: Sides, meter: Stopwatch) -> None:
    """Everything changed, and nothing of that is told by a history."""

    async def keep_nothing(session: RecordHistory, entries: Sequence[HistoryEntry]) -> None:
        pass

    await sides.place.empty(sides.module)
    await stored(sides.place, sides.module, sides.lines)
    with patch.object(RecordHistory, "keep_history", keep_nothing):
        await sides.all_changed(meter)


async def _run(kind: Kind, bench: Bench) -> Rounds:
    async with (
        kind.over(bench.url(Database.POSTGRESQL), bench.records) as sides,
        connected(sides.place.url) as probe,
    ):
        probed = _Probed(sides, probe)
        return await bench.turns(
            f"PostgreSQL, {kind.name}",
            {
                "COPY": sides.raw,
                "COPY, bare": sides.raw_bare,
                "new": sides.new,
                "parsed": partial(parsed, sides.lines),
                "unchanged": probed.unchanged,
                "few": sides.few_changed,
                "all": sides.all_changed,
                "all, no history": partial(without_history, sides),
                "few after vacuum": probed.few_after_vacuum,
            },
            bench.serving(Database.POSTGRESQL),
        )


def _rows(
    kind: Kind, *, new: float, new_by_wall: float | None = None, unchanged: float = 5.0
) -> Iterator[Row]:
    """What is asked of a kind; see `Row` for the words."""
    first = partial(Row, number="1", name="new", what=f"NEW: {kind.name}", side="new")
    again = partial(Row, number="2", against="parsed", baseline=PARSED)
    same, few = f"UNCHANGED: {kind.name}", f"5 % changed: {kind.name}"
    yield first(against="COPY", baseline=READY, limit=at_least(new))
    if new_by_wall is not None:
        yield first(against="COPY", baseline=READY, limit=at_least(new_by_wall), by=WALL)
    yield first(against="COPY, bare", baseline=BARE, limit=at_least())
    yield again(name="unchanged", what=same, side="unchanged", limit=at_most(unchanged))
    yield Row(
        number="2",
        name="unchanged",
        what=same,
        side="unchanged",
        against=None,
        baseline="nothing written",
        limit=at_most(2),
        by=WAL,
    )
    yield again(name="few", what=f"{few}, after VACUUM", side="few after vacuum", limit=at_most(6.5))
    yield again(name="few", what=few, side="few", limit=at_most(8))
    yield Row(
        number="2",
        name="all",
        what=f"all changed: {kind.name}",
        side="all",
        against="COPY",
        baseline=READY,
        limit=at_least(0.20),
    )
    yield Row(
        number="2",
        name="history",
        what=f"all changed, with their history: {kind.name}",
        side="all",
        against="all, no history",
        baseline="the same without a history",
        limit=at_least(0.85),
    )


MEASUREMENTS = tuple(
    Measurement(rows=tuple(rows), run=partial(_run, kind))
    for kind, rows in {
        NARROW: _rows(NARROW, new=0.40, new_by_wall=0.30),
        WIDE: _rows(WIDE, new=0.28, unchanged=1.8),
        BILLED: _rows(BILLED, new=0.30),
    }.items()
)
