"""A whole college pulled, by every way, is the college whose whole records were taken one by one."""

from typing import Any

import pytest
from tests.use_cases.pulling import World, world

from mzi_adapters.testing.college import build
from mzi_adapters.testing.remotes import furnish
from mzi_core.modules import ZOHO_CATALOGUE
from mzi_core.ports import Query, ReadMethod
from mzi_core.values import DEFAULT_TENANT, State

pytestmark = pytest.mark.slow


async def everything(college: World) -> dict[str, dict[str, Any]]:
    """Every stored entity, and how many records are held, by module."""
    found: dict[str, dict[str, Any]] = {}
    async with college.use_cases.store.read(DEFAULT_TENANT) as session:
        for module in ZOHO_CATALOGUE:
            rows = await session.list(module, Query(limit=10_000))
            found[module.name] = {row.entity.key: row.entity for row in rows}
            for held in await session.parked_list(module.name, Query(limit=10_000)):
                found[module.name][f"held {held.key}"] = (held.state, held.reasons)
    return found


@pytest.mark.parametrize("via", list(ReadMethod), ids=repr)
async def test_a_pulled_college_is_the_college_of_its_whole_records(via: ReadMethod) -> None:
    async with world() as pulled, world() as taken:
        for college in (pulled, taken):
            furnish(college.zoho, build(students=40))
        for module in ZOHO_CATALOGUE.in_order():
            await pulled.pull(module.name, via=via)
            await taken.sync(module.name, *taken.zoho.records(module.remote_name).values())
        ours, theirs = await everything(pulled), await everything(taken)
        assert ours == theirs
        assert all(ours[module.name] for module in ZOHO_CATALOGUE)


async def test_a_college_pulled_twice_by_different_ways_changes_nothing() -> None:
    async with world() as college:
        furnish(college.zoho, build(students=40))
        first, *later = [
            [await college.pull(module.name, via=via, full=True) for module in ZOHO_CATALOGUE.in_order()]
            for via in ReadMethod
        ]
        assert all(drawn.counts["NEW"] for drawn in first)
        again = [set(drawn.counts) for way in later for drawn in way]
        assert set().union(*again) <= {State.UNCHANGED.value, State.INVALID.value}
