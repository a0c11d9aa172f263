"""Bar 6b: `POST /sync` of one new record, asked of `mzi serve` over a socket of this machine."""

import json
import statistics
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial
from itertools import cycle

from tests.bench.callers import request, waits
from tests.bench.children import MZI, Serving, serving
from tests.bench.data import narrow
from tests.bench.kinds import into_empty
from tests.bench.measure import Bench, Database, Measurement
from tests.bench.rows import Quantity, Row, at_least, at_most, counted, served

from mzi_adapters.bench import Rounds, Side, Stopwatch, scratch, wall
from mzi_core.modules import STUDENTS
from mzi_http.security import KEY_HEADER

SECONDS = 1.0
"""How long a turn takes: an answer is waited for, but no request is sent later."""

REQUESTS = 20_000
"""More than any side answers in a turn."""

CONNECTIONS = (1, 64)
BARE = (sys.executable, "-m", "tests.servers.bare")

P50 = counted("p50", "ms")
RATE = Quantity("wall", "µs", wall, Quantity("cpu of the server", "µs", served))


async def _served(
    service: Serving, requests: Iterator[bytes], connections: int, expected: bytes, meter: Stopwatch
) -> None:
    with meter.running(1):
        waited = await waits(
            service.port, requests, connections=connections, seconds=SECONDS, expected=expected
        )
    meter.change(records=len(waited), beside={P50.name: statistics.median(waited) * 1000})


async def _run(bench: Bench) -> Rounds:
    bodies = [json.dumps({"data": [student]}, ensure_ascii=False).encode() for student in narrow(REQUESTS)]
    path = f"/api/v1/sync/{STUDENTS.name}"
    async with AsyncExitStack() as stack:
        bare = stack.enter_context(serving(BARE, bench.folder / "bare.log"))
        requests = cycle([request(path, body) for body in bodies])
        sides: dict[str, Side] = {
            f"bare, {count}": partial(_served, bare, requests, count, b"success") for count in CONNECTIONS
        }
        services = [bare]
        for database in Database:
            place = await stack.enter_async_context(scratch(bench.url(database)))
            _, secret = await place.use_cases.new_key("bench")
            command = (*MZI, "--store", place.url, "serve", "--port", "0")
            service = stack.enter_context(serving(command, bench.folder / f"{database}.log"))
            services.append(service)
            for count in CONNECTIONS:
                new = cycle([request(path, body, **{KEY_HEADER: secret}) for body in bodies])
                side = partial(_served, service, new, count, b'"NEW"')
                sides[f"{database}, {count}"] = into_empty(place, side)
        return await bench.turns("POST /sync", sides, [bench.server, *services])


def _rows(database: Database) -> Iterator[Row]:
    for count, rate in zip(CONNECTIONS, (0.045, 0.025), strict=True):
        row = partial(
            Row,
            number="6b",
            name="service",
            what=f"`POST /sync` of one new record, {database}, connections: {count}",
            side=f"{database}, {count}",
            against=f"bare, {count}",
            baseline="a bare Starlette answer",
        )
        yield row(limit=at_least(rate), by=RATE)
        yield row(limit=at_most(25) if count == 1 else at_most(), by=P50)


MEASUREMENTS = (Measurement(rows=[row for database in Database for row in _rows(database)], run=_run),)
