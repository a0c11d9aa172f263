"""No kind of record is left behind: what others cost for each key, next to plain students.

Each kind is in a database of its own, and all of them take turns.
"""

from contextlib import AsyncExitStack
from functools import partial

from tests.bench import data
from tests.bench.kinds import BILLED, NARROW, OWN, TAUGHT
from tests.bench.measure import Bench, Database, Measurement
from tests.bench.rows import Row, at_most

from mzi_adapters.bench import Rounds, Side, Stopwatch

OTHERS = (OWN, TAUGHT, BILLED)
SIDES = ("NEW", "UNCHANGED", "all changed")
LIMIT = 1.5
"""What a key may cost. Foreign keys and JSON columns are in it, which plain students do not have."""


async def _by_key(side: Side, keys: int, meter: Stopwatch) -> None:
    """A side whose cost is spread over the keys of its records."""
    await side(meter)
    meter.change(records=keys)


async def _run(bench: Bench) -> Rounds:
    async with AsyncExitStack() as stack:
        sides: dict[str, Side] = {}
        for kind in (NARROW, *OTHERS):
            of = await stack.enter_async_context(kind.over(bench.url(Database.POSTGRESQL), bench.records))
            keys = sum(map(data.keys, kind.make(bench.records)))
            for what, side in zip(SIDES, (of.new, of.unchanged, of.all_changed), strict=True):
                sides[f"{kind.name}, {what}"] = partial(_by_key, side, keys)
        return await bench.turns("Lanes", sides, bench.serving(Database.POSTGRESQL))


ROWS = tuple(
    Row(
        number="lanes",
        name="lanes",
        what=f"{what}, a key: {kind.name}",
        side=f"{kind.name}, {what}",
        against=f"{NARROW.name}, {what}",
        baseline=f"a key of {NARROW.name}",
        limit=at_most(LIMIT),
    )
    for kind in OTHERS
    for what in SIDES
)

MEASUREMENTS = (Measurement(rows=ROWS, run=_run),)
