"""Bulk Read: a job at Zoho, a file on disk, pages from it. Never more than a page is held in memory."""

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO

import attrs

from mzi_adapters.web import Failure, RetryPolicy, Trying
from mzi_adapters.zoho.answers import SERVICE, Json, bad, part, text
from mzi_adapters.zoho.bulk_file import NoRoom, Spool, rows_of
from mzi_adapters.zoho.calling import ApiCall, ZohoCaller
from mzi_adapters.zoho.coql import columns_of, is_id, named
from mzi_adapters.zoho.listing import modified_since
from mzi_adapters.zoho.metadata import KnownFields
from mzi_adapters.zoho.refusals import NOTHING
from mzi_adapters.zoho.together import chunks
from mzi_core.errors import GatewayRefused, GatewayUnavailable
from mzi_core.ports import ZohoField
from mzi_core.values import ZohoId

BASE = "/crm/bulk/v8/read"
PAGE = 2000
MOST_RECORDS = 200_000
"""Records of one job."""

CREDITS = 50
"""What making a job costs; looking at it and fetching its file cost one each."""

LOOKS = RetryPolicy(
    attempts=None,
    least=5.0,
    first=2.5,
    longest=25.0,
    patience=3600.0,
    again=frozenset({Failure.UNFINISHED}),
)
"""How long is waited for a job, and between two looks at it."""

_FAILED = frozenset({"FAILURE", "FAILED"})


@attrs.frozen(kw_only=True)
class BulkRead:
    """Reads a whole module by jobs of so many records."""

    caller: ZohoCaller
    known: KnownFields

    async def pages(
        self, module: str, fields: Sequence[str], since: datetime | None, after: ZohoId | None
    ) -> AsyncGenerator[list[Json], None]:
        """By id ascending: Zoho's file has no promised order, so it is sorted on disk.

        What is older than `since` is left out here: its two descriptions of the job's criteria disagree.
        """
        columns = columns_of(fields)
        known = await self.known.of(module)
        with _disk(), Spool() as spool:
            turn: dict[str, object] | None = {"page": 1}
            number = 1
            records = 0
            while turn is not None:
                number += 1
                with tempfile.TemporaryFile() as file:
                    result = await self._file(module, columns, turn, file)
                    await _fill(spool, file, known)
                turn = None
                before, records = records, len(spool)
                if result.get("more_records") is True:
                    if records == before:
                        raise bad(
                            f"a bulk read of {module}: there is more, and its files bring nothing new; "
                            "read it by COQL."
                        )
                    token = text(result, "next_page_token")
                    turn = {"page_token": token} if token else {"page": number}
            for rows in spool.pages(after, PAGE):
                yield modified_since(rows, since)

    async def _file(
        self, module: str, columns: Sequence[str], turn: Mapping[str, object], into: BinaryIO
    ) -> Json:
        """Have a file made and fetch it; what the job says of its result."""
        query = {"module": {"api_name": named(module)}, "fields": list(columns), **turn}
        said = await self.caller.ask(
            ApiCall(
                method="POST",
                path=BASE,
                body={"query": query, "file_type": "csv"},
                doing=f"asking for a bulk read of {module}",
                credits=CREDITS,
            )
        )
        job = text(next(iter(said.rows), {}), "details", "id")
        if not is_id(job):
            raise bad(f"a bulk read of {module} was begun and its id is not told.")
        looks = Trying(policy=LOOKS, timer=self.caller.timer, random=self.caller.random)
        said_late = f"the bulk read of {module} is not ready after {LOOKS.patience:.0f} seconds; try later."
        while await looks.again(Failure.UNFINISHED, late := GatewayUnavailable(SERVICE, said_late)):
            result = await self._result(module, job)
            if result is not None and await self._fetched(module, job, into):
                return result
        late.retry_after = LOOKS.patience
        raise late

    async def _result(self, module: str, job: str) -> Json | None:
        """What a finished job says of its file; None while it runs."""
        try:
            said = await self.caller.ask(
                ApiCall(method="GET", path=f"{BASE}/{job}", doing=f"looking at the bulk read of {module}")
            )
        except GatewayRefused as refused:
            if refused.code != NOTHING:
                raise
            return None
        found = next(iter(said.rows), {})
        state = text(found, "state").upper()
        if state in _FAILED:
            raise GatewayRefused(
                SERVICE, f"the bulk read of {module} failed there; read it by COQL.", code=state
            )
        if state != "COMPLETED":
            return None
        result = part(found, "result")
        if not isinstance(result.get("more_records"), bool):
            raise bad(f"the bulk read of {module} is done and tells no result; read it by COQL.")
        return result

    async def _fetched(self, module: str, job: str, into: BinaryIO) -> bool:
        """Whether the file was there to be fetched."""
        try:
            await self.caller.ask(
                ApiCall(
                    method="GET",
                    path=f"{BASE}/{job}/result",
                    doing=f"fetching the bulk read of {module}",
                    into=into,
                )
            )
        except GatewayRefused as refused:
            if refused.code != NOTHING:
                raise
            return False
        return True


@contextmanager
def _disk() -> Iterator[None]:
    """What the system says of temporary files that cannot be written, as NoRoom."""
    try:
        yield
    except (TimeoutError, ConnectionError):
        raise  # no file says so
    except OSError as error:
        raise NoRoom(_folder(), error.strerror or type(error).__name__) from error
    except sqlite3.OperationalError as error:
        raise NoRoom(_folder(), str(error)) from error


def _folder() -> str:
    """Where temporary files are put, or would be."""
    return tempfile.tempdir or os.environ.get("TMPDIR") or "the folder for temporary files"


async def _fill(spool: Spool, file: BinaryIO, known: Mapping[str, ZohoField]) -> None:
    """Take the file into the spool, and let others have a turn now and then."""
    try:
        for rows in chunks(rows_of(file, known), PAGE):
            spool.put(rows)
            await asyncio.sleep(0)
    except ValueError as error:
        raise bad(f"the file of a bulk read cannot be taken: {error}") from None
