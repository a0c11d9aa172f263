"""What is sent so that the rows there become those wanted."""

from decimal import Decimal

import pytest

from mzi_adapters.zoho.subforms import row_changes, same

Row = dict[str, object]

A: Row = {"id": "1", "Code": "A", "Score": "x"}
B: Row = {"id": "2", "Code": "B", "Score": "x"}

CHANGES: dict[str, tuple[list[Row], list[Row], list[Row]]] = {
    "nothing, nothing": ([], [], []),
    "all as it was": ([A, B], [{"Code": "B", "Score": "x"}, {"Code": "A", "Score": "x"}], []),
    "one changed": (
        [A, B],
        [{"Code": "A", "Score": "y"}, {"Code": "B", "Score": "x"}],
        [{"id": "1", "Score": "y"}],
    ),
    "one gone": ([A, B], [{"Code": "A", "Score": "x"}], [{"id": "2", "_delete": None}]),
    "all gone": ([A], [], [{"id": "1", "_delete": None}]),
    "one new": ([A], [{"Code": "A"}, {"Code": "C", "Score": "z"}], [{"Code": "C", "Score": "z"}]),
    "one there twice": ([A, {**A, "id": "3"}], [{"Code": "A"}], [{"id": "3", "_delete": None}]),
    "one wanted twice": (
        [],
        [{"Code": "C", "Score": "x"}, {"Code": "C", "Score": "y"}],
        [{"Code": "C", "Score": "y"}],
    ),
    "a wanted id counts for nothing": (
        [A],
        [{"id": "9", "Code": "A", "Score": "y"}],
        [{"id": "1", "Score": "y"}],
    ),
    "what is not named stays": ([A], [{"Code": "A"}], []),
}


@pytest.mark.parametrize(("there", "wanted", "sent"), CHANGES.values(), ids=CHANGES)
def test_what_is_sent(there: list[Row], wanted: list[Row], sent: list[Row]) -> None:
    """Only what differs, each row with the id it has; what is done once more sends nothing."""
    assert row_changes(there, wanted, ["Code"]) == sent


SAME: list[tuple[object, object, bool]] = [
    (None, "", True),
    ("", None, True),
    (None, 0, False),
    ("x", "x", True),
    ("x", "X", False),
    (5, 5.0, True),
    (61.5, Decimal("61.50"), True),
    (61.5, "61.5", True),
    (10, 100, False),
    (True, True, True),
    (True, False, False),
    (True, 1, False),
    ({"id": "7", "name": "Rana"}, {"id": "7"}, True),
    ({"id": "7", "name": "Rana"}, {"id": "8"}, False),
    ({"id": "7"}, None, False),
    ("2026-03-01T09:30:00+03:00", "2026-03-01T06:30:00+00:00", True),
    ("2026-03-01T09:30:00+03:00", "2026-03-01T09:30:00+00:00", False),
    ("2026-03-01", "2026-03-01", True),
    (["A", "B"], ["A", "B"], True),
    (["A", "B"], ["A"], False),
    (["A"], "A", False),
]


@pytest.mark.parametrize(("there", "wanted", "expected"), SAME, ids=repr)
def test_what_counts_as_the_same(there: object, wanted: object, expected: bool) -> None:
    """Zoho writes moments in its own offset, numbers in its own way, and lookups with a name."""
    assert same(there, wanted) == expected
