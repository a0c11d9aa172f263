"""Bar 8: a record costs the same however many there are, and a stream is never held as a whole."""

import json
import sys
from functools import partial
from pathlib import Path

import attrs
from tests.bench.children import ran
from tests.bench.data import narrow, written
from tests.bench.kinds import into_empty
from tests.bench.measure import Bench, Database, Measurement
from tests.bench.rows import Row, at_most, counted

from mzi_adapters.bench import (
    Rounds,
    Scratch,
    Side,
    Stopwatch,
    Timing,
    Unexpected,
    as_lines,
    in_memory,
    scratch,
    take,
)
from mzi_adapters.files import Source, open_source
from mzi_core.modules import STUDENTS
from mzi_core.values import DEFAULT_TENANT, State, TenantId

MEGA = 2**20
FEW, MANY = 100, 1_000
"""How many tenants there are."""

ADDED = 5
"""How many tenants more are measured in each turn."""

PEAK = (sys.executable, "-m", "tests.bench.peak")
PEAK_MB = counted("peak", "MB")


def sizes(bench: Bench) -> tuple[int, int]:
    """How many records there are before and after growth."""
    return (100_000, 1_000_000) if bench.million else (2 * bench.records, 20 * bench.records)


async def _new(place: Scratch, source: Source, count: int, tenant: TenantId = DEFAULT_TENANT) -> None:
    """Take so many new students."""
    counts = await take(place.use_cases, STUDENTS, source, tenant)
    if counts != {State.NEW: count}:
        raise Unexpected(f"The store took {dict(counts)} of {count} new students.")


async def _from_file(place: Scratch, file: Path, count: int, meter: Stopwatch) -> None:
    with open_source(str(file)) as source, meter.running(count):
        await _new(place, source, count)


async def _growth(bench: Bench) -> Rounds:
    async with scratch(bench.url(Database.POSTGRESQL)) as place:
        sides: dict[str, Side] = {}
        for name, count in zip(("small", "great"), sizes(bench), strict=True):
            file = written(bench.folder / f"{name}.ndjson", count)
            sides[name] = into_empty(place, partial(_from_file, place, file, count))
        return await bench.turns("Growth", sides, bench.serving(Database.POSTGRESQL))


@attrs.define
class _College:
    """A database of many tenants, each of whom has the same students."""

    place: Scratch
    students: bytes
    each: int
    tenants: int = 0

    async def grow(self, tenants: int, meter: Stopwatch) -> None:
        """Add so many tenants; taking their students is what is measured."""
        names = [TenantId(f"college{self.tenants + more}") for more in range(tenants)]
        self.tenants += tenants
        for name in names:
            await self.place.use_cases.add_tenant(name)
        with meter.running(tenants * self.each):
            for name in names:
                await _new(self.place, in_memory(self.students), self.each, name)


async def _tenants(bench: Bench) -> Rounds:
    each = bench.records // (10 if bench.million else 100)
    students = b"".join(as_lines(narrow(each)))
    url = bench.url(Database.POSTGRESQL)
    async with scratch(url) as first, scratch(url) as then:
        sides: dict[str, Side] = {}
        for place, count in ((first, FEW), (then, MANY)):
            bench.tell(f"Tenants: {count:,} with {each:,} students each")
            college = _College(place, students, each)
            await college.grow(count, Stopwatch())
            sides[f"{count:,}"] = partial(college.grow, ADDED)
        return await bench.turns("Tenants", sides, bench.serving(Database.POSTGRESQL))


def _peak(bench: Bench, stores: tuple[str, str]) -> float:
    """MB that `mzi sync` needs beyond what it needs to be loaded with all it will ever import.

    It is run twice, each time into an empty store: what it has imported at the end of the first run, it
    imports at the beginning of the second.
    """
    one = written(bench.folder / "one.ndjson", 1)
    many = written(bench.folder / "great.ndjson", sizes(bench)[1])
    loaded, told = bench.folder / "loaded.json", bench.folder / "told.json"
    ran((*PEAK, str(loaded), str(one), stores[0], ""))
    ran((*PEAK, str(told), str(many), stores[1], str(loaded)))
    found = json.loads(told.read_text())
    return float(found["peak"] - found["before"]) / MEGA


async def _memory(bench: Bench) -> Rounds:
    rounds: dict[str, list[Timing]] = {}
    for database in Database:
        bench.tell(f"Peak memory, {database}")
        async with scratch(bench.url(database)) as first, scratch(bench.url(database)) as then:
            used = {PEAK_MB.name: _peak(bench, (first.url, then.url))}
        rounds[database] = [Timing(wall=0, client=0, records=sizes(bench)[1], beside=used)]
    return rounds


_ROW = partial(Row, number="8")

MEASUREMENTS = (
    Measurement(
        rows=(
            _ROW(
                name="growth",
                what="NEW, ten times as many students, PostgreSQL",
                side="great",
                against="small",
                baseline="a tenth of them",
                limit=at_most(1.2),
            ),
        ),
        run=_growth,
    ),
    Measurement(
        rows=(
            _ROW(
                name="tenants",
                what=f"NEW students of one more tenant beside {MANY:,}, PostgreSQL",
                side=f"{MANY:,}",
                against=f"{FEW:,}",
                baseline=f"the same beside {FEW:,} tenants",
                limit=at_most(1.15),
            ),
        ),
        run=_tenants,
    ),
    Measurement(
        rows=tuple(
            _ROW(
                name="memory",
                what=f"MB at the peak of `mzi sync`, NEW from a file, {database}",
                side=database,
                against=None,
                baseline="memory after all imports",
                limit=at_most(20),
                by=PEAK_MB,
            )
            for database in Database
        ),
        run=_memory,
    ),
)
