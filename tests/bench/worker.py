"""`python -m tests.bench.worker URL TENANT FILE BEGIN`: a process that takes a file of students.

When everything is loaded it waits for the moment BEGIN (seconds since the epoch). It prints as JSON when it
began and ended, what it used of the processor meanwhile, and how many records it took.
"""

import asyncio
import json
import sys
import time

from mzi_adapters.bench import Stopwatch, take, use_cases_over
from mzi_adapters.files import open_source
from mzi_adapters.sql import open_store
from mzi_adapters.system import moves_many_records
from mzi_core.modules import STUDENTS
from mzi_core.values import TenantId


async def _main(url: str, name: str, file: str, begin: str) -> dict[str, float]:
    moves_many_records()
    tenant, meter = TenantId(name), Stopwatch()
    async with open_store(url) as store:
        use_cases = use_cases_over(store)
        await use_cases.read_settings(tenant)  # the connection is there
        with open_source(file) as source:
            await asyncio.sleep(max(0, float(begin) - time.time()))
            began = time.time()
            with meter.running(1):
                counts = await take(use_cases, STUDENTS, source, tenant)
            ended = time.time()
    (cost,) = meter.costs
    return {"began": began, "ended": ended, "cpu": cost.cpu, "records": counts.total()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_main(*sys.argv[1:]))))
