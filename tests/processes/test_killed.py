"""A process that is killed while it syncs costs nothing but the time to start it again."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest
from tests import postgres
from tests.conftest import TEMPLATE
from tests.processes.syncing import LEASE, Kill, Work, carry_out, contents_of, ready
from tests.repetitions import often

from mzi_adapters.sql import open_store
from mzi_adapters.testing.college import build
from mzi_core.ports import RunStatus
from mzi_core.values import DEFAULT_TENANT

pytestmark = pytest.mark.slow

COLLEGE = build(students=160)
KILLS = often(10, gate=4)
A_PAGE = 0.02
"""About the seconds that a page takes: so the end comes before, in and behind its transaction."""

# Children first, so that the run of the students sets them free page by page.
MODULES = ("programs", "registrations", "students")
WORK = Work(url="", runs=[(module, COLLEGE.records[module]) for module in MODULES])

Fresh = Callable[[], Awaitable[str]]
"""Makes a migrated database and gives its URL."""


@pytest.fixture
async def fresh_postgres(postgres_server: str, postgres_admin: Any) -> AsyncIterator[Fresh]:
    """As many databases as wanted, in PostgreSQL."""
    made: list[str] = []

    async def fresh() -> str:
        made.append(f"killed{len(made)}")
        await postgres_admin.execute(f"CREATE DATABASE {made[-1]} TEMPLATE {TEMPLATE} STRATEGY = FILE_COPY")
        return postgres.url_of(postgres_server, made[-1])

    yield fresh
    for name in made:
        await postgres_admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def fresh_sqlite(migrated: Path, tmp_path: Path) -> Fresh:
    """As many databases as wanted, in files."""

    async def fresh() -> str:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
        shutil.copy(migrated, path)
        return f"sqlite:///{path}"

    return fresh


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request: pytest.FixtureRequest) -> Fresh:
    """Databases of each kind."""
    found: Fresh = request.getfixturevalue(f"fresh_{request.param}")
    return found


async def _runs_left(url: str) -> int:
    async with open_store(url) as store, store.read(DEFAULT_TENANT) as session:
        return sum(run.status is RunStatus.RUNNING for run in await session.runs(100))


async def test_a_sync_killed_at_any_moment_ends_the_same_when_it_is_started_again(fresh: Fresh) -> None:
    """`kill -9` in some pages; every other time it goes on where it was, else it begins anew."""
    url = await fresh()
    await carry_out(attrs.evolve(WORK, url=url))
    expected = await contents_of(url)

    dice, interrupted = Random(10), 0
    for n in range(KILLS):
        work = attrs.evolve(WORK, url=await fresh(), resume=n % 2 == 0)
        kill = Kill(page=dice.randrange(WORK.pages - 2), after=dice.uniform(0, A_PAGE))
        process = await ready(attrs.evolve(work, kill=kill))
        process.go.set()
        await process.killed()
        interrupted += await _runs_left(work.url)
        await asyncio.sleep(LEASE)
        await carry_out(work)
        assert await contents_of(work.url) == expected
        assert not work.resume or await _runs_left(work.url) == 0
    assert interrupted >= KILLS // 2
