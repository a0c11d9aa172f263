"""How workers get on beside each other: processes that sync into one PostgreSQL at the same time."""

import asyncio
import json
import subprocess
import time
from pathlib import Path

import attrs
from tests.bench import data
from tests.bench.children import WORKER, environment
from tests.bench.kinds import into_empty
from tests.bench.measure import Bench, Database, Measurement
from tests.bench.rows import WALL, Row, at_least

from mzi_adapters.bench import Rounds, Scratch, Side, Stopwatch, Timing, as_lines, scratch
from mzi_core.values import TenantId

WORKERS = 2
ALONE = "one worker"
READY = 3.0
"""Seconds that a worker gets to be loaded, before all begin together."""


@attrs.frozen
class _Crowd:
    """Workers that begin together, each with a tenant and a file."""

    place: Scratch
    jobs: tuple[tuple[str, Path], ...]

    async def take(self, meter: Stopwatch) -> None:
        """All at once: from the first beginning to the last end."""
        begin = time.time() + READY
        workers = [
            await asyncio.create_subprocess_exec(
                *(*WORKER, self.place.url, tenant, str(file), str(begin)),
                env=environment(),
                stdout=subprocess.PIPE,
            )
            for tenant, file in self.jobs
        ]
        told = [json.loads((await worker.communicate())[0]) for worker in workers]
        wall = max(each["ended"] for each in told) - min(each["began"] for each in told)
        records = sum(each["records"] for each in told)
        meter.costs.append(Timing(wall=wall, client=sum(each["cpu"] for each in told), records=records))


async def _run(bench: Bench) -> Rounds:
    tenants = [TenantId(f"college{place}") for place in range(WORKERS)]
    async with scratch(bench.url(Database.POSTGRESQL)) as place:
        for tenant in tenants:
            await place.use_cases.add_tenant(tenant)
        files = [bench.folder / f"{part}.ndjson" for part in range(WORKERS)]
        lines = as_lines(data.narrow(WORKERS * bench.records))
        for part, file in enumerate(files):
            file.write_bytes(b"".join(lines[part * bench.records : (part + 1) * bench.records]))
        crowds = {
            ALONE: _Crowd(place, ((tenants[0], files[0]),)),
            "a tenant each": _Crowd(place, tuple(zip(tenants, files, strict=True))),
            "one tenant and module": _Crowd(place, tuple((tenants[0], file) for file in files)),
        }
        sides: dict[str, Side] = {}
        for name, crowd in crowds.items():
            sides |= {f"NEW, {name}": into_empty(place, crowd.take), f"UNCHANGED, {name}": crowd.take}
        return await bench.turns("Workers", sides)


ROWS = tuple(
    Row(
        number="workers",
        name="workers",
        what=f"{what}, {WORKERS} workers, {side}",
        side=f"{what}, {side}",
        against=f"{what}, {ALONE}",
        baseline=ALONE,
        limit=at_least(),
        by=WALL,
    )
    for side in ("a tenant each", "one tenant and module")
    for what in ("NEW", "UNCHANGED")
)

MEASUREMENTS = (Measurement(rows=ROWS, run=_run),)
