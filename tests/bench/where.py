"""`python -m tests.bench.where`: where the time of a record goes, by the file whose code uses the processor.

A signal comes with every millisecond of processor time, and it is noted what is at work then: the innermost
code that is mzi's, or of a library on the way to the database. What the standard library does, generated
code, and what is written in C count for their callers. What the database server uses is a row of its own.
"""

import argparse
import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

import attrs
from tests.bench.kinds import KINDS, Kind
from tests.bench.measure import Bench, Database, used
from tests.bench.rows import as_text, served

import mzi_core
from mzi_adapters.bench import ROUNDS, Stopwatch, median
from mzi_adapters.system import moves_many_records

_TICK = 0.001
_SOURCE = f"{Path(mzi_core.__file__).parents[1]}/"
_LIBRARIES = ("asyncpg", "sqlalchemy", "aiosqlite", "asyncio")
_LEAST = 0.1
"""Microseconds; files that use less on every side are shown together."""

REST, SERVER, ALL = "all others", "the database server", "together"


def place_of(frame: FrameType | None) -> str:
    """The file of mzi, or the library, that a frame works for."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_SOURCE):
            return f"`{file.removeprefix(_SOURCE)}`"
        for library in _LIBRARIES:
            if f"/{library}/" in file:
                return library
        frame = frame.f_back
    return REST


@attrs.define
class Noting(Stopwatch):
    """A meter that also notes where the processor is while it runs."""

    noted: Counter[str] = attrs.field(factory=Counter)

    @contextmanager
    def running(self, records: int) -> Iterator[None]:
        """The same; only the process itself is looked into."""
        before = signal.signal(signal.SIGPROF, lambda _, frame: self.noted.update([place_of(frame)]))
        try:
            with Stopwatch.running(self, records):
                signal.setitimer(signal.ITIMER_PROF, _TICK, _TICK)
                try:
                    yield
                finally:
                    signal.setitimer(signal.ITIMER_PROF, 0)
        finally:
            signal.signal(signal.SIGPROF, before)

    def places(self) -> dict[str, float]:
        """Microseconds a record by place, the server's among them."""
        client = median(self.costs, lambda cost: cost.per_record(cost.client))
        ticks = self.noted.total()
        shares = {place: client * count / ticks for place, count in self.noted.items()}
        return {**shares, SERVER: median(self.costs, served)}


async def places(bench: Bench, database: Database, kind: Kind) -> dict[str, dict[str, float]]:
    """By side, microseconds a record by place."""
    async with kind.over(bench.url(database), bench.records) as sides:
        asked = {"NEW": sides.new, "UNCHANGED": sides.unchanged, "all changed": sides.all_changed}
        also = partial(used, bench.serving(database))
        meters = {name: Noting(also) for name in asked}
        for turn in range(bench.rounds):
            for name, side in asked.items():
                bench.tell(f"Where, {database}, {kind.name}, round {turn}: {name}")
                await side(meters[name])
    return {name: meter.places() for name, meter in meters.items()}


def markdown(found: Mapping[str, Mapping[str, float]]) -> str:
    """A table with a column for each side, the dearest place of the first side first."""
    sides = list(found)
    named = {place for each in found.values() for place, share in each.items() if share >= _LEAST}
    named -= {REST, SERVER}
    order = [*sorted(named, key=lambda place: -found[sides[0]].get(place, 0)), REST, SERVER, ALL]

    def cell(side: str, place: str) -> float:
        each = found[side]
        if place == ALL:
            return sum(each.values())
        if place == REST:
            return sum(share for name, share in each.items() if name not in named and name != SERVER)
        return each.get(place, 0.0)

    rows = [("µs of the processor a record", *sides), ("---",) * (1 + len(sides))]
    rows += [(place, *(as_text(cell(side, place)) for side in sides)) for place in order]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.where", description=__doc__)
    names = {kind.module.name: kind for kind in reversed(KINDS)}
    parser.add_argument("--module", choices=sorted(names), default="students", help="students if not said")
    parser.add_argument("--store", choices=[*Database], default=Database.POSTGRESQL, type=Database)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args(arguments)
    moves_many_records()
    with Bench.started(records=asked.records, rounds=asked.rounds) as bench:
        print(markdown(asyncio.run(places(bench, asked.store, names[asked.module]))), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
