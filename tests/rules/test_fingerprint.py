"""Two records have one fingerprint exactly when nothing differs between them."""

import json
import time
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.strategies import entities, extras, modules

from mzi_adapters import fast_json
from mzi_core import fingerprints
from mzi_core.fingerprints import changed_fields, compact_json, fingerprint, fingerprinter
from mzi_core.module import AnyModule, Module, ZohoEntity, zoho
from mzi_core.modules import (
    CATALOGUE,
    GRADES,
    PAYMENTS,
    REGISTRATIONS,
    STUDENTS,
    UNITS,
    CriterionText,
    Installment,
    OutcomeRow,
    Payment,
    Student,
)
from mzi_core.values import Email, ZohoId


@pytest.fixture(autouse=True)
def _kinds_are_met_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """How a kind of value is written down is found out once a process, and here in every test."""
    monkeypatch.setattr(fingerprints, "_WRITERS", dict(fingerprints._CANONICAL))


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({}, {}, ()),
        ({}, {"x": 1}, ("extra.x",)),
        ({"x": 1}, {}, ("extra.x",)),
        ({"x": 1}, {"x": 1}, ()),
        ({"x": 1, "a": 2}, {"x": 2, "b": 1}, ("extra.a", "extra.b", "extra.x")),
    ],
    ids=repr,
)
def test_a_tenant_s_own_fields_are_named_last(
    before: dict[str, Any], after: dict[str, Any], changed: tuple[str, ...]
) -> None:
    one = Student(zoho_id=ZohoId("1"), display_name="A", academic_email=Email("a@b.example"), extra=before)
    other = attrs.evolve(one, extra=after)
    assert changed_fields(STUDENTS, one, other) == changed
    assert changed_fields(STUDENTS, one, attrs.evolve(other, city="x")) == ("city", *changed)
    assert (fingerprint(STUDENTS, one) == fingerprint(STUDENTS, other)) is not bool(changed)


def student(**fields: Any) -> Student:
    return Student(
        **{
            "zoho_id": ZohoId("1"),
            "display_name": "A01",
            "academic_email": Email("a@b.example"),
            **fields,
        }
    )


def payment(**fields: Any) -> Payment:
    return Payment(**{"zoho_id": ZohoId("1"), "registration": ZohoId("2"), "amount": Decimal(5), **fields})


def marks(module: AnyModule, *found: Any) -> set[str]:
    return {fingerprint(module, entity) for entity in found}


@given(st.data(), modules)
def test_a_fingerprint_differs_exactly_when_a_field_has_changed(
    data: st.DataObject, module: AnyModule
) -> None:
    one = attrs.evolve(data.draw(entities(module)), extra=data.draw(extras))
    other = attrs.evolve(data.draw(entities(module)), extra=data.draw(extras))
    mixed = attrs.evolve(
        one, **{f.name: getattr(data.draw(st.sampled_from([one, other])), f.name) for f in module.compared}
    )
    for a, b in [(one, other), (one, mixed), (one, one)]:
        assert (fingerprint(module, a) == fingerprint(module, b)) == (changed_fields(module, a, b) == ())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"city": "a|b", "address": "c"}, {"city": "a", "address": "b|c"}),
        ({"city": "ab", "address": "c"}, {"city": "a", "address": "bc"}),
        ({"city": "Amman"}, {"city": "amman"}),
        ({"city": "Amman"}, {"city": "Amman "}),
        ({"city": None}, {"city": ""}),
        ({"city": "-"}, {"city": None}),
        ({"city": "a", "address": None}, {"city": None, "address": "a"}),
        ({"city": "s1:a"}, {"city": "a"}),
        ({"extra": {"x": 1}}, {"extra": {"x": True}}),
        ({"extra": {"x": 1}}, {"extra": {"x": "1"}}),
        ({"extra": {"x": None}}, {"extra": {}}),
        ({"extra": {"x": ("a", "b")}}, {"extra": {"x": ("ab",)}}),
        ({"extra": {"x": ()}}, {"extra": {"x": ("",)}}),
        ({"extra": {"x": True}}, {"extra": {"x": False}}),
        ({"extra": {"x": "2026-01-01"}}, {"extra": {"x": date(2026, 1, 1)}}),
        ({"extra": {"x": "a", "y": "b"}}, {"extra": {"x": "b", "y": "a"}}),
        ({"city": "e\u0301"}, {"city": "\u00e9"}),
    ],
)
def test_records_that_only_look_alike_have_different_fingerprints(one: Any, other: Any) -> None:
    assert len(marks(STUDENTS, student(**one), student(**other))) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5", "5.00"),
        ("0", "-0"),
        ("0", "0E+5"),
        ("100", "1E+2"),
        ("0.10", "0.1"),
    ],
)
def test_one_amount_has_one_fingerprint_however_it_is_written(one: str, other: str) -> None:
    assert len(marks(PAYMENTS, payment(amount=Decimal(one)), payment(amount=Decimal(other)))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("100", "1"),
        ("10", "1.0"),
        ("5", "0.5"),
        ("-5", "5"),
        ("0.01", "0.1"),
        (f"{10**40}.1", f"{10**40}.2"),
    ],
)
def test_two_amounts_have_two_fingerprints(one: str, other: str) -> None:
    assert len(marks(PAYMENTS, payment(amount=Decimal(one)), payment(amount=Decimal(other)))) == 2


