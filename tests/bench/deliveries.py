"""Deliveries: what it costs to make them due, and to claim and settle them, next to the database's own work.

The baselines write the same rows by one statement, in the same table with the same keys and indexes.
"""

from datetime import timedelta
from functools import partial

import sqlalchemy as sa
from tests.bench.measure import Bench, Database, Measurement
from tests.bench.rows import Row, at_least

from mzi_adapters.bench import Rounds, Scratch, Side, Stopwatch, Unexpected, scratch
from mzi_adapters.sql.store import SqlSession
from mzi_core.ports import DeliveryState, Due
from mzi_core.values import DEFAULT_TENANT

FLOW = "take:students"
PAGE, BATCH = 1000, 100
HOUR = timedelta(hours=1)

LEAST = {Database.SQLITE: (0.25, 0.05), Database.POSTGRESQL: (0.3, 0.1)}
"""Of the baselines' rates: made due, and claimed and settled.

The last takes two sessions for a hundred keys, where the baseline has one for all.
"""

ROWS_THEMSELVES = """\
WITH RECURSIVE serial(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM serial WHERE n + 1 < {count})
INSERT INTO deliveries (tenant_id, flow, key, subject, claim, due_at, updated_at, generation, settled,
    state, was, starts, tries, plan_id, approved_generation, reason)
SELECT 'default', 'take:students', 'k' || n, 's' || n, 0, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 1, 0,
    'due', '', 0, 0, '', 0, '' FROM serial"""
LEASED = "UPDATE deliveries SET claim = claim + 1, starts = 1, leased_until = CURRENT_TIMESTAMP"
SETTLED = "UPDATE deliveries SET settled = 1, state = 'settled', was = 'due', starts = 0, leased_until = NULL"


async def _say(place: Scratch, *statements: str) -> None:
    async with place.use_cases.store.begin(DEFAULT_TENANT) as session:
        if not isinstance(session, SqlSession):
            raise Unexpected("The store is none in a database.")
        for statement in statements:
            await session.run(sa.text(statement))


async def _empty(place: Scratch) -> None:
    await _say(place, "DELETE FROM deliveries", "DELETE FROM delivery_counts")


async def _inserted(place: Scratch, count: int, meter: Stopwatch) -> None:
    await _empty(place)
    with meter.running(count):
        await _say(place, ROWS_THEMSELVES.format(count=count))


async def _updated(place: Scratch, count: int, meter: Stopwatch) -> None:
    with meter.running(count):
        await _say(place, LEASED, SETTLED)


async def _make_due(place: Scratch, count: int) -> None:
    for start in range(0, count, PAGE):
        async with place.use_cases.store.begin(DEFAULT_TENANT) as session:
            await session.make_due(
                [Due(FLOW, f"k{n}", f"s{n}") for n in range(start, min(start + PAGE, count))]
            )


async def _new(place: Scratch, count: int, meter: Stopwatch) -> None:
    await _empty(place)
    with meter.running(count):
        await _make_due(place, count)


async def _settle(place: Scratch, count: int, meter: Stopwatch) -> None:
    """All that is due, as a worker does it: a session for a claim, and one for its end."""
    begin = partial(place.use_cases.store.begin, DEFAULT_TENANT)
    with meter.running(count):
        for _ in range(-(-count // BATCH)):
            async with begin() as session:
                claims = await session.claim(FLOW, BATCH, HOUR)
            async with begin() as session:
                await session.end_claims([claim.settled() for claim in claims])
    async with begin() as session:
        (flow,) = await session.flows()
    if flow.counts != {DeliveryState.SETTLED: count}:
        raise Unexpected(f"There were {flow.counts} where {count} were to be settled.")


async def _run(database: Database, bench: Bench) -> Rounds:
    async with scratch(bench.url(database)) as place:
        sides: dict[str, Side] = {
            "insert": partial(_inserted, place, bench.records),
            "update": partial(_updated, place, bench.records),
            "new": partial(_new, place, bench.records),
            "claim and settle": partial(_settle, place, bench.records),
        }
        return await bench.turns(f"Deliveries, {database}", sides, bench.serving(database))


def _measurement(database: Database) -> Measurement:
    made_due, settled = LEAST[database]
    rows = (
        Row(
            number="deliveries",
            name="deliveries",
            what=f"{database}, made due, by {PAGE:,}",
            side="new",
            against="insert",
            baseline="INSERT of the same rows by one statement",
            limit=at_least(made_due),
        ),
        Row(
            number="deliveries",
            name="deliveries",
            what=f"{database}, claimed and settled, by {BATCH}",
            side="claim and settle",
            against="update",
            baseline="UPDATE of the same rows by two statements",
            limit=at_least(settled),
        ),
    )
    return Measurement(rows=rows, run=partial(_run, database))


MEASUREMENTS = tuple(map(_measurement, Database))
