"""Ids: UUIDs of version 7, unique, and in order."""

import time
import uuid

import pytest

from mzi_adapters.system import SystemIds
from mzi_adapters.testing.harness import CountedIds
from mzi_core.ports import Ids

PAGE = 5_000
"""More than the counter of one millisecond can tell apart."""


@pytest.fixture(params=[SystemIds, CountedIds])
def ids(request: pytest.FixtureRequest) -> Ids:
    """The ids of a running service, and those of the harness."""
    made: Ids = request.param()
    return made


def test_ids_are_uuids_of_version_7(ids: Ids) -> None:
    """Written as RFC 9562 has them: 36 characters, lower case."""
    for each in ids.record_ids(PAGE):
        read = uuid.UUID(each)
        assert (str(read), read.version, read.variant) == (each, 7, uuid.RFC_4122)


def test_ids_of_one_call_are_in_increasing_order(ids: Ids) -> None:
    """As text, and so as numbers."""
    made = ids.record_ids(PAGE)
    assert list(made) == sorted(made)


def test_no_id_is_given_twice(ids: Ids) -> None:
    """Within a call, and in calls that follow at once."""
    pages = [ids.record_ids(PAGE) for _ in range(3)]
    assert [len(page) for page in pages] == [PAGE] * 3
    assert len({each for page in pages for each in page}) == 3 * PAGE
    assert list(ids.record_ids(0)) == []


def test_the_end_of_an_id_does_not_follow_from_the_time(ids: Ids) -> None:
    """API keys are named by the last eight digits."""
    ends = {ids.record_ids(1)[0][-8:] for _ in range(1000)}
    assert len(ends) > 990


def test_an_id_carries_the_time_it_was_made() -> None:
    """In its first 48 bits, as milliseconds."""
    before = time.time_ns() // 1_000_000
    (made,) = SystemIds().record_ids(1)
    assert before <= uuid.UUID(made).int >> 80 <= time.time_ns() // 1_000_000
