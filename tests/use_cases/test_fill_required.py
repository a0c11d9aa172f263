"""Required fields that a source does not tell are put into its records as they are stored."""

import pytest

from mzi_adapters.testing.harness import Harness
from mzi_core.modules import CATALOGUE
from mzi_core.ports import Unreadable
from mzi_core.values import DEFAULT_TENANT

STUDENTS = CATALOGUE["students"]


@pytest.fixture
async def mzi() -> Harness:
    """A store with one student."""
    mzi = Harness()
    stored = {"id": "1", "Name": "A01", "Academic_Email": "a@college.example", "City": "Irbid"}
    await mzi.use_cases.sync(DEFAULT_TENANT, STUDENTS, [stored])
    return mzi


async def test_stored_records_are_filled_and_others_are_left(mzi: Harness) -> None:
    others: list[object] = [{"id": "2", "City": "Amman"}, Unreadable("1", "is none."), None]
    filled = await mzi.use_cases.fill_required(
        DEFAULT_TENANT,
        STUDENTS,
        [{"id": "1", "City": "Amman"}, *others],
        {"academic_email", "city"},
    )
    assert filled == [{"id": "1", "City": "Amman", "Academic_Email": "a@college.example"}, *others]


async def test_a_source_that_tells_what_is_required_is_not_looked_at(mzi: Harness) -> None:
    records = [{"id": "1", "Academic_Email": "b@college.example"}]
    assert await mzi.use_cases.fill_required(DEFAULT_TENANT, STUDENTS, records, {"city"}) is records
