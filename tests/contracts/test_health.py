"""A store to which nothing can be written is not ready, and says why."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.contracts.conftest import STORE

from mzi_adapters.sql.store import SqlStore


@contextmanager
def no_room() -> Iterator[None]:
    """No file can grow: the system refuses to write as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


async def test_with_room_it_is_ready_and_leaves_nothing_behind(
    sqlite_store: SqlStore, sqlite_engine: tuple[Path, AsyncEngine]
) -> None:
    assert (await sqlite_store.health()).ready
    assert {file.suffix for file in sqlite_engine[0].parent.iterdir()} <= {".db", ".db-wal", ".db-shm"}


async def test_without_room_it_is_not_ready_and_with_room_it_is_again(sqlite_store: SqlStore) -> None:
    assert (await sqlite_store.health()).ready
    with no_room():
        health = await sqlite_store.health()
    assert not health.ready
    assert health.message.startswith("Beside the store nothing can be written: File too large.")
    assert (await sqlite_store.health()).ready


async def test_a_file_that_is_read_only_is_not_ready(
    sqlite_store: SqlStore, sqlite_engine: tuple[Path, AsyncEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs these tests as root may write everything, so the system's answer is given for it."""
    path = sqlite_engine[0]
    monkeypatch.setattr(os, "access", lambda file, mode: not (Path(file) == path and mode == os.W_OK))
    health = await sqlite_store.health()
    assert not health.ready
    assert health.message.startswith("The file of the store is read-only;")


async def test_a_server_that_takes_no_writes_is_not_ready(
    postgres_store: SqlStore, postgres_admin: Any
) -> None:
    assert (await postgres_store.health()).ready
    await postgres_store._engine.dispose()
    await postgres_admin.execute(f"ALTER DATABASE {STORE} SET default_transaction_read_only = on")
    health = await postgres_store.health()
    assert not health.ready
    assert "takes no writes" in health.message