def test_one_instant_has_one_fingerprint_in_every_offset() -> None:
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    same = at.astimezone(timezone(timedelta(hours=3)))
    assert len(marks(STUDENTS, student(extra={"x": at}), student(extra={"x": same}))) == 1
    assert (
        len(marks(STUDENTS, student(extra={"x": at}), student(extra={"x": at + timedelta(seconds=1)}))) == 2
    )
    assert len(marks(STUDENTS, student(extra={"x": at}), student(extra={"x": at.date()}))) == 2


def test_where_the_machine_stands_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    here = student(extra={"x": datetime(2026, 1, 1, 12, tzinfo=UTC)})
    before = fingerprint(STUDENTS, here)
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    try:
        assert fingerprint(STUDENTS, here) == before
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_order_in_which_extra_fields_were_mapped_does_not_matter() -> None:
    assert len(marks(STUDENTS, student(extra={"a": 1, "b": 2}), student(extra={"b": 2, "a": 1}))) == 1


def test_neither_the_id_nor_the_time_of_the_change_is_part_of_it() -> None:
    later = student(zoho_id=ZohoId("2"), modified_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert len(marks(STUDENTS, student(), later)) == 1
    assert changed_fields(STUDENTS, student(), later) == ()


def test_the_same_values_in_two_modules_have_two_fingerprints() -> None:
    same_fields = attrs.evolve(STUDENTS, name="pupils")
    assert fingerprint(STUDENTS, student()) != fingerprint(same_fields, student())


def test_every_row_of_a_subform_counts_and_so_does_their_order() -> None:
    def registration(*rows: Installment) -> Any:
        return REGISTRATIONS.entity(
            zoho_id=ZohoId("1"), student=ZohoId("2"), program=ZohoId("3"), installments=rows
        )

    a, b = Installment(number=1, amount=Decimal(5)), Installment(number=2, amount=Decimal(5))
    found = [registration(), registration(a), registration(a, b), registration(b, a)]
    without_an_amount = registration(Installment(number=1))
    assert len(marks(REGISTRATIONS, *found, without_an_amount)) == 5


def written(module: AnyModule, entity: Any, *values: object, extra: str | None = None) -> bool:
    """Whether a fingerprint is that of a JSON array of these values."""
    said = json.dumps([2, module.name, *values, extra], ensure_ascii=False, separators=(",", ":"))
    return fingerprint(module, entity) == sha256(said.encode()).hexdigest()


AFTER = [None] * (len(STUDENTS.compared) - 2)


def test_how_a_fingerprint_is_written_never_changes() -> None:
    assert fingerprints.FORMAT == 2
    assert written(STUDENTS, student(), "A01", "a@b.example", *AFTER)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("رنا", "s3:رنا"),
        (True, "t"),
        (False, "f"),
        (12, "i2:12"),
        (Decimal("12.50"), "n4:12.5"),
        (datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=3))), "m25:2026-01-01T09:00:00+00:00"),
        (date(2026, 1, 1), "d10:2026-01-01"),
        (("a", "b"), "l8:s1:as1:b"),
    ],
)
def test_how_each_kind_of_a_tenant_s_own_values_is_written_never_changes(value: Any, text: str) -> None:
    extra = f"s1:x{text}s1:yi1:1"
    found = student(extra={"y": 1, "x": value})
    assert written(STUDENTS, found, "A01", "a@b.example", *AFTER, extra=f"o{len(extra)}:{extra}")


def test_how_amounts_days_and_numbers_are_written_never_changes() -> None:
    found = payment(amount=Decimal("12.50"), payment_date=date(2026, 1, 2), installment_number=3)
    said: dict[str, object] = {
        "registration": "2",
        "amount": "12.5",
        "payment_date": "2026-01-02",
        "installment_number": 3,
    }
    assert written(PAYMENTS, found, *(said.get(field.name) for field in PAYMENTS.compared))


def test_how_rows_are_written_never_changes() -> None:
    grade = GRADES.entity(
        zoho_id=ZohoId("1"), student=ZohoId("2"), outcomes=(OutcomeRow(code="P1", score="0"),)
    )
    said = {"student": "2", "outcomes": [[None, "P1", None, None, "0", None]]}
    assert written(GRADES, grade, *(said.get(field.name) for field in GRADES.compared))
    paid = REGISTRATIONS.entity(
        zoho_id=ZohoId("1"),
        student=ZohoId("2"),
        program=ZohoId("3"),
        installments=(Installment(number=1, amount=Decimal("5.0"), due_date=date(2026, 1, 2)),),
    )
    told: dict[str, object] = {
        "student": "2",
        "program": "3",
        "installments": [[None, 1, "2026-01-02", "5", "Pending", None]],
    }
    assert written(REGISTRATIONS, paid, *(told.get(field.name) for field in REGISTRATIONS.compared))


