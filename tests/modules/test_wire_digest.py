"""A record's mark: equal when it says the same word for word, and never for two readings."""

import json
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import entities, modules

from mzi_adapters import fast_json
from mzi_adapters.codecs import wire_digest
from mzi_adapters.zoho import ZohoCodec
from mzi_core.mapping import NO_OVERLAY, ExtraField, Overlay
from mzi_core.module import AnyModule, Kind
from mzi_core.modules import PROGRAMS, STUDENTS, UNITS
from mzi_core.ports import RawRecord

CODEC = ZohoCodec()
STUDENT: dict[str, Any] = {"id": "1", "Name": "A01", "Academic_Email": "a@b.example", "City": None}


class Mark(NamedTuple):
    """A record's id, and its mark."""

    key: str
    digest: str | None


def mark(record: object, module: AnyModule = STUDENTS, overlay: Overlay = NO_OVERLAY) -> Mark | None:
    """The mark of one record; None where nothing is known of it, neither alone nor beside others."""
    codec = ZohoCodec()  # another tenant's is not what is remembered of this one's
    (key,), (digest,) = codec.marker(module, overlay)([record])
    ids, digests = codec.marker(module, overlay)([line(STUDENT), record, None])
    assert (ids[1], digests[1]) == (key, digest)
    return None if key is None else Mark(key, digest)


def test_a_record_is_marked_by_its_id_and_a_digest() -> None:
    found = mark(STUDENT)
    assert found is not None
    assert found.key == "1"
    assert found.digest is not None
    assert len(found.digest) == 32
    assert mark(dict(reversed(STUDENT.items()))) == found


@pytest.mark.parametrize(
    "more",
    [
        {"$editable": True},
        {"Owner": {"id": "1"}},
        {"Phone_Number": None},
    ],
    ids=repr,
)
def test_what_is_no_part_of_the_record_does_not_change_it(more: dict[str, Any]) -> None:
    assert mark({**STUDENT, **more}) == mark(STUDENT)


@pytest.mark.parametrize(
    "more",
    [
        {"Modified_Time": "2026-02-01T09:00:00Z"},
        {"City": ""},
        {"City": "Irbid"},
        {"Name": "a01"},
        {"Birth_Date": "2003-04-17"},
        {"Moodle_Student_ID": 1},
    ],
    ids=repr,
)
def test_any_mapped_value_under_any_of_its_names_changes_it(more: dict[str, Any]) -> None:
    assert mark({**STUDENT, **more}) != mark(STUDENT)


def test_a_number_and_its_text_are_two_things_word_for_word() -> None:
    digests = {mark({**STUDENT, "Phone_Number": said}) for said in (1, 1.0, "1", True)}
    assert len(digests) == 4


def test_criteria_and_rows_are_part_of_it() -> None:
    unit = {"id": "1", "Name": "U"}
    rows = {"BTEC_Grading_Template_P1": [{"P11_description": "x"}]}
    found = {mark(u, UNITS) for u in (unit, {**unit, "D9_description": "x"}, {**unit, **rows})}
    assert len(found) == 3


