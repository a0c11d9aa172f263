"""`mzi worker`: processes that work off what is due, and end when they are told to."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
from tests.processes.test_remotes import plain_environment

from mzi_adapters.sql import open_store
from mzi_core.ports import DeliveryState, Due, StoredDelivery
from mzi_core.use_cases.deliver_counterparts import GONE
from mzi_core.values import DEFAULT_TENANT

MZI = (sys.executable, "-m", "mzi_http")
KEYS = [f"539883000009000000{number}" for number in range(9)]
PATIENCE = 60.0
"""Seconds after which a test gives up; a worker looks every ten for what nobody told it of."""


def url(folder: Path) -> str:
    """The store of a folder."""
    return f"sqlite:///{folder / 'mzi.db'}"


async def plan(folder: Path) -> None:
    """Pairs are due whose records are nowhere: for these no account is needed at either side."""
    async with open_store(url(folder)) as store, store.begin(DEFAULT_TENANT) as session:
        await session.save_settings(attrs.evolve(await session.settings(), rules={"flows": ["account"]}))
        await session.make_due([Due("account", key) for key in KEYS])


async def pairs(folder: Path, state: DeliveryState) -> Sequence[StoredDelivery]:
    """The pairs that stand so."""
    async with open_store(url(folder)) as store, store.read(DEFAULT_TENANT) as session:
        return await session.deliveries("account", state)


@contextmanager
def working(folder: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """A worker, from when it has said that it works."""
    worker = subprocess.Popen(
        [*MZI, *arguments, "worker"],
        cwd=folder,
        env={**plain_environment(), "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with worker:
        try:
            assert worker.stderr is not None
            assert worker.stderr.readline().startswith("mzi works on what is due, as process ")
            yield worker
        finally:
            worker.kill()


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_workers_share_what_is_due_and_end_when_they_are_told_to(tmp_path: Path, told: int) -> None:
    subprocess.run([*MZI, "db", "upgrade"], cwd=tmp_path, env=plain_environment(), check=True)
    asyncio.run(plan(tmp_path))
    with working(tmp_path) as first, working(tmp_path) as second:
        until = time.monotonic() + PATIENCE
        while len(asyncio.run(pairs(tmp_path, DeliveryState.SETTLED))) < len(KEYS):
            assert time.monotonic() < until, "Nothing was worked off."
            time.sleep(0.1)
        for each in (first, second):
            each.send_signal(told)
        assert [each.wait(PATIENCE) for each in (first, second)] == [0, 0]
    done = asyncio.run(pairs(tmp_path, DeliveryState.SETTLED))
    assert [each.key for each in done] == KEYS
    assert {(each.reason, each.settled, each.starts) for each in done} == {(GONE, 1, 0)}


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ("memory:", "A store in memory is this process's own, and nothing is due in it; name another."),
        ("sqlite:///nowhere.db", "There is no store at nowhere.db yet"),
    ],
)
def test_a_worker_that_has_nothing_to_work_on_says_so(tmp_path: Path, store: str, said: str) -> None:
    ran = subprocess.run(
        [*MZI, "--store", store, "worker"],
        cwd=tmp_path,
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert said in " ".join(ran.stderr.split())
