"""The reader of plain records comes to the same as the decoder, or gives up."""

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.repetitions import often
from tests.strategies import entities, modules

from mzi_adapters import fast_json
from mzi_adapters.codecs import codec, coerce
from mzi_adapters.files import JsonLine
from mzi_adapters.testing.college import College, build
from mzi_adapters.zoho import ZohoCodec
from mzi_adapters.zoho.compiled_reader import _KNOWN
from mzi_core.mapping import NO_OVERLAY, ExtraField, FieldMapping, Overlay, overlay
from mzi_core.module import AnyModule, Kind
from mzi_core.modules import CATALOGUE, REGISTRATIONS, STUDENTS, ZOHO_CATALOGUE
from mzi_core.ports import Decoded
from mzi_core.sizes import DEEPEST

CODEC = ZohoCodec()

COLLEGE: College = build(students=120)

ODD: tuple[object, ...] = (
    *(
        None,
        "",
        " ",
        "x",
        " x ",
        "é",
        "رنا",
        "Ø±Ù†Ø§",
        "Ã©",
        "\x00",
        "\ud800",
        "${!Students.Name}",
        "$",
        "{x}",
    ),
    *("0", "7", "-7", "007", "\u0667", "1.5", "9,500", "12,000 USD", "EUR 5", "1e3", "9" * 30, "true", "yes"),
    *("0,500", "1,234,567.50", "9,50", "12,345,", "-9,500", "1,000.125", "999,999,999,999,999,999"),
    *("2026-02-01", "2026-W05-1", "2026-13-01", "20260201", "2026-02-01 ", "2026-02-01T09:00:00+03:00"),
    *("2026-02-01T09:00:00.5+03:00", "2026-02-01T09:00:00Z", "0001-01-01T00:00:00+14:00", "٢٠٢٦-٠٢-٠١"),
    *(
        "a@b.example",
        "A@B.Example",
        "a@b",
        " a@b.example",
        "a${b@c.example",
        "a\x00@b.example",
        "a@bücher.example",
        "a@xn--bcher-kva.example",
        "A@XN--Bcher-KVA.Example",
        "a@mail.xn--p1ai",
        "a@xn--bcher-2pa.example",
        "n@" + "x" * 300,
    ),
    *(0, 1, -1, 100, 101, 2**63 - 1, 2**63, 10**15, True, False, 1.0, 1.5, float("nan"), Decimal("2.50")),
    *(
        {},
        {"id": "5"},
        {"id": 5},
        {"id": None},
        {"id": " 5"},
        {"id": "ª"},
        {"id": "077"},
        {"name": "x"},
        {"id": {"id": "5"}},
    ),
    *([], [None], [{}], [{"id": "5"}], ["a", "b"], [{"Amount": "5 EUR"}], "x" * 101, "Merit", "P"),
)


STRIDE = often(1, gate=3)


def odd(place: int) -> tuple[object, ...]:
    """What is tried in one of the places of a record: in the gate each value in one place of three."""
    return ODD[place % STRIDE :: STRIDE]


def assert_read_alike(module: AnyModule, record: dict[str, Any], overlay: Overlay = NO_OVERLAY) -> None:
    """The plain reader makes of a record just what the decoder does, or leaves it.

    As an object, and as a line where it can be one.
    """
    read = CODEC.plain_reader(module, overlay)
    assert read is not None
    decoded = CODEC.decoder(module, overlay)(record)
    found = [*read([record])]
    with suppress(ValueError, TypeError):  # a value that JSON does not have
        text = json.dumps(record, allow_nan=False, ensure_ascii=False)
        for line in (JsonLine(text.encode(errors="surrogatepass")), JsonLine(json.dumps(record).encode())):
            assert _told(CODEC.decoder(module, overlay)(line.read())) == _told(decoded) or "\ud800" in text
            found += read([line])
    for values in found:
        if values is not None:
            assert decoded.reasons == ()
            assert decoded.entity is not None
            expected = module.values_of(decoded.entity)
            assert repr(values) == repr(expected)  # 1 and True, 5 and Decimal("5.00") are equal
            assert [type(value) for value in values] == [type(value) for value in expected]


