"""How much may be taken away in a day."""

import pytest

from mzi_core.flows.brake import DestructiveAction, limit


@pytest.mark.parametrize(
    ("there", "most"), [(0, 25), (25, 25), (500, 25), (519, 25), (520, 26), (10_000, 500), (10_019, 500)]
)
def test_the_limit_is_25_or_a_twentieth_of_what_is_there(there: int, most: int) -> None:
    """Whichever is more; a part of one is none."""
    assert limit(there) == most


def test_each_action_is_counted_by_its_name() -> None:
    """The names are kept, and so they stay."""
    assert list(DestructiveAction) == ["suspend", "unenrol", "delete", "downgrade"]
