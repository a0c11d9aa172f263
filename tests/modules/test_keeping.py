"""What of a record is kept aside."""

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import entities, modules

from mzi_adapters.zoho import ZohoCodec
from mzi_core.mapping import NO_OVERLAY, ExtraField, Overlay
from mzi_core.module import AnyModule, Kind
from mzi_core.modules import REGISTRATIONS, STUDENTS, UNITS

CODEC = ZohoCodec()
keep = partial(CODEC.keeper, overlay=NO_OVERLAY)

NOISE = st.dictionaries(
    st.sampled_from(["$x", "Owner", "Academic_Password", "id2", "P99_description", "token"]),
    st.just("hunter2"),
)
WRONG = st.sampled_from([None, "", "x", -1, [], [None], [{"x": 1}], {"x": 1}, "2001-02-30"])


@given(st.data(), modules)
def test_what_is_kept_is_understood_as_the_whole_record_was(data: st.DataObject, module: AnyModule) -> None:
    record = json.loads(json.dumps(CODEC.encode(module, data.draw(entities(module, extra={})), NO_OVERLAY)))
    wrong = data.draw(st.dictionaries(st.sampled_from(sorted(record)), WRONG, max_size=3))
    record |= wrong | data.draw(NOISE)
    decode = CODEC.decoder(module, NO_OVERLAY)
    kept = keep(module)(record)
    assert decode(kept) == decode(record)
    assert "hunter2" not in json.dumps(kept)
    assert keep(module)(kept) == kept


def test_every_alias_and_every_mapped_field_is_kept() -> None:
    overlay = Overlay(names={"city": "Branch_ID"}, extras=(ExtraField("intake", "Intake", Kind.TEXT),))
    record = {
        "ID": 1,
        "Student_Moodle_ID": 2,
        "Moodle_Student_ID": 3,
        "City": "a",
        "Branch_ID": "b",
        "Intake": "c",
    }
    assert CODEC.keeper(STUDENTS, overlay)({**record, "Diagnosis": "x"}) == record
    assert keep(STUDENTS)(record) == {
        name: record[name] for name in ("ID", "Student_Moodle_ID", "Moodle_Student_ID", "City")
    }


def test_of_a_row_the_declared_columns_are_kept() -> None:
    schedule = [{"Installment_Amount": 500, "Card_Number": "hunter2"}, None, "x"]
    kept: Any = keep(REGISTRATIONS)({"Payment_Schedule": schedule})
    assert kept == {"Payment_Schedule": [{"Installment_Amount": 500}, None, "x"]}


def test_criteria_are_kept_in_the_record_and_in_its_rows() -> None:
    (rows,) = next(field.names for field in UNITS.fields if field.kind is Kind.CRITERIA)
    record = {"P1_description": "a", rows: [{"P11_description": "b"}]}
    assert keep(UNITS)(record) == record


@pytest.mark.parametrize("value", [{"api_key": "hunter2", "id": "5"}, [{"token": "hunter2", "id": "5"}]])
def test_a_secret_inside_a_value_is_left_out(value: object) -> None:
    kept = keep(STUDENTS)({"Program": value})
    assert "hunter2" not in json.dumps(kept)
    assert '"id": "5"' in json.dumps(kept)


def test_nothing_is_kept_of_what_lies_too_deep() -> None:
    deep: Any = "x"
    for _ in range(100):
        deep = [deep]
    assert '"x"' not in json.dumps(keep(STUDENTS)({"City": deep}))


@pytest.mark.parametrize("record", [None, "x", 5, ["x"]])
def test_what_is_no_object_is_kept_as_it_came(record: object) -> None:
    assert keep(STUDENTS)(record) == record
