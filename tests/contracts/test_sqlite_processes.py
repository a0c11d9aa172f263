"""Several processes and one SQLite file: they take turns, and one that dies leaves nothing half done."""

import asyncio
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.contracts.sqlite_writer import EACH

from mzi_adapters.sql import open_store
from mzi_adapters.testing.contracts.fixtures import BEGAN, OURS, raises
from mzi_adapters.testing.contracts.samples import row, sample
from mzi_core.errors import StoreUnavailable
from mzi_core.modules import STUDENTS
from mzi_core.ports import Store
from mzi_core.values import State

WRITER = Path(__file__).parent / "sqlite_writer.py"


@asynccontextmanager
async def _writer(url: str, first: int, sessions: int, *how: str) -> AsyncIterator[Process]:
    """A writing process that is ready to begin."""
    arguments = [str(WRITER), url, str(first), str(sessions), *how]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=PIPE, stdout=PIPE)
    try:
        assert await _said(process) == "ready"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _said(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


def _go(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.write(b"go\n")


async def _students(store: Store) -> int:
    async with store.begin(OURS) as session:
        return (await session.count(STUDENTS)).get(State.NEW, 0)


async def test_two_processes_write_to_one_file_at_once(sqlite_url: str) -> None:
    """Each waits for the other's sessions to end; nothing is lost."""
    async with _writer(sqlite_url, 1000, 10) as one, _writer(sqlite_url, 5000, 10) as other:
        _go(one)
        _go(other)
        assert [await _said(one), await _said(other)] == ["done", "done"]
    async with open_store(sqlite_url) as store:
        assert await _students(store) == 20 * EACH


async def test_a_process_killed_in_a_session_leaves_nothing_of_it(sqlite_url: str) -> None:
    """`kill -9`, with all its rows written and none committed: earlier sessions stay, the file is free."""
    async with _writer(sqlite_url, 1000, 3, "hang") as process:
        _go(process)
        assert await _said(process) == "inside"
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with open_store(sqlite_url) as store:
        assert await _students(store) == 2 * EACH
        async with store.begin(OURS) as session:
            await session.write(STUDENTS, [row(STUDENTS, sample(STUDENTS, 1000 + 2 * EACH))], BEGAN)
        assert await _students(store) == 2 * EACH + 1


async def test_whoever_cannot_get_a_turn_is_told(sqlite_url: str) -> None:
    """The store waits as long as it was told to, says so, and works again when the other is gone."""
    async with open_store(sqlite_url, patience=0.1) as store:
        other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with raises(StoreUnavailable) as caught:
            await _students(store)
        assert "another process" in caught.message
        assert (await store.health()).ready
        other.execute("ROLLBACK")
        other.close()
        assert await _students(store) == 0


async def test_sessions_of_one_process_wait_for_each_other_as_long(sqlite_url: str) -> None:
    """A session that never ends is not waited for for ever."""
    async with open_store(sqlite_url, patience=0.1) as store:
        async with store.begin(OURS):
            with raises(StoreUnavailable):
                await _students(store)
        assert await _students(store) == 0