def test_a_mapping_and_another_way_of_reading_make_all_marks_new(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = Overlay(extras=(ExtraField("intake", "Intake", Kind.TEXT),))
    renamed = Overlay(names={"city": "Branch_ID"})
    found = {mark(STUDENT), mark(STUDENT, overlay=extra), mark(STUDENT, overlay=renamed)}
    monkeypatch.setattr(wire_digest, "READING", 10**6)
    assert len({*found, mark(STUDENT)}) == 4


@pytest.mark.parametrize("record", [None, [], "x", {}, {"id": None}, {"id": 1.5}, {"id": ["1"]}], ids=repr)
def test_what_has_no_id_has_no_mark(record: object) -> None:
    assert mark(record) is None


def test_the_id_is_the_one_that_is_read() -> None:
    record = {"id": "", "Product_ID": 7, "Product_Name": "P"}
    found = mark(record, PROGRAMS)
    assert found is not None
    assert found.key == CODEC.decoder(PROGRAMS, NO_OVERLAY)(record).key == "7"


def test_a_value_that_json_does_not_have_is_known_by_its_id_and_read_every_time() -> None:
    assert mark({**STUDENT, "City": Decimal(1)}) == Mark(STUDENT["id"], None)


@pytest.mark.slow
@given(st.data(), modules)
def test_records_with_one_mark_are_understood_alike(data: st.DataObject, module: AnyModule) -> None:
    one = CODEC.encode(module, data.draw(entities(module, zoho_id="1")), NO_OVERLAY)
    other = CODEC.encode(module, data.draw(entities(module, zoho_id="1")), NO_OVERLAY)
    mixed = {key: data.draw(st.sampled_from([one, other])).get(key) for key in {*one, *other}}
    decode = CODEC.decoder(module, NO_OVERLAY)
    for a, b in [(one, other), (one, mixed)]:
        if mark(a, module) == mark(b, module):
            found, again = decode(a).entity, decode(b).entity
            assert found is not None
            assert again is not None
            assert [getattr(found, f.name) for f in module.compared] == [
                getattr(again, f.name) for f in module.compared
            ]


class Line(RawRecord):
    """Text of a record."""

    def read(self) -> object:
        return json.loads(self)


def line(record: object) -> Line:
    return Line(json.dumps(record).encode())


def test_an_id_is_the_same_as_text_and_as_a_number() -> None:
    found = [mark({**STUDENT, "id": said}) for said in (1, "1", " 1 ")]
    assert {each.key for each in found if each} == {"1"}
    assert len(set(found)) == 1


def test_no_two_records_have_one_mark() -> None:
    """Though they say the same but for their ids."""
    found = {mark({**STUDENT, "id": said}) for said in ("1", "2")}
    assert len({each.digest for each in found if each}) == 2


def test_a_line_is_marked_without_being_read() -> None:
    found = mark(line(STUDENT))
    assert found is not None
    assert found.key == "1"
    assert found.digest is not None
    assert len(found.digest) == 32
    assert mark(line(STUDENT)) == found
    assert found != mark(STUDENT)


@pytest.mark.parametrize("more", [{"City": "Irbid"}, {"$editable": True}, {"id": "2"}], ids=repr)
def test_another_line_has_another_mark(more: dict[str, Any]) -> None:
    assert mark(line({**STUDENT, **more})) != mark(line(STUDENT))


def test_the_mark_of_a_line_is_that_of_a_module_and_a_mapping() -> None:
    renamed = Overlay(names={"city": "Branch_ID"})
    found = {mark(line(STUDENT)), mark(line(STUDENT), PROGRAMS), mark(line(STUDENT), overlay=renamed)}
    assert len(found) == 3


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"id": 5}',
        b'{"id": " 5"}',
        b'{"id": "5\xff"}',
        b'{"ID": "5"}',
        b'{"id": "\\ud800"}',
    ]
    + [json.dumps({"id": said}).encode() for said in ("", "x" * 101, "a b", "é", "5\n")],
    ids=repr,
)
def test_a_line_whose_id_is_not_told_plainly_must_be_read(text: bytes) -> None:
    assert mark(Line(text)) is None


USUAL = [
    line_of
    for number in range(5)
    for line_of in [b'{"id":"%d","Name":"A%d","Academic_Email":"s%d@b.example"}\n' % (number, number, number)]
]
"""Lines that begin with the id, as those of nearly all files do."""


def test_many_lines_that_begin_with_their_id_are_marked_as_each_alone() -> None:
    ids, digests = CODEC.marker(STUDENTS, NO_OVERLAY)(list(map(Line, USUAL)))
    assert ids == ["0", "1", "2", "3", "4"]
    assert [(each, digest) for each, digest in zip(ids, digests, strict=True)] == [
        mark(Line(text)) for text in USUAL
    ]
    assert len(set(digests)) == 5


@pytest.mark.parametrize(
    "odd",
    [
        b'{"id":""}',
        b'{"id":"a b"}',
        b'{"id":"1',
        b'{"id":"' + b"1" * 101 + b'"}',
        b'{"id":"\xd9\xa1"}',
        b"{}",
    ],
    ids=repr,
)
def test_one_odd_line_among_many_changes_nothing_for_the_others(odd: bytes) -> None:
    ids, digests = CODEC.marker(STUDENTS, NO_OVERLAY)([*map(Line, USUAL), Line(odd)])
    assert (ids[:5], digests[:5]) == CODEC.marker(STUDENTS, NO_OVERLAY)(list(map(Line, USUAL)))
    assert (ids[5], digests[5]) == (None, None)


def test_no_records_have_no_marks() -> None:
    assert CODEC.marker(STUDENTS, NO_OVERLAY)([]) == ([], [])


def test_without_the_quick_reader_every_line_must_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_json, "ID_OF", None)
    assert mark(line(STUDENT)) is None
