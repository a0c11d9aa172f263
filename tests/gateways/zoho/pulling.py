"""Pull so many students by Bulk Read and say how large the process became: `python -m …pulling 100000`."""

import asyncio
import csv
import io
import json
import resource
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import attrs
from tests.gateways.zoho.given import account

from mzi_adapters.memory import MemoryStore
from mzi_adapters.memory.leases import MemoryLeases
from mzi_adapters.testing.virtual_time import VirtualTimer
from mzi_adapters.web import Request, Response, Streamed
from mzi_adapters.zoho import open_zoho
from mzi_core.ports import ReadMethod, Selection
from mzi_core.values import DEFAULT_TENANT

FIELDS = ("Name", "First_Name", "Last_Name", "Academic_Email", "City", "Status", "Program", "Modified_Time")
JOB = "5000000000000000777"


@attrs.frozen
class OneFile:
    """A Zoho that has one finished job, with its file on disk."""

    path: Path

    async def send(self, request: Request) -> Response:
        """Whatever the client asks on its way to the file."""
        if request.url.endswith("/oauth/v2/token"):
            return _said({"access_token": "1000.a.b", "expires_in": 3600})
        if request.url.endswith("/settings/fields"):
            return _said(
                {"fields": [{"api_name": "Program", "data_type": "lookup", "field_label": "Program"}]}
            )
        job = {"id": JOB, "state": "COMPLETED", "result": {"page": 1, "more_records": False}}
        return _said({"data": [{"status": "success", "details": job, **job}]})

    def stream(self, request: Request) -> AbstractAsyncContextManager[Streamed]:
        """The file, a piece at a time."""
        return self._stream()

    @asynccontextmanager
    async def _stream(self) -> AsyncIterator[Streamed]:
        async def chunks() -> AsyncIterator[bytes]:
            with self.path.open("rb") as file:
                while chunk := file.read(2**16):
                    yield chunk

        yield Streamed(status=200, headers={}, chunks=chunks())


def _said(body: object) -> Response:
    return Response(status=200, body=json.dumps(body).encode())


def write_file(path: Path, count: int) -> None:
    """The file of a bulk read of so many students, newest first."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(f"{JOB}.csv", "w") as packed,
        io.TextIOWrapper(packed, newline="") as text,
    ):
        writer = csv.writer(text)
        writer.writerow(["Id", *FIELDS])
        for n in reversed(range(count)):
            mail = f"student{n}@college.example"
            moment = "2026-03-01T09:30:00+03:00"
            first = 5_000_000_000_000_000_000
            row = [
                f"S-{n}",
                f"First {n}",
                f"Last {n * 7919}",
                mail,
                "Amman",
                "Active",
                first + n % 9,
                moment,
            ]
            writer.writerow([first + n, *row])


async def pull(path: Path) -> int:
    """How many records came, each once and in order."""
    timer = VirtualTimer()
    count, last = 0, 0
    async with open_zoho(
        account(),
        wire=OneFile(path),
        timer=timer,
        clock=timer,
        store=MemoryStore(),
        leases=MemoryLeases(timer),
        tenant=DEFAULT_TENANT,
    ) as client:
        async for page in client.pages("BTEC_Students", Selection(fields=FIELDS), via=ReadMethod.BULK):
            for record in page:
                assert int(str(record["id"])) > last
                last = int(str(record["id"]))
                count += 1
    return count


def main(count: int) -> None:
    """Print how many came and the kilobytes of the process at its largest."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.zip"
        write_file(path, count)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = asyncio.run(pull(path))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"found": found, "before": before, "after": after}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
