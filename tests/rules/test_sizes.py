"""How much room values take, so that nobody is sent or keeps too much of them."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mzi_core.modules import STUDENTS
from mzi_core.ports import LARGEST_PARKED, LEFT_OUT, MOST_REASONS, Decoded, ParkedRecord
from mzi_core.sizes import weight
from mzi_core.values import Code, Reason, State, ZohoId

ENDLESS = 10**9

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_a_value_weighs_about_as_much_as_its_json(value: object) -> None:
    """Never less than a third, nor more than three times as much and a little."""
    size = len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    assert size / 6 <= weight(value, ENDLESS) + 1 <= 3 * size + 10


@pytest.mark.parametrize(
    ("value", "bytes"),
    [
        ("", 2),
        ("abc", 5),
        ("ر", 4),
        ("\ud800", 5),
        (None, 8),
        (True, 1),
        (10**30, 34),
        (1.5, 8),
        (Decimal("1.5"), 8),
        (datetime(2026, 2, 15, tzinfo=UTC), 8),
        ([], 2),
        (("a", "b"), 10),
        ({"a": "b"}, 9),
    ],
    ids=repr,
)
def test_what_single_values_weigh(value: object, bytes: int) -> None:
    assert weight(value, ENDLESS) == bytes


def test_an_entity_weighs_what_its_fields_weigh() -> None:
    fields: dict[str, Any] = {"zoho_id": ZohoId("1"), "display_name": "", "academic_email": "a@b.example"}
    small, large = STUDENTS.entity(**fields), STUDENTS.entity(**{**fields, "city": "x" * 1000})
    assert weight(large, ENDLESS) - weight(small, ENDLESS) == 1002 - 8


def test_what_is_too_large_is_not_gone_through() -> None:
    deep: object = []
    for _ in range(100_000):
        deep = [deep]
    assert weight(deep, ENDLESS) == 300_002
    assert weight(deep, 100) == 102
    assert weight([0] * 1_000_000, 100) == 1_000_002
    assert weight([deep, "x" * 1000], 100) == 1006


def held(record: object) -> ParkedRecord:
    return ParkedRecord(
        module="students",
        key=ZohoId("1"),
        record=record,
        state=State.INVALID,
        reasons=(Reason(Code.REQUIRED, "$.Name", "`Name` is missing."),),
        waits_for=None,
        parked_at=datetime(2026, 2, 15, tzinfo=UTC),
    )


def test_of_a_large_held_record_the_reasons_are_told_and_that_it_is_left_out() -> None:
    small, large = held({"a": "x" * (LARGEST_PARKED - 20)}), held({"a": "x" * LARGEST_PARKED})
    assert small.in_short is small
    assert large.in_short == attrs.evolve(large, record=None, reasons=(*large.reasons, LEFT_OUT))
    assert large.in_short.in_short == large.in_short
    assert LEFT_OUT.message == "The record is larger than 64 KB: only its reasons are told."


def test_of_very_many_reasons_the_first_are_told_and_how_many_more_there_are() -> None:
    reasons = tuple(Reason(Code.WRONG_TYPE, f"$.rows[{n}]", "is wrong.") for n in range(MOST_REASONS + 5))
    whole: Decoded[Any] = Decoded(key=None, entity=None, reasons=reasons[:MOST_REASONS])
    assert whole.reasons == reasons[:MOST_REASONS]
    cut: Decoded[Any] = Decoded(key=None, entity=None, reasons=reasons)
    assert cut.reasons[:-1] == reasons[: MOST_REASONS - 1]
    assert cut.reasons[-1] == Reason(Code.OUT_OF_RANGE, "$", "And 6 further values of it are wrong.")
