"""How workers get on beside each other: processes that sync into one PostgreSQL at the same time."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import asyncpg
import attrs
from tests.bench import data
from tests.bench.measure import Bar
from tests.bench.server import Server

from mzi_adapters.bench import Scratch, as_lines, scratch
from mzi_core.modules import STUDENTS
from mzi_core.values import TenantId

WORKERS = 2
READY = 3.0
"""Seconds that a worker gets to be loaded, before all begin together."""

_WORKER = """
import asyncio, json, sys, time
from mzi_adapters.files import open_source, pages, read_items
from mzi_adapters.sql import open_store
from mzi_adapters.system import SystemClock, SystemIds
from mzi_adapters.zoho import ZohoCodec
from mzi_core.modules import STUDENTS
from mzi_core.use_cases import UseCases
from mzi_core.use_cases.take_page import PAGE
url, tenant, file, begin = sys.argv[1:]
async def main():
    async with open_store(url) as store:
        mzi = UseCases.over(store=store, codec=ZohoCodec(), clock=SystemClock(), ids=SystemIds())
        await mzi.read_settings(tenant)
        with open_source(file) as source:
            async def feed():
                for page in pages(read_items(source, STUDENTS), PAGE):
                    yield page.records
            await asyncio.sleep(max(0, float(begin) - time.time()))
            begun, taken = time.time(), 0
            async for done in mzi.bulk(tenant, STUDENTS, feed(), source=file):
                taken += len(done.result.outcomes)
            print(json.dumps([begun, time.time(), taken]))
asyncio.run(main())
"""


@attrs.frozen
class _Crowd:
    """Workers that begin together, each with a tenant and a file."""

    place: Scratch
    jobs: tuple[tuple[str, Path], ...]

    async def rate(self) -> float:
        """Records a second of all together, from the first beginning to the last end."""
        begin = time.time() + READY
        workers = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", _WORKER, self.place.url, tenant, str(file), str(begin)),
                stdout=subprocess.PIPE,
            )
            for tenant, file in self.jobs
        ]
        told = [json.loads((await worker.communicate())[0]) for worker in workers]
        seconds = max(ended for _, ended, _ in told) - min(begun for begun, _, _ in told)
        return float(sum(taken for _, _, taken in told) / seconds)


async def bars(server: Server, records: int, rounds: int, tell: Callable[[str], None]) -> list[Bar]:
    """What more workers bring; nothing to be missed, but to be known."""
    tenants = [TenantId(f"college{place}") for place in range(WORKERS)]
    async with scratch(server.url) as place:
        for tenant in tenants:
            await place.use_cases.add_tenant(tenant)
        with TemporaryDirectory(prefix="mzi-bench-") as name:
            lines = as_lines(data.narrow(WORKERS * records))
            files = [Path(name) / f"{part}.ndjson" for part in range(WORKERS)]
            for part, file in enumerate(files):
                file.write_bytes(b"".join(lines[part * records : (part + 1) * records]))
            crowds = {
                "one worker": _Crowd(place, ((tenants[0], files[0]),)),
                "a tenant each": _Crowd(place, tuple(zip(tenants, files, strict=True))),
                "one tenant and module": _Crowd(place, tuple((tenants[0], file) for file in files)),
            }
            rates: dict[str, dict[str, list[float]]] = {
                side: {what: [] for what in ("NEW", "UNCHANGED")} for side in crowds
            }
            connection = await asyncpg.connect(place.url)
            try:
                for turn in range(rounds):
                    for side, crowd in crowds.items():
                        tell(f"Workers, round {turn}: {side}")
                        await place.empty(STUDENTS)
                        await connection.execute("CHECKPOINT")
                        for what in rates[side]:
                            rates[side][what].append(await crowd.rate())
            finally:
                await connection.close()
    alone = rates["one worker"]
    return [
        Bar(
            number="workers",
            what=f"{what}, rate of {WORKERS} workers, {side}",
            baseline="the rate of one worker",
            ratio=median(rates[side][what]) / median(alone[what]),
            bar=None,
            at_most=False,
            records=records,
            note=f"{median(rates[side][what]):,.0f} records/s against {median(alone[what]):,.0f}",
        )
        for side in ("a tenant each", "one tenant and module")
        for what in alone
    ]
