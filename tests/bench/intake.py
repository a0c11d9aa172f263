"""Bar 6: a message of a source, asked of `mzi serve` over a socket: believed, known again, kept on disk."""

import json
import statistics
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial
from itertools import count, cycle

from tests.bench.callers import request, waits
from tests.bench.children import MZI, Serving, serving
from tests.bench.measure import Bench, Database, Measurement
from tests.bench.rows import Quantity, Row, at_least, at_most, counted, served

from mzi_adapters.bench import Rounds, Side, Stopwatch, scratch, wall
from mzi_core.event_proofs import Scheme
from mzi_core.module import Side as RecordSide
from mzi_core.values import DEFAULT_TENANT

SECONDS = 1.0
"""How long a turn takes: an answer is waited for, but no request is sent later."""

CONNECTIONS = 64
MANY = 256
"""Connections at which nothing may stall or fail; its rate is shown and not judged."""

BARE = (sys.executable, "-m", "tests.servers.bare")
TOKEN = "X-Zoho-Token"  # the name of a header
PATH = "/api/v1/events/zoho/student"

RATE = Quantity("wall", "µs", wall, Quantity("cpu of the server", "µs", served))
P99 = counted("p99", "ms")
LEAST = {Database.SQLITE: 0.45, Database.POSTGRESQL: 0.42}


def messages() -> Iterator[bytes]:
    """Messages about ever new records, no two the same."""
    for number in count():
        said = {"event_id": f"e{number}", "record_id": str(10**18 + number), "operation": "update"}
        yield json.dumps(said).encode()


def _request(token: str, body: bytes) -> bytes:
    return request(PATH, body, **{TOKEN: token})


async def _served(
    service: Serving, requests: Iterator[bytes], connections: int, expected: bytes, meter: Stopwatch
) -> None:
    with meter.running(1):
        waited = await waits(
            service.port, requests, connections=connections, seconds=SECONDS, expected=expected
        )
    meter.change(records=len(waited), beside={P99.name: statistics.quantiles(waited, n=100)[-1] * 1000})


async def _run(bench: Bench) -> Rounds:
    async with AsyncExitStack() as stack:
        bare = stack.enter_context(serving(BARE, bench.folder / "bare.log"))
        plain = cycle([request(PATH, body) for body, _ in zip(messages(), range(1000), strict=False)])
        sides: dict[str, Side] = {
            f"bare, {number}": partial(_served, bare, plain, number, b"success")
            for number in (CONNECTIONS, MANY)
        }
        services = [bare]
        for database in Database:
            place = await stack.enter_async_context(scratch(bench.url(database)))
            _, token = await place.use_cases.sources.add(
                RecordSide.ZOHO, "bench", DEFAULT_TENANT, scheme=Scheme.HEADER
            )
            command = (*MZI, "--store", place.url, "serve", "--no-worker", "--port", "0")
            service = stack.enter_context(serving(command, bench.folder / f"{database}.log"))
            services.append(service)
            told = map(partial(_request, token), messages())
            for number in (CONNECTIONS, MANY):
                sides[f"{database}, {number}"] = partial(_served, service, told, number, b"queued")
        return await bench.turns("intake", sides, [bench.server, *services])


def _rows(database: Database) -> Iterator[Row]:
    for number in (CONNECTIONS, MANY):
        row = partial(
            Row,
            number="6",
            name="intake",
            what=f"a message of a source, {database}, connections: {number}",
            side=f"{database}, {number}",
            against=f"bare, {number}",
            baseline="a bare Starlette answer",
        )
        judged = number == CONNECTIONS
        yield row(limit=at_least(LEAST[database]) if judged else at_least(), by=RATE)
        yield row(limit=at_most(4) if judged else at_most(), by=P99)


MEASUREMENTS = (Measurement(rows=[row for database in Database for row in _rows(database)], run=_run),)
