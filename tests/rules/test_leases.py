"""When a lease still keeps others away."""

from datetime import UTC, datetime, timedelta

import pytest

from mzi_core.ports import holds

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)

LEFT = {
    "taken this moment": (90, True),
    "nearly over": (0.001, True),
    "over this moment": (0, False),
    "over long since": (-3600, False),
    "by a clock ten seconds ahead": (100, True),
    "by a clock that was wrong": (100.001, False),
    "by a clock that was an hour ahead": (3690, False),
}


@pytest.mark.parametrize(("left", "expected"), LEFT.values(), ids=LEFT)
def test_a_lease_of_ninety_seconds(left: float, expected: bool) -> None:
    assert holds(NOW + timedelta(seconds=left), NOW, 90) == expected
