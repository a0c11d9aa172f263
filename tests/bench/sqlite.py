"""Bar 5: everything new, nothing new, a little new, everything changed, in a SQLite file.

It is in WAL mode, and every commit waits for the disk.
"""

from functools import partial

from tests.bench.kinds import NARROW, WIDE, Kind
from tests.bench.measure import Bench, Database, Measurement
from tests.bench.rows import WALL, Limit, Row, at_least

from mzi_adapters.bench import Rounds


async def _run(kind: Kind, bench: Bench) -> Rounds:
    async with kind.over(bench.url(Database.SQLITE), bench.records) as sides:
        return await bench.turns(
            f"SQLite, {kind.name}",
            {
                "executemany": sides.raw,
                "NEW": sides.new,
                "UNCHANGED": sides.unchanged,
                "5 % changed": sides.few_changed,
                "all changed": sides.all_changed,
            },
        )


def _measurement(kind: Kind, **limits: Limit) -> Measurement:
    said = {"new": "NEW", "unchanged": "UNCHANGED", "few": "5 % changed", "all": "all changed"}
    rows = tuple(
        Row(
            number="5",
            name="sqlite",
            what=f"{side}: {kind.name}",
            side=side,
            against="executemany",
            baseline="sqlite3.executemany of ready rows",
            limit=limits.get(name, at_least()),
            by=WALL,
        )
        for name, side in said.items()
    )
    return Measurement(rows=rows, run=partial(_run, kind))


MEASUREMENTS = (
    _measurement(NARROW, new=at_least(0.40), unchanged=at_least(1.2), all=at_least(0.28)),
    _measurement(WIDE),
)
