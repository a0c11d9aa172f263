"""Values as Moodle reads them in a form."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mzi_adapters.moodle.form import form_pairs

FORMS: tuple[tuple[object, list[tuple[str, str]]], ...] = (
    (True, [("a", "1")]),
    (False, [("a", "0")]),
    (None, []),
    ("", [("a", "")]),
    (Decimal("3.50"), [("a", "3.50")]),
    (Decimal("1E+2"), [("a", "100")]),
    (datetime(2026, 1, 1, tzinfo=UTC), [("a", "1767225600")]),
    ([{"b": 1, "c": None}, {"b": [2, 3]}], [("a[0][b]", "1"), ("a[1][b][0]", "2"), ("a[1][b][1]", "3")]),
)


@pytest.mark.parametrize(("value", "pairs"), FORMS, ids=repr)
def test_a_value_is_written_as_moodle_reads_it(value: object, pairs: list[tuple[str, str]]) -> None:
    """No word for a boolean, no exponent, nothing for None."""
    assert form_pairs({"a": value}) == pairs


@pytest.mark.parametrize(("value", "kind"), [([], ValueError), (1.5, TypeError), ({1}, TypeError)], ids=repr)
def test_what_moodle_could_not_read_is_not_sent(value: object, kind: type[Exception]) -> None:
    """An empty list looks like a missing one; a binary fraction is not the mark that was given."""
    with pytest.raises(kind, match=r"^a"):
        form_pairs({"a": value})
