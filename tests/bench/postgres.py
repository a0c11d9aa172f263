"""Bars 1 and 2: everything new, nothing new, a little new, everything changed, in PostgreSQL."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import asyncpg
import attrs
import orjson
from tests.bench import data
from tests.bench.measure import Bar
from tests.bench.server import Server

from mzi_adapters.bench import (
    Cost,
    Meter,
    Scratch,
    Side,
    Sides,
    as_lines,
    in_memory,
    scratch,
    take,
    taking_turns,
)
from mzi_adapters.college import Record
from mzi_core.module import AnyModule
from mzi_core.modules import PROGRAMS, REGISTRATIONS, STUDENTS


@attrs.frozen(kw_only=True)
class Kind:
    """A kind of record to measure, and the field that changes in it. `after`: stored before, not measured."""

    name: str
    module: AnyModule
    make: Callable[[int], Iterator[Record]]
    field: str
    after: Sequence[tuple[AnyModule, Callable[[int], Iterator[Record]]]] = ()
    judged: bool = True


NARROW = Kind(name="18-key students", module=STUDENTS, make=data.narrow, field="City")
WIDE = Kind(name="110-key students", module=STUDENTS, make=data.wide, field="City")
BILLED = Kind(
    name="registrations with instalments",
    module=REGISTRATIONS,
    make=data.registrations,
    field="Study_Mode",
    after=((PROGRAMS, data.programs), (STUDENTS, data.narrow)),
    judged=False,
)
_COPIES = {
    "COPY": "COPY of ready rows, same keys and indexes",
    "COPY, bare": "COPY of ready rows, no key, no index",
}
KINDS = (NARROW, WIDE, BILLED)


@attrs.define
class _Written:
    """How much a side writes into the log of the database."""

    probe: asyncpg.Connection
    side: Side
    sizes: list[int] = attrs.field(factory=list)

    async def measured(self, meter: Meter) -> None:
        """The side, and how far the log went meanwhile."""
        before = await self._so_far()
        await self.side(meter)
        self.sizes.append(await self._so_far() - before)

    async def _so_far(self) -> int:
        return int(await self.probe.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))


async def prepared(place: Scratch, kind: Kind, records: int) -> Sides:
    """The sides of a kind of record, with what it points at stored before."""
    for module, make in kind.after:
        await take(place.use_cases, module, in_memory(b"".join(as_lines(make(records)))))
    return await Sides.prepared(place, kind.module, list(kind.make(records)), kind.field)


async def bars(server: Server, records: int, rounds: int, tell: Callable[[str], None]) -> list[Bar]:
    """Bars 1 and 2 for each kind of record."""
    found: list[Bar] = []
    async with scratch(server.url) as place:
        probe = await asyncpg.connect(place.url)
        try:
            for kind in KINDS:
                sides = await prepared(place, kind, records)
                written = _Written(probe, sides.unchanged)
                costs = await taking_turns(
                    {
                        "COPY": sides.raw,
                        "COPY, bare": sides.raw_bare,
                        "new": sides.new,
                        "parse": partial(_parse, sides.lines),
                        "unchanged": written.measured,
                        "few": sides.few_changed,
                        "all": sides.all_changed,
                    },
                    also=server.cpu,
                    rounds=rounds,
                    tell=partial(telling, tell, f"PostgreSQL, {kind.name}"),
                )
                # The first round does not count.
                found += _judged(kind, costs, records, statistics.median(written.sizes[1:]) / records)
                await place.empty(kind.module, *(module for module, _ in kind.after))
        finally:
            await probe.close()
    return found


def telling(tell: Callable[[str], None], what: str, turn: int, side: str) -> None:
    """Say which turn it is."""
    tell(f"{what}, round {turn}: {side}")


async def _parse(lines: Sequence[bytes], meter: Meter) -> None:
    """Nothing but the parsing of the same bytes, a record at a time."""
    with meter.running():
        for line in lines:
            orjson.loads(line)


def _judged(kind: Kind, costs: dict[str, Cost], records: int, wal: float) -> Iterator[Bar]:
    def row(what: str, baseline: str, ratio: float, bar: float | None, **rest: Any) -> Bar:
        judged = bar if kind.judged else None
        what = f"{what}: {kind.name}"
        return Bar(what=what, baseline=baseline, ratio=ratio, bar=judged, records=records, **rest)

    def rate(number: str, what: str, side: str, against: str, bar: float | None) -> Bar:
        ours, theirs = costs[side], costs[against]
        note = f"{ours.per(records):.1f} µs against {theirs.per(records):.1f}"
        return row(
            f"{what}, rate",
            _COPIES[against],
            theirs.wall / ours.wall,
            bar,
            number=number,
            at_most=False,
            note=note,
        )

    def cpu(what: str, side: str, bar: float) -> Bar:
        ours, theirs = costs[side].cpu, costs["parse"].cpu
        note = f"{ours / records * 1e6:.1f} µs against {theirs / records * 1e6:.2f}"
        baseline = "CPU of orjson.loads of the same bytes"
        return row(f"{what}, CPU", baseline, ours / theirs, bar, number="2", at_most=True, note=note)

    yield rate("1", "NEW", "new", "COPY", 0.30)
    yield rate("1", "NEW", "new", "COPY, bare", None)
    yield cpu("UNCHANGED", "unchanged", 5.5)
    yield row("UNCHANGED, bytes of WAL", "a record", wal, 2.0, number="2", at_most=True)
    yield cpu("5 % changed", "few", 6.5)
    yield rate("2", "all changed", "all", "COPY", 0.17)
