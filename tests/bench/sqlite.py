"""Bar 5: everything new and nothing new, in a SQLite file whose every commit waits for the disk."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench.measure import Bar
from tests.bench.postgres import NARROW, WIDE, prepared, telling

from mzi_adapters.bench import scratch, taking_turns


async def bars(folder: Path, records: int, rounds: int, tell: Callable[[str], None]) -> list[Bar]:
    """The bar for students of few and of many keys."""
    found: list[Bar] = []
    for kind in (NARROW, WIDE):
        async with scratch(f"sqlite:///{folder / 'mzi.db'}") as place:
            sides = await prepared(place, kind, records)
            costs = await taking_turns(
                {
                    "executemany": sides.raw,
                    "new": sides.new,
                    "unchanged": sides.unchanged,
                    "few": sides.few_changed,
                    "all": sides.all_changed,
                },
                rounds=rounds,
                tell=partial(telling, tell, f"SQLite, {kind.name}"),
            )
        ready = costs["executemany"]
        wanted = {"new": 0.30, "unchanged": 0.5, "few": None, "all": None}
        said = {"new": "NEW", "unchanged": "UNCHANGED", "few": "5 % changed", "all": "all changed"}
        found += [
            Bar(
                number="5",
                what=f"{said[side]}, rate: {kind.name}",
                baseline="sqlite3.executemany of ready rows",
                ratio=ready.wall / costs[side].wall,
                bar=bar,
                at_most=False,
                records=records,
                note=f"{costs[side].per(records):.1f} µs against {ready.per(records):.1f}",
            )
            for side, bar in wanted.items()
        ]
    return found
