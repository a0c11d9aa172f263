"""Bars 11 and 13: what the command `mzi` costs before it does anything, and around what it does."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.bench.children import BARE, MZI, WORKER, ran, spent
from tests.bench.data import written
from tests.bench.kinds import into_empty
from tests.bench.measure import Bench, Database, Measurement
from tests.bench.rows import Row, at_most

from mzi_adapters.bench import Rounds, Scratch, Stopwatch, Timing, scratch
from mzi_core.modules import STUDENTS
from mzi_core.values import DEFAULT_TENANT

MANY = 10
"""So many times `--records` are taken by the command, which must be long compared with its start."""

BARELY = 10
"""How often a bare interpreter is started in a turn: once takes but ten milliseconds."""


def _sync(place: Scratch, file: Path) -> Sequence[str]:
    return (*MZI, "--store", place.url, "sync", STUDENTS.name, str(file))


async def _command(command: Sequence[str], records: int, meter: Stopwatch, *, times: int = 1) -> None:
    meter.costs.append(spent(command, records, times))


async def _alone(place: Scratch, file: Path, records: int, meter: Stopwatch) -> None:
    """The records of a file in a process that does nothing else; its start is not in it."""
    told = json.loads(ran((*WORKER, place.url, DEFAULT_TENANT, str(file), "0")))
    meter.costs.append(Timing(wall=told["ended"] - told["began"], client=told["cpu"], records=records))


async def _start(bench: Bench) -> Rounds:
    one = written(bench.folder / "one.ndjson", 1)
    async with scratch(bench.url(Database.SQLITE)) as place:
        return await bench.turns(
            "Start",
            {
                "bare": partial(_command, BARE, 1, times=BARELY),
                "version": partial(_command, (*MZI, "--version"), 1),
                "modules": partial(_command, (*MZI, "modules"), 1),
                "sync": into_empty(place, partial(_command, _sync(place, one), 1)),
            },
        )


async def _whole(bench: Bench) -> Rounds:
    count = MANY * bench.records
    file = written(bench.folder / "many.ndjson", count)
    async with scratch(bench.url(Database.SQLITE)) as place:
        whole, alone = partial(_command, _sync(place, file), count), partial(_alone, place, file, count)
        return await bench.turns(
            "The command",
            {
                "NEW": into_empty(place, whole),
                "UNCHANGED": whole,
                "NEW, alone": into_empty(place, alone),
                "UNCHANGED, alone": alone,
            },
        )


_start_row = partial(Row, number="11", name="start", against="bare", baseline="`python -c pass`")

MEASUREMENTS = (
    Measurement(
        rows=(
            _start_row(what="`mzi --version`", side="version", limit=at_most(12)),
            _start_row(what="`mzi modules`", side="modules", limit=at_most(16)),
            # 0.6 of the 88 times that it was in November 2026.
            _start_row(what="`mzi sync` of one record, SQLite", side="sync", limit=at_most(53)),
        ),
        run=_start,
    ),
    Measurement(
        rows=tuple(
            Row(
                number="13",
                name="command",
                what=f"`mzi sync` of a file, {side}, SQLite",
                side=side,
                against=f"{side}, alone",
                baseline="taking the same file, without start and telling",
                limit=limit,
            )
            for side, limit in {"NEW": at_most(1.6), "UNCHANGED": at_most()}.items()
        ),
        run=_whole,
    ),
)