def is_plain(module: AnyModule, record: dict[str, Any], overlay: Overlay = NO_OVERLAY) -> bool:
    """Whether the plain reader takes a record."""
    assert_read_alike(module, record, overlay)
    read = CODEC.plain_reader(module, overlay)
    assert read is not None
    return read([record])[0] is not None


def _told(decoded: Decoded[Any]) -> object:
    return repr(decoded)


@pytest.mark.parametrize("module", tuple(ZOHO_CATALOGUE), ids=lambda module: module.name)
def test_whatever_a_college_sends_is_understood_alike(module: AnyModule) -> None:
    """Its broken records too."""
    records = COLLEGE.records[module.name]
    assert records
    for record in records:
        assert_read_alike(module, record)


@given(st.data(), modules)
def test_any_odd_value_in_any_place_is_understood_alike(data: st.DataObject, module: AnyModule) -> None:
    """One value of a sound record, or some, are swapped for others."""
    record = ZohoCodec().encode(module, data.draw(entities(module)), NO_OVERLAY)
    names = sorted({*record, *(name for field in module.fields for name in field.names)})
    for name in data.draw(st.lists(st.sampled_from(names), max_size=4)):
        record[name] = data.draw(st.sampled_from(ODD))
    assert_read_alike(module, record)


@pytest.mark.parametrize("module", tuple(ZOHO_CATALOGUE), ids=lambda module: module.name)
def test_every_field_with_every_odd_value_is_understood_alike(module: AnyModule) -> None:
    """One at a time, under each of its names, in a record of a college."""
    sound = COLLEGE.records[module.name][0]
    for place, name in enumerate(sorted({name for field in module.fields for name in field.names})):
        for value in odd(place):
            record = {**sound, name: value}
            assert_read_alike(module, record)
        record = {key: value for key, value in sound.items() if key != name}
        assert_read_alike(module, record)


OWN = Overlay(
    names={"city": "Town", "phone": "City"},
    extras=(
        *(ExtraField(f"own_{kind.value}", f"Own_{kind.value}", kind) for kind in Kind if kind.mappable),
        ExtraField("status_too", "Status", Kind.BOOLEAN),
    ),
)


def test_fields_of_a_tenant_s_own_are_read_alike_with_every_odd_value() -> None:
    sound = COLLEGE.records["students"][0]
    names = ["Town", "City", "Status", *(extra.zoho_name for extra in OWN.extras)]
    for place, name in enumerate(names):
        for value in odd(place):
            assert_read_alike(STUDENTS, {**sound, "Status": None, name: value}, OWN)


def test_a_tenant_s_own_fields_do_not_send_his_records_the_slow_way() -> None:
    own = {
        "Own_text": "x",
        "Own_integer": 7,
        "Own_money": 12.5,
        "Own_date": "2026-02-01",
        "Own_boolean": True,
        "Own_texts": ["a", "b"],
        "Own_lookup": {"id": "5", "name": "y"},
        "Own_moodle_id": "8",
        "Town": "Irbid",
    }
    sound = {**COLLEGE.records["students"][0], "Status": "yes"}
    assert is_plain(STUDENTS, {**sound, **own, "Town": "Irbid"}, OWN)


@pytest.mark.parametrize("module", tuple(ZOHO_CATALOGUE), ids=lambda module: module.name)
def test_nearly_all_records_of_a_college_are_plain(module: AnyModule) -> None:
    """Otherwise the reader would be there for nothing."""
    sound = list(COLLEGE.sound(module.name).values())
    plain = [is_plain(module, record) for record in sound]
    assert plain.count(True) >= len(sound) * 0.8


