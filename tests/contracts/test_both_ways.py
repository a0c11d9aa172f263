"""The reader of plain records leads to the same on PostgreSQL as judging each record."""

import pytest
from tests.use_cases.both_ways import assert_alike, messy

from mzi_adapters.sql import open_store

pytestmark = pytest.mark.slow


async def test_a_messy_college_comes_to_the_same_on_postgresql(postgres_url: str) -> None:
    async with open_store(postgres_url) as store:
        await assert_alike(lambda: store, messy(300, rounds=3))
