"""Several processes over one database: whatever they do at once, the end is as if they had taken turns."""

from random import Random

import pytest
from tests.processes.syncing import Records, Work, contents, contents_of, together

from mzi_adapters.memory import MemoryStore
from mzi_adapters.system import SystemClock, SystemIds
from mzi_adapters.testing.college import build
from mzi_adapters.zoho import ZohoCodec
from mzi_core.modules import CATALOGUE
from mzi_core.use_cases import UseCases
from mzi_core.values import DEFAULT_TENANT

pytestmark = pytest.mark.slow

COLLEGE = build(students=160)
FAMILY = ("programs", "students", "registrations", "payments")


def _sound(module: str) -> Records:
    return list(COLLEGE.sound(module).values())


async def _alone(*modules: str) -> object:
    """What is there in the end when one process does everything in good order."""
    store = MemoryStore()
    use_cases = UseCases.over(store=store, codec=ZohoCodec(), clock=SystemClock(), ids=SystemIds())
    for module in modules:
        await use_cases.sync(DEFAULT_TENANT, CATALOGUE[module], _sound(module))
    return await contents(store)


def _in_another_order(records: Records, seed: int) -> Records:
    return Random(seed).sample(records, k=len(records))


@pytest.mark.parametrize("processes", [2, 4])
async def test_the_same_records_in_different_orders_are_stored_once(
    database_url: str, processes: int
) -> None:
    """None twice, none lost, nobody refused, and nobody waits for ever."""
    students = _sound("students")
    works = [
        Work(url=database_url, runs=[("students", _in_another_order(students, seed))], alone=False)
        for seed in range(processes)
    ]
    answers = await together(*works)
    assert sum(counts["NEW"] for counts in answers) == len(students)
    assert sum(counts["UNCHANGED"] for counts in answers) == len(students) * (processes - 1)
    assert await contents_of(database_url) == await _alone("students")


@pytest.mark.parametrize("seed", range(3))
async def test_no_child_stays_parked_when_its_parent_is_there(database_url: str, seed: int) -> None:
    """Parents and children arrive at the same time, each in a process of its own and in any order."""
    works = [
        Work(url=database_url, runs=[(module, _in_another_order(_sound(module), seed))], page=8, alone=False)
        for module in FAMILY
    ]
    await together(*works)
    assert await contents_of(database_url) == await _alone(*FAMILY)