def test_a_line_that_is_no_utf_8_is_left_to_the_decoder_wherever_that_is() -> None:
    read = CODEC.plain_reader(STUDENTS, NO_OVERLAY)
    assert read is not None
    sound = b'{"id": "1", "Name": "A", "Academic_Email": "a@b.example", "Nobody_Reads": "\xc3\xa9"}'
    found = read([JsonLine(sound), JsonLine(sound.replace(b"\xa9", b"(")), JsonLine(sound[:-1]), None, 7])
    assert [values is not None for values in found] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("module", "more"),
    [
        (STUDENTS, {"City": "x" * (coerce.MAX_TEXT + 1)}),
        (CATALOGUE["units"], {"P1_description": "x" * (coerce.MAX_TEXT + 1)}),
        (CATALOGUE["units"], {"BTEC_Grading_Template_P1": [{}] * (coerce.MAX_ROWS + 1)}),
        (REGISTRATIONS, {"Payment_Schedule": [{}] * (coerce.MAX_ROWS + 1)}),
        (REGISTRATIONS, {"Payment_Schedule": [{"Installment_Status": "x" * (coerce.MAX_TEXT + 1)}]}),
    ],
    ids=["text", "criterion", "rows of criteria", "rows", "text in a row"],
)
def test_what_is_larger_than_a_record_can_be_is_not_plain(module: AnyModule, more: dict[str, Any]) -> None:
    assert not is_plain(module, {**COLLEGE.records[module.name][0], **more})


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_a_line_that_may_be_nested_too_deeply_is_not_plain(opening: str, closing: str) -> None:
    """Also where no field that is read is."""
    read = CODEC.plain_reader(STUDENTS, NO_OVERLAY)
    assert read is not None
    sound = '{"id":"1","Name":"A","Academic_Email":"a@b.example","Nobody_Reads":%s1%s}'
    levels = (DEEPEST - 1) // len(closing)
    few, many = (JsonLine((sound % (opening * n, closing * n)).encode()) for n in (levels, levels + 1))
    assert [values is None for values in read([few, many])] == [False, True]


@pytest.mark.parametrize("sign", ["${Name}", "\ud800"])
@pytest.mark.parametrize("before", [0, 1, 7, 8, 9, 100])
@pytest.mark.parametrize("name", ["City", "Nobody_Reads"])
def test_a_template_or_half_a_pair_is_found_after_any_number_of_its_first_sign(
    sign: str, before: int, name: str
) -> None:
    text = {"$": "$-", "\ud800": '"'}[sign[0]] * before  # a quotation mark is written as \"
    assert is_plain(STUDENTS, {**COLLEGE.records["students"][0], name: text})
    assert not is_plain(STUDENTS, {**COLLEGE.records["students"][0], "City": text + sign})


@pytest.mark.parametrize(
    "fault", [LookupError, AttributeError, AssertionError], ids=lambda kind: kind.__name__
)
def test_a_fault_of_the_reader_itself_leaves_the_record_to_the_decoder(
    fault: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_email(address: str) -> bool:
        raise fault(address)

    monkeypatch.setitem(_KNOWN, "is_email", is_email)
    laid, _ = overlay(STUDENTS, [FieldMapping("extra.colour", f"Colour_{fault.__name__}")])
    read = ZohoCodec().plain_reader(STUDENTS, laid)
    assert read is not None
    record = COLLEGE.records["students"][0]
    assert read([record, JsonLine(json.dumps(record).encode())]) == [None, None]


def test_where_msgspec_is_not_installed_no_record_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_json, "READ", None)
    assert ZohoCodec().plain_reader(STUDENTS, NO_OVERLAY) is None


def test_a_reader_is_written_once_for_a_module_and_a_mapping_and_not_for_ever() -> None:
    mzi = ZohoCodec()
    first = mzi.plain_reader(STUDENTS, OWN)
    assert mzi.plain_reader(STUDENTS, attrs.evolve(OWN)) is first
    assert mzi.plain_reader(STUDENTS, NO_OVERLAY) is not first
    for number in range(codec.MADE):
        mzi.decoder(STUDENTS, Overlay(names={"city": f"Town_{number}"}))
    assert len(mzi._made) <= codec.MADE


def test_a_row_is_refused_with_its_place() -> None:
    record = {
        "id": "1",
        "Student_ID": {"id": "2"},
        "Program": {"id": "3"},
        "Payment_Schedule": [{"Installment_Amount": 5}, {"Installment_Amount": "much"}],
    }
    found = CODEC.decoder(REGISTRATIONS, NO_OVERLAY)(record)
    assert [reason.path for reason in found.reasons] == ["$.Payment_Schedule[1].Installment_Amount"]
    assert not is_plain(REGISTRATIONS, record)
