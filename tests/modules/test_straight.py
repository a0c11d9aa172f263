"""The straight way through a record comes to the same as the general one, or gives up."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import entities, modules

from mzi_adapters.college import College, build
from mzi_adapters.zoho import ZohoCodec, codec, reading
from mzi_core.mapping import NO_OVERLAY, ExtraField, Overlay
from mzi_core.module import AnyModule, Kind
from mzi_core.modules import CATALOGUE, REGISTRATIONS, STUDENTS, UNITS
from mzi_core.ports import Decoded

Decode = Callable[[object], Decoded[Any]]

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
    *("0", "7", "-7", "007", "1.5", "9,500", "12,000 USD", "EUR 5", "1e3", "9" * 30, "true", "yes"),
    *("2026-02-01", "2026-W05-1", "2026-13-01", "20260201", "2026-02-01 ", "2026-02-01T09:00:00+03:00"),
    *("2026-02-01T09:00:00.5+03:00", "2026-02-01T09:00:00Z", "0001-01-01T00:00:00+14:00", "٢٠٢٦-٠٢-٠١"),
    *(
        "a@b.example",
        "A@B.Example",
        "a@b",
        " a@b.example",
        "a${b@c.example",
        "a\x00@b.example",
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
        {"name": "x"},
        {"id": {"id": "5"}},
    ),
    *([], [None], [{}], [{"id": "5"}], ["a", "b"], [{"Amount": "5 EUR"}], "x" * 101, "Merit", "P"),
)


def _without_the_straight_way(monkeypatch: pytest.MonkeyPatch) -> ZohoCodec:
    monkeypatch.setattr(codec, "straight", lambda *_: lambda *_: None)
    return ZohoCodec()


def _both(module: AnyModule, overlay: Overlay = NO_OVERLAY) -> tuple[Decode, Decode]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        general = _without_the_straight_way(monkeypatch).decoder(module, overlay)
        # The hooks of row classes are made when they are first wanted.
        general({"Payment_Schedule": [{}], "Learning_Outcomes_Assessm": [{}]})
    return ZohoCodec().decoder(module, overlay), general


def _same(found: Decoded[Any], expected: Decoded[Any]) -> None:
    assert found == expected
    assert repr(found) == repr(expected)  # 1 and True, 5 and Decimal("5.00") are equal


@pytest.mark.parametrize("module", tuple(CATALOGUE), ids=lambda module: module.name)
def test_whatever_a_college_sends_is_understood_alike(module: AnyModule) -> None:
    """Its broken records too."""
    straight, general = _both(module)
    records = COLLEGE.records[module.name]
    assert records
    for record in records:
        _same(straight(record), general(record))


@given(st.data(), modules)
def test_any_odd_value_in_any_place_is_understood_alike(data: st.DataObject, module: AnyModule) -> None:
    """One value of a sound record, or some, are swapped for others."""
    record = ZohoCodec().encode(module, data.draw(entities(module)), NO_OVERLAY)
    names = sorted({*record, *(name for field in module.fields for name in field.names)})
    for name in data.draw(st.lists(st.sampled_from(names), max_size=4)):
        record[name] = data.draw(st.sampled_from(ODD))
    straight, general = _DECODERS[module.name]
    _same(straight(record), general(record))


_DECODERS = {module.name: _both(module) for module in CATALOGUE}


@pytest.mark.parametrize("module", tuple(CATALOGUE), ids=lambda module: module.name)
def test_every_field_with_every_odd_value_is_understood_alike(module: AnyModule) -> None:
    """One at a time, under each of its names, in a record of a college."""
    straight, general = _DECODERS[module.name]
    sound = COLLEGE.records[module.name][0]
    for name in {name for field in module.fields for name in field.names}:
        for value in ODD:
            record = {**sound, name: value}
            _same(straight(record), general(record))
        record = {key: value for key, value in sound.items() if key != name}
        _same(straight(record), general(record))


def test_fields_of_a_tenant_s_own_are_read_on_the_straight_way_too() -> None:
    overlay = Overlay(
        names={"city": "Town"}, extras=(ExtraField(name="shoe", zoho_name="Shoe", kind=Kind.INTEGER),)
    )
    straight, general = _both(STUDENTS, overlay)
    for shoe in (None, 42, "42", "x"):
        for town in (None, "", "Irbid"):
            record = {**COLLEGE.records["students"][0], "Shoe": shoe, "Town": town}
            _same(straight(record), general(record))


def test_nearly_all_records_of_a_college_take_the_straight_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it would be there for nothing; units, of which there are few, do not take it."""
    general: list[object] = []
    real = reading.read_fields

    def noting(*args: Any) -> Any:
        general.append(args)
        return real(*args)

    monkeypatch.setattr(codec, "read_fields", noting)
    for module in CATALOGUE:
        if module is UNITS:
            continue
        decode = ZohoCodec().decoder(module, NO_OVERLAY)
        sound = list(COLLEGE.sound(module.name).values())
        general.clear()
        assert all(decode(record).entity for record in sound)
        assert len(general) <= len(sound) / 5, module.name


def test_a_row_is_refused_as_ever_when_it_does_not_take_the_straight_way() -> None:
    record = {
        "id": "1",
        "Student_ID": {"id": "2"},
        "Program": {"id": "3"},
        "Payment_Schedule": [{"Installment_Amount": 5}, {"Installment_Amount": "much"}],
    }
    found = ZohoCodec().decoder(REGISTRATIONS, NO_OVERLAY)(record)
    assert [reason.path for reason in found.reasons] == ["$.Payment_Schedule[1].Installment_Amount"]