def test_how_criteria_are_written_never_changes() -> None:
    unit = UNITS.entity(zoho_id=ZohoId("1"), unit_name="U", criteria=(CriterionText("P1", "x"),))
    said: dict[str, object] = {"unit_name": "U", "status": "Active", "criteria": [["P1", "x"]]}
    assert written(UNITS, unit, *(said.get(field.name) for field in UNITS.compared))


@attrs.frozen(kw_only=True)
class Visit(ZohoEntity):
    """A module nobody has: of a single field, a moment."""

    at: Annotated[datetime | None, zoho("At")] = None


def test_how_a_moment_is_written_never_changes() -> None:
    visits = Module(name="visits", singular="visit", remote_name="Visits", entity=Visit)
    at = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=3)))
    assert written(visits, Visit(zoho_id=ZohoId("1"), at=at), "2026-01-01T09:00:00+00:00")


PLAIN = (
    st.none() | st.booleans() | st.integers() | st.dates() | st.text(st.characters(exclude_categories=["Cs"]))
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("\x00\b\t\n\f\r\x1f", '"\\u0000\\b\\t\\n\\f\\r\\u001f"'),
        ('"quoted" \\ and / and \'', '"\\"quoted\\" \\\\ and / and \'"'),
        ("\x7f\x80\u2028\u2029\ufeff", '"\x7f\x80\u2028\u2029\ufeff"'),
        ("رنا 😀 \U0010ffff", '"رنا 😀 \U0010ffff"'),
        (2**64, "18446744073709551616"),
        (-(10**40), f"-1{'0' * 40}"),
        (date(1900, 1, 1), '"1900-01-01"'),
        ([True, None, [False]], "[true,null,[false]]"),
    ],
    ids=ascii,
)
def test_both_encoders_write_these_bytes(value: object, text: str) -> None:
    """What is escaped and what stands as it is; fingerprints are taken over it."""
    assert fast_json.COMPACT is not None
    assert compact_json([value]) == fast_json.COMPACT([value]) == f"[{text}]".encode()


NESTED = st.lists(st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3), max_leaves=8), max_size=6)


@given(NESTED)
@example(["".join(map(chr, range(0x180)))])
@example([2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1])
def test_the_encoder_that_is_quick_writes_the_same_bytes(values: list[object]) -> None:
    assert fast_json.COMPACT is not None
    assert fast_json.COMPACT(values) == compact_json(values)


@given(st.data(), modules)
def test_a_fingerprint_is_the_same_by_either_encoder(data: st.DataObject, module: AnyModule) -> None:
    assert fast_json.COMPACT is not None
    one = attrs.evolve(data.draw(entities(module)), extra=data.draw(extras))
    assert fingerprinter(module, fast_json.COMPACT)(module.values_of(one)) == fingerprint(module, one)


def test_changed_fields_are_named_in_the_order_of_the_declaration_and_extra_ones_last() -> None:
    before = student(status="Active", extra={"kept": 1, "gone": 1, "other": 1})
    after = student(
        status="Freeze", display_name="A02", city="Irbid", extra={"kept": 1, "came": None, "other": 2}
    )
    assert changed_fields(STUDENTS, before, after) == (
        "display_name",
        "city",
        "status",
        "extra.came",
        "extra.gone",
        "extra.other",
    )


@pytest.mark.parametrize("module", list(CATALOGUE), ids=lambda module: module.name)
def test_every_mapped_field_is_compared(module: AnyModule) -> None:
    left = {f.name for f in module.fields} - {f.name for f in module.compared}
    assert left == {
        module.key_name,
        "modified_at",
        *(["event_number", "field_versions"] if module.numbers_events else []),
    }


class Word(StrEnum):
    """A word of somebody's own."""

    PASS = "Pass"


class Number(int):
    """A number of somebody's own."""


@pytest.mark.parametrize(("own", "plain"), [(Word.PASS, "Pass"), (Number(5), 5)], ids=repr)
def test_a_value_of_somebodys_own_kind_counts_as_what_it_is_one_of(own: Any, plain: Any) -> None:
    student = Student(
        zoho_id=ZohoId("1"), display_name="A", academic_email=Email("a@b.example"), extra={"x": plain}
    )
    other = attrs.evolve(student, extra={"x": own})
    assert fingerprint(STUDENTS, student) == fingerprint(STUDENTS, other)
    assert changed_fields(STUDENTS, student, other) == ()


def test_a_value_of_no_kind_that_a_field_can_hold_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="cannot hold a float"):
        fingerprint(STUDENTS, student(extra={"x": 1.5}))
